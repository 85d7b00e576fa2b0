"""The command line on a real pseudo-terminal: columns that stream, Ctrl-C, a changing size, a chat with its keys."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from cli_terminal import CTRL_C, CTRL_D, UP, Terminal
from serving import serving
from wire_server import HANG, WireServer, json_reply, sse_reply

T = TypeVar("T")
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|9[0-7]|38)[0-9;]*m")
CURSOR_HIDDEN, CURSOR_SHOWN = "\x1b[?25l", "\x1b[?25h"
TOP = re.compile(r"╭[─┬]+╮")
QUESTION = "Should a small team use SQLite or PostgreSQL?"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as found:
        yield found


def seats(*names: str) -> list[str]:
    return [word for name in names for word in ("-m", f"sandbox/{name}")]


@pytest.mark.parametrize(("columns", "side_by_side"), [(80, 3), (200, 6)])
@pytest.mark.parametrize(
    "names",
    [
        ("terse", "thorough"),
        ("terse", "thorough", "down"),
        ("terse", "thorough", "contrarian", "flaky", "down", "judge"),
    ],
    ids=len,
)
def test_answers_stand_side_by_side_and_a_failing_seat_says_why(
    columns: int, side_by_side: int, names: tuple[str, ...], url: str, tmp_path: Path
) -> None:
    with Terminal("ask", QUESTION, *seats(*names), "--url", url, folder=tmp_path, columns=columns) as terminal:
        assert terminal.wait() == 0
    drawn = terminal.text[terminal.text.rindex("\n╭" + "─" * 10, 0, terminal.text.index("Consolidation by")) :]
    lines = terminal.text.splitlines()
    tops = [match[0] for match in map(TOP.fullmatch, lines) if match]
    assert {len(top) for top in tops} == {columns}
    assert max(top.count("┬") + 1 for top in tops) == min(len(names), side_by_side)
    assert "Consolidation by sandbox/terse" in drawn
    if "down" in names:
        assert re.search("✗ (upstream_error|unavailable)", terminal.text)
        assert f"{len(names) - 1} of {len(names)} models answered" in terminal.text


def test_long_answer_is_whole_at_the_end(url: str, tmp_path: Path) -> None:
    arguments = ["compare", "A story", *seats("chatty", "terse"), "--skip-comparison", "--url", url]
    with Terminal(*arguments, folder=tmp_path, columns=80, rows=24) as terminal:
        assert terminal.wait() == 0
    assert "2 of 2 models answered" in terminal.text
    assert "20,000 tokens" in terminal.text or terminal.text.count("said again") > 1000


@pytest.mark.parametrize("command", ["ask", "compare"])
def test_dumb_terminal_gets_plain_text(command: str, url: str, tmp_path: Path) -> None:
    arguments = [command, QUESTION, *seats("terse", "down"), "--url", url]
    with Terminal(*arguments, folder=tmp_path, env={"TERM": "dumb"}) as terminal:
        assert terminal.wait() == 0
    assert "\x1b" not in terminal.raw
    assert "── sandbox/terse · ✓" in terminal.text


def test_no_color_takes_the_colours_away(url: str, tmp_path: Path) -> None:
    arguments = ["ask", QUESTION, *seats("terse", "down"), "--url", url]
    with Terminal(*arguments, folder=tmp_path, env={"NO_COLOR": "1"}) as terminal:
        assert terminal.wait() == 0
    assert not COLOUR.search(terminal.raw)
    with Terminal(*arguments, folder=tmp_path) as terminal:
        assert terminal.wait() == 0
    assert COLOUR.search(terminal.raw)


def event(fields: dict) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


HALF = event({"type": "model_delta", "model_index": 0, "model": "a/b", "delta": "half an ans"})


def against(server_steps: tuple, use: Callable[[str], T]) -> tuple[T, WireServer]:
    """Run `use` with the address of a server that streams these steps."""

    async def main() -> tuple[T, WireServer]:
        async with WireServer(sse_reply(*server_steps)) as server:
            used = await asyncio.to_thread(use, server.url)
            await asyncio.wait_for(server.gone.wait(), 10)
            return used, server

    return asyncio.run(main())


def test_ctrl_c_cancels_at_the_server_and_leaves_what_had_come(tmp_path: Path) -> None:
    def use(url: str) -> tuple[int, str]:
        with Terminal("ask", "hi", "-m", "a/b", "-m", "c/d", "--url", url, folder=tmp_path) as terminal:
            terminal.wait_for("half an ans")
            before = len(terminal.text)
            assert not terminal.echoes
            terminal.press("typed ahead" + CTRL_C)
            code = terminal.wait()
            assert terminal.echoes
            return code, terminal.text[before:]

    (code, left), _ = against((HALF, HANG), use)
    assert code == 130
    assert "typed ahead" not in left
    assert "^C" not in left
    assert "half an ans" in left
    assert left.rstrip().endswith("parley: Cancelled.")


def test_sigterm_in_the_middle_gives_the_terminal_back_and_leaves_what_had_come(tmp_path: Path) -> None:
    def use(url: str) -> int:
        with Terminal("ask", "hi", "-m", "a/b", "-m", "c/d", "--url", url, folder=tmp_path) as terminal:
            terminal.wait_for("half an ans")
            before = len(terminal.raw)
            assert not terminal.echoes
            terminal.terminate()
            code = terminal.wait()
            assert terminal.echoes
            left = terminal.raw[before:]
            assert "half an ans" in left
            assert left.rindex(CURSOR_SHOWN) > left.rfind(CURSOR_HIDDEN)
            return code

    code, _ = against((HALF, HANG), use)
    assert code == 143


def test_columns_fit_a_terminal_that_becomes_narrower_and_wider(tmp_path: Path) -> None:
    def use(url: str) -> int:
        with Terminal("ask", "hi", "-m", "a/b", "-m", "c/d", "--url", url, folder=tmp_path, columns=120) as terminal:
            terminal.wait_for("half an ans")
            for columns in (60, 90):
                seen = len(terminal.text)
                terminal.resize(columns)
                terminal.wait_for(f"╭{'─' * ((columns - 3) // 2)}", seen)
                terminal.wait_for("half an ans", seen)
                drawn = TOP.findall(terminal.text[seen:])
                assert len(drawn[-1]) == columns
            terminal.press(CTRL_C)
            return terminal.wait()

    code, _ = against((HALF, HANG), use)
    assert code == 130


def prompted(terminal: Terminal, after: str) -> None:
    """Wait until the chat reads a line again after it has said something."""
    terminal.wait_for(after)
    terminal.wait_for("› ", terminal.text.rindex(after))


def test_chat_goes_on_turn_by_turn_until_ctrl_d(url: str, tmp_path: Path) -> None:
    arguments = ["chat", *seats("terse", "thorough"), "--url", url]
    with Terminal(*arguments, folder=tmp_path) as terminal:
        terminal.wait_for("› ")
        terminal.press(QUESTION + "\r")
        terminal.wait_for("Consolidation by")
        prompted(terminal, "2 of 2 models answered")
        terminal.press("/pick 2\r")
        prompted(terminal, "goes on with the answer of sandbox/thorough")
        terminal.press("/save talk.json\r")
        prompted(terminal, "Saved 1 turn")
        terminal.press(CTRL_C)
        terminal.wait_for("Ctrl-D or /quit leaves.", terminal.text.rindex("Saved"))
        prompted(terminal, "leaves.")
        terminal.press(CTRL_D)
        assert terminal.wait() == 0
    saved = json.loads((tmp_path / "talk.json").read_text())
    assert [turn["chosen"] for turn in saved["turns"]] == ["sandbox/thorough"]


def test_chat_takes_continued_pasted_and_recalled_lines(url: str, tmp_path: Path) -> None:
    history = tmp_path / "lines"
    arguments = ["chat", *seats("terse"), "--url", url, "--history", str(history)]
    with Terminal(*arguments, folder=tmp_path) as terminal:
        terminal.wait_for("› ")
        for keys in ("What is\\\r6 * 7?\r", "\x1b[200~What is\n6 * 8?\x1b[201~\r", '"""\rWhat is\r6 * 9?\r"""\r'):
            seen = len(terminal.text)
            terminal.press(keys)
            terminal.wait_for("1 of 1 model answered", seen)
            prompted(terminal, "model answered")
        terminal.press("/mod\t\r")
        prompted(terminal, "The panel: sandbox/terse.")
        seen = len(terminal.text)
        terminal.press(UP + "\r")
        terminal.wait_for("The panel: sandbox/terse.", seen)
        prompted(terminal, "The panel: sandbox/terse.")
        terminal.press("/save talk.json\r/quit\r")
        assert terminal.wait() == 0
    turns = json.loads((tmp_path / "talk.json").read_text())["turns"]
    assert [turn["input"] for turn in turns] == ["What is\n6 * 7?", "What is\n6 * 8?", "What is\n6 * 9?"]
    assert ["42" in turns[0]["answer"], "48" in turns[1]["answer"], "54" in turns[2]["answer"]] == [True] * 3
    assert "/models" in history.read_text()
    assert history.stat().st_mode & 0o077 == 0


def test_ctrl_c_stops_a_turn_and_the_chat_goes_on(tmp_path: Path) -> None:
    started = {"event": "model_chunk", "model": "a/b", "delta": "half an ans"}

    def use(url: str) -> tuple[int, str]:
        with Terminal("chat", "-m", "a/b", "--url", url, folder=tmp_path) as terminal:
            terminal.wait_for("› ")
            terminal.press("hi\r")
            terminal.wait_for("half an ans")
            terminal.press(CTRL_C)
            prompted(terminal, "Stopped; the turn is no part of the conversation.")
            terminal.press(CTRL_D)
            return terminal.wait(), terminal.text

    (code, text), _ = against((event(started), HANG), use)
    assert code == 0
    assert "half an ans" in text[: text.rindex("Stopped")]


def test_turn_that_is_refused_is_said_and_the_chat_goes_on(tmp_path: Path) -> None:
    refused = {"error": {"code": "rate_limit_exceeded", "message": "Used up; send it again in 9 s."}}

    async def main() -> int:
        def use(url: str) -> int:
            with Terminal("chat", "-m", "a/b", "--url", url, folder=tmp_path) as terminal:
                terminal.wait_for("› ")
                terminal.press("hi\r")
                prompted(terminal, "parley: Used up; send it again in 9 s.")
                terminal.press("/quit\r")
                return terminal.wait()

        async with WireServer(json_reply(refused, 429)) as server:
            return await asyncio.to_thread(use, server.url)

    assert asyncio.run(main()) == 0


def test_chat_lets_the_user_pick_where_answers_are_not_merged(url: str, tmp_path: Path) -> None:
    with Terminal("chat", "--pick", *seats("terse", "thorough"), "--url", url, folder=tmp_path) as terminal:
        terminal.wait_for("› ")
        terminal.press(QUESTION + "\r")
        terminal.wait_for("Go on with 1 to 2 [1], or write on: ")
        terminal.press("9\r")
        terminal.wait_for("there are 1 to 2")
        terminal.wait_for("write on: ", terminal.text.rindex("there are"))
        terminal.press("thorough\r")
        prompted(terminal, "The conversation goes on with the answer of sandbox/thorough.")
        assert "Consolidation" not in terminal.text
        seen = len(terminal.text)
        terminal.press("What is 6 * 7?\r")
        terminal.wait_for("write on: ", seen)
        terminal.press("/save talk.json\r")
        prompted(terminal, "Saved 2 turns")
        terminal.press(CTRL_D)
        assert terminal.wait() == 0
    saved = json.loads((tmp_path / "talk.json").read_text())
    assert [turn["chosen"] for turn in saved["turns"]] == ["sandbox/thorough", "sandbox/terse"]


def test_lists_on_a_narrow_terminal_still_say_what_each_row_is(url: str, tmp_path: Path) -> None:
    uuid = "(?:[0-9a-f]+-){4}[0-9a-f]{12}"
    with Terminal("ask", "hi", *seats("terse"), "--fast", "--url", url, folder=tmp_path) as terminal:
        assert terminal.wait() == 0
    for columns in (24, 40):
        for command, name in {"models": "sandbox/terse", "usage": "sandbox/terse", "traces": uuid}.items():
            with Terminal(command, "--url", url, folder=tmp_path, columns=columns) as terminal:
                assert terminal.wait() == 0
            assert re.search(name, re.sub(r"\s", "", terminal.text)), terminal.text
            assert "…" not in terminal.text
            assert max(map(len, terminal.text.splitlines())) <= columns
