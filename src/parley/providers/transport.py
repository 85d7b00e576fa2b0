"""HTTP to one provider, the only seam to the network: connections, timers, bounds, and every fault as UpstreamFailure.

Knows no dialect: bodies go in and out as bytes, and the dialect hands in how to read its errors. Redirects are never
followed, certificates always checked. Closing or cancelling a call closes its connection at once.
"""

import asyncio
import math
import os
import socket
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import nullcontext, suppress

from parley.domain.errors import UpstreamFailure
from parley.domain.settings import ProviderSettings
from parley.providers.coding import body_of
from parley.providers.connection import Connection, Disconnected, NotHttp
from parley.providers.dialing import ProxyRefused
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
            connection = await self._take(limits.connect_s)
            try:
                await self._ask(connection, "POST", path, body)
                return await self._whole_body(connection, _max_body_bytes(limits))
            finally:
                self._outlet.give_back(connection)

    async def get(self, path: str, timeout_s: float) -> bytes:
        """GET a small document, such as a listing of models. Raises UpstreamFailure."""
        body, _headers = await self.look_up(path, timeout_s)
        return body

    async def look_up(self, path: str, timeout_s: float) -> tuple[bytes, Mapping[str, str]]:
        """GET a small document and the headers that came with it, in lower case. Raises UpstreamFailure."""
        try:
            async with asyncio.timeout(timeout_s):
                connection = await self._take(timeout_s)
                try:
                    await self._ask(connection, "GET", path, None)
                    headers = connection.headers
                    return await self._whole_body(connection, _MAX_LISTING_BYTES), headers
                finally:
                    self._outlet.give_back(connection)
        except TimeoutError as error:
            raise too_slow(self._provider, f"did not answer within {timeout_s:g} s") from error

    async def events(self, path: str, body: bytes, limits: CallLimits) -> AsyncGenerator[list[bytes], None]:
        """POST `body` and yield, for each read from the network, the data of the events that it completes.

        A provider that ignores `stream` and answers with plain JSON gives one event: the whole body. Raises
        UpstreamFailure, also when no byte of a body comes within `first_token_s`, or no further one within `stall_s`.
        """
        async with self._places:
            watchdog = _Watchdog(limits)
            connection = await self._take(limits.connect_s, limits.first_token_s)
            try:
                watchdog.guard(connection)
                await self._ask(connection, "POST", path, body)
                reader = self._reader_of(connection, limits)
                answer = body_of(connection)
                while read := await answer.read():
                    if events := reader.feed(read):
                        yield events
                if events := reader.finish():
                    yield events
            except EventTooLarge as error:
                raise too_large(self._provider, _max_body_bytes(limits)) from error
            except ConnectionError as error:
                raise self._broken_off(error) from error
            finally:
                watchdog.stop()
                self._outlet.give_back(connection)

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

    async def _take(self, connect_s: float, first_token_s: float = math.inf) -> Connection:
        try:
            return await self._outlet.take(min(connect_s, first_token_s))
        except OSError as error:
            if isinstance(error, TimeoutError) and first_token_s < connect_s:
                raise too_slow(self._provider, _nothing_within(first_token_s)) from error
            raise self._not_reached(error) from error

    async def _ask(self, connection: Connection, method: str, path: str, body: bytes | None) -> None:
        """Send the call and wait for the head of a 2xx answer; anything else is raised as a failure."""
        try:
            await connection.ask(self._outlet.head(method, path, body), body or b"")
            if not 200 <= connection.status < 300:
                said = await _first_bytes(connection)
                raise self.failure(said, connection.status, connection.headers)
        except ConnectionError as error:
            raise self._not_reached(error) from error
        if connection.headers.get("content-type", "").lower().startswith("text/html"):
            raise broken_answer(self._provider, "answered with a page of HTML; is its base_url right?")

    async def _whole_body(self, connection: Connection, max_bytes: int) -> bytes:
        pieces: list[bytes] = []
        size_bytes = 0
        try:
            answer = body_of(connection)
            while read := await answer.read():
                pieces.append(read)
                size_bytes += len(read)
                if size_bytes > max_bytes:
                    raise too_large(self._provider, max_bytes)
        except ConnectionError as error:
            raise self._broken_off(error) from error
        return b"".join(pieces)

    def _reader_of(self, connection: Connection, limits: CallLimits) -> "EventSplitter | _WholeReader":
        kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_json = kind == "application/json" or kind.endswith("+json")
        return _WholeReader(_max_body_bytes(limits)) if is_json else EventSplitter(_max_body_bytes(limits))

    def _broken_off(self, error: ConnectionError) -> UpstreamFailure:
        """Return the failure of an answer that had begun."""
        if isinstance(error, Silence):
            return too_slow(self._provider, str(error))
        return broken_answer(self._provider, "broke off its answer", trips_breaker=True)

    def _not_reached(self, error: OSError) -> UpstreamFailure:
        """Return the failure of a call that no answer has come to."""
        match error:
            case Silence():
                return too_slow(self._provider, str(error))
            case NotHttp():
                return broken_answer(self._provider, "sent something that is not HTTP", trips_breaker=True)
            case Disconnected():
                return unreachable(self._provider, "it closed the connection before it answered")
            case ProxyRefused(status=status):
                return unreachable(self._provider, f"the proxy answered {status}")
            case TimeoutError():
                return unreachable(self._provider, "no connection in time")
            case ssl.SSLError():
                reason = "its TLS certificate or handshake was refused; ca_file can name a further authority"
                return unreachable(self._provider, reason, is_transient=False)
            case socket.gaierror():
                return unreachable(self._provider, "its host name is not known")
            case _:
                return unreachable(self._provider, os.strerror(error.errno) if error.errno else "no connection")


class Silence(ConnectionError):
    """We closed the connection, because the provider kept silent for too long; the message says for how long."""


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
    """Closes a connection whose reader waits too long, with one timer a stream that looks at the clock and sleeps on.

    Time in which nobody reads does not count: a slow client is not a silent provider.
    """

    def __init__(self, limits: CallLimits) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits = limits
        self._first_by_s = self._loop.time() + limits.first_token_s
        self._timer: asyncio.TimerHandle | None = None

    def guard(self, connection: Connection) -> None:
        self._look(connection)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self, connection: Connection) -> None:
        now, stall_s = self._loop.time(), self._limits.stall_s
        if connection.has_body:
            left_s = stall_s if connection.waits_since is None else connection.waits_since + stall_s - now
            told = f"sent nothing for {stall_s:g} s"
        else:
            left_s = self._first_by_s - now
            told = _nothing_within(self._limits.first_token_s)
        if left_s <= 0:
            connection.abort(Silence(told))
        else:
            # Never longer than a stall: the answer may begin before the next look.
            self._timer = self._loop.call_later(min(left_s, stall_s), self._look, connection)


async def _first_bytes(connection: Connection) -> bytes:
    """Return the start of an error body; one that breaks off or can't be unpacked still has its status."""
    pieces: list[bytes] = []
    size_bytes = 0
    with suppress(Disconnected, NotHttp):
        body = body_of(connection)
        while size_bytes < _MAX_ERROR_BODY_BYTES and (read := await body.read()):
            pieces.append(read)
            size_bytes += len(read)
    return b"".join(pieces)[:_MAX_ERROR_BODY_BYTES]


def _nothing_within(first_token_s: float) -> str:
    return f"sent nothing within {first_token_s:g} s"


def _max_body_bytes(limits: CallLimits) -> int:
    return limits.max_answer_bytes * _BODY_FACTOR + _BODY_SLACK_BYTES
