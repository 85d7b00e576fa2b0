"""One call to a provider's dialect against a real local server that plays its wire: what came out, what went in."""

import asyncio
from dataclasses import dataclass

from local_calls import Heard, listen
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings, Quirks
from parley.providers.anthropic import AnthropicProvider
from parley.providers.gemini import GeminiProvider
from parley.providers.provider import Call, Provider, ToolCallChunk
from wire_server import Reply, Request, WireServer

API_KEY = "sk-secret-0123456789"
NO_QUIRKS = Quirks()


@dataclass
class Exchange:
    heard: Heard
    requests: list[Request]


def provider_at(url: str, dialect: Dialect, quirks: Quirks = NO_QUIRKS) -> Provider:
    settings = ProviderSettings(dialect.value, dialect, base_url=url, api_key=API_KEY, quirks=quirks)
    return AnthropicProvider(settings) if dialect is Dialect.ANTHROPIC else GeminiProvider(settings)


async def converse(dialect: Dialect, call: Call, replies: tuple[Reply, ...], quirks: Quirks) -> Exchange:
    async with WireServer(*replies) as server:
        provider = provider_at(server.url, dialect, quirks)
        try:
            return Exchange(await listen(provider, call), server.requests)
        finally:
            await provider.close()


def exchange(dialect: Dialect, call: Call, *replies: Reply, quirks: Quirks = NO_QUIRKS) -> Exchange:
    """Make `call` in a loop of its own, against a server that plays `replies`."""
    return asyncio.run(converse(dialect, call, replies, quirks))


def joined_calls(chunks: list[ToolCallChunk]) -> list[tuple[str, str, str]]:
    """Return id, name and arguments of each tool call, its pieces put together."""
    calls: dict[int, tuple[str, str, str]] = {}
    for chunk in chunks:
        call_id, name, arguments = calls.get(chunk.index, ("", "", ""))
        calls[chunk.index] = (chunk.call_id or call_id, chunk.name or name, arguments + chunk.arguments)
    return [calls[index] for index in sorted(calls)]
