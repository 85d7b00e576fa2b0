"""A store in trouble: it says so in bounded time, to everybody who waits, and works again afterwards."""

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from parley.domain.errors import NotServing
from parley.domain.settings import StoreSettings
from parley.store.database import Store
from services import Service


def test_locked_database_refuses_all_who_wait_at_once_not_one_after_the_other(tmp_path: Path) -> None:
    store = Store(StoreSettings(url=f"sqlite:///{tmp_path}/parley.db"), busy_timeout_s=0.2)
    lock = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    async def main() -> float:
        began = time.monotonic()
        jobs = [store.submit(lambda connection: connection.execute(text("SELECT 1"))) for _ in range(100)]
        found = await asyncio.gather(*jobs, return_exceptions=True)
        assert {type(one) for one in found} == {NotServing}
        return time.monotonic() - began

    assert asyncio.run(main()) < 10  # one after the other it would be 20 s
    lock.execute("ROLLBACK")
    assert asyncio.run(store.write(lambda _connection: 1)) == 1
    assert store.is_healthy
    lock.close()
    store.close_now()


def test_deadlock_between_two_processes_is_no_outage(postgresql_url: str) -> None:
    stores = [Store(StoreSettings(url=postgresql_url)) for _ in range(2)]
    stores[0].write_now(lambda connection: connection.execute(text("CREATE TABLE things (id INT, n INT)")))
    stores[0].write_now(lambda connection: connection.execute(text("INSERT INTO things VALUES (1, 0), (2, 0)")))
    barrier = threading.Barrier(2)

    def work(first: int, second: int, waits: list[bool]) -> object:
        def both(connection: Connection) -> int:
            connection.execute(text(f"UPDATE things SET n = n + 1 WHERE id = {first}"))
            if waits:
                waits.pop()
                barrier.wait(10)
            connection.execute(text(f"UPDATE things SET n = n + 1 WHERE id = {second}"))
            return 1

        return both

    async def main() -> list[object]:
        jobs = [stores[0].submit(work(1, 2, [True])), stores[1].submit(work(2, 1, [True]))]  # type: ignore[arg-type]
        return await asyncio.gather(*jobs)

    assert asyncio.run(main()) == [1, 1]
    found = stores[0].read_now(lambda connection: connection.execute(text("SELECT n FROM things")).scalars().all())
    assert found == [2, 2]
    for store in stores:
        store.close_now()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_postgresql_that_ends_is_an_outage_and_one_that_is_back_is_used(postgresql_service: Service, how: str) -> None:
    store = Store(StoreSettings(url=postgresql_service.url))
    asyncio.run(store.write(lambda _connection: 1))
    getattr(postgresql_service, how)()
    try:
        for _ in range(2):
            with pytest.raises(NotServing):
                asyncio.run(store.write(lambda connection: connection.execute(text("SELECT 1"))))
            with pytest.raises(NotServing):
                asyncio.run(store.read(lambda connection: connection.execute(text("SELECT 1"))))
    finally:
        postgresql_service.start()
    assert asyncio.run(store.write(lambda _connection: 1)) == 1
    assert store.is_healthy
    store.close_now()
