"""The answer inside of an answer tool's input: `{"value": X}` becomes X while it still streams."""

import re

_OPENING = re.compile(r'\s*\{\s*"value"\s*:\s*')
_CLOSING = re.compile(r"[\s}]*\Z")
_MAX_HELD_CHARACTERS = 4_096


class Unwrapper:
    """Takes the pieces of a wrapped answer, hands out those of the answer; what is not wrapped comes out as it went in.

    Holds back only what may be the wrapping's own closing brace.
    """

    def __init__(self) -> None:
        self._held = ""
        self._is_inside: bool | None = None

    def feed(self, piece: str) -> str:
        """Return as much of the answer as is certain by now."""
        self._held += piece
        if self._is_inside is None:
            self._look_for_opening()
        if self._is_inside is None:
            return ""
        closing = _CLOSING.search(self._held) if self._is_inside else None
        cut = closing.start() if closing is not None else len(self._held)
        if len(self._held) - cut > _MAX_HELD_CHARACTERS:
            cut = len(self._held)
        given, self._held = self._held[:cut], self._held[cut:]
        return given

    def finish(self) -> str:
        """Return the rest of the answer, without the wrapping's end."""
        if not self._is_inside:
            return self._held
        body, brace, _ = self._held.rpartition("}")
        return body.rstrip() if brace else self._held

    def _look_for_opening(self) -> None:
        opening = _OPENING.match(self._held)
        if opening is not None and opening.end() < len(self._held):
            self._is_inside = True
            self._held = self._held[opening.end() :]
        elif len(self._held) > 64:
            self._is_inside = False
