"""A text that grows by small pieces, as models write."""

_BLOCK_PIECES = 256


class GrowingText:
    """Joins pieces into blocks as they come: kept apart, tokens take fifteen times the room of their text."""

    __slots__ = ("_blocks", "_pieces")

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._pieces: list[str] = []

    def append(self, piece: str) -> None:
        self._pieces.append(piece)
        if len(self._pieces) == _BLOCK_PIECES:
            self._blocks.append("".join(self._pieces))
            self._pieces.clear()

    def __str__(self) -> str:
        """Return the whole text so far."""
        return "".join([*self._blocks, *self._pieces]) if self._blocks else "".join(self._pieces)
