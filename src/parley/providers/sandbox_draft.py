"""A draft: what a sandbox model has found out, before it is put into its own manner of speaking."""

from dataclasses import dataclass

from parley.providers.sandbox_bias import Bias
from parley.providers.sandbox_words import capitalised, word_set

_PLAIN_STARTS = word_set("a an as both by if in it its nothing the there this two what")


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer in parts. `head` alone answers the question; `reason` and `points` are sentences that carry it.

    `counter` speaks against it, `twist` says why the less obvious was taken, `basis` what it all rests on. `ending`
    closes the text in every manner.
    """

    head: str
    reason: str = ""
    points: tuple[str, ...] = ()
    counter: str = ""
    basis: str = ""
    ending: str = ""
    twist: str = ""


def speak(draft: Draft, bias: Bias) -> str:
    """Return `draft` as `bias` says it: in a sentence, at length, from the other side, or plainly."""
    match bias.name:
        case "terse":
            parts = [_line(draft.head, draft.reason)]
        case "thorough":
            parts = _at_length(draft, bias)
        case "contrarian":
            parts = [_line(draft.head, " ".join(filter(None, [draft.twist, draft.reason])))]
            if draft.counter:
                parts.append(f"Still: {_lower(draft.counter)}")
        case _:
            parts = [" ".join(filter(None, [_line(draft.head, draft.reason), draft.counter]))]
    return "\n\n".join(filter(None, [*parts, draft.ending]))


def _at_length(draft: Draft, bias: Bias) -> list[str]:
    parts = [_line(draft.head, draft.reason)]
    if draft.points:
        parts.append("\n".join(f"- {point}" for point in draft.points[: bias.most_sentences]))
    if draft.counter:
        parts.append(f"But: {_lower(draft.counter)}")
    if draft.basis:
        parts.append(draft.basis)
    return parts


def _line(head: str, reason: str) -> str:
    """Return head and reason as sentences; the head keeps its own end if it has one."""
    start = capitalised(head.strip())
    if start and start[-1] not in '.!?:…"”)':
        start += "."
    return f"{start} {reason}".strip()


def _lower(sentence: str) -> str:
    """Return `sentence` to follow a colon: its first letter made small unless it begins a name or a quotation."""
    first = sentence.split(" ", 1)[0]
    is_plain = first.istitle() and first.lower() in _PLAIN_STARTS
    return sentence[:1].lower() + sentence[1:] if is_plain else sentence
