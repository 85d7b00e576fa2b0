"""The `gemini` dialect: one call to generateContent, streamed or not, as chunks.

Building requests and reading answers stand in modules of their own; here are the walk of a call and what errors mean.
Source: contracts/providers.md, section 3.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from urllib.parse import quote

import msgspec

from parley.domain.errors import FailureCode, UpstreamFailure
from parley.domain.settings import ProviderSettings
from parley.providers.batch import Batch
from parley.providers.failures import ErrorDetail
from parley.providers.gemini_request import build_request
from parley.providers.gemini_wire import Response, ResponseReader, decode_responses
from parley.providers.listing import Listing, fetch_listing
from parley.providers.provider import Call, Chunk, WarningChunk
from parley.providers.transport import Transport

_MEANINGS = {
    "INVALID_ARGUMENT": FailureCode.INVALID_REQUEST,
    "FAILED_PRECONDITION": FailureCode.INVALID_REQUEST,
    "OUT_OF_RANGE": FailureCode.INVALID_REQUEST,
    "UNAUTHENTICATED": FailureCode.AUTHENTICATION,
    "PERMISSION_DENIED": FailureCode.AUTHENTICATION,
    "NOT_FOUND": FailureCode.MODEL_NOT_FOUND,
    "RESOURCE_EXHAUSTED": FailureCode.RATE_LIMITED,
    "INTERNAL": FailureCode.UPSTREAM_ERROR,
    "UNKNOWN": FailureCode.UPSTREAM_ERROR,
    "UNAVAILABLE": FailureCode.UPSTREAM_ERROR,
    "DEADLINE_EXCEEDED": FailureCode.TIMEOUT,
}
# What google.rpc.ErrorInfo says more exactly than the status does: a bad key, for one, comes as INVALID_ARGUMENT.
_REASONS = {
    "API_KEY_INVALID": FailureCode.AUTHENTICATION,
    "API_KEY_EXPIRED": FailureCode.AUTHENTICATION,
    "API_KEY_SERVICE_BLOCKED": FailureCode.AUTHENTICATION,
    "BILLING_DISABLED": FailureCode.QUOTA_EXCEEDED,
}


class _Detail(msgspec.Struct, rename="camel"):
    """One of google.rpc's details: RetryInfo has a delay, ErrorInfo a reason."""

    retry_delay: str = ""
    reason: str = ""


class _Error(msgspec.Struct):
    code: int = 0
    message: str = ""
    status: str = ""
    details: list[msgspec.Raw] = []


class _ErrorBody(msgspec.Struct):
    error: _Error


_ERRORS = msgspec.json.Decoder(_ErrorBody | list[_ErrorBody])
_DETAILS = msgspec.json.Decoder(_Detail)


def read_error(status: int, body: bytes, _headers: Mapping[str, str]) -> ErrorDetail:
    """Return what an error body says, alone or in an array; nothing where it is not Gemini's."""
    try:
        decoded: _ErrorBody | list[_ErrorBody] = _ERRORS.decode(body)
    except (ValueError, RecursionError):
        return ErrorDetail()
    bodies = decoded if isinstance(decoded, list) else [decoded]
    if not bodies:
        return ErrorDetail()
    error = bodies[0].error
    details = [_detail(raw) for raw in error.details]
    reasons = [_REASONS[detail.reason] for detail in details if detail.reason in _REASONS]
    waits = [wait_s for detail in details if (wait_s := _seconds(detail.retry_delay)) is not None]
    return ErrorDetail(
        meaning=next(iter(reasons), _MEANINGS.get(error.status)),
        slug=error.status,
        message=error.message,
        status=error.code if status < 300 and 400 <= error.code < 600 else None,
        retry_after_s=max(waits, default=None),
    )


def _detail(raw: msgspec.Raw) -> _Detail:
    """Return one detail, an empty one where its fields are others: Google has many kinds."""
    try:
        return _DETAILS.decode(raw)
    except msgspec.DecodeError:
        return _Detail()


def _seconds(duration: str) -> float | None:
    """Return protobuf's JSON form of a duration (`34.07s`) in seconds."""
    try:
        seconds = float(duration.removesuffix("s"))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


class GeminiProvider:
    """One provider that speaks Google's generateContent."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._name = settings.name
        self._refused = settings.quirks.refused_parameters
        key = (("x-goog-api-key", settings.api_key),) if settings.api_key else ()
        self._transport = Transport(settings, key, read_error)

    def stream(self, call: Call) -> AsyncIterator[Chunk]:
        """Make the call and yield its chunks. Raises UpstreamFailure; see provider.Provider."""
        return self._chunks(call)

    async def list_models(self, timeout_s: float) -> Listing:
        """Return the models that the provider names. Raises UpstreamFailure."""
        return await fetch_listing(self._transport, "/v1beta/models?pageSize=1000", timeout_s)

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()

    async def _chunks(self, call: Call) -> AsyncGenerator[Chunk, None]:
        request = build_request(call, self._refused)
        for warning in request.warnings:
            yield WarningChunk(warning)
        batch = Batch(call.limits.max_answer_bytes)
        reader = ResponseReader(batch, self._name)
        async with aclosing(self._bodies(call, msgspec.json.encode(request.body))) as reads:
            async for payloads in reads:
                self._read(payloads, reader, batch)
                for chunk in batch.take():
                    yield chunk
        if not reader.has_ended:
            raise self._transport.broken("broke off its answer before a finishReason")
        reader.finish()
        for chunk in batch.take():
            yield chunk

    def _bodies(self, call: Call, body: bytes) -> AsyncGenerator[list[bytes], None]:
        """Return what yields the JSON that each read brings: events of a stream, or the one body of a plain call."""
        path = f"/v1beta/models/{quote(call.deployment.upstream_model, safe='')}"
        if call.is_streamed:
            return self._transport.events(f"{path}:streamGenerateContent?alt=sse", body, call.limits)
        return self._whole(f"{path}:generateContent", body, call)

    async def _whole(self, path: str, body: bytes, call: Call) -> AsyncGenerator[list[bytes], None]:
        yield [await self._transport.fetch(path, body, call.limits)]

    def _read(self, payloads: Iterable[bytes], reader: ResponseReader, batch: Batch) -> None:
        """Read the responses that have come; garbage, and an error inside, fail the batch."""
        try:
            for data in payloads:
                for response in self._decode(data):
                    if response.error:
                        raise self._transport.failure(data)
                    reader.read(response)
        except UpstreamFailure as failure:
            batch.fail(failure)

    def _decode(self, data: bytes) -> list[Response]:
        try:
            return decode_responses(data)
        except (ValueError, RecursionError) as error:
            raise self._transport.broken("sent something that is not Gemini's JSON") from error
