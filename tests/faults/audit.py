"""Holds what a provider saw and what clients got against the books: nothing lost, nothing doubled, to the last digit.

Reads the database with plain SQL: a fault of Parley's own readers must not hide one of its writers.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import psycopg
import psycopg.rows

from faults.client import Got
from faults.stub import Seen

Row = dict[str, Any]
_PICO = Decimal(10) ** 12
SETTLED = {"ok", "failed", "cancelled"}


@dataclass
class Findings:
    """What is wrong, sentence by sentence, and how much was looked at."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    answered: int = 0
    unanswered: int = 0
    calls: int = 0
    events: int = 0
    abandoned: int = 0

    def __iadd__(self, other: "Findings") -> "Findings":
        self.lost += other.lost
        self.doubled += other.doubled
        self.wrong += other.wrong
        self.answered += other.answered
        self.unanswered += other.unanswered
        self.calls += other.calls
        self.events += other.events
        self.abandoned += other.abandoned
        return self

    @property
    def faults(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.wrong]

    def summary(self) -> str:
        return (
            f"{self.answered} answered, {self.unanswered} not, {self.calls} upstream calls, {self.events} events "
            f"({self.abandoned} abandoned): lost {len(self.lost)}, doubled {len(self.doubled)}, wrong {len(self.wrong)}"
        )


def rows(url: str, query: str) -> list[Row]:
    """Run a query on the store at `url`."""
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query)]
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
        return list(connection.execute(query))  # type: ignore[call-overload]  # the queries are ours


def events_of(url: str, key_name: str) -> list[Row]:
    return rows(url, f"SELECT * FROM usage_events WHERE key_name = '{key_name}'")


def audit(url: str, key_name: str, asked: Sequence[Got], seen: Iterable[Seen]) -> Findings:
    """Check all that happened under one key, whose requests named each model at most once."""
    events = events_of(url, key_name)
    attempts = rows(url, "SELECT request_id, role, seat_index, attempt FROM attempts")
    found = Findings(events=len(events))
    found.abandoned = sum(event["outcome"] == "abandoned" for event in events)
    _check_calls(found, events, Counter(call.model for call in seen), attempts)
    for got in asked:
        if got.is_answered:
            found.answered += 1
            _check_answer(found, got, [event for event in events if event["request_id"] == got.request_id])
        else:
            found.unanswered += 1
    _check_spend(found, url, events)
    return found


def _check_calls(found: Findings, events: list[Row], calls: Counter[str], attempts: list[Row]) -> None:
    """Every call that the provider saw belongs to one event; a settled event has an attempt for each of its calls."""
    by_model: dict[str, list[Row]] = defaultdict(list)
    for event in events:
        by_model[event["model"]].append(event)
    made = Counter((row["request_id"], row["role"], row["seat_index"]) for row in attempts)
    found.calls += calls.total()
    for model, count in calls.items():
        mine = by_model[model]
        if not mine:
            found.lost.append(f"{model}: {count} calls upstream, no event")
        elif len(mine) > 1:
            found.doubled.append(f"{model}: {len(mine)} events")
        elif mine[0]["outcome"] in SETTLED:
            event = mine[0]
            beneath = made[event["request_id"], event["role"], event["seat_index"]]
            if event["attempts"] != count or beneath != count:
                text = f"{model}: {count} calls, {event['attempts']} attempts told, {beneath} kept"
                (found.lost if beneath < count else found.doubled).append(text)


def _check_answer(found: Findings, got: Got, events: list[Row]) -> None:
    """An answered request has an event for each seat, one for its consolidation, and their sum is its cost."""
    seats = sorted(event["seat_index"] for event in events if event["role"] == "seat")
    judges = [event for event in events if event["role"] == "consolidation"]
    told = [row["index"] for row in got.body["model_results"]]
    if seats != told:
        (found.lost if len(seats) < len(told) else found.doubled).append(f"{got.tag}: seats {told}, events {seats}")
    if got.body["meta"].get("summary_model") and len(judges) != 1:
        found.lost.append(f"{got.tag}: {len(judges)} consolidation events")
    if any(event["outcome"] not in SETTLED for event in events):
        found.lost.append(f"{got.tag}: answered, but {[event['outcome'] for event in events]}")
    total = sum((Decimal(event["cost_pico"] or 0) / _PICO for event in events), Decimal(0))
    if total != got.cost:
        found.wrong.append(f"{got.tag}: the answer says {got.cost}, the events {total}")


def _check_spend(found: Findings, url: str, events: list[Row]) -> None:
    """What a key has spent is the sum of its events."""
    for key_id in {event["key_id"] for event in events}:
        kept = rows(url, f"SELECT month, amount_pico FROM spend WHERE key_id = '{key_id}'")
        total = sum(event["cost_pico"] or 0 for event in events if event["key_id"] == key_id)
        spent = sum(row["amount_pico"] for row in kept if not row["month"])
        months = sum(row["amount_pico"] for row in kept if row["month"])
        if not total == spent == months:
            found.wrong.append(f"{key_id}: events cost {total}, spent {spent}, in months {months} picodollars")
