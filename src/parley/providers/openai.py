"""The `openai` dialect: one call to Chat Completions, as OpenAI and all its look-alikes serve it, as chunks.

How vendors differ stands in `Quirks`, never here. Source: contracts/providers.md, sections 1, 4 and 5.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

import msgspec

from parley.domain.errors import UpstreamFailure
from parley.domain.json import JsonObject
from parley.domain.settings import ProviderSettings
from parley.providers.batch import Batch
from parley.providers.listing import Listing, fetch_listing
from parley.providers.openai_errors import read_error
from parley.providers.openai_request import build_body, without_refused
from parley.providers.openai_wire import AnswerReader
from parley.providers.provider import Call, Chunk, WarningChunk
from parley.providers.transport import Transport, drain

_PATH = "/chat/completions"

_Events = AsyncGenerator[list[bytes], None]
_T = TypeVar("_T")


class OpenAIProvider:
    """One configured provider that speaks the `openai` dialect."""

    def __init__(self, settings: ProviderSettings) -> None:
        auth = (("authorization", f"Bearer {settings.api_key}"),) if settings.api_key else ()
        self._quirks = settings.quirks
        self._transport = Transport(settings, auth, read_error)

    def stream(self, call: Call) -> AsyncIterator[Chunk]:
        """Make the call and yield its chunks. Raises UpstreamFailure as Provider.stream says."""
        return self._streamed(call) if call.is_streamed else self._plain(call)

    async def list_models(self, timeout_s: float) -> Listing:
        """Return the models that the provider names. Raises UpstreamFailure."""
        return await fetch_listing(self._transport, "/models", timeout_s)

    async def close(self) -> None:
        await self._transport.close()

    async def _plain(self, call: Call) -> AsyncGenerator[Chunk, None]:
        async def send(body: JsonObject) -> bytes:
            return await self._transport.fetch(_PATH, msgspec.json.encode(body), call.limits)

        warnings: list[str] = []
        body = build_body(call, self._quirks, warnings)
        whole = await _send_repaired(send, body, call.deployment.upstream_model, warnings)
        for text in warnings:
            yield WarningChunk(text)
        batch = Batch(call.limits.max_answer_bytes)
        reader = self._reader(batch)
        reader.read_whole(whole)
        for chunk in batch.take():
            yield chunk
        reader.check_end()

    async def _streamed(self, call: Call) -> AsyncGenerator[Chunk, None]:
        async def send(body: JsonObject) -> tuple[_Events, list[bytes]]:
            events = self._transport.events(_PATH, msgspec.json.encode(body), call.limits)
            return events, await anext(events, [])

        warnings: list[str] = []
        body = build_body(call, self._quirks, warnings)
        events, payloads = await _send_repaired(send, body, call.deployment.upstream_model, warnings)
        async with aclosing(events):
            for text in warnings:
                yield WarningChunk(text)
            batch = Batch(call.limits.max_answer_bytes)
            reader = self._reader(batch)
            while payloads:
                reader.read(payloads)
                for chunk in batch.take():
                    yield chunk
                payloads = await _next_payloads(events, reader)
            reader.check_end()
            await drain(events)

    def _reader(self, batch: Batch) -> AnswerReader:
        return AnswerReader(batch, self._transport.broken, self._transport.failure)


async def _send_repaired(
    send: Callable[[JsonObject], Awaitable[_T]], body: JsonObject, model: str, warnings: list[str]
) -> _T:
    """Send `body`; if the provider refuses one expendable parameter by name, send it once more without."""
    try:
        return await send(body)
    except UpstreamFailure as failure:
        repaired = without_refused(body, failure, model)
        if repaired is None:
            raise
    fitted, warning = repaired
    warnings.append(warning)
    return await send(fitted)


async def _next_payloads(events: _Events, reader: AnswerReader) -> list[bytes]:
    """Return the data of the next read; nothing at the end, and where a whole answer loses its connection."""
    if reader.is_done:
        return []
    try:
        return await anext(events, [])
    except UpstreamFailure:
        if not reader.has_finished:
            raise
        return []
