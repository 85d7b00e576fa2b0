"""What Gemini answers, as types, and its translation: a response, or a stream of them, becomes chunks.

Every response has one shape, whole or in pieces. Source: contracts/providers.md, section 3.
"""

import msgspec

from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.domain.run import FinishReason
from parley.domain.usage import Usage
from parley.providers.batch import Batch
from parley.providers.gemini_contents import make_call_id
from parley.providers.provider import FinishChunk, ReasoningChunk, ToolCallChunk, UsageChunk

_FINISH_REASONS = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "SAFETY": FinishReason.CONTENT_FILTER,
    "RECITATION": FinishReason.CONTENT_FILTER,
    "BLOCKLIST": FinishReason.CONTENT_FILTER,
    "PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "SPII": FinishReason.CONTENT_FILTER,
    "MODEL_ARMOR": FinishReason.CONTENT_FILTER,
    "IMAGE_SAFETY": FinishReason.CONTENT_FILTER,
    "IMAGE_PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "IMAGE_RECITATION": FinishReason.CONTENT_FILTER,
}
# Faults of one drawing, which the next may not have.
_TRANSIENT_REASONS = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "OTHER"})


class FunctionCall(msgspec.Struct, gc=False):
    name: str = ""
    args: msgspec.Raw = msgspec.Raw(b"{}")
    id: str | None = None


class Part(msgspec.Struct, gc=False, rename="camel"):
    text: str | None = None
    thought: bool = False
    thought_signature: str | None = None
    function_call: FunctionCall | None = None


class Content(msgspec.Struct, gc=False):
    parts: list[Part] = []


class Candidate(msgspec.Struct, gc=False, rename="camel"):
    content: Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    index: int = 0


class PromptFeedback(msgspec.Struct, gc=False, rename="camel"):
    block_reason: str | None = None


class UsageMetadata(msgspec.Struct, gc=False, rename="camel"):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None


class Response(msgspec.Struct, gc=False, rename="camel"):
    """One response or one piece of it; an empty `error` means that there is none."""

    candidates: list[Candidate] = []
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: UsageMetadata | None = None
    response_id: str | None = None
    error: msgspec.Raw = msgspec.Raw(b"")


_RESPONSES = msgspec.json.Decoder(Response | list[Response])


def decode_responses(data: bytes) -> list[Response]:
    """Return the responses in `data`: one, or an array of them, as without `alt=sse`. Raises msgspec.DecodeError."""
    decoded: Response | list[Response] = _RESPONSES.decode(data)
    return decoded if isinstance(decoded, list) else [decoded]


class ResponseReader:
    """Turns one call's responses into chunks, which it puts into `batch`.

    `has_ended` tells a whole stream from a cut one.
    """

    def __init__(self, batch: Batch, provider: str) -> None:
        self._batch = batch
        self._provider = provider
        self._call_count = 0
        self._reason: str | None = None
        self.has_ended = False

    def read(self, response: Response) -> None:
        """Read one response: reasoning, one text, tool calls, usage (an estimate until the end), a fault."""
        for candidate in response.candidates:
            if candidate.index == 0:
                self._read_candidate(candidate, response.response_id or "")
        if response.usage_metadata is not None:
            is_final = self.has_ended or not response.candidates
            self._batch.add(UsageChunk(_usage(response.usage_metadata, is_estimate=not is_final)))
        failure = self._blocked(response)
        if failure is not None:
            self._batch.fail(failure)

    def finish(self) -> None:
        """Add the end of the answer; a filter's word stands over a tool call's."""
        reason = _FINISH_REASONS.get(self._reason or "", FinishReason.STOP)
        if reason is FinishReason.STOP and self._call_count:
            reason = FinishReason.TOOL_CALLS
        self._batch.add(FinishChunk(reason))

    def _blocked(self, response: Response) -> UpstreamFailure | None:
        """Return the failure of a prompt that was blocked, or of an answer that ended in a fault; None if neither."""
        reason = response.prompt_feedback.block_reason if response.prompt_feedback is not None else None
        if reason and not response.candidates:
            return _failure(FailureCode.CONTENT_FILTERED, f"{self._provider} blocked the prompt: {reason}")
        for candidate in response.candidates:
            reason = candidate.finish_reason
            if candidate.index == 0 and reason and reason not in _FINISH_REASONS:
                message = f"{self._provider} ended the answer with {reason}"
                return _failure(FailureCode.UPSTREAM_ERROR, message, is_transient=reason in _TRANSIENT_REASONS)
        return None

    def _read_candidate(self, candidate: Candidate, response_id: str) -> None:
        if candidate.finish_reason:
            self._reason = candidate.finish_reason
            self.has_ended = True
        parts = candidate.content.parts if candidate.content is not None else []
        if reasoning := "".join([part.text or "" for part in parts if part.thought]):
            self._batch.add(ReasoningChunk(reasoning))
        self._batch.add_text("".join([part.text or "" for part in parts if not part.thought]))
        for part in parts:
            if part.function_call is not None:
                self._batch.add(self._call(part, part.function_call, response_id))

    def _call(self, part: Part, call: FunctionCall, response_id: str) -> ToolCallChunk:
        index = self._call_count
        self._call_count += 1
        arguments = bytes(call.args).decode()
        position = f"{response_id} {index} {call.name} {arguments}"
        call_id = make_call_id(call.id, position, part.thought_signature)
        return ToolCallChunk(index, call_id, call.name, "{}" if arguments == "null" else arguments)


def _failure(code: FailureCode, message: str, *, is_transient: bool = False) -> UpstreamFailure:
    return UpstreamFailure(SeatFailure(code, message), is_transient=is_transient, status=200)


def _usage(wire: UsageMetadata, *, is_estimate: bool) -> Usage:
    thoughts = max(wire.thoughts_token_count or 0, 0)
    return Usage(
        input_tokens=max(wire.prompt_token_count or 0, 0) + max(wire.tool_use_prompt_token_count or 0, 0),
        output_tokens=max(wire.candidates_token_count or 0, 0) + thoughts,
        cache_read_tokens=max(wire.cached_content_token_count or 0, 0),
        reasoning_tokens=thoughts,
        is_estimate=is_estimate,
    )
