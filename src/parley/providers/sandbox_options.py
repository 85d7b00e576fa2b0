"""Deciding between options: what the text says of each, numbers where the question ranks by them, then rules of thumb.

Every sandbox model sees the same evidence; its bias weighs it. The decision says what it rests on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from parley.providers.sandbox_bias import Bias
from parley.providers.sandbox_tone import tone_of
from parley.providers.sandbox_traits import CUES, LACKS, OPTIONS, TOPICS, TRAITS
from parley.providers.sandbox_words import (
    coverage,
    has_negation,
    key_stems,
    numbers,
    stem,
    word_set,
    words,
)

_BETWEEN = re.compile(
    r"\b(?:between|compare)\s+(?P<first>.+?)\s+(?:and|with|to)\s+(?P<second>.+?)"
    r"(?=[?.,;:!]|\s+(?:for|when|if|in|to|as)\b|$)",
    re.IGNORECASE,
)
_EITHER_OR = re.compile(r"(?P<first>[^?.;!]+?),?\s+(?:or|vs\.?|versus)\s+(?P<second>[^?.;!]+)", re.IGNORECASE)
_OFFERS = re.compile(
    r"\?|^\s*(?:please )?(?:choose|pick|decide|compare|which|say|tell)\b|\b(?:vs|versus)\b", re.IGNORECASE
)
_DIFFERENCE = re.compile(r"\bdiffer(?:s|ences?)?\b", re.IGNORECASE)
_SHORT_OFFER_WORDS = 8
_LEAD = re.compile(
    r"^.*?\b(?:"
    r"should (?:we|i|they|you|one|he|she|it)(?: (?:be|use|choose|pick|take|go|buy|get|have|do|learn|adopt|try|write|"
    r"build|meet|move|switch|host|start|deploy|name it|call it|eat|drink|read|watch))?(?: (?:with|for|to|on))?(?= )"
    r"|is (?:it|this|that)(?: (?:text|review|message|comment|sentence|mail|email|ticket|feedback|tone))?(?: more)?(?= )"
    r"|(?:is|are|was|were)(?= (?:a|an|the) )"
    r"|(?:use|choose|pick|prefer|compare|whether|either|want|take|buy|like|classify it as|as)(?= )"
    r")\s*(?:better to |best to )?",
    re.IGNORECASE,
)
_QUESTION_HEAD = re.compile(r"^\s*(?:which|what|who|where|when|how)\b[^,:]*[,:]\s*", re.IGNORECASE)
_TAIL = re.compile(
    r"\s+\b(?:for|when|if|in order|to (?!do\b)|as (?:a|an|the|our|my)|on (?:a|an|the|our|my)|with|because|since|"
    r"in (?:a|an|the|our|my)|at|tonight|today|tomorrow|first|instead|better|best|cheaper|faster|safer)\b.*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:a|an|the|to|of|our|my|it is|be|more|rather)\s+", re.IGNORECASE)
_LOW = word_set(
    "cheaper cheapest lowest smallest shortest least fewest less fewer lower smaller shorter earliest youngest"
)
_HIGH = word_set(
    "largest highest biggest longest most more greater higher larger bigger longer expensive oldest greatest heaviest"
)
_WORSE = re.compile(r"\b(?:slower|worse|more expensive|pricier|costs? more|harder|riskier|less|fewer|weaker|older)\b")
_CLAUSE = re.compile(r"[,;]|\b(?:and|while|but|whereas)\b")
_MOST_SENTENCES = 200
_MOST_OPTION_WORDS = 8
_MOST_ALTERNATIVES = 10
_TRAIT_WEIGHT = 0.4
_CLOSE_SHARE = 0.5  # of the winner's score, where the text spoke
_CLOSE_BY_THUMB = 2.5  # rules of thumb alone are weak: a wide lead is still close
_FIRM = 6.0
_BY_ITSELF = 0.1  # a known virtue that nobody asked for still beats nothing
_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Ranked:
    """One option with its score; `evidence` is the sentence that speaks most for it, `traits` what fits."""

    option: str
    index: int
    score: float
    evidence: str | None = None
    traits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The options, the chosen one first. `is_known`: something spoke for an option. `is_swayed`: the runner-up won."""

    ranked: tuple[Ranked, ...]
    is_known: bool
    is_close: bool
    is_swayed: bool = False

    @property
    def winner(self) -> Ranked:
        return self.ranked[0]

    @property
    def runner_up(self) -> Ranked:
        return self.ranked[1]


