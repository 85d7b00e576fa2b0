"""The real command in a process of its own, in a folder of its own, with an environment that configures nothing.

with serving(tmp_path, "serve", "--port", "0") as server:
    ... ask server.url with server.key ...
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Answers at once, and no look at the machine's own model servers.
QUICK = "[providers.sandbox]\ntps = 0\n"
_WAIT_S = 30


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment without what Parley would read from it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PARLEY_", "SANDBOX_")) and not name.endswith("_API_KEY")
    }
    return {**kept, "PYTHONUNBUFFERED": "1", **extra}


def parley(
    folder: Path, *arguments: str, stdin: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "parley", *arguments],
        cwd=folder,
        env=environment(**env or {}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=_WAIT_S,
        check=False,
    )


@dataclass
class Serving:
    """A server process; `said` is what it printed at its start."""

    process: subprocess.Popen[str]
    url: str
    said: str

    @property
    def key(self) -> str:
        found = re.search(r"PARLEY_API_KEY=(\S+)", self.said)
        assert found, self.said
        return found[1]


@contextmanager
def serving(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Iterator[Serving]:
    """Run a server until the block ends; it is killed if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "parley", *arguments],
        cwd=folder,
        env=environment(**env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            said = _read_start(process)
            found = re.search(r"listens on (\S+)", said)
            assert found, said
            yield Serving(process, found[1], said)
        finally:
            process.kill()


def _read_start(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Reference: " in line:
            return "".join(lines)
    raise AssertionError(f"the server did not start: {process.communicate()[1]}")
