"""Brings a database to the schema of this version before anything else touches it; never loses a row.

A new database gets the schema at once. An older one is migrated step by step by alembic, which is loaded only then: it
is slow to load. Several processes that start together wait for one of them.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from parley.store.schema import metadata

HEAD = "0003"
_FIRST = "0001"
_MIGRATION_PATIENCE_MS = 60_000
_LOCK_NUMBER = 0x9A51E7
"""The advisory lock that PostgreSQL's migrating processes take; any number that is ours."""


class StoreError(Exception):
    """The store can't be used; the message says why and what to do, and holds no password."""


@dataclass(frozen=True, slots=True)
class Migration:
    """What was done to a database: the revision that was found, empty for a new one, and the one it has now.

    `database` names it without its password.
    """

    database: str
    found: str
    revision: str = HEAD


WRITES = "parley_writes"
"""The execution option of a connection whose transaction will write."""


def connect_to_write(engine: Engine) -> Connection:
    """Return a connection whose transactions hold SQLite's one write lock from their begin."""
    return engine.connect().execution_options(**{WRITES: True})


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes."""
    with connect_to_write(engine) as connection, connection.begin():
        yield connection


def prepare(engine: Engine) -> Migration:
    """Return what was done; the database is at HEAD afterwards. Raises StoreError."""
    name = shown_name(engine)
    try:
        with engine.connect() as connection:
            found = current_revision(connection)
        if found != HEAD:
            with connect_to_write(engine) as connection, _waiting_for_others(connection), connection.begin():
                _lock(connection)
                _bring_up(connection, current_revision(connection))
    except SQLAlchemyError as error:
        raise StoreError(f"The database {name} can't be used: {driver_words(error)}.") from error
    if found > HEAD:
        raise StoreError(f"The database {name} is of a newer Parley (schema {found}, here {HEAD}): update this one.")
    return Migration(name, found)


def shown_name(engine: Engine) -> str:
    """Return the database's URL as its operator wrote it, without password and options, of which some are secret."""
    shown = engine.url.set(drivername=engine.dialect.name, query={})
    return shown.render_as_string(hide_password=True)


def current_revision(connection: Connection) -> str:
    """Return the revision of the database: empty for a new one, the first for one from before migrations."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
        return str(row[0]) if row else ""
    return _FIRST if "keys" in tables else ""


def _bring_up(connection: Connection, found: str) -> None:
    if found >= HEAD:
        return
    if found:
        importlib.import_module("parley.store.migrating").upgrade(connection, found)
        return
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


@contextmanager
def _waiting_for_others(connection: Connection) -> Iterator[None]:
    """Let another process finish its migration first, however long that takes; PostgreSQL has a limit of its own."""
    raw = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or raw is None:
        yield
        return
    usual = raw.execute("PRAGMA busy_timeout").fetchone()[0]
    raw.execute(f"PRAGMA busy_timeout={_MIGRATION_PATIENCE_MS}")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout={usual}")


def _lock(connection: Connection) -> None:
    """SQLite's write transaction is the lock itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})


def driver_words(error: SQLAlchemyError) -> str:
    """Return the driver's own words in one line; they name no password."""
    origin = getattr(error, "orig", None) or error
    return " ".join(str(origin).split()).rstrip(".?")
