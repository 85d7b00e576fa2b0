"""Server processes for the fault runs: the real command, with a configuration of many priced models of the stub.

`Process` can be killed, suspended and stopped; `wait` always reaps it.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli_process import environment

ADMIN_KEY = "fault-run-admin-key-of-forty-characters!"
_STOP_S = 40


@dataclass(frozen=True)
class Terms:
    """What a server of a run is configured with. `models` are `m-0` … of the stub, each with a price."""

    store_url: str
    provider_url: str
    models: int = 0
    limiter_url: str = "memory://"
    on_failure: str = "closed"
    more: str = ""
    defaults: str = ""

    def toml(self) -> str:
        rows = "".join(
            f'[models."m-{number}"]\ndeployments = [{{ provider = "stub", model = "m-{number}" }}]\n'
            f'price_per_1m = {{ input = "1.25", output = "10.0" }}\n'
            for number in range(self.models)
        )
        return (
            f'[server]\nport = 0\nmetrics_open = true\n{self.more}\n[store]\nurl = "{self.store_url}"\n'
            f'[limiter]\nurl = "{self.limiter_url}"\non_failure = "{self.on_failure}"\n'
            f"[defaults]\n{self.defaults}\n"
            f'[providers.stub]\ndialect = "openai"\nbase_url = "{self.provider_url}"\n{rows}'
        )


class Process:
    """One running server."""

    def __init__(self, folder: Path, config: Path, *arguments: str) -> None:
        with (folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "parley", "serve", "--config", str(config), *arguments],
                cwd=folder,
                env=environment(PARLEY_ADMIN_KEY=ADMIN_KEY, PARLEY_CONFIG=""),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.url = self._read_url()
        self._drainer = threading.Thread(target=self._drain, daemon=True)
        self._drainer.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """End it as `kill -9` does, and reap it."""
        self.process.kill()
        self.wait()

    def suspend(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def terminate(self) -> None:
        self.process.terminate()

    def wait(self) -> int:
        status = self.process.wait(_STOP_S)
        self._drainer.join()
        return status

    def rss_bytes(self) -> int:
        """Return its memory. Source: proc(5), /proc/pid/statm, field 2."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def _read_url(self) -> str:
        assert self.process.stdout is not None
        url = ""
        for line in self.process.stdout:
            if found := re.search(r"listens on (\S+)", line):
                url = found[1]
            if "Reference:" in line:
                return url
        self.process.wait()
        raise AssertionError(f"the server did not start; its log is in {self.process.args}")

    def _drain(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            for _ in said:
                pass


def write_config(folder: Path, terms: Terms, name: str = "parley.toml") -> Path:
    path = folder / name
    path.write_text(terms.toml())
    return path


@contextmanager
def server(folder: Path, config: Path, *arguments: str) -> Iterator[Process]:
    """Run a server while the block lasts; it is killed if it is still there."""
    process = Process(folder, config, *arguments)
    try:
        yield process
    finally:
        process.kill()
