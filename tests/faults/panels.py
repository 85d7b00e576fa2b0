"""Panels of three against a provider that fails in every way it knows; each answer is held against what it did."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from faults.audit import rows
from faults.client import Got, ask, metric, panel, session, until
from faults.house import Process, Terms, server, write_config
from faults.stub import Act, Pace, Seen, Stub

_AT_ONCE = 48
_MODELS = 60
_SLOWEST_S = 10.0
_MOST_GROWTH = 1.35
DEFAULTS = "timeout_ms = 5000\nfirst_token_timeout_ms = 1500\nstall_timeout_ms = 1500\nconnect_timeout_ms = 1500"

# What a seat may say after the provider did this to its last call. A breaker that has opened says unavailable.
EXPECTED = {
    Act.OK: {""},
    Act.RATE_LIMIT: {"rate_limited"},
    Act.RATE_LIMIT_AFTER: {"rate_limited"},
    Act.ERROR: {"upstream_error"},
    Act.OVERLOADED: {"upstream_error", "unavailable"},
    Act.RESET: {"upstream_error", "unavailable"},
    Act.CUT: {"upstream_error"},
    Act.STALL: {"timeout"},
    Act.GARBAGE: {"upstream_error"},
    Act.CONTENT_TYPE: {"upstream_error"},
    Act.ENDLESS: {"answer_too_large", "timeout"},
    Act.SLOW_HEADERS: {"timeout"},
}


@dataclass
class Outcome:
    panels: int = 0
    partial: int = 0
    whole: int = 0
    failed: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_s: float = 0
    memory: tuple[int, int] = (0, 0)

    def summary(self) -> str:
        before, after = (size // 2**20 for size in self.memory)
        return (
            f"{self.panels} panels: {self.whole} whole, {self.partial} partial, {self.failed} failed; seats "
            f"{dict(self.codes.most_common())}; slowest {self.slowest_s:.1f} s; memory {before} -> {after} MiB; "
            f"faults: {len(self.faults)}"
        )


class _Chance:
    """Draws what happens to each call: two of three go well."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._bad = [act for act in Act if act not in (Act.OK, Act.HANG)]

    def __call__(self, _tag: str, _model: str) -> Act:
        return Act.OK if self._rng.random() < 0.66 else self._rng.choice(self._bad)


def run(folder: Path, count: int, seed: int = 5) -> Outcome:
    """Ask `count` panels, streamed and not, with retries and without."""
    store = f"sqlite:///{folder}/parley.db"
    with Stub(_Chance(seed), Pace(first_s=0.02, word_s=0.002)) as stub:
        more = "max_answer_bytes = 65536"
        config = write_config(folder, Terms(store, stub.url, _MODELS, more=more, defaults=DEFAULTS))
        with server(folder, config) as process:
            outcome = asyncio.run(_ask_all(process, stub, count, seed))
        left = rows(store, "SELECT id FROM usage_events WHERE outcome = 'running'")
        events = rows(store, "SELECT COUNT(*) AS n FROM usage_events WHERE role = 'seat'")[0]["n"]
        if left:
            outcome.faults.append(f"{len(left)} events still run")
        if events != 3 * count:
            outcome.faults.append(f"{events} events of seats for {count} panels of three")
    return outcome


async def _ask_all(process: Process, stub: Stub, count: int, seed: int) -> Outcome:
    outcome = Outcome()
    rng = random.Random(seed)
    numbers = iter(range(count))
    settled_at = max(count // 4, 1)

    async def client() -> None:
        async with session(timeout_s=60) as http:
            for number in numbers:
                tag = f"panel/{number}"
                models = [f"m-{index}" for index in rng.sample(range(_MODELS), 3)]
                body = panel(tag, *models, resolution="fast", stream=number % 2 == 0, max_retries=int(number % 3 == 0))
                began = time.monotonic()
                got = await ask(http, process.url, tag, body)
                outcome.slowest_s = max(outcome.slowest_s, time.monotonic() - began)
                calls = stub.calls_of(tag)
                _check(outcome, got, models, calls)
                if outcome.panels == settled_at:
                    outcome.memory = (process.rss_bytes(), 0)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(client())
    outcome.memory = (outcome.memory[0], process.rss_bytes())
    if outcome.memory[1] > outcome.memory[0] * _MOST_GROWTH + 2**24:
        outcome.faults.append(f"memory grew: {outcome.memory}")
    if outcome.slowest_s > _SLOWEST_S:
        outcome.faults.append(f"a panel took {outcome.slowest_s:.1f} s")
    if not await until(lambda: stub.open_calls == 0, 5):
        outcome.faults.append(f"{stub.open_calls} calls are still open upstream")
    running = await metric(process.url, "parley_requests_running")
    if running:
        outcome.faults.append(f"{running} requests still run")
    return outcome


def _check(outcome: Outcome, got: Got, models: list[str], calls: list[Seen]) -> None:
    outcome.panels += 1
    by_model: dict[str, list[Seen]] = defaultdict(list)
    for call in calls:
        by_model[call.model].append(call)
    if got.status in (502, 504) or (got.status == 200 and got.is_whole and not got.is_answered):
        outcome.failed += 1
        if got.code not in ("all_models_failed", "timeout", "upstream_error"):
            outcome.faults.append(f"{got.tag}: {got.status} {got.code}")
        if any(_went_well(by_model[model]) for model in models):
            outcome.faults.append(f"{got.tag}: failed although a model answered")
        return
    if not got.is_answered:
        outcome.faults.append(f"{got.tag}: {got.status} {got.error} {got.body}")
        return
    seats = got.body["model_results"]
    bad = [seat for seat in seats if seat.get("error_code")]
    outcome.partial += bool(bad)
    outcome.whole += not bad
    if got.body["meta"]["partial"] is not bool(bad):
        outcome.faults.append(f"{got.tag}: partial is {got.body['meta']['partial']} with {len(bad)} failed seats")
    for seat, model in zip(seats, models, strict=True):
        code = seat.get("error_code", "")
        outcome.codes[code or "ok"] += 1
        _check_seat(outcome, f"{got.tag} {model}", code, by_model[model])


def _check_seat(outcome: Outcome, name: str, code: str, calls: list[Seen]) -> None:
    if not calls or code == "unavailable":
        if code != "unavailable":
            outcome.faults.append(f"{name}: {code!r} without a call")
        return
    if code == "timeout" and calls[-1].was_left:
        return  # it was still at work when the server's timer ended the call
    if code not in EXPECTED[calls[-1].act]:
        outcome.faults.append(f"{name}: {code!r} after {[call.act.value for call in calls]}")


def _went_well(calls: list[Seen]) -> bool:
    return bool(calls) and calls[-1].act is Act.OK and not calls[-1].was_left
