"""One call, described without making it: what is sent, how its answer is read, whether it may be repeated."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from parley_client.errors import ConfigurationError
from parley_client.settings import Settings, check_max_retries, check_timeout_s
from parley_client.version import VERSION

if TYPE_CHECKING:
    from parley_client.reading import Reading

T = TypeVar("T")
E = TypeVar("E")
R = TypeVar("R")

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
        if self.timeout_s is not None:
            check_timeout_s(self.timeout_s)
        if self.max_retries is not None:
            check_max_retries(self.max_retries)
        key = self.idempotency_key
        if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
            raise ConfigurationError(f"idempotency_key is {key[:300]!r}; it has 1 to 255 printable ASCII characters.")


USUAL = CallOptions()


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
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


@dataclass(frozen=True, slots=True)
class StreamCall(Generic[E, R]):
    """A call that is answered by a stream, and the kind of reading that understands it."""

    path: str
    reading: type[Reading[E, R]]
    options: CallOptions
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes over the wire, however often."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    content: bytes | None


def plain_request(call: Call[T], settings: Settings) -> Outgoing:
    """Return `call` as a request, with a new idempotency key where it takes one and its options name none."""
    headers = _headers(settings, "application/json")
    if call.takes_key:
        headers["Idempotency-Key"] = call.options.idempotency_key or str(uuid.uuid4())
    return _outgoing(call.method, settings.url + call.path, headers, call.body, call.options)


def stream_request(call: StreamCall[E, R], settings: Settings) -> Outgoing:
    """Return the request of a stream. Raises ConfigurationError for what streams cannot have."""
    if call.options.idempotency_key is not None:
        raise ConfigurationError("A stream takes no idempotency_key, because it is never repeated; leave it out.")
    headers = _headers(settings, "text/event-stream")
    return _outgoing("POST", settings.url + call.path, headers, {**call.body, "stream": True}, call.options)


def place(pattern: str, *ids: str, query: Mapping[str, object] | None = None) -> str:
    """Return a path with its ids and query, encoded. Raises ValueError for an empty id."""
    if not all(ids):
        raise ValueError("The id is empty; name the object that is meant.")
    path = pattern.format(*map(_encoded, ids))
    found = {name: _text(value) for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(found)}" if found else path


def _headers(settings: Settings, accept: str) -> dict[str, str]:
    headers = {"Accept": accept, "User-Agent": f"parley-python/{VERSION}"}
    if settings.api_key is not None:
        headers["Authorization"] = f"Bearer {settings.api_key}"
    return headers


def _outgoing(
    method: str, url: str, headers: dict[str, str], body: Mapping[str, Any] | None, options: CallOptions
) -> Outgoing:
    if body is None:
        return Outgoing(method, url, headers, None)
    whole = {**body, **(options.extra_body or {})}
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Outgoing(method, url, {**headers, "Content-Type": "application/json"}, text.encode())


def _encoded(named_id: str) -> str:
    # Ids of models have slashes. A segment of dots would be a step up the path; encoded, it is a name like any other.
    parts = named_id.split("/")
    return "/".join("%2E" * len(part) if part in {".", ".."} else quote(part, safe="") for part in parts)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
