"""A store in trouble under a server at work: refused before money is spent, or answered and kept; nothing hangs.

What runs when the trouble begins gets its answer; its events come from the journal when the store is back.
"""

import asyncio
import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from faults.audit import Findings, audit, rows
from faults.client import Got, ask, make_key, metric, panel, session
from faults.house import Process, Terms, server, write_config
from faults.stub import Act, Pace, Stub
from services import Service

MODELS = 2000
_LONGEST_S = 9.0
_BACK_S = 15.0
_RUNNING = 20
_DURING = 60


@dataclass
class Outcome:
    """`during`: requests that were sent in the outage, by how they ended."""

    findings: Findings = field(default_factory=Findings)
    survivors: int = 0
    refused: int = 0
    slowest_s: float = 0
    journal_bytes: int = 0
    faults: list[str] = field(default_factory=list)

    def summary(self) -> str:
        return (
            f"{self.survivors} running requests answered, {self.refused} new ones refused with 503, slowest "
            f"{self.slowest_s:.1f} s, journal {self.journal_bytes} bytes; {self.findings.summary()}; "
            f"faults: {len(self.faults)}"
        )


def locked(folder: Path) -> Outcome:
    """Another program holds SQLite's write lock."""
    connections: list[sqlite3.Connection] = []

    def begin() -> None:
        connections.append(sqlite3.connect(folder / "parley.db", isolation_level=None, check_same_thread=False))
        connections[0].execute("BEGIN IMMEDIATE")

    def end() -> None:
        connections[0].execute("ROLLBACK")
        connections[0].close()

    return _run(folder, f"sqlite:///{folder}/parley.db", begin, end)


def disk_full(folder: Path) -> Outcome:
    """The file system of SQLite's file has no room left; `folder` must be on a small one of its own."""
    filler = folder / "filler"

    def begin() -> None:
        with filler.open("wb") as file:
            try:
                while True:
                    os.write(file.fileno(), bytes(4096))
            except OSError:
                pass

    return _run(folder, f"sqlite:///{folder}/parley.db", begin, filler.unlink)


def stopped(folder: Path, postgresql: Service, url: str) -> Outcome:
    """PostgreSQL ends, and starts again."""
    return _run(folder, url, postgresql.stop, postgresql.start)


@contextmanager
def small_disk(folder: Path, size_mib: int = 40) -> Iterator[Path]:
    """Mount a small file system in memory at `folder`/disk; skips the test where that is not allowed."""
    place = folder / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can't be mounted: run this as root, with the right to mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def _run(folder: Path, store_url: str, begin: Callable[[], None], end: Callable[[], None]) -> Outcome:
    def choose(_tag: str, model: str) -> Act:
        return Act.OK

    with Stub(choose, Pace(first_s=0.01, word_s=0.5)) as stub:
        config = write_config(folder, Terms(store_url, stub.url, MODELS))
        with server(folder, config) as process:
            return asyncio.run(_trouble(process, stub, store_url, begin, end))


async def _trouble(
    process: Process, stub: Stub, store_url: str, begin: Callable[[], None], end: Callable[[], None]
) -> Outcome:
    outcome = Outcome()
    key = await make_key(process.url, "trouble", spend_cap_usd="1000")
    async with session(timeout_s=60) as http, asyncio.TaskGroup() as group:

        async def one(number: int) -> Got:
            began = time.monotonic()
            models = [f"m-{4 * number + seat}" for seat in range(4)]
            more = {"stream": number < _RUNNING, "summary_model": models[3]}
            got = await ask(http, process.url, f"trouble/{number}", panel("t", *models[:3], **more), key)
            outcome.slowest_s = max(outcome.slowest_s, time.monotonic() - began)
            return got

        early = [group.create_task(one(number)) for number in range(_RUNNING)]
        while len(stub.seen) < 3 * _RUNNING:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(begin)
        calls = len(stub.seen)
        new = [group.create_task(one(number)) for number in range(_RUNNING, _RUNNING + _DURING)]
        await asyncio.wait(early)
        outcome.journal_bytes = round(await metric(process.url, "parley_journal_bytes"))
        await asyncio.wait(new)
        await asyncio.to_thread(end)
        await _come_back(outcome, process)
        late = [group.create_task(one(number)) for number in range(_RUNNING + _DURING, _RUNNING + _DURING + 10)]
    asked = [task.result() for task in (*early, *new, *late)]
    _check(outcome, asked, calls)
    outcome.findings = audit(store_url, "trouble", asked, stub.seen)
    outcome.faults += outcome.findings.faults
    left = rows(store_url, "SELECT outcome FROM usage_events WHERE outcome IN ('running', 'abandoned')")
    left += rows(store_url, "SELECT request_id FROM holds")
    if left:
        outcome.faults.append(f"left behind: {left[:5]}")
    return outcome


async def _come_back(outcome: Outcome, process: Process) -> None:
    """Wait until the journal is in the store; a look at the clock that renews the lease may come in between."""
    deadline = time.monotonic() + _BACK_S
    while await metric(process.url, "parley_journal_bytes"):
        if time.monotonic() > deadline:
            outcome.faults.append("the journal did not come back into the store")
            return
        await asyncio.sleep(0.1)
    await asyncio.sleep(4)


def _check(outcome: Outcome, asked: list[Got], calls: int) -> None:
    for number, got in enumerate(asked):
        is_early, is_late = number < _RUNNING, number >= _RUNNING + _DURING
        if is_early or is_late:
            outcome.survivors += is_early and got.is_answered
            if not got.is_answered:
                outcome.faults.append(f"{got.tag}: {got.status} {got.code} {got.error}")
        elif got.status == 503 and got.code == "store_unavailable":
            outcome.refused += 1
        else:
            outcome.faults.append(f"{got.tag}: {got.status} {got.code} {got.error} during the outage")
    if outcome.slowest_s > _LONGEST_S:
        outcome.faults.append(f"a request took {outcome.slowest_s:.1f} s")
    if not outcome.journal_bytes:
        outcome.faults.append("nothing was in the journal")
