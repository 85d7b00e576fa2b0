"""One panel from the request to the screen: sent, and drawn while it streams, or printed for a program."""

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass

from parley.cli.board import Board, Judgement, Seat
from parley.cli.client import Client
from parley.cli.connection import Target, connect
from parley.cli.printing import Printing
from parley.cli.questions import choose_models
from parley.cli.replies import read_compare_event, read_roundtable_event
from parley.cli.screen import Screen
from parley.cli.terminal import make_console, write_json, write_line
from parley.domain.json import JsonObject

ROUNDTABLE = "/v3/roundtable"
COMPARE = "/v1/chat/compare"

Feed = Callable[[Board, JsonObject], None]
Tell = Callable[[JsonObject], None]
"""Takes every event of a run, as the server sent it."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One request as the command line sends it; `feed` puts its events on a board."""

    path: str
    body: JsonObject
    feed: Feed
    judgement: str | None = None
    is_vote: bool = False


def say_nothing(_event: JsonObject) -> None:
    """Tell nobody."""


def run_panel(panel: Panel, named: list[str] | None, target: Target, printing: Printing) -> None:
    """Send one panel and show it; raises CommandFault."""
    with connect(target) as client:
        models = choose_models(named, client, make_console(is_error=True))
        body: JsonObject = {key: value for key, value in panel.body.items() if value is not None}
        body["models"] = [*models]
        if printing is Printing.JSON:
            write_json(client.post(panel.path, body))
            return
        board = make_board(panel, models)
        show_steps = Screen(make_console(), board, is_vote=panel.is_vote).follow
        tell = write_line if printing is Printing.LINES else say_nothing
        with closing(steps(client, panel, body, board, tell)) as taken:
            drain(taken) if printing is Printing.LINES else show_steps(taken)
        if board.fault is not None:
            raise board.fault


def drain(steps: Iterable[object]) -> None:
    """Take all the steps without drawing them."""
    for _ in steps:
        pass


def make_board(panel: Panel, models: list[str]) -> Board:
    """Return an empty board; a comparison has one seat for each name, however often it is named."""
    seats = dict.fromkeys(models) if panel.path == COMPARE else models
    judgement = None if panel.judgement is None else Judgement(panel.judgement)
    return Board([Seat(name) for name in seats], judgement)


def steps(
    client: Client, panel: Panel, body: JsonObject, board: Board, tell: Tell = say_nothing
) -> Generator[None, None, None]:
    """Feed the board event by event, and tell each; closing this before its end cancels the run."""
    with client.stream(panel.path, {**body, "stream": True}) as events:
        for event in events:
            tell(event)
            panel.feed(board, event)
            yield


def feed_roundtable(board: Board, event: JsonObject) -> None:
    known = read_roundtable_event(event)
    if known is not None:
        board.hear_roundtable(known)


def feed_compare(board: Board, event: JsonObject) -> None:
    known = read_compare_event(event)
    if known is not None:
        board.hear_compare(known)
