"""Everything that a call can raise on purpose.

ParleyError
├── ConfigurationError       the client was built with something that cannot work; also a ValueError
├── APIError                 the server answered, and its answer is no success
├── APIConnectionError       no whole answer came
│   └── APITimeoutError      ... within the time that the call had
├── StreamError              the server ended a stream with an error
└── OutputError              an answer does not fit the type that `parse` was asked for
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parley_client.roundtable import Roundtable


class ParleyError(Exception):
    """The root of the family. `message` is the bare sentence; `str()` may say more."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigurationError(ParleyError, ValueError):
    """The address, the key or a limit of the client cannot be used. Nothing was sent."""


class APIError(ParleyError):
    """The server, or something on the way to it, answered with another status than success.

    `code`, `param`, `details` and `provider_error` are the server's, None where it gave none (as a proxy's page does).
    `retry_after` is in seconds. `request_id` is what the server's operator will ask for.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str | None = None,
        param: str | None = None,
        details: list[Any] | None = None,
        provider_error: Any = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.details = details
        self.provider_error = provider_error
        self.retry_after = retry_after
        self.request_id = request_id

    def __str__(self) -> str:
        facts = [f"status {self.status}"]
        facts += [f"code {self.code}"] if self.code else []
        facts += [f"request {self.request_id}"] if self.request_id else []
        return f"{self.message} ({', '.join(facts)})"


class APIConnectionError(ParleyError):
    """No connection could be made, it broke before the answer was whole, or what came is no answer of Parley's.

    `request_id` is there if the head of an answer had come.
    """

    def __init__(self, message: str, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class APITimeoutError(APIConnectionError):
    """The call's time ran out: for a plain call all of it, for a stream the time until its head."""


class StreamError(ParleyError):
    """The server ended a stream with an error: every model failed, or it had to stop. `code` is as in `APIError`."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        details: list[Any] | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.details = details
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.message} (code {self.code})" if self.code else self.message


class OutputError(ParleyError):
    """The consolidated answer is missing or does not fit the type that was asked for; `raw` is the whole answer.

    What the models said is in `raw.model_results`: it has been paid for.
    """

    def __init__(self, message: str, raw: Roundtable | None = None) -> None:
        super().__init__(message)
        self.raw = raw
