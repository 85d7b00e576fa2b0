"""An answer as OpenAI's chat completion, whole or in chunks. Parley's own fields are `warnings` and `cost`."""

from dataclasses import dataclass

from parley.domain.messages import ToolCall
from parley.domain.run import Answer, FinishReason
from parley.wire.delta import MARK, DeltaFrame
from parley.wire.encoding import Wire, WireObject, encode_json, encode_openai_usage, escape_non_ascii
from parley.wire.exchange import DONE


def encode_completion(completion_id: str, created_s: int, answer: Answer) -> WireObject:
    """Return `answer`, which did not fail, as an object `chat.completion`."""
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": created_s,
        "model": answer.model,
        "choices": [
            {
                "index": 0,
                "message": _message(answer),
                "logprobs": answer.logprobs,  # type: ignore[dict-item]  # JSON is a Wire value; dict and list are invariant
                "finish_reason": _finish_reason(answer),
            }
        ],
        "usage": encode_openai_usage(answer.usage),
    }


def own_fields(answer: Answer) -> WireObject:
    """Return what Parley adds to a completion: what was dropped, and the cost as a decimal string if it is known."""
    fields: WireObject = {}
    if answer.warnings:
        fields["warnings"] = list(answer.warnings)
    if answer.cost_usd is not None:
        fields["cost"] = format(answer.cost_usd, "f")
    return fields


def _message(answer: Answer) -> WireObject:
    is_silent = not answer.text and bool(answer.refusal or answer.tool_calls)
    message: WireObject = {
        "role": "assistant",
        "content": None if is_silent else answer.text,
        "refusal": answer.refusal,
    }
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tool_calls:
        message["tool_calls"] = [_tool_call(call) for call in answer.tool_calls]
    return message


def _tool_call(call: ToolCall) -> Wire:
    return {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _finish_reason(answer: Answer) -> str:
    return (answer.finish_reason or FinishReason.STOP).value


@dataclass(frozen=True, slots=True)
class ChunkOptions:
    """`includes_usage`: a chunk of its own carries usage, as `stream_options.include_usage` asks.

    `ends_with_usage`: the last chunk of the choice carries it, for clients that can't ask. `is_ascii`: everything
    beyond ASCII is escaped.
    """

    includes_usage: bool = False
    ends_with_usage: bool = False
    is_ascii: bool = False


class ChunkWriter:
    """Writes one streamed completion; the role comes with the first delta. `model` may change until then."""

    def __init__(self, completion_id: str, created_s: int, model: str, options: ChunkOptions) -> None:
        self.model = model
        self._completion_id = completion_id
        self._created_s = created_s
        self._options = options
        self._has_begun = False
        self._text: DeltaFrame | None = None

    @property
    def has_begun(self) -> bool:
        return self._has_begun

    def text(self, text: str) -> bytes:
        """Return the frames of a piece of the answer's text."""
        role = self._role()
        if self._text is None:
            choice = _choice({"content": MARK}, None, None)
            self._text = DeltaFrame(b"data: ", self._chunk([choice], {}), b"\n\n")
        return role + self.frame(self._text.of(text))

    def delta(self, fields: WireObject) -> bytes:
        """Return the frames of one delta."""
        return self._role() + self._delta(fields)

    def tool_call(self, index: int, piece: ToolCall) -> bytes:
        """Return the frames of a piece of a tool call; id and name stand on its first piece."""
        function: WireObject = {"arguments": piece.arguments}
        call: WireObject = {"index": index, "function": function}
        if piece.call_id:
            call |= {"id": piece.call_id, "type": "function"}
        if piece.name:
            function["name"] = piece.name
        return self.delta({"tool_calls": [call]})

    def end(self, answer: Answer) -> bytes:
        """Return the frames that end the completion: finish reason, usage where it is wanted, DONE."""
        own = own_fields(answer)
        usage = encode_openai_usage(answer.usage)
        if self._options.ends_with_usage:
            own["usage"] = usage
        choice = _choice({}, _finish_reason(answer), answer.logprobs)  # type: ignore[arg-type]  # JSON is a Wire value
        frames = self._role() + self._frame([choice], own)
        if self._options.includes_usage:
            frames += self._frame([], {"usage": usage})
        return frames + self.frame(DONE)

    def frame(self, frames: bytes) -> bytes:
        """Return `frames` as this client can read them."""
        return escape_non_ascii(frames) if self._options.is_ascii else frames

    def _role(self) -> bytes:
        if self._has_begun:
            return b""
        self._has_begun = True
        return self._delta({"role": "assistant", "content": ""})

    def _delta(self, fields: WireObject) -> bytes:
        return self._frame([_choice(fields, None, None)], {})

    def _frame(self, choices: list[Wire], own: WireObject) -> bytes:
        return self.frame(b"data: " + encode_json(self._chunk(choices, own)) + b"\n\n")

    def _chunk(self, choices: list[Wire], own: WireObject) -> WireObject:
        usage: WireObject = {"usage": None} if self._options.includes_usage else {}
        return {
            "id": self._completion_id,
            "object": "chat.completion.chunk",
            "created": self._created_s,
            "model": self.model,
            "choices": choices,
            **usage,
            **own,
        }


def _choice(delta: WireObject, finish: str | None, logprobs: Wire) -> WireObject:
    return {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
