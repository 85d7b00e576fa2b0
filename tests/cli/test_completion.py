"""What a word could become at TAB, and the bash script that asks; nothing is ever said but candidates."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli_process import QUICK, environment, parley
from parley.cli import run
from parley.cli.completion import SCRIPTS, candidates_of, model_names
from serving import serving

NAMES = ("PARLEY_CONFIG", "PARLEY_URL", "PARLEY_API_KEY", "OPENAI_API_KEY")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "parley.toml").write_text(QUICK + '[panels.reviewers]\nmodels = ["sandbox/terse"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def offered(*words: str) -> list[str]:
    return [word for word, _ in candidates_of([*words])]


def test_words_become_commands_options_and_shells() -> None:
    assert offered("com") == ["compare", "completion"]
    assert {"ask", "chat", "keys"} <= set(offered(""))
    assert "complete" not in offered("")
    assert set(offered("keys", "")) == {"create", "list", "disable"}
    assert set(offered("ask", "--i")) == {"--image", "--instructions"}
    assert "--rpm" in offered("keys", "create", "--")
    assert offered("completion", "z") == ["zsh"]
    assert offered("nonsense", "") == []
    assert offered("keys", "nonsense", "") == []
    assert offered("ask", "--schema", "") == []


def test_option_for_a_model_offers_those_of_the_configuration() -> None:
    assert offered("ask", "-m", "sandbox/te") == ["sandbox/terse"]
    assert offered("chat", "--fast", "--model", "panel/") == ["panel/reviewers"]
    assert offered("compare", "--comparison-model=sandbox/ju") == ["--comparison-model=sandbox/judge"]
    assert offered("ask", "--fast", "sandbox/te") == []


def test_option_for_a_model_offers_those_of_the_running_server() -> None:
    toml = (
        "[server]\nauth = 'open'\n[providers.sandbox]\ndialect = 'sandbox'\n"
        "[models.'house/one']\ndeployments = [{provider = 'sandbox', model = 'terse'}]\n"
    )
    with serving(toml) as url:
        assert offered("ask", "--url", url, "-m", "house/") == ["house/one"]


def test_server_or_configuration_that_can_not_tell_offers_nothing(folder: Path) -> None:
    assert model_names("http://127.0.0.1:9", None) == []
    assert model_names("no address", None) == []
    folder.joinpath("parley.toml").write_text("[nonsense]\n")
    done = parley(folder, "complete", "--", "ask", "-m", "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_script_is_printed_also_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    for shell, script in SCRIPTS.items():
        assert run(["completion", shell]) == 0
        assert capsys.readouterr().out == script
    assert run(["completion", "fish", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"shell": "fish", "script": SCRIPTS["fish"]}


@pytest.mark.parametrize(
    ("words", "found"),
    [("parley co", "compare completion"), ("parley ask -m sandbox/te", "sandbox/terse"), ("parley ask --schema f", "")],
)
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_with_the_script(words: str, found: str, folder: Path) -> None:
    program = folder / "parley"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m parley "$@"\n')
    program.chmod(0o755)
    asked = f"{SCRIPTS['bash']}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); _parley\n"
    done = subprocess.run(
        ["bash", "--norc", "-c", asked + 'echo "${COMPREPLY[*]}"'],
        env={**environment(), "PATH": f"{folder}:/usr/bin:/bin"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout.strip(), done.stderr) == (found, "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_script_is_one_that_the_shell_can_read(shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [program, "-n"], input=SCRIPTS[shell], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
