"""A server under test: how it is started, waited for and asked."""

import http.client
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.machine import pinned
from bench.work import Request, Work

_POLL_S = 0.005
_STOP_S = 20.0


@dataclass(frozen=True, slots=True)
class Launch:
    """A command that serves on `port` of loopback, run in `folder`, where its log is kept."""

    command: list[str]
    folder: Path
    environment: Mapping[str, str]
    port: int
    patience_s: float = 60.0


class Target(Protocol):
    """A kind of server. `launch` prepares a fresh one; `introduce` is called once it answers."""

    name: str

    def launch(self, folder: Path) -> Launch: ...

    def introduce(self, port: int) -> None: ...

    def request(self, work: Work) -> Request: ...


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs and answers."""

    target: Target
    pid: int
    port: int


@contextmanager
def running(target: Target, folder: Path, cores: tuple[int, ...]) -> Iterator[Running]:
    """Run a fresh server on these cores while the block lasts."""
    launch = target.launch(folder)
    with started(launch, cores) as process:
        wait_for_port(launch, process)
        target.introduce(launch.port)
        yield Running(target, process.pid, launch.port)


@contextmanager
def started(launch: Launch, cores: tuple[int, ...]) -> Iterator[subprocess.Popen[bytes]]:
    with (launch.folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            pinned(cores, launch.command), cwd=launch.folder, env=launch.environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(launch: Launch, process: subprocess.Popen[bytes]) -> None:
    """Return when something answers on the port, whatever it says."""
    deadline = time.monotonic() + launch.patience_s
    while True:
        try:
            send(launch.port, Request("/healthz", b""))
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (launch.folder / "server.log").read_text()[-2000:]
                raise SystemExit(f"{' '.join(launch.command)} did not start:\n{log}") from error
            time.sleep(_POLL_S)


def send(port: int, request: Request) -> tuple[int, bytes]:
    """Send one request, a GET without a body; return status and body. Raises OSError where nobody listens yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = dict(header.split(": ", 1) for header in request.headers)
    try:
        if request.body:
            connection.request("POST", request.path, request.body, {"Content-Type": "application/json", **headers})
        else:
            connection.request("GET", request.path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
