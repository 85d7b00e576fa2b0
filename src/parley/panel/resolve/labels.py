"""Neutral names for answers that a judge reads: labels, shuffle, fences, and the way back to the models' names.

A judge sees each answer as

    <answer nonce="5f1c…" label="Answer A">
    …
    </answer nonce="5f1c…">

The nonce is random and occurs in none of the texts, so that nothing inside an answer can close its fence or pose as
another answer or as an instruction. Labels are told to the judge; none is ever read from an answer's text.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parley.domain.run import Answer
from parley.panel.resolve.choices import letter

_FENCE_LOOKALIKE = re.compile(r"<(?=\s*/?\s*(?:answer|question)\b)", re.IGNORECASE)
_LABEL = re.compile(r"(?<!\w)Answer ([A-Z]{1,2})(?!\w)")
_UNFINISHED_LABEL = re.compile(r"(?<!\w)A(?:n(?:s(?:w(?:e(?:r(?: (?:[A-Z]{1,2})?)?)?)?)?)?)?\Z")


def label(index: int) -> str:
    """Return the label of place `index`: Answer A … Answer Z, Answer AA …"""
    return f"Answer {letter(index)}"


def names_of(models: Sequence[str]) -> tuple[str, ...]:
    """Return how each seat is called for people: its model's name, with the seat where a model sits more than once."""
    return tuple(f"{model} (seat {index})" if models.count(model) > 1 else model for index, model in enumerate(models))


@dataclass(frozen=True, slots=True)
class Lineup:
    """The answers in the order that one judge sees them. `order` holds seat indices; label i belongs to order[i]."""

    seed: int
    order: tuple[int, ...]
    names: Mapping[str, str]
    """Label to the seat's name, for the way back."""


def line_up(answers: Sequence[Answer], names: Sequence[str], seed: int) -> Lineup:
    """Shuffle `answers` by `seed`; `names` are those of all seats of the panel, by seat index."""
    order = [answer.seat_index for answer in answers]
    random.Random(seed).shuffle(order)
    return Lineup(seed, tuple(order), {label(place): names[seat] for place, seat in enumerate(order)})


def draw_nonce(texts: Sequence[str], rng: random.Random) -> str:
    """Return 16 hexadecimal digits that occur in none of `texts`."""
    while True:
        nonce = f"{rng.getrandbits(64):016x}"
        if not any(nonce in text for text in texts):
            return nonce


def fence(kind: str, text: str, nonce: str, name: str | None = None) -> str:
    """Return `text` between two lines that carry `nonce`; what looks like a fence inside it loses its bracket."""
    tag = f' label="{name}"' if name else ""
    inside = _FENCE_LOOKALIKE.sub("‹", text)
    return f'<{kind} nonce="{nonce}"{tag}>\n{inside}\n</{kind} nonce="{nonce}">'


class LabelMapper:
    """Turn labels back into names in a text that arrives in pieces; a label may be split anywhere."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._before = ""
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return what can be passed on; the start of what may become a label is held back (at most 9 characters)."""
        text = self._held + piece
        # Searched from behind the character before: it decides whether a phrase begins, and was passed on already.
        unfinished = _UNFINISHED_LABEL.search(self._before + text, len(self._before))
        cut = len(text) if unfinished is None else unfinished.start() - len(self._before)
        self._held = text[cut:]
        return self._map(text[:cut])

    def close(self) -> str:
        """Return what was held back."""
        held, self._held = self._held, ""
        return self._map(held)

    def _map(self, text: str) -> str:
        if not text:
            return ""
        whole, done = self._before + text, len(self._before)
        mapped = []
        for found in _LABEL.finditer(whole, done):
            mapped += [whole[done : found.start()], self._names.get(found.group(), found.group())]
            done = found.end()
        self._before = text[-1]
        return "".join([*mapped, whole[done:]])


def map_labels(text: str, names: Mapping[str, str]) -> str:
    """Return `text` with every whole label replaced by its name."""
    mapper = LabelMapper(names)
    return mapper.feed(text) + mapper.close()


def share_out(lengths: Sequence[int], budget: int) -> int:
    """Return the longest length L for which cutting each of `lengths` to L fits `budget` in all."""
    remaining, left = budget, len(lengths)
    for length in sorted(lengths):
        if length * left > remaining:
            return max(remaining // left, 0)
        remaining -= length
        left -= 1
    return max(lengths, default=0)


def cut_evenly(texts: Sequence[str], budget_characters: int) -> tuple[tuple[str, ...], bool]:
    """Return `texts` cut to fit `budget_characters` in all, each cut marked, and whether anything was cut."""
    longest = share_out([len(text) for text in texts], budget_characters)
    if all(len(text) <= longest for text in texts):
        return tuple(texts), False
    return tuple(_cut(text, longest) for text in texts), True


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:longest]}\n[cut here: {len(text) - longest} more characters did not fit]"
