"""The shells, which send what a call describes, wait as its attempts decide and read what comes; and their streams.

What threads and asyncio have in common is written once, as coroutines. Those of a synchronous shell never wait, so that
`finished` runs each in one step. Never shows a key or a body.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import aclosing, contextmanager, suppress
from functools import partial
from typing import Any, Generic
from weakref import WeakSet, finalize

import httpx

from parley_client.call import Call, StreamCall, request_of
from parley_client.errors import APIConnectionError, APIError
from parley_client.reading import TextDelta
from parley_client.reply import Reply, api_error, read_answer
from parley_client.retries import Attempts, Pace
from parley_client.settings import Settings
from parley_client.typevars import E, H, R, T

_CONNECTED = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})
_BROKEN = (httpx.RequestError, httpx.StreamError)


class _Shell(Generic[H]):
    """What both shells do, over one pool of connections."""

    _kind: type[H]

    def __init__(self, settings: Settings, http: H | None, pace: Pace) -> None:
        self._settings = settings
        self._pace = pace
        self._is_closed = False
        self._owns_http = http is None
        # A hundred streams that stay open must not keep the next call waiting.
        self._http: H = http or self._kind(limits=httpx.Limits(max_connections=None, max_keepalive_connections=20))

    def request(self, call: Call[Any] | StreamCall[Any, Any]) -> httpx.Request:
        return request_of(call, self._settings, self._http)

    async def open(self, call: StreamCall[E, R], request: httpx.Request) -> httpx.Response:
        """Return the head of a stream, its body unread. Raises APIError if there is no stream."""
        attempts = Attempts(self._settings, call.options, self._pace)
        response = await self._ask(request, attempts)
        if response.is_success:
            _limit_reads(response, self._pace.silence_s)
            return response
        raise api_error(await self._read_whole(response, attempts), self._pace.now())

    async def _send(self, call: Call[T]) -> T:
        """Make a plain call, again where that may help, and return its typed answer."""
        request = self.request(call)
        attempts = Attempts(self._settings, call.options, self._pace)
        while True:
            try:
                reply = await self._read_whole(await self._ask(request, attempts), attempts)
                if not reply.is_success:
                    raise api_error(reply, self._pace.now())
            except (APIError, APIConnectionError) as failure:
                if self._is_closed:
                    raise
                await self._sleep(attempts.wait_after(failure, call.repeats_freely))
            else:
                return read_answer(call.read, reply)

    async def _ask(self, request: httpx.Request, attempts: Attempts) -> httpx.Response:
        """Send `request` and return the head of what answers it."""
        request.extensions["timeout"] = httpx.Timeout(attempts.remaining_s()).as_dict()
        with self._named(attempts):
            return await _settled(self._http.send(request, stream=True, follow_redirects=False))

    async def _read_whole(self, response: httpx.Response, attempts: Attempts) -> Reply:
        """Read the body within the call's time, and close the response."""
        body = bytearray()
        try:
            with self._named(attempts):
                _limit_reads(response, attempts.remaining_s())
                next_piece = _pieces(response)
                while piece := await _settled(next_piece()):
                    body += piece
                    attempts.remaining_s()
        finally:
            await _hang_up(response)
        return Reply(response.status_code, response.headers, bytes(body))

    async def _sleep(self, wait_s: float) -> None:
        await self._pace.sleep_async(wait_s)

    @contextmanager
    def _named(self, attempts: Attempts) -> Generator[None, None, None]:
        """Turn what httpx raises before an answer is whole into this package's errors."""
        url = self._settings.url
        try:
            yield
        except httpx.TimeoutException as error:
            raise attempts.out_of_time() from error
        except httpx.ConnectError as error:
            message = f"Could not reach {url} ({error}); is the server running, and is PARLEY_URL right?"
            raise APIConnectionError(message) from error
        except _BROKEN as error:
            raise APIConnectionError(f"The connection to {url} broke ({type(error).__name__}: {error}).") from error


class Shell(_Shell[httpx.Client]):
    """Makes the calls of `Parley`, for several threads at once."""

    _kind = httpx.Client

    def __init__(self, settings: Settings, http: httpx.Client | None, pace: Pace) -> None:
        super().__init__(settings, http, pace)
        self._connections: WeakSet[Any] = WeakSet()
        if self._owns_http:
            # A client that nobody closed leaves no open sockets behind.
            finalize(self, self._http.close)

    def make(self, call: Call[Any] | StreamCall[Any, Any]) -> Any:
        return Stream(self, call) if isinstance(call, StreamCall) else finished(self._send(call))

    def request(self, call: Call[Any] | StreamCall[Any, Any]) -> httpx.Request:
        request = super().request(call)
        request.extensions["trace"] = self._trace
        return request

    def close(self) -> None:
        """Close every connection, unless the caller brought them; calls of other threads end with an error."""
        self._is_closed = True
        if self._owns_http:
            for connection in list(self._connections):
                _wake(connection)
            self._http.close()

    async def _sleep(self, wait_s: float) -> None:
        self._pace.sleep(wait_s)

    def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Note each connection, so that `close()` can wake who waits for it."""
        if name in _CONNECTED:
            self._connections.add(info["return_value"])


class AsyncShell(_Shell[httpx.AsyncClient]):
    """Makes the calls of `AsyncParley`. One whose task is cancelled closes its connection."""

    _kind = httpx.AsyncClient

    def make(self, call: Call[Any] | StreamCall[Any, Any]) -> Any:
        return AsyncStream(self, call) if isinstance(call, StreamCall) else self._send(call)

    async def close(self) -> None:
        """Close every connection, unless the caller brought them."""
        if self._owns_http:
            await self._http.aclose()


class _Stream(Generic[E, R]):
    """What both kinds of streams do."""

    def __init__(self, shell: Shell | AsyncShell, call: StreamCall[E, R]) -> None:
        self._shell = shell
        self._call = call
        self._request = shell.request(call)
        self._reading = call.reading()
        self._response: httpx.Response | None = None
        self._next_piece: Callable[[], bytes | Awaitable[bytes]]
        self._is_waiting = False

    @property
    def request_id(self) -> str | None:
        """The request's id at the server; None before the stream is entered."""
        return self._reading.request_id

    async def _enter(self) -> None:
        if self._response is None and self._reading.failure is None:
            self._response = await self._shell.open(self._call, self._request)
            self._next_piece = _pieces(self._response)
            self._reading.request_id = self._response.headers.get("x-request-id")

    async def _take(self) -> E | None:
        """Return the next event, None at the end; the end and an error close the connection."""
        event = None
        try:
            await self._enter()
            while (event := self._reading.take()) is None and not self._reading.is_over:
                with self._waiting():
                    piece = await _settled(self._next_piece())
                self._reading.receive(piece)
        finally:
            if event is None:
                await self._leave()
        return event

    @contextmanager
    def _waiting(self) -> Generator[None, None, None]:
        """Turn what httpx raises in a stream into this package's errors, unless it was left on purpose."""
        self._is_waiting = True
        try:
            yield
        except _BROKEN as error:
            silence = "not even a comment came" if isinstance(error, httpx.TimeoutException) else str(error)
            cut = APIConnectionError(
                f"The stream was cut ({type(error).__name__}: {silence}).", request_id=self.request_id
            )
            self._reading.failure = self._reading.failure or cut
            raise self._reading.failure from error
        finally:
            self._is_waiting = False

    async def _leave(self) -> None:
        self._reading.leave()
        if self._response is not None:
            await _hang_up(self._response)


