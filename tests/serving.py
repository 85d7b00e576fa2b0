"""A real server on a free loopback port, for tests that speak HTTP to it."""

import http.client
import json
import logging
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from parley.app import Fittings
from parley.config import load_config
from parley.domain.settings import Patience
from parley.server import local_server

ADMIN_KEY = "test-key-of-at-least-thirty-two-characters"
OPEN = '[server]\nauth = "open"\n'


@contextmanager
def serving(toml: str = OPEN, env: Mapping[str, str] | None = None, patience: Patience | None = None) -> Iterator[str]:
    """Run a server with this configuration and the sandbox at full speed; yields its URL."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "parley.toml"
        config.write_text(toml + ("" if "[providers" in toml else "\n[providers.sandbox]\ndialect = 'sandbox'\n"))
        store = f"sqlite:///{folder}/parley.db"
        given = {"SANDBOX_TPS": "0", "PARLEY_ADMIN_KEY": ADMIN_KEY, "PARLEY_STORE_URL": store, **(env or {})}
        fittings = Fittings(patience=patience or Patience(), log_level=logging.ERROR)
        with local_server(load_config(config, given), fittings) as url:
            yield url


@dataclass(frozen=True)
class Got:
    """A whole response; header names are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]

    @property
    def events(self) -> list[Any]:
        """The data of a stream's events, [DONE] as it stands."""
        lines = self.body.decode().split("\n")
        found = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
        return [line if line == "[DONE]" else json.loads(line) for line in found]


def send(
    url: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, timeout_s: float = 20
) -> Got:
    """Send one request; `body` is encoded as JSON unless it is bytes."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=timeout_s)
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    named = {"Content-Type": "application/json", **(headers or {})} if raw is not None else dict(headers or {})
    try:
        connection.request(method, path, raw, named)
        response = connection.getresponse()
        return Got(response.status, {key.lower(): value for key, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def post(url: str, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Got:
    return send(url, "POST", path, body, headers)


def get(url: str, path: str, headers: Mapping[str, str] | None = None) -> Got:
    return send(url, "GET", path, None, headers)


def outcomes(url: str) -> dict[str, str]:
    """Return how each model's last call ended, as the ledger has it."""
    got = post(url, "/v1/usage/events", {}, {"Authorization": f"Bearer {ADMIN_KEY}"})
    return {event["model"]: event["outcome"] for event in reversed(got.json["events"])}


def connect(url: str) -> socket.socket:
    """Open a bare connection, for requests that no client library would send."""
    place = urlsplit(url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=20)
