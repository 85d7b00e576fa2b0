"""The command line's way to a server: JSON over HTTP/1.1, and event streams. Knows no fields but the error envelope.

Every failure is a CommandFault: what the server refuses is wrong usage, what it can't do or say is unreachable.
"""

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from parley.cli.advice import next_step
from parley.cli.fault import CommandFault, ExitCode, misused
from parley.domain.json import JsonObject, JsonValue

_CONNECT_S = 10
# Two times the longest timeout_ms, seats and consolidation, and some air.
_ANSWER_S = 660
# A stream is never silent for longer than its keep-alive comments, every 15 s.
_SILENCE_S = 60
_READ_BYTES = 65_536
_DONE = b"[DONE]"
_NETWORK_FAULTS = (OSError, http.client.HTTPException)

HangUp = Callable[[], None]


class Client:
    """One server. Each call has a connection of its own, which ends with it: leaving a stream cancels its run."""

    def __init__(self, url: str, key: str | None = None, patience_s: float | None = None) -> None:
        """Take the server's address up to its root; raises CommandFault for one that can't be a server's.

        `patience_s` is the longest to wait for the connection or for an answer, where that is to be short.
        """
        self._patience_s = patience_s
        self.url = url.rstrip("/")
        self._parts = _split(self.url)
        self._headers = {"Accept": "application/json", "User-Agent": "parley-cli"}
        if key:
            if not key.isascii() or not key.isprintable():
                raise misused("PARLEY_API_KEY holds a character that no header can carry; set it anew.")
            self._headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str) -> JsonValue:
        """Return the JSON that stands at `path`."""
        with self._request("GET", path, None, _SILENCE_S) as response:
            return self._read_json(response)

    def post(self, path: str, body: JsonObject) -> JsonObject:
        """Return the answer to `body`, a JSON object."""
        with self._request("POST", path, body, _ANSWER_S) as response:
            return self._read_object(response)

    def delete(self, path: str) -> JsonObject:
        """Delete what stands at `path` and return what the server says of it."""
        with self._request("DELETE", path, None, _SILENCE_S) as response:
            return self._read_object(response)

    @contextmanager
    def stream(self, path: str, body: JsonObject) -> Iterator[Iterator[JsonObject]]:
        """Ask with `body`; the block reads the events up to `[DONE]`. Leaving it early cancels the run."""
        with self._request("POST", path, body, _SILENCE_S) as response:
            yield self._read_events(response)

    @contextmanager
    def exchange(
        self, path: str, raw: bytes, headers: Mapping[str, str], meet: Callable[[HangUp], None]
    ) -> Iterator[http.client.HTTPResponse]:
        """Yield the response to `raw`, whatever its status: for a protocol that has errors of its own.

        `meet` is given, before anything is sent, what ends the connection from any thread. Raises CommandFault.
        """
        with closing(self._connection()) as connection:
            try:
                connection.connect()
                line = cast(socket.socket, connection.sock)
                line.settimeout(_SILENCE_S)
                meet(lambda: _hang_up(line))
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.request("POST", self._parts.path + path, raw, {**self._headers, **headers})
                response = connection.getresponse()
            except _NETWORK_FAULTS as error:
                raise self._unreachable(error) from error
            yield response

    @contextmanager
    def _request(
        self, method: str, path: str, body: JsonObject | None, silence_s: float
    ) -> Iterator[http.client.HTTPResponse]:
        """Yield a response with status 2xx; its network faults become CommandFaults."""
        with closing(self._connection()) as connection:
            try:
                connection.connect()
                cast(socket.socket, connection.sock).settimeout(self._patience_s or silence_s)
                headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
                raw = None if body is None else json.dumps(body).encode("ascii")
                # A server that refuses a body may have answered before it has read all of it.
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.request(method, self._parts.path + path, raw, headers)
                response = connection.getresponse()
                if response.status >= 300:
                    raise self._refused(response.status, path, response.read())
            except _NETWORK_FAULTS as error:
                raise self._unreachable(error) from error
            yield response

    def _connection(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        return kind(self._parts.hostname, self._parts.port, timeout=self._patience_s or _CONNECT_S)

    def _read_json(self, response: http.client.HTTPResponse) -> JsonValue:
        try:
            return cast(JsonValue, json.loads(response.read()))
        except _NETWORK_FAULTS as error:
            raise self._unreachable(error) from error
        except ValueError as error:
            raise self._strange(response.status) from error

    def _read_object(self, response: http.client.HTTPResponse) -> JsonObject:
        answer = self._read_json(response)
        if not isinstance(answer, dict):
            raise self._strange(response.status)
        return answer

    def _read_events(self, response: http.client.HTTPResponse) -> Iterator[JsonObject]:
        if not (response.getheader("Content-Type") or "").startswith("text/event-stream"):
            raise self._strange(response.status)
        for line in self._read_lines(response):
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == _DONE:
                return
            try:
                event = json.loads(data)
            except ValueError as error:
                raise self._strange(response.status) from error
            if isinstance(event, dict):
                yield event
        raise self._cut_off()

    def _read_lines(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        """Yield whole lines as they arrive; one without its end, before a broken end, is dropped."""
        rest = b""
        try:
            while chunk := response.read1(_READ_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from lines
        except _NETWORK_FAULTS as error:
            raise self._cut_off() from error

    def _refused(self, status: int, path: str, raw: bytes) -> CommandFault:
        envelope = _envelope(raw)
        if envelope is None:
            return self._strange(status)
        error = cast(JsonObject, envelope["error"])
        message, code = str(error.get("message")), str(error.get("code"))
        if code == "all_models_failed":
            exit_code = ExitCode.ALL_FAILED
        else:
            exit_code = ExitCode.USAGE if status < 500 else ExitCode.UNREACHABLE
        step = next_step(status, path, self.url, envelope)
        message = f"{message} {step}".strip()
        return CommandFault(exit_code, code, message, envelope)

    def _unreachable(self, error: Exception) -> CommandFault:
        reason = "it did not answer in time" if isinstance(error, TimeoutError) else _reason(error)
        message = f"Cannot reach {self.url}: {reason}. Is a server running there? `parley serve` starts one."
        return CommandFault(ExitCode.UNREACHABLE, "unreachable", message)

    def _cut_off(self) -> CommandFault:
        message = f"{self.url} broke off its stream before it was done; ask again."
        return CommandFault(ExitCode.UNREACHABLE, "stream_broken", message)

    def _strange(self, status: int) -> CommandFault:
        message = f"{self.url} answered with status {status} in a form that Parley's servers do not use; check --url."
        return CommandFault(ExitCode.UNREACHABLE, "not_a_parley_server", message)


@dataclass(frozen=True, slots=True)
class _Parts:
    """A server's address, taken apart."""

    scheme: str
    hostname: str
    port: int | None
    path: str


def _hang_up(line: socket.socket) -> None:
    """End a connection, also one whose reader waits in another thread; one that has ended stays so."""
    with suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)  # not TLS's own, which would wait for the other side


def _split(url: str) -> _Parts:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise misused(f"--url is {url!r}: {error}.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise misused(f"--url is {url!r}; it is a server's address, such as http://127.0.0.1:8080.")
    return _Parts(parts.scheme, parts.hostname, port, parts.path)


def _reason(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return said or str(error) or type(error).__name__


def _envelope(raw: bytes) -> JsonObject | None:
    """Return the error envelope in `raw`, None if it holds none."""
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    is_envelope = isinstance(value, dict) and isinstance(value.get("error"), dict) and "code" in value["error"]
    return cast(JsonObject, value) if is_envelope else None
