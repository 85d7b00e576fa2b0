"""Builds the body of a Gemini call; whatever can't be said there is reported as a warning.

Source: contracts/providers.md, sections 3 and 5.
"""

from dataclasses import dataclass

import msgspec

from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import ImagePart, Role, Tool
from parley.domain.models import Effort
from parley.domain.run import JsonFormat, SchemaFormat
from parley.providers.fitting import accepted_effort, drop_refused, refuse_call, split_extra
from parley.providers.gemini_contents import contents, system_instruction
from parley.providers.provider import Call

_LEVELS = {
    Effort.MINIMAL: "MINIMAL",
    Effort.LOW: "LOW",
    Effort.MEDIUM: "MEDIUM",
    Effort.HIGH: "HIGH",
    Effort.XHIGH: "HIGH",
    Effort.MAX: "HIGH",
}
_BUDGETS = {
    Effort.NONE: 0,
    Effort.MINIMAL: 512,
    Effort.LOW: 2_048,
    Effort.MEDIUM: 8_192,
    Effort.HIGH: 16_384,
    Effort.XHIGH: 24_576,
    Effort.MAX: 24_576,
}
# The request's own names -> those of generationConfig.
_CONFIG_FIELDS = {
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "top_k": "topK",
}
_PASSED = {
    "safety_settings": "safetySettings",
    "safetySettings": "safetySettings",
    "cachedContent": "cachedContent",
    "service_tier": "serviceTier",
}
_SERVICE_TIERS = frozenset({"flex", "standard", "priority"})


@dataclass(frozen=True, slots=True)
class GeminiRequest:
    body: JsonObject
    warnings: tuple[str, ...]


def build_request(call: Call, refused: frozenset[str]) -> GeminiRequest:
    """Return what to send for `call`; `refused` are parameters that neither this model nor its vendor takes.

    Raises UpstreamFailure for a conversation that Gemini can't be asked.
    """
    warnings: list[str] = []
    call = drop_refused(call, refused | call.deployment.capabilities.refused_at(call.sampling.effort), warnings)
    extra = split_extra(call, "Gemini", _is_passed, warnings)
    body: JsonObject = {_PASSED[name]: value for name, value in extra.items() if name in _PASSED}
    wish, output = _output(call, warnings)
    body |= _conversation(call, wish, warnings)
    body |= _tools(call, warnings)
    config: JsonObject = {_CONFIG_FIELDS[name]: value for name, value in extra.items() if name in _CONFIG_FIELDS}
    config |= _sampling(call) | _thinking(call, warnings) | output
    config = {name: value for name, value in config.items() if value is not None}
    if config:
        body["generationConfig"] = config
    return GeminiRequest(body, tuple(warnings))


def _is_passed(name: str, value: JsonValue) -> bool:
    if name == "service_tier":
        return value in _SERVICE_TIERS
    return name in _PASSED or name in _CONFIG_FIELDS


def _conversation(call: Call, wish: str, warnings: list[str]) -> JsonObject:
    instruction = system_instruction(call.messages, wish)
    wants_signatures = call.deployment.capabilities.reasoning_style == "level"
    spoken = contents(call.messages, wants_signatures=wants_signatures)
    if not spoken:
        if instruction is None:
            refuse_call("the conversation is empty; Gemini needs at least one user message with text")
        warnings.append("the system message was sent as a user message: Gemini needs one")
        return {"contents": [{"role": "user", **instruction}]}
    if any(message.name for message in call.messages if message.role is not Role.TOOL):
        warnings.append("messages[].name was dropped: Gemini does not know it")
    images = [part for message in call.messages for part in message.parts if isinstance(part, ImagePart)]
    if any(image.detail not in (None, "auto") for image in images):
        warnings.append("image_url.detail was dropped: Gemini does not know it")
    return {"contents": spoken, **({"systemInstruction": instruction} if instruction else {})}


