"""`parley usage`: what was used and what it cost, as totals or as single events; the ledger as the server shows it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
import typer
from rich import box
from rich.table import Table
from rich.text import Text

from parley.cli.connection import Target, connect
from parley.cli.fault import misused
from parley.cli.listing import listing, named, whole
from parley.cli.moments import moment
from parley.cli.options import Config, Json, Url
from parley.cli.shapes import read_shape
from parley.cli.terminal import count, duration, make_console, money, plain, say, write_json, write_rows
from parley.domain.json import JsonObject

USAGE = "/v1/usage"
EVENTS = "/v1/usage/events"
_USUAL_EVENTS = 20
_STYLES = {"ok": "green", "failed": "red", "cancelled": "yellow", "abandoned": "red", "running": "cyan"}


class Status(StrEnum):
    """How a call ended."""

    OK = "ok"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"
    RUNNING = "running"


class _ModelRow(msgspec.Struct):
    model: str
    events: int
    input_tokens: int
    output_tokens: int
    cost_usd: str


class _Totals(msgspec.Struct):
    """The answer of POST /v1/usage; requests and events are counted by outcome, and as `total`."""

    requests: dict[str, int]
    events: dict[str, int]
    tokens: dict[str, int]
    total_cost_usd: str
    cost_complete: bool
    by_model: list[_ModelRow]


class _Event(msgspec.Struct):
    id: str
    time: datetime
    key_name: str | None
    role: str
    model: str
    usage: dict[str, int]
    cost: str | None
    estimated: bool
    cached: bool
    latency_ms: float | None
    outcome: str
    error_code: str | None


class _Page(msgspec.Struct):
    events: list[_Event]
    total: int
    offset: int


def usage(
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="From then on: 2030-01-31, 2030-01-31T12:00:00Z.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Before then; without an offset, times are UTC.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="Only calls of this model.")] = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only calls that ended so.")] = None,
    key_id: Annotated[
        str | None, typer.Option("--key-id", metavar="ID", help="Only this key's, as `parley keys list` shows it.")
    ] = None,
    events: Annotated[
        bool, typer.Option("--events", help="The single calls, newest first, instead of totals.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, max=200, metavar="N", help="How many events, at most 200; 20 without it."),
    ] = None,
    offset: Annotated[
        int | None, typer.Option("--offset", min=0, metavar="N", help="How many of the newest events to skip.")
    ] = None,
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
) -> None:
    """Show what was used and what it cost."""
    if not events and not limit is offset is None:
        raise misused("--limit and --offset are for --events; totals count everything.")
    asked: JsonObject = {
        "since": moment(since),
        "until": moment(until),
        "model": model,
        "status": status,
        "key_id": key_id,
    }
    if events:
        asked |= {"limit": limit or _USUAL_EVENTS, "offset": offset or 0}
    with connect(Target(url, config)) as client:
        answer = client.post(EVENTS if events else USAGE, {name: one for name, one in asked.items() if one is not None})
    if is_json:
        write_json(answer)
    elif events:
        _show_events(read_shape(answer, _Page))
    else:
        _show_totals(read_shape(answer, _Totals))


def _show_totals(totals: _Totals) -> None:
    """Print what was used in all, then each model's part; a pipe gets `total` as the name of the whole."""
    console = make_console()
    rows = [_total_cells(totals), *(_model_cells(row) for row in totals.by_model)]
    if not console.is_terminal:
        write_rows(rows)
    else:
        say(console, Text.assemble("Requests: ", _outcomes(totals.requests)))
        say(console, Text.assemble("Calls:    ", _outcomes(totals.events)))
        say(console, f"Tokens:   {_tokens(totals.tokens)}")
        columns = [named("model"), *whole("calls", "input", "output", "cost")]
        console.print(listing(console, columns, rows))
    told = f"{count(totals.requests['total'], 'request')}, {count(totals.events['total'], 'call')}"
    unpriced = "" if totals.cost_complete else "; calls whose price is not known are not in the cost"
    say(make_console(is_error=True), Text(f"{told}{unpriced}. --events shows single calls.", "dim"))


def _total_cells(totals: _Totals) -> list[Text]:
    tokens = totals.tokens
    amounts = (totals.events["total"], tokens.get("input_tokens", 0), tokens.get("output_tokens", 0))
    return [Text("total"), *(Text(f"{amount:,}") for amount in amounts), Text(money(totals.total_cost_usd))]


def _model_cells(row: _ModelRow) -> list[Text]:
    amounts = (row.events, row.input_tokens, row.output_tokens)
    return [plain(row.model), *(Text(f"{amount:,}") for amount in amounts), Text(money(row.cost_usd))]


def _outcomes(numbers: dict[str, int]) -> Text:
    """Return `5 (4 ok, 1 failed)`."""
    said = [plain(f"{number:,} {name}", _STYLES.get(name, "")) for name, number in numbers.items() if number]
    named = [text for text in said if not text.plain.endswith(" total")]
    return Text(f"{numbers['total']:,}") + (Text(" (") + Text(", ").join(named) + Text(")") if named else Text())


def _tokens(numbers: dict[str, int]) -> str:
    """Return `1,200 input, 340 output`, with the kinds that occurred beside these two."""
    kinds = {name.removesuffix("_tokens").replace("_", " "): number for name, number in numbers.items()}
    shown = {name: number for name, number in kinds.items() if number or name in {"input", "output"}}
    return ", ".join(f"{number:,} {name}" for name, number in shown.items())


def _show_events(page: _Page) -> None:
    console = make_console()
    rows = [_event_cells(event) for event in page.events]
    if not console.is_terminal:
        write_rows(rows)
    else:
        table = Table(box=box.SIMPLE_HEAD, header_style="bold")
        table.add_column("time", overflow="fold", min_width=10)
        for name in ("key", "role", "model"):
            table.add_column(name, overflow="fold")
        for name in ("tokens", "cost", "took"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("", overflow="fold")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    shown = page.offset + len(rows)
    more = f" of {page.total:,}; --offset {shown} shows older ones" if rows and shown < page.total else ""
    say(make_console(is_error=True), Text(f"{count(len(rows), 'call')}{more}.", "dim"))


def _event_cells(event: _Event) -> list[Text]:
    estimate = "~" if event.estimated else ""
    tokens = f"{estimate}{event.usage.get('input_tokens', 0):,} → {event.usage.get('output_tokens', 0):,}"
    outcome = f"{event.outcome}: {event.error_code}" if event.error_code else event.outcome
    cached = ", cached" if event.cached else ""
    return [
        Text(event.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")),
        plain(event.key_name or "-"),
        plain(event.role),
        plain(event.model),
        Text(tokens),
        Text(money(event.cost)),
        Text("-" if event.latency_ms is None else duration(event.latency_ms)),
        plain(f"{outcome}{cached}", _STYLES.get(event.outcome, "")),
    ]
