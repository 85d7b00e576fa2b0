"""Shows a run: drawn live on a terminal, as plain text in seat order on a pipe. What it draws stands on a Board."""

import time
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from parley.cli.bars import bars, live_votes, whole_votes
from parley.cli.board import Board, Judgement, Seat, SeatState, Totals
from parley.cli.columns import live_columns, markdown, spinner, status, tail, whole_columns
from parley.cli.frames import Frames
from parley.cli.terminal import count, duration, harmless, is_animated, money, plain, say

_PANEL_ROWS = 4
_PANEL_COLUMNS = 4


class Screen:
    """One run's place on a console. `is_vote`: answers are choices, shown as bars."""

    def __init__(self, console: Console, board: Board, *, is_vote: bool = False) -> None:
        self._console = console
        self._board = board
        self._is_vote = is_vote
        self._has_begun = False
        self._are_seats_shown = False

    def follow(self, steps: Iterator[object]) -> None:
        """Draw while `steps`, which feed the board, are taken; then show all of it, also when they are cut short."""
        try:
            if is_animated(self._console):
                self._animate(steps)
            else:
                for _ in steps:
                    self._has_begun = True
        finally:
            if self._has_begun:
                self._board.cut_short()
                self.show()

    def show(self) -> None:
        """Print the board as it stands, without what is printed already."""
        self._show_seats()
        if self._board.vote is not None:
            self._console.print(bars(self._board))
        self._show_judgement()
        if self._board.totals is not None:
            say(self._console, totals_line(self._board, self._board.totals))

    def _animate(self, steps: Iterator[object]) -> None:
        """Draw the seats until they have ended, then the judge; what is printed in between belongs to neither drawing.

        Printing above a running drawing would race with the thread that draws it.
        """
        with Frames(self._console, self._seats_frame):
            for _ in steps:
                self._has_begun = True
                if self._board.is_answered:
                    break
        if not self._has_begun:
            return
        self._show_seats()
        if self._board.judgement is not None:
            self._board.judgement.started = time.monotonic()
        with Frames(self._console, self._judgement_frame):
            for _ in steps:
                pass

    def _seats_frame(self) -> RenderableType:
        draw = live_votes if self._is_vote else live_columns
        return draw(self._board.seats, self._console)

    def _judgement_frame(self) -> RenderableType:
        judgement = self._board.judgement
        return Group() if judgement is None else self._live_judgement(judgement)

    def _live_judgement(self, judgement: Judgement) -> RenderableType:
        elapsed_ms = (time.monotonic() - judgement.started) * 1000
        title = f"{spinner()} {judgement.title} {duration(elapsed_ms // 100 * 100)}"
        if not judgement.text:
            return Text(title, "dim")
        rows = max(1, self._console.height - _PANEL_ROWS)
        body = tail(judgement.text, self._console.width - _PANEL_COLUMNS, rows, self._console)
        return Panel(body, title=Text(title), title_align="left", border_style="dim")

    def _show_seats(self) -> None:
        console = self._console
        if self._are_seats_shown:
            return
        self._are_seats_shown = True
        if self._is_vote:
            console.print(whole_votes(self._board.seats), Text())
        elif is_animated(console):
            console.print(whole_columns(self._board.seats, console))
        else:
            for seat in self._board.seats:
                self._print_plain(seat)

    def _print_plain(self, seat: Seat) -> None:
        """Print an answer byte for byte but for control characters: pipes get it unwrapped."""
        self._console.print(Text.assemble("── ", harmless(seat.model), " · ", status(seat)), soft_wrap=True)
        for text in (seat.text, seat.problem, *seat.warnings):
            if text:
                self._console.print(plain(text), soft_wrap=True)
        self._console.print()

    def _show_judgement(self) -> None:
        judgement = self._board.judgement
        if judgement is None or not (judgement.text or judgement.problem):
            return
        title = Text.assemble((judgement.title, "bold"), " by " if judgement.model else "", harmless(judgement.model))
        problem = plain(judgement.problem, "red")
        if is_animated(self._console):
            parts: list[RenderableType] = [markdown(judgement.text)] if judgement.text else []
            parts += [problem] if problem else []
            self._console.print(Panel(Group(*parts), title=title, title_align="left", border_style="green"))
            return
        self._console.print(Text("── ") + title, soft_wrap=True)
        for text in (plain(judgement.text), problem):
            if text:
                self._console.print(text, soft_wrap=True)
        self._console.print()


def totals_line(board: Board, totals: Totals) -> Text:
    """Return the last line: who answered, how long it took, what it cost, and what to know about it."""
    answered = sum(seat.state is SeatState.ANSWERED for seat in board.seats)
    cost = money(totals.cost_usd) + ("" if totals.is_cost_complete else " and what has no known price")
    parts = [f"{answered} of {count(len(board.seats), 'model')} answered", duration(totals.duration_ms), cost]
    return Text.assemble((" · ".join([*parts, *totals.notes]), "dim"))
