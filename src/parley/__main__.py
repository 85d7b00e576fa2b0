"""Entrance of the `parley` command; hands over to the command line."""

import gc
import io
import sys
from typing import NoReturn

from parley.cli import run


def main() -> NoReturn:
    """Run the command of this process and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Terminals and pipes that are not UTF-8 get a question mark instead of a traceback.
            stream.reconfigure(errors="replace")
    code = run(sys.argv[1:])
    gc.freeze()  # all is closed; a search for garbage in what ends with the process takes longer than most commands
    sys.exit(code)


if __name__ == "__main__":
    main()
