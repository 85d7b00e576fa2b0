"""Values for named fields, found in a prompt: `label: value` lines, sentences that hold the name, numbers beside it.

A field is known by its name and what the schema says of it. What is not in the text is None: the caller decides.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from parley.providers.sandbox_arithmetic import find_sum
from parley.providers.sandbox_bias import Bias
from parley.providers.sandbox_draft import Draft
from parley.providers.sandbox_notes import find_notes
from parley.providers.sandbox_prompt import Prompt
from parley.providers.sandbox_stance import asks_yes_or_no, tone_label
from parley.providers.sandbox_text import draft_answer, stance_of
from parley.providers.sandbox_tone import tone_of
from parley.providers.sandbox_words import (
    capitalised,
    coverage,
    has_negation,
    key_stems,
    key_words,
    numbers,
    sentences,
    shorten,
    stem,
    stems,
    word_set,
    words,
)

_SPLIT_NAME = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}")
_URL = re.compile(r"\bhttps?://[^\s<>\"')\]]{1,500}[^\s<>\"')\].,;:!?]")
_PHONE = re.compile(r"(?<![\w.])\+?\d[\d /()-]{5,20}\d(?!\w)")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_TIME = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
_PROPER = re.compile(r"(?<![.!?…:]\s)(?<!^)\b[A-ZÀ-Þ][\w'’-]+(?:\s+[A-ZÀ-Þ][\w'’-]+){0,3}")
_PLACE = re.compile(r"\b(?:in|at|from|to|near)\s+([A-ZÀ-Þ][\w'’-]+(?:\s+[A-ZÀ-Þ][\w'’-]+){0,2})")
_CALLED = re.compile(
    r"\b(?:name is|named|called|I "
    r"am|I'm|Mr\.?|Mrs\.?|Ms\.?|Dr\.?|Dear)\s+([A-ZÀ-Þ][\w'’-]+(?:\s+[A-ZÀ-Þ][\w'’-]+){0,2})"
)
_VALUE_END = r"(?=[.,;!?\n]|\s+(?:and|but|which|who|because)\b|$)"

_SHAPES = (
    (frozenset({"email", "mail"}), _EMAIL),
    (frozenset({"url", "link", "website", "uri", "href", "homepage"}), _URL),
    (frozenset({"phone", "telephone", "mobile", "fax"}), _PHONE),
    (frozenset({"date", "day", "birthday", "deadline", "due"}), _DATE),
    (frozenset({"time", "hour"}), _TIME),
)
_ANSWERS = word_set(
    "answer response reply result conclusion verdict decision recommendation choice winner pick output value"
)
_PROSE = word_set("text content message body explanation comment note notes advice details markdown")
_REASONS = word_set("reason reasoning rationale justification why because analysis thought thoughts evidence")
_SUMMARIES = word_set("summary abstract tldr overview gist description")
_TITLES = word_set("title headline subject topic heading")
_QUESTIONS = word_set("question query input prompt request")
_TONES = word_set("sentiment tone mood polarity emotion")
_PEOPLE = word_set("name person customer author user who sender recipient contact")
_PLACES = word_set("city country place location town region where address")
_SHARES = word_set("confidence score stars probability certainty likelihood rating relevance weight")
_CERTAINTY = word_set("confidence probability certainty likelihood")
_RESULTS = word_set("answer result total sum value amount number output solution product")
_COUNTS = word_set("count length words word_count")
_VERDICTS = word_set(
    "answer yes result verdict decision correct true approve approved recommend recommended agree should"
)
_WORD_LISTS = word_set("keywords keyword tags tag topics labels terms words concepts")
_FOR = word_set("pros pro advantages benefits strengths positives")
_AGAINST = word_set("cons con disadvantages drawbacks weaknesses risks negatives concerns issues problems")
_MOST_TEXT = 320


@dataclass(frozen=True, slots=True)
class FieldName:
    """What a field is called, as words, with the words of its description."""

    key: str
    words: tuple[str, ...]
    stems: frozenset[str]
    described: frozenset[str] = frozenset()

    @property
    def spoken(self) -> str:
        return " ".join(self.words)

    def has(self, names: frozenset[str]) -> bool:
        """Return whether one of the name's words is among `names`."""
        return not names.isdisjoint(self.words)


def field_name(key: str, description: str = "") -> FieldName:
    """Return `key` taken apart: `dueDate`, `due_date` and `due-date` are due date."""
    parts = tuple(part.lower() for part in _SPLIT_NAME.split(key[:200]) if part)
    return FieldName(key, parts, frozenset(stem(part) for part in parts), key_stems(description[:500]))


