"""`parley models`: what can be called, with context and prices."""

from typing import Annotated, cast

import typer
from rich.table import Column
from rich.text import Text

from parley.cli.connection import Target, connect
from parley.cli.listing import listing, named, whole
from parley.cli.options import Config, Json, Url
from parley.cli.questions import ABOUT_EMBEDDED, model_rows
from parley.cli.terminal import count, make_console, money, plain, say, write_json, write_rows
from parley.domain.json import JsonObject


def models(
    search: Annotated[
        str, typer.Option("--search", metavar="WORDS", help="Only models whose name or brand holds every word.")
    ] = "",
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
) -> None:
    """List the models that can be asked."""
    with connect(Target(url, config)) as client:
        words = search.lower().split()
        rows = [row for row in model_rows(client) if _holds(row, words)]
    if is_json:
        write_json({"models": [*rows]})
        return
    console = make_console()
    if console.is_terminal:
        columns = [named("model"), *whole("context", "input", "output"), Column()]
        console.print(listing(console, columns, [_cells(row) for row in rows]))
    else:
        write_rows(_cells(row) for row in rows)
    _print_foot(rows, search)


def _print_foot(rows: list[JsonObject], search: str) -> None:
    """Say on standard error what the list leaves open, so that a pipe gets the list alone."""
    notes = make_console(is_error=True)
    say(notes, Text(f"{count(len(rows), 'model')}; prices in US dollars for a million tokens.", "dim"))
    if any(row.get("sandbox") is True for row in rows):
        say(notes, Text(ABOUT_EMBEDDED, "dim"))
    if search and not rows:
        say(notes, Text("A model of a configured provider can be asked even if it is not listed: <provider>/<model>."))


def _cells(row: JsonObject) -> list[Text]:
    pricing = row.get("pricing")
    prices = pricing if isinstance(pricing, dict) else {}
    context = row.get("context_length")
    mark = "sandbox" if row.get("sandbox") is True else "panel" if row.get("is_composite") is True else ""
    return [
        plain(str(row["id"])),
        Text(f"{context:,}" if isinstance(context, int) else "-"),
        Text(_price(prices.get("prompt_usd_per_1m"))),
        Text(_price(prices.get("completion_usd_per_1m"))),
        Text(mark, "dim"),
    ]


def _price(value: object) -> str:
    return "-" if value is None else money(cast(str, value))


def _holds(row: JsonObject, words: list[str]) -> bool:
    text = f"{row['id']} {row.get('name')} {row.get('brand')}".lower()
    return all(word in text for word in words)
