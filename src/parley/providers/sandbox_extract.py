"""Answers out of a given text: the sentences that speak to a question, or those that the text is about."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from parley.providers.sandbox_bias import Bias
from parley.providers.sandbox_draft import Draft
from parley.providers.sandbox_words import (
    coverage,
    has_negation,
    join_words,
    key_stems,
    key_words,
    numbers,
    shorten,
    stem,
    stems,
)

_SUMMARY = re.compile(
    r"\b(?:summar(?:y|i[sz]e)|tl;?dr|key points?|main (?:points?|ideas?)|gist|outline|in short|in "
    r"brief|overview|shorten|"
    r"what is (?:this|the text|it) about|headline|abstract)\b",
    re.IGNORECASE,
)
_TURN = re.compile(r"\b(?:but|however|although|despite|yet|unless|except|only|risk|instead|still)\b", re.IGNORECASE)
_MOST_SENTENCES = 200
_LEAST_RELEVANCE = 0.25
_LONGEST_QUOTE = 320


def asks_summary(question: str) -> bool:
    """Return whether `question` wants the text made short."""
    return bool(_SUMMARY.search(question))


def summarise(passage: Sequence[str], bias: Bias) -> Draft:
    """Return the sentences that `passage` (not empty) is about; a contrarian begins with what it turns on."""
    read = list(passage[:_MOST_SENTENCES])
    weights = _central(read)
    ranked = sorted(range(len(read)), key=lambda place: (-weights[place], place))
    if bias.takes_runner_up:
        return _turning_point(read, ranked)
    chosen = sorted(ranked[: bias.most_sentences])
    lead = shorten(read[chosen[0]], _LONGEST_QUOTE)
    topics = join_words(_topics(read))
    basis = f"{len(passage)} sentences read; the words that return most: {topics}." if topics else ""
    return Draft(lead, points=tuple(shorten(read[place], _LONGEST_QUOTE) for place in chosen[1:]), basis=basis)


def find_answer(question: str, passage: Sequence[str], bias: Bias) -> Draft | None:
    """Return the sentences of `passage` that answer `question`, None if none speaks to it."""
    wanted = key_stems(question)
    read = list(passage[:_MOST_SENTENCES])
    weights = _rarity(read)
    scores = [_relevance(question, sentence, wanted, weights) for sentence in read]
    ranked = sorted(range(len(read)), key=lambda place: (-scores[place], place))
    if not ranked or scores[ranked[0]] < _LEAST_RELEVANCE:
        return None
    best = ranked[0]
    others = [place for place in ranked[1:] if scores[place] >= max(_LEAST_RELEVANCE, scores[best] / 2)]
    told = key_stems(" ".join(read[place] for place in [best, *others[: bias.most_sentences - 1]]))
    missing = [word for word in key_words(question) if stem(word) not in told]
    doubted = next((place for place in others if has_negation(read[place]) or _TURN.search(read[place])), None)
    counter = f"The text also says: {shorten(read[doubted], _LONGEST_QUOTE)}" if doubted is not None else ""
    if not counter and missing:
        counter = f"The text does not speak of {join_words(missing[:4], 'or')}."
    return Draft(
        shorten(read[best], _LONGEST_QUOTE),
        points=tuple(shorten(read[place], _LONGEST_QUOTE) for place in sorted(others[: bias.most_sentences - 1])),
        counter=counter,
    )


def _relevance(question: str, sentence: str, wanted: frozenset[str], weights: Counter[str]) -> float:
    """Weigh how much `sentence` says of what is asked; what asks for a number, a time or a reason gains by one."""
    said = key_stems(sentence)
    total = sum(1 / weights[word] for word in wanted if weights[word]) or 1.0
    score = sum(1 / weights[word] for word in wanted & said) / total * math.sqrt(coverage(wanted, said))
    if (
        score
        and re.search(r"\b(?:when|how (?:many|much|long|old)|what time)\b", question, re.IGNORECASE)
        and numbers(sentence)
    ):
        score += 0.25
    if (
        score
        and re.search(r"\bwhy\b", question, re.IGNORECASE)
        and re.search(r"\b(?:because|since|due|so that)\b", sentence)
    ):
        score += 0.25
    return score


def _rarity(read: Sequence[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for sentence in read:
        counts.update(key_stems(sentence))
    return counts


def _central(read: Sequence[str]) -> list[float]:
    """Weigh each sentence by how often its words return in the text; the first ones count a little more."""
    counts = _rarity(read)
    weights = []
    for place, sentence in enumerate(read):
        said = key_stems(sentence)
        weight = sum(counts[word] - 0.5 for word in said) / (len(said) + 3)
        weights.append(weight * (1.2 if place == 0 else 1.0))
    return weights


def _topics(read: Sequence[str]) -> list[str]:
    counts = Counter(stems(" ".join(read)))
    shown = {stem(word): word for word in reversed(key_words(" ".join(read)))}
    return [shown[word] for word, times in counts.most_common(3) if times > 1 and word in shown]


def _turning_point(read: Sequence[str], ranked: Sequence[int]) -> Draft:
    turning = next((place for place in ranked if _TURN.search(read[place]) or has_negation(read[place])), None)
    if turning is None:
        numbered = next((place for place in ranked if numbers(read[place])), None)
        turning = numbered if numbered is not None else ranked[min(1, len(ranked) - 1)]
    lead = next((place for place in ranked if place != turning), None)
    reason = f"The usual summary would be: {shorten(read[lead], _LONGEST_QUOTE)}" if lead is not None else ""
    return Draft(f"What it turns on: {shorten(read[turning], _LONGEST_QUOTE)}", reason)
