"""What Anthropic answers, as types, and its translation: a message or a stream of events becomes chunks.

Unknown events, blocks and fields are ignored, as its documentation demands. Source: contracts/providers.md, section 2.
"""

from dataclasses import dataclass

import msgspec

from parley.domain.json import JsonValue
from parley.domain.run import FinishReason
from parley.domain.usage import Usage
from parley.providers.anthropic_answer import Unwrapper
from parley.providers.anthropic_request import AnswerTool
from parley.providers.provider import (
    Chunk,
    FinishChunk,
    ReasoningChunk,
    RefusalChunk,
    TextChunk,
    ToolCallChunk,
    UsageChunk,
)

_FINISH_REASONS = {
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
}


class _OutputDetails(msgspec.Struct):
    thinking_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """Counts of one call; what is missing in a later report keeps its earlier value."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None


class Block(msgspec.Struct):
    type: str
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw(b"{}")


class _StopDetails(msgspec.Struct):
    explanation: str | None = None


class WireMessage(msgspec.Struct):
    content: list[Block] = []
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None
    usage: WireUsage | None = None


class Delta(msgspec.Struct):
    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None


class MessageStart(msgspec.Struct, tag="message_start"):
    message: WireMessage


class BlockStart(msgspec.Struct, tag="content_block_start"):
    content_block: Block
    index: int = 0


class BlockDelta(msgspec.Struct, tag="content_block_delta"):
    delta: Delta
    index: int = 0


class BlockStop(msgspec.Struct, tag="content_block_stop"):
    index: int = 0


class MessageDelta(msgspec.Struct, tag="message_delta"):
    delta: Delta
    usage: WireUsage | None = None


class MessageStop(msgspec.Struct, tag="message_stop"):
    pass


class StreamError(msgspec.Struct, tag="error"):
    pass


class WholeMessage(WireMessage, tag="message"):
    """The answer to a plain call; also where events were asked for, since some look-alikes ignore `stream`."""


Event = MessageStart | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop | StreamError | WholeMessage


class _Kind(msgspec.Struct):
    type: str


_EVENTS: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_KINDS = msgspec.json.Decoder(_Kind)
_KNOWN = frozenset(
    {
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "error",
        "message",
    }
)


def decode_event(data: bytes) -> Event | None:
    """Return one event, or a whole message, None for a kind that nobody knows. Raises msgspec.DecodeError."""
    try:
        return _EVENTS.decode(data)
    except msgspec.ValidationError:
        if _KINDS.decode(data).type in _KNOWN:
            raise
        return None


@dataclass(slots=True)
class _OpenBlock:
    """A tool's block while its input arrives; `input` is all of it where no piece follows.

    `call_index` None: the answer tool, with `unwrapper` if its input is wrapped.
    """

    call_index: int | None
    input: str
    unwrapper: Unwrapper | None = None
    has_pieces: bool = False


class MessageReader:
    """Turns one call's events, or its one message, into chunks; `has_ended` tells a whole stream from a cut one."""

    def __init__(self, answer_tool: AnswerTool | None = None) -> None:
        self._answer_tool = answer_tool
        self._usage = WireUsage()
        self._has_usage = False
        self._has_begun = False
        self._open: dict[int, _OpenBlock] = {}
        self._call_count = 0
        self._stop_reason: str | None = None
        self._explanation: str | None = None
        self.has_ended = False

    def read_message(self, message: WireMessage) -> list[Chunk]:
        """Return the chunks of a whole message: reasoning, one text, tool calls, usage, the end."""
        texts, reasoning, calls = [], [], []
        for block in message.content:
            if block.type == "text":
                texts.append(block.text or "")
            elif block.type == "thinking":
                reasoning.append(block.thinking or "")
            elif self._is_answer(block):
                texts.append(self._answer_text(bytes(block.input).decode()))
            elif block.type == "tool_use":
                calls.append(self._start_call(block, bytes(block.input).decode()))
        chunks: list[Chunk] = [ReasoningChunk("".join(reasoning))] if any(reasoning) else []
        chunks += [TextChunk("".join(texts))] if any(texts) else []
        self._note_end(message.stop_reason, message.stop_details)
        return [*chunks, *calls, *self._take_usage(message.usage), *self._finish()]

    def read(self, event: Event) -> list[Chunk]:
        """Return the chunks of one event; StreamError gives none, the caller raises it."""
        match event:
            case BlockDelta(delta=delta, index=index):
                return self._with_first_usage(self._read_delta(delta, index))
            case BlockStart(content_block=block, index=index):
                return self._with_first_usage(self._start_block(block, index))
            case BlockStop(index=index):
                return self._stop_block(index)
            case MessageStart(message=message):
                self._merge_usage(message.usage)
                return []
            case MessageDelta(delta=delta, usage=usage):
                self._note_end(delta.stop_reason, delta.stop_details)
                return self._take_usage(usage)
            case MessageStop():
                left = [chunk for index in list(self._open) for chunk in self._stop_block(index)]
                return [*left, *self._finish()]
            case WholeMessage():
                return self.read_message(event)
            case StreamError():
                return []

    def _read_delta(self, delta: Delta, index: int) -> list[Chunk]:
        if delta.text:
            return [TextChunk(delta.text)]
        if delta.thinking:
            return [ReasoningChunk(delta.thinking)]
        if delta.partial_json:
            return self._read_input(delta.partial_json, index)
        return []

    def _read_input(self, piece: str, index: int) -> list[Chunk]:
        block = self._open.get(index)
        if block is None:
            return []
        block.has_pieces = True
        if block.call_index is not None:
            return [ToolCallChunk(block.call_index, None, None, piece)]
        return _texts(piece if block.unwrapper is None else block.unwrapper.feed(piece))

    def _start_block(self, block: Block, index: int) -> list[Chunk]:
        if block.type == "text" and block.text:
            return [TextChunk(block.text)]
        if block.type == "thinking" and block.thinking:
            return [ReasoningChunk(block.thinking)]
        if self._is_answer(block):
            self._open[index] = _OpenBlock(None, bytes(block.input).decode(), self._unwrapper())
        elif block.type == "tool_use":
            self._open[index] = _OpenBlock(self._call_count, bytes(block.input).decode())
            return [self._start_call(block, "")]
        return []

    def _stop_block(self, index: int) -> list[Chunk]:
        block = self._open.pop(index, None)
        if block is None:
            return []
        rest = [] if block.has_pieces else self._read_input_of(block)
        return [*rest, *_texts(block.unwrapper.finish())] if block.unwrapper is not None else rest

    def _read_input_of(self, block: _OpenBlock) -> list[Chunk]:
        """Return the input that stood in the block's start, `{}` where the tool was called without any."""
        if block.call_index is not None:
            return [ToolCallChunk(block.call_index, None, None, block.input)]
        return _texts(block.input if block.unwrapper is None else block.unwrapper.feed(block.input))

    def _start_call(self, block: Block, arguments: str) -> ToolCallChunk:
        self._call_count += 1
        return ToolCallChunk(self._call_count - 1, block.id or "", block.name or "", arguments)

    def _is_answer(self, block: Block) -> bool:
        return block.type == "tool_use" and self._answer_tool is not None and block.name == self._answer_tool.name

    def _unwrapper(self) -> Unwrapper | None:
        return Unwrapper() if self._answer_tool is not None and self._answer_tool.is_wrapped else None

    def _answer_text(self, written: str) -> str:
        """Return the answer that stands in the answer tool's input."""
        unwrapper = self._unwrapper()
        return written if unwrapper is None else unwrapper.feed(written) + unwrapper.finish()

    def _note_end(self, stop_reason: str | None, details: _StopDetails | None) -> None:
        self._stop_reason = stop_reason or self._stop_reason
        if details is not None:
            self._explanation = details.explanation or self._explanation

    def _finish(self) -> list[Chunk]:
        self.has_ended = True
        if self._stop_reason == "refusal":
            told: list[Chunk] = [RefusalChunk(self._explanation)] if self._explanation else []
            return [*told, FinishChunk(FinishReason.STOP, is_refused=True)]
        reason = _FINISH_REASONS.get(self._stop_reason or "", FinishReason.STOP)
        if reason is FinishReason.TOOL_CALLS and self._call_count == 0:
            reason = FinishReason.STOP  # only the answer tool was called
        return [FinishChunk(reason)]

    def _with_first_usage(self, chunks: list[Chunk]) -> list[Chunk]:
        """Add what the stream's start said was used, an estimate so far, behind the first chunk of the answer."""
        if not chunks or self._has_begun:
            return chunks
        self._has_begun = True
        return [*chunks, UsageChunk(_usage(self._usage, is_estimate=True))] if self._has_usage else chunks

    def _take_usage(self, usage: WireUsage | None) -> list[Chunk]:
        self._merge_usage(usage)
        return [UsageChunk(_usage(self._usage, is_estimate=False))] if usage is not None else []

    def _merge_usage(self, usage: WireUsage | None) -> None:
        """Take over the counts of a report: each is the sum so far, not an increment."""
        if usage is None:
            return
        self._has_usage = True
        for name in WireUsage.__struct_fields__:
            value: JsonValue = getattr(usage, name)
            if value is not None:
                setattr(self._usage, name, value)


def _texts(text: str) -> list[Chunk]:
    return [TextChunk(text)] if text else []


def _usage(wire: WireUsage, *, is_estimate: bool) -> Usage:
    details = wire.output_tokens_details
    created, read = _count(wire.cache_creation_input_tokens), _count(wire.cache_read_input_tokens)
    return Usage(
        input_tokens=_count(wire.input_tokens) + created + read,
        output_tokens=_count(wire.output_tokens),
        cache_read_tokens=read,
        cache_creation_tokens=created,
        reasoning_tokens=_count(details.thinking_tokens if details is not None else None),
        is_estimate=is_estimate,
    )


def _count(tokens: int | None) -> int:
    return max(tokens or 0, 0)
