"""A real HTTP/1.1 server on loopback that plays scripted bytes exactly, and writes down what it was asked.

    async with WireServer(json_reply({"ok": True}), sse_reply(b"data: 1\n\n", Pause(0.01), CUT)) as server:
        ... POST to server.url ...

Replies are played in the order of the requests, the last one again and again.
"""

import asyncio
import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in; `connection` counts the connections from 0. Header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next write."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """Reset the connection here."""


CUT = Cut()
HANG = Pause(3600)
# The turns of the event loop after which a connection that was accepted has a writer.
_TURNS_TO_ACCEPT = 3

Step = bytes | Pause | Cut | asyncio.Event


@dataclass(frozen=True, slots=True)
class Reply:
    """Steps played after a request: bytes are written as they stand, an event is waited for."""

    steps: tuple[Step, ...]
    closes: bool = False


def head(status: int, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode()


def body_reply(body: bytes, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Reply:
    """A reply with a length; `headers` must name the content type."""
    return Reply((head(status, [*headers, ("Content-Length", str(len(body)))]) + body,))


def json_reply(value: object, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Reply:
    return body_reply(json.dumps(value).encode(), status, [("Content-Type", "application/json"), *headers])


def sse_reply(*steps: Step, content_type: str = "text/event-stream", headers: Sequence[tuple[str, str]] = ()) -> Reply:
    """A chunked stream, one chunk and one write for each bytes step; it ends properly unless it is cut."""
    first = head(200, [("Content-Type", content_type), ("Transfer-Encoding", "chunked"), *headers])
    chunks = [b"%x\r\n%s\r\n" % (len(step), step) if isinstance(step, bytes) else step for step in steps]
    return Reply((first, *chunks, b"0\r\n\r\n"))


class WireServer:
    """Serves until its `async with` ends.

    `asked` is set by the first request, `gone` when a client leaves in the middle of a reply.
    """

    def __init__(self, *replies: Reply, tls: ssl.SSLContext | None = None) -> None:
        self.replies = replies
        self.tls = tls
        self.requests: list[Request] = []
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()
        self.connections = 0
        self.open_connections = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._handlers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "WireServer":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls, limit=2**24)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        # A connection that is being accepted while the server closes is neither refused nor closed by asyncio.
        for listening in self._server.sockets:
            asyncio.get_running_loop().remove_reader(listening)
        for _ in range(_TURNS_TO_ACCEPT):
            await asyncio.sleep(0)
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._handlers)
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{port}"

    def reply_to(self, request: Request) -> Reply:
        """Return what the newest of `requests` is answered with."""
        return self.replies[min(len(self.requests), len(self.replies)) - 1]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._handlers.append(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = self.connections
        self.connections += 1
        self.open_connections += 1
        try:
            while (request := await _read_request(reader, connection)) is not None:
                self.requests.append(request)
                self.asked.set()
                reply = self.reply_to(request)
                if not await self._play_watched(reply, reader, writer) or reply.closes:
                    return
        except ConnectionError:
            self.gone.set()
        finally:
            self.open_connections -= 1
            writer.close()

    async def _play_watched(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Play `reply`; False if the client left before its end."""
        play = asyncio.ensure_future(_play(reply, writer))
        watch = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({play, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not play.done():
                self.gone.set()
                return False
            return play.result()
        finally:
            for task in (play, watch):
                task.cancel()
            await asyncio.gather(play, watch, return_exceptions=True)


async def _play(reply: Reply, writer: asyncio.StreamWriter) -> bool:
    for step in reply.steps:
        match step:
            case bytes():
                writer.write(step)
                await writer.drain()
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Cut():
                writer.transport.abort()
                return False
            case asyncio.Event():
                await step.wait()
    return True


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Request | None:
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = text.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body, connection)
