"""The health of providers, from the events of runs: calls, failures by their fault, the newest of each, breakers."""

from parley.domain.errors import FailureCode, SeatFailure
from parley.domain.events import AttemptEnded, AttemptStarted, CallRole
from parley.domain.models import Capabilities, Deployment
from parley.domain.usage import Usage
from parley.panel.breaker import FAILURES_TO_OPEN, PROBE_AFTER_S, Breakers
from parley.panel.provider_health import WINDOW_S, HealthReading, ProviderHealth


class Office:
    """The health of one provider, `p`, at a time of its own."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.breakers = Breakers(lambda: self.now)
        self.health = ProviderHealth(["p", "q"], self.breakers, lambda: self.now)
        self.place = Deployment("p", "m", 1, None, Capabilities())

    def begin(self) -> None:
        self.health.read(AttemptStarted(CallRole.SEAT, 0, 1, self.place, "p/m"))

    def end(self, code: FailureCode | None = None) -> None:
        failure = None if code is None else SeatFailure(code, f"It was {code}.")
        self.health.read(AttemptEnded(CallRole.SEAT, 0, 1, self.place, Usage(0, 0), 5, None, failure, None))

    def call(self, code: FailureCode | None = None) -> None:
        self.begin()
        self.end(code)

    @property
    def reading(self) -> HealthReading:
        return self.health.readings()["p"]


def test_provider_that_was_never_called_has_nothing_to_tell() -> None:
    assert Office().reading == HealthReading()


def test_calls_in_flight_are_those_that_have_not_ended() -> None:
    office = Office()
    office.begin()
    office.begin()
    office.end()
    assert (office.reading.in_flight, office.reading.calls) == (1, 1)
    assert office.health.readings()["q"] == HealthReading()


def test_newest_success_and_newest_failure_are_kept_with_their_times() -> None:
    office = Office()
    office.call()
    office.now += 5
    office.call(FailureCode.UNAVAILABLE)
    reading = office.reading
    assert (reading.calls, reading.failures, reading.last_success_at) == (2, 1, 1_000_000.0)
    assert reading.last_failure is not None
    assert (reading.last_failure.at, reading.last_failure.upstream_model) == (1_000_005.0, "m")
    assert reading.last_failure.failure.code is FailureCode.UNAVAILABLE


def test_fault_of_a_request_does_not_speak_against_the_provider_and_a_cancelled_call_says_nothing() -> None:
    office = Office()
    office.call(FailureCode.CONTEXT_LENGTH_EXCEEDED)
    office.call(FailureCode.CANCELLED)
    assert (office.reading.calls, office.reading.failures, office.reading.last_failure) == (1, 0, None)


def test_counts_leave_with_the_window_and_the_newest_failure_stays() -> None:
    office = Office()
    office.call(FailureCode.TIMEOUT)
    office.now += WINDOW_S - 60
    assert office.reading.failures == 1
    office.now += 61
    assert office.reading.failures == 0
    office.call()
    assert (office.reading.calls, office.reading.failures) == (1, 0)
    assert office.reading.last_failure is not None


def test_breaker_of_a_model_shows_with_its_provider() -> None:
    office = Office()
    office.breakers.fail(("p", "m"))
    (closed,) = office.reading.breakers
    assert (closed.failures, closed.probe_in_s) == (1, None)
    for _ in range(FAILURES_TO_OPEN - 1):
        office.breakers.fail(("p", "m"))
    (opened,) = office.reading.breakers
    assert (opened.upstream_model, opened.failures, opened.probe_in_s) == ("m", FAILURES_TO_OPEN, PROBE_AFTER_S)
    office.now += PROBE_AFTER_S + 1
    assert office.reading.breakers[0].probe_in_s == 0
    office.breakers.succeed(("p", "m"))
    assert office.reading.breakers == ()
