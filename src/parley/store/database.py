"""The open store: SQLite or PostgreSQL behind two verbs, `write` and `read`. What can't be recorded is refused, loudly.

One writer thread commits whatever is queued as soon as it is free: a busy server shares one commit among many
requests, an idle one commits at once, and no clock decides. A write that returns is durable.
"""

import asyncio
import queue
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import ArgumentError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from parley.domain.errors import NotServing
from parley.domain.settings import StoreSettings
from parley.store.opening import WRITES, Migration, StoreError, connect_to_write, prepare, writing

T = TypeVar("T")

_MOST_IN_ONE_COMMIT = 256
_READERS = 2
_BUSY_TIMEOUT_S = 2.5
"""A write waits for the commit before it and for its own, each for so long at most."""

_CONFLICTS = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the same work succeeds when it is done again. Source: PostgreSQL, appendix A."""

_MOST_CONFLICTS = 5
_POSTGRESQL = {
    "connect_timeout": 3,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 4_000,
    "options": "-c statement_timeout=10000 -c lock_timeout=5000",
}
"""A server that is gone without a word is found out in seconds. Source: libpq, connection parameters."""

_WAL_PAUSE_S = 0.01
_IN_MEMORY = "sqlite:///file:parley-{}?mode=memory&cache=shared&uri=true"
"""A database of this process alone, the same one for all of its threads, while one connection to it is open."""

_RETRY_AFTER_S = 2
OUTAGES = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)


@dataclass(slots=True)
class _Job:
    """One unit of work: all of it is committed, or none."""

    work: Callable[[Connection], object]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    result: object = field(default=None)
    error: BaseException | None = field(default=None)


class Store:
    """One open database of this process. `is_healthy` tells how the last commit went, `queue_depth` how many wait."""

    def __init__(self, settings: StoreSettings, busy_timeout_s: float = _BUSY_TIMEOUT_S) -> None:
        """Open and bring up to date. Raises StoreError, whose message names the database without its password."""
        self._engine = make_engine(settings, busy_timeout_s)
        try:
            prepare(self._engine)
        except StoreError:
            self._engine.dispose()
            raise
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(_READERS, "parley-store-read")
        self._writer = threading.Thread(target=self._write_all, name="parley-store-write", daemon=True)
        self._kept: Connection | None = None
        self.is_healthy = True
        self._writer.start()

    @property
    def queue_depth(self) -> int:
        return self._jobs.qsize()

    @property
    def is_postgresql(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    def submit(self, work: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Queue `work` for the next commit; the future ends once that is durable, with NotServing if it can't be.

        `work` runs in the writer's thread, inside a transaction that it shares with others. An exception of its own
        undoes it alone and ends in the future.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, loop, future))
        return future

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` durably and return what it returns. Raises NotServing where the store can't be used."""
        return await self.submit(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work` on a snapshot of what is committed. Raises NotServing where the store can't be used."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in this thread: for the start and the command line, never on a serving loop."""
        return self._read(work)

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """Do `work` durably in this thread: for the start and the command line, never on a serving loop."""
        try:
            with writing(self._engine) as connection:
                return work(connection)
        except OUTAGES as error:
            raise _unavailable() from error

    async def close(self) -> None:
        """Commit what is queued and close."""
        await asyncio.get_running_loop().run_in_executor(None, self.close_now)

    def close_now(self) -> None:
        self._jobs.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._engine.dispose()

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._engine.connect() as connection:
                return work(connection)
        except OUTAGES as error:
            raise _unavailable() from error

    def _write_all(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, is_last = self._with_queued(job)
            self._commit(batch)
            _answer(batch)
            if is_last:
                break
        self._let_go()

    def _with_queued(self, first: _Job) -> tuple[list[_Job], bool]:
        batch = [first]
        while len(batch) < _MOST_IN_ONE_COMMIT:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return batch, True
            batch.append(job)
        return batch, False

    def _commit(self, batch: list[_Job]) -> None:
        """Commit all of `batch` at once; if that fails, each by itself, so that one bad job harms no other.

        An outage meets all of them: to try each would keep the last one waiting for as long as all together.
        """
        error = self._try_commit(batch)
        for _ in range(_MOST_CONFLICTS):
            if error is None or not _is_conflict(error):
                break
            error = self._try_commit(batch)
        if error is None or _is_outage(error) or len(batch) == 1:
            return
        for job in batch:
            self._commit([job])

    def _try_commit(self, batch: list[_Job]) -> Exception | None:
        try:
            connection = self._connected()
            with connection.begin():
                for job in batch:
                    job.result = job.work(connection)
        except Exception as error:  # noqa: BLE001  # the edge of the writer's thread: whatever it is belongs to the job's owner
            self._let_go()
            for job in batch:
                job.error = _unavailable() if _is_outage(error) else error
                job.error.__cause__ = error if job.error is not error else None
            self.is_healthy = not _is_outage(error)
            return error
        for job in batch:
            job.error = None
        self.is_healthy = True
        if self.is_postgresql:
            self._let_go()
        return None

    def _connected(self) -> Connection:
        """Return the writer's connection: kept for SQLite; PostgreSQL's is asked whether it lives before each use."""
        if self._kept is None:
            self._kept = connect_to_write(self._engine)
        return self._kept

    def _let_go(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


def _answer(batch: list[_Job]) -> None:
    """Hand the results back, one wake-up for each loop."""
    loops = {job.loop for job in batch}
    for loop in loops:
        mine = [job for job in batch if job.loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, mine)


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)


def _is_outage(error: BaseException) -> bool:
    """Whether the database itself failed; a broken constraint is for the work's owner to explain."""
    return isinstance(error, OUTAGES)


def _is_conflict(error: BaseException) -> bool:
    """Whether another process's work stood in the way, and will not the next time."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _CONFLICTS


def _unavailable() -> NotServing:
    message = "The store can't record this request now, so it was not begun; send it again."
    return NotServing("store_unavailable", message, _RETRY_AFTER_S)


def bring_up_to_date(settings: StoreSettings) -> Migration:
    """Give the database the schema of this version, and close it. Raises StoreError."""
    engine = make_engine(settings)
    try:
        return prepare(engine)
    finally:
        engine.dispose()


def make_engine(settings: StoreSettings, busy_timeout_s: float = _BUSY_TIMEOUT_S) -> Engine:
    """Return the way to the database, which is not opened yet. Raises StoreError for an address that is none."""
    scheme, _, rest = settings.url.partition(":")
    try:
        if scheme == "sqlite":
            return _sqlite(settings.url, settings.durability, busy_timeout_s)
        if scheme in {"postgresql", "postgres"}:
            return _postgresql(rest)
    except (ArgumentError, ValueError) as error:
        # SQLAlchemy's own words may repeat a part of the password, so they are not passed on.
        raise StoreError(
            "store.url can't be read: it must be sqlite:/// and a path, or postgresql://user:password@host:port/name; "
            "percent-encode what is special in the password, such as @ as %40."
        ) from error
    raise StoreError("store.url must begin with sqlite:/// or postgresql://, such as sqlite:///parley.db.")


def _postgresql(rest: str) -> Engine:
    return sqlalchemy.create_engine(
        f"postgresql+psycopg:{rest}",
        pool_size=_READERS + 1,
        pool_pre_ping=True,
        connect_args=_POSTGRESQL,
    )


def _keep_private(url: str) -> None:
    """Make a new database file readable by its owner alone; a bad place is for SQLite to explain."""
    with suppress(OSError):
        Path(url.removeprefix("sqlite:///").partition("?")[0]).touch(mode=0o600)


def _sqlite(url: str, durability: str, busy_timeout_s: float) -> Engine:
    """Return an engine whose writes lock at their begin, so that two processes never find out too late.

    WAL with synchronous=NORMAL survives a killed process, FULL a power cut too. Source: sqlite.org/pragma.html.
    """
    is_file = url.removeprefix("sqlite:///").partition("?")[0] not in {"", ":memory:"}
    if is_file:
        _keep_private(url)
    engine = sqlalchemy.create_engine(
        url if is_file else _IN_MEMORY.format(uuid.uuid4().hex),
        connect_args={"timeout": busy_timeout_s, "check_same_thread": False},
        poolclass=QueuePool,
    )
    level = "FULL" if durability == "power" else "NORMAL"

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        _use_wal(connection, busy_timeout_s)
        connection.execute(f"PRAGMA synchronous={level}")
        if not is_file:
            # What shares a cache is refused at once where a file would be waited for.
            connection.execute("PRAGMA read_uncommitted=ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")

    return engine


def _use_wal(connection: sqlite3.Connection, patience_s: float) -> None:
    """Turn the write-ahead log on. While another process does the same, SQLite refuses at once instead of waiting:
    neither could go on if both kept their place. Seen with SQLite 3.40; the file remembers the mode."""
    give_up_at = time.monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() >= give_up_at:
                raise
            time.sleep(_WAL_PAUSE_S)
