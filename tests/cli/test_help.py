"""Every command's help stands in docs/cli.md as it is printed; `python scripts/cli_help.py --write` brings it there."""

from cli_help import PAGE, helps, rewritten


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
