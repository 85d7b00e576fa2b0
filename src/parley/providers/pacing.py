"""Pace: hands out a text that is known in advance as a model would, piece by piece at its speed.

Sandbox and replay share it. It knows no prompt, counts no usage and keeps no bound.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

from parley.providers.provider import Chunk, TextChunk

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

    async def stream(self, text: str, *, is_streamed: bool) -> AsyncGenerator[Chunk, None]:
        """Yield `text` as the call wants it: in pieces, or whole after the time that its pieces would take.

        An empty text yields nothing.
        """
        if is_streamed:
            count = -(-len(text) // self.piece_chars)
            per_sleep = max(1, round(self.tokens_per_s * _SLEEP_S)) if self.tokens_per_s else _PIECES_WITHOUT_SLEEP
            for index in range(count):
                if index % per_sleep == 0:
                    await self._wait(min(per_sleep, count - index))
                # Cut as it is needed: all pieces at once would take fifteen times the room of the text.
                yield TextChunk(text[index * self.piece_chars : (index + 1) * self.piece_chars])
        elif text:
            await self._wait(len(text) / self.piece_chars, _PLAIN_WAIT_S)
            yield TextChunk(text)

    async def _wait(self, tokens: float, most_s: float = float("inf")) -> None:
        if self.tokens_per_s:
            await self.sleep(min(tokens / self.tokens_per_s, most_s))
        else:
            await asyncio.sleep(0)