@dataclass(slots=True)
class _Case:
    """What is counted for one option while the text is read."""

    option: str
    own: frozenset[str]
    support: float = 0.0
    best: float = 0.0
    evidence: str | None = None
    amounts: list[Fraction] = field(default_factory=list)


def find_alternatives(question: str) -> tuple[str, ...]:
    """Return the options that `question` names (`X or Y`, `between X and Y`), none if it names none."""
    for sentence in re.split(r"(?<=[?.!;])\s+", question[:2_000]):
        found = _BETWEEN.search(sentence) or _EITHER_OR.search(sentence)
        if (
            found is None
            or _DIFFERENCE.search(sentence)
            or not (_OFFERS.search(sentence) or len(words(sentence)) <= _SHORT_OFFER_WORDS)
        ):
            continue
        first, second = found["first"], found["second"]
        if found.re is _EITHER_OR:
            first = _LEAD.sub("", _QUESTION_HEAD.sub("", first), count=1)
        options = [_tidy(option) for option in [*first.split(", "), *re.split(r",? or ", second)]]
        if all(options) and len({option.lower() for option in options}) == len(options) <= _MOST_ALTERNATIVES:
            return tuple(options)
    return ()


def decide(options: Sequence[str], question: str, passage: Sequence[str], bias: Bias) -> Decision:
    """Rank `options` (at least one) by what `passage` and rules of thumb say for them, as `bias` weighs it."""
    cases = _read_cases(options, question, passage)
    demands = _demands(question, passage)
    amount_scores = _by_amount(cases, question)
    ranked = []
    for index, case in enumerate(cases):
        traits = _traits(case.option)
        liked = sum(traits[trait] * (_BY_ITSELF + demands.get(trait, 0.0) + bias.want(trait)) for trait in traits)
        score = case.support + amount_scores[index] + _TRAIT_WEIGHT * liked
        ranked.append(Ranked(case.option, index, score, case.evidence, _told(traits, demands, bias)))
    ranked.sort(key=lambda one: (-one.score, one.index))
    return _weighed(ranked, bias)


def because(one: Ranked) -> str:
    """Return what speaks for `one` by rule of thumb, as the end of a sentence: `it is …`; empty if nothing does."""
    return f"it is {TRAITS[one.traits[0]]}" if one.traits else ""


def virtues(one: Ranked) -> str:
    """Return all that speaks for `one` by rule of thumb, at most three things; empty if nothing does."""
    return "; ".join(TRAITS[trait] for trait in one.traits[:_MOST_TOLD])


def caveat(one: Ranked, other: Ranked) -> str:
    """Return what `one` lacks of what `other` has; empty if nothing is known."""
    missing = [trait for trait in other.traits if trait not in _traits(one.option)]
    return LACKS[missing[0]] if missing else ""


def _weighed(ranked: list[Ranked], bias: Bias) -> Decision:
    top = ranked[0].score
    second = ranked[1].score if len(ranked) > 1 else top
    is_known = any(one.score != 0 for one in ranked)
    is_read = any(one.evidence for one in ranked) or top >= _FIRM
    reach = _CLOSE_SHARE * abs(top) if is_read else _CLOSE_BY_THUMB
    is_close = len(ranked) > 1 and top - second <= reach and top < _FIRM
    if bias.takes_runner_up and is_close:
        return Decision((ranked[1], ranked[0], *ranked[2:]), is_known, is_close, is_swayed=True)
    return Decision(tuple(ranked), is_known, is_close)


def _tidy(option: str) -> str:
    text = _TAIL.sub("", option.strip(" \t\"'“”‘’…()*_"))
    text = re.sub(r"^(?:or|and)\s+", "", text.strip(" ,"))
    while _ARTICLE.match(text):
        text = _ARTICLE.sub("", text)
    return text if 0 < len(words(text)) <= _MOST_OPTION_WORDS else ""


def _read_cases(options: Sequence[str], question: str, passage: Sequence[str]) -> list[_Case]:
    every = [key_stems(option) or frozenset(words(option)) for option in options]
    shared = frozenset.intersection(*every) if len(every) > 1 else frozenset[str]()
    cases = [_Case(option, (own - shared) or own) for option, own in zip(options, every, strict=True)]
    wanted = key_stems(question).difference(*every)
    for sentence in passage[:_MOST_SENTENCES]:
        _hear(cases, sentence, wanted)
    for case in cases:
        fitting = frozenset(stem(word) for name in words(case.option) for word in TOPICS.get(name, "").split())
        case.support += sum(1 for sentence in passage[:_MOST_SENTENCES] for _ in fitting & key_stems(sentence))
    return cases


