"""Sums in a question: found, computed exactly with fractions, and worded. Bounded; no `eval`.

Reads expressions (`17 * 23`, `12% of 250`, `(3 + 4)^2`, `square root of 2`), comparisons of two of them, and the
plainest word problems with two numbers. Whatever else looks like a number, such as a date, is left alone.
"""

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from parley.providers.sandbox_words import numbers

_LONGEST_EXPRESSION = 200
_MOST_BITS = 4_096
_MOST_EXPONENT = 512
_MOST_DEPTH = 24
_SHOWN_DECIMALS = 6
_SCALE = 1_000_000

_SPOKEN = (
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))"), ""),
    (re.compile(r"[$€£](?=\s?\d)"), ""),
    (re.compile(r"(?<=\d)\s*(?:percent|per cent)\b"), "%"),
    (re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*%\s*off(?:\s+of)?\s+(\d+(?:\.\d+)?)"), r"((1 - \1/100) * \2)"),
    (re.compile(r"(?<=\d)\s*%\s*of\b"), " /100 * "),
    (re.compile(r"\bhalf of\b"), " 1/2 * "),
    (re.compile(r"\b(?:the )?square root of\b|√"), " sqrt "),
    (re.compile(r"\b(?:multiplied by|times)\b|×|·|(?<=\d)\s*x\s*(?=\d)"), " * "),
    (re.compile(r"\bdivided by\b|÷"), " / "),
    (re.compile(r"\bplus\b"), " + "),
    (re.compile(r"\bminus\b|−"), " - "),
    (re.compile(r"\b(?:raised )?to the power of\b|\*\*"), " ^ "),
    (re.compile(r"(?<=[\d)])\s*squared\b|²"), "^2"),
    (re.compile(r"(?<=[\d)])\s*cubed\b|³"), "^3"),
)
_CANDIDATE = re.compile(r"(?:\bsqrt\b|[\d.+\-*/^()%\s])+")
_TOKEN = re.compile(r"\s*(sqrt\b|\d+(?:\.\d+)?%?|\.\d+|[-+*/^()])")
_DATE = re.compile(r"\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b|\b\d{3,}(?:-\d{2,}){1,}\b")
_CUE = re.compile(
    r"\b(?:what(?:'s| is| are| would be| does)|calculate|compute|evaluate|how much|how many|solve|sum|equals?)\b|="
)
_WIDE_OPERATOR = re.compile(r"\s[-+/]\s|[*^%]|sqrt")
_COMPARISON = re.compile(
    r"\b(?P<word>greater|more|larger|bigger|higher|less|smaller|fewer|lower|equal)(?: than| to)|(?P<sign>==|>|<)"
)
_FIRST_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_NUMBER_WORDS = {word: value for value, word in enumerate(_FIRST_NUMBERS.split())} | {
    "dozen": 12,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "hundred": 100,
    "thousand": 1000,
}
_SPELLED = re.compile(r"\b(?:a )?(" + "|".join(_NUMBER_WORDS) + r")\b")
_ASKS_AMOUNT = re.compile(r"\bhow (?:many|much)\b|\bin total\b|\baltogether\b|\bwhat is the total\b")
_WORD_PROBLEMS = (
    (re.compile(r"\b(?:shared?|split|divided?|among|equally|evenly)\b"), "/"),
    (re.compile(r"\b(?:each|every|per|apiece)\b"), "*"),
    (
        re.compile(
            r"\b(?:gives?|gave|loses?|lost|eats?|ate|spends?|spent|sells?|sold|left|remain(?:s|ing)?|away|fewer)\b"
        ),
        "-",
    ),
    (re.compile(r"\b(?:more|gets?|got|buys?|bought|adds?|added|another|total|altogether|together)\b"), "+"),
)


@dataclass(frozen=True, slots=True)
class Sum:
    """A computed sum: `shown` is how it was read. `holds` is set where two sides were compared."""

    shown: str
    value: Fraction
    is_exact: bool = True
    holds: bool | None = None

    @property
    def result(self) -> str:
        """The value for people: a whole number, or at most six decimals."""
        return show_number(self.value)

    @property
    def sign(self) -> str:
        """`=`, or `≈` where the result had to be rounded."""
        return "=" if self.is_exact and _is_shown_exactly(self.value) else "≈"


def find_sum(question: str) -> Sum | None:
    """Return the sum that `question` asks for, None if it asks for none or it is out of bounds."""
    spoken = _spoken(question)
    return _find_comparison(spoken) or _find_expression(spoken) or _find_word_problem(question.lower())


