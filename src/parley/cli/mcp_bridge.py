"""Lines of MCP on one side, a server's `/mcp` on the other: each message is a POST, each answer a line.

It knows of the protocol what HTTP wants in headers, and which call a cancellation names: that one's connection is
closed, which cancels it at the server. Whatever goes wrong on the way is an error under the id of its request.
"""

import base64
import http.client
import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias, cast

from parley.cli.client import Client, HangUp
from parley.cli.fault import CommandFault
from parley.domain.json import JsonObject, JsonValue

_PATH = "/mcp"
_READ_BYTES = 65_536
_MOST_CALLS = 256
_LAST_WORDS_S = 5
_INVALID_REQUEST = -32600
_INTERNAL_ERROR = -32603
_VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
_HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
_BROKEN = (OSError, http.client.HTTPException, ValueError)

CallId: TypeAlias = tuple[type, str | int]


@dataclass(slots=True)
class _Call:
    """A request under way. `is_of_tool`: it asks models and costs money."""

    is_of_tool: bool = False
    hang_up: HangUp | None = None
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True
        if self.hang_up is not None:
            self.hang_up()

    def met(self, hang_up: HangUp) -> None:
        """Take what ends the connection; one that was cancelled while it was made ends at once."""
        self.hang_up = hang_up
        if self.is_cancelled:
            hang_up()


