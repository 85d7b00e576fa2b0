"""One HTTP/1.1 connection to a provider: a request goes out, its answer comes in, one at a time.

Knows no dialect, no pool and no clock but the one that tells since when a reader waits. llhttp does the parsing.
Whatever goes wrong is raised where the answer is read, as a ConnectionError, and the connection is closed at once.
"""

import asyncio

import httptools

_MAX_BARREN_BYTES = 131_072
"""The most that may come in a row without any byte of a body: heads, trailers, chunk extensions."""

_MAX_UNREAD_BYTES = 524_288
"""What is kept for a reader that is busy elsewhere; beyond it the network has to wait."""

_MAX_JOINED_BYTES = 65_536
"""Bodies up to here go out in one piece with their head: under TLS each piece is a record of its own."""


class Disconnected(ConnectionError):
    """The connection ended before the answer did."""


class NotHttp(ConnectionError):
    """What came is no answer in HTTP/1.1, or its head is larger than any server's."""


class Connection(asyncio.Protocol):
    """Made by a loop's create_connection. `status` and `headers` (lower-case names) are those of the last answer.

    `waits_since` is the loop's time at which a reader began to wait for the network, None while nobody does.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.has_body = False
        self.waits_since: float | None = None
        self._loop = loop
        self._parser: httptools.HttpResponseParser | None = _lenient(httptools.HttpResponseParser(self))
        self._transport: asyncio.Transport | None = None
        self._pieces: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._fault: ConnectionError | None = None
        self._unread_bytes = self._barren_bytes = 0
        self._is_asked = self._has_head = self._is_complete = self._is_paused = False
        self._is_kept_alive = True

    # --- for the caller ---

    async def ask(self, head: bytes, body: bytes = b"") -> None:
        """Send a request and wait for the head of its answer. The body of the answer before must have been read."""
        assert self._transport is not None
        self.headers = {}
        self.has_body = self._has_head = self._is_complete = False
        self._is_asked = True
        self._barren_bytes = 0
        if self._fault is None:
            if len(body) <= _MAX_JOINED_BYTES:
                self._transport.write(head + body)
            else:
                self._transport.writelines([head, body])
        while not self._has_head:
            if self._fault is not None:
                raise self._told_fault()
            await self._wait()

    async def read(self) -> bytes:
        """Return what has come of the body since the last time, waiting for it; b"" at the end."""
        while not self._pieces:
            if self._is_complete:
                return b""
            if self._fault is not None:
                raise self._told_fault()
            await self._wait()
        pieces, self._pieces = self._pieces, []
        self._unread_bytes = 0
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def is_open(self) -> bool:
        return self._fault is None

    @property
    def can_serve_again(self) -> bool:
        """Whether the answer is complete, the request went out whole, and neither side wants to close."""
        if not self._is_complete or not self._is_kept_alive or self._fault is not None or self._transport is None:
            return False
        return not self._pieces and not self._transport.get_write_buffer_size()

    def rest(self) -> None:
        """Say that nobody expects anything until the next request: whatever comes now closes the connection."""
        self._is_asked = self.has_body = False

    def abort(self, fault: ConnectionError | None = None) -> None:
        """Close at once, whatever is under way; who reads gets `fault`, or Disconnected."""
        self._fail(fault or Disconnected("closed by ourselves"))

    def hand_over(self) -> asyncio.Transport:
        """Return what carries the bytes, to be wrapped into TLS; this connection is at its end."""
        assert self._transport is not None
        transport, self._transport = self._transport, None
        self._fail(Disconnected("handed over"))
        return transport

    # --- for the loop ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvloop's has no base
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        parser = self._parser
        if parser is None or not self._is_asked:
            self.abort()
            return
        before = len(self._pieces)
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(NotHttp(str(error)))
            return
        if len(self._pieces) == before:
            self._barren_bytes += len(data)
            if self._barren_bytes > _MAX_BARREN_BYTES:
                self._fail(NotHttp(f"{self._barren_bytes} bytes of head, trailer or chunk extensions"))
                return
        else:
            self._barren_bytes = 0
            self._unread_bytes += len(data)
            if self._unread_bytes > _MAX_UNREAD_BYTES:
                self._pause()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        is_ended = error is None and self._has_head and not self._is_delimited()
        if is_ended and self._fault is None:
            self._is_complete = True
        self._fail(Disconnected("closed by the other side"))
        self._transport = None

    # --- for the parser ---

    def on_message_begin(self) -> None:
        if self._is_complete:
            raise NotHttp("more than one answer to a request")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._has_head:
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status < 200:  # a hint that comes before the answer, RFC 9110, section 15.2
            self.headers = {}
            return
        self.status = status
        self._has_head = True
        self._is_kept_alive = self._parser.should_keep_alive()

    def on_body(self, piece: bytes) -> None:
        self.has_body = True
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        if self._has_head:
            self._is_complete = True

    def _is_delimited(self) -> bool:
        """Whether the answer says itself where its body ends, so that a lost connection can't be that end."""
        is_chunked = self.headers.get("transfer-encoding", "").lower().endswith("chunked")
        return is_chunked or "content-length" in self.headers

    async def _wait(self) -> None:
        self.waits_since = self._loop.time()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = self.waits_since = None

    def _pause(self) -> None:
        if not self._is_paused and not self._is_complete and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _told_fault(self) -> ConnectionError:
        """Return the fault to raise and keep another like it: one that was raised holds the frames that hold us."""
        assert self._fault is not None
        fault = self._fault
        self._fault = type(fault)(*fault.args)
        return fault

    def _fail(self, fault: ConnectionError) -> None:
        """Close; the first fault is the one that counts."""
        if self._fault is None:
            self._fault = fault
            self._parser = None  # it holds us, and we would hold it
            if self._transport is not None:
                self._transport.abort()
        self._wake()


def _lenient(parser: httptools.HttpResponseParser) -> httptools.HttpResponseParser:
    """Let pass what servers of their own make send and every client takes: bare line feeds, blanks behind a size."""
    parser.set_dangerous_leniencies(
        lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
    )
    return parser
