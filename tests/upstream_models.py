"""A provider of the `openai` dialect with scripted models, as a real HTTP server in a thread.

    with Upstream({"a": [Says("Hel", "lo")], "b": [Fails(401)]}) as upstream:
        with serving(upstream.toml) as url:
            ... ask url for model "a" ...

The n-th call of a model gets its n-th script, the last one again and again; streamed and whole come from one script.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Call:
    """A tool call of the answer; its arguments go out in two pieces."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Says:
    """An answer. `breaks`: a stream is cut after the pieces. `waits`: the answer goes out once this event is set."""

    pieces: tuple[str, ...] = ()
    finish: str = "stop"
    usage: tuple[int, int] | None = (10, 5)
    refusal: str | None = None
    reasoning: str | None = None
    calls: tuple[Call, ...] = ()
    logprobs: Any = None
    breaks: bool = False
    waits: threading.Event | None = None


def says(*pieces: str, **fields: Any) -> Says:
    return Says(pieces, **fields)


@dataclass(frozen=True)
class Fails:
    """An error; Retry-After of 0 lets a transient one be tried again at once."""

    status: int
    code: str | None = None
    message: str = "No."
    headers: Mapping[str, str] = field(default_factory=lambda: {"Retry-After": "0"})


Script = Says | Fails


class Upstream:
    """Serves until its `with` ends; `calls` holds the decoded bodies as they arrived; `asked` tells of each."""

    def __init__(
        self, models: Mapping[str, Sequence[Script]], prices: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        self.models = models
        self.prices = prices or {}
        self.calls: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.asked = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> "Upstream":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def toml(self) -> str:
        """Configuration of an open server with this provider, each model under its own name, and the sandbox."""
        port = self._server.server_address[1]
        lines = ["[server]", 'auth = "open"', "[providers.sandbox]", 'dialect = "sandbox"', "[providers.up]"]
        lines += ['dialect = "openai"', f'base_url = "http://127.0.0.1:{port}/v1"']
        for name in self.models:
            lines += [f'[models."{name}"]', f'deployments = [{{ provider = "up", model = "{name}" }}]']
            if name in self.prices:
                price_in, price_out = self.prices[name]
                lines.append(f'price_per_1m = {{ input = "{price_in}", output = "{price_out}" }}')
        return "\n".join([*lines, ""])

    def of(self, model: str) -> list[dict[str, Any]]:
        """Return the calls of one model."""
        return [call for call in self.calls if call["model"] == model]

    def take(self, body: dict[str, Any]) -> Script:
        with self.asked:
            scripts = self.models[body["model"]]
            earlier = len(self.of(body["model"]))
            self.calls.append(body)
            self.asked.notify_all()
            return scripts[min(earlier, len(scripts) - 1)]


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            upstream.headers.append({name.lower(): value for name, value in self.headers.items()})
            script = upstream.take(body)
            if isinstance(script, Fails):
                error = {"message": script.message, "type": "error", "code": script.code, "param": None}
                self._whole(script.status, {"error": error}, script.headers)
                return
            if script.waits is not None:
                script.waits.wait(10)
            if body["stream"]:
                self._stream(script, body["model"])
            else:
                self._whole(200, _completion(script, body["model"]), {})

        def _whole(self, status: int, body: dict[str, Any], headers: Mapping[str, str]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def _stream(self, script: Says, model: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for chunk in _chunks(script, model):
                self._write(f"data: {json.dumps(chunk)}\n\n")
            if script.breaks:
                self.close_connection = True
                return
            self._write("data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")

        def _write(self, text: str) -> None:
            raw = text.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))
            self.wfile.flush()

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    return Handler


def _usage(script: Says) -> dict[str, int] | None:
    if script.usage is None:
        return None
    given, written = script.usage
    return {"prompt_tokens": given, "completion_tokens": written, "total_tokens": given + written}


def _completion(script: Says, model: str) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(script.pieces) or None,
        "refusal": script.refusal,
    }
    if script.reasoning:
        message["reasoning_content"] = script.reasoning
    if script.calls:
        message["tool_calls"] = [
            {"id": one.call_id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}}
            for one in script.calls
        ]
    choice = {"index": 0, "message": message, "logprobs": script.logprobs, "finish_reason": script.finish}
    return {"id": "up-1", "object": "chat.completion", "model": model, "choices": [choice], "usage": _usage(script)}


def _chunks(script: Says, model: str) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": script.reasoning}] if script.reasoning else []
    deltas += [{"content": piece} for piece in script.pieces]
    deltas += [{"refusal": script.refusal}] if script.refusal else []
    for index, one in enumerate(script.calls):
        middle = len(one.arguments) // 2
        first = {"name": one.name, "arguments": one.arguments[:middle]}
        deltas.append({"tool_calls": [{"index": index, "id": one.call_id, "type": "function", "function": first}]})
        deltas.append({"tool_calls": [{"index": index, "function": {"arguments": one.arguments[middle:]}}]})
    base = {"id": "up-1", "object": "chat.completion.chunk", "model": model}
    chunks = [{**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    if script.breaks:
        return chunks
    end = {"index": 0, "delta": {}, "logprobs": script.logprobs, "finish_reason": script.finish}
    return [*chunks, {**base, "choices": [end]}, {**base, "choices": [], "usage": _usage(script)}]
