"""Statements of the busiest tables: compiled once for each kind of database, then handed to its driver as text.

SQLAlchemy would look up and fill in a statement anew for every batch, which costs more than the database itself does.
Errors are still SQLAlchemy's.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]


class Prepared:
    """One statement. Every parameter is a value of a row: constants must stand in the SQL as literals."""

    def __init__(self, make: Callable[[Connection], ClauseElement], names: Sequence[str] | None = None) -> None:
        """`make` returns the statement for a database's dialect; an insert of some columns alone names them."""
        self._make = make
        self._names = None if names is None else list(names)
        self._compiled: dict[str, tuple[str, Callable[[Values], Any]]] = {}

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Do it for every row, and return how many rows of the table it has changed."""
        text, pick = self._for(connection)
        return connection.exec_driver_sql(text, [pick(row) for row in rows]).rowcount

    def first(self, connection: Connection, row: Values) -> tuple[Any, ...] | None:
        """Do it once, and return the first row that it finds."""
        text, pick = self._for(connection)
        found = connection.exec_driver_sql(text, pick(row)).first()
        return None if found is None else tuple(found)

    def _for(self, connection: Connection) -> tuple[str, Callable[[Values], Any]]:
        dialect = connection.dialect
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled = self._make(connection).compile(dialect=dialect, column_keys=self._names)
            assert isinstance(compiled, SQLCompiler)
            known = self._compiled[dialect.name] = (str(compiled), _picker(compiled))
        return known


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
