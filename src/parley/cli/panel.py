"""`parley ask`, `parley vote`, `parley compare`: one panel each, drawn while it streams or as one JSON document."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from parley.cli.board import Board, Judgement, Seat
from parley.cli.client import Client
from parley.cli.connection import Target, connect
from parley.cli.options import Config, Instructions, Json, MaxRetries, Models, Prompt, TimeoutMs, Url
from parley.cli.questions import choose_models, read_prompt, read_schema
from parley.cli.replies import read_compare_event, read_roundtable_event
from parley.cli.screen import Screen
from parley.cli.terminal import make_console, write_json
from parley.domain.json import JsonObject

ROUNDTABLE = "/v3/roundtable"
COMPARE = "/v1/chat/compare"

Feed = Callable[[Board, JsonObject], None]


@dataclass(frozen=True, slots=True)
class Panel:
    """One request as the command line sends it; `feed` puts its events on a board."""

    path: str
    body: JsonObject
    feed: Feed
    judgement: str | None = None
    is_vote: bool = False


def ask(
    prompt: Prompt,
    model: Models = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", metavar="FILE", help="A JSON Schema that every answer must fit.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="The answers alone, without a consolidation.")] = False,
    instructions: Instructions = None,
    max_retries: MaxRetries = None,
    timeout_ms: TimeoutMs = None,
    summary_model: Annotated[
        str | None, typer.Option("--summary-model", metavar="NAME", help="Who merges the answers.")
    ] = None,
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
) -> None:
    """Ask several models at once and merge their answers."""
    body: JsonObject = {
        "input": read_prompt(prompt),
        "resolution": "fast" if fast else "summary",
        "output_schema": read_schema(schema),
        "instructions": instructions,
        "max_retries": max_retries,
        "timeout_ms": timeout_ms,
        "summary_model": summary_model,
    }
    panel = Panel(ROUNDTABLE, body, feed_roundtable, None if fast else "Consolidation")
    run_panel(panel, model, Target(url, config), is_json)


def vote(
    prompt: Prompt,
    choice: Annotated[
        list[str], typer.Option("--choice", metavar="TEXT", help="What can be voted for; once for each, two or more.")
    ],
    model: Models = None,
    instructions: Instructions = None,
    max_retries: MaxRetries = None,
    timeout_ms: TimeoutMs = None,
    summary_model: Annotated[
        str | None, typer.Option("--summary-model", metavar="NAME", help="Who settles a tie.")
    ] = None,
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
) -> None:
    """Let several models vote for one of the choices."""
    body: JsonObject = {
        "input": read_prompt(prompt),
        "resolution": "multiple_choice",
        "choices": [*choice],
        "instructions": instructions,
        "max_retries": max_retries,
        "timeout_ms": timeout_ms,
        "summary_model": summary_model,
    }
    run_panel(Panel(ROUNDTABLE, body, feed_roundtable, is_vote=True), model, Target(url, config), is_json)


def compare(
    prompt: Prompt,
    model: Models = None,
    skip_comparison: Annotated[
        bool, typer.Option("--skip-comparison", help="The answers alone, streamed side by side.")
    ] = False,
    instructions: Instructions = None,
    comparison_model: Annotated[
        str | None, typer.Option("--comparison-model", metavar="NAME", help="Who writes the comparison.")
    ] = None,
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
) -> None:
    """Ask several models at once and have their answers compared."""
    system: list[JsonObject] = [] if instructions is None else [{"role": "system", "content": instructions}]
    body: JsonObject = {
        "messages": [*system, {"role": "user", "content": read_prompt(prompt)}],
        "skip_comparison": skip_comparison,
        "comparison_model": comparison_model,
    }
    panel = Panel(COMPARE, body, feed_compare, None if skip_comparison else "Comparison")
    run_panel(panel, model, Target(url, config), is_json)


def run_panel(panel: Panel, named: list[str] | None, target: Target, is_json: bool) -> None:
    """Send one panel and show it; raises CommandFault."""
    with connect(target) as client:
        models = choose_models(named, client, make_console(is_error=True))
        body: JsonObject = {key: value for key, value in panel.body.items() if value is not None}
        body["models"] = [*models]
        if is_json:
            write_json(client.post(panel.path, body))
            return
        board = make_board(panel, models)
        with closing(steps(client, panel, body, board)) as taken:
            Screen(make_console(), board, is_vote=panel.is_vote).follow(taken)
        if board.fault is not None:
            raise board.fault


def make_board(panel: Panel, models: list[str]) -> Board:
    """Return an empty board; a comparison has one seat for each name, however often it is named."""
    seats = dict.fromkeys(models) if panel.path == COMPARE else models
    judgement = None if panel.judgement is None else Judgement(panel.judgement)
    return Board([Seat(name) for name in seats], judgement)


def steps(client: Client, panel: Panel, body: JsonObject, board: Board) -> Generator[None, None, None]:
    """Feed the board event by event; closing this before its end cancels the run."""
    with client.stream(panel.path, {**body, "stream": True}) as events:
        for event in events:
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
