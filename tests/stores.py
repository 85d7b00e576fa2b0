"""A store for tests, on SQLite and on PostgreSQL alike."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Table, func, select

from parley.domain.settings import StoreSettings
from parley.store.database import Store

T = TypeVar("T")


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'parley.db'}"


def with_stores(url: str, count: int, use: Callable[..., Awaitable[T]]) -> T:
    """Run `use` with `count` stores on the database at `url`, as that many processes would have them."""

    async def run() -> T:
        stores = [Store(StoreSettings(url)) for _ in range(count)]
        try:
            return await use(*stores)
        finally:
            for store in stores:
                await store.close()

    return asyncio.run(run())


def count_rows(store: Store, table: Table) -> int:
    return store.read_now(lambda connection: connection.execute(select(func.count()).select_from(table)).scalar_one())


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
