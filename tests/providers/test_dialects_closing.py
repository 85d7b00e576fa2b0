"""A call that nobody wants any more: its connection to the provider is closed at once, in both dialects."""

import asyncio

import pytest

from local_calls import make_call
from parley.domain.models import Dialect
from parley.providers.provider import TextChunk
from upstream_exchange import provider_at
from wire_server import HANG, WireServer, sse_reply

BEGINNINGS = {
    Dialect.ANTHROPIC: b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"One"}}\n\n',
    Dialect.GEMINI: b'data: {"candidates":[{"content":{"parts":[{"text":"One"}]}}]}\n\n',
}


@pytest.mark.parametrize("dialect", BEGINNINGS)
def test_closing_the_iterator_closes_the_connection(dialect: Dialect) -> None:
    async def run() -> None:
        async with WireServer(sse_reply(BEGINNINGS[dialect], HANG)) as server:
            provider = provider_at(server.url, dialect)
            chunks = provider.stream(make_call("m", "Hi", is_streamed=True))
            assert await anext(chunks) == TextChunk("One")
            await chunks.aclose()
            await asyncio.wait_for(server.gone.wait(), 5)
            await provider.close()

    asyncio.run(run())


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize("dialect", BEGINNINGS)
def test_cancelling_a_call_that_waits_closes_the_connection(dialect: Dialect, is_streamed: bool) -> None:
    async def run() -> None:
        async with WireServer(sse_reply(BEGINNINGS[dialect], HANG)) as server:
            provider = provider_at(server.url, dialect)

            async def listen() -> None:
                async for _ in provider.stream(make_call("m", "Hi", is_streamed=is_streamed)):
                    pass

            task = asyncio.create_task(listen())
            await asyncio.wait({task}, timeout=0.05)
            assert server.requests
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.gone.wait(), 5)
            await provider.close()

    asyncio.run(run())


@pytest.mark.parametrize("dialect", BEGINNINGS)
def test_connection_serves_the_next_call_after_a_finished_stream(dialect: Dialect) -> None:
    ending = {
        Dialect.ANTHROPIC: b'data: {"type":"message_stop"}\n\n',
        Dialect.GEMINI: b'data: {"candidates":[{"finishReason":"STOP"}]}\n\n',
    }

    async def run() -> list[int]:
        async with WireServer(sse_reply(BEGINNINGS[dialect], ending[dialect])) as server:
            provider = provider_at(server.url, dialect)
            for _ in range(3):
                assert [chunk async for chunk in provider.stream(make_call("m", "Hi", is_streamed=True))]
            await provider.close()
            return [request.connection for request in server.requests]

    assert asyncio.run(run()) == [0, 0, 0]
