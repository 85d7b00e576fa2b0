"""A server in front of another that keeps what it was asked and hands it on, answers and all.

with recording(url) as recorder:
    ... ask recorder.url ...
    recorder.taken()
"""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_KEPT = ("content-type", "authorization", "idempotency-key")
_WAIT_S = 60


@dataclass(frozen=True)
class Asked:
    """One request and the status of its answer."""

    path: str
    authorization: str
    body: bytes
    status: int


@dataclass
class Recorder:
    """`url` is to be asked in place of the server behind it."""

    url: str
    _asked: list[Asked] = field(default_factory=list)

    def add(self, asked: Asked) -> None:
        self._asked.append(asked)

    def taken(self) -> list[Asked]:
        """Return the requests since the last time, in their order."""
        taken, self._asked = self._asked, []
        return taken


@contextmanager
def recording(upstream: str) -> Iterator[Recorder]:
    """Run a recorder until the block ends."""
    place = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_WAIT_S)
            try:
                headers = {name: value for name, value in self.headers.items() if name.lower() in _KEPT}
                connection.request("POST", self.path, body, headers)
                response = connection.getresponse()
                raw = response.read()
            finally:
                connection.close()
            recorder.add(Asked(self.path, self.headers.get("authorization", ""), body, response.status))
            self.send_response(response.status)
            self.send_header("Content-Type", response.getheader("Content-Type", ""))
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        recorder = Recorder(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()
