"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy keeps apart."""

import importlib
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert


def insert_for(connection: Connection, table: Table) -> "SqliteInsert | PostgresqlInsert":
    """Return an insert into `table` that knows on_conflict_do_nothing and on_conflict_do_update."""
    if connection.dialect.name != "postgresql":
        return sqlite_insert(table)
    # Loaded by PostgreSQL's engine alone: it is slow to load, and SQLite's servers should start without it.
    postgresql = importlib.import_module("sqlalchemy.dialects.postgresql")
    made: PostgresqlInsert = postgresql.insert(table)
    return made
