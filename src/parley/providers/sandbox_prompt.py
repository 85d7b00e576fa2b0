"""What a sandbox model is sent, taken apart: the question, the text it is about, choices, fenced answers, headings.

Labels and choices are read as the resolvers write them, tolerantly. A fence counts only with its nonce, so that text
inside an answer can't pose as one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parley.domain.messages import ImagePart, Message, Role
from parley.providers.sandbox_words import MOST_CHARACTERS, sentences, shorten, word_set, words

_FENCE_OPEN = re.compile(r"^<?\s*(?P<kind>[A-Za-z]+)\b.*?\b(?P<nonce>[0-9a-f]{12,64})\b")
_NONCE = re.compile(r"\b[0-9a-f]{12,64}\b")
_LABEL = re.compile(r"\bAnswer [A-Z]{1,3}\b")
_HEADING = re.compile(r"^#{1,6} +(\S.*)$", re.MULTILINE)
_CHOICE_LINE = re.compile(r"^\(?([A-Z]{1,2})[).]\s(.*)$")
_AFTER_CHOICES = re.compile(r"^(?:answer|reply|respond) with\b", re.IGNORECASE)
_OPTION_MARK = re.compile(r"(?:^|(?<=\s))\(?([A-Z])[).]\s+", re.MULTILINE)
_ROLE_LINE = re.compile(r"^\[(?:user|assistant|system|tool)\]$", re.MULTILINE)
_QUOTED = re.compile(r"“([^“”]{8,})”|\"([^\"]{8,})\"|‘([^‘’]{8,})’|`([^`]{8,})`")
_TASK_VERBS = word_set(
    """
    get check look search convert summarise summarize explain describe list compare classify decide choose
    pick tell write draft give extract find calculate compute evaluate translate name suggest recommend
    define outline count reverse sort rewrite shorten show discuss argue review rate rank analyse analyze
    identify help propose plan design create brainstorm state judge determine solve weigh say answer reply
    respond
    """
)
_QUESTION_WORDS = word_set(
    "what which who whom whose why how when where should is are was does do can could would will"
)
_LENGTH_WISH = re.compile(
    r"\s*\b(?:in (?:about |at most |under |no more than |only )?"
    r"(?:(?:one|two|three|four|five|ten|\d+|a few|few|a single) (?:short )?)?(?:sentences?|words?|lines?|paragraphs?)"
    r"|in (?:\w+ )?bullet points?|briefly|in detail)\b",
    re.IGNORECASE,
)
_MOST_HEAD_WORDS = 14
_SHOWN_QUESTION = 160


@dataclass(frozen=True, slots=True)
class Labelled:
    """One fenced answer, as the judge sees it."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation as a sandbox model reads it.

    `question` is what is asked now, `passage` the sentences of the given text, `text` all of the newest user text.
    `choices` are demanded by the system message, `options` offered in the user's own text. `answers`, `headings` and
    `wishes` (paragraphs after the headings) are those of a judge's task. `tool_result` is the newest message,
    where a tool wrote it.
    """

    question: str
    passage: tuple[str, ...] = ()
    text: str = ""
    choices: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    answers: tuple[Labelled, ...] = ()
    headings: tuple[str, ...] = ()
    wishes: str = ""
    has_image: bool = False
    tool_result: str = ""

    @property
    def short_question(self) -> str:
        return shorten(self.question or self.text, _SHOWN_QUESTION)


def read_prompt(messages: Sequence[Message]) -> Prompt:
    """Return `messages` taken apart; never fails, whatever they hold."""
    system = "\n\n".join(message.text for message in messages if message.role is Role.SYSTEM)
    turns = [message for message in messages if message.role is not Role.SYSTEM]
    newest = next((message for message in reversed(turns) if message.role is Role.USER), None)
    asked = newest.text if newest else ""
    fences = list(_fences(asked))
    answers = tuple(Labelled(label, bounded(text)) for kind, label, text in fences if label and kind != "question")
    question = next((text for kind, label, text in fences if kind == "question" and not label), None)
    text = bounded(_ROLE_LINE.sub("", question if question is not None else asked))
    asking, given = _split(_without_options(text))
    earlier = [bounded(message.text) for message in turns if message is not newest]
    return Prompt(
        question=_LENGTH_WISH.sub("", asking),
        passage=(*given, *[sentence for text in earlier for sentence in sentences(text)]),
        text=text,
        choices=_choices(system),
        options=tuple(option for _, option in _options(text)),
        answers=answers,
        headings=tuple(_HEADING.findall(system)),
        wishes=_wishes(system),
        tool_result=bounded(turns[-1].text) if turns and turns[-1].role is Role.TOOL else "",
        has_image=newest is not None and any(isinstance(part, ImagePart) for part in newest.parts),
    )


def bounded(text: str) -> str:
    """Return `text`, of a very long one its beginning and its end, where questions stand.

    Half surrogate pairs, which can't be sent on, become question marks.
    """
    if len(text) <= MOST_CHARACTERS:
        return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return f"{text[: MOST_CHARACTERS * 3 // 4]}\n{text[1 - MOST_CHARACTERS // 4 :]}"


def letter(index: int) -> str:
    """Return the letter of choice `index`: A … Z, AA, AB …"""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def asks(sentence: str) -> bool:
    """Return whether `sentence` is a question or a task."""
    if sentence.rstrip("\"'”’)]* ").endswith(("?", "？")):
        return True
    start = words(sentence[:80])
    if start[:1] == ["please"]:
        start = start[1:]
    return bool(start) and (start[0] in _TASK_VERBS or start[:2] in (["tl", "dr"], ["what's", "the"]))


def _fences(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, label and content of every fenced stretch; a fence that is never closed is none."""
    if _NONCE.search(text) is None:
        return
    lines = text.split("\n")
    last_line = {nonce: place for place, line in enumerate(lines) for nonce in _nonces(line)}
    place = 0
    while place < len(lines):
        opened = _FENCE_OPEN.match(lines[place])
        if opened is None or last_line.get(opened["nonce"], 0) <= place:
            place += 1
            continue
        end = next(later for later in range(place + 1, len(lines)) if opened["nonce"] in lines[later])
        named = _LABEL.search(lines[place]) or (_LABEL.search(lines[place - 1]) if place else None)
        yield opened["kind"].lower(), named.group() if named else "", "\n".join(lines[place + 1 : end])
        place = end + 1


