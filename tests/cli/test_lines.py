"""`--jsonl`: every event as it comes, each a line, at once; and a reader that goes away is no fault."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_process import environment, parley
from serving import serving
from wire_server import HANG, WireServer, sse_reply

PANEL = ["-m", "sandbox/terse", "-m", "sandbox/down"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as found:
        yield found


@pytest.mark.parametrize(
    ("arguments", "first", "last"),
    [
        (["ask", "What is 6 * 7?"], "start", "done"),
        (["vote", "Tea?", "--choice", "yes", "--choice", "no"], "start", "done"),
        (["compare", "What is 6 * 7?"], "comparison_start", "done"),
        (["compare", "What is 6 * 7?", "--skip-comparison"], "comparison_start", "done"),
    ],
)
def test_every_event_is_a_line(arguments: list[str], first: str, last: str, url: str, tmp_path: Path) -> None:
    done = parley(tmp_path, *arguments, *PANEL, "--url", url, "--jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [event.get("type") or event.get("event") for event in events]
    assert (kinds[0], kinds[-1]) == (first, last)
    assert "sandbox/down" in done.stdout


def test_fault_is_the_last_line(url: str, tmp_path: Path) -> None:
    done = parley(tmp_path, "ask", "hi", "-m", "sandbox/down", "--url", url, "--jsonl")
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1])["exit_code"] == 1
    done = parley(tmp_path, "ask", "hi", "-m", "nobody", "--url", url, "--jsonl")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "model_not_found"


def test_json_and_lines_exclude_each_other(url: str, tmp_path: Path) -> None:
    done = parley(tmp_path, "ask", "hi", *PANEL, "--url", url, "--jsonl", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "usage")


def test_line_is_written_when_its_event_comes_and_a_closed_pipe_cancels_quietly(tmp_path: Path) -> None:
    """The server holds its second event back until the first has been read, and then again until the pipe is closed."""
    delta = {"type": "model_delta", "model_index": 0, "model": "a/b", "delta": "half"}
    frame = b"data: " + json.dumps(delta).encode() + b"\n\n"

    async def main() -> tuple[int | None, bytes]:
        closed = asyncio.Event()
        async with WireServer(sse_reply(frame, closed, *[frame] * 50, HANG)) as server:
            client = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "parley", "ask", "hi", "-m", "a/b", "--url", server.url, "--jsonl"),
                env=environment(),
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            assert client.stdout is not None
            assert client.stderr is not None
            assert json.loads(await asyncio.wait_for(client.stdout.readline(), 30)) == delta
            client._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
            closed.set()
            said = await asyncio.wait_for(client.stderr.read(), 30)
            await asyncio.wait_for(server.gone.wait(), 10)
            return await client.wait(), said

    assert asyncio.run(main()) == (141, b"")


@pytest.mark.parametrize("arguments", [["ask", "What is 6 * 7?", *PANEL], ["models"], ["models", "--json"], ["--help"]])
def test_reader_that_is_gone_is_no_traceback(arguments: list[str], url: str, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "parley", *arguments]
    with subprocess.Popen(
        program, env=environment(PARLEY_URL=url), cwd=tmp_path, stdout=-1, stderr=-1, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        said = running.stderr.read()
    assert running.returncode == 141
    assert "Traceback" not in said
    assert "Broken" not in said
