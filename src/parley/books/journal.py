"""A local append-only file for what the store can't take just now: the end of calls that were already running.

Its room is allocated at start, so that a full disk can't stop it; a record is durable when `append` returns. A record
is a line of JSON behind its length and checksum; a torn one, of a killed process, ends the reading.
"""

import errno
import fcntl
import hashlib
import os
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from urllib.parse import urlsplit

import msgspec

from parley.books.entries import CallOpening, Closing, Entry, Row, Settlement

ROOM_BYTES = 33_554_432
"""For 10,922 events that run at once: 2,000 panels of 3 and their consolidations, with some to spare."""

RECORD_BYTES = 3_072
"""Room that one event is taken to need, its attempts included."""

_HEADER_BYTES = 12
_MOST_FILES = 64
_KINDS: dict[str, type[CallOpening] | type[Closing] | type[Settlement]] = {
    "call": CallOpening,
    "settled": Settlement,
    "closed": Closing,
}


def open_journal(store_url: str) -> "Journal":
    """Return this process's journal for a store; of one in memory, which ends with the process, it ends so too.

    Raises OSError, whose `filename` is the folder.
    """
    place = journal_place(store_url)
    folder = Path(gettempdir()) if place is None else place[0]
    try:
        return Journal.unnamed() if place is None else Journal(*place)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def journal_place(store_url: str) -> tuple[Path, str] | None:
    """Return folder and name for the journals of a store: beside SQLite's file, else in the working folder.

    The name tells stores apart: what belongs to one must never be copied into another. None for a store in memory.
    """
    if store_url.startswith("sqlite:///"):
        path = Path(store_url.removeprefix("sqlite:///"))
        if path.name.partition("?")[0] == ":memory:":
            return None
        return path.absolute().parent, f"{path.name}-journal"
    place = urlsplit(store_url)
    named = f"{place.hostname}:{place.port or 5432}{place.path}?{place.query}"
    return Path.cwd(), f"parley-journal-{hashlib.sha256(named.encode()).hexdigest()[:12]}"


class JournalFull(Exception):
    """The journal has no room left."""


class _Record(msgspec.Struct):
    kind: str
    event: Row | None = None
    attempts: list[Row] = []
    prices: list[Row] = []
    request_id: str = ""


class Journal:
    """One process's journal. Files are claimed by a lock, so that a restarted process finds what a former one left."""

    def __init__(self, folder: Path, name: str, room_bytes: int = ROOM_BYTES) -> None:
        """Claim the first free file `name-0`, `name-1` …, and allocate its room. Raises OSError."""
        self.room_bytes = room_bytes
        self._folder = folder
        self._name = name
        self._descriptor = _claim(folder, name)
        _allocate(self._descriptor, room_bytes)
        self._end = _end_of(self._descriptor)
        self._lock = threading.Lock()

    @classmethod
    def unnamed(cls, room_bytes: int = ROOM_BYTES) -> "Journal":
        """Return a journal whose file no other process finds, and which is gone with this one, however it ends."""
        with TemporaryDirectory(prefix="parley-") as folder:
            return cls(Path(folder), "journal", room_bytes)

    @property
    def size_bytes(self) -> int:
        return self._end

    @property
    def free_bytes(self) -> int:
        return self.room_bytes - self._end

    def append(self, entries: Sequence[Entry]) -> None:
        """Write `entries` durably. Raises JournalFull or OSError; then none of them counts."""
        raw = b"".join([_framed(_encode(entry)) for entry in entries])
        with self._lock:
            if len(raw) > self.free_bytes - _HEADER_BYTES:
                raise JournalFull(f"the journal has {self.free_bytes} bytes left, {len(raw)} are needed")
            # What follows the last record is cleared with it: old bytes there must not look like a record.
            os.pwrite(self._descriptor, raw + bytes(_HEADER_BYTES), self._end)
            os.fdatasync(self._descriptor)
            self._end += len(raw)

    def read(self) -> list[Entry]:
        """Return every record, oldest first."""
        return [_decode(raw) for raw in _records(self._descriptor, self._end)]

    def clear(self, size_bytes: int) -> bool:
        """Forget the records, which are in the store now, unless there are more than `size_bytes` of them."""
        with self._lock:
            if self._end != size_bytes:
                return False
            _empty(self._descriptor)
            self._end = 0
            return True

    def close(self) -> None:
        os.close(self._descriptor)

    def take_over(self, write: Callable[[list[Entry]], None]) -> None:
        """Hand `write` what processes that are gone have left in their journals; it is forgotten when that returns."""
        for path in sorted(self._folder.glob(f"{self._name}-*")):
            descriptor = _try_lock(path)
            if descriptor is None:
                continue
            try:
                if left := _records(descriptor):
                    write([_decode(raw) for raw in left])
                    _empty(descriptor)
            finally:
                os.close(descriptor)


def _claim(folder: Path, name: str) -> int:
    for number in range(_MOST_FILES):
        descriptor = _try_lock(folder / f"{name}-{number}")
        if descriptor is not None:
            return descriptor
    raise OSError(errno.EMFILE, f"all {_MOST_FILES} journals {folder / name}-… are in use by other processes")


def _try_lock(path: Path) -> int | None:
    """Return the open file, locked; None while another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _empty(descriptor: int) -> None:
    os.pwrite(descriptor, bytes(_HEADER_BYTES), 0)
    os.fdatasync(descriptor)


def _allocate(descriptor: int, room_bytes: int) -> None:
    if os.fstat(descriptor).st_size < room_bytes:
        os.posix_fallocate(descriptor, 0, room_bytes)
        os.fsync(descriptor)


def _framed(raw: bytes) -> bytes:
    return f"{len(raw):08x}".encode() + zlib.crc32(raw).to_bytes(4) + raw


def _records(descriptor: int, end: int | None = None) -> list[bytes]:
    """Return the whole records from the start of the file; the first that is none ends them."""
    found: list[bytes] = []
    offset = 0
    while end is None or offset < end:
        header = os.pread(descriptor, _HEADER_BYTES, offset)
        size = _size_of(header)
        if size is None:
            break
        raw = os.pread(descriptor, size, offset + _HEADER_BYTES)
        if len(raw) < size or zlib.crc32(raw).to_bytes(4) != header[8:]:
            break
        found.append(raw)
        offset += _HEADER_BYTES + size
    return found


def _size_of(header: bytes) -> int | None:
    try:
        size = int(header[:8], 16)
    except ValueError:
        return None
    return size or None


def _end_of(descriptor: int) -> int:
    return sum(_HEADER_BYTES + len(raw) for raw in _records(descriptor))


def _encode(entry: Entry) -> bytes:
    kind = next(name for name, type_ in _KINDS.items() if isinstance(entry, type_))
    return msgspec.json.encode({"kind": kind, **asdict(entry)})


def _decode(raw: bytes) -> Entry:
    record = msgspec.json.decode(raw, type=_Record)
    match record.kind:
        case "call":
            return CallOpening(record.event or {})
        case "settled":
            return Settlement(record.event or {}, record.attempts, record.prices)
        case _:
            return Closing(record.request_id)
