"""The ledger: on record before, settled after, never lost, never doubled, exact to the last digit."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from engine import failing, panel
from office import Office
from parley.books.entries import balance_of
from parley.books.journal import Journal
from parley.books.ledger import Ledger
from parley.books.money import from_pico, to_pico
from parley.domain.errors import NotServing, SpendLimitExceeded
from parley.domain.run import FinishReason, Nothing, PanelResult, Sampling, SeatRequest, Summary
from parley.domain.usage import Usage
from parley.gate.keyring import Caller
from parley.providers.provider import FinishChunk, TextChunk, UsageChunk
from parley.providers.scripted import Pause, Script, says
from parley.store.schema import attempts, holds, spend, usage_events

DOWN: Script = [failing()]
TRANSIENT: Script = [failing(is_transient=True)]


ANYBODY = Caller("key_1", "one", is_admin=False)


def capped(usd: str, month: bool = False) -> Caller:
    cap = Decimal(usd)
    return Caller(
        "key_1",
        "one",
        is_admin=False,
        spend_cap_usd=None if month else cap,
        spend_cap_month_usd=cap if month else None,
    )


def test_panel_leaves_one_event_more_than_seats_and_their_sum_is_its_cost(store_url: str, tmp_path: Path) -> None:
    scripts = {"a": [TRANSIENT, says("1")], "b": [DOWN], "c": [says("3")], "j": [DOWN, DOWN]}
    scripts["a"].append(says("merged"))
    office = Office(store_url, tmp_path, scripts)
    result = office.do(lambda o: o.ask(ANYBODY, panel("a", "b", "c", resolution=Summary("j"), max_retries=1)))
    events = office.rows(usage_events)
    assert sorted((row["role"], row["seat_index"]) for row in events) == [
        ("consolidation", 0),
        ("seat", 0),
        ("seat", 1),
        ("seat", 2),
    ]
    by_call = {(row["role"], row["seat_index"]): row for row in events}
    assert by_call["seat", 0]["attempts"] == 2
    assert by_call["seat", 1]["outcome"] == "failed"
    assert by_call["seat", 1]["error_code"] == "upstream_error"
    judge = by_call["consolidation", 0]
    assert (judge["attempts"], judge["outcome"], judge["model"]) == (2, "ok", "a")
    assert sum(from_pico(row["cost_pico"]) for row in events) == result.cost_usd
    assert len(office.rows(attempts)) == 2 + 1 + 1 + 2
    assert {row["month"] for row in office.rows(spend)} >= {""}
    assert office.rows(holds) == []


def test_event_adds_up_every_kind_of_token_of_its_attempts(store_url: str, tmp_path: Path) -> None:
    used = Usage(100, 50, cache_read_tokens=30, cache_creation_tokens=20, reasoning_tokens=10)
    broken: Script = [TextChunk("Par"), UsageChunk(used), failing(is_transient=True)]
    whole: Script = [TextChunk("Paris"), UsageChunk(used), FinishChunk(FinishReason.STOP)]
    office = Office(store_url, tmp_path, {"a": [broken, whole]})
    office.do(lambda o: o.ask(ANYBODY, panel("a", resolution=Nothing())))
    kinds = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens", "reasoning_tokens")
    (event,) = office.rows(usage_events)
    assert [event[kind] for kind in kinds] == [200, 100, 60, 40, 20]
    assert [[row[kind] for kind in kinds] for row in office.rows(attempts)] == [[100, 50, 30, 20, 10]] * 2


def test_event_is_on_record_before_the_first_call_goes_out(store_url: str, tmp_path: Path) -> None:
    gate = asyncio.Event()
    office = Office(store_url, tmp_path, {"a": [[Pause(gate), *says("1")]]})

    async def work(o: Office) -> list[Any]:
        task = asyncio.create_task(o.ask(ANYBODY, panel("a", resolution=Nothing())))
        while not o.bench.provider.calls:
            await asyncio.sleep(0)
        rows = o.rows(usage_events)
        gate.set()
        await task
        return rows

    rows = office.do(work)
    assert [(row["outcome"], row["model"]) for row in rows] == [("running", "a")]
    assert [row["outcome"] for row in office.rows(usage_events)] == ["ok"]


def test_cancelled_request_is_settled_with_what_it_used(store_url: str, tmp_path: Path) -> None:
    office = Office(store_url, tmp_path, {"a": [[TextChunk("Paris"), Pause()]], "b": [[Pause()]]})

    async def work(o: Office) -> None:
        task = asyncio.create_task(o.ask(capped("1"), panel("a", "b", resolution=Nothing())))
        while len(o.bench.provider.calls) < 2:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    office.do(work)
    rows = office.rows(usage_events)
    assert {row["outcome"] for row in rows} == {"cancelled"}
    assert all(row["is_estimated"] and row["cost_pico"] for row in rows)
    assert office.rows(holds) == []


def test_concurrent_requests_never_pass_the_cap(store_url: str, tmp_path: Path) -> None:
    """Price: 1 and 2 dollars a million; each call uses 10 in, 5 out: 20 microdollars. The cap allows 30 of them."""
    office = Office(store_url, tmp_path, {"a": [says("Paris")]})
    seat = SeatRequest("a", Sampling(max_tokens=5))

    async def one(o: Office) -> bool:
        try:
            await o.ask(capped("0.0006"), panel("a", seats=(seat,), resolution=Nothing()))
        except SpendLimitExceeded:
            return False
        return True

    async def work(o: Office) -> int:
        return sum(await asyncio.gather(*[one(o) for _ in range(200)]))

    served = office.do(work)
    spent, month, held = office.store.read_now(lambda connection: balance_of(connection, "key_1"))
    assert 0 < served < 30
    assert (spent, month, held) == (to_pico(Decimal("0.00002")) * served, spent, 0)
    assert spent <= to_pico(Decimal("0.0006"))


@pytest.mark.parametrize("month", [False, True])
def test_reached_cap_refuses_before_any_call(store_url: str, tmp_path: Path, month: bool) -> None:
    office = Office(store_url, tmp_path, {"a": [says("Paris")]})

    async def work(o: Office) -> None:
        with pytest.raises(SpendLimitExceeded, match="cap"):
            await o.ask(capped("0.000001", month), panel("a", resolution=Nothing()))

    office.do(work)
    assert office.bench.provider.calls == []
    assert office.rows(usage_events) == []


def test_further_attempt_that_would_pass_the_cap_is_not_made(store_url: str, tmp_path: Path) -> None:
    office = Office(store_url, tmp_path, {"a": [TRANSIENT, says("Paris")]})
    seat = SeatRequest("a", Sampling(max_tokens=100))
    first = 28 + 8 * 2 + 200  # the most that one call may cost, in microdollars

    async def work(o: Office) -> PanelResult:
        return await o.ask(capped(f"{first * 1.5 / 1e6:.6f}"), panel("a", seats=(seat,), resolution=Nothing()))

    answer = office.do(work).answers[0]
    assert len(office.bench.provider.calls) == 1
    assert answer.failure.code.value == "quota_exceeded"


class TestTroubleWithTheStore:
    def broken(self, office: Office) -> None:
        def drop(connection: Any) -> None:
            connection.execute(text("ALTER TABLE usage_events RENAME TO hidden"))

        office.store.write_now(drop)

    def mended(self, office: Office) -> None:
        office.store.write_now(lambda connection: connection.execute(text("ALTER TABLE hidden RENAME TO usage_events")))

    def test_request_that_cannot_be_recorded_is_refused_before_money_is_spent(self, tmp_path: Path) -> None:
        office = Office(f"sqlite:///{tmp_path}/parley.db", tmp_path, {"a": [says("Paris")]})
        self.broken(office)

        async def work(o: Office) -> None:
            with pytest.raises(NotServing) as caught:
                await o.ask(ANYBODY, panel("a", resolution=Nothing()))
            assert caught.value.code == "store_unavailable"

        office.do(work)
        assert office.bench.provider.calls == []

    def test_running_request_gets_its_answer_and_its_events_come_back_from_the_journal(self, tmp_path: Path) -> None:
        gate = asyncio.Event()
        scripts = {"a": [[Pause(gate), *says("1")]], "b": [says("2")], "j": [says("merged")]}
        office = Office(f"sqlite:///{tmp_path}/parley.db", tmp_path, scripts)

        async def work(o: Office) -> PanelResult:
            task = asyncio.create_task(o.ask(ANYBODY, panel("a", "b", resolution=Summary("j"))))
            while len(o.bench.provider.calls) < 2:
                await asyncio.sleep(0)
            await asyncio.sleep(0.05)
            self.broken(o)
            gate.set()
            result = await task
            assert o.ledger.journal.size_bytes > 0
            self.mended(o)
            async with asyncio.timeout(10):
                while o.ledger.journal.size_bytes:
                    await asyncio.sleep(0.01)
            return result

        result = office.do(work)
        assert result.verdict.text == "merged"
        rows = office.rows(usage_events)
        assert sorted((row["role"], row["outcome"]) for row in rows) == [
            ("consolidation", "ok"),
            ("seat", "ok"),
            ("seat", "ok"),
        ]
        assert sum(from_pico(row["cost_pico"]) for row in rows) == result.cost_usd
        total = next(row["amount_pico"] for row in office.rows(spend) if row["month"] == "")
        assert from_pico(total) == result.cost_usd

    def test_full_journal_refuses_new_requests(self, tmp_path: Path) -> None:
        office = Office(f"sqlite:///{tmp_path}/parley.db", tmp_path, {"a": [says("Paris")]}, room_bytes=4_096)

        async def work(o: Office) -> None:
            with pytest.raises(NotServing):
                await o.ask(ANYBODY, panel("a", "a", "a", resolution=Nothing()))

        office.do(work)


def test_two_thousand_panels_of_three_with_consolidation_may_run_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "journal")
    ledger = Ledger(Office(f"sqlite:///{tmp_path}/parley.db", tmp_path, {"a": [says("Paris")]}).store, journal)
    for number in range(2000):
        ledger.enter(f"req_{number}", events=4)
    assert ledger.running_events == 8000
    journal.close()


def test_what_a_killed_process_left_running_is_closed_as_abandoned_and_billed(store_url: str, tmp_path: Path) -> None:
    office = Office(store_url, tmp_path, {"a": [[Pause()]]})

    async def work(o: Office) -> None:
        await o.open(capped("1"), panel("a", resolution=Nothing()), "req_lost")

    office.do(work)
    assert len(office.rows(holds)) == 1
    office.store.write_now(lambda connection: connection.execute(text("UPDATE instances SET lease_until = 0")))
    after = Ledger(office.store, Journal(tmp_path, "journal"))
    after.start_now()
    row = office.rows(usage_events)[0]
    assert (row["outcome"], row["is_estimated"], after.abandoned) == ("abandoned", True, 1)
    assert row["cost_pico"] == row["estimate_pico"] > 0
    assert office.rows(holds) == []
    assert {row["amount_pico"] for row in office.rows(spend)} == {row["cost_pico"]}


def test_living_process_keeps_its_running_rows(store_url: str, tmp_path: Path) -> None:
    office = Office(store_url, tmp_path, {"a": [[Pause()]]})

    async def work(o: Office) -> None:
        await o.open(ANYBODY, panel("a", resolution=Nothing()), "req_running")

    office.do(work)
    other = Ledger(office.store, Journal(tmp_path, "journal"))
    other.start_now()
    assert other.abandoned == 0
    assert office.rows(usage_events)[0]["outcome"] == "running"


def test_process_thought_gone_settles_by_the_difference(store_url: str, tmp_path: Path) -> None:
    gate = asyncio.Event()
    office = Office(store_url, tmp_path, {"a": [[Pause(gate), *says("Paris")]]})

    async def work(o: Office) -> PanelResult:
        task = asyncio.create_task(o.ask(ANYBODY, panel("a", resolution=Nothing())))
        while not o.bench.provider.calls:
            await asyncio.sleep(0)
        await o.store.write(lambda connection: connection.execute(text("UPDATE instances SET lease_until = 0")))
        other = Ledger(o.store, Journal(tmp_path, "journal"))
        other.start_now()
        assert other.abandoned == 1
        gate.set()
        return await task

    result = office.do(work)
    row = office.rows(usage_events)[0]
    assert (row["outcome"], from_pico(row["cost_pico"])) == ("ok", result.cost_usd)
    assert {from_pico(row["amount_pico"]) for row in office.rows(spend)} == {result.cost_usd}
