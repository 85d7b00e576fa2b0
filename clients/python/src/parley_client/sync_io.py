"""The synchronous shell: it sends what the core describes, waits as the core decides, and reads what comes."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any, Generic, TypeVar
from weakref import WeakSet, finalize

import httpx

from parley_client import failures
from parley_client.call import Call, CallOptions, Outgoing, StreamCall, plain_request, stream_request
from parley_client.errors import APIConnectionError, APIError
from parley_client.reading import TextDelta
from parley_client.reply import Reply, api_error, read_answer
from parley_client.retries import Attempts, Pace
from parley_client.settings import Settings

T = TypeVar("T")
E = TypeVar("E")
R = TypeVar("R")

_CONNECTED = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})


class Shell:
    """Makes calls over one pool of connections, for several threads at once."""

    def __init__(self, settings: Settings, http: httpx.Client | None, pace: Pace) -> None:
        self._settings = settings
        self._pace = pace
        self._is_closed = False
        self._owns_http = http is None
        self._http = http or httpx.Client(limits=failures.NO_LIMITS)
        self._connections: WeakSet[Any] = WeakSet()
        if self._owns_http:
            # A client that nobody closed leaves no open sockets behind.
            finalize(self, self._http.close)

    def send(self, call: Call[T]) -> T:
        """Make a plain call, again where that may help, and return its typed answer."""
        request = plain_request(call, self._settings)
        attempts = Attempts(self._settings, call.options, self._pace)
        while True:
            failure: APIError | APIConnectionError
            try:
                reply = self._read_whole(self._ask(request, attempts), attempts)
            except APIConnectionError as error:
                if self._is_closed:
                    raise
                failure = error
            else:
                if reply.is_success:
                    return read_answer(call.read, reply)
                failure = api_error(reply, self._pace.now())
            self._pace.sleep(attempts.wait_after(failure, call.repeats_freely))

    def stream(self, call: StreamCall[E, R]) -> Stream[E, R]:
        """Return a stream that asks when it is entered or first read."""
        return Stream(self, call, stream_request(call, self._settings))

    def open(self, request: Outgoing, options: CallOptions) -> httpx.Response:
        """Return the head of a stream, its body unread. Raises APIError if there is no stream."""
        attempts = Attempts(self._settings, options, self._pace)
        response = self._ask(request, attempts)
        if response.is_success:
            failures.limit_reads(response, self._pace.silence_s)
            return response
        raise api_error(self._read_whole(response, attempts), self._pace.now())

    def close(self) -> None:
        """Close every connection, unless the caller brought them; calls of other threads end with an error."""
        self._is_closed = True
        if self._owns_http:
            for connection in list(self._connections):
                failures.wake(connection)
            self._http.close()

    def _ask(self, request: Outgoing, attempts: Attempts) -> httpx.Response:
        """Send `request` and return the head of what answers it."""
        built = self._http.build_request(
            request.method,
            request.url,
            content=request.content,
            headers=request.headers,
            timeout=attempts.remaining_s(),
            extensions={"trace": self._trace},
        )
        with failures.named_for_call(self._settings.url, attempts):
            return self._http.send(built, stream=True, follow_redirects=False)

    def _read_whole(self, response: httpx.Response, attempts: Attempts) -> Reply:
        """Read the body within the call's time, and close the response."""
        body = bytearray()
        try:
            with failures.named_for_call(self._settings.url, attempts):
                failures.limit_reads(response, attempts.remaining_s())
                for piece in response.iter_bytes():
                    body += piece
                    attempts.remaining_s()
        finally:
            response.close()
        return Reply(response.status_code, response.headers, bytes(body))

    def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Note each connection, so that `close()` can wake who waits for it."""
        if name in _CONNECTED:
            self._connections.add(info["return_value"])


class Stream(Generic[E, R]):
    """A stream of typed events: a context manager, an iterator, and the whole result at the end.

    It asks when it is entered or first read, once. Leaving the loop or the `with` block, an error, or `close()` from
    any thread closes the connection, and the server stops its upstream calls.

    Reading raises APIError if the stream is refused, APITimeoutError if its head does not come in time, StreamError if
    the server ends it with an error, and APIConnectionError if it is cut, or was left before.
    """

    def __init__(self, shell: Shell, call: StreamCall[E, R], request: Outgoing) -> None:
        self._shell = shell
        self._options = call.options
        self._request = request
        self._reading = call.reading()
        self._response: httpx.Response | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._is_waiting = False

    @property
    def request_id(self) -> str | None:
        """The request's id at the server; None before the stream is entered."""
        return self._reading.request_id

    def __enter__(self) -> Stream[E, R]:
        if self._response is None and self._reading.failure is None:
            self._response = self._shell.open(self._request, self._options)
            self._pieces = self._response.iter_bytes()
            self._reading.request_id = self._response.headers.get("x-request-id")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Generator[E, None, None]:
        """Yield the events that are left; leaving the loop closes the connection."""
        try:
            while (event := self._take()) is not None:
                yield event
        finally:
            self.close()

    def __next__(self) -> E:
        """Return the next event and keep the connection."""
        event = self._take()
        if event is None:
            raise StopIteration
        return event

    def text_deltas(self) -> Generator[TextDelta, None, None]:
        """Yield only the pieces of text that are left; the rest is collected for `final()`."""
        for event in self:
            delta = self._reading.text(event)
            if delta is not None:
                yield delta

    def final(self) -> R:
        """Read to the end and return the whole result, what was read before included."""
        for _ in self:
            pass
        return self._reading.result()

    def close(self) -> None:
        """Close the connection; nothing more can be read, unless the end was reached."""
        self._reading.leave()
        if self._response is not None:
            if self._is_waiting:
                failures.wake(self._response.extensions.get("network_stream"))
            self._response.close()

    def _take(self) -> E | None:
        """Return the next event, None at the end; the end and an error close the connection."""
        event = None
        try:
            self.__enter__()
            while (event := self._reading.take()) is None and not self._reading.is_over:
                self._reading.receive(self._next_piece())
        finally:
            if event is None:
                self.close()
        return event

    def _next_piece(self) -> bytes:
        self._is_waiting = True
        try:
            with failures.named_for_stream(self._reading):
                return next(self._pieces, b"")
        finally:
            self._is_waiting = False
