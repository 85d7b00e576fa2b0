"""Where things run: which cores, which folders, which environment. Needs Linux."""

import os
import resource
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / ".artifacts" / "bench"


@dataclass(frozen=True, slots=True)
class Cores:
    """`server` for the server under test alone where the machine has enough cores, `tools` for stub, load and us."""

    server: tuple[int, ...]
    tools: int


def split_cores(workers: int) -> Cores:
    """Give each worker a core, from the first one on, and the instruments the last one."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("The benchmark needs two cores: one for the server, one for what measures it.")
    return Cores(tuple(cores[:workers]), cores[-1])


def settle_on(core: int) -> None:
    """Keep this process and what it starts on one core, and let it open as many sockets as the machine allows."""
    os.sched_setaffinity(0, {core})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def pinned(cores: tuple[int, ...], command: list[str]) -> list[str]:
    """Return the command that runs on these cores alone."""
    return ["taskset", "-c", ",".join(map(str, cores)), *command]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def bare_environment(**extra: str) -> dict[str, str]:
    """Return our environment without what a gateway or its HTTP client would read from it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PARLEY_", "SANDBOX_", "PYTHON")) and not name.upper().endswith(("_API_KEY", "_PROXY"))
    }
    return {**kept, **extra}
