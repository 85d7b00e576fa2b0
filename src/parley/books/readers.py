"""Who reads a run's events, one after the other, and how those that must hear of its end hear of it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from parley.domain.events import Emit, Event


class Watcher(Protocol):
    """A reader of one run's events that must hear of its end, also where no event tells it."""

    def __call__(self, event: Event) -> None: ...

    def finish(self, outcome: str) -> None:
        """Hear that the run is over: cancelled or failed, unless RunFinished came before."""
        ...


def to_all(readers: Sequence[Emit]) -> Emit:
    """Return an Emit that hands each event to all `readers`, in order."""

    def emit(event: Event) -> None:
        for read in readers:
            read(event)

    return emit


@contextmanager
def watched(watchers: Sequence[Watcher]) -> Iterator[None]:
    """Tell `watchers` of the end of the block, however it ends."""
    outcome = "failed"
    try:
        yield
    except asyncio.CancelledError:
        outcome = "cancelled"
        raise
    finally:
        for watcher in watchers:
            watcher.finish(outcome)
