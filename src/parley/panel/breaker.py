"""Circuit breakers: a deployment that keeps failing is left alone for a while, then tried by one probe.

Only connection failures, timeouts and 5xx count; a refusal of one request says nothing about the next. The table is
bounded: the least recently used entry makes room.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

FAILURES_TO_OPEN = 5
WINDOW_S = 30.0
PROBE_AFTER_S = 10.0
MOST_ENTRIES = 1024


@dataclass(slots=True)
class _Entry:
    failures: deque[float] = field(default_factory=lambda: deque(maxlen=FAILURES_TO_OPEN))
    opened_at: float | None = None
    is_probing: bool = False


@dataclass(frozen=True, slots=True)
class BreakerReading:
    """One breaker as it stands: how many failures it counts, and how long until it lets a probe through.

    `probe_in_s` is None while it is closed, and 0 when the next call, or one that runs, is the probe.
    """

    provider: str
    upstream_model: str
    failures: int
    probe_in_s: float | None


class Breakers:
    """One breaker per key (provider, upstream model). `clock` counts seconds and never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()

    def admit(self, key: tuple[str, str]) -> float | None:
        """Return None if a call may go out, else the seconds until the next probe.

        The caller must report every admitted call by `succeed`, `fail` or `release`, else a probe's place stays taken.
        """
        entry = self._entries.get(key)
        if entry is None or entry.opened_at is None:
            return None
        wait_s = entry.opened_at + PROBE_AFTER_S - self._clock()
        if wait_s <= 0 and not entry.is_probing:
            entry.is_probing = True
            return None
        return max(wait_s, 0.0)

    def succeed(self, key: tuple[str, str]) -> None:
        """The provider answered: forget its failures."""
        self._entries.pop(key, None)

    def fail(self, key: tuple[str, str]) -> None:
        """A failure that counts; the fifth within the window opens the breaker, a probe's opens it again."""
        entry = self._entries.setdefault(key, _Entry())
        self._entries.move_to_end(key)
        if len(self._entries) > MOST_ENTRIES:
            self._entries.popitem(last=False)
        now = self._clock()
        entry.failures.append(now)
        is_full = len(entry.failures) == FAILURES_TO_OPEN and now - entry.failures[0] <= WINDOW_S
        if entry.is_probing or is_full:
            entry.opened_at = now
        entry.is_probing = False

    def release(self, key: tuple[str, str]) -> None:
        """The call ended in a way that says nothing about the provider, such as a client that went away."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.is_probing = False

    def open_keys(self) -> tuple[tuple[str, str], ...]:
        """Return the keys whose breaker is open."""
        return tuple(key for key, entry in self._entries.items() if entry.opened_at is not None)

    def readings(self) -> tuple[BreakerReading, ...]:
        """Return every breaker that remembers a failure, for health pages."""
        now = self._clock()
        return tuple(_read(key, entry, now) for key, entry in self._entries.items() if entry.failures)


def _read(key: tuple[str, str], entry: _Entry, now: float) -> BreakerReading:
    """Failures out of the window count no longer, unless they have opened the breaker."""
    if entry.opened_at is None:
        recent = sum(now - failed_at <= WINDOW_S for failed_at in entry.failures)
        return BreakerReading(*key, recent, None)
    return BreakerReading(*key, len(entry.failures), max(entry.opened_at + PROBE_AFTER_S - now, 0.0))
