"""Bifrost's HTTP transport, built with Go where its modules can be had; SQLite and logging of requests off."""

import json
from dataclasses import dataclass
from pathlib import Path

from bench.environments import ENVIRONMENTS, make_go, size_mb
from bench.machine import bare_environment, free_port
from bench.parley import Setup
from bench.peers.single_calls import single_calls
from bench.target import Launch
from bench.work import Request, Work

_PACKAGE = "github.com/maximhq/bifrost/transports/bifrost-http@latest"
_FOLDER = ENVIRONMENTS / "bifrost"
_KEY = "sk-stub"
_AT_ONCE = {"concurrency": 1000, "buffer_size": 10_000}


@dataclass(frozen=True, slots=True)
class Bifrost:
    """A provider of its own for each manner of the stub. Its base URL is without /v1."""

    setup: Setup
    name: str = "bifrost"
    first_key: str = _KEY

    def launch(self, folder: Path) -> Launch:
        program = make_go(_FOLDER, _PACKAGE)
        providers = {
            upstream.label: {
                "keys": [{"name": upstream.label, "value": _KEY, "models": ["*"], "weight": 1.0}],
                "network_config": {"base_url": self.setup.base_url(upstream).removesuffix("/v1")},
                "concurrency_and_buffer_size": _AT_ONCE,
                "custom_provider_config": {"base_provider_type": "openai"},
            }
            for upstream in self.setup.upstreams
        }
        document = {"client": {"enable_logging": False}, "providers": providers, "config_store": {"enabled": False}}
        (folder / "config.json").write_text(json.dumps(document))
        port = free_port()
        command = [str(program), "-app-dir", str(folder), "-port", str(port), "-host", "127.0.0.1"]
        trusted = {"SSL_CERT_FILE": self.setup.ca_file} if self.setup.ca_file else {}
        return Launch(command, folder, bare_environment(GOMAXPROCS="1", **trusted), port)

    def introduce(self, port: int) -> str:
        del port
        return _KEY

    def request(self, work: Work, key: str) -> Request:
        del key
        return single_calls(work, f"{work.upstream.label}/stub-model-1", ())

    def installed_mb(self) -> float:
        make_go(_FOLDER, _PACKAGE)
        return size_mb(_FOLDER)
