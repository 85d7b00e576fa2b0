"""The database file: SQLite, one schema. What can't be opened or written stops the start with a sentence."""

import sqlite3
from pathlib import Path

_SQLITE = "sqlite:///"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE,
    is_admin INTEGER NOT NULL,
    created_at TEXT NOT NULL
)
"""


class StoreError(Exception):
    """The store can't be used; the message says why and what to do."""


class Database:
    """One open database. Used at start and by the command line; nothing on the way of a request waits for it."""

    def __init__(self, url: str) -> None:
        if not url.startswith(_SQLITE):
            raise StoreError("store.url must begin with sqlite:/// for now, such as sqlite:///parley.db.")
        path = url.removeprefix(_SQLITE)
        try:
            self.connection = sqlite3.connect(path, isolation_level=None)
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute(_SCHEMA)
        except sqlite3.Error as error:
            raise StoreError(f"The database {Path(path).absolute()} can't be used: {error}.") from error

    def close(self) -> None:
        self.connection.close()
