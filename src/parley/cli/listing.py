"""A list on a terminal. Where that is too narrow its last columns stay away: what a row is called is never lost."""

from collections.abc import Sequence
from dataclasses import replace

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

_UNBOUNDED = 10_000
_LEAST_FIRST = 20
_LEAST_NAME = 10

Rows = Sequence[Sequence[Text]]


def named(header: str) -> Column:
    """Return a column of names, of which long ones go on below."""
    return Column(header, overflow="fold")


def whole(*headers: str) -> list[Column]:
    """Return columns of numbers and the like, which go on nowhere."""
    return [Column(header, justify="right", no_wrap=True) for header in headers]


def listing(console: Console, columns: Sequence[Column], rows: Rows) -> Table:
    """Return the rows under as many of the columns as the console has room for, the first one among them always."""
    for kept in range(len(columns), 1, -1):
        if _least_width(console, columns[:kept], rows) <= console.width:
            return _table(columns[:kept], rows)
    return _table([replace(columns[0], no_wrap=False, overflow="fold")], rows)


def _table(columns: Sequence[Column], rows: Rows) -> Table:
    table = Table(*[column.copy() for column in columns], box=box.SIMPLE_HEAD, header_style="bold")
    for row in rows:
        table.add_row(*row[: len(columns)])
    return table


def _least_width(console: Console, columns: Sequence[Column], rows: Rows) -> int:
    """Return how wide a terminal shows these columns without cutting or crowding anything."""
    least = [_LEAST_FIRST, *[_LEAST_NAME] * len(columns)]
    folded = [
        column if column.no_wrap else replace(column, max_width=width)
        for column, width in zip(columns, least, strict=False)
    ]
    wide = console.options.update(width=_UNBOUNDED)
    return Measurement.get(console, wide, _table(folded, rows)).maximum
