"""Reads which of the listed choices a free text picks, tolerantly but without guessing.

Knows no prompts and no votes. Anything that no rule reads is None: a correction round costs less than a wrong vote.
Every rule is linear in the text.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CLOSING = ".!"

# Whole replies: `C`, `(C)`, `C.`, `[C]`, `C)`; `2`, `(2)`, `#2`, `2.`
_LETTER = re.compile(r"[(\[]?([A-Z]{1,2})[)\]]?[.:]?")
_SMALL_LETTER = re.compile(r"[(\[]?([a-z]{1,2})[)\]]?[.:]?")
_NUMBER = re.compile(r"[(\[#]?([0-9]{1,3})[)\]]?[.:]?")
_NUMERIC_CHOICE = re.compile(r"\s*[-+−±~≈]?\s*[$€£¥]?\s*[-+−]?[0-9][0-9.,]*\s*[%°$€£¥]?\s*\.?\s*")
_NUMBER_TOKEN = re.compile(r"[0-9]+(?:[.,][0-9]+)*")

# The start of a conclusion. Between `answer` and its verb at most 60 characters of the same clause may stand, before a
# colon hardly any: `I can't answer this question: (C) …` concludes nothing.
_CONCLUSION = re.compile(
    r"\\boxed(?=\s*\{)"
    r"|\b(?:[Aa]nswer|ANSWER|(?:[Cc]orrect|[Rr]ight|[Bb]est|[Ff]inal)\s(?:option|choice|letter)|(?:Final|Correct)\sAnswer)\b"
    r"(?:(?:\s(?:choice|option|letter))?[\s*_`\"]{0,6}[:=]"
    r"|[^\n.:;!?()=]{0,60}?(?:\b(?:is|IS)\b|\b(?:would|should|must|has\sto)\sbe\b))"
)
# What may stand between the verb and the choice: blanks, quotes, bold, mathematics, `option`.
_LEAD = re.compile(
    r"(?:[\s*_`\"'“”‘’„«»:=>{]|\\[(\[]|\$|\\(?:text|textbf|mathrm|mathbf|mathit|boxed|bf|rm)\b|\.{2,}|…"
    r"|(?:[Oo]ption|[Cc]hoice|[Ll]etter|[Aa]nswer|likely|probably|indeed|therefore|clearly)\b){1,60}+"
)
_RETRACTED = re.compile(r"(?:not|none|neither|NOT|None|Neither)\b")
_BRACKETED = re.compile(r"[(\[]\s*\\?(?:text\{)?\*{0,2}([A-Za-z]{1,2})\*{0,2}\}?\s*(?:\Z|[)\]]|[.:](?!\w))")
_BARE = re.compile(
    r"([A-Z]{1,2})(?=\s*(?:\Z|\n)|\.(?![A-Za-z0-9])|[,;:!?)\]}*_`\"”’»\\$<]|'(?!\w)|\s+(?:because|since|as|[-–—(=:]))"
)
_BARE_SMALL = re.compile(r"([a-z]{1,2})(?=[.)\]}*_`\"]{0,4}\s*(?:\Z|\n))")
_STATED_NUMBER = re.compile(r"#?[(\[]?([0-9]{1,3})[)\]]?(?=[.!*_`\"})\]$\\]{0,6}\s*(?:\Z|\n))")
_LITERAL_END = re.compile(r"\s*(?:\Z|\n)|[.,](?!\w)|[;:!?)\]}*_`\"”’»\\$<]|'(?!\w)")
_ANOTHER = re.compile(
    r"[\s.*_`\"'”’)\]}\\$]{0,8}"
    r"(?:,?\s*(?:and|or)\b[\s*_`\"'“‘(\[]{0,6}([A-Z]{1,2})(?=[\W_]|\Z)"
    r"|[,&/][\s*_`\"'“‘(\[]{0,6}([A-Z]{1,2})(?=[^\w\s]|\s*(?:\Z|\n|(?:and|or)\b)))"
)
_LONE_LETTER = re.compile(r"[\s>#]*([*_`]{0,3})[(\[]?([A-Z]{1,2})[)\]]?[.:]?([*_`]{0,3})\.?\s*")
_BOLD_LINE = re.compile(r"\s*(?:\*\*|__)(.*)(?:\*\*|__)\.?\s*")

# A text of nothing but conclusions could make the search costly; the last ones decide anyway.
_LAST_CONCLUSIONS = 64
_LONGEST_CHOICE = 1_000
_LONGEST_REPLY = 4_096


def letter(index: int) -> str:
    """Return the label of the choice at `index`: A … Z, AA, AB … as columns of a spreadsheet are named."""
    label = ""
    index += 1
    while index > 0:
        index, rest = divmod(index - 1, len(_ALPHABET))
        label = _ALPHABET[rest] + label
    return label


class ChoiceReader:
    """Reads answers against one list of choices; built once per request.

    The order of the rules is that of contracts/roundtable.md, `multiple_choice`.
    """

    def __init__(self, choices: Sequence[str]) -> None:
        self._choices = tuple(choices)
        self._labels = {letter(index): index for index in range(len(choices))}
        self._exact = _unique((choice, index) for index, choice in enumerate(choices))
        self._stripped = _unique((choice.strip(), index) for index, choice in enumerate(choices))
        self._folded = _unique((_fold(choice), index) for index, choice in enumerate(choices))
        self._bare = _unique((_fold(choice).rstrip(_CLOSING), index) for index, choice in enumerate(choices))
        # Longest first: where one choice begins another, the longer one must be tried before.
        by_length = sorted(range(len(choices)), key=lambda index: -len(choices[index]))
        self._literals = [(choices[index].strip(), index) for index in by_length if choices[index].strip()]
        self._other_cases = sorted(self._folded.items(), key=lambda item: -len(item[0]))
        self._numbers = [_NUMBER_TOKEN.findall(choice) for choice in choices]
        self._has_numeric_choice = any(_NUMERIC_CHOICE.fullmatch(choice) for choice in choices)

    def read(self, text: str) -> int | None:
        """Return the index of the choice that `text` picks, None if it picks none or more than one."""
        reply = text.strip()
        if len(reply) > _LONGEST_REPLY:
            return self._read_conclusion(reply)
        found = self._read_literal(text)
        if found is not None:
            return found
        member = _structured(reply)
        if member is not None:
            text, reply = member, member.strip()
        found = self._read_reply(text, reply)
        return self._read_conclusion(reply) if found is None else found

    def _read_literal(self, text: str) -> int | None:
        found = self._exact.get(text)
        return self._stripped.get(text.strip()) if found is None else found

    def _read_reply(self, text: str, reply: str) -> int | None:
        """Read a text that is nothing but the choice; `reply` is `text` without its outer blanks."""
        folded = _fold(reply)
        for found in (
            self._read_literal(text),
            self._label(_LETTER.fullmatch(reply)),
            self._folded.get(folded),
            self._bare.get(folded.rstrip(_CLOSING)),
            self._label(_SMALL_LETTER.fullmatch(reply)),
            self._number(_NUMBER.fullmatch(reply)),
            self._read_labelled_literal(reply),
        ):
            if found is not None:
                return found
        return None

    def _label(self, match: re.Match[str] | None) -> int | None:
        return None if match is None else self._labels.get(match[1].upper())

    def _number(self, match: re.Match[str] | None) -> int | None:
        """Return the choice that a number counts to, unless the number could be meant as a choice's own text."""
        if match is None or self._has_numeric_choice:
            return None
        index = int(match[1]) - 1
        if not 0 <= index < len(self._choices):
            return None
        named_by = [other for other, tokens in enumerate(self._numbers) if match[1] in tokens]
        return index if all(other == index for other in named_by) else None

    def _read_labelled_literal(self, text: str) -> int | None:
        """Read `C. Paris`: a letter followed by that letter's own choice and nothing else."""
        match = re.match(r"[(\[]?([A-Z]{1,2})(?:[)\]][.:]?|[.:])\s*", text)
        index = self._label(match)
        if match is None or index is None:
            return None
        rest = _fold(text[match.end() : match.end() + 2 * _LONGEST_CHOICE]).rstrip(_CLOSING)
        return index if rest == _fold(self._choices[index]).rstrip(_CLOSING) else None

    def _read_conclusion(self, text: str) -> int | None:
        """Read a longer text by its last conclusion: a letter alone on the last line, or a phrase that states one."""
        found = self._read_last_line(text)
        if found is not None:
            return found
        for match in reversed(deque(_CONCLUSION.finditer(text), _LAST_CONCLUSIONS)):
            is_settled, found = self._read_stated(text[match.end() : match.end() + 2 * _LONGEST_CHOICE])
            if is_settled:
                return found
        return None

    def _read_last_line(self, text: str) -> int | None:
        before, _, line = text.rpartition("\n")
        if len(line) > 2 * _LONGEST_CHOICE:
            return None
        match = _LONE_LETTER.fullmatch(line)
        if match is None:
            bold = _BOLD_LINE.fullmatch(line)
            return None if bold is None else self._read_labelled_literal(bold[1])
        # Letters under each other are a list of the options, not a choice among them.
        is_list = _LONE_LETTER.fullmatch(before[-_LONGEST_CHOICE:].rstrip().rpartition("\n")[2]) is not None
        return None if is_list or match[1] != match[3] else self._labels.get(match[2])

    def _read_stated(self, tail: str) -> tuple[bool, int | None]:
        """Read what follows `the answer is`: whether it settles the matter, and how."""
        lead = _LEAD.match(tail)
        inner = tail[lead.end() :] if lead else tail
        found = self._stated_literal(tail.lstrip(), inner)
        if found is not None:
            return True, found
        if _RETRACTED.match(inner):
            return True, None
        for pattern in (_BRACKETED, _BARE):
            match = pattern.match(inner)
            # One letter beyond the choices is still meant as a letter; two may be a word, as in NO or (ii).
            if match is not None and (len(match[1]) == 1 or match[1] in self._labels):
                return True, self._sole_label(match, inner)
        found = _starting(_fold(inner), self._other_cases)
        if found is None:
            found = self._label(_BARE_SMALL.match(inner))
        if found is None and not any(self._numbers):
            found = self._number(_STATED_NUMBER.match(inner))
        return found is not None, found

    def _sole_label(self, match: re.Match[str], text: str) -> int | None:
        """Return the labelled choice unless another letter is named in the same breath (`A and B`)."""
        index = self._label(match)
        if index is None:
            return None
        rest = text[match.end() :].lstrip(" .:)]*_")
        own = self._choices[index].strip()
        if own and rest.startswith(own):
            rest = rest[len(own) :]
        another = _ANOTHER.match(rest) or _ANOTHER.match(text[match.end() :])
        other = self._labels.get(another[1] or another[2], index) if another else index
        return index if other == index else None

    def _stated_literal(self, *tails: str) -> int | None:
        for tail in tails:
            found = _starting(tail, self._literals)
            if found is not None:
                return found
        return None


def _starting(text: str, literals: Sequence[tuple[str, int]]) -> int | None:
    """Return the index of the first of `literals` that `text` starts with and that ends there."""
    for literal, index in literals:
        if text.startswith(literal) and _LITERAL_END.match(text, len(literal)):
            return index
    return None


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _unique(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return a table of the texts that name one choice alone; a text that could mean two is left out."""
    table: dict[str, int] = {}
    doubles = set()
    for text, index in pairs:
        if text in table:
            doubles.add(text)
        table[text] = index
    return {text: index for text, index in table.items() if text and text not in doubles}


def _structured(text: str) -> str | None:
    """Return the one string of `{"choice": "…"}` or of a bare JSON string, None for any other text."""
    stripped = text.strip()
    if not stripped.startswith(("{", '"')):
        return None
    try:
        value = msgspec.json.decode(stripped)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    if isinstance(value, dict) and len(value) == 1:
        value = value.get("choice")
    return value if isinstance(value, str) else None
