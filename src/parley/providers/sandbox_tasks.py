"""Small tasks on a text that a program simply does: counting, reversing, changing case, sorting."""

import re
from collections.abc import Sequence
from fractions import Fraction

from parley.providers.sandbox_draft import Draft
from parley.providers.sandbox_words import join_words, sentences, words

_COUNT = re.compile(
    r"\b(?:how many|count (?:the )?|number of )\s*(?P<what>words|characters|letters|sentences)\b", re.IGNORECASE
)
_COUNT_LETTER = re.compile(
    r"\bhow (?:many|often)\b.{0,40}?(?:letter "
    r")?[\"'“‘]?\b(?P<letter>[a-z])\b[\"'”’]?(?:'?s)?\b.{0,40}?\bin\b (?:the word )?"
    r"[\"'“‘]?(?P<word>[a-z]{2,40})",
    re.IGNORECASE,
)
_REVERSE = re.compile(
    r"^\W*(?:please )?reverse (?:the (?:word|text|string) )?[\"'“‘]?(?P<text>[^\"'”’?]{1,200})", re.IGNORECASE
)
_CASE = re.compile(r"\b(?P<case>upper|lower)[- ]?case\b", re.IGNORECASE)
_SORT = re.compile(r"^\W*(?:please )?sort\b(?P<how>[^:]{0,80}):?", re.IGNORECASE)
_LIST_MARK = re.compile(r"\s*[,;\n]\s*(?:and\s+)?")


def do_task(question: str, passage: Sequence[str]) -> Draft | None:
    """Return the result if `question` asks for such a task, else None."""
    material = "\n".join(passage)
    letter = _COUNT_LETTER.search(question[:500])
    if letter is not None:
        times = letter["word"].lower().count(letter["letter"].lower())
        return Draft(str(times), f'The letter {letter["letter"].lower()} stands {_times(times)} in "{letter["word"]}".')
    count = _COUNT.search(question[:500])
    if count is not None and material:
        return _count(count["what"].lower(), material)
    backwards = _REVERSE.match(question[:500])
    if backwards is not None:
        text = (material or backwards["text"]).strip(" :.")
        return Draft(text[::-1]) if text else None
    if _CASE.search(question[:200]) and material:
        return Draft(material.upper() if "upper" in question[:200].lower() else material.lower())
    return _sort(question, material)


def _count(what: str, material: str) -> Draft:
    counts = {
        "words": len(words(material)),
        "characters": len(material),
        "letters": sum(1 for character in material if character.isalpha()),
        "sentences": len(sentences(material)),
    }
    told = {name: f"{count} {name if count != 1 else name[:-1]}" for name, count in counts.items()}
    others = join_words(told[name] for name in ("words", "sentences", "characters") if name != what)
    return Draft(str(counts[what]), f"The text has {told[what]}.", (f"It also has {others}.",))


def _times(times: int) -> str:
    return {0: "not once", 1: "once", 2: "twice"}.get(times, f"{times} times")


def _sort(question: str, material: str) -> Draft | None:
    found = _SORT.match(question[:500])
    if found is None:
        return None
    items = [item.strip(" .") for item in _LIST_MARK.split(material) if item.strip(" .")]
    if len(items) < 2:
        return None
    try:
        ordered = sorted(items, key=Fraction)
    except (ValueError, ZeroDivisionError):
        ordered = sorted(items, key=str.casefold)
    if re.search(r"\b(?:descending|reverse|backwards|largest first|from the largest)\b", found["how"], re.IGNORECASE):
        ordered.reverse()
    return Draft(", ".join(ordered))
