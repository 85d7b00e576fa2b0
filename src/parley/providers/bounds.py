"""The bound on one answer, the same for every dialect: what a model writes is cut off when it passes it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.providers.provider import Chunk, ReasoningChunk, RefusalChunk, TextChunk, ToolCallChunk


class AnswerBound:
    """Counts one answer in bytes of UTF-8: text, refusal and tool calls together, reasoning by itself.

    `is_passed` is set by the chunk that passes the bound; nothing is to be shown after it.
    """

    def __init__(self, max_answer_bytes: int) -> None:
        self.is_passed = False
        self._max_answer_bytes = max_answer_bytes
        self._answer_left = self._reasoning_left = max_answer_bytes

    def fit_text(self, text: str) -> str:
        """Return what of a piece of the answer's text is within."""
        before = self._answer_left
        self._answer_left -= _size_bytes(text)
        if self._answer_left >= 0:
            return text
        self.is_passed = True
        return _up_to(text, before)

    def fit(self, chunk: Chunk) -> Chunk | None:
        """Return the chunk, of a text that passes the bound what is within, None where nothing is."""
        match chunk:
            case TextChunk(text):
                kept = self.fit_text(text)
                return TextChunk(kept) if kept else None
            case RefusalChunk(text) | ToolCallChunk(arguments=text):
                self._answer_left -= _size_bytes(text)
            case ReasoningChunk(text):
                self._reasoning_left -= _size_bytes(text)
            case _:
                return chunk
        if self._answer_left < 0 or self._reasoning_left < 0:
            self.is_passed = True
            return None
        return chunk

    def failure(self) -> UpstreamFailure:
        """Return what to raise once the bound is passed."""
        message = f"the answer passes {self._max_answer_bytes} bytes; ask for less or raise server.max_answer_bytes"
        return UpstreamFailure(SeatFailure(FailureCode.ANSWER_TOO_LARGE, message))


async def bounded(chunks: AsyncGenerator[Chunk, None], max_answer_bytes: int) -> AsyncGenerator[Chunk, None]:
    """Pass on `chunks` until they pass the bound; then raise UpstreamFailure, after the text up to it."""
    bound = AnswerBound(max_answer_bytes)
    async with aclosing(chunks):
        async for chunk in chunks:
            fitting = bound.fit(chunk)
            if fitting is not None:
                yield fitting
            if bound.is_passed:
                raise bound.failure()


def _size_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _up_to(text: str, size_bytes: int) -> str:
    """Return the start of `text` that fits `size_bytes`, no character cut in two."""
    return text.encode("utf-8", "surrogatepass")[:size_bytes].decode("utf-8", "ignore")
