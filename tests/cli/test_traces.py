"""`parley traces` and `parley trace`: with the gateway in process and over HTTP, for people and for programs."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from cli_process import QUICK
from parley.cli import run
from parley.cli.waterfall import SpanRow, waterfall
from serving import ADMIN_KEY, post, serving

START = datetime(2026, 1, 1, tzinfo=UTC)
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


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    code, out, _ = said(capsys, *arguments, "--json")
    assert code == 0, out
    return json.loads(out)


def test_ask_in_process_leaves_a_trace_that_is_listed_and_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    answer = document(capsys, "ask", "Tea or coffee?", *TWO)
    trace_id = answer["meta"]["trace_uuid"]

    code, out, err = said(capsys, "traces")
    assert (code, err) == (0, "1 trace.\n")
    assert out.startswith(f"{trace_id}\troundtable summary\t")
    assert out.rstrip().endswith("\tok")

    code, out, err = said(capsys, "trace", trace_id)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("roundtable summary  ")
    assert lines[1] == trace_id
    drawn = [line.split("  ━")[0].strip() for line in lines[2:-1]]
    assert [line.split(" ")[1] for line in drawn] == [
        "roundtable",
        "sandbox/terse",
        "try",
        "sandbox/contrarian",
        "try",
        "consolidation",
        "try",
    ]
    assert all("→" in line and "$" in line for line in lines[3:-1])
    assert "\x1b" not in out
    assert "coffee" not in out


def test_json_is_the_answer_of_the_server(capsys: pytest.CaptureFixture[str]) -> None:
    trace_id = document(capsys, "ask", "Tea or coffee?", "--fast", *TWO)["meta"]["trace_uuid"]
    listed = document(capsys, "traces", "--limit", "1")
    assert [row["id"] for row in listed["traces"]] == [trace_id]
    assert document(capsys, "traces", "--name", "vote")["traces"] == []
    whole = document(capsys, "trace", trace_id)
    assert len(whole["spans"]) == whole["span_count"] == 5


def test_unknown_trace_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "trace", "no-such-trace")
    assert (code, out) == (2, "")
    assert "There is no trace 'no-such-trace'" in " ".join(err.split())


def test_running_server_is_asked_with_its_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("") as url:
        key = {"Authorization": f"Bearer {ADMIN_KEY}"}
        answer = post(url, "/v3/roundtable", {"input": "Tea?", "models": ["sandbox/terse"]}, key)
        monkeypatch.setenv("PARLEY_API_KEY", ADMIN_KEY)
        assert answer.json["meta"]["trace_uuid"] in said(capsys, "traces", "--url", url)[1]
        monkeypatch.setenv("PARLEY_API_KEY", "x" * 40)
        code, out, err = said(capsys, "traces", "--url", url)
    assert (code, out) == (2, "")
    assert "PARLEY_API_KEY" in err


def span(name: str, begin_ms: float, duration_ms: float, parent: str | None = None, **fields: object) -> SpanRow:
    start = START + timedelta(milliseconds=begin_ms)
    attributes = {key.replace("__", "."): value for key, value in fields.items() if key != "status"}
    return SpanRow(name, name, str(fields.get("status", "ok")), start, duration_ms, "req", parent, attributes)


def drawn(spans: list[SpanRow], width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None, emoji=False, markup=False)
    console.print(waterfall(spans, console.width))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_bars_stand_where_their_time_is_on_a_common_axis() -> None:
    spans = [span("root", 0, 1000), span("late", 500, 500, "root"), span("early", 0, 250, "root")]
    lines = drawn(spans, 60)
    starts = {line.split()[1]: line.index("━") for line in lines[:3]}
    lengths = {line.split()[1]: line.count("━") for line in lines[:3]}
    assert starts["early"] == starts["root"]
    assert starts["late"] - starts["root"] == pytest.approx(lengths["root"] / 2, abs=0.5)
    assert (lengths["late"], lengths["early"]) == pytest.approx((lengths["root"] / 2, lengths["root"] / 4), abs=0.5)
    assert lines[3].split() == ["0", "1.0", "s"]


def test_spans_stand_beneath_their_parents_and_strangers_are_roots() -> None:
    spans = [span("a", 0, 9), span("b", 1, 1), span("c", 2, 1, "a"), span("d", 3, 1, "c"), span("e", 4, 1, "unknown")]
    assert [line.split("✓")[0].count("  ") for line in drawn(spans)[:5]] == [0, 1, 2, 0, 0]
    assert [line.split()[1] for line in drawn(spans)[:5]] == ["a", "c", "d", "b", "e"]


def test_failures_show_their_code_and_tokens_and_cost_stand_beside() -> None:
    failed = span("a", 0, 5, status="error", error__type="rate_limited", parley__cost_usd="0.00012")
    used = span("b", 0, 5, gen_ai__usage__input_tokens=7, gen_ai__usage__output_tokens=3)
    lines = drawn([failed, used], 100)
    assert lines[0].startswith("✗ a")
    assert "rate_limited" in lines[0]
    assert "$0.00012" in lines[0]
    assert "7 → 3" in lines[1]


def test_names_that_steer_a_terminal_are_made_harmless() -> None:
    assert "\x1b" not in "".join(drawn([span("\x1b[31mred\x1b]0;title\x07", 0, 1)]))


@pytest.mark.parametrize("width", [20, 40, 200])
def test_every_width_and_a_trace_without_time_are_drawn(width: int) -> None:
    lines = drawn([span("a" * 30, 0, 0), span("b", 0, 0, "a" * 30, parley__cost_usd="0.00012")], width)
    assert len(lines) == 3
    assert ("$0.00012" in lines[1]) is (width == 200)
    assert max(map(len, lines)) <= max(width, 30)
    assert drawn([], width)
