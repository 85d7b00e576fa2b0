"""Clients that leave at random moments: their upstream calls end at once, and what was used is on record."""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from faults.audit import rows
from faults.client import metric, panel, until
from faults.house import ADMIN_KEY, Process, Terms, server, write_config
from faults.stub import Act, Pace, Seen, Stub

_AT_ONCE = 6
_ALL_END_S = 10.0


@dataclass
class Outcome:
    """What became of the clients' requests. `delays_s`: from a client's leave, or from the call's begin where that
    is later, to the end of each upstream call."""

    clients: int = 0
    calls: int = 0
    cancelled: int = 0
    delays_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def p99_ms(self) -> float:
        ordered = sorted(self.delays_s)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] if ordered else 0

    def summary(self) -> str:
        return (
            f"{self.clients} clients left, {self.calls} upstream calls, {len(self.delays_s)} of them cut off "
            f"(p99 {self.p99_ms:.0f} ms), {self.cancelled} events cancelled; faults: {len(self.faults)}"
        )


def run(folder: Path, clients: int, seed: int = 9) -> Outcome:
    """Let `clients` leave in the middle of a streamed panel of three whose answers never end."""
    store = f"sqlite:///{folder}/parley.db"
    pace = Pace(first_s=0.02, word_s=0.02, endless_word_s=0.02)
    with Stub(lambda _tag, model: Act.OK if model.endswith("-2") else Act.STALL, pace) as stub:
        config = write_config(folder, Terms(store, stub.url, 3))
        with server(folder, config) as process:
            outcome = asyncio.run(_leave_all(process, stub, store, clients, seed))
    return outcome


async def _leave_all(process: Process, stub: Stub, store: str, clients: int, seed: int) -> Outcome:
    outcome = Outcome()
    rng = random.Random(seed)
    left_at: dict[str, float] = {}
    numbers = iter(range(clients))

    async def client() -> None:
        for number in numbers:
            tag = f"leave/{number}"
            left_at[tag] = await _leave(process.url, tag, rng.uniform(0.02, 0.6), is_streamed=number % 4 != 0)
            outcome.clients += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(client())
    if not await until(lambda: stub.open_calls == 0, _ALL_END_S):
        outcome.faults.append(f"{stub.open_calls} upstream calls are still open")
    running = "SELECT id FROM usage_events WHERE outcome = 'running'"
    if not await until(lambda: not rows(store, running), _ALL_END_S):
        outcome.faults.append("events still run")
    if await metric(process.url, "parley_requests_running"):
        outcome.faults.append("requests still run")
    _check(outcome, stub.seen, left_at, store)
    return outcome


async def _leave(url: str, tag: str, after_s: float, is_streamed: bool) -> float:
    """Send a request, leave without a word after some time; return when."""
    place = urlsplit(url)
    body = json.dumps(panel(tag, "m-0", "m-1", "m-2", resolution="fast", stream=is_streamed)).encode()
    head = (
        f"POST /v3/roundtable HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ADMIN_KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    _, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(head.encode() + body)
    await writer.drain()
    await asyncio.sleep(after_s)
    writer.transport.abort()
    return time.monotonic()


def _check(outcome: Outcome, seen: list[Seen], left_at: dict[str, float], store: str) -> None:
    outcome.calls = len(seen)
    outcome.delays_s = [
        max(call.closed_at - max(left_at[call.tag], call.came_at), 0.0) for call in seen if call.closed_at is not None
    ]
    events = rows(store, "SELECT * FROM usage_events")
    outcome.cancelled = sum(event["outcome"] == "cancelled" for event in events)
    if len([event for event in events if event["attempts"]]) < len(seen):
        outcome.faults.append(f"{len(seen)} calls upstream, but fewer events with an attempt")
    for event in events:
        if event["outcome"] not in ("ok", "cancelled"):
            outcome.faults.append(f"an event is {event['outcome']} {event['error_code']}")
        if event["attempts"] and not (event["input_tokens"] and event["cost_pico"]):
            outcome.faults.append(f"a call cost nothing: {event['outcome']}, {event['model']}")
    # "Paris is the " is 13 bytes, four tokens by estimate; a call that had sent it was billed for no less.
    told = sum(event["output_tokens"] for event in events if event["outcome"] == "cancelled")
    sent = sum(call.sent == 3 and call.closed_at is not None for call in seen)
    if told < 3 * sent:
        outcome.faults.append(f"{told} output tokens told for {sent} calls that had streamed their first words")
