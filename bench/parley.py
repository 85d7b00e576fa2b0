"""Parley as the server under test, everything on: a key with limits and caps, ledger, traces, metrics."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.environments import ENVIRONMENTS, make_python, size_mb
from bench.machine import ROOT, bare_environment, free_port
from bench.target import Launch, send
from bench.work import Request, Upstream, Work

_ADMIN_KEY = "benchmark-admin-key-of-more-than-32-characters"
_MODELS = 33
"""32 seats and a summary model."""

ADMIN = (f"Authorization: Bearer {_ADMIN_KEY}",)


@dataclass(frozen=True, slots=True)
class Setup:
    """How a server is set up. An empty `store_url` is SQLite in the server's folder; `ca_file` means TLS."""

    upstreams: tuple[Upstream, ...]
    stub_port: int
    store_url: str = ""
    limiter_url: str = "memory://"
    workers: int = 1
    ca_file: str = ""

    def base_url(self, upstream: Upstream) -> str:
        return f"http{'s' if self.ca_file else ''}://127.0.0.1:{self.stub_port}{upstream.path}"


@dataclass(frozen=True, slots=True)
class Parley:
    """A checkout of Parley; two of them can be measured against each other in one run."""

    setup: Setup
    source: Path = ROOT
    name: str = "parley"
    first_key: str = _ADMIN_KEY

    def launch(self, folder: Path) -> Launch:
        config = folder / "parley.toml"
        config.write_text(_toml(self.setup, folder))
        port = free_port()
        command = [sys.executable, "-m", "parley", "serve", "--config", str(config), "--port", str(port), "--json"]
        environment = bare_environment(PYTHONPATH=str(self.source / "src"), PARLEY_ADMIN_KEY=_ADMIN_KEY)
        return Launch(command, folder, environment, port)

    def introduce(self, port: int) -> str:
        """Make the caller's key, with every kind of limit, each too wide to be reached."""
        wide = {"rpm": 10_000_000, "rpd": 1_000_000_000, "spend_cap_usd": "1000000", "spend_cap_month_usd": "1000000"}
        body = {"name": f"bench-{port}", "models": ["bench/*"], **wide}
        request = Request("/v1/keys", json.dumps(body).encode(), ADMIN)
        status, said = send(port, request)
        if status != 201:
            raise SystemExit(f"POST /v1/keys was answered with {status}: {said.decode()}")
        return str(json.loads(said)["key"])

    def request(self, work: Work, key: str) -> Request:
        names = [_model(work.upstream, number) for number in range(work.seats)]
        if work.is_chat:
            messages = [{"role": "user", "content": work.prompt}]
            chat = {"model": names[0], "messages": messages, "stream": work.is_stream}
            return Request("/v1/chat/completions", json.dumps(chat).encode(), _signed(key))
        panel = {"input": work.prompt, "models": names, "resolution": "fast", "stream": work.is_stream}
        if work.has_summary:
            panel |= {"resolution": "summary", "summary_model": _model(work.upstream, _MODELS - 1)}
        return Request("/v3/roundtable", json.dumps(panel).encode(), _signed(key))

    def installed_mb(self) -> float:
        folder = ENVIRONMENTS / "parley"
        make_python(folder, ["--require-hashes", "-r", str(self.source / "requirements" / "runtime.txt")])
        make_python(folder, ["--no-deps", "--no-build-isolation", str(self.source)])
        return size_mb(folder, but=("pip", "setuptools"))


def _signed(key: str) -> tuple[str, ...]:
    return (f"Authorization: Bearer {key}",)


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
    name = f"stub-{upstream.label}"
    rows = [f'[providers.{name}]\ndialect = "openai"\nbase_url = "{setup.base_url(upstream)}"']
    if setup.ca_file:
        rows.append(f'ca_file = "{setup.ca_file}"')
    for number in range(_MODELS):
        rows.append(f'[models."{_model(upstream, number)}"]')
        rows.append(f'deployments = [{{ provider = "{name}", model = "stub-model-{number}" }}]')
        rows.append('price_per_1m = { input = "0.25", output = "2.00", cache_read = "0.025" }')
    return "\n".join(rows)
