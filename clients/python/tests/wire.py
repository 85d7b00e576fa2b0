"""A real HTTP server on 127.0.0.1 that plays scripted bytes and writes down what it was asked.

    with WireServer(json_reply(200, {...}), stream_reply(b"data: ...", HOLD)) as server:
        ... call server.url ...

Replies are played in the order of the requests, the last one again and again.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came; header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Hold:
    """Say nothing more until the client is gone."""


class Cut:
    """Reset the connection."""


HOLD, CUT = Hold(), Cut()
Reply = tuple[bytes | Hold | Cut, ...]


def reply(status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> Reply:
    named = {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})}
    return (_head(status, named) + body,)


def json_reply(status: int, value: object, headers: Mapping[str, str] | None = None) -> Reply:
    return reply(status, json.dumps(value).encode(), "application/json", headers)


def stream_reply(*steps: bytes | Hold | Cut) -> Reply:
    """A chunked stream, each piece of bytes in a chunk of its own; it ends properly unless it is held or cut."""
    named = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked", "X-Request-Id": "req_stream"}
    chunks = [b"%x\r\n%s\r\n" % (len(step), step) if isinstance(step, bytes) else step for step in steps]
    return (_head(200, named), *chunks, b"0\r\n\r\n")


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class WireServer:
    """Serves until its `with` ends. `gone` is set when a client leaves while the server holds."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = replies
        self.asked: list[Asked] = []
        self.gone = threading.Event()
        self.holding = threading.Event()
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> WireServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._spawn(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            _shut(connection)
        for thread in self._threads:
            thread.join(10)

    def _spawn(self, target: Any, *args: Any) -> None:
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as incoming:
            try:
                while (asked := _read_request(incoming)) is not None:
                    with self._lock:
                        self.asked.append(asked)
                        steps = self.replies[min(len(self.asked), len(self.replies)) - 1]
                    for step in steps:
                        if not self._play(step, connection):
                            return
            except OSError:
                self.gone.set()

    def _play(self, step: bytes | Hold | Cut, connection: socket.socket) -> bool:
        """Play one step; False if the connection ended with it."""
        if isinstance(step, bytes):
            connection.sendall(step)
            return True
        if isinstance(step, Hold):
            self.holding.set()
            if connection.recv(1) == b"":
                self.gone.set()
            return False
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


def _read_request(incoming: Any) -> Asked | None:
    first = incoming.readline().decode()
    if not first:
        return None
    method, path, _ = first.split(" ")
    headers: dict[str, str] = {}
    while line := incoming.readline().decode().strip():
        name, _, text = line.partition(":")
        headers[name.lower()] = text.strip()
    return Asked(method, path, headers, incoming.read(int(headers.get("content-length", 0))))


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
