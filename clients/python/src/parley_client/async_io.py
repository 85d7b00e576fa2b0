"""The asynchronous shell: as `sync_io.py`, for asyncio. A call whose task is cancelled closes its connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Generic, TypeVar

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


class AsyncShell:
    """Makes calls over one pool of connections, for several tasks at once."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient | None, pace: Pace) -> None:
        self._settings = settings
        self._pace = pace
        self._owns_http = http is None
        self._http = http or httpx.AsyncClient(limits=failures.NO_LIMITS)

    async def send(self, call: Call[T]) -> T:
        """Make a plain call, again where that may help, and return its typed answer."""
        request = plain_request(call, self._settings)
        attempts = Attempts(self._settings, call.options, self._pace)
        while True:
            failure: APIError | APIConnectionError
            try:
                reply = await self._read_whole(await self._ask(request, attempts), attempts)
            except APIConnectionError as error:
                failure = error
            else:
                if reply.is_success:
                    return read_answer(call.read, reply)
                failure = api_error(reply, self._pace.now())
            await self._pace.sleep_async(attempts.wait_after(failure, call.repeats_freely))

    def stream(self, call: StreamCall[E, R]) -> AsyncStream[E, R]:
        """Return a stream that asks when it is entered or first read."""
        return AsyncStream(self, call, stream_request(call, self._settings))

    async def open(self, request: Outgoing, options: CallOptions) -> httpx.Response:
        """Return the head of a stream, its body unread. Raises APIError if there is no stream."""
        attempts = Attempts(self._settings, options, self._pace)
        response = await self._ask(request, attempts)
        if response.is_success:
            failures.limit_reads(response, self._pace.silence_s)
            return response
        raise api_error(await self._read_whole(response, attempts), self._pace.now())

    async def aclose(self) -> None:
        """Close every connection, unless the caller brought them."""
        if self._owns_http:
            await self._http.aclose()

    async def _ask(self, request: Outgoing, attempts: Attempts) -> httpx.Response:
        """Send `request` and return the head of what answers it."""
        built = self._http.build_request(
            request.method,
            request.url,
            content=request.content,
            headers=request.headers,
            timeout=attempts.remaining_s(),
        )
        with failures.named_for_call(self._settings.url, attempts):
            return await self._http.send(built, stream=True, follow_redirects=False)

    async def _read_whole(self, response: httpx.Response, attempts: Attempts) -> Reply:
        """Read the body within the call's time, and close the response."""
        body = bytearray()
        try:
            with failures.named_for_call(self._settings.url, attempts):
                failures.limit_reads(response, attempts.remaining_s())
                async for piece in response.aiter_bytes():
                    body += piece
                    attempts.remaining_s()
        finally:
            await response.aclose()
        return Reply(response.status_code, response.headers, bytes(body))


class AsyncStream(Generic[E, R]):
    """As `Stream`, for `async with` and `async for`. A cancelled task closes the connection as well.

    Leaving `async with` closes it at once; a loop that is left outside of one, as soon as Python notices.
    """

    def __init__(self, shell: AsyncShell, call: StreamCall[E, R], request: Outgoing) -> None:
        self._shell = shell
        self._options = call.options
        self._request = request
        self._reading = call.reading()
        self._response: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes]

    @property
    def request_id(self) -> str | None:
        """The request's id at the server; None before the stream is entered."""
        return self._reading.request_id

    async def __aenter__(self) -> AsyncStream[E, R]:
        if self._response is None and self._reading.failure is None:
            self._response = await self._shell.open(self._request, self._options)
            self._pieces = self._response.aiter_bytes()
            self._reading.request_id = self._response.headers.get("x-request-id")
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
        try:
            while (event := await self._take()) is not None:
                delta = self._reading.text(event)
                if delta is not None:
                    yield delta
        finally:
            await self.aclose()

    async def final(self) -> R:
        """Read to the end and return the whole result, what was read before included."""
        while await self._take() is not None:
            pass
        return self._reading.result()

    async def aclose(self) -> None:
        """Close the connection; nothing more can be read, unless the end was reached."""
        self._reading.leave()
        if self._response is not None:
            await self._response.aclose()

    async def _take(self) -> E | None:
        """Return the next event, None at the end; the end and an error close the connection."""
        event = None
        try:
            await self.__aenter__()
            while (event := self._reading.take()) is None and not self._reading.is_over:
                self._reading.receive(await self._next_piece())
        finally:
            if event is None:
                await self.aclose()
        return event

    async def _next_piece(self) -> bytes:
        with failures.named_for_stream(self._reading):
            return await anext(self._pieces, b"")
