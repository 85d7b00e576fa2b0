"""Callers are let in by the limits of their key, once per request."""

import asyncio

import pytest

from parley.domain.errors import RateLimited
from parley.gate.admission import Admission
from parley.gate.keyring import Caller
from parley.gate.limits import MemoryLimiter


def caller(rpm: int | None = None, rpd: int | None = None) -> Caller:
    return Caller("key_a", "a", is_admin=False, rpm=rpm, rpd=rpd)


def used(admission: Admission, who: Caller) -> list[tuple[str, int]]:
    return [(state.window.name.value, state.used) for state in asyncio.run(admission.usage(who))]


def test_a_caller_is_counted_in_the_windows_that_its_key_has() -> None:
    admission = Admission(MemoryLimiter(lambda: 1000.0))
    asyncio.run(admission.admit(caller(rpm=5, rpd=9)))
    asyncio.run(admission.admit(caller(rpd=9)))
    assert used(admission, caller(rpm=5, rpd=9)) == [("rpm", 1), ("rpd", 2)]
    assert used(admission, caller()) == []


def test_a_full_window_refuses_and_a_permit_given_back_makes_room_once() -> None:
    admission = Admission(MemoryLimiter(lambda: 1000.0))
    first = asyncio.run(admission.admit(caller(rpm=2)))
    asyncio.run(admission.admit(caller(rpm=2)))
    with pytest.raises(RateLimited):
        asyncio.run(admission.admit(caller(rpm=2)))
    for _ in range(2):
        asyncio.run(first.give_back())
    assert used(admission, caller(rpm=2)) == [("rpm", 1)]


def test_a_caller_without_limits_gets_a_permit_that_says_nothing() -> None:
    permit = asyncio.run(Admission(MemoryLimiter(lambda: 1000.0)).admit(caller()))
    assert permit.states == ()
    asyncio.run(permit.give_back())
