"""Servers under load are killed at random moments; after each restart the books are held against what the stub saw.

A second server works on the same store all the while: its running rows must stay as they are.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from faults.audit import Findings, audit, rows
from faults.client import Got, ask, make_key, panel, session, until
from faults.house import Process, Terms, server, write_config
from faults.stub import Act, Pace, Seen, Stub

MODELS = 1600
_CLIENTS = 24
_CLOSED_WITHIN_S = 3.0
_LONGEST_LIFE_S = 1.2


@dataclass(frozen=True)
class Place:
    """Where one run happens."""

    folder: Path
    store_url: str


def choose(_tag: str, model: str) -> Act:
    """Most calls go well; every ninth fails so that attempts and retries are there too."""
    if model.startswith("hold-"):
        return Act.HANG
    number = int(model.rpartition("-")[2])
    return (Act.ERROR, Act.CUT)[number % 2] if number % 9 == 0 else Act.OK


def run(place: Place, kills: int, seed: int = 3) -> Findings:
    """Kill a server `kills` times and return all that was found."""
    with Stub(choose, Pace(first_s=0.04)) as stub:
        terms = Terms(place.store_url, stub.url, MODELS, defaults="timeout_ms = 20000")
        config = write_config(place.folder, terms)
        with server(place.folder, config) as witness:
            return asyncio.run(_rounds(place, config, stub, witness, kills, seed))


async def _rounds(place: Place, config: Path, stub: Stub, witness: Process, kills: int, seed: int) -> Findings:
    rng = random.Random(seed)
    found = Findings()
    held = asyncio.create_task(_hold_on(witness))
    process = await asyncio.to_thread(Process, place.folder, config)
    try:
        assert await until(lambda: len(_running(place, "witness")) == 3, 10), "the witness did not begin"
        for number in range(kills):
            name = f"round-{number}"
            key = await make_key(process.url, name, spend_cap_usd="1000", spend_cap_month_usd="900")
            first = len(stub.seen)
            asked = await _load_and_kill(process, key, name, rng)
            process = await asyncio.to_thread(Process, place.folder, config)
            found += await _look(place, name, asked, stub.seen[first:])
    finally:
        process.kill()
        held.cancel()
        await asyncio.wait([held])
    return found


async def _load_and_kill(process: Process, key: str, name: str, rng: random.Random) -> list[Got]:
    """Let clients ask until the server is gone, all at once and one after the other."""
    asked: list[Got] = []
    numbers = iter(range(MODELS // 4))

    async def client(http: aiohttp.ClientSession) -> None:
        for number in numbers:
            got = await ask(http, process.url, f"{name}/{number}", _body(name, number), key)
            asked.append(got)
            if got.status == 0:
                return

    async with session(timeout_s=20) as http, asyncio.TaskGroup() as group:
        for _ in range(_CLIENTS):
            group.create_task(client(http))
        await asyncio.sleep(rng.uniform(0.02, _LONGEST_LIFE_S))
        process.kill()
    return asked


def _body(name: str, number: int) -> dict[str, object]:
    """Ask for a panel of three with a judge, streamed or not, with retries or without: each model once a round."""
    first = 4 * number
    judge = {"summary_model": f"m-{first + 3}"} if number % 3 else {"resolution": "fast"}
    more = {**judge, "stream": number % 2 == 0, "max_retries": number % 2}
    return panel(f"{name}/{number}", *(f"m-{first + seat}" for seat in range(3)), **more)


async def _look(place: Place, name: str, asked: list[Got], seen: list[Seen]) -> Findings:
    """Hold the round against the books once the killed server's rows are closed, which has to be soon."""
    began = time.monotonic()
    is_closed = await until(lambda: not _running(place, name), _CLOSED_WITHIN_S)
    found = audit(place.store_url, name, asked, seen)
    if not is_closed:
        found.wrong.append(f"{name}: rows still run {time.monotonic() - began:.1f} s after the restart")
    held = rows(place.store_url, "SELECT request_id FROM holds WHERE key_id NOT IN ('admin')")
    if held:
        found.wrong.append(f"{name}: {len(held)} holds are left")
    if len(_running(place, "witness")) != 3:
        found.wrong.append(f"{name}: running rows of a living server were closed")
    odd = [got for got in asked if got.status not in (0, 200)]
    found.wrong += [f"{got.tag}: answered {got.status} {got.code}" for got in odd]
    return found


def _running(place: Place, key_name: str) -> list[dict[str, object]]:
    query = f"SELECT id FROM usage_events WHERE outcome = 'running' AND key_name = '{key_name}'"
    return rows(place.store_url, query)


async def _hold_on(witness: Process) -> None:
    """Keep a panel running on the witness for as long as the run lasts."""
    key = await make_key(witness.url, "witness")
    async with session(timeout_s=3600) as http:
        body = panel("witness", *(f"stub/hold-{seat}" for seat in range(3)), resolution="fast", timeout_ms=300_000)
        await ask(http, witness.url, "witness", body, key)
