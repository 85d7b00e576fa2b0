"""A vote on the screen: a bar for each choice, and who voted for it."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from parley.cli.board import Board, Seat, SeatState
from parley.cli.columns import seat_colour, status
from parley.cli.replies import ChoiceRow, VoteRow
from parley.cli.terminal import count, harmless, plain

_BAR_WIDTH = 24
_SHOWN_CHOICE = 40
_SETTLED = {
    "judge": "A tie: one more call settled it.",
    "seat_order": "A tie: the choice of the earliest seat won.",
}


def live_votes(seats: Sequence[Seat], console: Console) -> RenderableType:
    """Return one line a seat while votes come in, in no more lines than the terminal has."""
    table = Table.grid(padding=(0, 2))
    room = max(1, console.height - 3)
    for index, seat in enumerate(seats[:room]):
        table.add_row(plain(seat.model, seat_colour(index)), status(seat), _voted(seat))
    if len(seats) > room:
        table.add_row(Text(f"… and {count(len(seats) - room, 'model')} more", "dim"))
    return table


def whole_votes(seats: Sequence[Seat]) -> RenderableType:
    """Return one line a seat at the end, failures with their reason."""
    table = Table.grid(padding=(0, 2))
    for index, seat in enumerate(seats):
        table.add_row(plain(seat.model, seat_colour(index)), status(seat), _voted(seat))
    return table


def bars(board: Board) -> RenderableType:
    """Return the counted vote, or nothing if it was not counted."""
    vote = board.vote
    if vote is None:
        return Group()
    table = Table.grid(padding=(0, 2))
    most = max(row.votes for row in vote.tally)
    for row in vote.tally:
        style = "bold green" if row.choice == board.winner else ""
        table.add_row(
            Text(_short(row.choice), style),
            Text(_bar(row.votes, most), style or "blue"),
            Text(str(row.votes), style),
            _voters(row, board.seats),
        )
    return Group(table, Text(), _verdict(board.winner, vote))


def _bar(votes: int, most: int) -> str:
    length = round(_BAR_WIDTH * votes / most) if most else 0
    return "█" * length + "·" * (_BAR_WIDTH - length)


def _voters(row: ChoiceRow, seats: Sequence[Seat]) -> Text:
    return Text(", ").join([plain(seats[index].model, seat_colour(index)) for index in row.seats])


def _verdict(winner: str, vote: VoteRow) -> Text:
    won = max(row.votes for row in vote.tally)
    votes = sum(row.votes for row in vote.tally)
    line = Text.assemble("→ ", (_short(winner), "bold green"), f", with {won} of {count(votes, 'valid vote')}. ")
    if vote.tie and vote.tie_break is not None:
        line.append(_SETTLED.get(vote.tie_break, "A tie."))
    return line


def _voted(seat: Seat) -> Text:
    if seat.state is SeatState.FAILED:
        return plain(seat.problem, "red")
    return Text.assemble("→ ", (_short(seat.text), "bold")) if seat.state is SeatState.ANSWERED else Text()


def _short(choice: str) -> str:
    line = " ".join(harmless(choice).split())
    return line if len(line) <= _SHOWN_CHOICE else line[: _SHOWN_CHOICE - 1] + "…"
