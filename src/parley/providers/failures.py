"""What a provider's refusal means: HTTP status and the dialect's reading of the error body become an UpstreamFailure.

Classified by status and code, never by words in messages. Headers stay out of it, and so do our own secrets: whatever
text of theirs a provider repeats is replaced.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import msgspec

from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.domain.json import JsonObject, JsonValue

_MAX_PROVIDER_ERROR_BYTES = 4096
_MAX_PROVIDER_ERROR_NODES = 64
_MAX_QUOTED_CHARACTERS = 500
_REDACTED = "[redacted]"


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """What a dialect reads from an error body.

    `meaning`: what the provider's own code says, None where the status has to tell. `status` is the HTTP status that
    the body names, for errors inside of a stream. `slug` is the provider's word for it, `param` the field at fault.
    """

    meaning: FailureCode | None = None
    slug: str = ""
    message: str = ""
    param: str | None = None
    status: int | None = None
    retry_after_s: float | None = None


ReadError = Callable[[int, bytes, Mapping[str, str]], ErrorDetail]
"""A dialect's reading of an error body: status, body, headers with lower-case names. Never raises."""

_BY_STATUS = {
    400: FailureCode.INVALID_REQUEST,
    401: FailureCode.AUTHENTICATION,
    402: FailureCode.QUOTA_EXCEEDED,
    403: FailureCode.AUTHENTICATION,
    404: FailureCode.MODEL_NOT_FOUND,
    405: FailureCode.INVALID_REQUEST,
    408: FailureCode.TIMEOUT,
    413: FailureCode.CONTEXT_LENGTH_EXCEEDED,
    415: FailureCode.INVALID_REQUEST,
    422: FailureCode.INVALID_REQUEST,
    429: FailureCode.RATE_LIMITED,
}
_TRANSIENT_STATUSES = frozenset({408, 409, 425, 429})
_TRANSIENT_MEANINGS = frozenset(
    {FailureCode.RATE_LIMITED, FailureCode.UPSTREAM_ERROR, FailureCode.UNAVAILABLE, FailureCode.TIMEOUT}
)


def refusal(
    provider: str, status: int, detail: ErrorDetail, headers: Mapping[str, str], provider_error: JsonValue = None
) -> UpstreamFailure:
    """Return the failure for an answer of `status` with `detail`; `headers` have lower-case names."""
    status = detail.status or status
    is_server_fault = status >= 500 and (detail.meaning is None or detail.meaning in _TRANSIENT_MEANINGS)
    code = detail.meaning or _BY_STATUS.get(status, FailureCode.UPSTREAM_ERROR)
    retry_after_s = read_retry_after_s(headers)
    failure = SeatFailure(
        code,
        _sentence(provider, status, detail, headers),
        provider_error,
        retry_after_s=detail.retry_after_s if retry_after_s is None else retry_after_s,
    )
    is_transient = _is_transient(status, detail.meaning, headers)
    return UpstreamFailure(failure, is_transient=is_transient, trips_breaker=is_server_fault, status=status)


def unreachable(provider: str, reason: str, *, is_transient: bool = True) -> UpstreamFailure:
    """Return the failure for a connection that could not be made, or was lost before the answer."""
    failure = SeatFailure(FailureCode.UNAVAILABLE, f"{provider} can't be reached: {reason}")
    return UpstreamFailure(failure, is_transient=is_transient, trips_breaker=True)


def too_slow(provider: str, what: str) -> UpstreamFailure:
    """Return the failure for a provider that kept silent: `what` says how long, and when."""
    failure = SeatFailure(FailureCode.TIMEOUT, f"{provider} {what}")
    return UpstreamFailure(failure, is_transient=True, trips_breaker=True)


def broken_answer(provider: str, reason: str, *, trips_breaker: bool = False) -> UpstreamFailure:
    """Return the failure for an answer that began with success and is not one: cut off, or not the dialect's JSON."""
    failure = SeatFailure(FailureCode.UPSTREAM_ERROR, f"{provider} {reason}")
    return UpstreamFailure(failure, is_transient=True, trips_breaker=trips_breaker)


def too_large(provider: str, max_bytes: int) -> UpstreamFailure:
    """Return the failure for an answer over `max_bytes`."""
    message = f"{provider} sent more than {max_bytes} bytes; ask for a shorter answer or raise server.max_answer_bytes"
    return UpstreamFailure(SeatFailure(FailureCode.ANSWER_TOO_LARGE, message))


def read_retry_after_s(headers: Mapping[str, str], now_s: float | None = None) -> float | None:
    """Return the wait that `headers` (lower-case names) ask for: retry-after-ms, else Retry-After.

    Retry-After is in seconds or a date. Source: contracts/providers.md, section 1; RFC 9110, section 10.2.3.
    """
    milliseconds = _finite(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _finite(text)
    if seconds is not None or text is None:
        return seconds
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(at.timestamp() - (time.time() if now_s is None else now_s), 0.0)


def read_provider_error(status: int, body: bytes, secrets: Iterable[str], detail: ErrorDetail) -> JsonValue:
    """Return the error body as JSON with `secrets` taken out; None if it is no JSON.

    Of a body that is large or deep, and of a 401, which often quotes part of the key, only the slug is kept, and of the
    former the start of the message.
    """
    brief: JsonObject = {"code": detail.slug or None}
    if status == 401:
        return {"error": brief}
    if len(body) > _MAX_PROVIDER_ERROR_BYTES or body.count(b"[") + body.count(b"{") > _MAX_PROVIDER_ERROR_NODES:
        brief["message"] = redact(detail.message[:_MAX_QUOTED_CHARACTERS], secrets)
        return {"error": brief}
    try:
        text = msgspec.json.encode(msgspec.json.decode(body)).decode()
    except (ValueError, RecursionError):
        return None
    value: JsonValue = msgspec.json.decode(redact(text, secrets))
    return value


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with every one of `secrets` replaced."""
    for secret in secrets:
        text = text.replace(secret, _REDACTED)
    return text


def _sentence(provider: str, status: int, detail: ErrorDetail, headers: Mapping[str, str]) -> str:
    said = detail.message[:_MAX_QUOTED_CHARACTERS] or detail.slug
    if status == 401:
        said = "it does not accept our key"
    if 300 <= status < 400:
        said = "a redirect, which is never followed; set base_url to the address that it leads to"
    request_id = headers.get("x-request-id") or headers.get("request-id") or ""
    told = f"{provider} answered {status}" + (f": {said}" if said else "")
    return told + (f" (its request id: {request_id[:100]})" if request_id else "")


def _is_transient(status: int, meaning: FailureCode | None, headers: Mapping[str, str]) -> bool:
    wish = headers.get("x-should-retry")
    if wish in {"true", "false"}:
        return wish == "true"
    if meaning is not None:
        return meaning in _TRANSIENT_MEANINGS
    return status in _TRANSIENT_STATUSES or status >= 500 or status < 300


def _finite(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
