"""A server in front of another that hands requests on, and sees each with its answer before the client does.

with relay(server_url, seen.append) as url:
    ... ask url in place of the server ...
"""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "http2-settings", "host"}
_WAIT_S = 60


class Lost(Exception):
    """Raised by who sees an exchange: the client is cut off instead of answered."""


@dataclass(frozen=True)
class Exchange:
    """One request, and the status and header fields of its answer."""

    path: str
    asked: Message
    body: bytes
    status: int
    answered: Message


@contextmanager
def relay(upstream: str, see: Callable[[Exchange], object]) -> Iterator[str]:
    """Yield the address of a relay before `upstream`; `see` gets one exchange at a time, and may raise Lost."""
    place = urlsplit(upstream)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_WAIT_S)
            try:
                connection.request("POST", self.path, body, dict(_end_to_end(self.headers)))
                response = connection.getresponse()
                self._pass_on(body, response, response.read())
            finally:
                connection.close()

        def _pass_on(self, body: bytes, response: http.client.HTTPResponse, raw: bytes) -> None:
            try:
                with lock:
                    see(Exchange(self.path, self.headers, body, response.status, response.headers))
            except Lost:
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in _end_to_end(response.headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _end_to_end(fields: Message) -> Iterator[tuple[str, str]]:
    """Yield the fields that belong to the message and not to one of its connections."""
    return ((name, value) for name, value in fields.items() if name.lower() not in _HOP)
