"""The upstream: a process of stub.c on a free port."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.instruments.programs import STUB
from bench.machine import free_port, pinned

_START_S = 5.0


@contextmanager
def running_stub(core: int, certificate: tuple[Path, Path] | None = None) -> Iterator[int]:
    """Run it on this core while the block lasts, with this certificate and key; yields its port."""
    port = free_port()
    process = subprocess.Popen(pinned((core,), [str(STUB), str(port), *map(str, certificate or ())]))
    try:
        _wait_for(port)
        yield port
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
