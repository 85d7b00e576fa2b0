"""HTTP to one provider, the only seam to the network: connections, timers, bounds, and every fault as UpstreamFailure.

Knows no dialect: bodies go in and out as bytes, and the dialect hands in how to read its errors. Redirects are never
followed, certificates always checked. Closing or cancelling a call closes its connection at once.
"""

import asyncio
import io
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import nullcontext, suppress

import aiohttp
from yarl import URL

from parley.domain.errors import UpstreamFailure
from parley.domain.settings import ProviderSettings
from parley.providers.failures import (
    ErrorDetail,
    ReadError,
    broken_answer,
    read_provider_error,
    refusal,
    too_large,
    too_slow,
    unreachable,
)
from parley.providers.outlet import Outlet
from parley.providers.provider import CallLimits
from parley.providers.sse import EventSplitter, EventTooLarge

__all__ = ["ErrorDetail", "ReadError", "Transport", "drain"]

_MAX_ERROR_BODY_BYTES = 65_536
_MAX_LISTING_BYTES = 4_194_304
# Room in a body for what is not answer text: JSON escapes, ids, log probabilities, reasoning.
_BODY_FACTOR = 4
_BODY_SLACK_BYTES = 1_048_576
# aiohttp warns of larger bodies given as bytes, because it would write them in one piece.
_MAX_WHOLE_WRITE_BYTES = 1_048_576
_DRAIN_S = 0.05


