"""`parley usage`: totals and single calls, from the configured store and from a running server."""

import io
import json
from pathlib import Path

import pytest

from cli_process import QUICK
from parley.cli import run
from parley.cli.terminal import harmless
from serving import ADMIN_KEY, post, serving

PANEL = ["ask", "Tea or coffee?", "-m", "sandbox/terse", "-m", "sandbox/down", "--fast", "--max-retries", "0"]


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PARLEY_CONFIG", "PARLEY_URL", "PARLEY_API_KEY", "PARLEY_ADMIN_KEY", "OPENAI_API_KEY", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "parley.toml").write_text(QUICK)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(arguments)
    out, err = capsys.readouterr()
    return code, out, " ".join(err.split())


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    code, out, _ = said(capsys, *arguments, "--json")
    assert code == 0, out
    return json.loads(out)


def test_totals_are_a_row_for_all_and_one_for_each_model(capsys: pytest.CaptureFixture[str]) -> None:
    cost = document(capsys, *PANEL)["meta"]["total_cost"]
    code, out, err = said(capsys, "usage")
    assert code == 0
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[:2] for row in rows] == [["total", "2"], ["sandbox/terse", "1"], ["sandbox/down", "1"]]
    assert rows[0][2:] == rows[1][2:]
    assert float(rows[0][4].removeprefix("$")) == pytest.approx(cost, rel=0.05)
    assert err == "1 request, 2 calls. --events shows single calls."


def test_totals_and_events_on_a_terminal_tell_outcomes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    document(capsys, *PANEL)
    monkeypatch.setenv("COLUMNS", "130")
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    assert run(["usage"]) == run(["usage", "--events"]) == 0
    shown = " ".join(harmless(screen.getvalue()).split())
    assert "Requests: 1 (1 ok, 1 failed) Calls: 2 (1 ok, 1 failed) Tokens: " in shown
    assert "input" in shown
    assert "time key role model tokens cost took" in shown
    assert "sandbox/down 0 → 0" in shown
    assert "failed: upstream_error" in shown


def test_events_are_the_newest_first_and_a_page_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    document(capsys, *PANEL)
    document(capsys, "ask", "And now?", "-m", "sandbox/contrarian", "--fast")
    code, out, err = said(capsys, "usage", "--events", "--limit", "1")
    assert (code, err) == (0, "1 call of 3; --offset 1 shows older ones.")
    assert out.split("\t")[1:4] == ["admin", "seat", "sandbox/contrarian"]
    assert out.endswith("\tok\n")
    code, out, err = said(capsys, "usage", "--events", "--offset", "1")
    assert (code, err) == (0, "2 calls.")
    assert {line.split("\t")[3] for line in out.splitlines()} == {"sandbox/terse", "sandbox/down"}
    page = document(capsys, "usage", "--events")
    assert (page["total"], page["limit"], page["offset"], len(page["events"])) == (3, 20, 0, 3)


def test_filters_narrow_both(capsys: pytest.CaptureFixture[str]) -> None:
    document(capsys, *PANEL)
    failed = document(capsys, "usage", "--status", "failed")
    assert (failed["events"]["total"], failed["total_cost_usd"]) == (1, "0")
    named = document(capsys, "usage", "--events", "--model", "sandbox/terse")
    assert [row["model"] for row in named["events"]] == ["sandbox/terse"]
    for until in ("2020-01-01", "2020-01-01T12:00", "2020-01-01 12:00:00", "2020-01-01T12:00+02:00"):
        assert document(capsys, "usage", "--until", until)["events"]["total"] == 0
    assert document(capsys, "usage", "--since", "2020-01-01T00:00:00Z")["events"]["total"] == 2
    assert document(capsys, "usage", "--key-id", "key_other")["events"]["total"] == 0


def test_running_server_shows_a_key_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("") as url:
        admin = {"Authorization": f"Bearer {ADMIN_KEY}"}
        key = post(url, "/v1/keys", {"name": "ci one"}, admin).json["key"]
        for asked_with in (admin, {"Authorization": f"Bearer {key}"}):
            post(url, "/v3/roundtable", {"input": "Tea?", "models": ["sandbox/terse"]}, asked_with)
        monkeypatch.setenv("PARLEY_API_KEY", key)
        assert document(capsys, "usage", "--url", url)["requests"]["total"] == 1
        assert said(capsys, "usage", "--events", "--url", url)[1].split("\t")[1] == "ci one"
        code, out, err = said(capsys, "usage", "--url", url, "--key-id", "key_other")
        assert (code, out) == (2, "")
        assert "key_id" in err
        monkeypatch.setenv("PARLEY_API_KEY", ADMIN_KEY)
        assert document(capsys, "usage", "--url", url)["requests"]["total"] == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--limit", "5"], "--events"),
        (["--offset", "0"], "--events"),
        (["--events", "--limit", "201"], "--limit"),
        (["--status", "bad"], "--status"),
        (["--since", "yesterday"], "RFC 3339"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, "usage", *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_nothing_used_is_a_total_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "usage")
    assert (code, out) == (0, "total\t0\t0\t0\t$0\n")
    assert err.startswith("0 requests, 0 calls.")
    assert said(capsys, "usage", "--events")[1:] == ("", "0 calls.")
