"""The server's side of one connection: uvicorn's, with bounds on what a silent or endless client may hold.

Adds to uvicorn: a client that doesn't finish its headers, doesn't take its answers, or sends on for ever what was
refused already, is cut off; all of its requests, pipelined ones too, hear that it is gone; an offer to speak another
protocol is passed over; HTTP/1.0 gets no chunks; bytes that are no request are refused in the envelope.
"""

import asyncio
import socket
import struct
from collections.abc import Callable

import httptools
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from parley.domain.ids import new_id
from parley.domain.settings import Patience, ServerSettings
from parley.wire.problems import Problem

MOST_HEADER_BYTES = 65_536
MOST_UNWANTED_BYTES = 67_108_864
"""Of a body that was refused: it is read and dropped, because many clients look for an answer only after sending."""

_MOST_READ_AHEAD = 8
"""Requests that wait behind one that runs. While there is room, reading goes on: else nobody sees the client leave."""

_UPGRADE_HEADERS = frozenset({b"upgrade", b"http2-settings"})
_RESET = struct.pack("ii", 1, 0)
_NO_REQUEST = Problem(400, "validation_error", "These bytes are not a request of HTTP/1.1; the connection is closed.")


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Times stand on the class, because uvicorn makes its protocols from a class alone."""

    headers_timeout_s = Patience().headers_s
    body_timeout_s = Patience().body_s
    idle_timeout_s = Patience().idle_s
    write_timeout_s = ServerSettings().write_timeout_s

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself
        super().connection_made(transport)
        self.timeout_keep_alive = self.idle_timeout_s  # type: ignore[assignment]  # a timer takes fractions as well
        self._cycles: list[RequestResponseCycle] = []
        self._is_receiving = self._is_in_head = False
        self._is_offered_upgrade = False
        self._header_bytes = self._unwanted_bytes = self._unsent_bytes = 0
        self._headers_timer = _Timer(self.loop, self.headers_timeout_s, self._cut)
        self._body_timer = _Timer(self.loop, self.body_timeout_s, self._cut)
        self._write_timer = _Timer(self.loop, self.write_timeout_s, self._check_progress)
        self._headers_timer.start()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._headers_timer, self._body_timer, self._write_timer):
            timer.stop()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        for cycle in self._cycles:
            cycle.disconnected = True
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as offer:
                data = self._start_over() + data[offer.args[0] :]
            except httptools.HttpParserError:
                self._refuse()
                return
        if self._is_in_head:  # most heads come whole, and need no timer
            self._headers_timer.start()
        if self._is_idle():  # as after a line break that begins no request
            self.timeout_keep_alive_task = self.loop.call_later(self.idle_timeout_s, self.timeout_keep_alive_handler)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = 0
        self._is_in_head = True

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._headers_timer.stop()
        self._is_offered_upgrade = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if self._is_offered_upgrade:
            return
        super().on_headers_complete()
        self._cycles.append(self.cycle)
        self._is_receiving = True
        self._unwanted_bytes = 0
        if len(self.pipeline) <= _MOST_READ_AHEAD:
            self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answer HTTP/1.0 without chunks, which it does not know: the end of the connection ends a stream."""
        if cycle.scope["http_version"] == "1.0":
            cycle.chunked_encoding = False
            app = _unframed(cycle, app)
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self.cycle.response_complete:
            self._unwanted_bytes += len(body)
            if self._unwanted_bytes > MOST_UNWANTED_BYTES:
                self._cut()

    def on_message_complete(self) -> None:
        if self._is_offered_upgrade:
            return
        self._is_receiving = False
        self._body_timer.stop()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._cycles.pop(0)
        if self._is_receiving and not self._cycles:
            self._body_timer.start()
        self._await_reading()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_timer.stop()
        if not self._cycles:
            self._await_reading()

    @classmethod
    def patient(cls, patience: Patience, write_timeout_s: float) -> type["BoundedProtocol"]:
        """Return this protocol with other times."""
        times = {
            "headers_timeout_s": patience.headers_s,
            "body_timeout_s": patience.body_s,
            "idle_timeout_s": patience.idle_s,
            "write_timeout_s": write_timeout_s,
        }
        return type(cls.__name__, (cls,), times)

    def _count(self, size_bytes: int) -> None:
        self._header_bytes += size_bytes
        if self._header_bytes > MOST_HEADER_BYTES:
            self._cut()

    def _is_idle(self) -> bool:
        is_under_way = self._cycles or self._is_receiving or self._is_in_head or self._headers_timer.is_running
        return not is_under_way and self.timeout_keep_alive_task is None

    def _await_reading(self) -> None:
        """Begin to watch whether the client takes what waits for it; called when nothing is added to that."""
        self._write_timer.stop()
        self._unsent_bytes = self.transport.get_write_buffer_size()
        if self._unsent_bytes:
            self._write_timer.start()

    def _check_progress(self) -> None:
        if self._cycles and not self.flow.write_paused:
            return
        if self.transport.get_write_buffer_size() >= self._unsent_bytes:
            self._cut()
        else:
            self._await_reading()

    def _start_over(self) -> bytes:
        """Return the head without its offer, for a new parser: the old one takes the body for another protocol."""
        version = self.parser.get_http_version().encode()
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version]
        lines += [name + b": " + value for name, value in self.headers if name not in _UPGRADE_HEADERS]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        return b"\r\n".join([*lines, b"", b""])

    def _refuse(self) -> None:
        """Answer to bytes that are no request; behind a request that still runs there is no place for an answer."""
        if self._cycles:
            self._cut()
            return
        request_id = new_id("req_")
        body = _NO_REQUEST.envelope(request_id)
        headers = [
            *self.server_state.default_headers,
            *_NO_REQUEST.headers(),
            (b"x-request-id", request_id.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        self.transport.write(b"".join([STATUS_LINE[_NO_REQUEST.status], *lines, b"\r\n", body]))
        self.transport.close()

    def _cut(self) -> None:
        """Close at once, also the kernel's side, which would keep what the client does not take for minutes."""
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()


def _unframed(cycle: RequestResponseCycle, app: ASGI3Application) -> ASGI3Application:
    """Return `app` for a `cycle` that takes its pieces as they are: uvicorn compares them with a length else."""

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        async def send_piece(message: ASGISendEvent) -> None:
            if message["type"] == "http.response.body":
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, send_piece)

    return answer


class _Timer:
    """One call after a time, unless it is stopped before; starting it again while it runs changes nothing."""

    def __init__(self, loop: asyncio.AbstractEventLoop, after_s: float, act: Callable[[], None]) -> None:
        self._loop = loop
        self._after_s = after_s
        self._act = act
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        if self._handle is None:
            self._handle = self._loop.call_later(self._after_s, self._fire)

    @property
    def is_running(self) -> bool:
        return self._handle is not None

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fire(self) -> None:
        self._handle = None
        self._act()
