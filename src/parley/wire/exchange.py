"""What a public API is to the server: bytes become a PanelRequest, results and events become bytes.

A contract is `decode` and the three encoders of the Exchange that it returns. A further public API is one module and
one row in `routes.py`.
"""

from typing import Protocol

from parley.books.templates import Template
from parley.domain.events import Event
from parley.domain.quick import dataclass
from parley.domain.run import PanelRequest, PanelResult
from parley.wire.problems import Problem

SSE_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What a contract may know of the request beside its body. `sdk` is the X-MeshAPI-SDK header, empty if absent."""

    request_id: str
    created_s: int
    sdk: str = ""
    max_seats: int = 32
    max_models: int = 10
    key_id: str = ""
    template: Template | None = None
    """The stored template that the body names, where it names one."""

    @property
    def is_python_client(self) -> bool:
        """Whether the compare API's Python client reads: it decodes and splits lines in ways of its own."""
        return self.sdk.startswith("python/")

    @property
    def takes_error_as_fatal(self) -> bool:
        """Whether the client ends a stream at any event with a field `error`."""
        return self.sdk.startswith(("python/", "java/"))


@dataclass(frozen=True, slots=True)
class Reply:
    """A plain response: a JSON body with status 200, or a problem."""

    body: bytes = b""
    problem: Problem | None = None


class Exchange(Protocol):
    """One request under way. `starts_late`: a stream's head waits for the first frames, so that a run that fails
    before them is answered with a status of its own, as clients of plain model calls expect."""

    @property
    def request(self) -> PanelRequest: ...

    @property
    def starts_late(self) -> bool: ...

    def reply(self, result: PanelResult) -> Reply:
        """Return the whole answer of a plain request."""
        ...

    def event(self, event: Event) -> bytes | Problem:
        """Return the frames that tell the client of `event`, empty if it does not care; the last ends in DONE.

        A Problem, for the last event only, ends the stream as an error, or becomes the response if none has begun.
        """
        ...

    def error(self, problem: Problem) -> bytes:
        """Return the frames that end a stream that has begun and can't go on, DONE included."""
        ...


class Contract(Protocol):
    """A public API. `validation_status` is its family's status of a bad request, 400 or 422."""

    @property
    def validation_status(self) -> int: ...

    def template_named(self, body: bytes) -> str | None:
        """Return the stored template that `body` names, to be found before it is decoded; None without one."""
        ...

    def decode(self, body: bytes, info: RequestInfo) -> Exchange:
        """Check the shape of `body` and translate it; raises InvalidRequest before any model is called."""
        ...
