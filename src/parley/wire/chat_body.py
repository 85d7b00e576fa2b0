"""The body of a chat completion as it stands on the wire, and its translation field by field.

Fields that Parley does not know are collected and passed on to the provider. Source: OpenAI's reference of chat
completions; contracts/gateway.md, "Chat completions".
"""

from typing import Annotated, Literal, cast

import msgspec

from parley.domain.errors import InvalidRequest
from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import Tool, ToolChoice
from parley.domain.models import Effort
from parley.domain.run import JsonFormat, OutputFormat, Sampling, SchemaFormat
from parley.wire.decoding import check_depth, decode_body, decode_value, fault, missing, nearest, refuse, wrong

MOST_TIMEOUT_S = 300

TokenBound = Annotated[int, msgspec.Meta(ge=1)]
_MODES = ("auto", "none", "required")


class SchemaBody(msgspec.Struct):
    """A JSON Schema for the answer, with a name that some providers show to the model."""

    name: str = "answer"
    schema: dict[str, object] | None = None
    strict: bool | None = None


class FormatBody(msgspec.Struct):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaBody | None = None


class FunctionBody(msgspec.Struct):
    """A function that the model may call; its parameters are a JSON Schema."""

    name: str
    description: str | None = None
    parameters: dict[str, object] | None = None
    strict: bool | None = None


class ToolBody(msgspec.Struct):
    """A tool; functions are the only kind."""

    type: Literal["function"]
    function: FunctionBody


class StreamOptionsBody(msgspec.Struct):
    """What a stream tells beside the answer."""

    include_usage: bool | None = None


class ParamsBody(msgspec.Struct):
    """How a model is to answer: what a template may hold as its `params`, unknown parameters beside these."""

    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    max_tokens: TokenBound | None = None
    max_completion_tokens: TokenBound | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    tools: list[ToolBody] | None = None
    tool_choice: str | dict[str, object] | None = None
    parallel_tool_calls: bool | None = None
    response_format: FormatBody | None = None


class ChatBody(ParamsBody, kw_only=True):
    """The body as it stands on the wire; null means the default, and unknown fields go to the provider."""

    messages: list[dict[str, object]] | None = None
    model: str | None = None
    models: list[str] | None = None
    stream: bool | None = None
    stream_options: StreamOptionsBody | None = None
    n: int | None = None
    timeout: Annotated[float, msgspec.Meta(gt=0, le=MOST_TIMEOUT_S)] | None = None
    cache: bool | None = None
    template: str | None = None
    variables: dict[str, str] | None = None


_OWN_FIELDS = frozenset(ChatBody.__struct_fields__)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def check_body(shape: ChatBody) -> None:
    """Refuse what no provider can be asked for here."""
    if shape.n not in (None, 1):
        right = "1: for several answers ask several models with /v1/chat/compare or /v3/roundtable"
        refuse(("n",), shape.n, right)
    if shape.stream_options is not None and not shape.stream:
        raise fault(("stream_options",), "stream_options is set without `stream`; it belongs to streams alone.")


def read_models(shape: ChatBody, most: int) -> tuple[str, ...]:
    """Return the model to ask and its fallbacks in order, each once."""
    given = shape.models or []
    for index, name in enumerate(given):
        if not name.strip():
            refuse(("models", index), name, "the name of a model, as GET /v1/models lists them")
    if shape.model is not None and not shape.model.strip():
        refuse(("model",), shape.model, "the name of a model, as GET /v1/models lists them")
    names = tuple(dict.fromkeys([*([] if shape.model is None else [shape.model]), *given]))
    if not names:
        raise missing(("model",))
    if len(names) > most:
        raise fault(("models",), f"models and model name {len(names)} models; the most is {most}.")
    return names


def read_sampling(shape: ParamsBody) -> Sampling:
    return Sampling(
        temperature=shape.temperature,
        top_p=shape.top_p,
        max_tokens=shape.max_tokens if shape.max_completion_tokens is None else shape.max_completion_tokens,
        seed=shape.seed,
        stop=(shape.stop,) if isinstance(shape.stop, str) else tuple(shape.stop or ()),
        effort=None if shape.reasoning_effort is None else Effort(shape.reasoning_effort),
    )


def read_tools(shape: ParamsBody, place: tuple[str, ...] = ()) -> tuple[Tool, ...]:
    """Return the tools; `place` is where in its body `shape` stands."""
    return tuple(
        _tool(tool.function, (*place, "tools", index, "function")) for index, tool in enumerate(shape.tools or ())
    )


def _tool(function: FunctionBody, loc: tuple[str | int, ...]) -> Tool:
    if not function.name:
        refuse((*loc, "name"), function.name, "a name")
    parameters = cast("JsonObject | None", function.parameters)
    check_depth(parameters, (*loc, "parameters"))
    return Tool(function.name, function.description, parameters, function.strict)


def read_tool_choice(shape: ChatBody) -> ToolChoice | None:
    """Return the choice among the request's own tools; without tools there is nothing to choose."""
    choice = cast(JsonValue, shape.tool_choice)
    names = [tool.function.name for tool in shape.tools or ()]
    match choice:
        case None:
            return None
        case "auto" | "none":
            return ToolChoice(choice) if names else None
        case "required" if names:
            return ToolChoice(choice)
        case {"type": "function", "function": {"name": str(name)}} if name in names:
            return ToolChoice("named", name)
        case {"type": "function", "function": {"name": str(name)}}:
            message = f"tool_choice names {name[:80]!r}, which is none of `tools`.{nearest(name, names)}"
            raise fault(("tool_choice",), message)
        case "required":
            raise fault(("tool_choice",), 'tool_choice is "required", but there are no `tools`; name some.')
        case _:
            right = f'{", ".join(_MODES)} or {{"type": "function", "function": {{"name": …}}}}'
            raise wrong(("tool_choice",), choice, right)


def read_format(shape: ChatBody) -> OutputFormat | None:
    """Return the form of the answer. Where the caller does not ask for strictness, the schema goes up as it stands."""
    wanted = shape.response_format
    match wanted:
        case None | FormatBody(type="text"):
            return None
        case FormatBody(type="json_object"):
            return JsonFormat()
        case FormatBody(json_schema=SchemaBody(name=name, schema=dict() as schema, strict=strict)):
            return SchemaFormat(cast(JsonObject, schema), name, bool(strict))
        case FormatBody(json_schema=None):
            raise missing(("response_format", "json_schema"))
        case _:
            raise missing(("response_format", "json_schema", "schema"))


def read_extra(body: bytes) -> JsonObject:
    """Return the fields of `body`, an object of JSON, that Parley does not know."""
    fields = decode_body(body, dict[str, msgspec.Raw], _FIELDS)
    unknown = {name: decode_value(raw, (name,)) for name, raw in fields.items() if name not in _OWN_FIELDS}
    extra: JsonObject = {name: value for name, value in unknown.items() if value is not None}
    options = decode_value(fields["stream_options"], ("stream_options",)) if "stream_options" in fields else None
    if isinstance(options, dict):
        further: JsonObject = {name: value for name, value in options.items() if name != "include_usage"}
        return {**extra, "stream_options": further} if further else extra
    return extra


def refuse_with_panel(field: str, name: str, remedy: str) -> InvalidRequest:
    """Return the refusal of a field that a panel has no use for."""
    return fault((field,), f"{field} can't be combined with {name}: {remedy}.")
