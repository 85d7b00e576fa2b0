"""The store: durable when a write returns, one bad job harms no other, old databases keep every row."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from parley.domain.errors import NotServing
from parley.domain.settings import StoreSettings
from parley.store.database import Store
from parley.store.opening import HEAD, StoreError, current_revision
from parley.store.schema import keys, metadata, spend, traces

FIRST_SCHEMA = """
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE,
    is_admin INTEGER NOT NULL,
    created_at TEXT NOT NULL
)
"""


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = Store(StoreSettings(url=store_url))
    yield opened
    opened.close_now()


def spending(key_id: str, pico: int = 1) -> Any:
    def spend_once(connection: Connection) -> int:
        connection.execute(insert(spend), {"key_id": key_id, "month": "", "amount_pico": pico})
        return 1

    return spend_once


def count(store: Store) -> int:
    return store.read_now(lambda connection: connection.execute(select(func.count()).select_from(spend)).scalar_one())


def test_what_a_write_returns_for_is_seen_by_everybody(store: Store, store_url: str) -> None:
    assert asyncio.run(store.write(spending("a"))) == 1
    other = Store(StoreSettings(url=store_url))
    assert count(other) == 1
    other.close_now()


def test_many_writes_share_commits_and_all_count(store: Store) -> None:
    async def main() -> int:
        return sum(await asyncio.gather(*[store.write(spending(f"k{n}")) for n in range(500)]))

    assert asyncio.run(main()) == count(store) == 500


def test_store_in_memory_is_one_for_all_threads_and_none_of_another_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store, other = (Store(StoreSettings(url="sqlite:///:memory:")) for _ in range(2))

    def count_often() -> int:
        return max(count(store) for _ in range(50))

    async def main() -> int:
        writing = [store.write(spending(f"k{number}")) for number in range(200)]
        reading = [asyncio.to_thread(count_often) for _ in range(8)]
        written, _ = await asyncio.gather(asyncio.gather(*writing), asyncio.gather(*reading))
        return sum(written)

    assert asyncio.run(main()) == count(store) == 200
    assert count(other) == 0
    assert list(tmp_path.iterdir()) == []
    store.close_now()
    other.close_now()


def test_bad_job_fails_alone(store: Store) -> None:
    async def main() -> list[Any]:
        held = threading.Event()
        first = store.submit(lambda _connection: held.wait(10))
        jobs = [store.submit(spending(key)) for key in ("a", "b", "a", "c")]
        held.set()
        await first
        return await asyncio.gather(*jobs, return_exceptions=True)

    results = asyncio.run(main())
    assert [type(result) for result in results] == [int, int, IntegrityError, int]
    assert count(store) == 3


def test_failing_work_leaves_nothing_behind(store: Store) -> None:
    def half(connection: Connection) -> None:
        spending("a")(connection)
        raise LookupError("half-way")

    with pytest.raises(LookupError):
        asyncio.run(store.write(half))
    assert count(store) == 0


def test_write_survives_a_reader_that_holds_its_snapshot(store: Store) -> None:
    async def main() -> tuple[int, int]:
        entered, leave = threading.Event(), threading.Event()

        def look(connection: Connection) -> int:
            before = connection.execute(select(func.count()).select_from(spend)).scalar_one()
            entered.set()
            leave.wait(10)
            return int(before)

        reading = asyncio.create_task(store.read(look))
        await asyncio.to_thread(entered.wait, 10)
        await store.write(spending("a"))
        leave.set()
        return await reading, count(store)

    assert asyncio.run(main()) == (0, 1)


def test_new_and_migrated_databases_have_the_same_schema(store_url: str) -> None:
    fill_first_schema(store_url)
    Store(StoreSettings(url=store_url)).close_now()
    engine = create_engine(store_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        assert current_revision(connection) == HEAD
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    kinds = {difference[0] for difference in differences if isinstance(difference, tuple)}
    assert kinds - {"add_constraint", "add_index", "remove_constraint"} == set()


def test_database_of_the_first_release_keeps_every_key(store_url: str) -> None:
    fill_first_schema(store_url)
    store = Store(StoreSettings(url=store_url))
    rows = store.read_now(lambda connection: connection.execute(select(keys).order_by(keys.c.id)).all())
    assert [(row.id, row.name, row.is_admin, row.rpm, row.is_disabled) for row in rows] == [
        (f"key_{number:02}", f"name {number}", number == 0, None, False) for number in range(20)
    ]
    store.close_now()
    again = Store(StoreSettings(url=store_url))
    assert len(again.read_now(lambda connection: connection.execute(select(keys)).all())) == 20
    again.close_now()


def test_spans_of_the_second_schema_move_into_their_traces_row(store_url: str) -> None:
    fill_second_schema(store_url)
    store = Store(StoreSettings(url=store_url))
    rows = store.read_now(lambda connection: connection.execute(select(traces).order_by(traces.c.request_id)).all())
    assert [row.request_id for row in rows] == [f"req_{number:04}" for number in range(1_003)] + ["req_without"]
    assert rows[-1].spans == "[]"
    root, seat = json.loads(rows[1_002].spans)
    assert root == {
        "span_id": "aa1002",
        "parent_id": None,
        "name": "roundtable é",
        "kind": "server",
        "status": "ok",
        "start_time": 1002.0,
        "end_time": 1003.5,
        "attributes": {"parley.seats": 1, "parley.order": [1, 0]},
    }
    assert (seat["span_id"], seat["parent_id"]) == ("bb1002", "aa1002")
    assert all(len(json.loads(row.spans)) == 2 for row in rows[:-1])
    store.close_now()


def test_processes_that_start_together_migrate_once(store_url: str) -> None:
    fill_first_schema(store_url)
    errors: list[BaseException] = []

    def start() -> None:
        try:
            Store(StoreSettings(url=store_url)).close_now()
        except BaseException as error:  # noqa: BLE001  # looked at below
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_processes_that_open_an_old_file_together_all_get_its_log(tmp_path: Path) -> None:
    for number in range(30):
        path = tmp_path / f"{number}.db"
        sqlite3.connect(path).execute("CREATE TABLE other (a)").connection.close()
        with ThreadPoolExecutor(4) as pool:
            stores = list(pool.map(lambda _: Store(StoreSettings(url=f"sqlite:///{path}")), range(4)))  # noqa: B023
        for store in stores:
            store.close_now()


def test_newer_database_is_left_alone(store: Store, store_url: str) -> None:
    store.write_now(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(StoreError, match="newer"):
        Store(StoreSettings(url=store_url))


def test_locked_database_is_an_outage_and_passes(tmp_path: Path) -> None:
    store = Store(StoreSettings(url=f"sqlite:///{tmp_path}/parley.db"), busy_timeout_s=0.05)
    blocker = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(NotServing) as caught:
        asyncio.run(store.write(spending("a")))
    assert (caught.value.code, store.is_healthy) == ("store_unavailable", False)
    blocker.execute("ROLLBACK")
    blocker.close()
    assert asyncio.run(store.write(spending("a"))) == 1
    assert store.is_healthy
    store.close_now()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("sqlite:////nonexistent/folder/x.db", "can't be used"),
        ("postgresql://user:hunter2@127.0.0.1:1/db", "can't be used"),
        ("mysql://x", "must begin with"),
    ],
)
def test_store_that_cannot_be_opened_says_so_without_its_password(bad: str, words: str) -> None:
    with pytest.raises(StoreError, match=words) as caught:
        Store(StoreSettings(url=bad))
    assert "hunter2" not in str(caught.value)


def test_database_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "parley.db").write_bytes(b"not a database at all, but long enough to be one" * 50)
    with pytest.raises(StoreError, match="can't be used"):
        Store(StoreSettings(url=f"sqlite:///{tmp_path}/parley.db"))


SECOND_SCHEMA = """
ALTER TABLE traces DROP COLUMN spans;
CREATE TABLE spans (
    request_id VARCHAR(40) NOT NULL, span_id VARCHAR(16) NOT NULL, parent_id VARCHAR(16), name TEXT NOT NULL,
    kind VARCHAR(16) NOT NULL, status VARCHAR(16) NOT NULL, start_time DOUBLE PRECISION NOT NULL,
    end_time DOUBLE PRECISION NOT NULL, attributes TEXT NOT NULL, PRIMARY KEY (request_id, span_id));
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0002')"""


