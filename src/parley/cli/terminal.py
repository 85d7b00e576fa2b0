"""What goes to the terminal: consoles, numbers as people read them, and text made harmless.

Answers are data: nothing in them is taken as markup, and nothing that steers a terminal gets through.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from parley.cli.fault import output_closed, output_failed
from parley.domain.json import JsonValue

# Source: ECMA-48, sections 5.3 to 5.6. A control string without its end loses only its introducer.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI … final byte
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC … end
    r"|\x1b[ -/]*[0-~]?"
)
# Marks that reorder what is shown after them, so that text can pose as other text.
_REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_CONTROLS = [code for code in range(0xA0) if unicodedata.category(chr(code)) == "Cc" and chr(code) not in "\n\t"]
_HARMLESS = {**dict.fromkeys(_CONTROLS), **dict.fromkeys(map(ord, _REORDERING))}
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MINUTE_S = 60


def harmless(text: str) -> str:
    """Return `text` without escape sequences, control characters and marks that reorder it; line ends become LF."""
    if text.isascii() and text.isprintable():
        return text
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _SURROGATE.sub("\ufffd", text.translate(_HARMLESS)).expandtabs(4)


def plain(text: str, style: str = "") -> Text:
    """Return text for the screen that came from outside."""
    return Text(harmless(text), style)


class _OwnConsole(Console):
    """A console whose reader may go away, as `head` does, and whose disk may be full; notes are then dropped."""

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            super().__exit__(kind, error, trace)
        except OSError as fault:
            self.quiet = True
            if not self.stderr:
                raise output_failed(fault) from fault

    def on_broken_pipe(self) -> None:
        self.quiet = True
        if not self.stderr:
            raise output_closed()


def make_console(*, is_error: bool = False) -> Console:
    """Return a console on standard output or standard error that reads no markup."""
    return _OwnConsole(stderr=is_error, highlight=False, markup=False, emoji=False)


def is_animated(console: Console) -> bool:
    """Whether what is printed can be drawn over: a terminal that moves its cursor."""
    return console.is_terminal and not console.is_dumb_terminal


def say(console: Console, text: str | Text = "") -> None:
    """Print a paragraph: wrapped on a terminal, one line on a pipe."""
    console.print(text, soft_wrap=not console.is_terminal)


def write_json(value: JsonValue) -> None:
    """Print the one document of `--json`."""
    write_out(json.dumps(value, ensure_ascii=True, indent=2) + "\n")


def write_line(value: JsonValue) -> None:
    """Print one line of `--jsonl`, at once."""
    write_out(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def write_rows(rows: Iterable[Sequence[Text]]) -> None:
    """Print a table for programs: a line for each row, a tab between cells. A cell has neither in it."""
    for row in rows:
        write_out("\t".join(" ".join(cell.plain.split()) for cell in row) + "\n")


def write_out(text: str) -> None:
    """Print text as it stands, at once; raises OutputFault if it can't be written."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise output_failed(error) from error


def answer_text(data: JsonValue) -> str:
    """Return an answer as text: a JSON value is laid out, text stays as it is."""
    if data is None:
        return ""
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, indent=2)


def duration(duration_ms: float) -> str:
    """Return a time as people say it."""
    if duration_ms < 1000:
        return f"{duration_ms:.0f} ms"
    seconds = duration_ms / 1000
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // _MINUTE_S} min {int(seconds) % _MINUTE_S} s"


def money(cost_usd: float | str | None) -> str:
    """Return dollars with the digits that tell something: two from the first that is not 0."""
    if cost_usd is None:
        return "cost unknown"
    amount = Decimal(str(cost_usd))
    if amount == 0:
        return "$0"
    if amount >= 1:
        return f"${amount:.2f}"
    places = 1 - amount.adjusted()
    return f"${amount:.{places}f}"


def count(number: int, noun: str) -> str:
    """Return `1 model`, `2 models`, `20,000 tokens`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
