"""PostgreSQL and Redis or Valkey for one run, on free ports in temporary folders, on the instruments' core.

Their programs come from the system's packages.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.machine import free_port

_START_S = 20.0


@contextmanager
def _sqlite() -> Iterator[str]:
    """Each server has a file in its own folder."""
    yield ""


@contextmanager
def _memory() -> Iterator[str]:
    yield "memory://"


@contextmanager
def _postgresql() -> Iterator[str]:
    """As it comes, waiting for the disk at each commit."""
    initdb, server = (_newest(name) for name in ("initdb", "postgres"))
    user = "postgres" if os.geteuid() == 0 else None
    with TemporaryDirectory(prefix="parley-bench-") as folder:
        if user:
            shutil.chown(folder, user, user)
        made = [initdb, "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        _run_as(user, made, folder).wait()
        port = free_port()
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={port}")
        command = [server, "-D", f"{folder}/data", *(part for setting in settings for part in ("-c", setting))]
        with _service(_run_as(user, command, folder), command[0], port):
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def _redis() -> Iterator[str]:
    program = shutil.which("redis-server") or shutil.which("valkey-server") or _missing("redis-server")
    port = free_port()
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with _service(_run_as(None, command, "/"), program, port):
        yield f"redis://127.0.0.1:{port}/0"


STORES = {"sqlite": _sqlite, "postgresql": _postgresql}
LIMITERS = {"memory": _memory, "redis": _redis}


def _run_as(user: str | None, command: list[str], folder: str) -> subprocess.Popen[bytes]:
    groups: list[str] | None = [] if user else None
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet, user=user, group=user, extra_groups=groups)


@contextmanager
def _service(process: subprocess.Popen[bytes], name: str, port: int) -> Iterator[None]:
    try:
        deadline = time.monotonic() + _START_S
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{name} did not start")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _newest(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name) or _missing("postgresql")


def _missing(package: str) -> str:
    raise SystemExit(f"{package} is not installed; on Debian: apt-get install {package}")
