"""Signals that would kill a command end it in order instead: what it has changed or begun is put back first."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


@contextmanager
def orderly_end(*signals: signal.Signals) -> Iterator[None]:
    """Leave the block by SystemExit when one of `signals` comes, with the code that a shell shows for it."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    former = {number: signal.signal(number, end) for number in signals}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
