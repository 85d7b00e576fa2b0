"""The servers that other tests rely on: they keep their data over a restart and end with who started them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from services import flush, postgresql, redis_server

HOLDER = """
import sys, services
with services.redis_server() as service:
    print(service._process.pid, flush=True)
    sys.stdin.read()
"""


def test_every_test_gets_an_empty_database_of_its_own(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("CREATE TABLE mine (number int)")
        name = connection.execute("SELECT current_database()").fetchone()
    assert name == (postgresql_url.rpartition("/")[2],)
    assert name != ("postgres",)


def test_postgresql_keeps_its_rows_when_it_is_stopped_and_started() -> None:
    with postgresql() as service:
        with psycopg.connect(service.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        service.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(service.url)
        service.start()
        with psycopg.connect(service.url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_redis_with_persistence_keeps_what_it_confirmed_even_when_killed() -> None:
    with redis_server(appendonly=True) as service, redis.Redis.from_url(service.url) as client:
        client.set("kept", 7)
        service.kill()
        service.start()
        assert client.get("kept") == b"7"
        service.restart()
        assert client.get("kept") == b"7"


def test_redis_is_empty_for_every_test(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("left", 1)
        flush(redis_url)
        assert client.dbsize() == 0


def test_a_server_ends_with_a_killed_test_run(redis_url: str, tmp_path: Path) -> None:
    """`redis_url` is asked for so that this is skipped where there is no Redis."""
    command = [sys.executable, "-c", HOLDER]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        server = int(holder.stdout.readline())
        holder.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _is_running(server):
        assert time.monotonic() < deadline, f"process {server} is still there"
        time.sleep(0.02)


def _is_running(process: int) -> bool:
    """Whether it is there and more than a zombie that nobody has collected yet."""
    try:
        os.kill(process, 0)
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
