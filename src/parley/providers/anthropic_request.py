"""Builds the body of an Anthropic call; whatever can't be said there is reported as a warning.

Source: contracts/providers.md, sections 2 and 5; config.md for the default of max_tokens.
"""

import re
from dataclasses import dataclass

from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import ImagePart, Role, Tool
from parley.domain.models import Effort
from parley.domain.run import JsonFormat, SchemaFormat
from parley.providers.anthropic_messages import ends_in_tool_results, system_text, turns
from parley.providers.anthropic_schema import native_schema, wrapped_schema
from parley.providers.fitting import accepted_effort, drop_refused, refuse_call, split_extra
from parley.providers.provider import Call

_DEFAULT_MAX_TOKENS = 4_096
_LEAST_BUDGET = 1_024
_BUDGETS = {
    Effort.MINIMAL: 1_024,
    Effort.LOW: 2_048,
    Effort.MEDIUM: 10_000,
    Effort.HIGH: 16_384,
    Effort.XHIGH: 32_768,
    Effort.MAX: 32_768,
}
_EFFORT_WORDS = {effort: effort.value for effort in _BUDGETS} | {Effort.MINIMAL: "low"}
_PASSED = frozenset({"top_k", "inference_geo", "cache_control", "thinking", "output_config", "container", "user"})
_SERVICE_TIERS = frozenset({"auto", "standard_only"})
_JSON_WISH = "Answer with one JSON object and nothing else: no code fence, no text around it."
_LEAST_TOP_P_THINKING = 0.95


@dataclass(frozen=True, slots=True)
class AnswerTool:
    """A tool that stands for the answer: its input is the answer, or the answer's wrapping in `{"value": …}`."""

    name: str
    is_wrapped: bool


@dataclass(frozen=True, slots=True)
class AnthropicRequest:
    body: JsonObject
    warnings: tuple[str, ...]
    answer_tool: AnswerTool | None


def build_request(call: Call, refused: frozenset[str]) -> AnthropicRequest:
    """Return what to send for `call`; `refused` are parameters that neither this model nor its vendor takes.

    Raises UpstreamFailure for a conversation that Anthropic can't be asked.
    """
    warnings: list[str] = []
    call = drop_refused(call, refused | call.deployment.capabilities.refused_at(call.sampling.effort), warnings)
    extra = split_extra(call, "Anthropic", _is_passed, warnings)
    answer_tool = _answer_tool(call)
    body: JsonObject = {name: value for name, value in extra.items() if name != "user"}
    if "user" in extra:
        body.setdefault("metadata", {"user_id": extra["user"]})
    body |= {"model": call.deployment.upstream_model, "stream": call.is_streamed}
    body |= _conversation(call, warnings)
    body |= _tools(call, answer_tool, warnings)
    config: JsonObject = {}
    if isinstance(call.output, SchemaFormat) and answer_tool is None and not _must_call_tool(call):
        schema = native_schema(call.output.schema) or call.output.schema
        config["format"] = {"type": "json_schema", "schema": schema}
    body |= _thinking(call, answer_tool, config, warnings)
    body |= _sampling(call, _is_thinking(body), warnings)
    if config:
        passed = body.get("output_config")
        body["output_config"] = {**(passed if isinstance(passed, dict) else {}), **config}
    return AnthropicRequest(body, tuple(warnings), answer_tool)


def _is_passed(name: str, value: JsonValue) -> bool:
    """Whether Anthropic takes the parameter as it stands; some names of OpenAI's mean something else there."""
    if name == "metadata":
        return isinstance(value, dict) and value.keys() <= {"user_id"}
    if name == "service_tier":
        return value in _SERVICE_TIERS
    return name in _PASSED


def _conversation(call: Call, warnings: list[str]) -> JsonObject:
    system = system_text(call.messages)
    if isinstance(call.output, JsonFormat):
        system = f"{system}\n\n{_JSON_WISH}".strip()
        warnings.append("response_format json_object is unknown to Anthropic; the model was asked for JSON in words")
    spoken = turns(call.messages)
    if not spoken:
        if not system:
            refuse_call("the conversation is empty; Anthropic needs at least one user message with text")
        warnings.append("the system message was sent as a user message: Anthropic needs one")
        return {"messages": [{"role": "user", "content": [{"type": "text", "text": system}]}]}
    if any(message.name for message in call.messages if message.role is not Role.TOOL):
        warnings.append("messages[].name was dropped: Anthropic does not know it")
    images = [part for message in call.messages for part in message.parts if isinstance(part, ImagePart)]
    if any(image.detail not in (None, "auto") for image in images):
        warnings.append("image_url.detail was dropped: Anthropic does not know it")
    return {"messages": spoken, **({"system": system} if system else {})}


