"""The judge: reads fenced answers and writes a merged answer, or an evaluation under the headings asked for.

Everything it says is counted: what answers share, what they cover of the question, what they conclude, how long their
sentences are. It claims no truth beyond sums that it has computed itself.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from parley.providers.sandbox_arithmetic import find_sum, show_number
from parley.providers.sandbox_bias import Bias
from parley.providers.sandbox_options import find_alternatives
from parley.providers.sandbox_prompt import Labelled, Prompt
from parley.providers.sandbox_stance import polarity
from parley.providers.sandbox_words import (
    capitalised,
    coverage,
    has_negation,
    join_words,
    key_stems,
    key_words,
    numbers,
    overlap,
    sentences,
    shorten,
    stem,
    words,
)

_MOST_ANSWER_CHARACTERS = 12_000
_MOST_SENTENCES = 240  # of all answers together: comparing them grows with the square
_SAME_POINT = 0.5
_SHORTEST_POINT_WORDS = 3
_EASY_SENTENCE_WORDS = 16
_LONG_ANSWER_WORDS = 80
_LONGEST_QUOTE = 220
_ASIDE = re.compile(r"^(?:but|still|basis|note|on the other side|against it)\s*:\s*", re.IGNORECASE)
_HEDGE = re.compile(r"\b(?:perhaps|maybe|probably|might|seems?|i think|not sure|it depends|guess)\b", re.IGNORECASE)
_STRUCTURE = re.compile(r"^\s*(?:[-*•]|\d+[.)]|#+)\s", re.MULTILINE)
_EVALUATIVE = re.compile(r"accura|correct|complete|clarity|recommend|verdict", re.IGNORECASE)
_LETTER_CONCLUSION = re.compile(r"\banswer is \(?([A-Z])\)?", re.IGNORECASE)
_LESSENING = frozenset({"less", "least", "fewer", "worse"})
_NUMBER_WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Facts:
    """What was counted of one answer. `conclusion` is its yes, no, option, letter or number, None if none was found.

    `agreement`, `completeness` and `clarity` are 0 to 1, compared with the other answers.
    """

    label: str
    sentences: tuple[str, ...]
    stems: frozenset[str]
    words: int
    conclusion: str | None
    missing: tuple[str, ...]
    has_structure: bool
    hedges: int
    agreement: float = 0.0
    completeness: float = 0.0
    clarity: float = 0.0

    @property
    def words_per_sentence(self) -> int:
        return round(self.words / max(len(self.sentences), 1))


@dataclass(frozen=True, slots=True)
class Point:
    """Sentences of several answers that say the same: the first of them, and whose they are."""

    text: str
    stems: frozenset[str]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """The answers as counted, what they have in common, and what the question's own sum gives (None without one)."""

    facts: tuple[Facts, ...]
    points: tuple[Point, ...]
    expected: str | None
    wishes: frozenset[str]

    @property
    def conclusions(self) -> list[tuple[str, int]]:
        """Conclusions with their number of answers, the commonest first, the earlier answer's first among equals."""
        return Counter(one.conclusion for one in self.facts if one.conclusion).most_common()

    @property
    def best(self) -> Facts:
        return max(self.facts, key=lambda one: self.score(one))

    def score(self, one: Facts) -> float:
        weights = _weights(self.wishes)
        right = 3.0 if self.expected is not None and one.conclusion == self.expected else 0.0
        brevity = weights["brevity"] / (1 + one.words / 50)
        return (
            right
            + weights["accuracy"] * one.agreement
            + weights["completeness"] * one.completeness
            + weights["clarity"] * one.clarity
            + brevity
        )


