"""Requests of the `openai` dialect: a Call becomes the JSON body, fitted to the vendor's quirks and the model's limits.

What is dropped, lowered or translated with a loss is said in `warnings`; what Parley sets wins over `extra`.
Source: contracts/providers.md, sections 1, 4 and 5.
"""

import re

from parley.domain.errors import UpstreamFailure
from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import AudioPart, ImagePart, Message, OtherPart, Part, Role, TextPart, Tool
from parley.domain.models import Effort
from parley.domain.run import JsonFormat, SchemaFormat
from parley.domain.settings import Quirks
from parley.providers.fitting import accepted_effort, drop_refused
from parley.providers.openai_errors import find_fault
from parley.providers.provider import Call
from parley.providers.strict import to_strict

_MAX_NAME_CHARACTERS = 64
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_REASONING_FIELDS = frozenset({"reasoning_content", "reasoning", "reasoning_details"})
_OUTPUT_FIELDS = frozenset({"max_tokens", "max_completion_tokens"})
# What can be left out of a call that a provider refused: no answer means something else without it.
_EXPENDABLE = frozenset(
    {
        "temperature",
        "top_p",
        "seed",
        "random_seed",
        "stop",
        "reasoning_effort",
        "parallel_tool_calls",
        "stream_options",
        "response_format",
    }
)
_REFUSALS = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden"})


def build_body(call: Call, quirks: Quirks, warnings: list[str]) -> JsonObject:
    """Return the request body for `call`."""
    capabilities = call.deployment.capabilities
    refused = capabilities.refused_at(call.sampling.effort) | quirks.refused_parameters
    call = drop_refused(call, refused, warnings)
    body: JsonObject = {
        **call.extra,
        "model": call.deployment.upstream_model,
        "messages": _messages(call.messages, quirks),
        **_sampling(call, quirks, warnings),
        **_tools(call, quirks, warnings),
        **_response_format(call, quirks, warnings),
        "stream": call.is_streamed,
    }
    _set_stream_options(body, call, quirks)
    return body


def without_refused(body: JsonObject, failure: UpstreamFailure, model: str) -> tuple[JsonObject, str] | None:
    """Return `body` without the one parameter that `failure` names, and a warning; None if that is not the cause."""
    fault = find_fault(failure.failure.provider_error)
    name = re.split(r"[.\[]", fault.param or "")[0]
    if failure.status not in {400, 422} or fault.code not in _REFUSALS or name not in body:
        return None
    rest = {key: value for key, value in body.items() if key != name}
    if name in _OUTPUT_FIELDS:
        other = next(iter(_OUTPUT_FIELDS - {name}))
        return {**rest, other: body[name]}, f"{name} was sent as {other}: {model} does not take the former"
    if name in _EXPENDABLE:
        return rest, f"{name} was dropped: {model} does not take it"
    return None


def _messages(messages: tuple[Message, ...], quirks: Quirks) -> list[JsonValue]:
    systems = [message for message in messages if message.role is Role.SYSTEM]
    if not quirks.merges_system_messages or len(systems) < 2:
        return [_message(message, quirks) for message in messages]
    merged: JsonObject = {"role": "system", "content": "\n\n".join([message.text for message in systems])}
    return [merged, *[_message(message, quirks) for message in messages if message.role is not Role.SYSTEM]]


