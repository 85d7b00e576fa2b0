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


_READY = b"r"
_FAULT = b"f"


class NotStarted(Exception):
    """The first worker could not start, for a reason that an operator can mend; the message is its own."""


class Workers:
    """`count` processes that each do `work`; the first must serve before the others start.

    `faults` are what `work` raises where an operator can mend what keeps it from starting.
    """

    def __init__(self, count: int, work: Work, faults: tuple[type[Exception], ...] = ()) -> None:
        self._count = count
        self._work = work
        self._faults = faults
        self._started: dict[int, float] = {}
        self._is_ending = False

    def run(self) -> int:
        """Return the exit code, 0 after an orderly end, once every worker is gone. Raises NotStarted."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        code = 0
        if self._start_first():
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

    def _start_first(self) -> bool:
        """Fork the first worker and return whether it serves. Raises NotStarted, once it is gone."""
        with open(self._fork(is_first=True), "rb", buffering=0) as pipe:
            said = pipe.read(1)
            fault = pipe.read() if said == _FAULT else b""
        if said == _FAULT:
            os.wait()
            self._started.clear()
            raise NotStarted(fault.decode())
        return said == _READY

    def _start(self) -> None:
        os.close(self._fork(is_first=False))

    def _fork(self, is_first: bool) -> int:
        """Fork one worker and return the file descriptor from which it is heard."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            self._be_worker(is_first, writing)
        os.close(writing)
        self._started[pid] = time.monotonic()
        return reading

    def _be_worker(self, is_first: bool, writing: int) -> None:
        """Do the work in this new process, and never come back to the code of its parent."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        code = 1
        try:
            self._work(is_first, lambda: _say(writing, _READY))
            code = 0
        except self._faults as fault:
            if is_first:
                _say(writing, _FAULT + str(fault).encode())
            else:
                self._tell(str(fault))
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


def _say(writing: int, said: bytes) -> None:
    with suppress(BrokenPipeError):  # nobody waits for a later worker
        os.write(writing, said)
    os.close(writing)
