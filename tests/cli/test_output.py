"""Streams that a command does not find as it should: a full disk, and descriptors that its parent has closed."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_process import environment
from serving import serving

FULL = "/dev/full"
ASK = "ask hi -m sandbox/terse"

pytestmark = pytest.mark.skipif(not Path(FULL).exists(), reason="needs /dev/full")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as found:
        yield found


def shell(folder: Path, url: str, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in which `parley` is the command, with a server to ask."""
    command = f'parley() {{ {shlex.quote(sys.executable)} -m parley "$@"; }}; {line}'
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(PARLEY_URL=url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("command", [ASK, f"{ASK} --json", f"{ASK} --jsonl", "models", "models --json", "usage"])
def test_output_on_a_full_disk_is_no_panel_without_an_answer(command: str, url: str, tmp_path: Path) -> None:
    done = shell(tmp_path, url, f"parley {command} > {FULL}")
    assert (done.returncode, done.stderr) == (2, "parley: Standard output can't be written: No space left on device.\n")


def test_chat_whose_output_can_not_be_written_ends(url: str, tmp_path: Path) -> None:
    done = shell(tmp_path, url, f"printf 'one\\ntwo\\n' | parley chat -m sandbox/terse > {FULL}")
    assert done.returncode == 2
    assert done.stderr.count("can't be written") == 1


def test_failure_keeps_its_exit_code_where_nobody_can_be_told(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:1"
    for place in (f"2> {FULL}", "2>&-"):
        assert shell(tmp_path, nowhere, f"parley models {place}").returncode == 3


def test_failure_in_a_document_that_can_not_be_written_is_said_all_the_same(tmp_path: Path) -> None:
    done = shell(tmp_path, "http://127.0.0.1:1", f"parley models --json > {FULL}")
    assert done.returncode == 2
    assert "can't be written" in done.stderr


@pytest.mark.parametrize("command", [ASK, f"{ASK} --json", f"{ASK} --jsonl", "models --json", "mcp"])
def test_closed_output_is_output_that_nobody_wants(command: str, url: str, tmp_path: Path) -> None:
    done = shell(tmp_path, url, f"parley {command} >&-")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["chat -m sandbox/terse", "mcp"])
def test_closed_input_is_an_input_that_has_ended(command: str, url: str, tmp_path: Path) -> None:
    done = shell(tmp_path, url, f"parley {command} <&-")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_prompt_is_missed_where_input_is_closed(url: str, tmp_path: Path) -> None:
    done = shell(tmp_path, url, "parley ask -m sandbox/terse --json <&-")
    assert done.returncode == 2
    assert "prompt is blank" in json.loads(done.stdout)["error"]["message"]