def _must_call_tool(call: Call) -> bool:
    return bool(call.tools) and call.tool_choice is not None and call.tool_choice.mode in {"required", "named"}


def _answer_tool(call: Call) -> AnswerTool | None:
    """Return the tool that stands for the answer, where the schema can't be enforced natively."""
    output, capabilities = call.output, call.deployment.capabilities
    if not isinstance(output, SchemaFormat) or not capabilities.supports_forced_tool or _must_call_tool(call):
        return None
    if capabilities.supports_structured_output is not False and native_schema(output.schema) is not None:
        return None
    name = re.sub(r"[^A-Za-z0-9_-]", "_", output.name)[:56] or "answer"
    while name in {tool.name for tool in call.tools}:
        name += "_"
    return AnswerTool(name, is_wrapped=output.schema.get("type") != "object")


def _tools(call: Call, answer_tool: AnswerTool | None, warnings: list[str]) -> JsonObject:
    tools: list[JsonValue] = [_tool(call, tool, warnings) for tool in call.tools]
    if answer_tool is not None and isinstance(call.output, SchemaFormat):
        schema = wrapped_schema(call.output.schema) if answer_tool.is_wrapped else call.output.schema
        tools.append({"name": answer_tool.name, "description": "Gives the answer.", "input_schema": schema})
    if not tools:
        return {}
    choice = _tool_choice(call, answer_tool, warnings)
    return {"tools": tools, "tool_choice": choice} if choice else {"tools": tools}


def _tool(call: Call, tool: Tool, warnings: list[str]) -> JsonObject:
    built: JsonObject = {"name": tool.name, "input_schema": tool.parameters or {"type": "object", "properties": {}}}
    if tool.description:
        built["description"] = tool.description
    if tool.is_strict and call.deployment.capabilities.supports_structured_output:
        built["strict"] = True
    elif tool.is_strict:
        warnings.append(f"strict of tool {tool.name} was dropped: {call.deployment.upstream_model} may not take it")
    return built


def _tool_choice(call: Call, answer_tool: AnswerTool | None, warnings: list[str]) -> JsonObject:
    choice = call.tool_choice
    mode = choice.mode if choice is not None else None
    built: JsonObject
    if answer_tool is not None:
        must_answer = not call.tools or mode == "none"
        built = {"type": "tool", "name": answer_tool.name} if must_answer else {"type": "any"}
    elif mode in {"required", "named"} and not call.deployment.capabilities.supports_forced_tool:
        warnings.append(
            f"tool_choice was lowered to auto: {call.deployment.upstream_model} can't be made to call a tool"
        )
        built = {"type": "auto"}
    elif choice is not None and mode == "named":
        built = {"type": "tool", "name": choice.name}
    else:
        built = {"type": {"required": "any", "none": "none", "auto": "auto"}[mode]} if mode else {}
    if call.allows_parallel_tools is False and built.get("type") != "none":
        built = {"type": "auto", **built, "disable_parallel_tool_use": True}
    return built


def _thinking(call: Call, answer_tool: AnswerTool | None, config: JsonObject, warnings: list[str]) -> JsonObject:
    """Return `thinking` and, where it changes, `max_tokens`; put an effort into `config`."""
    max_tokens = call.sampling.max_tokens or call.deployment.capabilities.max_output_tokens or _DEFAULT_MAX_TOKENS
    plain: JsonObject = {"max_tokens": max_tokens}
    asked, style = call.sampling.effort, call.deployment.capabilities.reasoning_style
    if asked is None:
        return plain
    if asked is Effort.NONE:
        return {**plain, **_switched_off(call, warnings)}
    effort = _fitting_effort(call, asked, warnings)
    if effort is None:
        return plain
    is_forced = answer_tool is not None or (_must_call_tool(call) and call.deployment.capabilities.supports_forced_tool)
    if style == "effort":
        config["effort"] = _EFFORT_WORDS[effort]
        return plain if is_forced else {**plain, "thinking": {"type": "adaptive"}}
    if is_forced or ends_in_tool_results(call.messages):
        why = "a tool call is forced" if is_forced else "the conversation ends in tool results without their thinking"
        warnings.append(f"reasoning_effort was dropped: Anthropic does not think with a budget where {why}")
        return plain
    return _budget(call, effort, max_tokens, warnings)


