r"""What a user types: one message at a time, edited and recalled with readline on a terminal, one line each on a pipe.

On a terminal a line that ends in `\` goes on in the next one, and what stands between two lines of three quotes is one
message, as is a pasted text of several lines.
"""

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from parley.cli.fault import misused

_BLOCK = '"""'
_MOST_HISTORY = 1_000

Complete = Callable[[str, str], Sequence[str]]
"""Takes the line so far and the word at its end, and returns what the word could become."""


class LineInput:
    """Standard input, message by message. `complete` offers words at TAB; `history` is a file that keeps lines."""

    def __init__(self, complete: Complete, history: Path | None = None) -> None:
        self.is_interactive = sys.stdin is not None and sys.stdin.isatty()
        self._history = history
        self._readline = _load_readline() if self.is_interactive and sys.stdout.isatty() else None
        if self._readline is not None:
            _set_up(self._readline, complete)
            self._recall()

    def read(self, prompt: str) -> str | None:
        """Return the next message, None at the end of input; raises KeyboardInterrupt on Ctrl-C."""
        if not self.is_interactive:
            return self._read_piped()
        line = self._read_line(prompt)
        if line is None or line.strip() != _BLOCK:
            return self._read_continued(line)
        block = []
        while (line := self._read_line("… ")) is not None and line.strip() != _BLOCK:
            block.append(line)
        return "\n".join(block)

    def close(self) -> None:
        """Keep the history, readable for its owner alone."""
        if self._readline is None or self._history is None:
            return
        try:
            self._history.touch(mode=0o600)
            self._readline.set_history_length(_MOST_HISTORY)
            self._readline.write_history_file(str(self._history))
        except OSError as error:
            raise misused(f"--history {self._history} can't be written: {error.strerror}.") from error

    def _read_continued(self, line: str | None) -> str | None:
        """Return a line and those that it goes on in."""
        lines = []
        while line is not None and line.endswith("\\"):
            lines.append(line[:-1])
            line = self._read_line("… ")
        if line is None and not lines:
            return None
        return "\n".join([*lines, *([] if line is None else [line])])

    def _read_line(self, prompt: str) -> str | None:
        try:
            if sys.stdout.isatty():
                return input(prompt)
            # What a pipe gets is answers: input() would put the prompt among them.
            sys.stderr.write(prompt)
            sys.stderr.flush()
            return input()
        except EOFError:
            return None

    def _read_piped(self) -> str | None:
        try:
            line = sys.stdin.readline()
            line.encode()
        except UnicodeError as error:
            raise misused("Standard input is not UTF-8 text.") from error
        except OSError as error:
            raise misused(f"Standard input can't be read: {error.strerror or error}.") from error
        return line.rstrip("\r\n") if line else None

    def _recall(self) -> None:
        if self._history is None or self._readline is None:
            return
        with contextlib.suppress(FileNotFoundError):
            try:
                self._readline.read_history_file(str(self._history))
            except (OSError, UnicodeError) as error:
                if isinstance(error, FileNotFoundError):
                    raise
                raise misused(f"--history {self._history} can't be read: {error}.") from error


def _load_readline() -> Any:
    """Return the module, None where Python was built without it: lines can be typed even so."""
    try:
        return importlib.import_module("readline")
    except ImportError:
        return None


def _set_up(readline: Any, complete: Complete) -> None:
    def offer(word: str, state: int) -> str | None:
        found = list(_offered(readline.get_line_buffer(), word))
        return found[state] if state < len(found) else None

    def _offered(line: str, word: str) -> Iterator[str]:
        yield from complete(line, word)

    readline.set_completer(offer)
    readline.set_completer_delims(" \t\n")
    is_libedit = "libedit" in (readline.__doc__ or "")
    if is_libedit:
        readline.parse_and_bind("bind ^I rl_complete")
        return
    readline.parse_and_bind("tab: complete")
    # A pasted text arrives as one message instead of one for each of its lines.
    readline.parse_and_bind("set enable-bracketed-paste on")
    readline.parse_and_bind(r'"\e\C-m": "\C-v\C-j"')
