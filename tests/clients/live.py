"""One live server for the conformance tests: keys on, the sandbox models, upstreams that fail, hang or are not there.

with live_server() as live:
    key = live.new_key("limited", rpm=1)
    live.events(key)
"""

import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from clients.languages import LANGUAGES
from clients.wire import in_a_thread
from serving import ADMIN_KEY, Got, post, send, serving
from upstream_models import Fails, Script, Upstream, says
from wire_server import HANG, WireServer, sse_reply

MOST_BODY_BYTES = 300_000
_WAIT_S = 20.0
_POLL_S = 0.02
_ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
_FIRST = {"id": "up-1", "object": "chat.completion.chunk", "model": "hangs"}
_CHUNK = {**_FIRST, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "One"}, "finish_reason": None}]}

SCRIPTS: dict[str, list[Script]] = {
    "refused-request": [Fails(400, message="No such thing.")],
    "denied": [Fails(401)],
    "limited": [Fails(429)],
    "too-long": [Fails(400, code="context_length_exceeded")],
    "filtered": [Fails(400, code="content_filter")],
}
# Models of each language's own: five such failures within 30 s, and the breaker would speak in the model's place.
SCRIPTS |= {f"down-{language}": [Fails(500)] for language in LANGUAGES}
SCRIPTS |= {f"breaks-{language}": [says("Half an ans", breaks=True)] for language in LANGUAGES}


@dataclass
class Live:
    """The running server. `hanging` is the upstream of model `hangs`: it says one word and then nothing."""

    url: str
    upstream: Upstream
    hanging: WireServer
    _ids: dict[str, str] = field(default_factory=dict)
    _names: Iterator[int] = field(default_factory=itertools.count)

    @property
    def admin_key(self) -> str:
        return ADMIN_KEY

    def new_key(self, **fields: Any) -> str:
        """Make a key over HTTP and return it."""
        made = self.admin("POST", "/v1/keys", {"name": f"key {next(self._names)}", **fields})
        assert made.status == 201, made.body
        self._ids[made.json["key"]] = made.json["id"]
        return str(made.json["key"])

    def key_id(self, key: str) -> str:
        return self._ids[key]

    def admin(self, method: str, path: str, body: Any = None) -> Got:
        return send(self.url, method, path, body, _ADMIN)

    def plain(self, key: str, method: str, path: str, body: Any = None) -> Any:
        """Ask without any library, for what a library's answer is compared with."""
        got = send(self.url, method, path, body, {"Authorization": f"Bearer {key}"})
        assert got.status < 300, got.body
        return got.json

    def events(self, key: str) -> list[dict[str, Any]]:
        """The usage events of a key, newest first."""
        found = post(self.url, "/v1/usage/events", {"key_id": self.key_id(key), "limit": 200}, _ADMIN)
        assert found.status == 200, found.body
        rows: list[dict[str, Any]] = found.json["events"]
        return rows


def eventually(look: Callable[[], Any], wanted: Any) -> None:
    """Wait until `look` gives what is wanted."""
    deadline = time.monotonic() + _WAIT_S
    while (found := look()) != wanted:
        assert time.monotonic() < deadline, f"still {found!r} after {_WAIT_S:g} s; wanted {wanted!r}"
        time.sleep(_POLL_S)


def closed_port() -> int:
    """A port of the loopback address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def live_server() -> Iterator[Live]:
    """Run the server and its upstreams until the block ends."""
    hanging = WireServer(sse_reply(f"data: {json.dumps(_CHUNK)}\n\n".encode(), HANG))
    with (
        Upstream(SCRIPTS, dict.fromkeys(SCRIPTS, ("1", "2"))) as upstream,
        in_a_thread(hanging),
        serving(_toml(upstream, hanging)) as url,
    ):
        yield Live(url, upstream, hanging)


def _toml(upstream: Upstream, hanging: WireServer) -> str:
    keyed = upstream.toml.replace('auth = "open"', f'auth = "keys"\nmax_body_bytes = {MOST_BODY_BYTES}')
    lines = [keyed]
    for name, url in (("hangs", hanging.url), ("absent", f"http://127.0.0.1:{closed_port()}")):
        lines += [f"[providers.{name}]", 'dialect = "openai"', f'base_url = "{url}/v1"']
        lines += [f'[models."{name}"]', f'deployments = [{{ provider = "{name}", model = "{name}" }}]']
        lines += ['price_per_1m = { input = "1", output = "2" }']
    return "\n".join([*lines, ""])
