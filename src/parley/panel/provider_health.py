"""How each provider has been doing, as far as this process has called it: a reader of every run's events.

Counts by the minute for the last quarter of an hour; nothing grows with the traffic, and nothing is asked of anybody.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from parley.domain.errors import FailureCode, SeatFailure
from parley.domain.events import AttemptEnded, AttemptStarted, Event
from parley.panel.breaker import BreakerReading, Breakers

WINDOW_S = 900
_MINUTE_S = 60
# These say something about one request, or about who waited for it; the provider did its part.
_NOT_ITS_FAULT = frozenset(
    {
        FailureCode.CANCELLED,
        FailureCode.CONTENT_FILTERED,
        FailureCode.REFUSED,
        FailureCode.EMPTY_ANSWER,
        FailureCode.INVALID_CHOICE,
        FailureCode.SCHEMA_INVALID,
        FailureCode.CONTEXT_LENGTH_EXCEEDED,
        FailureCode.ANSWER_TOO_LARGE,
        FailureCode.INVALID_REQUEST,
    }
)


@dataclass(frozen=True, slots=True)
class LastFailure:
    """The newest failure of a provider; `at` in seconds since 1970, `failure` as its caller was told it."""

    at: float
    upstream_model: str
    failure: SeatFailure


@dataclass(frozen=True, slots=True)
class HealthReading:
    """One provider now. `calls` and `failures` are those that ended within WINDOW_S; times in seconds since 1970."""

    in_flight: int = 0
    calls: int = 0
    failures: int = 0
    last_success_at: float | None = None
    last_failure: LastFailure | None = None
    breakers: tuple[BreakerReading, ...] = ()


@dataclass(slots=True)
class _Record:
    in_flight: int = 0
    minutes: dict[int, list[int]] = field(default_factory=dict)
    last_success_at: float | None = None
    last_failure: LastFailure | None = None


class ProviderHealth:
    """Counts for a closed set of providers. `wall` gives seconds since 1970."""

    def __init__(self, providers: Iterable[str], breakers: Breakers, wall: Callable[[], float]) -> None:
        self._records = {name: _Record() for name in providers}
        self._breakers = breakers
        self._wall = wall

    def read(self, event: Event) -> None:
        """Take one event of any run."""
        if type(event) is AttemptStarted:
            self._records[event.deployment.provider].in_flight += 1
        elif type(event) is AttemptEnded:
            self._end(event)

    def readings(self) -> Mapping[str, HealthReading]:
        """Return how each provider is doing, in their given order."""
        now = self._wall()
        breakers = self._breakers.readings()
        return {
            name: _reading(record, now, tuple(each for each in breakers if each.provider == name))
            for name, record in self._records.items()
        }

    def _end(self, event: AttemptEnded) -> None:
        record = self._records[event.deployment.provider]
        record.in_flight -= 1
        if event.failure is not None and event.failure.code is FailureCode.CANCELLED:
            return
        now = self._wall()
        count = _minute_of(record, now)
        count[0] += 1
        if event.failure is None or event.failure.code in _NOT_ITS_FAULT:
            record.last_success_at = now
        else:
            count[1] += 1
            record.last_failure = LastFailure(now, event.deployment.upstream_model, event.failure)


def _minute_of(record: _Record, now: float) -> list[int]:
    """Return the counts of the running minute; a new one pushes out what has left the window."""
    minute = int(now // _MINUTE_S)
    count = record.minutes.get(minute)
    if count is None:
        count = record.minutes[minute] = [0, 0]
        for old in [each for each in record.minutes if each <= minute - WINDOW_S // _MINUTE_S]:
            del record.minutes[old]
    return count


def _reading(record: _Record, now: float, breakers: tuple[BreakerReading, ...]) -> HealthReading:
    oldest = int(now // _MINUTE_S) - WINDOW_S // _MINUTE_S
    counts = [count for minute, count in record.minutes.items() if minute > oldest]
    return HealthReading(
        in_flight=record.in_flight,
        calls=sum(calls for calls, _ in counts),
        failures=sum(failures for _, failures in counts),
        last_success_at=record.last_success_at,
        last_failure=record.last_failure,
        breakers=breakers,
    )
