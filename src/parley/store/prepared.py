"""Statements of the busiest tables: compiled once for each kind of database, then handed to its driver as text.

SQLAlchemy would look up and fill in a statement anew for every batch, which costs more than the database itself does.
Errors are still SQLAlchemy's.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]


class Prepared:
    """One statement. Every parameter is a value of a row: constants must stand in the SQL as literals."""

    def __init__(self, make: Callable[[Connection], ClauseElement]) -> None:
        """`make` returns the statement for a database's dialect."""
        self._make = make
        self._compiled: dict[str, tuple[str, Callable[[Values], Any]]] = {}

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Do it for every row, and return how many rows of the table it has changed."""
        text, pick = self._for(connection)
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(text, [pick(row) for row in rows])
        except connection.dialect.loaded_dbapi.Error as error:
            raise _known(error, connection) from error
        return int(cursor.rowcount)

    def first(self, connection: Connection, row: Values) -> tuple[Any, ...] | None:
        """Do it once, and return the first row that it finds."""
        text, pick = self._for(connection)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(text, pick(row))
            found = cursor.fetchone()
        except connection.dialect.loaded_dbapi.Error as error:
            raise _known(error, connection) from error
        return None if found is None else tuple(found)

    def _for(self, connection: Connection) -> tuple[str, Callable[[Values], Any]]:
        dialect = connection.dialect
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled = self._make(connection).compile(dialect=dialect)
            assert isinstance(compiled, SQLCompiler)
            known = self._compiled[dialect.name] = (str(compiled), _picker(compiled))
        return known


def do(connection: Connection, text: str) -> None:
    """Do a statement without parameters, such as one about a savepoint."""
    try:
        connection.connection.cursor().execute(text)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _known(error, connection) from error


def _known(error: Exception, connection: Connection) -> BaseException:
    """Return the driver's error as SQLAlchemy's; the parameters, which may be secret, are left out."""
    base = connection.dialect.loaded_dbapi.Error
    return DBAPIError.instance(None, None, error, base, hide_parameters=True, dialect=connection.dialect)


def _picker(compiled: SQLCompiler) -> Callable[[Values], Any]:
    """Return what takes a row's parameters: by their place, or by name for a driver that wants them so."""
    names = compiled.positiontup if compiled.positional else None
    if names is None:
        wanted = tuple(compiled.bind_names.values())
        return lambda row: {name: row[name] for name in wanted}
    if len(names) == 1:
        only = names[0]
        return lambda row: (row[only],)
    return itemgetter(*names)