class Bridge:
    """One client on our side. Requests run in threads of their own, so that none waits for another."""

    def __init__(self, client: Client, out: BinaryIO) -> None:
        self._client = client
        self._out = out
        self._lock = threading.Lock()
        self._calls: dict[CallId, _Call] = {}
        self._threads: set[threading.Thread] = set()
        self._opened: dict[str, str] = {}
        self._is_closed = False
        self.is_unread = False
        """Whether nobody reads our answers any more."""

    def take(self, line: bytes) -> None:
        """Pass a message on; its answer follows when it is there."""
        if not line.strip():
            return
        message = _read(line)
        call_id = _id_of(message) if "method" in message else None
        method = message.get("method")
        if method == "notifications/cancelled" and self._cancel(message):
            return
        if method == "initialize" and call_id is not None:
            self._open(line, call_id)  # what follows needs what it says
            return
        call = _Call(method == "tools/call")
        if len(self._threads) >= _MOST_CALLS:
            if call_id is not None:
                self._fail(call_id, f"{_MOST_CALLS} calls run already; wait for one to end.", _INVALID_REQUEST)
            else:
                self._run(line, message, None, call)
            return
        if call_id is not None:
            self._calls[call_id] = call
        thread = threading.Thread(target=self._run, args=(line, message, call_id, call), daemon=True)
        self._threads.add(thread)
        thread.start()

    def refuse(self, why: str) -> None:
        """Answer to what could not be read as a message."""
        self._fail(None, why, _INVALID_REQUEST)

    def finish(self) -> None:
        """Cancel tools, as their client has left, and wait for what costs nothing: whoever pipes wants its answer."""
        for call in list(self._calls.values()):
            if call.is_of_tool:
                call.cancel()
        ends = time.monotonic() + _LAST_WORDS_S
        for thread in list(self._threads):
            thread.join(max(0.0, ends - time.monotonic()))

    def close(self) -> None:
        """Cancel what runs: nobody waits for it any more."""
        with self._lock:
            self._is_closed = True
        for call in list(self._calls.values()):
            call.cancel()
        for thread in list(self._threads):
            thread.join(_LAST_WORDS_S)

    def _cancel(self, note: JsonObject) -> bool:
        """Cancel the call that `note` names; False if none of ours is."""
        params = note.get("params")
        rpc_id = params.get("requestId") if isinstance(params, dict) else None
        call = self._calls.get((type(rpc_id), rpc_id)) if isinstance(rpc_id, str | int) else None
        if call is None:
            return False
        call.cancel()
        return True

    def _open(self, line: bytes, call_id: CallId) -> None:
        """Begin as clients before 2026-07-28 do; what was agreed goes into the headers of what follows."""
        try:
            with self._client.exchange(_PATH, line, _HEADERS, lambda _hang_up: None) as response:
                raw = response.read()
                self._answer(call_id, response.status, raw)
                session = response.getheader("Mcp-Session-Id")
        except CommandFault as fault:
            self._fail(call_id, fault.message)
            return
        except _BROKEN as error:
            self._fail(call_id, self._cut_off(error))
            return
        result = _read(raw).get("result")
        version = result.get("protocolVersion") if isinstance(result, dict) else None
        agreed = {"MCP-Protocol-Version": version, "Mcp-Session-Id": session}
        self._opened = {name: value for name, value in agreed.items() if isinstance(value, str)}

    def _run(self, line: bytes, message: JsonObject, call_id: CallId | None, call: _Call) -> None:
        why = None
        try:
            with self._client.exchange(_PATH, line, self._headers(message), call.met) as response:
                is_answered = self._relay(response, call_id, call)
                why = None if is_answered or call_id is None else self._cut_off(None)
        except CommandFault as fault:
            why = fault.message
        except _BROKEN as error:
            why = self._cut_off(error)
        finally:
            if call_id is not None and self._calls.get(call_id) is call:
                del self._calls[call_id]
            self._threads.discard(threading.current_thread())
        if why is None or call.is_cancelled:
            return
        if call_id is None and "method" in message:
            print(f"parley mcp: {why}", file=sys.stderr)  # a notification has no answer
        else:
            self._fail(call_id, why)

    def _relay(self, response: http.client.HTTPResponse, call_id: CallId | None, call: _Call) -> bool:
        """Write what the server answers; says whether the answer itself was there."""
        if not (response.getheader("Content-Type") or "").startswith("text/event-stream"):
            raw = response.read()
            if not call.is_cancelled and raw:
                self._answer(call_id, response.status, raw)
            return bool(raw)
        is_answered = False
        for data in _events(response):
            if call.is_cancelled:
                return True
            is_answered = is_answered or "method" not in _read(data)
            self._write(data)
        return is_answered

    def _answer(self, call_id: CallId | None, status: int, raw: bytes) -> None:
        if status < 400:
            self._write(raw)
            return
        told = _read(raw)
        error = told.get("error")
        if not isinstance(error, dict) or not isinstance(error.get("code"), int):
            said = f": {error['message']}" if isinstance(error, dict) and "message" in error else ""
            self._fail(call_id, f"{self._client.url}{_PATH} answered with status {status}{said or self._doubt()}")
            return
        if status == 401:
            error["message"] = f"{error.get('message')} Set PARLEY_API_KEY to a key of {self._client.url}."
        if call_id is not None and told.get("id") is None:
            told["id"] = call_id[1]  # it was refused before its id was read
        self._write(json.dumps(told).encode())

    def _headers(self, message: JsonObject) -> Mapping[str, str]:
        """Return the headers that repeat what stands in a message, as its version of the protocol wants."""
        params = message.get("params")
        meta = params.get("_meta") if isinstance(params, dict) else None
        version = meta.get(_VERSION_KEY) if isinstance(meta, dict) else None
        if not isinstance(version, str) or not isinstance(params, dict):
            return {**_HEADERS, **self._opened}
        headers = {"MCP-Protocol-Version": _carried(version), "Mcp-Method": _carried(str(message.get("method")))}
        name = params.get("name")
        return {**_HEADERS, **headers, **({"Mcp-Name": _carried(name)} if isinstance(name, str) else {})}

    def _fail(self, call_id: CallId | None, why: str, code: int = _INTERNAL_ERROR) -> None:
        error: JsonObject = {"code": code, "message": why}
        told: JsonObject = {"jsonrpc": "2.0", "id": None if call_id is None else call_id[1], "error": error}
        self._write(json.dumps(told).encode())

    def _write(self, message: bytes) -> None:
        """Write one line: a line end within JSON is but a blank."""
        line = message.replace(b"\r", b" ").replace(b"\n", b" ").strip()
        with self._lock:
            if self._is_closed:
                return
            try:
                self._out.write(line + b"\n")
                self._out.flush()
            except (OSError, ValueError):
                self._is_closed = self.is_unread = True  # standard input ends as well, and with it this command

    def _cut_off(self, error: Exception | None) -> str:
        reason = "" if error is None else f" ({error})"
        return f"{self._client.url} broke off its answer{reason}; call again."

    def _doubt(self) -> str:
        return "; is it a Parley server, of a version that has MCP? Check --url or PARLEY_URL."


def _events(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield the data of each event as it comes; one without its end is dropped."""
    rest = b""
    while chunk := response.read1(_READ_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line[5:].strip() for line in lines if line.startswith(b"data:"))


def _read(line: bytes) -> JsonObject:
    """Return a message, empty for what is none or several: the server says what is wrong with it."""
    try:
        value: JsonValue = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _id_of(message: JsonObject) -> CallId | None:
    rpc_id = message.get("id")
    is_one = isinstance(rpc_id, str | int) and not isinstance(rpc_id, bool)
    return (type(rpc_id), cast(str | int, rpc_id)) if is_one else None


def _carried(value: str) -> str:
    """Return `value` as a header carries it: in base64 where it is not plain ASCII."""
    if value.isascii() and value.isprintable() and value == value.strip() and not value.startswith("=?base64?"):
        return value
    return f"=?base64?{base64.b64encode(value.encode('utf-8', 'replace')).decode()}?="