def _hear(cases: list[_Case], sentence: str, wanted: frozenset[str]) -> None:
    """Count for each option what one sentence of the text says of it."""
    said = key_stems(sentence) | frozenset(words(sentence))
    hits = [coverage(case.own, said) for case in cases]
    if max(hits) < 0.5:
        return
    relevance = 1.0 + 3.0 * (coverage(wanted, said) if wanted else 0.0)
    compared = _compared(cases, sentence)
    for place, (case, hit) in enumerate(zip(cases, hits, strict=True)):
        if hit < 0.5:
            continue
        weight = hit * relevance * _sign(_part_about(case, cases, sentence))
        if compared is not None:
            weight = 2.0 * relevance * (1 if place == compared else -1)
        case.support += weight
        if weight > case.best:
            case.best, case.evidence = weight, sentence
    _note_amounts(cases, sentence)


def _part_about(case: _Case, cases: list[_Case], sentence: str) -> str:
    """Return the clause that speaks of `case` where others speak of other options, else the whole sentence."""
    clauses = _CLAUSE.split(sentence)
    own = [clause for clause in clauses if case.own <= key_stems(clause)]
    others = [
        clause for clause in clauses if any(other.own <= key_stems(clause) for other in cases if other is not case)
    ]
    return own[0] if len(own) == 1 and others and own[0] not in others else sentence


def _sign(text: str) -> float:
    tone = tone_of(text).score
    if tone:
        return 1.0 if tone > 0 else -1.0
    return -0.7 if has_negation(text) else 0.7


def _compared(cases: list[_Case], sentence: str) -> int | None:
    """Return the option that a sentence with `than` puts first, None if it compares no two of them."""
    left, than, right = sentence.lower().partition(" than ")
    if not than:
        return None
    before = [place for place, case in enumerate(cases) if case.own <= key_stems(left)]
    after = [place for place, case in enumerate(cases) if case.own <= key_stems(right)]
    if len(before) != 1 or len(after) != 1 or before == after:
        return None
    is_turned = bool(_WORSE.search(left)) != has_negation(left)
    return after[0] if is_turned else before[0]


def _note_amounts(cases: list[_Case], sentence: str) -> None:
    for clause in _CLAUSE.split(sentence):
        said = key_stems(clause)
        named = [case for case in cases if case.own <= said]
        given = [number for number in numbers(clause) if not any(str(number) in case.option for case in named)]
        if len(named) == 1 and given:
            named[0].amounts.append(given[0])


def _by_amount(cases: list[_Case], question: str) -> list[float]:
    """Return a score for each option where the question ranks by a number that the text gives for every one."""
    asked = frozenset(words(question))
    direction = -1 if asked & _LOW else 1 if asked & _HIGH else 0
    if not direction or not all(case.amounts for case in cases):
        return [0.0] * len(cases)
    best = max(direction * case.amounts[0] for case in cases)
    return [2 * _FIRM if direction * case.amounts[0] == best else 0.0 for case in cases]


def _demands(question: str, passage: Sequence[str]) -> dict[str, float]:
    """Return what the question (fully) and the text (by half) ask of an option, each trait at most 2."""
    demands: dict[str, float] = {}
    for text, weight in ((question, 1.0), (" ".join(passage[:20]), 0.5)):
        for word in dict.fromkeys(words(text)):
            for trait, strength in CUES.get(word, {}).items():
                demands[trait] = min(demands.get(trait, 0.0) + strength * weight, 2.0)
    return demands


def _traits(option: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words(option):
        known = OPTIONS.get(word) or OPTIONS.get(word.removesuffix("s")) or {}
        for trait, strength in known.items():
            found[trait] = max(found.get(trait, 0), strength)
    return found


def _told(traits: Mapping[str, int], demands: Mapping[str, float], bias: Bias) -> tuple[str, ...]:
    """Return the traits worth telling, those first that the question asks for, then those that the model likes."""
    weights = {trait: traits[trait] * (2 * demands.get(trait, 0.0) + bias.want(trait)) for trait in traits}
    return tuple(sorted(traits, key=lambda trait: (-weights[trait], -traits[trait])))
