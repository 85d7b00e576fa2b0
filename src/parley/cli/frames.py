"""A drawing that is renewed in place, also where the terminal becomes narrower and wraps what was drawn."""

from collections.abc import Callable

from rich.console import Console, RenderableType
from rich.control import Control
from rich.live import Live

FRAMES_PER_S = 12


class Frames(Live):
    """Draws what `draw` returns, several times a second, and takes it away at the end."""

    def __init__(self, console: Console, draw: Callable[[], RenderableType]) -> None:
        self._drawn_width = self._seen_width = console.width
        super().__init__(
            get_renderable=draw,
            console=console,
            refresh_per_second=FRAMES_PER_S,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

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
