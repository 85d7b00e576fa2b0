"""A span of the ledger by day, by model and by key: on both databases, and adding up to the last picodollar."""

import asyncio
import itertools
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from parley.books.breakdown import Breakdown, Share
from parley.books.token_kinds import TOKEN_KINDS
from parley.books.usage import MOST_MODELS_A_DAY, Filter, Totals, UsageBook, broken_down
from parley.domain.settings import StoreSettings
from parley.store.database import Store
from parley.store.schema import usage_events

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
ALL = Filter(since=0)
UNEVEN_PICO = 333_333_333_333_333_337
"""A third of a million dollars, to more digits than a float has."""


def event(number: int, **fields: Any) -> dict[str, Any]:
    usual = {
        "id": f"evt_{number}",
        "time": NOON,
        "key_id": "key_a",
        "key_name": "ada",
        "request_id": f"req_{number}",
        "panel_id": None,
        "role": "chat",
        "seat_index": 0,
        "attempts": 1,
        "model": "m/one",
        "provider": "m",
        "cost_pico": 1,
        "is_estimated": False,
        "is_cached": False,
        "latency_ms": 100,
        "outcome": "ok",
        "instance_id": "ins_1",
        "input_estimate": 0,
    }
    return {**usual, **dict.fromkeys(TOKEN_KINDS, number), **fields}


def read(store_url: str, rows: Iterable[dict[str, Any]], wanted: Filter = ALL) -> tuple[Totals, Breakdown]:
    """Record `rows` in an empty store and break them down."""
    store = Store(StoreSettings(store_url))
    try:
        store.write_now(lambda connection: add(connection, *rows))
        return store.read_now(lambda connection: broken_down(connection, wanted))
    finally:
        store.close_now()


def add(connection: Connection, *rows: dict[str, Any]) -> None:
    connection.execute(insert(usage_events), rows)


def assert_adds_up(totals: Totals, shares: Iterable[Share]) -> None:
    found = list(shares)
    assert sum(share.cost_pico for share in found) == totals.cost_pico
    assert sum(share.events for share in found) == sum(totals.by_outcome.values())
    for kind in TOKEN_KINDS:
        assert sum(share.tokens[kind] for share in found) == totals.tokens[kind]


def assert_all_add_up(totals: Totals, parts: Breakdown) -> None:
    assert_adds_up(totals, [one.share for one in parts.days])
    assert_adds_up(totals, [one.share for one in parts.keys])
    assert_adds_up(totals, [Share(row.events, row.tokens, row.cost_pico) for row in totals.by_model])
    outcomes = [figures.by_outcome for figures in parts.models.values()]
    assert sum(sum(found.values()) for found in outcomes) == sum(totals.by_outcome.values())


def test_days_models_and_keys_each_add_up_to_the_total_to_the_last_digit(store_url: str) -> None:
    rows = [
        event(
            number,
            time=NOON + number * 7_200,
            model=f"m/{number % 3}",
            key_id=f"key_{number % 4}",
            cost_pico=None if number % 5 == 0 else UNEVEN_PICO // (number + 1),
            outcome="failed" if number % 7 == 0 else "ok",
        )
        for number in range(1, 40)
    ]
    totals, parts = read(store_url, rows)

    assert totals.cost_pico == sum(row["cost_pico"] or 0 for row in rows)
    assert_all_add_up(totals, parts)
    assert [one.day for one in parts.days] == sorted(one.day for one in parts.days)
    assert {one.day for one in parts.days} == {"2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"}
    assert len(parts.keys) == 4


def test_a_day_begins_at_midnight_utc_to_the_microsecond(store_url: str) -> None:
    _, parts = read(store_url, [event(1, time=MIDNIGHT - 0.000_001), event(2, time=MIDNIGHT), event(3, time=NOON)])

    assert [(one.day, one.share.events) for one in parts.days] == [("2026-11-20", 2), ("2026-11-21", 1)]


def test_models_beyond_the_dearest_are_one_row_of_the_day(store_url: str) -> None:
    rows = [event(number, model=f"m/{number:02}", cost_pico=number) for number in range(1, MOST_MODELS_A_DAY + 3)]
    totals, parts = read(store_url, rows)

    assert len(parts.days) == MOST_MODELS_A_DAY + 1
    assert parts.days[0].model == f"m/{MOST_MODELS_A_DAY + 2}"
    assert (parts.days[-1].model, parts.days[-1].share.events, parts.days[-1].share.cost_pico) == (None, 2, 1 + 2)
    assert len(totals.by_model) == len(parts.models) == MOST_MODELS_A_DAY + 2
    assert_all_add_up(totals, parts)