def weigh(prompt: Prompt) -> Case:
    """Count the answers of `prompt`, which has at least one."""
    alternatives = find_alternatives(prompt.question)
    computed = find_sum(prompt.question) or find_sum(prompt.text)
    expected = None
    if computed is not None:
        expected = show_number(computed.value) if computed.holds is None else ("yes" if computed.holds else "no")
    most = max(_MOST_SENTENCES // len(prompt.answers), 3)
    facts = [_count(answer, prompt, alternatives, most) for answer in prompt.answers]
    points = _points(facts)
    weighed = tuple(_compare(one, facts, points) for one in facts)
    return Case(weighed, points, expected, frozenset(words(prompt.wishes)))


def is_evaluation(prompt: Prompt) -> bool:
    """Return whether `prompt` asks for an evaluation under headings; else its answers are to be merged."""
    return any(_EVALUATIVE.search(heading) for heading in prompt.headings)


def evaluate(prompt: Prompt) -> str:
    """Return an evaluation under the headings that `prompt` asks for, every answer named by its label."""
    case = weigh(prompt)
    return "\n\n".join(f"## {heading}\n{_section(heading, case)}" for heading in prompt.headings)


def merge(prompt: Prompt, bias: Bias) -> str:
    """Return one answer made of all: the majority's conclusion, what is shared, what one alone adds, who differs."""
    case = weigh(prompt)
    lead, carriers = _lead(case)
    parts = [lead]
    said = key_stems(lead)
    shared = [point for point in case.points if len(point.labels) > 1 and not _is_said(point.stems, said)]
    single = [point for point in case.points if len(point.labels) == 1 and not _is_said(point.stems, said)]
    wanted = key_stems(prompt.question)
    single = [point for point in single if carriers is None or point.labels[0] in carriers]
    single = [point for point in single if point.stems & wanted] or single
    most = max(bias.most_sentences, 1)
    chosen = [*shared[:most], *single[: max(most - len(shared), 0)]]
    if len(chosen) == 1:
        parts.append(chosen[0].text)
    elif chosen:
        parts.append("\n".join(f"- {point.text}" for point in chosen))
    dissent = _dissent(case)
    if dissent:
        parts.append(dissent)
    return "\n\n".join(parts)


def _count(answer: Labelled, prompt: Prompt, alternatives: Sequence[str], most: int) -> Facts:
    text = answer.text[:_MOST_ANSWER_CHARACTERS]
    found = tuple(capitalised(_ASIDE.sub("", sentence)) for sentence in sentences(text)[:most])
    stems = key_stems(text)
    return Facts(
        label=answer.label,
        sentences=found,
        stems=stems,
        words=len(words(text)),
        conclusion=_conclude(text, found, prompt, alternatives),
        missing=tuple(
            _as_written(word, prompt.question) for word in key_words(prompt.question) if stem(word) not in stems
        ),
        has_structure=bool(_STRUCTURE.search(text)) or "\n\n" in text.strip(),
        hedges=len(_HEDGE.findall(text)),
    )


def _conclude(text: str, found: Sequence[str], prompt: Prompt, alternatives: Sequence[str]) -> str | None:
    """Return what an answer comes to, in a form that can be compared with the others'."""
    first = found[0] if found else ""
    lettered = _LETTER_CONCLUSION.findall(text)
    if prompt.options and lettered:
        return f"({lettered[-1].upper()})"
    sign = polarity(first)
    if sign:
        return "yes" if sign > 0 else "no"
    for sentence in found:
        named = [option for option in alternatives if key_stems(option) <= key_stems(sentence)]
        if named:
            return min(named, key=lambda option: sentence.lower().find(option.lower()))
    given = numbers(first)
    if given and (find_sum(prompt.question) or re.search(r"\bhow (?:many|much)\b", prompt.question, re.IGNORECASE)):
        return show_number(Fraction(given[-1]))
    return None


def _points(facts: Sequence[Facts]) -> tuple[Point, ...]:
    """Gather sentences that say the same; those of most answers first, then in the order of the answers."""
    found: list[tuple[str, frozenset[str], dict[str, None]]] = []
    for one in facts:
        for sentence in one.sentences:
            stems = key_stems(sentence)
            if not stems or len(words(sentence)) < _SHORTEST_POINT_WORDS:
                continue
            same = next((point for point in found if _says_same(point, sentence, stems)), None)
            if same is None:
                found.append((shorten(sentence, _LONGEST_QUOTE), stems, {one.label: None}))
            else:
                same[2][one.label] = None
    ordered = sorted(found, key=lambda point: -len(point[2]))
    return tuple(Point(text, stems, tuple(labels)) for text, stems, labels in ordered)


def _says_same(point: tuple[str, frozenset[str], dict[str, None]], sentence: str, stems: frozenset[str]) -> bool:
    """Return whether a sentence has a point's words and neither denies nor lessens what the other does not."""
    if overlap(point[1], stems) < _SAME_POINT:
        return False
    is_lessened = [not frozenset(words(text)).isdisjoint(_LESSENING) for text in (point[0], sentence)]
    return is_lessened[0] == is_lessened[1] and has_negation(point[0]) == has_negation(sentence)


def _compare(one: Facts, facts: Sequence[Facts], points: Sequence[Point]) -> Facts:
    others = [other for other in facts if other is not one]
    alike = [overlap(one.stems, other.stems) for other in others]
    same = [
        1.0 if one.conclusion == other.conclusion else 0.0 for other in others if one.conclusion and other.conclusion
    ]
    agreement = (_mean(alike) + _mean(same)) / 2 if same else _mean(alike)
    shared = [point for point in points if len(point.labels) > 1]
    held = sum(1 for point in shared if one.label in point.labels) / len(shared) if shared else 0.5
    wanted = len(one.missing) + len(one.stems)
    covered = 1 - len(one.missing) / wanted if wanted else 0.0
    return Facts(
        one.label,
        one.sentences,
        one.stems,
        one.words,
        one.conclusion,
        one.missing,
        one.has_structure,
        one.hedges,
        agreement=agreement,
        completeness=(held + covered + min(len(one.stems) / _LONG_ANSWER_WORDS, 1.0)) / 3,
        clarity=_clarity(one),
    )


def _clarity(one: Facts) -> float:
    """Weigh the length of sentences, structure where there is much to structure, and hedging."""
    ease = 1 / (1 + abs(one.words_per_sentence - _EASY_SENTENCE_WORDS) / _EASY_SENTENCE_WORDS)
    order = 1.0 if one.has_structure or one.words <= _LONG_ANSWER_WORDS else 0.4
    return (ease + order) / 2 / (1 + one.hedges / 10)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _is_said(stems: frozenset[str], said: frozenset[str]) -> bool:
    return coverage(stems, said) > 0.7


def _weights(wishes: frozenset[str]) -> dict[str, float]:
    """Return how much each virtue counts: more of what the caller's own instructions name."""
    named = {
        "accuracy": {"accuracy", "accurate", "correct", "correctness", "right", "facts", "factual"},
        "completeness": {"complete", "completeness", "detail", "detailed", "details", "thorough", "depth"},
        "clarity": {"clarity", "clear", "readable", "simple", "beginner", "beginners", "plain", "easy"},
        "brevity": {"brevity", "brief", "short", "shortest", "concise", "terse"},
    }
    usual = {"accuracy": 2.0, "completeness": 1.5, "clarity": 1.0, "brevity": 0.0}
    return {virtue: usual[virtue] + (3.0 if wishes & names else 0.0) for virtue, names in named.items()}


def _section(heading: str, case: Case) -> str:
    name = heading.lower()
    if "accura" in name or "correct" in name:
        return _on_accuracy(case)
    if "complete" in name or "cover" in name:
        return _on_completeness(case)
    if "clar" in name or "read" in name:
        return _on_clarity(case)
    if "recommend" in name or "verdict" in name or "conclusion" in name:
        return _on_recommendation(case)
    return _on_points(case)


def _on_accuracy(case: Case) -> str:
    lines = []
    if case.expected is not None:
        right = [one.label for one in case.facts if one.conclusion == case.expected]
        wrong = [one.label for one in case.facts if one.conclusion != case.expected]
        lines.append(f"The sum was computed here: {case.expected}.")
        lines.append(f"{join_words(right)} {_verb(right, 'gives', 'give')} it." if right else "No answer gives it.")
        lines += [f"{join_words(wrong)} {_verb(wrong, 'does', 'do')} not."] if wrong else []
    elif len(case.conclusions) > 1:
        lines.append("The answers contradict each other:")
        lines.append(_sides(case) + ".")
    elif case.conclusions and case.conclusions[0][1] > 1:
        agreed = [one.label for one in case.facts if one.conclusion]
        lines.append(f"{join_words(agreed)} come to the same conclusion: {case.conclusions[0][0]}.")
    shared = next((point for point in case.points if len(point.labels) > 1), None)
    if shared is not None:
        lines.append(f'{join_words(shared.labels)} say in common: "{shared.text}"')
    else:
        lines.append("No statement stands in two answers, so none supports another.")
    alone = min(case.facts, key=lambda one: one.agreement)
    lines.append(f"{alone.label} has least in common with the others ({round(100 * alone.agreement)} %).")
    if case.expected is None:
        lines.append("Agreement was counted; nothing was checked against a source.")
    return " ".join(lines)


def _on_completeness(case: Case) -> str:
    shared = [point for point in case.points if len(point.labels) > 1]
    lines = []
    for one in case.facts:
        own = next((point.text for point in case.points if point.labels == (one.label,)), None)
        missing = (
            f"does not take up {join_words(one.missing[:4])}" if one.missing else "takes up every word of the question"
        )
        held = sum(1 for point in shared if one.label in point.labels)
        lines.append(
            f"- {one.label} {missing}; {one.words} {_verb([''] * one.words, 'word', 'words')}"
            + (f", {held} of {len(shared)} shared points" if shared else "")
            + (f'. It alone says: "{own}"' if own else ". It says nothing that the others do not.")
        )
    return "\n".join(lines)


def _on_clarity(case: Case) -> str:
    lines = []
    for one in case.facts:
        form = "in ordered parts" if one.has_structure else "in one piece"
        hedged = f", {one.hedges} hedging {_verb([''] * one.hedges, 'word', 'words')}" if one.hedges else ""
        count = len(one.sentences)
        said = f"{count} {_verb([''] * count, 'sentence', 'sentences')} of about {one.words_per_sentence} words"
        lines.append(f"- {one.label}: {said}, {form}{hedged}.")
    clearest = max(case.facts, key=lambda one: one.clarity)
    lines.append(f"\n{clearest.label} is the easiest to follow.")
    return "\n".join(lines)


def _on_recommendation(case: Case) -> str:
    best = case.best
    others = [one for one in case.facts if one is not best]
    line = f"Use {best.label}: {join_words(_merits(best, case))}."
    rest = max(others, key=lambda one: one.completeness, default=None)
    if rest is None:
        return line
    own = next((point.text for point in case.points if point.labels == (rest.label,)), None)
    return f'{line} Take from {rest.label} what it alone adds: "{own}"' if own else line


def _merits(best: Facts, case: Case) -> list[str]:
    found = []
    if case.expected is not None and best.conclusion == case.expected:
        found.append("its result is the computed one")
    if best.agreement == max(one.agreement for one in case.facts):
        found.append("it agrees most with the others")
    if best.completeness == max(one.completeness for one in case.facts):
        found.append("it covers most")
    if best.clarity == max(one.clarity for one in case.facts):
        found.append("it is the easiest to follow")
    return found or ["it has the best balance of agreement, cover and clarity"]


def _on_points(case: Case) -> str:
    return "\n".join(f"- {point.text} ({join_words(point.labels)})" for point in case.points[:4])


def _taken(case: Case) -> str | None:
    """Return the conclusion to take: the computed one if an answer has it, else the commonest, or the best answer's."""
    if not case.conclusions:
        return None
    if any(one.conclusion == case.expected for one in case.facts if one.conclusion):
        return case.expected
    most, votes = case.conclusions[0]
    if len(case.conclusions) > 1 and case.conclusions[1][1] == votes:
        return max((one for one in case.facts if one.conclusion), key=case.score).conclusion
    return most


def _lead(case: Case) -> tuple[str, frozenset[str] | None]:
    """Return the merged answer's first sentence, and the labels that carry it (None: all)."""
    taken = _taken(case)
    if taken is None:
        shared = next((point for point in case.points if len(point.labels) > 1), None)
        return shared.text if shared else _opening(case.best), None
    carriers = [one for one in case.facts if one.conclusion == taken]
    others = [key_stems(conclusion) for conclusion, _ in case.conclusions if conclusion != taken]
    # A carrier that begins with what it decides against would make a confusing start.
    first = _opening(min(carriers, key=lambda one: (_names_any(others, _opening(one)), -one.agreement)))
    total = len(case.facts)
    if len(carriers) == total:
        return first, None
    share = f"{capitalised(_number_word(len(carriers)))} of {_number_word(total)} come to this"
    return f"{first} ({share}.)", frozenset(one.label for one in carriers)


def _names_any(conclusions: Sequence[frozenset[str]], text: str) -> bool:
    return any(stems and stems <= key_stems(text) for stems in conclusions)


def _opening(one: Facts) -> str:
    """Return the first sentence, with the second where the first is only a word or two."""
    if not one.sentences:
        return "There is nothing to merge."
    is_short = len(words(one.sentences[0])) < _SHORTEST_POINT_WORDS
    return " ".join(one.sentences[: 2 if is_short else 1])


def _as_written(word: str, text: str) -> str:
    found = re.search(re.escape(word), text, re.IGNORECASE)
    return found.group() if found else word


def _dissent(case: Case) -> str:
    """Name the answers whose conclusion is another than the merged one's, with their reason."""
    if len(case.conclusions) < 2:
        return ""
    taken = _taken(case)
    differing = [one for one in case.facts if one.conclusion and one.conclusion != taken and one.sentences]
    return "\n".join(
        f"{one.label} differs: {shorten(' '.join(one.sentences[:2]), _LONGEST_QUOTE)}" for one in differing
    )


def _sides(case: Case) -> str:
    sides = []
    for conclusion, _ in case.conclusions:
        labels = [one.label for one in case.facts if one.conclusion == conclusion]
        sides.append(f"{join_words(labels)} {_verb(labels, 'says', 'say')} {conclusion}")
    return ", but ".join(sides)


def _verb(subjects: Sequence[str], one: str, many: str) -> str:
    return one if len(subjects) == 1 else many


def _number_word(count: int) -> str:
    return _NUMBER_WORDS[count] if count < len(_NUMBER_WORDS) else str(count)
