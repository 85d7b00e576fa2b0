"""Entrance of the `parley` command; hands over to the command line."""

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
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
