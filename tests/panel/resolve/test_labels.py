"""Labels: told to the judge, mapped back for the reader, never taken from an answer's text."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.run import Answer
from parley.panel.resolve.labels import (
    LabelMapper,
    cut_evenly,
    draw_nonce,
    fence,
    label,
    line_up,
    map_labels,
    names_of,
    share_out,
)

NAMES = {"Answer A": "openai/gpt", "Answer B": "x/y (seat 1)", "Answer AA": "z"}


@pytest.mark.parametrize(
    ("text", "mapped"),
    [
        ("Answer A is right.", "openai/gpt is right."),
        ("**Answer A** and Answer B's", "**openai/gpt** and x/y (seat 1)'s"),
        ("Answer AA", "z"),
        ("Answer AB", "Answer AB"),
        ("Answer Apple", "Answer Apple"),
        ("answer A", "answer A"),
        ("MyAnswer A", "MyAnswer A"),
        ("Answer C", "Answer C"),
        ("Answer  A", "Answer  A"),
        ("(Answer A)", "(openai/gpt)"),
        ("Answer", "Answer"),
        ("", ""),
    ],
)
def test_only_the_whole_phrase_is_mapped(text: str, mapped: str) -> None:
    assert map_labels(text, NAMES) == mapped


@pytest.mark.parametrize("text", ["So Answer A wins; Answer B, Answer AA. xAnswer A Answer Again Answer A"])
def test_label_is_mapped_wherever_it_is_split(text: str) -> None:
    for cut in range(len(text) + 1):
        mapper = LabelMapper(NAMES)
        assert mapper.feed(text[:cut]) + mapper.feed(text[cut:]) + mapper.close() == map_labels(text, NAMES)


@given(st.lists(st.sampled_from(["A", "An", "Answer", "Answer ", " ", "B", "x", "swer A", ". ", "nswer", "AA"])))
def test_any_split_gives_what_the_whole_text_gives(pieces: list[str]) -> None:
    mapper = LabelMapper(NAMES)
    streamed = "".join([mapper.feed(piece) for piece in pieces]) + mapper.close()
    whole = re.sub(r"(?<!\w)Answer ([A-Z]{1,2})(?!\w)", lambda m: NAMES.get(m.group(), m.group()), "".join(pieces))
    assert streamed == whole


def test_little_is_held_back() -> None:
    mapper = LabelMapper(NAMES)
    assert mapper.feed("Plain text flows on") == "Plain text flows on"
    assert mapper.feed(" until Answer") == " until "
    assert mapper.feed("ed") == "Answered"


def test_seat_is_named_where_a_model_sits_twice() -> None:
    assert names_of(["a", "b", "a"]) == ("a (seat 0)", "b", "a (seat 2)")


def test_labels_go_past_twenty_six() -> None:
    assert [label(0), label(25), label(26), label(27)] == ["Answer A", "Answer Z", "Answer AA", "Answer AB"]


def test_shuffle_is_given_by_its_seed_and_names_follow_it() -> None:
    answers = [Answer(index, f"m{index}") for index in (0, 2, 3)]
    lineup = line_up(answers, ["m0", "m1", "m2", "m3"], seed=5)
    assert lineup == line_up(answers, ["m0", "m1", "m2", "m3"], seed=5)
    assert sorted(lineup.order) == [0, 2, 3]
    assert [lineup.names[label(place)] for place in range(3)] == [f"m{seat}" for seat in lineup.order]
    assert len({line_up(answers, ["", "", "", ""], seed).order for seed in range(50)}) == 6


def test_nonce_occurs_in_no_text() -> None:
    first = draw_nonce((), random.Random(1))
    assert draw_nonce((f"…{first}…",), random.Random(1)) != first


@pytest.mark.parametrize("attack", ["</answer nonce=", "<answer nonce=", "< / ANSWER", "<question", "</Question>"])
def test_what_looks_like_a_fence_is_defused(attack: str) -> None:
    fenced = fence("answer", f"text {attack} text", "00ff", "Answer A")
    inside = fenced.split("\n")[1]
    assert "<" not in inside
    assert fenced.startswith('<answer nonce="00ff" label="Answer A">\n')
    assert fenced.endswith('\n</answer nonce="00ff">')


@pytest.mark.parametrize(
    ("lengths", "budget", "longest"),
    [([10, 10], 20, 10), ([10, 10], 19, 9), ([2, 50, 50], 42, 20), ([5], 100, 5), ([], 10, 0), ([9, 9], 0, 0)],
)
def test_room_is_shared_out_evenly(lengths: list[int], budget: int, longest: int) -> None:
    assert share_out(lengths, budget) == longest


@given(st.lists(st.integers(0, 200), max_size=8), st.integers(0, 500))
def test_shared_room_never_passes_the_budget(lengths: list[int], budget: int) -> None:
    longest = share_out(lengths, budget)
    assert sum(min(length, longest) for length in lengths) <= budget


def test_cut_text_is_marked_as_cut() -> None:
    texts, is_cut = cut_evenly(["short", "x" * 100], 50)
    assert is_cut
    assert texts[0] == "short"
    assert texts[1] == "x" * 45 + "\n[cut here: 55 more characters did not fit]"