def _output(call: Call, warnings: list[str]) -> tuple[str, JsonObject]:
    """Return how the answer's form is asked for: words for the system text, and fields of generationConfig."""
    output, capabilities = call.output, call.deployment.capabilities
    if output is None:
        return "", {}
    # Before Gemini 3 a call with tools is refused where it also asks for a media type.
    is_native = not call.tools or capabilities.reasoning_style == "level"
    if isinstance(output, JsonFormat):
        if is_native and capabilities.supports_structured_output is not False:
            return "", {"responseMimeType": "application/json"}
        warnings.append(f"{call.deployment.upstream_model} was asked for JSON in words: it can't be held to it here")
        return "Answer with one JSON object and nothing else: no code fence, no text around it.", {}
    if is_native and capabilities.supports_structured_output is not False:
        schema = {name: value for name, value in output.schema.items() if name != "$schema"}
        return "", {"responseMimeType": "application/json", "responseJsonSchema": schema}
    warnings.append(f"{call.deployment.upstream_model} was told the schema in words: it can't be held to it here")
    return f"Answer with JSON of this schema and nothing else: {_schema_text(output)}", {}


def _schema_text(output: SchemaFormat) -> str:
    return msgspec.json.encode(output.schema).decode()


def _tools(call: Call, warnings: list[str]) -> JsonObject:
    if not call.tools:
        return {}
    if any(tool.is_strict for tool in call.tools):
        warnings.append("tools[].function.strict was dropped: Gemini does not know it")
    if call.allows_parallel_tools is False:
        warnings.append("parallel_tool_calls was dropped: Gemini can't be kept from calling several tools at once")
    built: JsonObject = {"tools": [{"functionDeclarations": [_declaration(tool) for tool in call.tools]}]}
    if call.tool_choice is not None:
        config: JsonObject = {"mode": {"auto": "AUTO", "none": "NONE"}.get(call.tool_choice.mode, "ANY")}
        if call.tool_choice.mode == "named":
            config["allowedFunctionNames"] = [call.tool_choice.name]
        built["toolConfig"] = {"functionCallingConfig": config}
    return built


def _declaration(tool: Tool) -> JsonObject:
    built: JsonObject = {"name": tool.name}
    if tool.description:
        built["description"] = tool.description
    if tool.parameters:
        built["parametersJsonSchema"] = tool.parameters
    return built


def _sampling(call: Call) -> JsonObject:
    sampling = call.sampling
    stop: list[JsonValue] = list(sampling.stop)
    return {
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "maxOutputTokens": sampling.max_tokens,
        "seed": sampling.seed,
        "stopSequences": stop or None,
    }


def _thinking(call: Call, warnings: list[str]) -> JsonObject:
    """Return thinkingConfig and, where thinking would eat it up, a higher maxOutputTokens."""
    asked, capabilities = call.sampling.effort, call.deployment.capabilities
    style = capabilities.reasoning_style
    if asked is None:
        return {}
    effort = accepted_effort(asked, capabilities)
    if effort is None or style not in {"level", "budget"}:
        if asked is not Effort.NONE:
            model = call.deployment.upstream_model
            warnings.append(f"reasoning_effort was dropped: {model} is not known to have one")
        return {}
    if style == "budget":
        _report(call, asked, effort, _BUDGETS[asked] == _BUDGETS[effort], warnings)
        return _budget(call, _BUDGETS[effort], warnings)
    if effort is Effort.NONE and capabilities.efforts is not None:
        return {"thinkingConfig": {"thinkingBudget": 0}}
    level = _LEVELS.get(effort, "LOW")  # none, and nobody knows: the least that every model with levels has
    _report(call, asked, Effort(level.lower()), _LEVELS.get(asked) == level, warnings)
    return {"thinkingConfig": {"thinkingLevel": level, **_thoughts(call)}}


def _report(call: Call, asked: Effort, sent: Effort, is_as_asked: bool, warnings: list[str]) -> None:
    if not is_as_asked:
        model = call.deployment.upstream_model
        warnings.append(f"reasoning_effort {asked.value} was sent as {sent.value}: {model} does not offer it")


def _budget(call: Call, budget: int, warnings: list[str]) -> JsonObject:
    if budget == 0:
        return {"thinkingConfig": {"thinkingBudget": 0}}
    built: JsonObject = {"thinkingConfig": {"thinkingBudget": budget, **_thoughts(call)}}
    max_tokens, most = call.sampling.max_tokens, call.deployment.capabilities.max_output_tokens
    if max_tokens is not None and max_tokens <= budget:
        raised = max_tokens + budget if most is None else min(max_tokens + budget, most)
        warnings.append(f"max_tokens {max_tokens} was raised to {raised}: thinking counts against it")
        built["maxOutputTokens"] = raised
    return built


def _thoughts(call: Call) -> JsonObject:
    """Ask for thoughts where they stream: a model that thinks for long is then not taken for a silent one."""
    return {"includeThoughts": True} if call.is_streamed else {}
