"""Everything that a call can raise on purpose.

ParleyError
|-- ConfigurationError       the client was built with something that cannot work; also a ValueError
|-- APIError                 the server answered, and its answer is no success
|-- APIConnectionError       no whole answer came
|   `-- APITimeoutError      ... within the time that the call had
|-- StreamError              the server ended a stream with an error
`-- OutputError              an answer does not fit the type that `parse` was asked for
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parley_client.roundtable import Roundtable


class ParleyError(Exception):
    """The root of the family. `message` is the bare sentence, `str()` says more; facts are attributes, None if unknown.

    `request_id` is what the server's operator will ask for.
    """

    request_id: str | None = None
    code: str | None = None

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        vars(self).update(facts)

    def __str__(self) -> str:
        named = {"status": vars(self).get("status"), "code": self.code, "request": self.request_id}
        facts = ", ".join(f"{name} {fact}" for name, fact in named.items() if fact)
        return f"{self.message} ({facts})" if facts else self.message


class ConfigurationError(ParleyError, ValueError):
    """The address, the key or a limit of the client cannot be used. Nothing was sent."""


class APIError(ParleyError):
    """The server, or something on the way to it, answered with another status than success.

    What is told beside `status` is the server's, and None where it gave none, as in a proxy's page. `retry_after` is in
    seconds.
    """

    status: int = 0
    param: str | None = None
    details: list[Any] | None = None
    provider_error: Any = None
    retry_after: float | None = None


class APIConnectionError(ParleyError):
    """No connection could be made, it broke before the answer was whole, or what came is no answer of Parley's.

    `request_id` is there if the head of an answer had come.
    """


class APITimeoutError(APIConnectionError):
    """The call's time ran out: for a plain call all of it, for a stream the time until its head."""


class StreamError(ParleyError):
    """The server ended a stream with an error: every model failed, or it had to stop. `code` is as in `APIError`."""

    details: list[Any] | None = None


class OutputError(ParleyError):
    """The consolidated answer is missing or does not fit the type that was asked for; `raw` is the whole answer.

    What the models said is in `raw.model_results`: it has been paid for.
    """

    raw: Roundtable | None = None
