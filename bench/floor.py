"""The raw floor: the least that Python can do for a panel. Bare ASGI to the client, raw sockets to the models.

No keys, books, JSON, retries, deadlines or errors: it copies bytes from all models of a panel to the client, so that
every figure can be told as a multiple of it. `python -m bench.floor PORT STUB_PORT [AUTHORITY.pem]` serves it.
"""

import asyncio
import ssl
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import uvicorn
import uvloop

from bench.machine import ROOT, bare_environment, free_port
from bench.parley import Setup
from bench.target import Launch
from bench.work import Request, Work

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Floor:
    """The floor as a server under test. Summaries are one more call beside the seats."""

    setup: Setup
    name: str = "floor"
    first_key: str = ""

    def launch(self, folder: Path) -> Launch:
        port = free_port()
        command = [sys.executable, "-m", "bench.floor", str(port), str(self.setup.stub_port)]
        command += [self.setup.ca_file] if self.setup.ca_file else []
        return Launch(command, folder, bare_environment(PYTHONPATH=str(ROOT)), port)

    def introduce(self, port: int) -> str:
        del port
        return ""

    def request(self, work: Work, key: str) -> Request:
        del key
        kind = "stream" if work.is_stream else "plain"
        return Request(f"/{kind}/{work.calls}{work.upstream.path}", work.prompt.encode())

    def installed_mb(self) -> None:
        return None


class _Model(asyncio.Protocol):
    """One connection to the stub, used for one answer after the other."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self._on_bytes: Callable[[bytes], None]
        self._on_end: Callable[[], None]
        self._waiting = b""
        self._left: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes, on_bytes: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_bytes = on_bytes
        self._on_end = on_end
        self._waiting = b""
        self._left = None
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._left is None:
            head, _, data = data.partition(b"\r\n\r\n")
            _, _, length = head.partition(b"Content-Length: ")
            self._left = int(length.partition(b"\r\n")[0]) if length else -1
        if self._left < 0:
            self._read_chunks(data)
            return
        self._left -= len(data)
        self._on_bytes(data)
        if self._left == 0:
            self._on_end()

    def _read_chunks(self, data: bytes) -> None:
        data = self._waiting + data
        at, pieces, is_over = 0, [], False
        while (line_end := data.find(b"\r\n", at)) >= 0:
            start = line_end + 2
            end = start + int(data[at:line_end], 16)
            if end + 2 > len(data):
                break
            pieces.append(data[start:end])
            at = end + 2
            if start == end:
                is_over = True
                break
        self._waiting = data[at:]
        self._on_bytes(b"".join(pieces))
        if is_over:
            self._on_end()


class _Panel:
    """What has come of one panel's answers and is not yet sent; the client's side waits for it."""

    def __init__(self, seats: int) -> None:
        self._running = seats
        self._pieces: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None

    def on_bytes(self, data: bytes) -> None:
        if data:
            self._pieces.append(data)
            self._wake()

    def on_end(self) -> None:
        self._running -= 1
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def next_bytes(self) -> bytes:
        """Return all that waits, or nothing once every answer is over."""
        while not self._pieces and self._running:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data

    async def whole(self) -> bytes:
        while self._running:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return b"".join(self._pieces)


class _App:
    """The floor as an ASGI application."""

    def __init__(self, stub_port: int, certificates: ssl.SSLContext | None) -> None:
        self._stub_port = stub_port
        self._certificates = certificates
        self._idle: list[_Model] = []

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"] == "/healthz":
            await _answer(send, b"", b"text/plain")
            return
        prompt = await _body(receive)
        _, kind, seats, way = scope["path"].split("/", 3)
        request = _request(way.encode(), kind == "stream", prompt)
        panel = _Panel(int(seats))
        models = [self._idle.pop() if self._idle else await self._dial() for _ in range(int(seats))]
        for model in models:
            model.ask(request, panel.on_bytes, panel.on_end)
        await (_stream(send, panel) if kind == "stream" else _whole(send, panel))
        self._idle += models

    async def _dial(self) -> _Model:
        loop = asyncio.get_running_loop()
        _, model = await loop.create_connection(_Model, "127.0.0.1", self._stub_port, ssl=self._certificates)
        return model


async def _body(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        pieces.append(message["body"])
        if not message["more_body"]:
            return b"".join(pieces)


def _request(way: bytes, is_stream: bool, prompt: bytes) -> bytes:
    stream = b"true" if is_stream else b"false"
    body = b'{"model":"stub","stream":%b,"messages":[{"role":"user","content":"%b"}]}' % (stream, prompt)
    return b"POST /%b HTTP/1.1\r\nHost: stub\r\nContent-Length: %d\r\n\r\n%b" % (way, len(body), body)


async def _whole(send: Send, panel: _Panel) -> None:
    await _answer(send, await panel.whole(), b"application/json")


async def _answer(send: Send, body: bytes, kind: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _stream(send: Send, panel: _Panel) -> None:
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while data := await panel.next_bytes():
        await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _serve(port: int, stub_port: int, authority: str = "") -> None:
    certificates = ssl.create_default_context(cafile=authority) if authority else None
    app = _App(stub_port, certificates)
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False, lifespan="off", backlog=4096)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
