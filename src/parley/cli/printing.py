"""For whom a command prints: people, or a program that wants one document or a line for each event."""

from enum import Enum, auto

from parley.cli.fault import misused


class Printing(Enum):
    PEOPLE = auto()
    JSON = auto()
    LINES = auto()


def printing_of(is_json: bool, is_jsonl: bool) -> Printing:
    """Return what the two options come to; raises CommandFault for both of them."""
    if is_json and is_jsonl:
        raise misused("--json and --jsonl exclude each other: one document, or a line for each event.")
    if is_jsonl:
        return Printing.LINES
    return Printing.JSON if is_json else Printing.PEOPLE