def fill_second_schema(url: str) -> None:
    """Fill a database as the second schema had it, with the spans in a table of their own."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        metadata.create_all(connection)
        for statement in SECOND_SCHEMA.split(";"):
            connection.execute(text(statement))
        for number in range(1_003):
            _fill_trace(connection, f"req_{number:04}", number)
        _fill_trace(connection, "req_without", None)
    engine.dispose()


def _fill_trace(connection: Connection, request_id: str, number: int | None) -> None:
    connection.execute(
        text("INSERT INTO traces VALUES (:id, :id, 'key_a', 'roundtable', 'ok', 1, 2, 2)"), {"id": request_id}
    )
    if number is None:
        return
    add = text("INSERT INTO spans VALUES (:id, :span, :parent, :name, :kind, 'ok', :start, :end, :attributes)")
    root, seat = f"aa{number}", f"bb{number}"
    values = {"id": request_id, "start": float(number), "end": number + 1.5}
    attributes = '{"parley.seats":1,"parley.order":[1,0]}'
    connection.execute(
        add,
        [
            {**values, "span": seat, "parent": root, "name": "chat a", "kind": "client", "attributes": "{}"},
            {
                **values,
                "span": root,
                "parent": None,
                "name": "roundtable é",
                "kind": "server",
                "attributes": attributes,
            },
        ],
    )


def fill_first_schema(url: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text(FIRST_SCHEMA))
        for number in range(20):
            row = {"id": f"key_{number:02}", "name": f"name {number}", "hash": f"{number:064}", "a": int(number == 0)}
            connection.execute(text("INSERT INTO keys VALUES (:id, :name, :hash, :a, '2026-11-21')"), row)
    engine.dispose()


def test_new_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    Store(StoreSettings(url=f"sqlite:///{tmp_path}/parley.db")).close_now()
    assert (tmp_path / "parley.db").stat().st_mode & 0o077 == 0
