"""Who reads a run's events, one after the other, and how those that must hear of its end hear of it."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from parley.domain.events import Emit, Event, SeatDelta, SeatReasoning, SeatRefusal, SeatToolCall

_TEXT = frozenset({SeatDelta, SeatReasoning, SeatRefusal, SeatToolCall})


class Watcher(Protocol):
    """A reader of one run's events that must hear of its end, also where no event tells it."""

    def __call__(self, event: Event) -> None: ...

    def finish(self, outcome: str) -> None:
        """Hear that the run is over: cancelled or failed, unless RunFinished came before."""
        ...


def to_all(books: Sequence[Emit], client: Emit) -> Emit:
    """Return an Emit that hands each event to the `books`, in order, and then to the client.

    A seat's text goes to the client alone, token by token: the books read it in its answer.
    """

    def emit(event: Event) -> None:
        if type(event) not in _TEXT:
            for read in books:
                read(event)
        client(event)

    return emit


class Watched:
    """Tells `watchers` of the end of the block, however it ends."""

    __slots__ = ("_watchers",)

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    def __enter__(self) -> None:
        """Nothing has to be told yet."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        outcome = "cancelled" if kind is not None and issubclass(kind, asyncio.CancelledError) else "failed"
        for watcher in self._watchers:
            watcher.finish(outcome)
