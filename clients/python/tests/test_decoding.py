"""JSON becomes frozen dataclasses; what does not fit is named by its place."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest

from parley_client.decoding import Misfit, decode


@dataclass(frozen=True)
class Inner:
    count: int
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner | None = None
    rows: tuple[Inner, ...] = ()
    is_new: bool = False
    anything: Any = None


def test_members_are_decoded_and_unknown_ones_passed_over() -> None:
    value = {"name": "a", "inner": {"count": 1}, "rows": [{"count": 2, "share": 1}], "anything": [{}], "new": 1}
    assert decode(Outer, value) == Outer("a", Inner(1), (Inner(2, 1),), False, [{}])


def test_absent_and_null_mean_the_default() -> None:
    assert decode(Outer, {"name": "a", "inner": None, "rows": None, "is_new": None}) == Outer("a")


def test_numbers_keep_their_value() -> None:
    assert decode(Inner, {"count": 2**60, "share": 2**60}) == Inner(2**60, 2**60)
    assert type(decode(Inner, {"count": 1, "share": 0}).share) is int
    assert type(decode(Inner, {"count": 1.0}).count) is int


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], "the answer is list"),
        ({}, "missing 1 required.*name"),
        ({"name": 5}, "name is int"),
        ({"name": "a", "inner": []}, "inner is list"),
        ({"name": "a", "inner": {}}, "inner is not whole.*count"),
        ({"name": "a", "inner": {"count": "1"}}, "inner.count is str"),
        ({"name": "a", "inner": {"count": True}}, "inner.count is bool"),
        ({"name": "a", "inner": {"count": 1.5}}, "inner.count is float"),
        ({"name": "a", "rows": [{"count": 1}, {"count": 1, "share": "x"}]}, r"rows\[1\].share is str"),
        ({"name": "a", "rows": {}}, "rows is dict"),
        ({"name": "a", "is_new": 1}, "is_new is int"),
    ],
)
def test_a_misfit_is_named_by_its_place(value: object, place: str) -> None:
    with pytest.raises(Misfit, match=place):
        decode(Outer, value)


def test_answers_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        decode(Inner, {"count": 1}).count = 2  # type: ignore[misc]  # that is what is tested
