"""The way of events to one client: bounded, never blocking the engine.

Text that waits is merged per seat, so that a slow reader neither stalls seats nor grows memory beyond the answers'
own size: what can wait is one piece of text per seat and kind, and the few events that stand alone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from parley.domain.events import ConsolidationDelta, Event, SeatDelta, SeatReasoning, SeatRefusal, SeatToolCall
from parley.domain.text import GrowingText

Key = tuple[object, ...]


@dataclass(slots=True)
class _Waiting:
    """An event that waits, and the text that came after it."""

    event: Event
    more: GrowingText | None = None

    def add(self, text: str) -> None:
        if self.more is None:
            self.more = GrowingText()
        self.more.append(text)


class Channel:
    """One writer, one reader, one loop."""

    def __init__(self, wants: Callable[[Event], bool]) -> None:
        self._wants = wants
        self._queue: list[_Waiting] = []
        self._open_deltas: dict[Key, _Waiting] = {}
        self._reader: asyncio.Future[None] | None = None
        self._is_closed = False
        self._is_nudged = False

    def put(self, event: Event) -> None:
        """Add `event`; a delta joins the one of its seat that still waits."""
        if not self._wants(event):
            return
        key = _key(event)
        waiting = self._open_deltas.get(key) if key is not None else None
        if waiting is not None:
            waiting.add(_text(event))
            return
        waiting = _Waiting(event)
        self._queue.append(waiting)
        if key is None:
            self._open_deltas.clear()
        else:
            self._open_deltas[key] = waiting
        self._wake()

    def close(self) -> None:
        """No more events come; the reader gets what waits and then None."""
        self._is_closed = True
        self._wake()

    def nudge(self) -> None:
        """Let the reader go on, with nothing in its hands if nothing waits."""
        self._is_nudged = True
        self._wake()

    async def take(self) -> list[Event] | None:
        """Return all that waits, as soon as something does; nothing after a nudge; None at the end."""
        while not self._queue:
            if self._is_closed:
                return None
            if self._is_nudged:
                self._is_nudged = False
                return []
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        self._is_nudged = False
        taken, self._queue = self._queue, []
        self._open_deltas.clear()
        return [_joined(waiting) for waiting in taken]

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


def _key(event: Event) -> Key | None:
    match event:
        case SeatDelta(seat_index=seat):
            return (SeatDelta, seat)
        case SeatReasoning(seat_index=seat) | SeatRefusal(seat_index=seat):
            return (type(event), seat)
        case ConsolidationDelta(model=model):
            return (ConsolidationDelta, model)
        case SeatToolCall(seat_index=seat, call_index=call):
            return (SeatToolCall, seat, call)
        case _:
            return None


def _text(event: Event) -> str:
    match event:
        case SeatDelta(text=text) | SeatReasoning(text=text) | SeatRefusal(text=text) | ConsolidationDelta(text=text):
            return text
        case SeatToolCall(call=call):
            return call.arguments
        case _:
            return ""


def _joined(waiting: _Waiting) -> Event:
    if waiting.more is None:
        return waiting.event
    more = str(waiting.more)
    match waiting.event:
        case SeatToolCall(call=call) as event:
            return replace(event, call=replace(call, arguments=call.arguments + more))
        case SeatDelta() | SeatReasoning() | SeatRefusal() | ConsolidationDelta() as event:
            return replace(event, text=event.text + more)
        case other:
            return other