def _switched_off(call: Call, warnings: list[str]) -> JsonObject:
    """Return what keeps a model from thinking; one that is asked by budget thinks only when it is given one."""
    capabilities = call.deployment.capabilities
    if capabilities.reasoning_style != "effort" or capabilities.efforts == ():
        return {}
    if capabilities.efforts is None or Effort.NONE in capabilities.efforts:
        return {"thinking": {"type": "disabled"}}
    warnings.append(
        f"reasoning_effort none was dropped: {call.deployment.upstream_model} is not known to have a switch, "
        "and thinks or not as it does by itself"
    )
    return {}


def _fitting_effort(call: Call, asked: Effort, warnings: list[str]) -> Effort | None:
    """Return the effort that this model takes, None if it has none or nobody knows how to ask."""
    capabilities, model = call.deployment.capabilities, call.deployment.upstream_model
    effort = accepted_effort(asked, capabilities)
    if asked is Effort.XHIGH and effort is not asked and Effort.MAX in (capabilities.efforts or ()):
        effort = Effort.MAX
    if effort is None or capabilities.reasoning_style not in {"effort", "budget"}:
        warnings.append(f"reasoning_effort was dropped: {model} is not known to have one")
        return None
    if capabilities.reasoning_style == "effort":
        sent, is_as_asked = _EFFORT_WORDS[effort], _EFFORT_WORDS[effort] == asked.value
    else:
        sent, is_as_asked = effort.value, _BUDGETS[effort] == _BUDGETS[asked]
    if not is_as_asked:
        warnings.append(f"reasoning_effort {asked.value} was sent as {sent}: {model} does not offer it")
    return effort


def _budget(call: Call, effort: Effort, max_tokens: int, warnings: list[str]) -> JsonObject:
    """Return a thinking budget and a `max_tokens` above it, within what the model can write."""
    most = call.deployment.capabilities.max_output_tokens
    budget = _BUDGETS[effort]
    raised = max_tokens
    if budget >= max_tokens:
        raised = max_tokens + budget if most is None else min(max_tokens + budget, most)
    if raised <= _LEAST_BUDGET:
        warnings.append(f"reasoning_effort was dropped: {raised} tokens of output leave no room for thinking")
        return {"max_tokens": max_tokens}
    if budget >= raised:
        budget = max(raised // 2, _LEAST_BUDGET)
        warnings.append(
            f"reasoning_effort {effort.value} was lowered to a budget of {budget} tokens: the model's maximum"
        )
    if raised != max_tokens and call.sampling.max_tokens is not None:
        warnings.append(f"max_tokens {max_tokens} was raised to {raised}: thinking counts against it")
    return {"max_tokens": raised, "thinking": {"type": "enabled", "budget_tokens": budget}}


def _is_thinking(body: JsonObject) -> bool:
    thinking = body.get("thinking")
    return isinstance(thinking, dict) and thinking.get("type") in {"enabled", "adaptive"}


def _sampling(call: Call, is_thinking: bool, warnings: list[str]) -> JsonObject:
    sampling = call.sampling
    temperature, top_p = sampling.temperature, sampling.top_p
    if temperature is not None and temperature > 1:
        warnings.append(f"temperature {temperature} was lowered to 1: Anthropic's highest")
        temperature = 1.0
    if is_thinking and temperature not in (None, 1):
        warnings.append("temperature was dropped: Anthropic takes none while the model thinks")
        temperature = None
    if is_thinking and top_p is not None and top_p < _LEAST_TOP_P_THINKING:
        warnings.append("top_p was dropped: Anthropic takes none below 0.95 while the model thinks")
        top_p = None
    if temperature is not None and top_p is not None:
        warnings.append("top_p was dropped: Anthropic takes either temperature or top_p")
        top_p = None
    if sampling.seed is not None:
        warnings.append("seed was dropped: Anthropic does not know it")
    stop: list[JsonValue] = [text for text in sampling.stop if text.strip()]
    if len(stop) < len(sampling.stop):
        warnings.append("a stop sequence of white space was dropped: Anthropic takes none")
    built: JsonObject = {"temperature": temperature, "top_p": top_p, "stop_sequences": stop or None}
    return {name: value for name, value in built.items() if value is not None}
