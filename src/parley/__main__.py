"""Entrance of the `parley` command; hands over to the command line."""

import gc
import io
import os
import sys
from typing import NoReturn

from parley.cli import run

_STREAMS = 3


def main() -> NoReturn:
    """Run the command of this process and exit with its code."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Terminals and pipes that are not UTF-8 get a question mark instead of a traceback.
            stream.reconfigure(errors="replace")
    code = run(sys.argv[1:])
    gc.freeze()  # all is closed; a search for garbage in what ends with the process takes longer than most commands
    sys.exit(code)


def _open_closed_streams() -> None:
    """Let a stream that whoever started us has closed be empty, so that no socket takes its number and its place."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < _STREAMS:
        pass
    os.close(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8")
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")


if __name__ == "__main__":
    main()
