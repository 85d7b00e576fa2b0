"""JSON nested deeper than any decoder goes: each dialect calls it a broken answer, and nothing falls over."""

import asyncio

import pytest

from local_calls import Heard, listen, make_call
from parley.domain.errors import FailureCode
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings
from parley.providers.anthropic import AnthropicProvider
from parley.providers.discovery import discover_local
from parley.providers.gemini import GeminiProvider
from parley.providers.openai import OpenAIProvider
from wire_server import Reply, WireServer, body_reply, sse_reply

DEEP = b'{"deep":' + b"[" * 5000
JSON = [("Content-Type", "application/json")]
PROVIDERS = {Dialect.OPENAI: OpenAIProvider, Dialect.ANTHROPIC: AnthropicProvider, Dialect.GEMINI: GeminiProvider}


async def ask(dialect: Dialect, reply: Reply, is_streamed: bool) -> Heard:
    async with WireServer(reply) as server:
        provider = PROVIDERS[dialect](ProviderSettings("acme", dialect, server.url, is_local=True))
        try:
            return await listen(provider, make_call("m", "Hi", is_streamed=is_streamed))
        finally:
            await provider.close()


@pytest.mark.parametrize("dialect", PROVIDERS)
@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(
    "reply",
    [body_reply(DEEP, 200, JSON), sse_reply(b"data: " + DEEP + b"\n\n"), body_reply(DEEP, 500, JSON)],
    ids=["answer", "stream", "error"],
)
def test_deeply_nested_answer_is_a_transient_upstream_error(dialect: Dialect, reply: Reply, is_streamed: bool) -> None:
    heard = asyncio.run(ask(dialect, reply, is_streamed))
    assert heard.failure is not None
    assert heard.failure.failure.code is FailureCode.UPSTREAM_ERROR
    assert heard.failure.is_transient


def test_deeply_nested_listing_is_no_server() -> None:
    async def run() -> None:
        async with WireServer(body_reply(DEEP, 200, JSON)) as server:
            assert await discover_local([ProviderSettings("acme", Dialect.OPENAI, server.url, is_local=True)]) == ()

    asyncio.run(run())
