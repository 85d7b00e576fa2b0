"""Parley as the server under test, everything on: a key with limits and caps, ledger, traces, metrics."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import ROOT, bare_environment, free_port
from bench.target import Launch, send
from bench.work import Request, Upstream, Work

_ADMIN_KEY = "benchmark-admin-key-of-more-than-32-characters"
_MODELS = 33
"""32 seats and a summary model."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How a server is set up. An empty `store_url` is SQLite in the server's folder; `ca_file` means TLS upstreams."""

    upstreams: tuple[Upstream, ...]
    stub_port: int
    store_url: str = ""
    limiter_url: str = "memory://"
    workers: int = 1
    ca_file: str = ""


@dataclass(slots=True)
class Parley:
    """A checkout of Parley; two of them can be measured against each other in one run."""

    setup: Setup
    source: Path = ROOT
    name: str = "parley"
    _key: str = field(default="", init=False)

    def launch(self, folder: Path) -> Launch:
        config = folder / "parley.toml"
        config.write_text(_toml(self.setup, folder))
        port = free_port()
        command = [sys.executable, "-m", "parley", "serve", "--config", str(config), "--port", str(port), "--json"]
        environment = bare_environment(PYTHONPATH=str(self.source / "src"), PARLEY_ADMIN_KEY=_ADMIN_KEY)
        return Launch(command, folder, environment, port)

    def introduce(self, port: int) -> None:
        """Make the caller's key, with every kind of limit, each too wide to be reached."""
        wide = {"rpm": 10_000_000, "rpd": 1_000_000_000, "spend_cap_usd": "1000000", "spend_cap_month_usd": "1000000"}
        body = json.dumps({"name": "bench", "models": ["bench/*"], **wide}).encode()
        status, said = send(port, Request("/v1/keys", body, (f"Authorization: Bearer {_ADMIN_KEY}",)))
        if status != 201:
            raise SystemExit(f"POST /v1/keys was answered with {status}: {said.decode()}")
        self._key = json.loads(said)["key"]

    def request(self, work: Work) -> Request:
        headers = (f"Authorization: Bearer {self._key}",)
        names = [_model(work.upstream, number) for number in range(work.seats)]
        if work.is_chat:
            messages = [{"role": "user", "content": work.prompt}]
            body = {"model": names[0], "messages": messages, "stream": work.is_stream}
            return Request("/v1/chat/completions", json.dumps(body).encode(), headers)
        body = {
            "input": work.prompt,
            "models": names,
            "resolution": "summary" if work.has_summary else "fast",
            "stream": work.is_stream,
        }
        if work.has_summary:
            body["summary_model"] = _model(work.upstream, _MODELS - 1)
        return Request("/v3/roundtable", json.dumps(body).encode(), headers)


def _model(upstream: Upstream, number: int) -> str:
    return f"bench/{upstream.label}-{number}"


def _toml(setup: Setup, folder: Path) -> str:
    parts = [
        f"[server]\nworkers = {setup.workers}",
        f'[store]\nurl = "{setup.store_url or f"sqlite:///{folder}/parley.db"}"',
        f'[limiter]\nurl = "{setup.limiter_url}"',
        *(_provider(setup, upstream) for upstream in setup.upstreams),
    ]
    return "\n".join(parts) + "\n"


def _provider(setup: Setup, upstream: Upstream) -> str:
    scheme = "https" if setup.ca_file else "http"
    rows = [f'[providers.{upstream.label}]\ndialect = "openai"']
    rows.append(f'base_url = "{scheme}://127.0.0.1:{setup.stub_port}{upstream.path}"')
    if setup.ca_file:
        rows.append(f'ca_file = "{setup.ca_file}"')
    for number in range(_MODELS):
        rows.append(f'[models."{_model(upstream, number)}"]')
        rows.append(f'deployments = [{{ provider = "{upstream.label}", model = "stub-model-{number}" }}]')
        rows.append('price_per_1m = { input = "0.25", output = "2.00", cache_read = "0.025" }')
    return "\n".join(rows)
