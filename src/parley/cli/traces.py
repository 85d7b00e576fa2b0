"""`parley traces` and `parley trace ID`: what requests did, as a list and as a waterfall."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
import typer
from rich.table import Column
from rich.text import Text

from parley.cli.connection import Target, connect
from parley.cli.listing import listing, named, whole
from parley.cli.options import Config, Json, Url
from parley.cli.shapes import read_shape
from parley.cli.terminal import count, duration, harmless, make_console, plain, say, write_json, write_rows
from parley.cli.waterfall import STYLES, SpanRow, waterfall

TRACES = "/v3/traces"


class TraceRow(msgspec.Struct):
    """One entry of GET /v3/traces, and the head of GET /v3/traces/{id}."""

    id: str
    name: str
    span_count: int
    status: str
    start_time: datetime
    duration_ms: float


class _Page(msgspec.Struct):
    traces: list[TraceRow]
    has_more: bool = False


class _WholeTrace(TraceRow):
    spans: list[SpanRow]


def traces(
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, metavar="N", help="How many, at most 100.")] = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, metavar="N", help="How many of the newest to skip.")] = 0,
    name: Annotated[
        str, typer.Option("--name", metavar="TEXT", help="Only traces whose name holds it, such as vote.")
    ] = "",
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
) -> None:
    """List traces, newest first."""
    query = urlencode({"limit": limit, "offset": offset, **({"name": name} if name else {})})
    with connect(Target(url, config)) as client:
        answer = client.get(f"{TRACES}?{query}")
    if is_json:
        write_json(answer)
        return
    page = read_shape(answer, _Page)
    console = make_console()
    if console.is_terminal:
        columns = [Column("id", no_wrap=True), named("name"), *whole("began", "took", "spans"), Column()]
        console.print(listing(console, columns, [_cells(row) for row in page.traces]))
    else:
        write_rows(_cells(row) for row in page.traces)
    more = "; --offset shows older ones" if page.has_more else ""
    say(make_console(is_error=True), Text(f"{count(len(page.traces), 'trace')}{more}.", "dim"))


def trace(
    trace_id: Annotated[
        str, typer.Argument(metavar="ID", help="As `parley traces` and `trace_uuid` show it.", show_default=False)
    ],
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
) -> None:
    """Show one trace as a waterfall: who was asked when, for how long, for how much."""
    with connect(Target(url, config)) as client:
        answer = client.get(f"{TRACES}/{quote(trace_id, safe='')}")
    if is_json:
        write_json(answer)
        return
    whole = read_shape(answer, _WholeTrace)
    console = make_console()
    head = Text.assemble(
        (harmless(whole.name), "bold"),
        f"  {_time(whole)}  {duration(whole.duration_ms)}  ",
        (harmless(whole.status), STYLES.get(whole.status, "")),
        (f"\n{harmless(whole.id)}", "dim"),
    )
    console.print(head)
    console.print(waterfall(whole.spans, console.width))


def _cells(row: TraceRow) -> list[Text]:
    return [
        plain(row.id),
        plain(row.name),
        Text(_time(row)),
        Text(duration(row.duration_ms)),
        Text(str(row.span_count)),
        plain(row.status, STYLES.get(row.status, "")),
    ]


def _time(row: TraceRow) -> str:
    return row.start_time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
