"""The stage of one run: stub, services and servers under test, started when they are first needed, ended with it."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import Cores
from bench.target import Running, Target, running
from bench.work import Request, Upstream


@dataclass(slots=True)
class Stage:
    """What trials stand on. `share` shortens every load: 1 for a whole run."""

    cores: Cores
    stub_port: int
    share: float
    is_secure: bool
    _stack: ExitStack = field(default_factory=ExitStack)
    _servers: dict[str, Running] = field(default_factory=dict)

    def server(self, target: Target) -> Running:
        """Return the one that this target's trials share."""
        if target.name not in self._servers:
            folder = self._stack.enter_context(_folder())
            self._servers[target.name] = self._stack.enter_context(running(target, folder, self.cores.server))
        return self._servers[target.name]

    @contextmanager
    def fresh(self, target: Target) -> Iterator[Running]:
        """Run a server for one trial alone."""
        with _folder() as folder, running(target, folder, self.cores.server) as server:
            yield server

    def straight(self, upstream: Upstream) -> Request | None:
        """Return a request to the stub itself, or None where it speaks TLS, which the load generator does not."""
        return None if self.is_secure else Request(f"{upstream.path}/chat/completions", b"{}")

    def close(self) -> None:
        self._stack.close()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        yield Path(name)