def _message(message: Message, quirks: Quirks) -> JsonObject:
    hidden = _REASONING_FIELDS if quirks.drops_reasoning_history else frozenset()
    written: JsonObject = {name: value for name, value in message.extra.items() if name not in hidden}
    written["role"] = message.role.value
    written["content"] = _content(message)
    if message.name is not None and quirks.supports_message_names:
        written["name"] = message.name
    if message.tool_call_id is not None:
        written["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        written["tool_calls"] = [
            {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return written


def _content(message: Message) -> JsonValue:
    """Return a string where nothing is lost by it: many servers take lists of parts from users only."""
    if not message.parts and message.tool_calls:
        return None
    is_text = all(isinstance(part, TextPart) for part in message.parts)
    if is_text and (len(message.parts) < 2 or message.role is not Role.USER):
        return message.text
    return [_part(part) for part in message.parts]


def _part(part: Part) -> JsonObject:
    match part:
        case TextPart(text):
            return {"type": "text", "text": text}
        case ImagePart(url, None):
            return {"type": "image_url", "image_url": {"url": url}}
        case ImagePart(url, detail):
            return {"type": "image_url", "image_url": {"url": url, "detail": detail}}
        case AudioPart(data_base64, container):
            return {"type": "input_audio", "input_audio": {"data": data_base64, "format": container}}
        case OtherPart(raw):
            return raw


def _sampling(call: Call, quirks: Quirks, warnings: list[str]) -> JsonObject:
    sampling = call.sampling
    output_field = call.deployment.capabilities.output_token_field or quirks.output_token_field
    effort = None if sampling.effort is None else _effort(sampling.effort, call, quirks, warnings)
    fields: JsonObject = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        output_field: sampling.max_tokens,
        quirks.seed_field: sampling.seed,
        "stop": list(sampling.stop) or None,
        "reasoning_effort": effort,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _effort(asked: Effort, call: Call, quirks: Quirks, warnings: list[str]) -> str | None:
    """Return the effort to ask for; `max` only where it is listed, because most servers refuse the word."""
    capabilities, model = call.deployment.capabilities, call.deployment.upstream_model
    sent = accepted_effort(asked, capabilities) if quirks.supports_reasoning_effort else None
    if sent is Effort.MAX and capabilities.efforts is None:
        sent = Effort.HIGH
    if sent is None:
        warnings.append(f"reasoning_effort was dropped: {model} does not take it")
    elif sent is not asked:
        warnings.append(f"reasoning_effort {asked.value} was sent as {sent.value}: {model} does not take the former")
    return sent


def _tools(call: Call, quirks: Quirks, warnings: list[str]) -> JsonObject:
    fields: JsonObject = {}
    tools = call.tools
    choice = call.tool_choice
    if choice is not None:
        mode, name = choice.mode, choice.name
        forces = call.deployment.capabilities.supports_forced_tool
        if mode == "named" and forces and quirks.supports_named_tool:
            fields["tool_choice"] = {"type": "function", "function": {"name": name}}
        else:
            if mode == "named":  # with one tool alone, any call is a call of that tool
                tools = tuple(tool for tool in tools if tool.name == name)
                mode = "required"
            if mode == "required" and not (forces and quirks.supports_required_tool):
                model = call.deployment.upstream_model
                warnings.append(f"tool_choice was sent as auto: {model} can't be made to call a tool")
                mode = "auto"
            fields["tool_choice"] = mode
    if tools:
        fields["tools"] = [_tool(tool) for tool in tools]
    if call.allows_parallel_tools is not None:
        fields["parallel_tool_calls"] = call.allows_parallel_tools
    return fields


def _tool(tool: Tool) -> JsonObject:
    function: JsonObject = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.is_strict is not None:
        function["strict"] = tool.is_strict
    return {"type": "function", "function": function}


def _response_format(call: Call, quirks: Quirks, warnings: list[str]) -> JsonObject:
    """Return how to ask for the output; nothing where the provider can't be asked, for the prompt asks as well."""
    match call.output:
        case None:
            return {}
        case JsonFormat():
            return {"response_format": _json_object(quirks)}
        case SchemaFormat() as wanted:
            pass
    if call.deployment.capabilities.supports_structured_output is False:
        return {}
    if quirks.supports_structured_output:
        return {"response_format": {"type": "json_schema", "json_schema": _json_schema(wanted, call, quirks, warnings)}}
    # JSON mode gives objects only, and is refused unless a message speaks of JSON.
    if wanted.schema.get("type") == "object" and any("json" in message.text.lower() for message in call.messages):
        return {"response_format": _json_object(quirks)}
    return {}


def _json_object(quirks: Quirks) -> JsonObject:
    if quirks.supports_json_object:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}


def _json_schema(wanted: SchemaFormat, call: Call, quirks: Quirks, warnings: list[str]) -> JsonObject:
    name = _NOT_IN_NAMES.sub("_", wanted.name)[:_MAX_NAME_CHARACTERS] or "answer"
    rewritten = to_strict(wanted.schema) if wanted.is_strict is None and quirks.supports_strict else None
    if rewritten is not None:
        return {"name": name, "schema": rewritten, "strict": True}
    plain: JsonObject = {"name": name, "schema": wanted.schema}
    if wanted.is_strict and not quirks.supports_strict:
        warnings.append(f"strict was dropped from response_format: {call.deployment.provider} does not take it")
    elif wanted.is_strict is not None:
        plain["strict"] = wanted.is_strict
    return plain


def _set_stream_options(body: JsonObject, call: Call, quirks: Quirks) -> None:
    """Ask for usage at the end of a stream. `stream_options` without `stream` is an error."""
    asked = body.pop("stream_options", None)
    if call.is_streamed and quirks.supports_stream_usage and call.deployment.capabilities.supports_stream_usage:
        body["stream_options"] = {**(asked if isinstance(asked, dict) else {}), "include_usage": True}
