"""Frames of text that differ in their text alone: written around it, because every token of a model is one."""

from parley.wire.encoding import Wire, encode_json

MARK = "\x00"
"""Stands for the text. Nothing else in a frame is NUL alone: it is in no model's name."""

_MARK_JSON = encode_json(MARK)


class DeltaFrame:
    """One frame with a text still to be put in."""

    __slots__ = ("_after", "_before")

    def __init__(self, before: bytes, whole: Wire, after: bytes) -> None:
        """`whole` is the frame's JSON with `MARK` where the text comes, between what frames it."""
        head, mark, tail = encode_json(whole).rpartition(_MARK_JSON)
        assert mark, "the frame has no place for its text"
        self._before = before + head
        self._after = tail + after

    def of(self, text: str) -> bytes:
        """Return the frame with this text."""
        return self._before + encode_json(text) + self._after