def show_number(value: Fraction) -> str:
    """Return `value` as digits: `391`, `0.5`, `1.414214`."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = round(abs(value) * _SCALE)
    whole, part = divmod(scaled, _SCALE)
    digits = f"{whole}.{part:0{_SHOWN_DECIMALS}d}".rstrip("0").rstrip(".")
    return f"-{digits}" if value < 0 and scaled else digits


def _is_shown_exactly(value: Fraction) -> bool:
    return (value * _SCALE).denominator == 1


def _spoken(question: str) -> str:
    text = question[:4_000].lower().replace("’", "'")
    for pattern, sign in _SPOKEN:
        text = pattern.sub(sign, text)
    return _SPELLED.sub(lambda found: str(_NUMBER_WORDS[found[1]]), text)


def _find_comparison(text: str) -> Sum | None:
    found = _COMPARISON.search(text)
    if found is None:
        return None
    left, right = _find_value(text[: found.start()], needs_cue=False), _find_value(text[found.end() :], needs_cue=False)
    if left is None or right is None:
        return None
    word = found["word"] or {">": "greater", "<": "less"}.get(found["sign"], "equal")
    if word == "equal":
        holds, sign = left.value == right.value, "="
    elif word in {"less", "smaller", "fewer", "lower"}:
        holds, sign = left.value < right.value, "<"
    else:
        holds, sign = left.value > right.value, ">"
    return Sum(f"{left.shown} {sign} {right.shown}", left.value, left.is_exact and right.is_exact, holds)


def _find_value(text: str, *, needs_cue: bool) -> Sum | None:
    """Return the longest expression in `text`, a bare number too where no cue is needed."""
    best: Sum | None = None
    for found in _CANDIDATE.finditer(_DATE.sub(" date ", text)):
        shown = _tidy(found.group())
        if not shown or not any(character.isdigit() for character in shown):
            continue
        if needs_cue and not _is_meant(text, found.group()):
            continue
        computed = compute(shown)
        if computed is not None and (best is None or len(shown) > len(best.shown)):
            best = computed
    return best


def _find_expression(text: str) -> Sum | None:
    found = _find_value(text, needs_cue=True)
    return found if found is not None and re.search(r"sqrt|%|[\d)]\s*[-+*/^]", found.shown) else None


def _is_meant(text: str, candidate: str) -> bool:
    """Return whether `candidate` is a sum and not a range, a ratio or a version: `24/7` alone asks for nothing."""
    is_all = len(candidate.strip()) >= len(text.strip(" ?.!=")) - 2
    return is_all or bool(_WIDE_OPERATOR.search(candidate)) or bool(_CUE.search(text))


def _tidy(candidate: str) -> str:
    shown = " ".join(candidate.split()).strip("+*/^% .").rstrip("-")
    while shown.count("(") > shown.count(")") and shown.startswith("("):
        shown = shown[1:].strip()
    while shown.count(")") > shown.count("(") and shown.endswith(")"):
        shown = shown[:-1].strip()
    return re.sub(r"(?<=[\d)])\s*([-+*/])\s*(?=[\d(s])", r" \1 ", shown)


def _find_word_problem(text: str) -> Sum | None:
    if not _ASKS_AMOUNT.search(text):
        return None
    digits = _SPELLED.sub(lambda found: f" {_NUMBER_WORDS[found[1]]} ", text[:2_000])
    given = numbers(digits)
    operator = next((sign for pattern, sign in _WORD_PROBLEMS if pattern.search(text)), None)
    if len(given) != 2 or operator is None:
        return None
    left, right = max(given) if operator in "/-" else given[0], min(given) if operator in "/-" else given[1]
    return compute(f"{show_number(left)} {operator} {show_number(right)}")


def compute(expression: str) -> Sum | None:
    """Return the value of `expression`, None if it is none, divides by zero, or grows beyond the bounds."""
    tokens = _tokens(expression)
    if not tokens:
        return None
    reader = _Reader(tokens)
    try:
        value = reader.expression(0)
    except (_NotASumError, ZeroDivisionError, OverflowError):
        return None
    if reader.place != len(tokens):
        return None
    return Sum(expression.replace(" / 100 * ", "% of "), value, reader.is_exact)


class _NotASumError(Exception):
    """The text is no expression, or one beyond the bounds."""


def _tokens(expression: str) -> list[str]:
    if len(expression) > _LONGEST_EXPRESSION:
        return []
    found, place = [], 0
    while place < len(expression):
        match = _TOKEN.match(expression, place)
        if match is None:
            return []
        found.append(match[1])
        place = match.end()
    return found


class _Reader:
    """Recursive descent: sums of products of powers. `^` binds to the right and stronger than a sign."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self.place = 0
        self.is_exact = True

    def expression(self, depth: int) -> Fraction:
        value = self._product(depth)
        while (sign := self._take("+", "-")) is not None:
            right = self._product(depth)
            value = _bounded(value + right if sign == "+" else value - right)
        return value

    def _product(self, depth: int) -> Fraction:
        value = self._signed(depth)
        while (sign := self._take("*", "/")) is not None:
            right = self._signed(depth)
            value = _bounded(value * right if sign == "*" else value / right)
        return value

    def _signed(self, depth: int) -> Fraction:
        if depth > _MOST_DEPTH:
            raise _NotASumError
        if self._take("-"):
            return -self._signed(depth + 1)
        base = self._atom(depth)
        if self._take("^") is None:
            return base
        return _power(base, self._signed(depth + 1))

    def _atom(self, depth: int) -> Fraction:
        if self.place >= len(self._tokens):
            raise _NotASumError
        token = self._tokens[self.place]
        self.place += 1
        if token == "(":
            value = self.expression(depth + 1)
            if self._take(")") is None:
                raise _NotASumError
            return value
        if token == "sqrt":
            return self._root(self._atom(depth + 1) if depth < _MOST_DEPTH else Fraction(-1))
        if token[0] not in "0123456789.":
            raise _NotASumError
        return Fraction(token.removesuffix("%")) / (100 if token.endswith("%") else 1)

    def _root(self, value: Fraction) -> Fraction:
        if value < 0:
            raise _NotASumError
        above, below = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if above * above == value.numerator and below * below == value.denominator:
            return Fraction(above, below)
        self.is_exact = False
        scale = 10**12
        return Fraction(math.isqrt(value.numerator * scale * scale // value.denominator), scale)

    def _take(self, *signs: str) -> str | None:
        if self.place < len(self._tokens) and self._tokens[self.place] in signs:
            self.place += 1
            return self._tokens[self.place - 1]
        return None


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > _MOST_EXPONENT:
        raise _NotASumError
    if max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent.numerator) > _MOST_BITS:
        raise _NotASumError
    return base**exponent.numerator


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MOST_BITS:
        raise _NotASumError
    return value
