"""One call, described without making it: what is sent, how its answer is read, whether it may be repeated.

A resource's methods are written once and serve both clients: each describes a call, and the client's shell makes it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, overload
from urllib.parse import quote, urlencode

import httpx

from parley_client.errors import ConfigurationError
from parley_client.settings import Settings, check_max_retries, check_timeout_s
from parley_client.typevars import E, P, R, S, T
from parley_client.version import VERSION

if TYPE_CHECKING:
    from parley_client.reading import Reading
    from parley_client.shell import AsyncShell, AsyncStream, Shell, Stream  # noqa: F401 - strings below name them

_IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How one call is made, where it differs from the client's own settings.

    `timeout_s`: for a plain call all of it, its retries included; for a stream the time until its head.
    `max_retries`: how often the client sends a plain call again (a roundtable's own `max_retries` is the server's).
    `idempotency_key`: 1 to 255 printable ASCII characters, for plain calls that ask models; else a random UUID.
    `extra_body`: members of the body that this version of the library has no name for.
    Raises ConfigurationError for values that cannot be.
    """

    timeout_s: float | None = None
    max_retries: int | None = None
    idempotency_key: str | None = None
    extra_body: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        check_timeout_s(self.timeout_s)
        check_max_retries(self.max_retries)
        key = self.idempotency_key
        if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
            raise ConfigurationError(f"idempotency_key is {key[:300]!r}; it has 1 to 255 printable ASCII characters.")


USUAL = CallOptions()


class Described(Generic[T, R]):
    """A call without its making; made, it is a `T` for `Parley` and an `R` for `AsyncParley`."""


@dataclass(frozen=True, slots=True)
class Call(Described[T, Coroutine[Any, Any, T]], Generic[T]):
    """A plain call. `read` makes the typed answer of the decoded JSON, or raises Misfit.

    `takes_key`: it carries an Idempotency-Key. `repeats_freely`: another attempt does no harm where an answer was lost.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    options: CallOptions
    body: Mapping[str, Any] | None = None
    takes_key: bool = False
    repeats_freely: bool = True
    accept: ClassVar = "application/json"


@dataclass(frozen=True, slots=True)
class StreamCall(Described["Stream[E, R]", "AsyncStream[E, R]"], Generic[E, R]):
    """A call that is answered by a stream, and the kind of reading that understands it.

    Raises ConfigurationError for what streams cannot have.
    """

    path: str
    reading: type[Reading[E, R]]
    options: CallOptions
    body: Mapping[str, Any]
    method: ClassVar = "POST"
    takes_key: ClassVar = False
    accept: ClassVar = "text/event-stream"

    def __post_init__(self) -> None:
        if self.options.idempotency_key is not None:
            raise ConfigurationError("A stream takes no idempotency_key, because it is never repeated; leave it out.")


class Resource(Generic[S]):
    """A group of methods; `S` is the shell that makes their calls."""

    def __init__(self, shell: S) -> None:
        self._shell: Any = shell


class endpoint(Generic[P, T, R]):
    """Turn a method that describes a call into one that makes it."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Described[T, R]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    @overload
    def __get__(self, resource: Resource[Shell], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, resource: Resource[AsyncShell], owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, resource: None, owner: type) -> endpoint[P, T, R]: ...
    def __get__(self, resource: Any, owner: type) -> Any:
        if resource is None:
            return self

        @wraps(self._describe)
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return resource._shell.make(self._describe(resource, *args, **kwargs))

        return method


def request_of(
    call: Call[T] | StreamCall[E, R], settings: Settings, http: httpx.Client | httpx.AsyncClient
) -> httpx.Request:
    """Return `call` as a request, with a new idempotency key where it takes one and its options name none."""
    headers = {"Accept": call.accept, "User-Agent": f"parley-python/{VERSION}"}
    if settings.api_key is not None:
        headers["Authorization"] = f"Bearer {settings.api_key}"
    if call.takes_key:
        headers["Idempotency-Key"] = call.options.idempotency_key or str(uuid.uuid4())
    content = None
    if call.body is not None:
        headers["Content-Type"] = "application/json"
        whole = {**call.body, **(call.options.extra_body or {})}
        content = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return http.build_request(call.method, settings.url + call.path, headers=headers, content=content)


def place(pattern: str, *ids: str, query: Mapping[str, object] | None = None) -> str:
    """Return a path with its ids and query, encoded. Raises ValueError for an empty id."""
    if not all(ids):
        raise ValueError("The id is empty; name the object that is meant.")
    path = pattern.format(*map(_encoded, ids))
    found = {name: _text(value) for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(found)}" if found else path


def _encoded(named_id: str) -> str:
    # Ids of models have slashes. A segment of dots would be a step up the path; encoded, it is a name like any other.
    parts = named_id.split("/")
    return "/".join("%2E" * len(part) if part in {".", ".."} else quote(part, safe="") for part in parts)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
