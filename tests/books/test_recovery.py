"""The ledger after trouble: cancelled openings, processes that are gone, journals left behind, uncertain commits."""

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text, update

from engine import panel
from office import Office
from parley.books.entries import Settlement
from parley.books.instances import LEASE_S, Instance
from parley.books.journal import Journal, journal_place, open_journal
from parley.books.ledger import Ledger
from parley.domain.errors import NotServing
from parley.domain.run import Nothing
from parley.gate.keyring import Caller
from parley.providers.scripted import Pause, says
from parley.store.schema import holds, instances, spend, usage_events
from waiting import until

CAPPED = Caller("key_1", "one", is_admin=False, spend_cap_usd=Decimal(1))
ANYBODY = Caller("key_1", "one", is_admin=False)
FAST = panel("a", resolution=Nothing())


def blocking(office: Office) -> threading.Event:
    """Keep the store's writer busy until the event is set."""
    gate = threading.Event()
    office.store.submit(lambda _connection: gate.wait(10))
    return gate


class TestRequestThatEndsWhileItIsPutOnRecord:
    def test_is_settled_as_cancelled_and_its_hold_is_released(self, store_url: str, tmp_path: Path) -> None:
        office = Office(store_url, tmp_path, {"a": [says("Paris")]})

        async def work(o: Office) -> None:
            await asyncio.sleep(0)
            gate = blocking(o)
            task = asyncio.create_task(o.open(CAPPED, FAST, "req_left"))
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.wait([task])
            gate.set()
            await o.ledger.drain()

        office.do(work)
        row = office.rows(usage_events)[0]
        assert (row["outcome"], row["error_code"], row["cost_pico"], row["attempts"]) == (
            "cancelled",
            "cancelled",
            0,
            0,
        )
        assert office.rows(holds) == []
        assert office.ledger.running_events == 0

    def test_is_drained_before_the_end_also_where_nobody_waits_for_its_end(self, tmp_path: Path) -> None:
        office = Office(f"sqlite:///{tmp_path}/parley.db", tmp_path, {"a": [[Pause()]]})

        async def work(o: Office) -> None:
            ticket = await o.open(CAPPED, FAST, "req_left")
            gate = blocking(o)
            assert ticket.account is not None
            ticket.account.close()
            waiting = asyncio.create_task(ticket.account.settled())
            await asyncio.sleep(0.02)
            waiting.cancel()
            await asyncio.wait([waiting])
            asyncio.get_running_loop().call_later(0.05, gate.set)
            await o.ledger.drain()
            assert [row["outcome"] for row in o.rows(usage_events)] == ["cancelled"]

        office.do(work)

    def test_uncertain_commit_leaves_nothing_running(self, store_url: str, tmp_path: Path) -> None:
        """The row is there, but the request was refused: the connection broke before the commit was confirmed."""
        office = Office(store_url, tmp_path, {"a": [[Pause()]]})

        async def work(o: Office) -> None:
            ticket = await o.open(CAPPED, FAST, "req_kept")
            await o.open(CAPPED, FAST, "req_lost")
            o.ledger.leave("req_lost")
            await until(lambda: {row["outcome"] for row in o.rows(usage_events)} == {"running", "cancelled"})
            assert {row["request_id"] for row in o.rows(holds)} == {"req_kept"}
            ticket.account.close()  # type: ignore[union-attr]

        office.do(work)
        assert {row["outcome"] for row in office.rows(usage_events)} == {"cancelled"}


def test_nobody_waits_for_a_store_that_is_known_to_be_out(tmp_path: Path) -> None:
    office = Office(f"sqlite:///{tmp_path}/parley.db", tmp_path, {"a": [says("Paris")]})
    lock = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)

    async def work(o: Office) -> float:
        lock.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotServing):
            await o.ask(ANYBODY, FAST)
        began = time.monotonic()
        for _ in range(20):
            with pytest.raises(NotServing):
                await o.ask(ANYBODY, FAST)
        took_s = time.monotonic() - began
        lock.execute("ROLLBACK")
        await until(lambda: o.store.is_healthy)
        await o.ask(ANYBODY, FAST)
        return took_s

    assert office.do(work) < 20  # each waiting for the lock, they would take 50 s
    assert [row["outcome"] for row in office.rows(usage_events)] == ["ok"]
    lock.close()


