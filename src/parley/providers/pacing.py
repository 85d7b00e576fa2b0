"""Pace: hands out a text that is known in advance as a model would, piece by piece at its speed.

Sandbox and replay share it. It keeps the bound on an answer's size; it counts no usage and knows no prompt.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.providers.provider import Call, TextChunk

Sleep = Callable[[float], Awaitable[None]]

_PLAIN_WAIT_S = 2.0  # a plain call shows nothing while it waits, so its wait is bounded
_SLEEP_S = 0.01  # shorter sleeps cost more than they wait: at high speeds several pieces share one
_PIECES_WITHOUT_SLEEP = 256  # an answer that comes at once still lets the loop breathe


@dataclass(frozen=True, slots=True)
class Pace:
    """A speed in tokens (pieces of `piece_chars` characters) per second; 0 means at once."""

    tokens_per_s: float
    sleep: Sleep = asyncio.sleep
    piece_chars: int = 4

    async def stream(self, text: str, call: Call) -> AsyncGenerator[TextChunk, None]:
        """Yield `text` as the call wants it: in pieces, or whole after the time that its pieces would take.

        Raises UpstreamFailure(answer_too_large) after the text up to `call.limits.max_answer_bytes`.
        """
        allowed = first_bytes(text, call.limits.max_answer_bytes)
        if call.is_streamed:
            pieces = [allowed[start : start + self.piece_chars] for start in range(0, len(allowed), self.piece_chars)]
            per_sleep = max(1, round(self.tokens_per_s * _SLEEP_S)) if self.tokens_per_s else _PIECES_WITHOUT_SLEEP
            for index, piece in enumerate(pieces):
                if index % per_sleep == 0:
                    await self._wait(min(per_sleep, len(pieces) - index))
                yield TextChunk(piece)
        elif allowed:
            await self._wait(len(allowed) / self.piece_chars, _PLAIN_WAIT_S)
            yield TextChunk(allowed)
        if len(allowed) < len(text):
            raise _too_large(call)

    async def _wait(self, tokens: float, most_s: float = float("inf")) -> None:
        if self.tokens_per_s:
            await self.sleep(min(tokens / self.tokens_per_s, most_s))
        else:
            await asyncio.sleep(0)


def first_bytes(text: str, size_bytes: int) -> str:
    """Return the longest beginning of `text` of at most `size_bytes` in UTF-8, cut between characters."""
    if len(text) * 4 <= size_bytes:
        return text
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= size_bytes:
        return text
    end = size_bytes
    while end > 0 and raw[end] & 0xC0 == 0x80:
        end -= 1
    return raw[:end].decode("utf-8", "surrogatepass")


def _too_large(call: Call) -> UpstreamFailure:
    model, most = call.deployment.upstream_model, call.limits.max_answer_bytes
    message = f"the answer of {model} is larger than {most} bytes, the most that an answer may have"
    return UpstreamFailure(SeatFailure(FailureCode.ANSWER_TOO_LARGE, message))
