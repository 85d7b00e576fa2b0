"""`parley serve`, `record` and a client of them, as processes of their own."""

import json
import resource
import signal
import socket
import subprocess
import sys
import urllib.request
from http.client import HTTPResponse
from pathlib import Path

import pytest

from cli_process import QUICK, Serving, environment, parley, serving

ADMIN_KEY = "k" * 40
TWO = ["-m", "sandbox/terse", "-m", "sandbox/contrarian"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parley.toml").write_text(QUICK)
    return tmp_path


def end(server: Serving, number: signal.Signals = signal.SIGTERM) -> int:
    server.process.send_signal(number)
    return server.process.wait(20)


def events_of(server: Serving, key: str, body: object) -> HTTPResponse:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}/v3/roundtable", json.dumps(body).encode(), headers)
    return urllib.request.urlopen(request, timeout=20)


def test_server_says_what_it_found_and_its_key_on_the_first_start_alone(folder: Path) -> None:
    with serving(folder, "serve", "--port", "0") as server:
        assert "parley.toml" in server.said
        assert "sandbox: 9 models (terse, thorough" in server.said
        assert "no language models" in server.said
        answer = parley(folder, "models", "--url", server.url, "--json", env={"PARLEY_API_KEY": server.key})
        assert answer.returncode == 0
        assert end(server) == 0
    first_key = server.key
    with serving(folder, "serve", "--port", "0") as server:
        assert "PARLEY_API_KEY=" not in server.said
        answer = parley(
            folder, "ask", "hi", *TWO, "--json", env={"PARLEY_URL": server.url, "PARLEY_API_KEY": first_key}
        )
        assert json.loads(answer.stdout)["meta"]["partial"] is False
        assert end(server, signal.SIGINT) == 0


def test_wrong_key_is_wrong_usage_and_is_not_shown(folder: Path) -> None:
    with serving(folder, "serve", "--port", "0", env={"PARLEY_ADMIN_KEY": ADMIN_KEY}) as server:
        assert ADMIN_KEY not in server.said
        answer = parley(folder, "ask", "hi", *TWO, "--url", server.url, env={"PARLEY_API_KEY": "not-this-one"})
        assert answer.returncode == 2
        assert "PARLEY_API_KEY" in answer.stderr
        assert "not-this-one" not in answer.stdout + answer.stderr


def test_stream_is_told_when_the_server_must_stop(folder: Path) -> None:
    folder.joinpath("parley.toml").write_text("[server]\nshutdown_grace_s = 0.1\n[providers.sandbox]\ntps = 50\n")
    with serving(folder, "serve", "--port", "0", env={"PARLEY_ADMIN_KEY": ADMIN_KEY}) as server:
        body = {"input": "Go on.", "models": ["sandbox/chatty"], "stream": True}
        with events_of(server, ADMIN_KEY, body) as stream:
            lines = []
            for raw in stream:
                lines.append(raw.decode().strip())
                if "model_delta" in lines[-1] and len(lines) < 5:
                    server.process.terminate()
        told = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
        assert told[-1] == "[DONE]"
        last = json.loads(told[-2])
        assert (last["type"], last["error_code"]) == ("error", "shutting_down")
        assert server.process.wait(20) == 0


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_recorded_traffic_is_answered_again_by_the_replay_provider(name: str, folder: Path) -> None:
    env = {"PARLEY_ADMIN_KEY": ADMIN_KEY, "PARLEY_API_KEY": ADMIN_KEY}
    with serving(folder, "record", "--out", name, "--port", "0", env=env) as server:
        assert name in server.said
        first = parley(folder, "ask", "Tea or coffee?", *TWO, "--fast", "--json", "--url", server.url, env=env)
        assert first.returncode == 0
        assert end(server) == 0
        assert server.process.stderr is not None
        assert f"Recorded 1 row in {name}." in server.process.stderr.read()
    folder.joinpath("parley.toml").write_text(f'[providers.recorded]\ndialect = "replay"\npath = "{name}"\n')
    models = ["-m", "recorded/sandbox/terse", "-m", "recorded/sandbox/contrarian"]
    again = parley(folder, "ask", "Tea or coffee?", *models, "--fast", "--json")
    assert [row["data"] for row in json.loads(again.stdout)["model_results"]] == [
        row["data"] for row in json.loads(first.stdout)["model_results"]
    ]


def test_announcement_as_json_is_one_document(folder: Path) -> None:
    command = [sys.executable, "-m", "parley", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = []
            while not lines or lines[-1] != "}\n":
                lines.append(process.stdout.readline())
            process.terminate()
            said = json.loads("".join(lines) + process.stdout.read())
            assert process.wait(20) == 0
        finally:
            process.kill()
    assert said["url"].startswith("http://127.0.0.1:")
    assert said["providers"] == [{"name": "sandbox", "models": 9}]
    assert said["admin_key"].startswith("parley_")


def test_what_keeps_the_server_from_starting_is_one_sentence_and_exit_code_2(folder: Path) -> None:
    def refusal(*arguments: str, env: dict[str, str] | None = None) -> str:
        answer = parley(folder, *arguments, env=env)
        assert (answer.returncode, answer.stdout) == (2, "")
        assert answer.stderr.startswith("parley: ")
        assert answer.stderr.count("\n") == 1
        return answer.stderr

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 is taken" in refusal("serve", "--port", str(port))
    assert "no address of this machine" in refusal("serve", "--host", "192.0.2.1", "--port", "0")
    assert "bogus" in refusal("serve", "--host", "bogus.invalid", "--port", "0")
    assert "can't be written" in refusal("record", "--port", "0", "--out", "no/such/folder/rows.jsonl")
    folder.joinpath("broken.toml").write_text("[server]\nprot = 1\n")
    assert "prot" in refusal("serve", "--config", "broken.toml")
    folder.joinpath("open.toml").write_text('[server]\nauth = "open"\n')
    assert "open" in refusal("serve", "--config", "open.toml", "--host", "0.0.0.0", "--port", "0")
    folder.joinpath("proxied.toml").write_text('[providers.far]\ndialect = "openai"\nbase_url = "http://far.invalid"\n')
    proxy = {"http_proxy": "socks5://user:hunter2@127.0.0.1:1", "no_proxy": ""}
    for command in (["serve", "--port", "0"], ["models"]):
        told = refusal(*command, "--config", "proxied.toml", env=proxy)
        assert "HTTP_PROXY is socks5://" in told
        assert "hunter2" not in told
    folder.joinpath("parley.db").write_text("this is no database, " * 100)
    assert "parley.db" in refusal("serve", "--port", "0")


def test_bad_replay_file_keeps_the_server_from_starting(folder: Path) -> None:
    folder.joinpath("rows.jsonl").write_text("{not json\n")
    folder.joinpath("parley.toml").write_text('[providers.recorded]\ndialect = "replay"\npath = "rows.jsonl"\n')
    for arguments in (["serve", "--port", "0"], ["ask", "hi", "-m", "recorded/m"]):
        answer = parley(folder, *arguments, env={"PARLEY_ADMIN_KEY": ADMIN_KEY})
        assert (answer.returncode, answer.stdout) == (2, "")
        assert "rows.jsonl" in answer.stderr
        assert "Traceback" not in answer.stderr


def test_server_takes_all_the_open_files_that_it_may_have(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        with serving(folder, "serve", "--port", "0") as server:
            taken, _ = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
            assert end(server) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert taken == (262_144 if hard == resource.RLIM_INFINITY else min(hard, 262_144))
