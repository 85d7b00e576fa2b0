"""Yes or no: from a comparison of numbers, from the sentence of the text that speaks to the question, or from rules.

Also reads choices and answers that mean yes or no, praise or blame, whatever their words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from parley.providers.sandbox_arithmetic import find_sum
from parley.providers.sandbox_bias import Bias
from parley.providers.sandbox_tone import tone_of
from parley.providers.sandbox_traits import MOVES
from parley.providers.sandbox_words import NEGATIONS, coverage, has_negation, key_stems, word_set, words

_YES_NO_START = word_set(
    """
    is are was were am do does did can could should shall will would has have had may might must isn't
    aren't don't doesn't didn't can't won't shouldn't wouldn't
    """
)
_ADVICE = frozenset({"should", "shall", "must", "may", "can", "could", "would"})
_LEAST_COVERAGE = 0.4
_MOST_SENTENCES = 200
_CLAIM = re.compile(r"\b(?:true or false|yes or no|agree or disagree|is it true|correct\?|right\?)", re.IGNORECASE)

_FOR = word_set(
    """
    yes yep true agree agreed approve approved accept accepted for support supports correct right good pass
    allow go positive keep
    """
)
_AGAINST = word_set(
    """
    no nope false disagree reject rejected decline declined against oppose incorrect wrong bad fail deny
    negative never stop
    """
)
_BETWEEN = word_set(
    """
    maybe unsure neutral mixed unknown undecided depends unclear both neither abstain perhaps
    """
)
_TONES = word_set(
    "positive negative neutral mixed happy unhappy angry sad good bad satisfied dissatisfied praise complaint"
)
_ASKS_TONE = re.compile(
    r"\b(?:sentiment|tone|review|mood|feel|feeling|feedback|opinion|attitude|positive|negative)\b", re.IGNORECASE
)

_OPPOSITES = {
    left: right
    for pair in (
        "open closed", "free paid", "allowed forbidden", "safe dangerous", "possible impossible", "alive dead",
        "increase decrease", "rise fall", "rose fell", "hot cold", "cheap expensive", "fast slow", "on off",
        "true false", "early late", "more fewer", "full empty", "win lose", "won lost", "accepted rejected",
        "before after", "legal illegal", "always never", "public private", "high low", "up down",
    )
    for left, right in (pair.split(), pair.split()[::-1])
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stance:
    """`value` from -1 (no) to 1 (yes); `evidence` is the sentence it rests on, `reasons` rules of thumb. 0: open."""

    value: float
    evidence: str | None = None
    reasons: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        return self.evidence is not None or bool(self.reasons or self.against)


def asks_yes_or_no(question: str) -> bool:
    """Return whether `question` can be answered with yes or no."""
    start = words(question[:60])
    return (bool(start) and start[0] in _YES_NO_START) or bool(_CLAIM.search(question))


def asks_tone(question: str) -> bool:
    """Return whether `question` asks how a text is meant."""
    return bool(_ASKS_TONE.search(question))


def polarity(text: str) -> int | None:
    """Return 1 if `text` means yes or praise, -1 for no or blame, 0 for neither, None if it is something else.

    Only the first word counts, and a text of several words counts only where that word stands apart (`Yes, if …`).
    """
    found = words(text[:80])
    if not found:
        return None
    is_alone = len(found) == 1 or re.match(r"\W*\w+\s*[,.;:!—–-]", text) is not None
    for sign, names in ((1, _FOR), (-1, _AGAINST), (0, _BETWEEN)):
        if found[0] in names and is_alone:
            return sign
    return None


def are_tones(labels: Sequence[str]) -> bool:
    """Return whether `labels` name tones: positive, negative, neutral …"""
    return len(labels) > 1 and all(frozenset(words(label)) & (_TONES | _BETWEEN) for label in labels)


def tone_label(labels: Sequence[str], passage: Sequence[str], bias: Bias) -> int:
    """Return the index of the label that fits the tone of `passage` as `bias` hears it."""
    tone = tone_of(" ".join(passage[:_MOST_SENTENCES]), bias)
    score = tone.score - bias.doubt * (1 if tone.is_mixed else 0.2)
    signs = [_tone_sign(label) for label in labels]
    wanted = 0 if abs(score) < 0.5 and 0 in signs else 1 if score >= 0 else -1
    return (
        signs.index(wanted)
        if wanted in signs
        else min(range(len(labels)), key=lambda place: abs(signs[place] - wanted))
    )


def _tone_sign(label: str) -> int:
    found = frozenset(words(label))
    if found & {"positive", "happy", "good", "satisfied", "praise"}:
        return 1
    return -1 if found & {"negative", "unhappy", "angry", "sad", "bad", "dissatisfied", "complaint"} else 0


def take_stance(question: str, passage: Sequence[str], bias: Bias) -> Stance:
    """Return where `bias` stands on a yes/no question, with what it rests on."""
    computed = find_sum(question)
    if computed is not None and computed.holds is not None:
        return Stance(1.0 if computed.holds else -1.0, f"{computed.shown} is {str(computed.holds).lower()}")
    if frozenset(words(question[:200])) & _ADVICE:
        advised = _advise(question, passage, bias)
        if advised.is_known:
            return advised
    return _read(question, passage)


def _read(question: str, passage: Sequence[str]) -> Stance:
    """Find the sentence that speaks most to the question; a denial or an opposite on one side alone turns it."""
    wanted = key_stems(question)
    best, evidence = 0.0, None
    for sentence in passage[:_MOST_SENTENCES]:
        share = max(coverage(wanted, key_stems(sentence)), coverage(wanted, key_stems(_turned(sentence))))
        if share > best:
            best, evidence = share, sentence
    if evidence is None or best < _LEAST_COVERAGE:
        return Stance(0.0)
    asked, said = frozenset(words(question)), frozenset(words(evidence))
    turns = sum(
        1 for word in asked if word not in said and _OPPOSITES.get(word) in said and _OPPOSITES[word] not in asked
    )
    is_denied = has_negation(evidence) != _is_denying(question)
    return Stance(-best if is_denied != (turns % 2 == 1) else best, evidence)


def _is_denying(question: str) -> bool:
    """Return whether a question expects a denial; a negated first word (`Isn't it …?`) only asks for agreement."""
    return sum(1 for word in words(question)[1:] if word in NEGATIONS) % 2 == 1


def _turned(sentence: str) -> str:
    return " ".join(_OPPOSITES.get(word, word) for word in words(sentence))


def _advise(question: str, passage: Sequence[str], bias: Bias) -> Stance:
    """Weigh a proposal: what its words speak for, what the text praises and blames, and the model's own doubt."""
    known = [(word, *MOVES[word]) for word in dict.fromkeys(words(question)) if word in MOVES]
    told = [(sentence, tone_of(sentence).score) for sentence in passage[:_MOST_SENTENCES]]
    weight = sum(lean for _, lean, _ in known) + sum(max(min(score, 2.0), -2.0) for _, score in told)
    loudest = max(told, key=lambda one: abs(one[1]), default=("", 0.0))
    is_firm = abs(weight) >= 2
    value = weight - bias.doubt
    if bias.takes_runner_up and not is_firm and weight:
        value = -weight
    return Stance(
        max(min(value / 3, 1.0), -1.0),
        loudest[0] if loudest[1] else None,
        tuple(f"{word}: {reason}" for word, lean, reason in known if lean > 0),
        tuple(f"{word}: {reason}" for word, lean, reason in known if lean < 0),
    )
