"""A trace as a waterfall: one line a span, indented beneath its parent, with a bar on a common axis of time."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from parley.cli.terminal import duration, harmless, money

STYLES = {"ok": "green", "error": "red", "cancelled": "yellow"}
_MARKS = {"ok": "✓", "error": "✗", "cancelled": "–"}
_LEAST_BAR = 10
_LEAST_NAME = 8
_WIDEST_NAME = 44
_GAP = 2
_FULL = "━"
_PART = "╸"


class SpanRow(msgspec.Struct):
    """One entry of `spans` in GET /v3/traces/{id}."""

    id: str
    name: str
    status: str
    start_time: datetime
    duration_ms: float
    request_id: str = ""
    parent_id: str | None = None
    attributes: dict[str, object] = {}

    @property
    def is_attempt(self) -> bool:
        return "parley.attempt" in self.attributes


class _Line(msgspec.Struct):
    span: SpanRow
    depth: int


def waterfall(spans: Sequence[SpanRow], width: int) -> RenderableType:
    """Return the spans in the order of their begin, each beneath its parent, in `width` columns."""
    if not spans:
        return Text("This trace has no spans.")
    lines = _in_order(spans)
    begin = min(span.start_time for span in spans)
    whole_ms = max(_offset_ms(span, begin) + span.duration_ms for span in spans)
    names = [_name(line) for line in lines]
    facts = [_facts(line.span) for line in lines]
    layout = _lay_out(names, facts, width)
    table = Table.grid(padding=(0, _GAP))
    table.add_column(no_wrap=True, overflow="ellipsis", width=layout.name_width)
    table.add_column(no_wrap=True, width=layout.bar_width)
    for _ in range(layout.columns):
        table.add_column(justify="right", no_wrap=True)
    for name, line, row in zip(names, lines, facts, strict=True):
        bar = _bar(line.span, _offset_ms(line.span, begin), whole_ms, layout.bar_width)
        table.add_row(name, bar, *row[: layout.columns])
    table.add_row(Text(), Text("0" + duration(whole_ms).rjust(layout.bar_width - 1), "dim"))
    return table


class _Layout(msgspec.Struct):
    """Widths in cells; `columns` of the facts have room: how long it took, then tokens, then cost."""

    name_width: int
    bar_width: int
    columns: int


def _lay_out(names: Sequence[Text], facts: Sequence[tuple[Text, ...]], width: int) -> _Layout:
    """Give the bars at least their least, at the cost of cost and tokens, then of the names."""
    name_width = min(max(name.cell_len for name in names), _WIDEST_NAME)
    widths = [max(row[column].cell_len for row in facts) + _GAP for column in range(len(facts[0]))]
    left = width - name_width - _GAP
    while len(widths) > 1 and left - sum(widths) < _LEAST_BAR:
        widths.pop()
    bar_width = max(left - sum(widths), _LEAST_BAR)
    room = width - _GAP - bar_width - sum(widths)
    return _Layout(min(name_width, max(room, _LEAST_NAME)), bar_width, len(widths))


def _in_order(spans: Sequence[SpanRow]) -> list[_Line]:
    """Return every span once: those without a known parent at depth 0, the others beneath theirs."""
    ids = {span.id for span in spans}
    children: dict[str | None, list[SpanRow]] = {}
    for span in spans:
        children.setdefault(span.parent_id if span.parent_id in ids else None, []).append(span)
    lines: list[_Line] = []
    waiting = [_Line(span, 0) for span in reversed(children.get(None, []))]
    while waiting:
        line = waiting.pop()
        lines.append(line)
        waiting += [_Line(span, line.depth + 1) for span in reversed(children.get(line.span.id, []))]
    return lines


def _name(line: _Line) -> Text:
    span = line.span
    attributes = span.attributes
    if span.is_attempt:
        said = f"try {attributes['parley.attempt']} {attributes.get('parley.provider', '')}"
    elif attributes.get("parley.role") == "consolidation":
        said = f"consolidation {attributes.get('gen_ai.request.model', '')}"
    else:
        said = str(attributes.get("gen_ai.request.model") or span.name)
    style = STYLES.get(span.status, "")
    return Text.assemble(
        "  " * line.depth,
        (_MARKS.get(span.status, "?") + " ", style),
        (harmless(said), "dim" if span.is_attempt else ""),
    )


def _facts(span: SpanRow) -> tuple[Text, Text, Text]:
    """Return how long it took, or why it failed; its tokens; its cost."""
    code = span.attributes.get("error.type")
    took = duration(span.duration_ms)
    first = Text(f"{took} {harmless(str(code))}", "red") if code else Text(took)
    prefix = "parley.usage." if span.is_attempt else "gen_ai.usage."
    read, written = (span.attributes.get(f"{prefix}{kind}_tokens") for kind in ("input", "output"))
    tokens = f"{read} → {written}" if read is not None and written is not None else ""
    cost = span.attributes.get("parley.cost_usd")
    return first, Text(tokens, "dim"), Text("" if cost is None else money(str(cost)), "dim")


def _bar(span: SpanRow, offset_ms: float, whole_ms: float, width: int) -> Text:
    """Return the span's time as a bar of at least half a cell."""
    scale = width / whole_ms if whole_ms > 0 else 0.0
    begin = min(int(offset_ms * scale), width - 1)
    cells = min(round(span.duration_ms * scale), width - begin)
    bar = _FULL * cells if cells else _PART
    style = STYLES.get(span.status, "")
    return Text.assemble(" " * begin, (bar, f"dim {style}" if span.is_attempt else style))


def _offset_ms(span: SpanRow, begin: datetime) -> float:
    return (span.start_time - begin).total_seconds() * 1000
