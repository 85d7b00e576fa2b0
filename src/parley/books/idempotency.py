"""Requests that may be sent twice and are done once. Owns the table `idempotency`.

A mark is placed before anything is done; the insert decides between processes. Only a `200` is kept, for a day; every
other end frees the key. A mark carries its process: what a killed one left running is freed by `release_of`.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Executable, and_, delete, select, update

from parley.domain.errors import IdempotencyInProgress, IdempotencyMismatch, NotServing
from parley.store.database import Store
from parley.store.schema import idempotency
from parley.store.upsert import insert_for

KEPT_S = 86_400.0
"""Source: contracts/gateway.md, "Idempotency"."""

_RETRY_AFTER_S = 1

Work = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Begun:
    """The mark of a request that is to be done now, by whoever holds this."""

    key_id: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Replay:
    """The stored body of the answer that this request had before."""

    body: bytes


class Idempotency:
    """The marks of one process, whose id in the store is `instance_id`."""

    def __init__(self, store: Store, instance_id: str, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._instance_id = instance_id
        self._now = now
        self._owed: dict[Begun, Work] = {}

    async def begin(self, key_id: str, idempotency_key: str, fingerprint: str) -> Begun | Replay:
        """Place a mark, or return what was answered before.

        Raises IdempotencyMismatch, IdempotencyInProgress, NotServing.
        """
        mark = Begun(key_id, idempotency_key)
        found = await self._store.write(lambda connection: self._place(connection, mark, fingerprint))
        if found is None:
            return mark
        if found[0] != fingerprint:
            raise _mismatch()
        if found[1] is None:
            raise _in_progress()
        return Replay(found[1])

    async def finish(self, mark: Begun, body: bytes) -> None:
        """Keep the answer of a `200`, durably. While the store is out, `settle_owed` does so later."""
        values = {"response": body, "created_at": self._now()}
        statement = update(idempotency).where(self._is_mine(mark)).values(values)
        await self._do(mark, lambda connection: _execute(connection, statement))

    def free(self, mark: Begun) -> "asyncio.Future[None]":
        """Forget `mark`: the next request with its key is done anew, at the latest when the future ends."""
        statement = delete(idempotency).where(self._is_mine(mark))
        return self._do(mark, lambda connection: _execute(connection, statement))

    async def settle_owed(self) -> None:
        """Try again what the store could not take; raises NotServing while it still can't."""
        for mark, work in list(self._owed.items()):
            await self._store.write(work)
            self._owed.pop(mark, None)

    def _do(self, mark: Begun, work: Work) -> "asyncio.Future[None]":
        """Queue `work`; what an outage swallows is owed: a mark must not outlive its request because the store was out.

        A future of its own, so that who is cancelled while waiting does not lose sight of the outage.
        """
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def end(done: "asyncio.Future[None]") -> None:
            error = done.exception()
            if isinstance(error, NotServing):
                self._owed[mark] = work
            if told.done():
                return
            if error is None or isinstance(error, NotServing):
                told.set_result(None)
            else:
                told.set_exception(error)

        self._store.submit(work).add_done_callback(end)
        return told

    def _place(self, connection: Connection, mark: Begun, fingerprint: str) -> tuple[str, bytes | None] | None:
        """Insert the mark and return None; or return the fingerprint and the response of the one that is there."""
        now = self._now()
        is_old = and_(_is(mark), idempotency.c.created_at < now - KEPT_S, idempotency.c.response.is_not(None))
        connection.execute(delete(idempotency).where(is_old))
        row = {
            "key_id": mark.key_id,
            "idempotency_key": mark.idempotency_key,
            "fingerprint": fingerprint,
            "instance_id": self._instance_id,
            "created_at": now,
        }
        insert = insert_for(connection, idempotency).values(row).on_conflict_do_nothing()
        if connection.execute(insert.returning(idempotency.c.key_id)).first() is not None:
            return None
        found = connection.execute(select(idempotency).where(_is(mark))).first()
        # Freed by another process in this very moment: whoever comes again in a second finds it free.
        return (fingerprint, None) if found is None else (found.fingerprint, found.response)

    def _is_mine(self, mark: Begun) -> ColumnElement[bool]:
        """A process that was thought gone, and is not, must not touch the mark of the one that took over."""
        return and_(_is(mark), idempotency.c.instance_id == self._instance_id, idempotency.c.response.is_(None))


def release_of(connection: Connection, instance_ids: Collection[str]) -> None:
    """Free what the processes `instance_ids`, which are gone, left running."""
    is_left = and_(idempotency.c.instance_id.in_(instance_ids), idempotency.c.response.is_(None))
    connection.execute(delete(idempotency).where(is_left))


def forget_old(connection: Connection, now: float, most: int) -> int:
    """Delete at most `most` answers that are over a day old; return how many."""
    is_old = and_(idempotency.c.created_at < now - KEPT_S, idempotency.c.response.is_not(None))
    old = connection.execute(
        select(idempotency.c.key_id, idempotency.c.idempotency_key).where(is_old).limit(most)
    ).all()
    for key_id, idempotency_key in old:
        connection.execute(delete(idempotency).where(_is(Begun(key_id, idempotency_key)), is_old))
    return len(old)


def _is(mark: Begun) -> ColumnElement[bool]:
    return and_(idempotency.c.key_id == mark.key_id, idempotency.c.idempotency_key == mark.idempotency_key)


def _execute(connection: Connection, statement: Executable) -> None:
    connection.execute(statement)


def _mismatch() -> IdempotencyMismatch:
    return IdempotencyMismatch(
        "This Idempotency-Key was sent with another path or body before; a new request needs a new key."
    )


def _in_progress() -> IdempotencyInProgress:
    message = "The request with this Idempotency-Key is still running; its answer can be had when it has ended."
    return IdempotencyInProgress(message, _RETRY_AFTER_S)