class Fields:
    """The fields of one prompt as one model fills them."""

    def __init__(self, prompt: Prompt, bias: Bias) -> None:
        self.prompt = prompt
        self.bias = bias

    @cached_property
    def material(self) -> tuple[str, ...]:
        """The sentences to read: the text given, else general facts that the question asks for, else itself."""
        given = self.prompt.passage or find_notes(self.prompt.question)
        return given or sentences(self.prompt.text)[:20]

    @cached_property
    def draft(self) -> Draft:
        return draft_answer(self.prompt, self.bias)

    def narrowed(self, sentence: str) -> "Fields":
        """Return the fields of one sentence of the text alone."""
        return Fields(replace(self.prompt, passage=(sentence,), text=sentence, question=""), self.bias)

    def text(self, name: FieldName) -> str | None:
        """Return the text for `name`."""
        return (
            self._labelled(name) or self._shaped(name) or self._composed(name) or self._proper(name) or self._said(name)
        )

    def number(self, name: FieldName) -> Fraction | None:
        """Return the number for `name`: on its line, beside it, or the question's sum."""
        labelled = numbers(self._labelled(name) or "")
        if labelled:
            return labelled[0]
        if name.has(_RESULTS):
            computed = find_sum(self.prompt.question) or find_sum(self.prompt.text)
            if computed is not None:
                return computed.value
        beside = self._beside(name)
        if beside is not None:
            return beside
        if name.has(_COUNTS) and name.has(frozenset({"words", "word"})):
            return Fraction(len(words(" ".join(self.material))))
        if name.has(_RESULTS):
            given = numbers(self.draft.head)
            return given[-1] if given else None
        return None

    def share(self, name: FieldName) -> Fraction | None:
        """Return a share of 1 where `name` asks for one: praise for a rating, else how sure the model is.

        It is sure of a sum, half sure without a text, else by how much of the question the text takes up.
        """
        if not name.has(_SHARES):
            return None
        tone = tone_of(" ".join(self.prompt.passage), self.bias)
        if not name.has(_CERTAINTY) and (tone.good or tone.bad):
            return min(max(Fraction(1, 2) + Fraction(round(tone.score - self.bias.doubt), 6), Fraction(0)), Fraction(1))
        found = coverage(key_stems(self.prompt.question), key_stems(" ".join(self.material)))
        if find_sum(self.prompt.question) is None and not self.prompt.passage:
            found = min(found, 0.5)
        doubt = Fraction(int(self.bias.doubt * 20), 100)
        return max(Fraction(round(found * 18) + 2, 20) - doubt, Fraction(1, 20))

    def truth(self, name: FieldName) -> bool | None:
        """Return whether `name` holds."""
        labelled = (self._labelled(name) or "").lower()
        if labelled.split()[:1] and labelled.split()[0].strip(".,") in {"yes", "true", "no", "false"}:
            return labelled.startswith(("yes", "true"))
        if name.has(frozenset({"positive", "negative"})):
            is_positive = tone_of(" ".join(self.material), self.bias).score >= self.bias.doubt
            return is_positive is name.has(frozenset({"positive"}))
        bare = name.stems - {"is", "ha", "has", "are", "can", "should", "was"}
        told = next((one for one in self.material if bare and coverage(bare, key_stems(one)) >= 0.6), None)
        if told is not None and self.prompt.passage:
            return not has_negation(told)
        if name.has(_VERDICTS) or asks_yes_or_no(self.prompt.question):
            stance = stance_of(self.prompt, self.bias)
            return stance.value > 0 if stance.value else None
        return None

    def texts(self, name: FieldName) -> tuple[str, ...]:
        """Return the items for a list called `name`, best first; empty if the text has none."""
        listed = self._labelled(name)
        if listed and re.search(r"[,;]", listed):
            return tuple(item.strip(" .") for item in re.split(r"[,;]|\band\b", listed) if item.strip(" ."))
        if name.has(_WORD_LISTS):
            return self._frequent()
        if name.has(_FOR | _AGAINST):
            return self._sided(is_for=name.has(_FOR))
        singular = frozenset(word.removesuffix("s") for word in name.words)
        if singular & (_PEOPLE | _PLACES | {"company", "product", "entity", "entitie"}):
            return tuple(dict.fromkeys(_PROPER.findall(" ".join(self.material))))
        if self.draft.points:
            return self.draft.points
        return tuple(shorten(one, _MOST_TEXT) for one in self.material)

    def answer(self) -> str:
        """Return the answer in one line."""
        return shorten(self.draft.head, _MOST_TEXT)

    def _labelled(self, name: FieldName) -> str | None:
        """Return what follows the name: `Due date: 3 May`, `the capital of France is Paris`."""
        if not name.words:
            return None
        label = r"[\s_-]+".join(re.escape(word) for word in name.words)
        text = "\n".join(self.material)[:20_000]
        found = re.search(
            rf"(?:^|[\n,;]|\b(?:the|my|your|a)\s)\W{{0,3}}{label}\s*[:=]\s*([^\n]{{1,300}})", text, re.IGNORECASE
        )
        if found is not None:
            value = found[1].strip(" *_")
            return value if name.has(_PROSE) else re.split(r"[;\n]|\.\s", value)[0].strip(" .")
        stated = re.search(
            rf"\b{label}\b(?:\s+(?:of|for|in)\s[^.,;!?\n]{{1,40}}?)?\s+(?:is|are|was|were)\s+([^\n]{{1,120}}?){_VALUE_END}",
            text,
            re.IGNORECASE,
        )
        return stated[1].strip() if stated is not None and not has_negation(stated[1]) else None

    def _shaped(self, name: FieldName) -> str | None:
        text = "\n".join(self.material)
        for names, shape in _SHAPES:
            found = shape.search(text) if name.has(names) else None
            if found is not None:
                return found.group()
        return None

    def _composed(self, name: FieldName) -> str | None:
        """Return what the model itself has to say where the field asks for that."""
        if name.has(_ANSWERS):
            return self.answer()
        if name.has(_PROSE | _SUMMARIES):
            return shorten(
                " ".join(filter(None, [self.draft.head + ".", self.draft.reason])).replace("..", "."), _MOST_TEXT
            )
        if name.has(_REASONS):
            found = next(filter(None, [self.draft.reason, *self.draft.points, self.draft.basis]), None)
            return shorten(found, _MOST_TEXT) if found else None
        if name.has(_QUESTIONS):
            return self.prompt.short_question or None
        if name.has(_TITLES):
            return capitalised(shorten(self.material[0] if self.material else self.prompt.text, 60)).rstrip(".") or None
        if name.has(_TONES) and self.material:
            return ("positive", "negative", "mixed")[
                tone_label(("positive", "negative", "mixed"), self.material, self.bias)
            ]
        return None

    def _proper(self, name: FieldName) -> str | None:
        text = "\n".join(self.material)
        if name.has(_PLACES):
            found = _PLACE.search(text)
            return found[1] if found else None
        if name.has(_PEOPLE):
            called = _CALLED.search(text)
            if called is not None:
                return called[1]
            plain = _PROPER.search(text)
            first = re.match(
                r"\W*([A-ZÀ-Þ][\w'’-]+)\s+(?:is|has|was|lives|works|wrote|said|wants|bought|ordered)\b", text
            )
            return first[1] if first else plain.group() if plain else None
        return None

    def _said(self, name: FieldName) -> str | None:
        """Return the sentence that holds the name's words, or most of its description's."""
        best = max(self.material, key=lambda one: coverage(name.stems, key_stems(one)), default=None)
        if best is not None and name.stems and coverage(name.stems, key_stems(best)) >= 0.6:
            return shorten(best, _MOST_TEXT)
        described = max(self.material, key=lambda one: coverage(name.described, key_stems(one)), default=None)
        if described is not None and len(name.described) > 1 and coverage(name.described, key_stems(described)) >= 0.6:
            return shorten(described, _MOST_TEXT)
        return None

    def _beside(self, name: FieldName) -> Fraction | None:
        """Return the number nearest to the name's words within a clause: `7 boxes`, `costs 20 euros`."""
        best: tuple[int, Fraction] | None = None
        for sentence in self.material:
            for clause in re.split(r"[;,]\s|\band\b", sentence):
                tokens = re.findall(r"-?\d+(?:[.,]\d+)*|[^\W\d_]+", clause)
                marks = [
                    place for place, token in enumerate(tokens) if stem(token.lower()) in name.stems | name.described
                ]
                for place, token in enumerate(tokens):
                    given = numbers(token)
                    if given and marks:
                        distance = min(abs(place - mark) for mark in marks)
                        best = min(best, (distance, given[0])) if best else (distance, given[0])
        if best is None and {"age", "years"} & set(name.words):
            return next(iter(numbers(" ".join(self.material))), None)
        return best[1] if best else None

    def _frequent(self) -> tuple[str, ...]:
        text = " ".join(self.material)
        counts = Counter(stems(text))
        return tuple(sorted(key_words(text), key=lambda word: -counts[stem(word)]))[:12]

    def _sided(self, *, is_for: bool) -> tuple[str, ...]:
        told = [one for one in self.material if tone_of(one).score * (1 if is_for else -1) > 0]
        own: Sequence[str] = [self.draft.reason, *self.draft.points] if is_for else [self.draft.counter]
        return tuple(shorten(one, _MOST_TEXT) for one in (told or own) if one)
