"""Real PostgreSQL and Redis servers for tests: started on free loopback ports in temporary folders, stopped again.

Their programs come from the system's packages. Where they are missing the test is skipped with a sentence that says
what to install, or fails when PARLEY_REQUIRE_ALL is set. A server ends with the process that started it, even a killed
one: a small guard waits for the end of its standard input.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
import redis

_START_S = 20.0
_STOP_S = 20.0
_POLL_S = 0.02
_ATTEMPTS = 5
# Becomes the server itself; the guard, a grandchild that init adopts, interrupts it once standard input ends.
_GUARDED = 'exec 3<&0; ( ( read _ <&3; kill -INT $$ ) & ); exec "$@" 3<&- </dev/null'


class Service:
    """One server process on a fixed port. `stop` and `start` keep its data; `kill` gives it no time to save anything.

    `is_up(url)` says whether it answers. `user` is who it runs as, None for who runs the tests.
    """

    def __init__(self, command: list[str], url: str, is_up: Callable[[str], bool], log: Path, user: str | None) -> None:
        self.url = url
        self._command = command
        self._is_up = is_up
        self._log = log
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        deadline = time.monotonic() + _START_S
        for _ in range(_ATTEMPTS):
            process = self._launch()
            while process.poll() is None and time.monotonic() < deadline:
                if self._is_up(self.url):
                    return
                time.sleep(_POLL_S)
            self.stop()
        raise RuntimeError(f"{self._command[0]} did not start:\n{self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it in good order and wait until it is gone."""
        if (process := self._process) is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it as a power cut would end it, if the disk kept everything that was written."""
        if (process := self._process) is None:
            return
        assert process.stdin is not None
        process.kill()
        process.wait()
        process.stdin.close()
        self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def _launch(self) -> subprocess.Popen[bytes]:
        account = {"user": self._user, "group": self._user, "extra_groups": []} if self._user else {}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _GUARDED, "sh", *self._command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._log.parent,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
                **account,
            )
        return self._process


@contextlib.contextmanager
def postgresql(*settings: str) -> Iterator[Service]:
    """Run a PostgreSQL with an empty database `postgres`; `settings` are its own, such as "max_connections=20"."""
    server, initdb = (_program(name, "postgresql", "/usr/lib/postgresql/*/bin") for name in ("postgres", "initdb"))
    user = "postgres" if os.geteuid() == 0 else None
    with _folder(user) as folder:
        data = folder / "data"
        made = [initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        account = {"user": user, "group": user, "extra_groups": []} if user else {}
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **account)
        port = _free_port()
        # Nothing here must survive a power cut, so the disk is not waited for.
        given = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", f"port={port}", *settings)
        command = [server, "-D", str(data), *(part for setting in given for part in ("-c", setting))]
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        yield from _running(Service(command, url, _postgresql_answers, folder / "log", user))


@contextlib.contextmanager
def redis_server(*, appendonly: bool = False) -> Iterator[Service]:
    """Run a Redis, or Valkey where only that is installed. With `appendonly` each write is on disk when it answers."""
    server = _program("redis-server", "redis-server") if shutil.which("redis-server") else _valkey()
    with _folder(None) as folder:
        port = _free_port()
        command = [server, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
        if appendonly:
            command += ["--appendonly", "yes", "--appendfsync", "always"]
        yield from _running(
            Service(command, f"redis://127.0.0.1:{port}/0", _redis_answers, folder / "log", None),
        )


def new_database(url: str, name: str) -> str:
    """Create the database `name` in the PostgreSQL at `url` and return the URL of it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    return f"{url.rpartition('/')[0]}/{name}"


def flush(url: str) -> None:
    """Empty the Redis at `url`."""
    with redis.Redis.from_url(url) as client:
        client.flushall()


def _running(service: Service) -> Iterator[Service]:
    try:
        service.start()
        yield service
    finally:
        service.stop()


@contextlib.contextmanager
def _folder(owner: str | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="parley-test-") as name:
        if owner:
            shutil.chown(name, owner, owner)
        yield Path(name)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _program(name: str, package: str, folder: str = "") -> str:
    """Return the newest program of this name in `folder` (a pattern), else on the path; skips the test without it."""
    found = sorted(Path("/").glob(f"{folder.lstrip('/')}/{name}")) if folder else []
    path = str(found[-1]) if found else shutil.which(name)
    return path or _missing(name, package)


def _valkey() -> str:
    return shutil.which("valkey-server") or _missing("redis-server", "redis-server")


def _missing(program: str, package: str) -> NoReturn:
    sentence = f"{program} is not installed; on Debian: apt-get install {package}"
    if os.environ.get("PARLEY_REQUIRE_ALL"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def _postgresql_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(url: str) -> bool:
    with redis.Redis.from_url(url, socket_timeout=2) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
