"""The real command on a terminal of its own: what it writes is read, keys are pressed, the size is changed.

with Terminal("ask", "hi", columns=80) as terminal:
    terminal.wait_for("Consolidation")
    terminal.press(CTRL_C)
    assert terminal.wait() == 130
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

from cli_process import environment

CTRL_C = "\x03"
CTRL_D = "\x04"
UP = "\x1b[A"
_WAIT_S = 30
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[=>]|\r|\x07|\x08")
# The terminal must be the process's own, so that Ctrl-C reaches it and it learns of a new size; and a shell that starts
# tests in the background lets its children ignore Ctrl-C.
_START = """\
import fcntl, signal, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)
from parley.__main__ import main
main()
"""


class Terminal:
    """One command on a terminal; leaving the block ends it."""

    def __init__(
        self, *arguments: str, folder: Path, columns: int = 100, rows: int = 40, env: dict[str, str] | None = None
    ) -> None:
        self._main, inner = pty.openpty()
        self._resize(inner, columns, rows)
        self._written = b""
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, *arguments],
            cwd=folder,
            env=environment(**{"TERM": "xterm-256color", **(env or {})}),
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._main)

    @property
    def raw(self) -> str:
        """All that was written so far."""
        return self._written.decode(errors="replace")

    @property
    def text(self) -> str:
        """The same without what steers the terminal."""
        return _SEQUENCE.sub("", self.raw)

    @property
    def echoes(self) -> bool:
        """Whether pressed keys are written by the terminal itself."""
        return bool(termios.tcgetattr(self._main)[3] & termios.ECHO)

    def wait_for(self, wanted: str, after: int = 0) -> None:
        """Read until `wanted` is written, in the text from `after` on."""
        deadline = time.monotonic() + _WAIT_S
        while wanted not in self.text[after:]:
            assert time.monotonic() < deadline, f"no {wanted!r} in {self.text[after:][-2000:]!r}"
            assert self._read(), f"ended without {wanted!r}: {self.text[after:][-2000:]!r}"

    def press(self, keys: str) -> None:
        os.write(self._main, keys.encode())

    def terminate(self) -> None:
        """Send the command SIGTERM."""
        self._process.terminate()

    def resize(self, columns: int, rows: int = 40) -> None:
        """Make the terminal as large, and let the command know as a terminal does."""
        self._resize(self._main, columns, rows)

    def wait(self) -> int:
        """Read to the end and return the exit code."""
        while self._read():
            pass
        return self._process.wait(_WAIT_S)

    def _read(self) -> bool:
        """Read once; whether there may be more."""
        ready, _, _ = select.select([self._main], [], [], _WAIT_S)
        assert ready, f"nothing more is written after {self.text[-2000:]!r}"
        try:
            raw = os.read(self._main, 65_536)
        except OSError:
            return False  # what Linux says at the end of a terminal that nobody holds open any more
        self._written += raw
        return bool(raw)

    def _resize(self, terminal: int, columns: int, rows: int) -> None:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
