"""The `anthropic` dialect: one call to the Messages API, streamed or not, as chunks.

Building requests and reading answers stand in modules of their own; here are the walk of a call and what errors mean.
Source: contracts/providers.md, section 2.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from datetime import datetime

import msgspec

from parley.domain.errors import FailureCode, UpstreamFailure
from parley.domain.settings import ProviderSettings
from parley.providers.anthropic_request import build_request
from parley.providers.anthropic_wire import Event, MessageReader, StreamError, decode_event
from parley.providers.batch import Batch
from parley.providers.failures import ErrorDetail
from parley.providers.listing import Listing, fetch_listing
from parley.providers.provider import Call, Chunk, WarningChunk
from parley.providers.transport import Transport, drain

_PATH = "/v1/messages"
_VERSION = "2023-06-01"

_MEANINGS = {
    "invalid_request_error": FailureCode.INVALID_REQUEST,
    "authentication_error": FailureCode.AUTHENTICATION,
    "billing_error": FailureCode.QUOTA_EXCEEDED,
    "permission_error": FailureCode.AUTHENTICATION,
    "not_found_error": FailureCode.MODEL_NOT_FOUND,
    "request_too_large": FailureCode.CONTEXT_LENGTH_EXCEEDED,
    "rate_limit_error": FailureCode.RATE_LIMITED,
    "api_error": FailureCode.UPSTREAM_ERROR,
    "timeout_error": FailureCode.TIMEOUT,
    "overloaded_error": FailureCode.UPSTREAM_ERROR,
}
# What the same error has as its HTTP status when it comes before the stream.
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_BUCKETS = ("requests", "tokens", "input-tokens", "output-tokens")


class _Error(msgspec.Struct):
    type: str = ""
    message: str = ""


class _ErrorBody(msgspec.Struct):
    error: _Error


def read_error(status: int, body: bytes, headers: Mapping[str, str]) -> ErrorDetail:
    """Return what an error body says; nothing where it is not Anthropic's."""
    wait_s = read_reset_s(headers, time.time()) if status == 429 else None
    try:
        error = msgspec.json.decode(body, type=_ErrorBody).error
    except (ValueError, RecursionError):
        return ErrorDetail(retry_after_s=wait_s)
    return ErrorDetail(
        meaning=_MEANINGS.get(error.type),
        slug=error.type,
        message=error.message,
        status=_STATUSES.get(error.type) if status < 300 else None,
        retry_after_s=wait_s,
    )


def read_reset_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Return seconds until every used-up rate-limit bucket is filled again, None if no header tells."""
    waits = []
    for bucket in _BUCKETS:
        if headers.get(f"anthropic-ratelimit-{bucket}-remaining") == "0":
            try:
                reset = datetime.fromisoformat(headers.get(f"anthropic-ratelimit-{bucket}-reset", ""))
            except ValueError:
                continue
            if reset.tzinfo is not None:
                waits.append(max(reset.timestamp() - now_s, 0.0))
    return max(waits, default=None)


class AnthropicProvider:
    """One provider that speaks Anthropic's Messages API."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._refused = settings.quirks.refused_parameters
        key = (("x-api-key", settings.api_key),) if settings.api_key else ()
        self._transport = Transport(settings, (*key, ("anthropic-version", _VERSION)), read_error)

    def stream(self, call: Call) -> AsyncIterator[Chunk]:
        """Make the call and yield its chunks. Raises UpstreamFailure; see provider.Provider."""
        return self._streamed(call) if call.is_streamed else self._plain(call)

    async def list_models(self, timeout_s: float) -> Listing:
        """Return the models that the provider names. Raises UpstreamFailure."""
        return await fetch_listing(self._transport, "/v1/models?limit=1000", timeout_s)

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()

    async def _plain(self, call: Call) -> AsyncGenerator[Chunk, None]:
        request = build_request(call, self._refused)
        for warning in request.warnings:
            yield WarningChunk(warning)
        body = await self._transport.fetch(_PATH, msgspec.json.encode(request.body), call.limits)
        batch = Batch(call.limits.max_answer_bytes)
        reader = MessageReader(batch, request.answer_tool)
        self._read([body], reader, batch)
        for chunk in batch.take():
            yield chunk
        if not reader.has_ended:
            raise self._transport.broken("answered with something that is no message of Anthropic's")

    async def _streamed(self, call: Call) -> AsyncGenerator[Chunk, None]:
        request = build_request(call, self._refused)
        for warning in request.warnings:
            yield WarningChunk(warning)
        batch = Batch(call.limits.max_answer_bytes)
        reader = MessageReader(batch, request.answer_tool)
        body = msgspec.json.encode(request.body)
        async with aclosing(self._transport.events(_PATH, body, call.limits)) as reads:
            async for payloads in reads:
                self._read(payloads, reader, batch)
                for chunk in batch.take():
                    yield chunk
                if reader.has_ended:
                    await drain(reads)
                    return
        raise self._transport.broken("broke off its stream before message_stop")

    def _read(self, payloads: Iterable[bytes], reader: MessageReader, batch: Batch) -> None:
        """Read the events that have come, up to the answer's end; garbage, and an error inside, fail the batch."""
        try:
            for data in payloads:
                event = self._decode(data)
                if reader.has_ended:
                    return
                if isinstance(event, StreamError):
                    raise self._transport.failure(data)
                if event is not None:
                    reader.read(event)
        except UpstreamFailure as failure:
            batch.fail(failure)

    def _decode(self, data: bytes) -> Event | None:
        try:
            return decode_event(data)
        except (ValueError, RecursionError) as error:
            raise self._transport.broken("sent something that is not Anthropic's JSON") from error
