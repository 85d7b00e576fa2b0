"""Domain errors become HTTP here and nowhere else: one table from code to status, one envelope.

Source: contracts/gateway.md, "Errors".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from parley.domain.errors import FailureCode, NotServing, ParleyError, RateLimited, RequestRefused, SeatFailure
from parley.domain.json import JsonObject, JsonValue
from parley.domain.limits import LimitState
from parley.domain.run import Answer
from parley.wire.limit_headers import limit_headers, whole_seconds

_STATUS = {
    "unauthorized": 401,
    "spend_limit_exceeded": 402,
    "forbidden": 403,
    "not_found": 404,
    "model_not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "idempotency_in_progress": 409,
    "request_too_large": 413,
    "unsupported_media_type": 415,
    "idempotency_mismatch": 422,
    "rate_limit_exceeded": 429,
    "internal_error": 500,
    "upstream_error": 502,
    "all_models_failed": 502,
    "overloaded": 503,
    "shutting_down": 503,
    "store_unavailable": 503,
    "limiter_unavailable": 503,
}

_TYPE = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}

_CHAT_STATUS = {
    FailureCode.INVALID_REQUEST: 422,
    FailureCode.CONTEXT_LENGTH_EXCEEDED: 422,
    FailureCode.CONTENT_FILTERED: 422,
    FailureCode.RATE_LIMITED: 429,
    FailureCode.TIMEOUT: 504,
    FailureCode.UNAVAILABLE: 503,
}
"""How the failure of a single chat call becomes a status; every other one is 502."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as the client sees it. `limits` are the windows of the key, for a request that was counted in them."""

    status: int
    code: str
    message: str
    param: str | None = None
    details: tuple[JsonObject, ...] = ()
    provider_error: JsonValue = None
    retry_after_s: int | None = None
    limits: tuple[LimitState, ...] = ()

    def envelope(self, request_id: str) -> bytes:
        """Return the JSON body. The same for all families, so that each family's clients find what they look for."""
        error: JsonObject = {"code": self.code, "message": self.message, "type": self._type(), "param": self.param}
        if self.details:
            error["details"] = list(self.details)
        if self.provider_error is not None:
            error["provider_error"] = self.provider_error
        if self.retry_after_s is not None:
            error["retry_after_seconds"] = self.retry_after_s
        return msgspec.json.encode({"error": error, "request_id": request_id})

    def headers(self) -> list[tuple[bytes, bytes]]:
        named = [(b"content-type", b"application/json")]
        if self.retry_after_s is not None:
            named.append((b"retry-after", str(self.retry_after_s).encode()))
        if self.status == 401:
            named.append((b"www-authenticate", b"Bearer"))
        return named + limit_headers(self.limits)

    def _type(self) -> str:
        return _TYPE.get(self.status, "invalid_request_error" if self.status < 500 else "api_error")


INTERNAL = Problem(500, "internal_error", "A fault on our side; the log has more under this request id.")


def problem_of(error: ParleyError, validation_status: int) -> Problem:
    """Return how `error` looks to a client; `validation_status` is 400 or 422, by the family of the endpoint."""
    match error:
        case RateLimited():
            wait = whole_seconds(error.retry_after_s)
            return Problem(_STATUS[error.code], error.code, error.message, retry_after_s=wait, limits=error.states)
        case RequestRefused():
            status = _STATUS.get(error.code, validation_status)
            wait_s = None if error.retry_after_s is None else math.ceil(error.retry_after_s)
            return Problem(status, error.code, error.message, error.param, error.details, retry_after_s=wait_s)
        case NotServing():
            return Problem(503, error.code, error.message, retry_after_s=error.retry_after_s)
        case _:
            return INTERNAL


def located(problem: Problem) -> Problem:
    """Return a bad body's `problem` with the one fault in `details`, where what found it did not know of bodies."""
    if problem.code != "validation_error" or problem.details:
        return problem
    loc: list[JsonValue] = ["body"] if problem.param is None else ["body", problem.param]
    return replace(problem, details=({"type": "value_error", "loc": loc, "msg": problem.message},))


def failed_panel(answers: Sequence[Answer]) -> Problem:
    """Return the problem of a panel of which no seat answered; `details` names each seat's failure."""
    details: list[JsonObject] = []
    waits: list[float] = []
    for answer in answers:
        failure = answer.failure
        assert failure is not None
        row: JsonObject = {"index": answer.seat_index, "model": answer.model}
        details.append({**row, "error": failure.message, "error_code": failure.code.value})
        waits += [] if failure.retry_after_s is None else [failure.retry_after_s]
    reasons = "; ".join(f"{row['model']}: {row['error_code']}" for row in details)
    return Problem(
        502,
        "all_models_failed",
        f"No model answered ({reasons}).",
        details=tuple(details),
        retry_after_s=math.ceil(min(waits)) if waits else None,
    )


def failed_chat(failure: SeatFailure) -> Problem:
    """Return the problem of a single chat call: the provider's own words are passed on."""
    retry_after_s = failure.retry_after_s
    status = _CHAT_STATUS.get(failure.code, 502)
    if status == 503 and retry_after_s is None:
        retry_after_s = 1.0
    return Problem(
        status,
        failure.code.value,
        failure.message,
        provider_error=failure.provider_error if failure.provider_error is not None else {},
        retry_after_s=None if retry_after_s is None else math.ceil(retry_after_s),
    )