class Stream(_Stream[E, R]):
    """A stream of typed events: a context manager, an iterator, and the whole result at the end.

    It asks when it is entered or first read, once. Leaving the loop or the `with` block, an error, or `close()` from
    any thread closes the connection, and the server stops its upstream calls.

    Reading raises APIError if the stream is refused, APITimeoutError if its head does not come in time, StreamError if
    the server ends it with an error, and APIConnectionError if it is cut, or was left before.
    """

    def __enter__(self) -> Stream[E, R]:
        finished(self._enter())
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Generator[E, None, None]:
        """Yield the events that are left; leaving the loop closes the connection."""
        try:
            while (event := finished(self._take())) is not None:
                yield event
        finally:
            self.close()

    def __next__(self) -> E:
        """Return the next event and keep the connection."""
        event = finished(self._take())
        if event is None:
            raise StopIteration
        return event

    def text_deltas(self) -> Generator[TextDelta, None, None]:
        """Yield only the pieces of text that are left; the rest is collected for `final()`."""
        for event in self:
            if (delta := self._reading.text(event)) is not None:
                yield delta

    def final(self) -> R:
        """Read to the end and return the whole result, what was read before included."""
        for _ in self:
            pass
        return self._reading.result()

    def close(self) -> None:
        """Close the connection; nothing more can be read, unless the end was reached."""
        self._reading.leave()
        if self._response is not None and self._is_waiting:
            _wake(self._response.extensions.get("network_stream"))
        finished(self._leave())


class AsyncStream(_Stream[E, R]):
    """As `Stream`, for `async with` and `async for`. A cancelled task closes the connection as well.

    Leaving `async with` closes it at once; a loop that is left outside of one, as soon as Python notices.
    """

    async def __aenter__(self) -> AsyncStream[E, R]:
        await self._enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def __aiter__(self) -> AsyncGenerator[E, None]:
        """Yield the events that are left; leaving the loop closes the connection."""
        try:
            while (event := await self._take()) is not None:
                yield event
        finally:
            await self.aclose()

    async def __anext__(self) -> E:
        """Return the next event and keep the connection."""
        event = await self._take()
        if event is None:
            raise StopAsyncIteration
        return event

    async def text_deltas(self) -> AsyncGenerator[TextDelta, None]:
        """Yield only the pieces of text that are left; the rest is collected for `final()`."""
        async with aclosing(self.__aiter__()) as events:
            async for event in events:
                if (delta := self._reading.text(event)) is not None:
                    yield delta

    async def final(self) -> R:
        """Read to the end and return the whole result, what was read before included."""
        while await self._take() is not None:
            pass
        return self._reading.result()

    async def aclose(self) -> None:
        """Close the connection; nothing more can be read, unless the end was reached."""
        await self._leave()


def finished(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("A synchronous call came to wait for an event loop.")


async def _settled(outcome: T | Awaitable[T]) -> T:
    """Return what a function of httpx gave: at once from its synchronous client, awaited from the other."""
    return await outcome if isinstance(outcome, Awaitable) else outcome


def _pieces(response: httpx.Response) -> Callable[[], bytes | Awaitable[bytes]]:
    """Return what gives the next piece of a body, and nothing at its end."""
    if isinstance(response.stream, httpx.SyncByteStream):
        return partial(next, response.iter_bytes(), b"")
    return partial(anext, response.aiter_bytes(), b"")


async def _hang_up(response: httpx.Response) -> None:
    if isinstance(response.stream, httpx.SyncByteStream):
        response.close()
    else:
        await response.aclose()


def _limit_reads(response: httpx.Response, seconds: float) -> None:
    """Let each read of the body take at most `seconds`: httpx looks the limit up when it begins with the body."""
    response.request.extensions["timeout"]["read"] = seconds


def _wake(connection: Any) -> None:
    """Shut a connection down, so that a thread that waits for it is woken; closing alone would leave it waiting."""
    with suppress(OSError, AttributeError):
        connection.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
