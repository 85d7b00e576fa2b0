"""Words, sentences and numbers of a text, and how much two texts have in common.

Plain counting over a bounded stretch of text: it knows small word lists of English and nothing of meaning. Other
scripts are read character by character.
"""

import re
from collections.abc import Iterable
from fractions import Fraction

MOST_CHARACTERS = 20_000
"""How much of one text is read; the rest would cost time and change little."""

_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+(?:['’][^\W_]+)*"
)
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,15}(?:,\d{3})*(?:\.\d{1,15})?(?![\w])")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=\S)|(?<=[。！？])| ?\n\s*")
_BLANKS = re.compile(r"[^\S\n]+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|no|dr|mr|mrs|ms|prof|st|fig|inc|ltd)|\b[A-Z])\.$", re.IGNORECASE
)
_BULLET = re.compile(r"^(?:[-*•#>]+|\d{1,3}[.)])\s+")


def word_set(listed: str) -> frozenset[str]:
    """Return the words of a list that is written as one text."""
    return frozenset(listed.split())


STOPWORDS = word_set(
    """
    a about above after again all also am an and any are as at be because been before being below between
    both but by can could did do does doing down during each either else few for from further had has have
    having he her here hers him his how i if in into is it its itself just let like may me might more most
    much must my neither no nor not now of off on once only or other our ours out over own please rather
    same shall she should so some such than that the their theirs them then there these they this those
    through to too under until up us use very was we were what when where which while who whom whose why
    will with would yes yet you your yours answer question tell give say following text it's explain
    describe define many i'm don't what's that's there's let's we're you're isn't does't one get
    """
)

NEGATIONS = word_set(
    """
    not no never none nothing nobody neither nor cannot without hardly barely scarcely isn't aren't wasn't
    weren't don't doesn't didn't won't wouldn't can't couldn't shouldn't hasn't haven't hadn't lacks lack
    lacking fails failed refuses refused stopped unable
    """
)


def words(text: str) -> list[str]:
    """Return the words of `text`, lower case, curly apostrophes made straight."""
    return [found.replace("’", "'").lower() for found in _WORD.findall(text[:MOST_CHARACTERS])]


def stem(word: str) -> str:
    """Return `word` without its commonest English endings, so that `costs` meets `costing`."""
    word = word.removesuffix("'s").replace("'", "")
    for ending, shortest in (
        ("ingly", 5),
        ("edly", 5),
        ("ing", 4),
        ("ies", 3),
        ("ed", 4),
        ("es", 4),
        ("ly", 4),
        ("s", 3),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= shortest - 1 and not word.endswith("ss"):
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word.removesuffix("e") if len(word) > 4 else word


def stems(text: str) -> list[str]:
    """Return the stems of the words that carry content, in order, repeats included."""
    return [stem(word) for word in words(text) if word not in STOPWORDS]


def key_stems(text: str) -> frozenset[str]:
    """Return the stems of `text` as a set."""
    return frozenset(stems(text))


def key_words(text: str) -> tuple[str, ...]:
    """Return the content words of `text` as written (lower case), each stem once."""
    by_stem: dict[str, str] = {}
    for word in words(text):
        if word not in STOPWORDS:
            by_stem.setdefault(stem(word), word)
    return tuple(by_stem.values())


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of `text`, list marks taken off; a line end always ends one."""
    found: list[str] = []
    for piece in _SENTENCE_END.split(_BLANKS.sub(" ", text[:MOST_CHARACTERS])):
        sentence = _BULLET.sub("", piece.strip())
        if found and _ABBREVIATION.search(found[-1][-12:]):
            found[-1] = f"{found[-1]} {sentence}"
        elif sentence:
            found.append(sentence)
    return tuple(found)


def numbers(text: str) -> tuple[Fraction, ...]:
    """Return the numbers written in digits, in order; `1,250` is one number."""
    return tuple(Fraction(found.replace(",", "")) for found in _NUMBER.findall(text[:MOST_CHARACTERS]))


def has_negation(text: str) -> bool:
    """Return whether an odd number of words deny something."""
    return sum(1 for word in words(text) if word in NEGATIONS) % 2 == 1


def overlap(left: Iterable[str], right: Iterable[str]) -> float:
    """Return the share of all stems of either side that both have, 0 to 1."""
    one, two = frozenset(left), frozenset(right)
    union = len(one | two)
    return len(one & two) / union if union else 0.0


def coverage(wanted: Iterable[str], given: Iterable[str]) -> float:
    """Return the share of the `wanted` stems that are among the `given`, 0 to 1; 1 if none is wanted."""
    one = frozenset(wanted)
    return len(one & frozenset(given)) / len(one) if one else 1.0


def shorten(text: str, most: int) -> str:
    """Return `text` on one line of at most `most` characters, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    return line[: most - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def join_words(items: Iterable[str], last: str = "and") -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    listed = list(items)
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} {last} {listed[-1]}"


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
