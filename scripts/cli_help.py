"""Bring every command's help into docs/cli.md: `python scripts/cli_help.py --write`; without --write, say if it is so.

The help of `parley ask` stands in the fenced block behind the line `<!-- help: ask -->`; a command without such a line
gets it at the end of its section.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from parley.cli.commands import make_app

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
_WIDTH = 100


def helps() -> dict[str, str]:
    """Return what each command prints with --help, by its name without `parley`."""
    return dict(_helps_of(typer.main.get_command(make_app()), ""))


def _helps_of(command: Any, name: str) -> Iterator[tuple[str, str]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        settings = {"terminal_width": _WIDTH, "max_content_width": _WIDTH, "help_option_names": ["-h", "--help"]}
        context = command.make_context(f"parley {name}", [], resilient_parsing=True, **settings)
        yield name, command.get_help(context)
        return
    for word, one in inner.items():
        if not one.hidden:
            yield from _helps_of(one, f"{name} {word}".strip())


def rewritten(page: str) -> str:
    """Return the page with each command's help in its place."""
    for name, text in helps().items():
        block = f"<!-- help: {name} -->\n```text\n{text.rstrip()}\n```\n"
        place = re.search(rf"<!-- help: {name} -->\n```text\n.*?^```\n", page, re.MULTILINE | re.DOTALL)
        if place:
            page = page[: place.start()] + block + page[place.end() :]
            continue
        section = re.search(rf"^## `parley {name}`\n.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        if section:
            page = page[: section.start()] + section.group().rstrip() + f"\n\n{block}\n" + page[section.end() :]
    return page.rstrip() + "\n"


def main() -> int:
    """Write the page, or compare; returns the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = rewritten(page)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(wanted, encoding="utf-8")
        return 0
    print("docs/cli.md is as it should be." if wanted == page else "docs/cli.md is out of date; run with --write.")
    return int(wanted != page)


if __name__ == "__main__":
    sys.exit(main())
