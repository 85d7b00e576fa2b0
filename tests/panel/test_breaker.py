"""The circuit breaker: opens after five failures within thirty seconds, lets one probe through after ten."""

from parley.panel.breaker import MOST_ENTRIES, Breakers

KEY = ("p", "m")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breakers:
    breakers = Breakers(clock)
    for _ in range(5):
        breakers.fail(KEY)
    return breakers


def test_four_failures_do_not_open_and_the_fifth_does() -> None:
    breakers = Breakers(Clock())
    for _ in range(4):
        breakers.fail(KEY)
    assert breakers.admit(KEY) is None
    breakers.fail(KEY)
    assert breakers.admit(KEY) == 10.0


def test_failures_further_apart_than_the_window_do_not_open() -> None:
    clock = Clock()
    breakers = Breakers(clock)
    for _ in range(10):
        breakers.fail(KEY)
        clock.now += 7.6
    assert breakers.admit(KEY) is None


def test_one_probe_goes_out_after_ten_seconds_and_no_second() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now += 9.9
    assert breakers.admit(KEY) is not None
    clock.now += 0.1
    assert breakers.admit(KEY) is None
    assert breakers.admit(KEY) == 0.0


def test_successful_probe_closes_and_failed_probe_opens_again() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now += 10
    assert breakers.admit(KEY) is None
    breakers.fail(KEY)
    assert breakers.admit(KEY) == 10.0
    clock.now += 10
    assert breakers.admit(KEY) is None
    breakers.succeed(KEY)
    assert breakers.admit(KEY) is None
    assert breakers.open_keys() == ()


def test_cancelled_probe_gives_its_place_back() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now += 10
    assert breakers.admit(KEY) is None
    breakers.release(KEY)
    assert breakers.admit(KEY) is None


def test_breakers_are_apart_by_model() -> None:
    assert opened(Clock()).admit(("p", "other")) is None


def test_table_is_bounded() -> None:
    breakers = Breakers(Clock())
    for number in range(MOST_ENTRIES + 50):
        breakers.fail(("p", str(number)))
    assert len(breakers._entries) == MOST_ENTRIES