def _nonces(line: str) -> list[str]:
    return _NONCE.findall(line)


def _choices(system: str) -> tuple[str, ...]:
    """Return the last run of lines lettered A, B, C … in the system message; a choice may go on over several lines."""
    runs: list[list[str]] = []
    is_open = False
    for line in system.split("\n"):
        found = _CHOICE_LINE.match(line)
        if found and found[1] == "A":
            runs.append([found[2]])
            is_open = True
        elif found and is_open and found[1] == letter(len(runs[-1])):
            runs[-1].append(found[2])
        elif is_open and _AFTER_CHOICES.match(line):
            is_open = False
        elif is_open:
            runs[-1][-1] += f"\n{line}"
    complete = [run for run in runs if len(run) > 1]
    return tuple(choice.rstrip("\n") for choice in complete[-1]) if complete else ()


def _options(text: str) -> list[tuple[re.Match[str], str]]:
    """Return the marks A, B, C … in the user's text with what they stand before; fewer than two are none."""
    marks: list[re.Match[str]] = []
    for mark in _OPTION_MARK.finditer(text):
        if mark[1] == letter(len(marks)):
            marks.append(mark)
    if len(marks) < 2:
        return []
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    found = []
    for mark, end in zip(marks, ends, strict=True):
        found.append((mark, text[mark.end() : end].strip().split("\n")[0].strip()))
    return found


def _without_options(text: str) -> str:
    found = _options(text)
    if not found:
        return text
    last_mark, last_option = found[-1]
    return f"{text[: found[0][0].start()]}\n{text[last_mark.end() + len(last_option) :]}"


def _split(text: str) -> tuple[str, tuple[str, ...]]:
    """Return what `text` asks and the sentences that it gives."""
    asking: list[str] = []
    given: list[str] = []
    for sentence in sentences(text):
        if not asks(sentence):
            given.append(sentence)
            continue
        head, material = _head(sentence)
        asking.append(head)
        given += sentences(material)
    if not asking and len(given) == 1 and words(given[0])[:1] and words(given[0])[0] in _QUESTION_WORDS:
        return given[0], ()
    return " ".join(asking), tuple(given)


def _head(sentence: str) -> tuple[str, str]:
    """Split a task from the material that it carries: `Summarise: …`, `Is this kind: "…"?`"""
    quoted = [next(filter(None, found)) for found in _QUOTED.findall(sentence)]
    material = [text for text in quoted if len(words(text)) > 2]
    head = sentence
    for text in material:
        head = head.replace(text, "…")
    before, colon, after = head.partition(": ")
    is_choice = " or " in after and sentence.endswith("?")
    if colon and not is_choice and len(words(before)) <= _MOST_HEAD_WORDS and len(words(after)) > 2:
        return before + ":", "\n".join([after, *material])
    return head, "\n".join(material)


def _wishes(system: str) -> str:
    """Return the paragraphs that follow those with headings, but for the one that explains the fences."""
    paragraphs = system.split("\n\n")
    with_headings = [place for place, text in enumerate(paragraphs) if _HEADING.search(text)]
    if not with_headings:
        return ""
    return "\n\n".join(text for text in paragraphs[with_headings[-1] + 1 :] if "nonce=" not in text)
