"""Several workers on one socket: they share limits and ledger, one that dies is replaced, they end together."""

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from cli_process import parley, serving
from serving import ADMIN_KEY, get, post

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
PANEL = {"input": "Is water wet?", "models": ["sandbox/terse"], "resolution": "fast"}


def config(folder: Path, redis_url: str) -> Path:
    path = folder / "parley.toml"
    path.write_text(
        f'[server]\nworkers = 3\nport = 0\n[limiter]\nurl = "{redis_url}"\n'
        '[providers.sandbox]\ndialect = "sandbox"\ntps = 0\n'
    )
    return path


def workers_of(pid: int) -> set[int]:
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def test_workers_count_together_replace_the_dead_and_end_together(tmp_path: Path, redis_url: str) -> None:
    path = config(tmp_path, redis_url)
    with serving(tmp_path, "serve", "--config", str(path), env={"PARLEY_ADMIN_KEY": ADMIN_KEY}) as server:
        pid = server.process.pid
        wait_until(lambda: len(workers_of(pid)) == 3)
        key = post(server.url, "/v1/keys", {"name": "crowd", "rpm": 10}, ADMIN).json["key"]
        known_by_all_after_s = 1.5  # every process hears of a key within a second
        time.sleep(known_by_all_after_s)
        wait_until(lambda: all(_knows(server.url, key) for _ in range(60)))
        statuses = [post(server.url, "/v3/roundtable", PANEL, _bearer(key)).status for _ in range(30)]
        assert (statuses.count(200), statuses.count(429)) == (10, 20)
        assert post(server.url, "/v1/usage", {}, _bearer(key)).json["events"]["ok"] == 10

        time_of_grace_s = 5.0  # a worker that dies sooner than this after its start ends the server
        wait_until(lambda: all(_age_s(one) > time_of_grace_s for one in workers_of(pid)))
        victim = min(workers_of(pid))
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(workers_of(pid) - {victim}) == 3)
        assert get(server.url, "/healthz").status == 200

        last = workers_of(pid)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        assert not any(Path(f"/proc/{one}").exists() for one in last)


def test_several_workers_without_a_shared_limiter_refuse_to_start(tmp_path: Path) -> None:
    path = tmp_path / "parley.toml"
    path.write_text("[server]\nworkers = 2\n")
    done = parley(tmp_path, "serve", "--config", str(path))
    assert done.returncode == 2
    assert re.search(r"workers.*shared limiter", done.stderr, re.DOTALL)


def test_what_keeps_the_first_worker_from_starting_is_one_sentence(tmp_path: Path, redis_url: str) -> None:
    path = config(tmp_path, redis_url)
    (tmp_path / "parley.db").write_text("this is no database, " * 100)
    done = parley(tmp_path, "serve", "--config", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("parley: The database sqlite:///parley.db can't be used")
    assert done.stderr.count("\n") == 1
    told = parley(tmp_path, "serve", "--config", str(path), "--json")
    assert (told.returncode, json.loads(told.stdout)["error"]["code"]) == (2, "start")


def test_recording_has_one_worker(tmp_path: Path, redis_url: str) -> None:
    path = config(tmp_path, redis_url)
    arguments = ("record", "--out", "rows.jsonl", "--config", str(path))
    with serving(tmp_path, *arguments, env={"PARLEY_ADMIN_KEY": ADMIN_KEY}) as server:
        assert workers_of(server.process.pid) == set()
        assert post(server.url, "/v3/roundtable", PANEL, ADMIN).status == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == 1


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _knows(url: str, key: str) -> bool:
    """Whether the worker that answers has heard of a key that another one made."""
    return get(url, "/v1/models/free", _bearer(key)).status == 200


def _age_s(pid: int) -> float:
    ticks = float(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    up_s = float(Path("/proc/uptime").read_text().split()[0])
    return up_s - ticks / os.sysconf("SC_CLK_TCK")


def wait_until(holds: Callable[[], bool], most_s: float = 20.0) -> None:
    ends = time.monotonic() + most_s
    while not holds():
        assert time.monotonic() < ends, "waited too long"
        time.sleep(0.02)
