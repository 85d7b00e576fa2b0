"""Text from outside is made harmless; numbers are said as people read them."""

import pytest
from rich.text import Text

from parley.cli.terminal import answer_text, count, duration, harmless, money, write_rows


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, ümläuts, 日本語, 🎉", "plain text, ümläuts, 日本語, 🎉"),
        ("two\nlines\tand a tab", "two\nlines   and a tab"),
        ("CR\r\nLF and\rCR alone", "CR\nLF and\nCR alone"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[H\x1b[?25lgone", "gone"),
        ("\x9b31mC1 red", "C1 red"),
        ("\x1b]0;new title\x07text", "text"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;cGFzdGU=\x07clipboard", "clipboard"),
        ("\x1bPdevice control\x1b\\after", "after"),
        ("an unfinished \x1b]0;title keeps its text", "an unfinished 0;title keeps its text"),
        ("\x1bcreset", "reset"),
        ("lone escape \x1b", "lone escape "),
        ("bell\x07 backspace\x08 null\x00 delete\x7f", "bell backspace null delete"),
        ("C1 \x85\x90 controls", "C1  controls"),
        ("ab\u202etxt.exe\u2066", "abtxt.exe"),
        ("half a pair \ud83d", "half a pair \ufffd"),
        ("[bold]no markup[/bold] :smile:", "[bold]no markup[/bold] :smile:"),
    ],
)
def test_what_steers_a_terminal_does_not_get_through(text: str, shown: str) -> None:
    assert harmless(text) == shown
    assert "\x1b" not in harmless(text)


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (None, "cost unknown"),
        (0, "$0"),
        (1.2e-05, "$0.000012"),
        (0.000123456, "$0.00012"),
        (0.05, "$0.050"),
        (0.999, "$1.00"),
        (12.345, "$12.34"),
        ("0.25", "$0.25"),
    ],
)
def test_money_shows_two_digits_that_tell_something(cost: float | str | None, shown: str) -> None:
    assert money(cost) == shown


@pytest.mark.parametrize(
    ("duration_ms", "shown"),
    [(0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (59_900, "59.9 s"), (60_000, "1 min 0 s"), (125_000, "2 min 5 s")],
)
def test_times_are_said_in_the_unit_that_fits(duration_ms: float, shown: str) -> None:
    assert duration(duration_ms) == shown


def test_one_is_one_and_thousands_are_grouped() -> None:
    assert [count(1, "model"), count(2, "model"), count(20_000, "token")] == ["1 model", "2 models", "20,000 tokens"]


def test_cells_of_a_row_hold_neither_tabs_nor_line_ends(capsys: pytest.CaptureFixture[str]) -> None:
    write_rows([[Text("a\tb\nc", "bold"), Text("")], [Text("d"), Text("[e]")]])
    assert capsys.readouterr().out == "a b c\t\nd\t[e]\n"


def test_values_of_a_schema_are_laid_out_and_text_stays_as_it_is() -> None:
    assert answer_text({"name": "Zoë"}) == '{\n  "name": "Zoë"\n}'
    assert answer_text("{}") == "{}"
    assert answer_text(None) == ""
