"""Runs of the engine with their trace: the events of a bench, read as they come, on its virtual clock."""

import asyncio
from collections.abc import Sequence
from typing import Any

from engine import Bench, run_virtual
from parley.books.spans import Span, Trace, TraceReader, TraceTools
from parley.domain.events import Event
from parley.domain.run import PanelRequest


class _Feed(list[Event]):
    """The bench's events; each is read at once."""

    def __init__(self, reader: TraceReader) -> None:
        super().__init__()
        self._reader = reader

    def append(self, event: Event) -> None:
        super().append(event)
        self._reader(event)


def traced(
    bench: Bench,
    request: PanelRequest,
    *,
    keeps_content: bool = False,
    parent_span_id: str | None = None,
    cut_after_s: float | None = None,
) -> Trace:
    """Run `request`, cancelled after `cut_after_s`, and return its one trace."""
    kept: list[Trace] = []
    reader = TraceReader(TraceTools(bench.now, kept.append, keeps_content), "key_a", parent_span_id)
    bench.events = _Feed(reader)

    async def run() -> None:
        try:
            async with asyncio.timeout(cut_after_s):
                await bench.run(request)
        except TimeoutError:
            pass
        finally:
            reader.finish()

    run_virtual(run())
    assert len(kept) == 1
    return kept[0]


def beneath(trace: Trace, parent: Span) -> list[Span]:
    """Return the spans whose parent is `parent`, in the order of their begin."""
    return [span for span in trace.spans if span.parent_id == parent.span_id]


def tree(trace: Trace) -> list[Any]:
    """Return the names as nested lists: [name, [child, …], …]."""

    def drawn(span: Span) -> list[Any]:
        return [span.name, *(drawn(child) for child in beneath(trace, span))]

    return drawn(trace.spans[0])


def texts(spans: Sequence[Span]) -> str:
    """Return everything that stands in the spans, for scans."""
    return repr([(span.name, dict(span.attributes), span.status) for span in spans])
