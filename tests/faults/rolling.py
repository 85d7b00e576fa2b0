"""One of two servers is restarted under load, again and again; clients go to the other when a connection is refused."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from faults.audit import rows
from faults.client import Got, ask, panel, session
from faults.house import Process, Terms, write_config
from faults.stub import Pace, Stub

_CLIENTS = 16
_NO_CONNECTION = ("ClientConnectorError", "ServerDisconnectedError", "ClientOSError")


@dataclass
class Outcome:
    """`moved` counts requests that were sent to the other server, as no connection was to be had."""

    answered: int = 0
    moved: int = 0
    faults: list[str] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)

    def summary(self) -> str:
        return f"{self.answered} answered, {self.moved} moved to the other server; faults: {len(self.faults)}"


def run(folder: Path, restarts: int) -> Outcome:
    store = f"sqlite:///{folder}/parley.db"
    with Stub(pace=Pace(first_s=0.1)) as stub:
        config = write_config(folder, Terms(store, stub.url, 3))
        servers = [Process(folder, config) for _ in range(2)]
        try:
            outcome = asyncio.run(_roll(folder, config, servers, restarts))
        finally:
            for process in servers:
                process.kill()
    left = rows(store, "SELECT id FROM usage_events WHERE outcome IN ('running', 'abandoned', 'cancelled')")
    if left:
        outcome.faults.append(f"{len(left)} events did not end well")
    return outcome


def _was_not_accepted(got: Got) -> bool:
    """No connection, one that ended before a byte of the answer, or the word that this server is ending."""
    return (not got.status and got.error in _NO_CONNECTION) or got.code == "shutting_down"


async def _roll(folder: Path, config: Path, servers: list[Process], restarts: int) -> Outcome:
    outcome = Outcome()
    is_over = asyncio.Event()

    async def client(http: aiohttp.ClientSession, number: int) -> None:
        turn = number
        while not is_over.is_set():
            turn += 1
            body = panel("roll", "m-0", "m-1", "m-2", resolution="fast", stream=turn % 2 == 0)
            got = await ask(http, servers[turn % 2].url, f"roll/{turn}", body)
            if _was_not_accepted(got):
                outcome.moved += 1
            elif got.is_answered:
                outcome.answered += 1
            else:
                outcome.faults.append(f"{got.tag}: {got.status} {got.code} {got.error}")

    async with session() as http, asyncio.TaskGroup() as group:
        for number in range(_CLIENTS):
            group.create_task(client(http, number))
        for number in range(restarts):
            await asyncio.sleep(0.7)
            old = servers[number % 2]
            old.terminate()
            status = await asyncio.to_thread(old.wait)
            if status:
                outcome.faults.append(f"a server ended with status {status}")
            servers[number % 2] = await asyncio.to_thread(Process, folder, config)
        await asyncio.sleep(0.5)
        is_over.set()
    return outcome
