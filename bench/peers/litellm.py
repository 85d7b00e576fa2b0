"""LiteLLM's proxy: one worker, a master key, nothing else switched on."""

import json
from dataclasses import dataclass
from pathlib import Path

from bench.environments import ENVIRONMENTS, make_python, size_mb
from bench.machine import bare_environment, free_port
from bench.parley import Setup
from bench.peers.single_calls import single_calls
from bench.target import Launch
from bench.work import Request, Work

_PACKAGE = "litellm[proxy]==1.106.2"
_FOLDER = ENVIRONMENTS / "litellm"
_KEY = "sk-benchmark-key-of-more-than-32-characters"
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class LiteLLM:
    """Its models are named as ours are, one for each manner of the stub."""

    setup: Setup
    name: str = "litellm"
    first_key: str = _KEY

    def launch(self, folder: Path) -> Launch:
        python = make_python(_FOLDER, [_PACKAGE])
        models = [
            {
                "model_name": upstream.label,
                "litellm_params": {
                    "model": "openai/stub-model-1",
                    "api_base": self.setup.base_url(upstream),
                    "api_key": "sk-stub",
                },
            }
            for upstream in self.setup.upstreams
        ]
        config = folder / "config.yaml"
        config.write_text(json.dumps({"model_list": models, "general_settings": {"master_key": _KEY}}))
        port = free_port()
        command = [str(python.parent / "litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        trusted = {"SSL_CERT_FILE": self.setup.ca_file} if self.setup.ca_file else {}
        return Launch([*command, "--num_workers", "1"], folder, bare_environment(**trusted), port, _PATIENCE_S)

    def introduce(self, port: int) -> str:
        del port
        return _KEY

    def request(self, work: Work, key: str) -> Request:
        return single_calls(work, work.upstream.label, (f"Authorization: Bearer {key}",))

    def installed_mb(self) -> float:
        make_python(_FOLDER, [_PACKAGE])
        return size_mb(_FOLDER, but=("pip", "setuptools"))
