"""The examples, run as a user runs them: on the sandbox always, on the recorded answers where they lie beside us."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"

needs_data = pytest.mark.skipif(
    not DATA.exists() and "PARLEY_REQUIRE_ALL" not in os.environ,
    reason=f"the recorded answers are not in {DATA}; put replay_choice_public.jsonl.gz and the others there",
)


def run_example(name: str, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *options],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_vote_runs_on_the_sandbox() -> None:
    printed = run_example("mmlu_vote.py", "--sandbox")
    assert re.search(r"the vote +\d right", printed)


def test_comparison_runs_on_the_sandbox_and_texts_arrive_whole() -> None:
    printed = run_example("compare_open.py", "--sandbox")
    assert re.search(r"byte-equal +6\b", printed)


@pytest.mark.parametrize("name", ["mmlu_vote.py", "compare_open.py"])
def test_absent_data_is_explained(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), "--data", str(tmp_path / "none.jsonl.gz")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "--data" in done.stderr
    assert "Traceback" not in done.stderr


@needs_data
def test_strict_vote_gives_what_counting_the_file_gives() -> None:
    """1,481 untied and right, 251 ties, 0.7630 with ties to the earliest seat: the data's own README."""
    printed = run_example("mmlu_vote.py", "--strict")
    assert "untied and right 1481, ties 251" in printed
    assert re.search(r"the vote +\d+ right +0\.7630", printed)


@needs_data
def test_free_texts_are_read_at_least_as_well_as_the_data_reads_them() -> None:
    printed = run_example("mmlu_vote.py")
    rows = re.findall(
        r"(\S+) +(\d+) right +([\d.]+) +\(picks: (\d+) right; agrees with ([\d.]+)% of \d+; (\d+) of (\d+) null",
        printed,
    )
    assert len(rows) == 3
    for _, right, _, picks_right, *_ in rows:
        assert int(right) >= int(picks_right)
    overall = re.search(r"the reader agrees with ([\d.]+)% of the data's 6065 picks", printed)
    assert overall is not None
    assert float(overall[1]) >= 97.5
    gpt_4o = next(row for row in rows if row[0] == "gpt-4o")
    assert float(gpt_4o[2]) > 0.740
    assert int(gpt_4o[5]) * 2 >= int(gpt_4o[6])


@needs_data
def test_recorded_texts_arrive_byte_for_byte() -> None:
    printed = run_example("compare_open.py")
    assert "DIFFERENT" not in printed
    assert re.search(r"byte-equal +2,?\d{3}", printed)
