"""Server-sent events: bytes to frames, however they were split. Source: the HTML standard, section 9.2.6.

Knows nothing of what stands in a frame. Lines end in LF or CRLF; comments and unknown fields are passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it was framed: the value of its `event:` line, if any, and its data lines joined by LF."""

    event: str | None
    data: str


class FrameDecoder:
    """Turns pieces of a stream into frames. A line is decoded when it is whole: a character may be split anywhere."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._event: str | None = None
        self._data: list[str] = []
        self._bom = b"\xef\xbb\xbf"

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """Yield the frames that `piece` completes."""
        self._pieces.append(piece)
        if b"\n" in piece:
            *lines, rest = b"".join(self._pieces).split(b"\n")
            self._pieces = [rest]
            for line in lines:
                yield from self._read(line)

    def finish(self) -> Iterator[Frame]:
        """Yield the frame that had no blank line after it when the stream ended, if there is one."""
        yield from self.feed(b"\n\n")

    def _read(self, raw: bytes) -> Iterator[Frame]:
        line = raw.removeprefix(self._bom).removesuffix(b"\r").decode("utf-8", "replace")
        self._bom = b""
        if not line:
            if data := "\n".join(self._data):
                yield Frame(self._event, data)
            self._event, self._data = None, []
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value or None
