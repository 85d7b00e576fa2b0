"""What can go wrong, as one small tree. A class exists when a caller acts on it differently.

    ParleyError
    ├── RequestRefused          the request itself is at fault, found before any model is called
    │   ├── InvalidRequest      validation_error: a field, its value, what would be right
    │   ├── Unauthorized        no key, or one that is not known, disabled or expired
    │   ├── IdempotencyMismatch, IdempotencyInProgress   the key was used before: for another request, or just now
    │   ├── NotFound            model_not_found or not_found, with the nearest known names
    │   ├── RateLimited         a limit of the key is used up for now
    │   └── NotAcceptable       method, media type, size, time: the transport's own refusals
    ├── NotServing              overloaded, shutting_down, store or limiter unavailable: try again later
    └── UpstreamFailure         a provider's refusal or fault; becomes a seat's failure, never the panel's

A seat's failure as a value is `SeatFailure`; `UpstreamFailure` is what carries it up to the seat.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from parley.domain.json import JsonObject, JsonValue
from parley.domain.limits import LimitState, wait_s


class FailureCode(StrEnum):
    """Why one model call failed. Source: contracts/gateway.md, `error_code` of a seat or model."""

    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXCEEDED = "quota_exceeded"
    UPSTREAM_ERROR = "upstream_error"
    UNAVAILABLE = "unavailable"
    INVALID_REQUEST = "invalid_request"
    AUTHENTICATION = "authentication"
    CONTENT_FILTERED = "content_filtered"
    REFUSED = "refused"
    EMPTY_ANSWER = "empty_answer"
    ANSWER_TOO_LARGE = "answer_too_large"
    CONTEXT_LENGTH_EXCEEDED = "context_length_exceeded"
    MODEL_NOT_FOUND = "model_not_found"
    INVALID_CHOICE = "invalid_choice"
    SCHEMA_INVALID = "schema_invalid"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SeatFailure:
    """A failed call as a value: a code, a sentence for people, and what the provider said, without its headers."""

    code: FailureCode
    message: str
    provider_error: JsonValue = None
    retry_after_s: float | None = None


class ParleyError(Exception):
    """The root; never raised itself."""


class RequestRefused(ParleyError):
    """The request is refused before any model is called."""

    code = "validation_error"
    retry_after_s: float | None = None

    def __init__(self, message: str, *, param: str | None = None, details: tuple[JsonObject, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.details = details


class InvalidRequest(RequestRefused):
    """A field is wrong: `param` is its path (`models[1].temperature`); the message names value and remedy."""


class Unauthorized(RequestRefused):
    code = "unauthorized"


class Forbidden(RequestRefused):
    """This key, or this page, may not do this."""

    code = "forbidden"


class SpendLimitExceeded(RequestRefused):
    """A key's cap is reached, or what this request may cost would pass it."""

    code = "spend_limit_exceeded"


class IdempotencyMismatch(RequestRefused):
    """The Idempotency-Key stands for another request."""

    code = "idempotency_mismatch"


class IdempotencyInProgress(RequestRefused):
    """The request that this one repeats still runs."""

    code = "idempotency_in_progress"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotFound(RequestRefused):
    code = "not_found"


class ModelNotFound(NotFound):
    code = "model_not_found"


class NotAcceptable(RequestRefused):
    """A refusal of the transport: `code` is one of those in contracts/gateway.md with a status of its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RateLimited(RequestRefused):
    """A window of the key's is full; `states` are all of its windows, `retry_after_s` says when a place is free."""

    code = "rate_limit_exceeded"
    retry_after_s: float

    def __init__(self, states: tuple[LimitState, ...]) -> None:
        self.states = states
        self.retry_after_s = wait_s(states)
        full = " and ".join(f"{one.window.limit} {one.window.name.upper()}" for one in states if not one.remaining)
        super().__init__(f"This key's limit of {full} is used up; send it again in {ceil(self.retry_after_s)} s.")


class NotServing(ParleyError):
    """The server can't take this now; the client should come back after `retry_after_s`."""

    def __init__(self, code: str, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s


class UpstreamFailure(ParleyError):
    """One attempt at a provider failed.

    `is_transient`: the same call may succeed if it is made again. `trips_breaker`: the fault speaks against the
    provider (no connection, timeout, 5xx), not against this call. `status` is the provider's, None without an answer.
    """

    def __init__(
        self,
        failure: SeatFailure,
        *,
        is_transient: bool = False,
        trips_breaker: bool = False,
        status: int | None = None,
    ) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.is_transient = is_transient
        self.trips_breaker = trips_breaker
        self.status = status
