"""A TCP proxy that loses answers: it hands a request on, reads the whole answer, and cuts the client off.

with losing_proxy(live.url, answers=1) as proxy:
    ... call proxy.url: the first answer is lost, the next ones pass ...
"""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "http2-settings", "host"}


@dataclass
class Proxy:
    """`answers` are those that the server gave, lost ones too: status and whether it was a replay."""

    url: str
    answers: list[tuple[int, bool]] = field(default_factory=list)


@contextmanager
def losing_proxy(upstream: str, answers: int) -> Iterator[Proxy]:
    """Run a proxy in front of `upstream` that loses the first so many answers."""
    place = urlsplit(upstream)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
            try:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
                connection.request("POST", self.path, body, headers)
                response = connection.getresponse()
                self._pass_on(response, response.read())
            finally:
                connection.close()

        def _pass_on(self, response: http.client.HTTPResponse, raw: bytes) -> None:
            with lock:
                proxy.answers.append((response.status, response.getheader("Idempotent-Replayed") == "true"))
                is_lost = len(proxy.answers) <= answers
            if is_lost:
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
