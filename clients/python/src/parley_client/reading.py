"""One stream as it is read: bytes in, typed events out, and the whole result at the end. Does no input or output."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, get_args

from parley_client.decoding import decode
from parley_client.errors import APIConnectionError, ParleyError
from parley_client.reply import stream_error
from parley_client.sse import Frame, FrameDecoder
from parley_client.typevars import E, R

K = TypeVar("K")

_DONE = "[DONE]"
_MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of text. `index` is the seat's in a roundtable, None for a consolidation and outside of roundtables."""

    index: int | None
    model: str
    text: str
    is_summary: bool


def kinds_of(events: Any, tag: str) -> dict[str, Any]:
    """Return the members of a union of events, each under what its `tag` says."""
    return {kind.__dataclass_fields__[tag].default: kind for kind in get_args(events)}


class Reading(ABC, Generic[E, R]):
    """What a stream has said so far; one subclass for each kind of stream.

    `tag` names the member that tells events apart, `kinds` what is made of each; other kinds are passed over. `needed`
    are the kinds of events that are kept for the result.
    `is_over`: it ended as it should. `failure`: it did not, or was left; from then on that is all it says.
    """

    tag: ClassVar[str]
    kinds: ClassVar[Mapping[str, Any]]
    needed: ClassVar[tuple[type, ...]]

    def __init__(self) -> None:
        self.request_id: str | None = None
        self.is_over = False
        self.failure: ParleyError | None = None
        self._decoder = FrameDecoder()
        self._frames: deque[Frame] = deque()
        self._has_ended = False
        self._kept: list[E] = []

    @abstractmethod
    def collected(self) -> R | None:
        """Return the result as the kept events tell it, None if something is missing in them."""

    @abstractmethod
    def text(self, event: E) -> TextDelta | None:
        """Return the piece of text that `event` is, if it is one."""

    def receive(self, piece: bytes) -> None:
        """Take in what came; an empty piece says that no more will."""
        self._has_ended = not piece
        if piece:
            self._frames.extend(self._decoder.feed(piece))
        else:
            # The last frame may lack its blank line. If it is not [DONE], it may lack more than that.
            self._frames.extend(frame for frame in self._decoder.finish() if frame.data == _DONE)

    def take(self) -> E | None:
        """Return the next event, None if more has to be received first or the stream is over.

        Raises StreamError for the server's error, APIConnectionError for a stream that was cut or is not Parley's, and
        either of them again from then on.
        """
        if self.failure is not None:
            raise self.failure
        try:
            return self._take()
        except ParleyError as error:
            self.failure = error
            raise

    def leave(self) -> None:
        """Read no more, unless the end was reached."""
        if self.failure is None and not self.is_over:
            message = "The stream was left before its end; nothing more can be read from it."
            self.failure = APIConnectionError(message, request_id=self.request_id)

    def result(self) -> R:
        """Return the whole result. Raises APIConnectionError if the stream did not carry all of it."""
        result = self.collected()
        if result is None:
            raise APIConnectionError("The stream ended without a whole result.", request_id=self.request_id)
        return result

    def kept(self, *kinds: type[K]) -> list[K]:
        """Return the kept events of these kinds, in their order."""
        return [event for event in self._kept if isinstance(event, kinds)]

    def name_of(self, frame: Frame, value: Mapping[str, Any]) -> str | None:
        """Return the name of an event; `error` is the fatal one."""
        named = value.get(self.tag)
        return named if isinstance(named, str) else frame.event

    def condensed(self) -> list[E]:
        """Return fewer events that come to the same result: a long stream takes little more room than its text."""
        return self._kept

    def _keep(self, event: E) -> None:
        self._kept.append(event)
        if len(self._kept) > _MOST_KEPT:
            self._kept = self.condensed()

    def _take(self) -> E | None:
        while self._frames and not self.is_over:
            frame = self._frames.popleft()
            self.is_over = frame.data == _DONE
            if not self.is_over and (event := self._read(frame)) is not None:
                if isinstance(event, self.needed):
                    self._keep(event)
                return event
        if self._has_ended and not self.is_over:
            raise APIConnectionError("The connection ended before the stream did.", request_id=self.request_id)
        return None

    def _read(self, frame: Frame) -> E | None:
        try:
            value = decode(dict[str, Any], json.loads(frame.data))
            name = self.name_of(frame, value)
            if name == "error":
                raise stream_error(value, self.request_id)
            kind = self.kinds.get(name or "")
            event: E | None = None if kind is None else decode(kind, value)
        except (ValueError, RecursionError) as error:
            raise APIConnectionError(f"The stream is not Parley's: {error}.", request_id=self.request_id) from error
        return event
