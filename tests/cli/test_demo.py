"""`parley demo` shows what Parley does, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli_process import environment, parley

HEADINGS = ("Accuracy", "Completeness", "Clarity", "Recommendation")


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """The folder that the demo runs in, and the one for temporary files."""
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    return here, temporary


def test_demo_shows_panel_vote_and_comparisons_and_leaves_nothing(places: tuple[Path, Path]) -> None:
    here, temporary = places
    answer = parley(here, "demo", env={"TMPDIR": str(temporary)})
    assert (answer.returncode, answer.stderr) == (0, "")
    out = answer.stdout
    assert "no language models" in out
    assert out.count("POST /v3/roundtable") == 2
    assert out.count("POST /v1/chat/compare") == 2
    assert out.count("3 of 3 models answered") == 4
    assert out.count("── Consolidation by sandbox/judge") == 1
    assert "valid votes" in out
    assert all(out.count(f"## {heading}") == 2 for heading in HEADINGS)
    assert "curl " in out
    assert "\x1b" not in out
    assert list(here.iterdir()) == []
    assert list(temporary.iterdir()) == []


def test_demo_lets_its_models_disagree(places: tuple[Path, Path]) -> None:
    here, temporary = places
    answer = parley(here, "demo", "--json", env={"TMPDIR": str(temporary)})
    assert answer.returncode == 0
    document = json.loads(answer.stdout)
    heads = {row["data"].split(".")[0] for row in document["roundtable"]["model_results"]}
    assert heads == {"SQLite", "PostgreSQL"}
    assert "differs" in document["roundtable"]["data"]
    assert sorted(row["votes"] for row in document["vote"]["meta"]["vote"]["tally"]) == [0, 1, 2]
    assert all(f"## {heading}" in document["comparison"]["comparison"] for heading in HEADINGS)
    assert [event["event"] for event in document["streamed_comparison"]][-1] == "done"
    assert list(temporary.iterdir()) == []


def test_demo_uses_no_settings_of_its_surroundings(places: tuple[Path, Path]) -> None:
    here, temporary = places
    here.joinpath("parley.toml").write_text("this is no TOML")
    surroundings = {"TMPDIR": str(temporary), "PARLEY_URL": "http://127.0.0.1:9", "OPENAI_API_KEY": "k"}
    assert parley(here, "demo", env=surroundings).returncode == 0


def test_demo_that_is_ended_leaves_nothing_either(places: tuple[Path, Path]) -> None:
    here, temporary = places
    with subprocess.Popen(
        [sys.executable, "-m", "parley", "demo"],
        cwd=here,
        env=environment(TMPDIR=str(temporary)),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as demo:
        try:
            assert demo.stdout is not None
            assert "Parley runs on" in demo.stdout.readline()
            assert len(list(temporary.iterdir())) == 1
            demo.terminate()
            assert demo.wait(20) == 128 + signal.SIGTERM
        finally:
            demo.kill()
    assert list(temporary.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, 0)
