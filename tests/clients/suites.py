"""The libraries' own tests and checks, run one after the other beside the conformance tests, which mostly wait.

with Suites(["go vet", "go test"]) as suites:
    suites.result("go test")
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from clients.languages import CLIENTS, alone_in, node_modules, run
from clients.toolchains import GO, JAVAC, MAVEN, NODE, NPM, Program

# So that a machine with few processors gives them to the tests that look at the clock.
_MEANWHILE = ("nice", "-n", "10")


@dataclass(frozen=True)
class Suite:
    """One command, run in a library's folder."""

    folder: Path
    programs: tuple[Program, ...]
    command: tuple[str, ...]

    def run(self) -> str:
        """Run it to its end and return what it printed."""
        with alone_in(self.folder):
            if self.command[0] == "npm":
                node_modules(self.folder)
            return run(self.folder, *_MEANWHILE, *self.command, env=_strictness())


def _strictness() -> dict[str, str]:
    """Hand on whether a test may be skipped for what is not installed."""
    name = "PARLEY_REQUIRE_ALL"
    return {name: os.environ[name]} if name in os.environ else {}


def _python(*arguments: str) -> Suite:
    return Suite(CLIENTS / "python", (), (sys.executable, "-m", *arguments))


def _typescript(script: str) -> Suite:
    return Suite(CLIENTS / "typescript", (NODE, NPM), ("npm", "run", script))


def _go(*command: str) -> Suite:
    return Suite(CLIENTS / "go", (GO,), command)


# First those whose driver is built in the same folder, in the order in which the drivers are needed.
SUITES = {
    "typescript check": _typescript("check"),
    "typescript test": _typescript("test"),
    "java verify": Suite(CLIENTS / "java", (JAVAC, MAVEN), ("mvn", "-q", "-B", "verify")),
    "python tests": _python("pytest", "-p", "no:cacheprovider"),
    "python format": _python("ruff", "format", "--check", "."),
    "python lint": _python("ruff", "check", "."),
    "python types": _python("mypy"),
    "go format": _go("gofmt", "-l", "."),
    "go vet": _go("go", "vet", "./..."),
    "go test": _go("go", "test", "-race", "./..."),
}


class Suites:
    """Runs the suites of these names from the start of its `with` block."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._results: dict[str, Future[str]] = {}

    def __enter__(self) -> "Suites":
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._results = {name: self._pool.submit(SUITES[name].run) for name in SUITES if name in self._names}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def result(self, name: str) -> str:
        """Wait for a suite and return what it printed; raises what it failed with."""
        return self._results[name].result()
