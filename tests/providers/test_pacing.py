"""Pace: a text in pieces, all of it, without more memory than the text itself."""

import asyncio
import tracemalloc
from contextlib import aclosing

import pytest

from parley.providers.pacing import Pace
from parley.providers.provider import Chunk


async def nothing(_seconds: float) -> None:
    pass


async def pieces_of(pace: Pace, text: str, is_streamed: bool) -> list[Chunk]:
    async with aclosing(pace.stream(text, is_streamed=is_streamed)) as chunks:
        return [chunk async for chunk in chunks]


@pytest.mark.parametrize("tokens_per_s", [0, 1, 100, 1_000_000])
@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 2_000])
def test_pieces_are_the_text_and_none_is_empty(tokens_per_s: float, size: int) -> None:
    text = "0123456789" * 200
    for is_streamed in (False, True):
        chunks = asyncio.run(pieces_of(Pace(tokens_per_s, nothing), text[:size], is_streamed))
        assert "".join(chunk.text for chunk in chunks) == text[:size]
        assert all(chunk.text for chunk in chunks)
        assert len(chunks) == (-(-size // 4) if is_streamed else min(size, 1))


def test_long_text_is_cut_as_it_is_needed() -> None:
    async def main() -> int:
        async with aclosing(Pace(0).stream("x" * 1_000_000, is_streamed=True)) as chunks:
            tracemalloc.start()
            await anext(chunks)
            held, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return held

    assert asyncio.run(main()) < 100_000
