"""Deletes what is kept for a day only, a little at a time, so that it never holds up a request for long."""

import asyncio
import time
from collections.abc import Callable

from sqlalchemy import Connection

from parley.books import answer_cache, idempotency
from parley.books.idempotency import Idempotency
from parley.domain.errors import NotServing
from parley.store.database import Store

EVERY_S = 60.0
_MOST_AT_ONCE = 200
_MOST_ROUNDS = 100

Forget = Callable[[Connection, float, int], int]


async def keep_clean(store: Store, marks: Idempotency, now: Callable[[], float] = time.time) -> None:
    """Clean up every minute until cancelled; while the store is out, wait for the next minute."""
    while True:
        await clean_up(store, marks, now())
        await asyncio.sleep(EVERY_S)


async def clean_up(store: Store, marks: Idempotency, now: float) -> None:
    """Delete what is old, and settle what the store could not take when it was out."""
    try:
        await marks.settle_owed()
        for forget in (idempotency.forget_old, answer_cache.forget_old):
            await _forget_all(store, forget, now)
    except NotServing:
        return


async def _forget_all(store: Store, forget: Forget, now: float) -> None:
    for _ in range(_MOST_ROUNDS):
        if await store.write(lambda connection: forget(connection, now, _MOST_AT_ONCE)) < _MOST_AT_ONCE:
            return
