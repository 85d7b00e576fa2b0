"""The tone of a text: words of praise and blame from small lists, with negation and what comes after a "but"."""

import re
from dataclasses import dataclass

from parley.providers.sandbox_bias import EVEN, Bias
from parley.providers.sandbox_words import NEGATIONS, word_set, words

_GOOD = word_set(
    """
    good great excellent amazing awesome fantastic wonderful superb brilliant perfect lovely love loved
    loves like liked likes enjoy enjoyed enjoyable happy pleased delighted delightful glad smile smiling
    smiled laugh laughed fun funny best better nice beautiful charming kind helpful friendly fast quick easy
    smooth reliable solid clean clear comfortable recommend recommended worth impressive impressed useful
    works worked fresh tasty delicious cheap affordable warm satisfied satisfying favourite favorite
    thrilled gem pleasant pleasantly surprised thank thanks win winning success successful improved improves
    improvement benefit benefits safe strong popular growing profit gain gains
    """
)
_BAD = word_set(
    """
    bad terrible awful horrible poor worst worse hate hated hates dislike disliked boring bored dull slow
    slower late broken broke break breaks bug bugs buggy crash crashed crashes error errors fail fails
    failed failure useless rude dirty cold noisy loud expensive overpriced pricey disappointing disappointed
    disappointment sad angry annoying annoyed frustrating frustrated confusing confused difficult hard ugly
    cheaply flimsy weak predictable waste wasted refund unhappy unfriendly uncomfortable unreliable problem
    problems issue issues pain painful regret mediocre bland stale wrong lost loss losses risk risky danger
    dangerous damage damaged leak leaks leaked complaint complaints drop dropped decline declined missing
    delay delayed delays outage scam tired
    """
)
_STRONG = word_set("very really extremely absolutely truly so incredibly totally utterly highly deeply")
_TURN = re.compile(r"\b(?:but|however|yet|although|though|still|nevertheless|despite)\b", re.IGNORECASE)
_CONCESSIONS = frozenset({"although", "though", "despite"})
_NO_DENIAL = re.compile(
    r"\b(?:can['’]?t|cannot|couldn['’]t|could not) (?:stop|help|wait)\b|\bnot only\b", re.IGNORECASE
)
_REACH = 3


@dataclass(frozen=True, slots=True)
class Tone:
    """`score` is above 0 for praise, below 0 for blame; the words are those that were counted, as signed."""

    score: float
    good: tuple[str, ...]
    bad: tuple[str, ...]

    @property
    def is_mixed(self) -> bool:
        return bool(self.good) and bool(self.bad)


def tone_of(text: str, bias: Bias = EVEN) -> Tone:
    """Return the tone of `text` as `bias` hears it; its doubt is not taken off yet."""
    score, good, bad = 0.0, list[str](), list[str]()
    for clause, weight in _clauses(_NO_DENIAL.sub(" ", text), bias.late_weight):
        heard = words(clause)
        for place, word in enumerate(heard):
            value = _value(heard, place)
            if value:
                score += value * weight
                shown = f"not {word}" if (value > 0) != (word in _GOOD) else word
                (good if value > 0 else bad).append(shown)
    return Tone(score, tuple(dict.fromkeys(good)), tuple(dict.fromkeys(bad)))


def _clauses(text: str, late_weight: float) -> list[tuple[str, float]]:
    """Return the parts of `text` around a turn, with their weights: what follows a "but" is what was meant."""
    found = []
    for sentence in re.split(r"(?<=[.!?])\s+|\n", text):
        turn = _TURN.search(sentence)
        if turn is None:
            found.append((sentence, 1.0))
            continue
        is_conceded = turn.group().lower() in _CONCESSIONS
        before, after = (late_weight, 1.0) if is_conceded else (1.0, late_weight)
        found += [(sentence[: turn.start()], before), (sentence[turn.end() :], after)]
    return found


def _value(heard: list[str], place: int) -> float:
    word = heard[place]
    value = 1.0 if word in _GOOD else -1.0 if word in _BAD else 0.0
    if not value:
        return 0.0
    before = heard[max(place - _REACH, 0) : place]
    if before and before[-1] in _STRONG:
        value *= 1.5
    denials = sum(1 for earlier in before if earlier in NEGATIONS)
    return -0.8 * value if denials % 2 else value