class TestProcessesThatAreGone:
    def test_killed_process_is_known_to_be_gone_before_its_parent_reaps_it(
        self, store_url: str, tmp_path: Path
    ) -> None:
        office = Office(store_url, tmp_path, {})
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        row = register(office, child.pid)
        now = time.time()
        assert office.store.read_now(lambda connection: office.ledger.instance.gone(connection, now, set())) == []
        child.kill()
        try:
            deadline = time.monotonic() + 5
            while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                assert time.monotonic() < deadline
            gone = office.store.read_now(lambda connection: office.ledger.instance.gone(connection, now, set()))
            assert gone == [row]
        finally:
            child.wait()

    def test_rows_of_a_process_that_is_not_registered_are_closed(self, store_url: str, tmp_path: Path) -> None:
        office = Office(store_url, tmp_path, {"a": [[Pause()]]})
        office.do(lambda o: o.open(CAPPED, FAST, "req_lost"))
        office.store.write_now(lambda connection: connection.execute(text("DELETE FROM instances")))
        other = Ledger(office.store, Journal(tmp_path, "journal"))
        other.start_now()
        assert [row["outcome"] for row in office.rows(usage_events)] == ["abandoned"]
        assert office.rows(holds) == []

    def test_several_processes_that_close_the_same_rows_bill_them_once(self, store_url: str, tmp_path: Path) -> None:
        office = Office(store_url, tmp_path, {"a": [[Pause()]]})

        async def work(o: Office) -> None:
            for number in range(40):
                await o.open(ANYBODY, FAST, f"req_{number}")

        office.do(work)
        office.store.write_now(lambda connection: connection.execute(update(instances).values(lease_until=0.0)))
        others = [Office(store_url, tmp_path, {}, starts=False) for _ in range(4)]
        barrier = threading.Barrier(4)

        def start(other: Office) -> None:
            barrier.wait()
            other.ledger.start_now()

        threads = [threading.Thread(target=start, args=(other,)) for other in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rows = office.rows(usage_events)
        assert {row["outcome"] for row in rows} == {"abandoned"}
        assert {row["amount_pico"] for row in office.rows(spend)} == {sum(row["cost_pico"] for row in rows)}
        assert sum(other.ledger.abandoned for other in others) == 40


class TestJournals:
    def settled(self, office: Office, request_id: str) -> Settlement:
        """Open a request, and return the end of its one call."""
        office.do(lambda o: o.open(ANYBODY, FAST, request_id))
        event = next(row for row in office.rows(usage_events) if row["request_id"] == request_id)
        return Settlement({**event, "outcome": "ok", "cost_pico": 5, "attempts": 1})

    def test_what_another_process_left_in_its_journal_is_taken_over(self, store_url: str, tmp_path: Path) -> None:
        office = Office(store_url, tmp_path, {"a": [[Pause()]]})
        second = Journal(tmp_path, "journal")
        second.append([self.settled(office, "req_1")])
        second.close()
        office.ledger.journal.close()
        after = Ledger(office.store, Journal(tmp_path, "journal"))
        after.start_now()
        assert [(row["outcome"], row["cost_pico"]) for row in office.rows(usage_events)] == [("ok", 5)]
        assert Journal(tmp_path, "journal").read() == []

    def test_journal_of_a_living_process_is_left_alone(self, store_url: str, tmp_path: Path) -> None:
        office = Office(store_url, tmp_path, {"a": [[Pause()]]})
        second = Journal(tmp_path, "journal")
        second.append([self.settled(office, "req_1")])
        Ledger(office.store, Journal(tmp_path, "journal")).start_now()
        assert second.size_bytes > 0
        assert len(second.read()) == 1

    def test_two_databases_never_share_a_journal(self) -> None:
        one = journal_place("postgresql://parley:secret@db/one")
        assert one != journal_place("postgresql://parley:secret@db/two")
        assert one == journal_place("postgresql://parley:changed@db/one")
        assert "secret" not in str(one)

    def test_store_in_memory_has_a_journal_that_nobody_finds(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        working, temporary = tmp_path / "working", tmp_path / "temporary"
        working.mkdir()
        temporary.mkdir()
        monkeypatch.chdir(working)
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        office = Office(f"sqlite:///{tmp_path}/parley.db", tmp_path, {"a": [[Pause()]]})
        first, second = open_journal("sqlite:///:memory:"), open_journal("sqlite:///:memory:")
        first.append([self.settled(office, "req_1")])
        taken: list[Any] = []
        second.take_over(taken.extend)
        assert taken == second.read() == []
        assert len(first.read()) == 1
        assert [*working.iterdir(), *temporary.iterdir()] == []
        first.close()
        second.close()

    def test_journal_without_a_folder_to_be_kept_in_names_it(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match=f"{tmp_path}/none") as found:
            open_journal(f"sqlite:///{tmp_path}/none/parley.db")
        assert found.value.filename == f"{tmp_path}/none"

    def test_room_is_taken_before_anything_is_awaited(self, tmp_path: Path) -> None:
        """Requests that come at once must not all count on the same room."""
        office = Office(f"sqlite:///{tmp_path}/parley.db", tmp_path, {"a": [[Pause()]]}, room_bytes=100_000)

        async def work(o: Office) -> list[Any]:
            opening = [o.open(ANYBODY, FAST, f"req_{number}") for number in range(100)]
            return await asyncio.gather(*opening, return_exceptions=True)

        found = office.do(work)
        refused = [one for one in found if isinstance(one, NotServing)]
        assert 0 < len(refused) < 100
        assert len(office.rows(usage_events)) == 100 - len(refused)


def test_entry_that_the_database_driver_cannot_take_fails_alone(store_url: str, tmp_path: Path) -> None:
    office = Office(store_url, tmp_path, {"a": [says("Paris")]})

    async def work(o: Office) -> None:
        ticket = await o.open(ANYBODY, FAST, "req_bad")
        gate = blocking(o)
        row = dict(ticket.account._lines[next(iter(ticket.account._lines))].row)  # type: ignore[union-attr]
        bad = o.ledger.put(Settlement({**row, "output_tokens": 10**40}))
        ticket.account.close()  # type: ignore[union-attr]
        gate.set()
        with pytest.raises(Exception, match=r"."):
            await bad
        await o.ledger.drain()
        await o.ask(ANYBODY, FAST)

    office.do(work)
    assert sorted(row["outcome"] for row in office.rows(usage_events)) == ["cancelled", "ok"]


def register(office: Office, pid: int) -> str:
    """Put another process of this machine on record, its lease fresh; return its id."""
    other = Instance(pid)

    def add(connection: Connection) -> None:
        connection.execute(
            insert(instances),
            {
                "id": other.id,
                "started_at": other.started_at,
                "host": other.host,
                "pid": pid,
                "lease_until": time.time() + LEASE_S,
            },
        )

    office.store.write_now(add)
    return other.id
