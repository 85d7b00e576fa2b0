"""Every command's help stands in docs/cli.md as it is printed; `python scripts/cli_help.py --write` brings it there."""

import subprocess
import sys

import pytest

from cli_help import PAGE, helps, rewritten
from cli_process import environment


def test_help_in_the_docs_is_what_the_commands_print() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert rewritten(page) == page, "run python scripts/cli_help.py --write"


def test_every_command_that_people_call_has_its_help() -> None:
    found = helps()
    assert {"ask", "chat", "keys create", "completion"} <= set(found)
    assert "complete" not in found
    for name, text in found.items():
        assert text.startswith(f"Usage: parley {name}")
        assert f"<!-- help: {name} -->" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments", [["--version"], ["ask", "--help"], ["chat", "--help"], ["complete", "--", "ask", "-"]]
)
def test_what_needs_no_gateway_loads_none(arguments: list[str]) -> None:
    program = (
        "import sys; from parley.cli import run; code = run(sys.argv[1:]); "
        "sys.exit(code or [name for name in ('parley.app', 'parley.server', 'sqlalchemy') if name in sys.modules] or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_group_without_a_command_shows_what_there_is() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "parley", "keys"], env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: parley keys ")
