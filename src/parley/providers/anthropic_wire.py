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
from parley.providers.batch import Batch
from parley.providers.provider import (
    FinishChunk,
    ReasoningChunk,
    RefusalChunk,
    ToolCallChunk,
    UsageChunk,
)

_FINISH_REASONS = {
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
}


class _OutputDetails(msgspec.Struct, gc=False):
    thinking_tokens: int | None = None


class WireUsage(msgspec.Struct, gc=False):
    """Counts of one call; what is missing in a later report keeps its earlier value."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None


class Block(msgspec.Struct, gc=False):
    type: str
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw(b"{}")


class _StopDetails(msgspec.Struct, gc=False):
    explanation: str | None = None


class WireMessage(msgspec.Struct, gc=False):
    content: list[Block] = []
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None
    usage: WireUsage | None = None


class Delta(msgspec.Struct, gc=False):
    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None


class MessageStart(msgspec.Struct, gc=False, tag="message_start"):
    message: WireMessage


class BlockStart(msgspec.Struct, gc=False, tag="content_block_start"):
    content_block: Block
    index: int = 0


class BlockDelta(msgspec.Struct, gc=False, tag="content_block_delta"):
    delta: Delta
    index: int = 0


class BlockStop(msgspec.Struct, gc=False, tag="content_block_stop"):
    index: int = 0


class MessageDelta(msgspec.Struct, gc=False, tag="message_delta"):
    delta: Delta
    usage: WireUsage | None = None


class MessageStop(msgspec.Struct, gc=False, tag="message_stop"):
    pass


class StreamError(msgspec.Struct, gc=False, tag="error"):
    pass


class WholeMessage(WireMessage, gc=False, tag="message"):
    """The answer to a plain call; also where events were asked for, since some look-alikes ignore `stream`."""


Event = MessageStart | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop | StreamError | WholeMessage


class _Kind(msgspec.Struct, gc=False):
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
    """Turns one call's events, or its one message, into chunks, which it puts into `batch`.

    `has_ended` tells a whole stream from a cut one.
    """

    def __init__(self, batch: Batch, answer_tool: AnswerTool | None = None) -> None:
        self._batch = batch
        self._answer_tool = answer_tool
        self._usage = WireUsage()
        self._has_usage = False
        self._has_begun = False
        self._open: dict[int, _OpenBlock] = {}
        self._call_count = 0
        self._stop_reason: str | None = None
        self._explanation: str | None = None
        self.has_ended = False

    def read_message(self, message: WireMessage) -> None:
        """Read a whole message: reasoning, one text, tool calls, usage, the end."""
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
        if any(reasoning):
            self._batch.add(ReasoningChunk("".join(reasoning)))
        self._batch.add_text("".join(texts))
        self._note_end(message.stop_reason, message.stop_details)
        for call in calls:
            self._batch.add(call)
        self._take_usage(message.usage)
        self._finish()

    def read(self, event: Event) -> None:
        """Read one event; StreamError adds nothing, the caller raises it."""
        match event:
            case BlockDelta(delta=delta, index=index):
                self._read_delta(delta, index)
            case BlockStart(content_block=block, index=index):
                self._start_block(block, index)
            case BlockStop(index=index):
                self._stop_block(index)
            case MessageStart(message=message):
                self._merge_usage(message.usage)
            case MessageDelta(delta=delta, usage=usage):
                self._note_end(delta.stop_reason, delta.stop_details)
                self._take_usage(usage)
            case MessageStop():
                for index in list(self._open):
                    self._stop_block(index)
                self._finish()
            case WholeMessage():
                self.read_message(event)
            case StreamError():
                pass

    def _read_delta(self, delta: Delta, index: int) -> None:
        if delta.text:
            self._add_text(delta.text)
        elif delta.thinking:
            self._add(ReasoningChunk(delta.thinking))
        elif delta.partial_json:
            self._read_input(delta.partial_json, index)

    def _read_input(self, piece: str, index: int) -> None:
        block = self._open.get(index)
        if block is None:
            return
        block.has_pieces = True
        if block.call_index is not None:
            self._add(ToolCallChunk(block.call_index, None, None, piece))
        else:
            self._add_text(piece if block.unwrapper is None else block.unwrapper.feed(piece))

    def _start_block(self, block: Block, index: int) -> None:
        if block.type == "text" and block.text:
            self._add_text(block.text)
        elif block.type == "thinking" and block.thinking:
            self._add(ReasoningChunk(block.thinking))
        elif self._is_answer(block):
            self._open[index] = _OpenBlock(None, bytes(block.input).decode(), self._unwrapper())
        elif block.type == "tool_use":
            self._open[index] = _OpenBlock(self._call_count, bytes(block.input).decode())
            self._add(self._start_call(block, ""))

    def _stop_block(self, index: int) -> None:
        block = self._open.pop(index, None)
        if block is None:
            return
        if not block.has_pieces:
            self._read_input_of(block)
        if block.unwrapper is not None:
            self._batch.add_text(block.unwrapper.finish())

    def _read_input_of(self, block: _OpenBlock) -> None:
        """Read the input that stood in the block's start, `{}` where the tool was called without any."""
        if block.call_index is not None:
            self._batch.add(ToolCallChunk(block.call_index, None, None, block.input))
        else:
            self._batch.add_text(block.input if block.unwrapper is None else block.unwrapper.feed(block.input))

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

    def _finish(self) -> None:
        self.has_ended = True
        if self._stop_reason == "refusal":
            if self._explanation:
                self._batch.add(RefusalChunk(self._explanation))
            self._batch.add(FinishChunk(FinishReason.STOP, is_refused=True))
            return
        reason = _FINISH_REASONS.get(self._stop_reason or "", FinishReason.STOP)
        if reason is FinishReason.TOOL_CALLS and self._call_count == 0:
            reason = FinishReason.STOP  # only the answer tool was called
        self._batch.add(FinishChunk(reason))

    def _add_text(self, text: str) -> None:
        if text:
            self._batch.add_text(text)
            self._begin()

    def _add(self, chunk: ReasoningChunk | ToolCallChunk) -> None:
        self._batch.add(chunk)
        self._begin()

    def _begin(self) -> None:
        """Add what the stream's start said was used, an estimate so far, behind the first chunk of the answer."""
        if not self._has_begun:
            self._has_begun = True
            if self._has_usage:
                self._batch.add(UsageChunk(_usage(self._usage, is_estimate=True)))

    def _take_usage(self, usage: WireUsage | None) -> None:
        self._merge_usage(usage)
        if usage is not None:
            self._batch.add(UsageChunk(_usage(self._usage, is_estimate=False)))

    def _merge_usage(self, usage: WireUsage | None) -> None:
        """Take over the counts of a report: each is the sum so far, not an increment."""
        if usage is None:
            return
        self._has_usage = True
        for name in WireUsage.__struct_fields__:
            value: JsonValue = getattr(usage, name)
            if value is not None:
                setattr(self._usage, name, value)


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
