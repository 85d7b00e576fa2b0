"""The bound on one answer, the same for every dialect: what a model writes is cut off when it passes it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.providers.provider import Chunk, ReasoningChunk, RefusalChunk, TextChunk, ToolCallChunk


async def bounded(chunks: AsyncGenerator[Chunk, None], max_answer_bytes: int) -> AsyncGenerator[Chunk, None]:
    """Pass on `chunks` until their text passes `max_answer_bytes` of UTF-8; then the call is cut off.

    Text, refusal and tool calls count together, reasoning by itself. Raises UpstreamFailure (answer_too_large), after
    the text up to the bound.
    """
    answer_left = reasoning_left = max_answer_bytes
    async with aclosing(chunks):
        async for chunk in chunks:
            match chunk:
                case TextChunk(text):
                    answer_left -= _size_bytes(text)
                    if answer_left < 0:
                        kept = _up_to(text, answer_left + _size_bytes(text))
                        if kept:
                            yield TextChunk(kept)
                        raise _passed(max_answer_bytes)
                case RefusalChunk(text) | ToolCallChunk(arguments=text):
                    answer_left -= _size_bytes(text)
                case ReasoningChunk(text):
                    reasoning_left -= _size_bytes(text)
                case _:
                    pass
            if answer_left < 0 or reasoning_left < 0:
                raise _passed(max_answer_bytes)
            yield chunk


def _size_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _up_to(text: str, size_bytes: int) -> str:
    """Return the start of `text` that fits `size_bytes`, no character cut in two."""
    return text.encode("utf-8", "surrogatepass")[:size_bytes].decode("utf-8", "ignore")


def _passed(max_answer_bytes: int) -> UpstreamFailure:
    message = f"the answer passes {max_answer_bytes} bytes; ask for less or raise server.max_answer_bytes"
    return UpstreamFailure(SeatFailure(FailureCode.ANSWER_TOO_LARGE, message))
