"""The ledger: what every call used and cost. Nothing is lost once a client has its answer, and nothing counts twice.

A request's events are on record before its first call goes out, and settled before the client has its last byte. One
task per process hands whatever has gathered to the store while the last commit was under way. What was already running
when the store failed goes durably to the journal, and from there into the store when it is back.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from parley.books.entries import (
    CallOpening,
    Closing,
    Enlargement,
    Entry,
    Opening,
    Settlement,
    apply,
    close_abandoned,
    close_orphans,
    open_if_missing,
    owners,
    settle_carefully,
)
from parley.books.instances import RENEW_EVERY_S, Instance
from parley.books.journal import RECORD_BYTES, Journal, JournalFull
from parley.books.price_rows import PriceList
from parley.domain.errors import NotServing
from parley.store.database import Store

_REPLAY_EVERY_S = 1.0
_MOST_WAIT_S = 0.05
"""A seat that has ended while others go on waits so long, at most, for company on its way into the store."""


Release = Callable[[Connection, list[str]], None]


@dataclass(slots=True)
class _Waiting:
    entry: Entry
    done: "asyncio.Future[None]"


class Ledger:
    """One per process. `run` must be running in the serving loop; `abandoned` counts what it closed for others."""

    def __init__(self, store: Store, journal: Journal, at_release: Release | None = None) -> None:
        """`at_release` frees what else a process that is gone has left: it is called in the closing transaction."""
        self.store = store
        self.journal = journal
        self.instance = Instance()
        self.abandoned = 0
        self.running_events = 0
        self._live: dict[str, int] = {}
        self._waiting: list[_Waiting] = []
        self._in_hand: list[_Waiting] = []
        self._late: asyncio.TimerHandle | None = None
        self.prices = PriceList()
        self._wake = asyncio.Event()
        self._at_release = at_release

    def start_now(self) -> None:
        """Register this process, take over what a former one left in the journal, close what others left running.

        For the start, before anything is served. Raises NotServing.
        """
        self.store.write_now(lambda connection: self.instance.renew(connection, time.time()))
        self.store.write_now(lambda connection: _replay(connection, self.journal.read()))
        self.journal.clear(self.journal.size_bytes)
        self._take_over_journals()
        self.abandoned += self.store.write_now(self._close_gone)

    async def run(self) -> None:
        """Write, renew the lease, replay the journal and close what others left, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_all())
            group.create_task(self._look_after())

    def put(self, entry: Entry, *, is_urgent: bool = True) -> "asyncio.Future[None]":
        """Queue `entry`; the future ends when it is durable, in the store or in the journal.

        An opening or enlargement is never journalled: its future raises NotServing where the store fails. What is not
        urgent goes with what comes next, within some milliseconds or when somebody calls `hurry`.
        """
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        self._waiting.append(_Waiting(entry, done))
        if is_urgent:
            self._wake.set()
        elif self._late is None:
            self._late = loop.call_later(_MOST_WAIT_S, self.hurry)
        return done

    def hurry(self) -> None:
        """Let what waits be written now."""
        if self._late is not None:
            self._late.cancel()
            self._late = None
        self._wake.set()

    def enter(self, request_id: str, events: int) -> None:
        """Take room in the journal for the end of a request's `events`; raises NotServing where there is none.

        What is running in the store for a request that did not enter, or has left, is closed as cancelled.
        """
        if self.journal.free_bytes < (self.running_events + events) * RECORD_BYTES:
            message = "The journal is full because the store is out of reach; send the request again later."
            raise NotServing("store_unavailable", message, 5)
        self._live[request_id] = events
        self.running_events += events

    def leave(self, request_id: str) -> None:
        """Give the room back: the request was refused, or its end is durable; a second time it does nothing."""
        self.running_events -= self._live.pop(request_id, 0)

    async def close(self) -> None:
        """Give up the lease; what is queued was written by `run` before it ended."""
        self._live.clear()
        with suppress(NotServing):
            await self.store.write(self._close_orphans)
            await self.store.write(lambda connection: self.instance.forget(connection, [self.instance.id]))
        self.journal.close()

    async def drain(self) -> None:
        """Return once everything that was put is durable, also what is put in the meantime."""
        while undone := [one.done for one in (*self._in_hand, *self._waiting) if not one.done.done()]:
            await asyncio.wait(undone)

    async def _write_all(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(0)  # what else happens in this turn of the loop shares the commit
            self._wake.clear()
            self._in_hand, self._waiting = self._waiting, []
            if self._in_hand:
                await self._write(self._in_hand)
                self._in_hand = []

    async def _write(self, batch: list[_Waiting]) -> None:
        entries = [waiting.entry for waiting in batch]
        if not self.store.is_healthy:
            # Nobody waits for a store that is known to be out; `_look_after` finds out when it is back.
            await self._keep(batch, _out_of_reach())
            return
        try:
            await self.store.write(lambda connection: apply(connection, entries))
        except NotServing as outage:
            await self._keep(batch, outage)
            return
        except (SQLAlchemyError, ValueError, OverflowError) as error:
            # The drivers raise the latter two themselves, for text and numbers that they can't encode.
            await self._write_apart(batch, error)
            return
        for waiting in batch:
            _resolve(waiting.done)
        self.prices.note_written(entries)

    async def _write_apart(self, batch: list[_Waiting], error: Exception) -> None:
        """One entry is at fault: it fails alone, and harms nobody else's."""
        if len(batch) == 1:
            _resolve(batch[0].done, error)
            return
        for waiting in batch:
            await self._write([waiting])

    async def _keep(self, batch: list[_Waiting], outage: NotServing) -> None:
        """The store failed: refuse what has not begun, journal what has."""
        begun = [waiting for waiting in batch if not isinstance(waiting.entry, Opening | Enlargement)]
        for waiting in batch:
            if waiting not in begun:
                _resolve(waiting.done, outage)
        entries = [waiting.entry for waiting in begun]
        error: Exception | None = None
        if entries:
            try:
                await asyncio.to_thread(self.journal.append, entries)
            except (JournalFull, OSError) as reason:
                error = NotServing("store_unavailable", f"Neither the store nor the journal can be written: {reason}.")
        for waiting in begun:
            _resolve(waiting.done, error)

    async def _look_after(self) -> None:
        """Renew the lease and tidy up; more often while the journal waits for the store."""
        renewed_at = 0.0
        while True:
            with suppress(NotServing):
                if self.journal.size_bytes:
                    await self._empty_journal()
                if time.monotonic() - renewed_at >= RENEW_EVERY_S or not self.store.is_healthy:
                    await self.store.write(lambda connection: self.instance.renew(connection, time.time()))
                    closed = await self.store.write(self._close_gone)
                    await self.store.write(self._close_orphans)
                    renewed_at = time.monotonic()
                    if closed:
                        self.abandoned += closed
                        await asyncio.to_thread(self._take_over_journals)
            await asyncio.sleep(_REPLAY_EVERY_S)

    async def _empty_journal(self) -> None:
        """Copy the journal into the store; what came in the meantime is copied again, which changes nothing."""
        while True:
            size_bytes = self.journal.size_bytes
            entries = await asyncio.to_thread(self.journal.read)
            await self.store.write(partial(_replay, entries=entries))
            if self.journal.clear(size_bytes):
                return

    def _take_over_journals(self) -> None:
        """Copy into the store what processes of this machine that are gone have left in their journals."""
        self.journal.take_over(lambda left: self.store.write_now(partial(_replay, entries=left)))

    def _close_orphans(self, connection: Connection) -> None:
        live = set(self._live)
        # What is in the journal has left already, though the store does not know its end yet: read in this order.
        if not self.journal.size_bytes:
            close_orphans(connection, self.instance.id, live)

    def _close_gone(self, connection: Connection) -> int:
        gone = self.instance.gone(connection, time.time(), owners(connection))
        if not gone:
            return 0
        closed = close_abandoned(connection, gone)
        if self._at_release is not None:
            self._at_release(connection, gone)
        self.instance.forget(connection, gone)
        return closed


def _out_of_reach() -> NotServing:
    message = "The store is out of reach, so this request was not begun; send it again."
    return NotServing("store_unavailable", message, 2)


def _replay(connection: Connection, entries: Sequence[Entry]) -> None:
    """Copy `entries` of a journal into the store; a second time it changes nothing."""
    for entry in entries:
        match entry:
            case Settlement():
                settle_carefully(connection, entry)
            case Closing():
                apply(connection, [entry])
            case CallOpening(event=event):
                open_if_missing(connection, event)


def _resolve(done: "asyncio.Future[None]", error: Exception | None = None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
