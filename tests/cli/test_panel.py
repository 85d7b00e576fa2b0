"""`parley ask`, `vote`, `compare`, `models` with the gateway in process: what they print, how they end."""

import asyncio
import io
import json
import signal
import sys
from pathlib import Path

import pytest

from cli_process import QUICK, environment
from parley.cli import run
from wire_server import HANG, WireServer, sse_reply

EMBEDDED = ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"]
TWO = ["-m", "sandbox/terse", "-m", "sandbox/contrarian"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the embedded models alone, and an environment that configures nothing."""
    for name in ("PARLEY_CONFIG", "PARLEY_URL", "PARLEY_API_KEY", "PARLEY_ADMIN_KEY", "SANDBOX_TPS", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "parley.toml").write_text(QUICK)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    """Return exit code and the one JSON document on standard output; standard error must be silent of errors."""
    code, out, err = said(capsys, *arguments, "--json")
    assert "parley:" not in err
    return code, json.loads(out)


def test_ask_shows_answers_in_seat_order_then_the_consolidation(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "ask", "Tea or coffee?", *TWO)
    assert (code, err) == (0, "")
    places = [out.index(text) for text in ("sandbox/terse", "sandbox/contrarian", "── Consolidation by sandbox/terse")]
    assert places == sorted(places)
    assert "2 of 2 models answered" in out
    assert "\x1b" not in out


def test_ask_without_models_asks_the_embedded_ones_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "ask", "Tea or coffee?", "--fast")
    assert code == 0
    assert [name in out for name in EMBEDDED] == [True] * 3
    assert "no language models" in " ".join(err.split())
    assert "Consolidation" not in out


def test_ask_without_models_is_refused_where_others_are_configured(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.joinpath("parley.toml").write_text(
        QUICK + '[models."house/quick"]\ndeployments = [{ provider = "sandbox", model = "terse" }]\n'
        '[providers.openai]\napi_key_env = ""\n'
    )
    code, out, err = said(capsys, "ask", "hi")
    assert (code, out) == (2, "")
    assert "-m openai/" in err


def test_ask_as_json_is_the_plain_response(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = document(capsys, "ask", "Tea or coffee?", *TWO, "--instructions", "Be brief.", "--max-retries", "0")
    assert code == 0
    assert answer["id"].startswith("rt_")
    assert [row["model"] for row in answer["model_results"]] == ["sandbox/terse", "sandbox/contrarian"]


def test_prompt_is_read_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("What is 6 * 7?\n"))
    code, out, _ = said(capsys, "ask", "-", "--fast", "-m", "sandbox/terse")
    assert code == 0
    assert "42" in out


def test_prompt_that_is_no_utf_8_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9"), encoding="utf-8"))
    for prompt in ("-", "caf\udce9"):
        code, out, err = said(capsys, "ask", prompt, *TWO)
        assert (code, out, err) == (2, "", "parley: The question is not UTF-8 text.\n")


def test_schema_from_a_file_shapes_every_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = {"type": "object", "properties": {"drink": {"enum": ["tea", "coffee"]}}, "required": ["drink"]}
    folder.joinpath("drink.json").write_text(json.dumps(schema))
    code, answer = document(capsys, "ask", "Tea or coffee?", *TWO, "--schema", "drink.json")
    assert code == 0
    assert [row["data"]["drink"] in ("tea", "coffee") for row in answer["model_results"]] == [True, True]
    code, out, _ = said(capsys, "ask", "Tea or coffee?", *TWO, "--schema", "drink.json", "--fast")
    assert code == 0
    assert '"drink":' in out


@pytest.mark.parametrize(("text", "reason"), [(None, "can't be read"), ("{", "not JSON"), ("[]", "no object")])
def test_schema_file_that_is_none_is_wrong_usage(
    text: str | None, reason: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        folder.joinpath("schema.json").write_text(text)
    code, out, err = said(capsys, "ask", "hi", *TWO, "--schema", "schema.json")
    assert (code, out) == (2, "")
    assert reason in err


def test_vote_shows_who_voted_what(capsys: pytest.CaptureFixture[str]) -> None:
    choices = ["--choice", "SQLite", "--choice", "PostgreSQL", "--choice", "MongoDB"]
    code, out, _ = said(capsys, "vote", "Which database for a small team?", *choices)
    assert code == 0
    assert "█" in out
    assert "valid vote" in out
    code, answer = document(capsys, "vote", "Which database for a small team?", *choices)
    assert code == 0
    assert answer["data"] in ("SQLite", "PostgreSQL", "MongoDB")
    assert sum(row["votes"] for row in answer["meta"]["vote"]["tally"]) == 3


def test_compare_shows_the_comparison_with_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "compare", "Tea or coffee?", *TWO, "--comparison-model", "sandbox/judge")
    assert code == 0
    assert "── Comparison by sandbox/judge" in out
    assert all(f"## {heading}" in out for heading in ("Accuracy", "Completeness", "Clarity", "Recommendation"))


def test_compare_can_leave_the_comparison_out(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "compare", "Tea or coffee?", *TWO, "--skip-comparison")
    assert code == 0
    assert "Comparison" not in out
    code, answer = document(capsys, "compare", "Tea or coffee?", *TWO, "--skip-comparison")
    assert (code, answer["skip_comparison"], answer["comparison"]) == (0, True, None)


def test_compare_gives_a_model_that_is_named_twice_one_column(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "compare", "hi", *TWO, *TWO, "--skip-comparison")
    assert code == 0
    assert out.count("── sandbox/terse") == 1


@pytest.mark.parametrize("command", ["ask", "compare"])
def test_one_failed_model_is_shown_and_the_command_is_done(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, command, "Tea or coffee?", "-m", "sandbox/down", "-m", "sandbox/terse")
    assert code == 0
    assert "1 of 2 models answered" in out
    assert "✗ " in out


@pytest.mark.parametrize("command", [["ask"], ["compare"], ["vote", "--choice", "a", "--choice", "b"]])
def test_every_model_failed_is_exit_code_1(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    name, *rest = command
    code, _, err = said(capsys, name, "hi", "-m", "sandbox/down", *rest)
    assert code == 1
    assert "sandbox/down" in err
    code, answer = document(capsys, name, "hi", "-m", "sandbox/down", *rest)
    assert (code, answer["exit_code"], answer["error"]["code"]) == (1, 1, "all_models_failed")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["ask"], "prompt"),
        (["ask", "hi", "there", *TWO], "in quotes"),
        (["ask", "hi", "--file", "no.txt", *TWO], "no.txt can't be read"),
        (["ask", "hi", "--file", ".", *TWO], "directory"),
        (["ask", "-", "--file", "-", *TWO], "named twice"),
        (["ask", "hi", "--image", "parley.toml", *TWO], "PNG, JPEG, GIF or WebP"),
        (["ask", "hi", "--image", "https://x.example/a.png", "--max-retries", "1", *TWO], "--max-retries"),
        (["compare", "hi", "--image", "no.png", *TWO], "no.png can't be read"),
        (["completion", "tcsh"], "bash, zsh, fish"),
        (["aks"], "ask"),
        (["ask", "hi", "--bogus"], "--bogus"),
        (["ask", "hi", "--max-retries", "4"], "--max-retries"),
        (["ask", "hi", "--timeout-ms", "0"], "--timeout-ms"),
        (["ask", " ", *TWO], "blank"),
        (["ask", "hi", "-m", "sandbx/terse"], "sandbox/terse"),
        (["vote", "hi", *TWO], "--choice"),
        (["vote", "hi", *TWO, "--choice", "only one"], "2 to 100"),
        (["compare", "hi", "-m", "nobody"], "nobody"),
        (["ask", "hi", "--config", "no.toml"], "no.toml"),
        (["ask", "hi", "--config", "parley.toml", "--url", "http://127.0.0.1:1"], "--config"),
        (["ask", "hi", "--url", "127.0.0.1"], "--url"),
        (["doctor", "-m", "nobody"], "nobody"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_usage_is_exit_code_2_with_one_sentence_or_one_document(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, *arguments)
    assert (code, out) == (2, "")
    assert reason in err
    assert "Traceback" not in err
    code, answer = document(capsys, *arguments)
    assert (code, answer["exit_code"]) == (2, 2)
    assert reason in answer["error"]["message"]


def test_nobody_at_the_url_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "ask", "hi", *TWO, "--url", "http://127.0.0.1:9")
    assert (code, out) == (3, "")
    assert "http://127.0.0.1:9" in err
    code, answer = document(capsys, "ask", "hi", *TWO, "--url", "http://127.0.0.1:9")
    assert (code, answer["exit_code"], answer["error"]["code"]) == (3, 3, "unreachable")


def event(fields: dict) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def test_server_that_stops_in_mid_stream_is_exit_code_3_and_what_had_arrived_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    delta = {"type": "model_delta", "model_index": 0, "model": "a/b", "delta": "half an ans"}
    error = {"type": "error", "error": "The server is shutting down.", "error_code": "shutting_down"}

    async def main() -> tuple[int, str, str]:
        async with WireServer(sse_reply(event(delta), event(error), b"data: [DONE]\n\n")) as server:
            return await asyncio.to_thread(said, capsys, "ask", "hi", "-m", "a/b", "--url", server.url)

    code, out, err = asyncio.run(main())
    assert code == 3
    assert "half an ans" in out
    assert "The server is shutting down." in err


def test_ctrl_c_cancels_the_run_and_ends_with_130(folder: Path) -> None:
    # A shell that starts tests in the background lets its children ignore the signal.
    command = "import signal as s; s.signal(s.SIGINT, s.default_int_handler); from parley.__main__ import main; main()"
    delta = {"type": "model_delta", "model_index": 0, "model": "a/b", "delta": "half an ans"}

    async def main() -> tuple[int | None, str, str]:
        async with WireServer(sse_reply(event(delta), HANG)) as server:
            client = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", command, "ask", "hi", "-m", "a/b", "--url", server.url),
                env=environment(),
                cwd=folder,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            while not server.requests:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)
            client.send_signal(signal.SIGINT)
            await asyncio.wait_for(server.gone.wait(), 10)
            out, err = await client.communicate()
            return client.returncode, out.decode(), err.decode()

    code, out, err = asyncio.run(main())
    assert code == 130
    assert "half an ans" in out
    assert err == "parley: Cancelled.\n"


def test_models_lists_name_context_prices_and_mark(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "models", "--search", "sandbox TERSE")
    assert code == 0
    assert out == "sandbox/terse\t32,768\t$0.10\t$0.40\tsandbox\n"
    assert "no language models" in err
    code, answer = document(capsys, "models", "--search", "terse")
    assert [row["id"] for row in answer["models"]] == ["sandbox/terse"]
    code, answer = document(capsys, "models", "--search", "nothing has this")
    assert (code, answer["models"]) == (0, [])


def test_version_and_help_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--version") == (0, "parley 0.1.0\n", "")
    for arguments in ([], ["--help"], ["ask", "-h"]):
        code, out, err = said(capsys, *arguments)
        assert (code, err) == (0, "")
        assert "Usage: parley" in out
