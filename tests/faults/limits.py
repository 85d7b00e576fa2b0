"""Many processes, one limiter, a thousand requests at once: exactly as many as the limit are let in."""

import asyncio
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from faults.client import Got, ask, make_key, metric, panel, session
from faults.house import Process, Terms, server, write_config
from faults.stub import Stub
from services import Service

LIMIT = 100
PROCESSES = 4
_KEY_IS_KNOWN_S = 1.5


@dataclass
class Outcome:
    """How the requests of one run ended, and what is wrong with that."""

    admitted: int = 0
    refused: int = 0
    others: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    let_through: int = 0

    def summary(self) -> str:
        more = f", otherwise {dict(self.others)}" if self.others else ""
        through = f", {self.let_through} let through uncounted" if self.let_through else ""
        return f"{self.admitted} admitted, {self.refused} answered 429{more}{through}; faults: {len(self.faults)}"


def exact(folder: Path, redis_url: str, window: str, requests: int = 1000) -> Outcome:
    """Send `requests` at once to four processes that share a limiter; `window` is rpm or rpd."""
    with Stub() as stub, ExitStack() as stack:
        processes = _start(folder, stack, Terms(f"sqlite:///{folder}/parley.db", stub.url, limiter_url=redis_url))

        async def main() -> Outcome:
            key = await _key(processes, window)
            outcome = _count(await _send(processes, key, requests), window)
            if outcome.admitted != LIMIT or outcome.refused != requests - LIMIT:
                outcome.faults.append(f"{outcome.admitted} of {LIMIT} admitted, {outcome.refused} refused")
            if len(stub.seen) != outcome.admitted:
                outcome.faults.append(f"the provider saw {len(stub.seen)} calls")
            return outcome

        return asyncio.run(main())


def restarted(folder: Path, redis: Service, on_failure: str, requests: int = 1000) -> Outcome:
    """Restart the limiter, which keeps its data, in the middle of `requests`."""
    with Stub() as stub, ExitStack() as stack:
        store = f"sqlite:///{folder}/parley.db"
        terms = Terms(store, stub.url, limiter_url=redis.url, on_failure=on_failure)
        processes = _start(folder, stack, terms)

        async def main() -> Outcome:
            key = await _key(processes, "rpm")
            sending = asyncio.create_task(_send(processes, key, requests, over_s=4))
            await asyncio.sleep(0.3)
            await asyncio.to_thread(redis.stop)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(redis.start)
            outcome = _count(await sending, "rpm")
            told = [await metric(one.url, "parley_limiter_let_through_total") for one in processes]
            outcome.let_through = round(sum(told))
            counted = outcome.admitted - outcome.let_through
            if counted > LIMIT or (on_failure == "closed" and outcome.let_through):
                outcome.faults.append(f"{outcome.admitted} admitted, {outcome.let_through} let through by the metric")
            if on_failure == "open" and not outcome.let_through:
                outcome.faults.append(f"{counted} counted of {LIMIT}, {outcome.let_through} let through")
            if set(outcome.others) - {"503 limiter_unavailable"}:
                outcome.faults.append(f"undocumented: {dict(outcome.others)}")
            return outcome

        return asyncio.run(main())


def _start(folder: Path, stack: ExitStack, terms: Terms) -> list[Process]:
    config = write_config(folder, terms)
    return [stack.enter_context(server(folder, config)) for _ in range(PROCESSES)]


async def _key(processes: list[Process], window: str) -> str:
    key = await make_key(processes[0].url, f"limited-{window}", **{window: LIMIT})
    await asyncio.sleep(_KEY_IS_KNOWN_S)  # the other processes hear of a new key within a second
    return key


async def _send(processes: list[Process], key: str, requests: int, over_s: float = 0) -> list[Got]:
    async with session(timeout_s=60) as http, asyncio.TaskGroup() as group:

        async def one(number: int) -> Got:
            await asyncio.sleep(over_s * number / requests)
            body = panel(f"limit/{number}", "stub/m", resolution="fast")
            return await ask(http, processes[number % len(processes)].url, f"{number}", body, key)

        tasks = [group.create_task(one(number)) for number in range(requests)]
    return [task.result() for task in tasks]


def _count(got: list[Got], window: str) -> Outcome:
    outcome = Outcome()
    for one in got:
        if one.is_answered:
            outcome.admitted += 1
        elif one.status == 429:
            outcome.refused += 1
            _check_refusal(outcome, one, window)
        else:
            outcome.others[f"{one.status} {one.code or one.error}"] += 1
    return outcome


def _check_refusal(outcome: Outcome, got: Got, window: str) -> None:
    """RPM frees its first place 60 s after the first request, RPD its places at midnight, UTC."""
    most_s = 60 if window == "rpm" else 86_400
    told = got.headers.get("Retry-After", "")
    if not told.isdigit() or not 0 < int(told) <= most_s or (window == "rpm" and int(told) < 30):
        outcome.faults.append(f"Retry-After: {told!r}")
    if got.code != "rate_limit_exceeded":
        outcome.faults.append(f"code {got.code}")
