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

_POLL_S = 0.002
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
    """A kind of server. `launch` prepares one in a folder, which may have been served from before.

    `introduce` makes a key for the load on a server that has started for the first time; `first_key` is good before.
    """

    @property
    def name(self) -> str: ...

    @property
    def first_key(self) -> str: ...

    def launch(self, folder: Path) -> Launch: ...

    def introduce(self, port: int) -> str: ...

    def request(self, work: Work, key: str) -> Request: ...

    def installed_mb(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs and answers."""

    target: Target
    pid: int
    port: int
    key: str

    def request(self, work: Work) -> Request:
        return self.target.request(work, self.key)


@contextmanager
def running(target: Target, folder: Path, cores: tuple[int, ...]) -> Iterator[Running]:
    """Run a fresh server on these cores while the block lasts."""
    launch = target.launch(folder)
    with started(launch, cores) as process:
        wait_until_answered(launch, process, Request("/healthz", b""), {200, 204, 401, 404})
        yield Running(target, process.pid, launch.port, target.introduce(launch.port))


@contextmanager
def started(launch: Launch, cores: tuple[int, ...]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the process while the block lasts, whether it answers yet or not."""
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


def wait_until_answered(launch: Launch, process: subprocess.Popen[bytes], request: Request, statuses: set[int]) -> None:
    """Send the request again and again until it is answered with one of these statuses."""
    deadline = time.monotonic() + launch.patience_s
    said = "nothing listens"
    while process.poll() is None and time.monotonic() < deadline:
        try:
            status, body = send(launch.port, request)
        except OSError as error:
            said = str(error)
        else:
            if status in statuses:
                return
            said = f"{status} {body[:500].decode(errors='replace')}"
        time.sleep(_POLL_S)
    log = (launch.folder / "server.log").read_text()[-2000:]
    raise SystemExit(f"{' '.join(launch.command)} did not answer {request.path}: {said}\n{log}")


def send(port: int, request: Request) -> tuple[int, bytes]:
    """Send one request, a GET without a body; return status and body. Raises OSError where nobody listens yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = dict(header.split(": ", 1) for header in request.headers)
    try:
        if request.body:
            connection.request("POST", request.path, request.body, {"Content-Type": "application/json", **headers})
        else:
            connection.request("GET", request.path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise ConnectionError(str(error)) from error
    finally:
        connection.close()