def test_renamed_key_is_one_row_under_its_last_name(store_url: str) -> None:
    rows = [event(1, key_name="zoe"), event(2, key_name="ann", time=NOON + 9), event(3, key_id="key_b", cost_pico=9)]
    _, parts = read(store_url, rows)

    found = [(one.key_id, one.key_name, one.share.events, one.share.cost_pico) for one in parts.keys]
    assert found == [("key_b", "ada", 1, 9), ("key_a", "ann", 2, 2)]


@pytest.mark.parametrize(
    ("lengths", "p50", "p95"),
    [([7], 7, 7), ([1, 2], 1, 2), ([3, 1, 2], 2, 3), (list(range(100, 0, -1)), 50, 95), ([5, 5, 5, 900], 5, 900)],
)
def test_latency_is_the_nearest_rank_of_the_calls_that_ended_well(
    store_url: str, lengths: list[int], p50: int, p95: int
) -> None:
    timed = [event(number, latency_ms=length) for number, length in enumerate(lengths)]
    apart = [event(900, latency_ms=0, is_cached=True), event(901, latency_ms=60_000, outcome="failed")]
    _, parts = read(store_url, [*timed, *apart])

    figures = parts.models["m/one"]
    assert (figures.p50_ms, figures.p95_ms) == (p50, p95)
    assert (figures.by_outcome, figures.cached) == ({"ok": len(lengths) + 1, "failed": 1}, 1)


def test_model_without_a_timed_call_has_no_latency_and_unpriced_calls_are_counted(store_url: str) -> None:
    rows = [event(1, outcome="failed", cost_pico=None), event(2, outcome="failed", cost_pico=None, output_tokens=0)]
    rows[1]["input_tokens"] = 0
    _, parts = read(store_url, rows)

    figures = parts.models["m/one"]
    assert (figures.p50_ms, figures.p95_ms, figures.unpriced) == (None, None, 1)


def test_filter_and_span_hold_for_every_part(store_url: str) -> None:
    rows = [event(1), event(2, time=MIDNIGHT), event(3, time=MIDNIGHT + 1, key_id="key_b"), event(4, model="m/two")]
    totals, parts = read(store_url, rows, Filter(since=NOON, until=MIDNIGHT + 1, key_id="key_a", model="m/one"))

    assert sum(totals.by_outcome.values()) == 2
    assert_all_add_up(totals, parts)
    assert (list(parts.models), [one.key_id for one in parts.keys]) == (["m/one"], ["key_a"])


def test_empty_span_has_no_parts(store_url: str) -> None:
    totals, parts = read(store_url, [event(1)], Filter(since=MIDNIGHT))

    assert (totals.cost_pico, parts) == (0, Breakdown((), (), {}))


def test_parts_add_up_while_calls_go_on(store_url: str) -> None:
    """Another process writes all the while; one that read each part at its own moment would not add up."""
    store, other = Store(StoreSettings(store_url)), Store(StoreSettings(store_url))
    is_over = threading.Event()

    def write() -> None:
        numbers = itertools.count(1)
        while not is_over.is_set():
            other.write_now(lambda connection: add(connection, event(next(numbers))))

    async def read_often() -> list[tuple[Totals, Breakdown]]:
        book = UsageBook(store)
        return [await book.broken_down(ALL) for _ in range(25)]

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = asyncio.run(read_often())
    finally:
        is_over.set()
        writer.join()
        store.close_now()
        other.close_now()
    for totals, parts in seen:
        assert_all_add_up(totals, parts)
    assert seen[-1][0].cost_pico > seen[0][0].cost_pico


def test_span_is_found_by_an_index(tmp_path: Path) -> None:
    """In SQLite, whose plan doesn't hang on how many rows there are."""
    store = Store(StoreSettings(f"sqlite:///{tmp_path}/parley.db"))
    seen: list[str] = []

    def explain(connection: Connection) -> None:
        raw: Any = connection.connection.driver_connection
        raw.set_trace_callback(seen.append)
        broken_down(connection, Filter(since=NOON, until=MIDNIGHT))
        raw.set_trace_callback(None)
        for statement in [line for line in seen if "usage_events" in line]:
            plan = " / ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
            assert "USING INDEX usage_events_by_time" in plan, plan

    try:
        store.read_now(explain)
    finally:
        store.close_now()
    assert len(seen) >= 6
