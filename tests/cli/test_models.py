"""`parley models` on a pipe: a line for each model, its cells apart by tabs."""

from pathlib import Path

import pytest

from cli_process import QUICK
from parley.cli import run


def test_pipe_gets_a_table_with_tabs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PARLEY_CONFIG", "PARLEY_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "parley.toml").write_text(QUICK)
    monkeypatch.chdir(tmp_path)
    assert run(["models", "--search", "terse"]) == 0
    assert capsys.readouterr().out == "sandbox/terse\t32,768\t$0.10\t$0.40\tsandbox\n"