class Transport:
    """Connections to one provider, kept alive between calls. `auth` are the header pairs that the dialect wants."""

    def __init__(self, settings: ProviderSettings, auth: tuple[tuple[str, str], ...], read_error: ReadError) -> None:
        self._provider = settings.name
        self._outlet = Outlet(settings, auth)
        self._read_error = read_error
        places = settings.max_concurrency
        self._places = asyncio.Semaphore(places) if places > 0 else nullcontext()

    async def fetch(self, path: str, body: bytes, limits: CallLimits) -> bytes:
        """POST `body` and return the whole body of a 2xx answer. Raises UpstreamFailure."""
        async with self._places:
            response = await self._open("POST", path, body, limits.connect_s)
            return await self._whole_body(response, _max_body_bytes(limits))

    async def get(self, path: str, timeout_s: float) -> bytes:
        """GET a small document, such as a listing of models. Raises UpstreamFailure."""
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._open("GET", path, None, timeout_s)
                return await self._whole_body(response, _MAX_LISTING_BYTES)
        except TimeoutError as error:
            raise too_slow(self._provider, f"did not answer within {timeout_s:g} s") from error

    async def events(self, path: str, body: bytes, limits: CallLimits) -> AsyncGenerator[list[bytes], None]:
        """POST `body` and yield, for each read from the network, the data of the events that it completes.

        A provider that ignores `stream` and answers with plain JSON gives one event: the whole body. Raises
        UpstreamFailure, also when no byte of a body comes within `first_token_s`, or no further one within `stall_s`.
        """
        async with self._places:
            watchdog = _Watchdog(limits)
            response = await self._open_in_time(path, body, limits)
            try:
                watchdog.guard(response)
                reader = self._reader_of(response, limits)
                while read := await self._next_read(response, watchdog):
                    if events := reader.feed(read):
                        yield events
                if events := reader.finish():
                    yield events
            except EventTooLarge as error:
                raise too_large(self._provider, _max_body_bytes(limits)) from error
            finally:
                watchdog.stop()
                response.close()

    def failure(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> UpstreamFailure:
        """Return the failure that an error body means; without a status, for an error inside of an answer with 200."""
        named = {name.lower(): value for name, value in (headers or {}).items()}
        detail = self._read_error(status, body, named)
        provider_error = read_provider_error(detail.status or status, body, self._outlet.secrets, detail)
        return refusal(self._provider, status, self._outlet.redacted(detail), named, provider_error)

    def broken(self, reason: str) -> UpstreamFailure:
        """Return the failure for an answer that is not one: cut off, or not the dialect's JSON."""
        return broken_answer(self._provider, reason)

    async def close(self) -> None:
        """Close every connection."""
        await self._outlet.close()

    async def _open(self, method: str, path: str, body: bytes | None, connect_s: float) -> aiohttp.ClientResponse:
        """Return a 2xx answer, its body unread; anything else is raised as a failure."""
        large = body is not None and len(body) > _MAX_WHOLE_WRITE_BYTES
        try:
            response = await self._outlet.session().request(
                method,
                URL(self._outlet.base_url + path, encoded=True),
                data=io.BytesIO(body) if large and body is not None else body,
                allow_redirects=False,
                proxy=self._outlet.proxy,
                timeout=aiohttp.ClientTimeout(total=None, connect=connect_s),
            )
        except aiohttp.ClientError as error:
            raise self._not_reached(error) from error
        if 200 <= response.status < 300:
            return response
        try:
            raise self.failure(await _first_bytes(response), response.status, response.headers)
        finally:
            response.close()

    async def _open_in_time(self, path: str, body: bytes, limits: CallLimits) -> aiohttp.ClientResponse:
        try:
            async with asyncio.timeout(limits.first_token_s):
                return await self._open("POST", path, body, limits.connect_s)
        except TimeoutError as error:
            raise too_slow(self._provider, f"sent nothing within {limits.first_token_s:g} s") from error

    async def _whole_body(self, response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
        pieces: list[bytes] = []
        size_bytes = 0
        try:
            self._refuse_page(response)
            while read := await response.content.readany():
                pieces.append(read)
                size_bytes += len(read)
                if size_bytes > max_bytes:
                    raise too_large(self._provider, max_bytes)
        except aiohttp.ClientError as error:
            raise broken_answer(self._provider, "broke off its answer", trips_breaker=True) from error
        finally:
            response.close()
        return b"".join(pieces)

    async def _next_read(self, response: aiohttp.ClientResponse, watchdog: "_Watchdog") -> bytes:
        watchdog.begin_read()
        try:
            read = await response.content.readany()
        except aiohttp.ClientError as error:
            if watchdog.silent_s is not None:
                raise too_slow(self._provider, f"sent nothing for {watchdog.silent_s:g} s") from error
            raise broken_answer(self._provider, "broke off its stream", trips_breaker=True) from error
        watchdog.end_read()
        return read

    def _reader_of(self, response: aiohttp.ClientResponse, limits: CallLimits) -> "EventSplitter | _WholeReader":
        self._refuse_page(response)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        is_json = kind == "application/json" or kind.endswith("+json")
        return _WholeReader(_max_body_bytes(limits)) if is_json else EventSplitter(_max_body_bytes(limits))

    def _refuse_page(self, response: aiohttp.ClientResponse) -> None:
        if response.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise broken_answer(self._provider, "answered with a page of HTML; is its base_url right?")

    def _not_reached(self, error: aiohttp.ClientError) -> UpstreamFailure:
        match error:
            case aiohttp.ConnectionTimeoutError():
                return unreachable(self._provider, "no connection in time")
            case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
                reason = "its TLS certificate or handshake was refused; ca_file can name a further authority"
                return unreachable(self._provider, reason, is_transient=False)
            case aiohttp.ClientHttpProxyError():
                return unreachable(self._provider, f"the proxy answered {error.status}")
            case aiohttp.ClientConnectorDNSError():
                return unreachable(self._provider, "its host name is not known")
            case aiohttp.ClientOSError():
                return unreachable(self._provider, os.strerror(error.errno) if error.errno else "no connection")
            case aiohttp.ClientConnectionError():
                return unreachable(self._provider, "it closed the connection before it answered")
            case _:
                return broken_answer(self._provider, "sent something that is not HTTP", trips_breaker=True)


async def drain(events: AsyncGenerator[list[bytes], None]) -> None:
    """Read on after a stream's last event, for at most 50 ms, so that its connection can serve the next call."""
    with suppress(TimeoutError, StopAsyncIteration, UpstreamFailure):
        async with asyncio.timeout(_DRAIN_S):
            await anext(events)


class _WholeReader:
    """Stands in for the splitter where the whole body is one event."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._size_bytes = 0

    def feed(self, read: bytes) -> list[bytes]:
        self._pieces.append(read)
        self._size_bytes += len(read)
        if self._size_bytes > self._max_bytes:
            raise EventTooLarge(f"the body passes {self._max_bytes} bytes")
        return []

    def finish(self) -> list[bytes]:
        return [b"".join(self._pieces)]


class _Watchdog:
    """Closes a response whose reader waits too long, with one timer a stream that looks at the clock and sleeps on.

    Time in which nobody reads does not count: a slow client is not a silent provider. `silent_s` is set once it bit.
    """

    def __init__(self, limits: CallLimits) -> None:
        self.silent_s: float | None = None
        self._loop = asyncio.get_running_loop()
        self._stall_s = limits.stall_s
        self._patience_s = limits.first_token_s
        self._waits_since: float | None = self._loop.time()
        self._is_first = True
        self._timer: asyncio.TimerHandle | None = None
        self._response: aiohttp.ClientResponse | None = None

    def guard(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._look()

    def begin_read(self) -> None:
        if not self._is_first:
            self._waits_since = self._loop.time()

    def end_read(self) -> None:
        self._waits_since = None
        if self._is_first:
            self._is_first = False
            self._patience_s = self._stall_s
            self.stop()
            self._timer = self._loop.call_later(self._stall_s, self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        waited_s = 0.0 if self._waits_since is None else self._loop.time() - self._waits_since
        if waited_s < self._patience_s:
            self._timer = self._loop.call_later(self._patience_s - waited_s, self._look)
        elif self._response is not None:
            self.silent_s = self._patience_s
            self._response.close()


async def _first_bytes(response: aiohttp.ClientResponse) -> bytes:
    """Return the start of an error body; one that breaks off still has its status."""
    pieces: list[bytes] = []
    size_bytes = 0
    with suppress(aiohttp.ClientError):
        while size_bytes < _MAX_ERROR_BODY_BYTES and (read := await response.content.readany()):
            pieces.append(read)
            size_bytes += len(read)
    return b"".join(pieces)[:_MAX_ERROR_BODY_BYTES]


def _max_body_bytes(limits: CallLimits) -> int:
    return limits.max_answer_bytes * _BODY_FACTOR + _BODY_SLACK_BYTES
