"""Contract: POST /v1/chat/completions, as OpenAI defines it. Unknown fields are passed on to the provider.

A model named `panel/NAME` is a panel of the configuration, answered as an ordinary completion. Source:
contracts/gateway.md, "Chat completions".
"""

from dataclasses import replace

from parley.catalog.catalog import PANEL_PREFIX, Catalog
from parley.domain.ids import new_id
from parley.domain.messages import Message
from parley.domain.run import PanelRequest, Resolution, SeatRequest, Summary, Vote
from parley.domain.settings import PanelPreset
from parley.wire.chat_body import (
    ChatBody,
    check_body,
    read_extra,
    read_format,
    read_models,
    read_sampling,
    read_tool_choice,
    read_tools,
    refuse_with_panel,
)
from parley.wire.chat_exchange import ChatExchange, PanelChatExchange
from parley.wire.completion import ChunkOptions, ChunkWriter
from parley.wire.decoding import decode_body, fault, refuse
from parley.wire.exchange import Exchange, RequestInfo
from parley.wire.messages import read_messages
from parley.wire.templated import opening_of, refuse_template, template_named, with_params

_FORMAT = "response_format"
_RETRIES = 1


class ChatContract:
    """Bytes to PanelRequest and back; `catalog` knows the panels."""

    validation_status = 422

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def template_named(self, body: bytes) -> str | None:
        return template_named(body)

    def decode(self, body: bytes, info: RequestInfo) -> Exchange:
        """Check what can be checked before planning. Raises ModelNotFound for a panel that is not configured."""
        shape = decode_body(body, ChatBody)
        opening: tuple[Message, ...] = ()
        if shape.template is not None:
            template = info.template or refuse_template(shape.template)
            opening = opening_of(template, shape.variables or {})
            body = with_params(body, template)
            shape = decode_body(body, ChatBody)
        check_body(shape)
        names = read_models(shape, info.max_seats)
        conversation = read_messages(shape.messages, opening)
        if names[0].startswith(PANEL_PREFIX):
            preset = self._preset(shape, names)
            request = _with_cache(_panel_request(shape, preset, conversation, body), shape, info)
            return PanelChatExchange(request, names[0], info, _writer(shape, names[0], request, info))
        request = _with_cache(_request(shape, names, conversation, body), shape, info)
        return ChatExchange(request, info, _writer(shape, names[0], request, info))

    def _preset(self, shape: ChatBody, names: tuple[str, ...]) -> PanelPreset:
        preset = self._catalog.panel(names[0])
        if names[1:]:
            raise refuse_with_panel("models", names[0], "a panel's own seats stand in for each other; name it alone")
        if shape.tools:
            raise refuse_with_panel("tools", names[0], "a panel answers in text; ask one model")
        if preset.resolution == "multiple_choice" and read_format(shape) is not None:
            raise refuse_with_panel(_FORMAT, names[0], "this panel votes for one of its choices; leave it out")
        return preset


def _with_cache(request: PanelRequest, shape: ChatBody, info: RequestInfo) -> PanelRequest:
    return replace(request, cache_scope=info.key_id) if shape.cache else request


def _request(shape: ChatBody, names: tuple[str, ...], conversation: tuple[Message, ...], body: bytes) -> PanelRequest:
    for name in names[1:]:
        if name.startswith(PANEL_PREFIX):
            refuse(("models", (shape.models or []).index(name)), name, "a model: a panel is no fallback")
    is_streamed = bool(shape.stream)
    tools = read_tools(shape)
    return PanelRequest(
        panel_id=new_id("chatcmpl-"),
        seats=(SeatRequest(names[0], read_sampling(shape)),),
        conversation=conversation,
        output=read_format(shape),
        output_param=_FORMAT,
        max_retries=_RETRIES,
        timeout_s=shape.timeout,
        is_streamed=is_streamed,
        seats_stream=is_streamed,
        tools=tools,
        tool_choice=read_tool_choice(shape),
        allows_parallel_tools=shape.parallel_tool_calls if tools else None,
        fallback_models=names[1:],
        accepts_refusals=True,
        extra=read_extra(body),
    )


def _panel_request(
    shape: ChatBody, preset: PanelPreset, conversation: tuple[Message, ...], body: bytes
) -> PanelRequest:
    """Return the panel's run: the request's sampling holds for each seat, never for the consolidation."""
    timeout_s = None if preset.timeout_ms is None else preset.timeout_ms / 1000
    sampling = read_sampling(shape)
    return PanelRequest(
        panel_id=new_id("chatcmpl-"),
        seats=tuple(SeatRequest(model, sampling) for model in preset.models),
        conversation=conversation,
        resolution=_resolution(preset),
        instructions=preset.instructions,
        output=read_format(shape),
        output_param=_FORMAT,
        max_retries=preset.max_retries,
        timeout_s=shape.timeout or timeout_s,
        is_streamed=bool(shape.stream),
        extra=read_extra(body),
        panel_name=PANEL_PREFIX + preset.name,
    )


def _resolution(preset: PanelPreset) -> Resolution:
    match preset.resolution:
        case "multiple_choice":
            return Vote(preset.choices, preset.summary_model)
        case "summary":
            return Summary(preset.summary_model)
        case other:
            right = "a panel that brings its answers together; /v3/roundtable hands them back as they are"
            raise fault(("model",), f"{PANEL_PREFIX}{preset.name} resolves by {other}; it must be {right}.")


def _writer(shape: ChatBody, model: str, request: PanelRequest, info: RequestInfo) -> ChunkWriter:
    """Clients of the compare API can't ask for usage in a stream, and expect it."""
    includes_usage = bool(shape.stream_options and shape.stream_options.include_usage)
    options = ChunkOptions(
        includes_usage=includes_usage,
        ends_with_usage=bool(info.sdk) and not includes_usage,
        is_ascii=info.is_python_client,
    )
    return ChunkWriter(request.panel_id, info.created_s, model, options)
