"""A drawing that is renewed in place, also where the terminal becomes narrower and wraps what was drawn."""

import contextlib
import os
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import TracebackType

from rich.console import Console, RenderableType
from rich.control import Control
from rich.live import Live

from parley.cli.ending import orderly_end

FRAMES_PER_S = 12


class Frames(Live):
    """Draws what `draw` returns, several times a second, and takes it away at the end."""

    def __init__(self, console: Console, draw: Callable[[], RenderableType]) -> None:
        self._drawn_width = self._seen_width = console.width
        self._begun = ExitStack()
        super().__init__(
            get_renderable=draw,
            console=console,
            refresh_per_second=FRAMES_PER_S,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> "Frames":
        with ExitStack() as begun:
            begun.enter_context(orderly_end(signal.SIGTERM))  # it must not leave a terminal without echo and cursor
            begun.enter_context(keys_unseen())
            super().__enter__()
            self._begun = begun.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._begun:
            super().__exit__(kind, error, trace)

    def refresh(self) -> None:
        """Draw the next frame over the last one; nothing while the terminal is being made narrower."""
        with self._lock:
            width = self.console.width
            if width < self._drawn_width and width != self._seen_width:
                self._seen_width = width
                return
            if width < self._drawn_width:
                self._leave_behind()
            self._drawn_width = self._seen_width = width
        super().refresh()

    def _leave_behind(self) -> None:
        """Push what is on the screen into the scrollback and begin at its top.

        Terminals disagree on where the cursor is after they have wrapped a frame, so it can't be drawn over; cleared,
        it would take with it what was there before.
        """
        height = self.console.height
        self._live_render._shape = None
        self.console.control(Control.move_to(0, height - 1))
        self.console.file.write("\n" * height)
        self.console.control(Control.home())


@contextlib.contextmanager
def keys_unseen() -> Iterator[None]:
    """Keep pressed keys out of a drawing while the block lasts; what is typed waits to be read."""
    terminal = _own_terminal()
    if terminal is None:
        yield
        return
    before = termios.tcgetattr(terminal)
    flags, local = before[:3], before[3]
    try:
        termios.tcsetattr(terminal, termios.TCSADRAIN, [*flags, local & ~termios.ECHO, *before[4:]])
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _own_terminal() -> int | None:
    """Return standard input if it is a terminal, and ours: a job in the background would be stopped for touching it."""
    try:
        terminal = sys.stdin.fileno()
        return terminal if os.tcgetpgrp(terminal) == os.getpgrp() else None
    except (OSError, ValueError, AttributeError):
        return None
