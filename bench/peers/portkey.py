"""Portkey's gateway on Node.js; a call's headers say where it goes, nothing else is configured."""

from dataclasses import dataclass
from pathlib import Path

from bench.environments import ENVIRONMENTS, make_node, size_mb
from bench.machine import bare_environment, free_port
from bench.parley import Setup
from bench.peers.single_calls import single_calls
from bench.target import Launch
from bench.work import Request, Work

_PACKAGES = {"@portkey-ai/gateway": "1.15.2"}
# With what npm would take for it, every stream is answered with 500.
_OVERRIDES = {"@hono/node-server": "1.3.3"}
_FOLDER = ENVIRONMENTS / "portkey"
_KEY = "sk-stub"


@dataclass(frozen=True, slots=True)
class Portkey:
    """It has no configuration: each request says which upstream it wants."""

    setup: Setup
    name: str = "portkey"
    first_key: str = _KEY

    def launch(self, folder: Path) -> Launch:
        modules = make_node(_FOLDER, _PACKAGES, _OVERRIDES)
        port = free_port()
        program = modules / "@portkey-ai" / "gateway" / "build" / "start-server.js"
        trusted = {"NODE_EXTRA_CA_CERTS": self.setup.ca_file} if self.setup.ca_file else {}
        return Launch(["node", str(program), f"--port={port}", "--headless"], folder, bare_environment(**trusted), port)

    def introduce(self, port: int) -> str:
        del port
        return _KEY

    def request(self, work: Work, key: str) -> Request:
        headers = (
            "x-portkey-provider: openai",
            f"x-portkey-custom-host: {self.setup.base_url(work.upstream)}",
            f"Authorization: Bearer {key}",
        )
        return single_calls(work, "stub-model-1", headers)

    def installed_mb(self) -> float:
        make_node(_FOLDER, _PACKAGES, _OVERRIDES)
        return size_mb(_FOLDER)
