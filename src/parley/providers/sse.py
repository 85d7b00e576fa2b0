"""Server-sent events from bytes: cuts whatever a read brought into the data of complete events, nothing more.

Event names, ids and comments are dropped: every dialect repeats what matters inside its JSON. Whole reads are cut by
hand, because iterating lines costs three times as much a token. Source: WHATWG HTML, section 9.2.
"""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """One event, or one line, has more bytes than allowed."""


class EventSplitter:
    """Holds at most one unfinished event, of about `max_event_bytes`."""

    def __init__(self, max_event_bytes: int) -> None:
        self._max_event_bytes = max_event_bytes
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._ended_in_cr = False
        self._is_first_line = True

    def feed(self, read: bytes) -> list[bytes]:
        """Return the data of the events that `read` completes, empty ones left out. Raises EventTooLarge."""
        if events := self._whole_events(read):
            return events
        if self._ended_in_cr or b"\r" in read:
            read = self._with_line_feeds(read)
        lines = read.split(b"\n")
        rest = lines.pop()
        events = self._take_lines(lines) if lines else []
        if rest:
            self._line.append(rest)
            self._line_bytes += len(rest)
        if self._line_bytes + self._data_bytes > self._max_event_bytes:
            raise EventTooLarge(f"one event passes {self._max_event_bytes} bytes")
        return events

    def finish(self) -> list[bytes]:
        """Return what the last event holds where the stream ends without its blank line."""
        return self._take_lines([b"", b""])

    def _whole_events(self, read: bytes) -> list[bytes]:
        """Return the events of a read as nearly all are: whole events of one data line each; else nothing."""
        if self._line or self._data or self._ended_in_cr or b"\r" in read:
            return []
        if not (read.startswith(b"data: ") and read.endswith(b"\n\n")):
            return []
        events = read[6:-2].split(b"\n\ndata: ")
        # Two line feeds an event leave none for other lines.
        if read.count(b"\n") != 2 * len(events) or not all(events):
            return []
        self._is_first_line = False
        return events

    def _take_lines(self, lines: list[bytes]) -> list[bytes]:
        if self._line:
            lines[0] = b"".join([*self._line, lines[0]])
            self._line.clear()
            self._line_bytes = 0
        if self._is_first_line:
            self._is_first_line = False
            lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
        events = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b" ", 5) else line[5:])
                self._data_bytes += len(line)
            elif not line and self._data:
                data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                self._data.clear()
                self._data_bytes = 0
                if data:
                    events.append(data)
        return events

    def _with_line_feeds(self, read: bytes) -> bytes:
        """Turn CR and CRLF into LF; a CRLF may be cut in two by a read."""
        if self._ended_in_cr and read.startswith(b"\n"):
            read = read[1:]
            self._ended_in_cr = False
        if read:
            self._ended_in_cr = read.endswith(b"\r")
        return read.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
