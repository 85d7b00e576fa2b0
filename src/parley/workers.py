"""Several server processes on one socket: starts them, replaces one that dies, ends them together.

The processes are forked before any of them has threads or a loop. They share nothing but the listening socket: limits
are counted in the shared limiter, everything else in the store.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

Work = Callable[[bool, Callable[[], None]], None]
"""What a worker does: whether it is the first, which speaks for all, and what it calls once it serves."""

_SOON_S = 5.0
"""A worker that ends by itself sooner than this after its start would end again: then all end."""


class Workers:
    """`count` processes that each do `work`; the first must serve before the others start."""

    def __init__(self, count: int, work: Work) -> None:
        self._count = count
        self._work = work
        self._started: dict[int, float] = {}
        self._is_ending = False

    def run(self) -> int:
        """Return the exit code, 0 after an orderly end, once every worker is gone."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        code = 0
        if self._start(waits=True):
            for _ in range(self._count - 1):
                self._start()
        while self._started:
            pid, status = os.wait()
            began = self._started.pop(pid, None)
            if began is None or self._is_ending:
                continue
            code = 1
            if time.monotonic() - began < _SOON_S:
                self._tell(f"Worker {pid} ended right after its start; the server ends.")
                self._end(signal.SIGTERM, None)
            else:
                self._tell(
                    f"Worker {pid} ended with status {os.waitstatus_to_exitcode(status)}; another takes its place."
                )
                self._start()
                code = 0
        return code

    def _start(self, waits: bool = False) -> bool:
        """Fork one worker; with `waits`, return whether it serves."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            self._be_worker(waits, writing)
        os.close(writing)
        self._started[pid] = time.monotonic()
        is_ready = not waits or os.read(reading, 1) == b"r"
        os.close(reading)
        return is_ready

    def _be_worker(self, is_first: bool, writing: int) -> None:
        """Do the work in this new process, and never come back to the code of its parent."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        code = 1
        try:
            self._work(is_first, lambda: _say_ready(writing))
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except Exception:  # noqa: BLE001  # the outermost edge of this process: nobody else would show it
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self._is_ending = True
        for pid in self._started:
            os.kill(pid, number)

    def _tell(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def _say_ready(writing: int) -> None:
    with suppress(BrokenPipeError):  # nobody waits for a later worker
        os.write(writing, b"r")
    os.close(writing)
