"""Seats side by side: one table whose columns are the seats, in their order; stacked where the terminal is narrow.

While answers stream, each column shows its tail, so that the table never outgrows the terminal; at the end all of it.
"""

import math
import time
from collections.abc import Sequence
from typing import assert_never

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from parley.cli.board import Seat, SeatState
from parley.cli.terminal import count, duration, harmless, money, plain

NARROWEST = 22
_ROOMY = 34
COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red")
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAMES_PER_S = 12
# Lines of a table that are not body: three rules, a name and its status.
_FRAME_ROWS = 5
_LEAST_BODY_ROWS = 2


def seat_colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def spinner() -> str:
    """Return the frame of this moment."""
    return _FRAMES[int(time.monotonic() * _FRAMES_PER_S) % len(_FRAMES)]


def status(seat: Seat, *, is_short: bool = False) -> Text:
    """Return how far a seat is: its time, and at the end its tokens, unless that is to be short, and its cost."""
    match seat.state:
        case SeatState.ASKED:
            waiting = "" if seat.text else " waiting"
            return Text(f"{spinner()} {duration(seat.elapsed_ms // 100 * 100)}{waiting}", "dim")
        case SeatState.FAILED:
            time_taken = "" if is_short else f" · {duration(seat.elapsed_ms)}"
            return Text(f"✗ {seat.error_code}{time_taken}", "red")
        case SeatState.ANSWERED:
            tokens = [] if seat.usage is None or is_short else [count(seat.usage.written, "token")]
            parts = [duration(seat.elapsed_ms), *tokens, money(seat.cost_usd)]
            return Text.assemble(("✓ ", "green"), (" · ".join(parts), "dim"))
        case unknown:
            assert_never(unknown)


def live_columns(seats: Sequence[Seat], console: Console) -> RenderableType:
    """Return the seats as they stand now, in no more lines than the terminal has."""
    groups = _groups(len(seats), console.width)
    rows = (console.height - 1) // len(groups) - _FRAME_ROWS
    if rows < _LEAST_BODY_ROWS:
        return _lines(seats, console)
    return Group(*(_live_table(seats, group, rows, console) for group in groups))


def whole_columns(seats: Sequence[Seat], console: Console) -> RenderableType:
    """Return the seats with their whole answers, laid out as Markdown."""
    groups = _groups(len(seats), console.width)
    return Group(
        *(_table(seats, group, [_whole_body(seats[index]) for index in group], console.width) for group in groups)
    )


def markdown(text: str) -> Markdown:
    """Return a model's Markdown for the screen; links show their address and are not live."""
    return Markdown(harmless(text), hyperlinks=False)


def tail(text: str, width: int, rows: int, console: Console) -> Text:
    """Return the last `rows` lines of `text` once it is wrapped to `width`."""
    lines = Text(harmless(text[-4 * width * rows :]).rstrip()).wrap(console, width)
    shown = lines[-rows:]
    return Text("\n").join(shown[1:] if len(lines) > rows and not shown[0].plain.strip() else shown)


def _groups(seats: int, width: int) -> list[range]:
    """Return which seats stand side by side: as many as are wide enough to read, evenly over the rows."""
    fitting = max(1, (width - 1) // (NARROWEST + 3))
    rows = math.ceil(seats / fitting)
    columns = math.ceil(seats / rows)
    return [range(first, min(first + columns, seats)) for first in range(0, seats, columns)]


def _body_width(columns: int, width: int) -> int:
    return max(1, (width - 3 * columns - 1) // columns)


def _live_table(seats: Sequence[Seat], group: range, rows: int, console: Console) -> Table:
    width = _body_width(len(group), console.width)
    return _table(seats, group, [_live_body(seats[index], width, rows, console) for index in group], console.width)


def _table(seats: Sequence[Seat], group: range, bodies: Sequence[RenderableType], width: int) -> Table:
    """Return the seats of `group`, each over its body, `width` columns of the terminal wide."""
    is_short = _body_width(len(group), width) < _ROOMY
    table = Table(box=box.ROUNDED, expand=True, border_style="dim", header_style="", show_edge=True)
    for index in group:
        name = plain(seats[index].model, f"bold {seat_colour(index)}")
        state = status(seats[index], is_short=is_short)
        # The states of all seats stand on one line: a longer one is cut, only names go on below.
        state.truncate(_body_width(len(group), width), overflow="ellipsis")
        heading = Text("\n").join([name, state])
        table.add_column(heading, ratio=1, overflow="fold")
    table.add_row(*bodies)
    return table


def _live_body(seat: Seat, width: int, rows: int, console: Console) -> RenderableType:
    if seat.state is SeatState.FAILED and not seat.text:
        return plain(seat.problem, "red")
    return tail(seat.text, width, rows, console)


def _whole_body(seat: Seat) -> RenderableType:
    parts: list[RenderableType] = [markdown(seat.text)] if seat.text else []
    if seat.problem:
        parts.append(plain(seat.problem, "red"))
    parts += [plain(warning, "yellow") for warning in seat.warnings]
    return Group(*parts)


def _lines(seats: Sequence[Seat], console: Console) -> RenderableType:
    """Return one line a seat, for terminals that have no room for more; what does not fit is counted."""
    room = max(1, console.height - 2)
    lines = []
    for index, seat in enumerate(seats[:room]):
        line = Text.assemble((harmless(seat.model), seat_colour(index)), " ", status(seat))
        lines.append(line)
    if len(seats) > room:
        lines.append(Text(f"… and {count(len(seats) - room, 'model')} more", "dim"))
    return Group(*lines)
