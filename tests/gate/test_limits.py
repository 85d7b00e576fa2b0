"""The limiter in memory, with a clock of the test's: at, below and above each limit, and against a plain model."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.errors import RateLimited
from parley.domain.limits import DAY_S, Window, WindowName, wait_s
from parley.gate.limits import MemoryLimiter, Place

MIDNIGHT = 20_000 * DAY_S
NOON = MIDNIGHT + DAY_S / 2


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """A limiter, its clock, and the plain calls of a test."""

    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.limiter = MemoryLimiter(self.clock)

    def admit(self, limits: tuple[Window, ...], key_id: str = "key_a") -> Place:
        return asyncio.run(self.limiter.admit(key_id, limits))

    def is_admitted(self, limits: tuple[Window, ...], key_id: str = "key_a") -> bool:
        try:
            self.admit(limits, key_id)
        except RateLimited:
            return False
        return True

    def give_back(self, place: Place) -> None:
        asyncio.run(self.limiter.give_back(place))

    def used(self, limits: tuple[Window, ...]) -> list[int]:
        return [state.used for state in asyncio.run(self.limiter.usage("key_a", limits))]


def rpm(limit: int) -> Window:
    return Window(WindowName.RPM, limit)


def rpd(limit: int) -> Window:
    return Window(WindowName.RPD, limit)


def test_requests_up_to_the_limit_are_let_in_and_the_next_one_is_not() -> None:
    bench = Bench()
    remaining = [bench.admit((rpm(3),)).states[0].remaining for _ in range(3)]
    assert remaining == [2, 1, 0]
    with pytest.raises(RateLimited) as refusal:
        bench.admit((rpm(3),))
    assert refusal.value.code == "rate_limit_exceeded"
    assert refusal.value.retry_after_s == 60
    assert "3 RPM" in refusal.value.message


def test_a_place_is_free_again_exactly_60_s_after_it_was_taken() -> None:
    bench = Bench()
    bench.admit((rpm(2),))
    bench.clock.now += 20
    bench.admit((rpm(2),))
    bench.clock.now += 30
    with pytest.raises(RateLimited) as refusal:
        bench.admit((rpm(2),))
    assert refusal.value.retry_after_s == 10
    bench.clock.now += 9.75
    assert not bench.is_admitted((rpm(2),))
    bench.clock.now += 0.25
    assert bench.is_admitted((rpm(2),))
    assert not bench.is_admitted((rpm(2),))


def test_the_day_ends_at_midnight_utc() -> None:
    bench = Bench(Clock(MIDNIGHT - 90))
    assert [bench.is_admitted((rpd(2),)) for _ in range(3)] == [True, True, False]
    with pytest.raises(RateLimited) as refusal:
        bench.admit((rpd(2),))
    assert refusal.value.retry_after_s == 90
    bench.clock.now = MIDNIGHT - 0.25
    assert not bench.is_admitted((rpd(2),))
    bench.clock.now = MIDNIGHT
    assert [bench.is_admitted((rpd(2),)) for _ in range(3)] == [True, True, False]


def test_a_request_that_one_window_refuses_uses_nothing_of_the_others() -> None:
    bench = Bench()
    limits = (rpm(1), rpd(10))
    assert [bench.is_admitted(limits) for _ in range(5)] == [True, False, False, False, False]
    assert bench.used(limits) == [1, 1]


def test_the_wait_is_that_of_the_window_that_is_full_longest() -> None:
    bench = Bench(Clock(MIDNIGHT - 30))
    bench.admit((rpm(1), rpd(1)))
    with pytest.raises(RateLimited) as refusal:
        bench.admit((rpm(1), rpd(1)))
    assert refusal.value.retry_after_s == 60  # midnight comes after 30 s, but the minute is still full then
    with pytest.raises(RateLimited) as refusal:
        bench.admit((rpm(2), rpd(1)))
    assert refusal.value.retry_after_s == 30


def test_keys_do_not_share_their_limits() -> None:
    bench = Bench()
    assert bench.is_admitted((rpm(1),), "key_a")
    assert bench.is_admitted((rpm(1),), "key_b")
    assert not bench.is_admitted((rpm(1),), "key_a")


def test_a_key_without_limits_is_always_let_in() -> None:
    bench = Bench()
    assert all(bench.admit(()).states == () for _ in range(1000))
    assert bench.limiter.size == 0


def test_a_place_that_is_given_back_is_free_in_every_window() -> None:
    bench = Bench()
    limits = (rpm(2), rpd(2))
    first, second = bench.admit(limits), bench.admit(limits)
    assert not bench.is_admitted(limits)
    bench.give_back(second)
    assert bench.used(limits) == [1, 1]
    bench.give_back(first)
    assert [bench.is_admitted(limits) for _ in range(3)] == [True, True, False]


def test_a_place_of_yesterday_gives_nothing_back_today() -> None:
    bench = Bench(Clock(MIDNIGHT - 1))
    place = bench.admit((rpd(5),))
    bench.clock.now = MIDNIGHT + 1
    bench.admit((rpd(5),))
    bench.give_back(place)
    assert bench.used((rpd(5),)) == [1]


def test_a_place_gives_back_only_what_it_took() -> None:
    bench = Bench()
    place = bench.admit((rpm(5),))
    bench.admit((rpm(5), rpd(5)))
    bench.give_back(place)
    assert bench.used((rpm(5), rpd(5))) == [1, 1]


def test_a_lowered_limit_holds_at_once_and_says_when_there_is_room() -> None:
    bench = Bench()
    for _ in range(4):
        bench.admit((rpm(4),))
        bench.clock.now += 5
    with pytest.raises(RateLimited) as refusal:
        bench.admit((rpm(2),))
    assert refusal.value.states[0].remaining == 0
    assert refusal.value.retry_after_s == 50  # the third of the four must leave
    bench.clock.now += 50
    assert [bench.is_admitted((rpm(2),)) for _ in range(2)] == [True, False]


def test_a_clock_that_is_set_back_neither_frees_places_nor_blocks_for_long() -> None:
    bench = Bench()
    bench.admit((rpm(1),))
    bench.clock.now -= 3600
    with pytest.raises(RateLimited) as refusal:
        bench.admit((rpm(1),))
    assert refusal.value.retry_after_s == 60
    bench.clock.now += 60
    assert bench.is_admitted((rpm(1),))


def test_what_idle_keys_used_is_forgotten() -> None:
    bench = Bench()
    for number in range(1000):
        bench.admit((rpm(5), rpd(5)), f"key_{number}")
    assert bench.limiter.size == 2000
    bench.clock.now += 61
    bench.admit((rpm(5),))
    assert bench.limiter.size == 1001  # the day's counts still matter
    bench.clock.now += DAY_S
    bench.admit((rpm(5),))
    assert bench.limiter.size == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["admit", "admit", "admit", "give_back", "look"]),
        st.sampled_from([0, 0, 0.25, 1, 7.5, 20, 59.75, 60, 5000, 40_000]),
    ),
    max_size=60,
)


@given(steps=STEPS, rpm_limit=st.integers(1, 5), rpd_limit=st.integers(1, 12))
def test_limits_are_those_of_a_plain_list_of_all_requests(
    steps: list[tuple[str, float]], rpm_limit: int, rpd_limit: int
) -> None:
    bench = Bench()
    limits = (rpm(rpm_limit), rpd(rpd_limit))
    held: list[tuple[float, Place]] = []
    for step, pause_s in steps:
        bench.clock.now += pause_s
        now = bench.clock.now
        in_minute = [time_s for time_s, _ in held if time_s > now - 60]
        in_day = [time_s for time_s, _ in held if time_s // DAY_S == now // DAY_S]
        if step == "give_back" and held:
            bench.give_back(held.pop(len(held) // 2)[1])
        elif step == "admit":
            has_room = len(in_minute) < rpm_limit and len(in_day) < rpd_limit
            try:
                held.append((now, bench.admit(limits)))
            except RateLimited as refusal:
                assert not has_room
                assert _is_first_moment_with_room(held, now, refusal.retry_after_s, rpm_limit, rpd_limit)
            else:
                assert has_room
        else:
            assert bench.used(limits) == [len(in_minute), len(in_day)]


def _is_first_moment_with_room(
    held: list[tuple[float, Place]], now: float, wait: float, rpm_limit: int, rpd_limit: int
) -> bool:
    """Whether there is room after `wait`, and a quarter of a second (the times' grain) earlier there is none."""

    def has_room(moment: float) -> bool:
        in_minute = sum(time_s > moment - 60 for time_s, _ in held)
        in_day = sum(time_s // DAY_S == moment // DAY_S for time_s, _ in held)
        return in_minute < rpm_limit and in_day < rpd_limit

    return has_room(now + wait) and not has_room(now + wait - 0.25)


def test_nothing_needs_to_be_waited_for_while_every_window_has_a_place() -> None:
    assert wait_s(Bench().admit((rpm(2), rpd(2))).states) == 0
