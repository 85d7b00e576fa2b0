"""The recorder: a reader of run events that appends finished panels to a file as replay rows.

One row per run: the newest user text and the texts of the seats that answered. It never raises into the run: a row
that can't be written is counted as lost.
"""

import gzip
import json
import os
from pathlib import Path

from parley.domain.events import Event, RunFinished, RunStarted, SeatFinished
from parley.domain.messages import Message, Role


class RecorderFile:
    """The file under a recorder, opened for appending. A name that ends in `.gz` gets one gzip member per row."""

    def __init__(self, path: Path) -> None:
        """Open `path`, creating it. Raises OSError."""
        self._is_gzip = path.suffix == ".gz"
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._needs_newline = not self._is_gzip and self._ends_in_mid_line()
        self.rows = 0
        self.lost_rows = 0

    def reader(self) -> "Recorder":
        """Return a recorder for one run."""
        return Recorder(self)

    def append(self, prompt: str, answers: dict[str, str]) -> None:
        """Write one row in one write, so that a killed process leaves whole rows."""
        line = json.dumps({"prompt": prompt, "answers": answers}).encode("ascii") + b"\n"
        if self._needs_newline:
            line = b"\n" + line
        raw = gzip.compress(line) if self._is_gzip else line
        try:
            written = os.write(self._descriptor, raw)
        except OSError:
            self.lost_rows += 1
            return
        self._needs_newline = not self._is_gzip and written < len(raw)
        if written < len(raw):
            self.lost_rows += 1
        else:
            self.rows += 1

    def close(self) -> None:
        os.close(self._descriptor)

    def _ends_in_mid_line(self) -> bool:
        size_bytes = os.fstat(self._descriptor).st_size
        return size_bytes > 0 and os.pread(self._descriptor, 1, size_bytes - 1) != b"\n"


class Recorder:
    """Reads the events of one run; writes its row when the run has finished. A run that was cut short leaves none."""

    def __init__(self, file: RecorderFile) -> None:
        self._file = file
        self._prompt: str | None = None
        self._answers: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case RunStarted(request=request):
                self._prompt = _newest_user_text(request.conversation)
            case SeatFinished(answer=answer) if answer.failure is None and answer.text and not answer.is_judge:
                # Of a model that sits twice the first seat's answer stays, as a row has one text per model.
                self._answers.setdefault(answer.model, answer.text)
            case RunFinished():
                if self._prompt is not None and self._answers:
                    self._file.append(self._prompt, self._answers)
            case _:
                pass


def _newest_user_text(conversation: tuple[Message, ...]) -> str | None:
    return next((message.text for message in reversed(conversation) if message.role is Role.USER), None)
