"""`parley doctor`: what it finds wrong with a set-up, what it says to do next, how it ends, what it leaves alone."""

import asyncio
import json
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parley.app import migrate_store
from parley.cli import run
from parley.domain.settings import StoreSettings
from serving import serving
from wire_server import Reply, WireServer, json_reply

QUIET = "[server]\nport = 0\n"
SANDBOX = "[providers.sandbox]\ntps = 0\n"
VARIABLES = ("PARLEY_CONFIG", "PARLEY_URL", "PARLEY_API_KEY", "PARLEY_ADMIN_KEY", "SANDBOX_TPS", "OPENAI_API_KEY")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with the embedded models, and an environment that configures nothing."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "parley.toml").write_text(QUIET + SANDBOX)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def examined(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Runs `parley doctor --json` and returns its exit code and document."""

    def examine(*arguments: str) -> tuple[int, Any]:
        code = run(["doctor", "--json", *arguments])
        return code, json.loads(capsys.readouterr().out)

    return examine


def findings(document: Any, part: str) -> list[tuple[str, str]]:
    row = next(row for row in document["setup"] if row["part"] == part)
    return [(finding["severity"], finding["code"]) for finding in row["findings"]]


def beside(reply: Reply, folder: Path, more: str, work: Callable[[], Any]) -> tuple[Any, WireServer]:
    """Run `work` while a provider named house answers with `reply`."""

    async def main() -> tuple[Any, WireServer]:
        async with WireServer(reply) as server:
            section = f'[providers.house]\ndialect = "openai"\nbase_url = "{server.url}/v1"\n'
            folder.joinpath("parley.toml").write_text(QUIET + section + more)
            return await asyncio.to_thread(work), server

    return asyncio.run(main())


def test_healthy_set_up_is_exit_code_0_and_leaves_no_file_behind(
    folder: Path, examined: Callable[..., tuple[int, Any]]
) -> None:
    code, document = examined()
    assert (code, document["exit_code"]) == (0, 0)
    assert [row["part"] for row in document["setup"]] == ["configuration", "store", "limiter", "port", "access"]
    assert {row["status"] for row in document["setup"]} == {"ok"}
    assert findings(document, "store") == [("note", "store_new")]
    assert all(row["works"] for row in document["models"])
    assert [path.name for path in folder.iterdir()] == ["parley.toml"]


def test_embedded_models_are_called_where_nothing_else_is_configured(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "3 of 3 models can be called." in out
    assert "OPENAI_API_KEY" in out


def test_mistake_in_the_file_is_told_with_its_line_and_the_next_step(
    folder: Path, capsys: pytest.CaptureFixture[str], examined: Callable[..., tuple[int, Any]]
) -> None:
    folder.joinpath("parley.toml").write_text("[server]\nprot = 1\n")
    code, document = examined()
    assert (code, document["exit_code"], document["error"]["code"]) == (2, 2, "config")
    assert "parley.toml:2" in document["setup"][0]["findings"][0]["message"]
    assert "did you mean port?" in document["error"]["message"]
    assert run(["doctor"]) == 2
    assert "→ Mend it and run `parley doctor` again" in capsys.readouterr().err


def test_open_server_on_a_public_address_is_refused_as_money_is_at_stake(
    folder: Path, examined: Callable[..., tuple[int, Any]]
) -> None:
    folder.joinpath("parley.toml").write_text('[server]\nauth = "open"\nhost = "0.0.0.0"\n')
    code, document = examined()
    assert code == 2
    assert "could spend your money" in document["error"]["message"]


@pytest.mark.parametrize(
    ("server", "found"),
    [
        ('host = "0.0.0.0"', [("warning", "plain_http")]),
        ('host = "0.0.0.0"\ntrusted_proxies = ["10.0.0.0/8"]', []),
        ('host = "0.0.0.0"\nmetrics_open = true', [("warning", "plain_http"), ("warning", "metrics_public")]),
        ('auth = "open"\ncors_origins = ["https://a.example"]', [("warning", "open_to_pages")]),
        ('auth = "open"\ncors_origins = ["*"]', [("warning", "cors_star")]),
        ('cors_origins = ["*"]', []),
    ],
)
def test_who_may_come_in_is_looked_at(
    server: str, found: list[tuple[str, str]], folder: Path, examined: Callable[..., tuple[int, Any]]
) -> None:
    folder.joinpath("parley.toml").write_text(f"{QUIET}{server}\n{SANDBOX}")
    code, document = examined("--no-calls")
    assert (code, findings(document, "access")) == (0, found)


def test_port_that_another_program_has_is_an_error_and_one_of_a_parley_is_none(
    folder: Path, examined: Callable[..., tuple[int, Any]]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        folder.joinpath("parley.toml").write_text(f"[server]\nport = {taken.getsockname()[1]}\n{SANDBOX}")
        code, document = examined("--no-calls")
    assert (code, findings(document, "port")) == (2, [("error", "port")])
    with serving() as url:
        port = int(url.rpartition(":")[2])
        folder.joinpath("parley.toml").write_text(f"[server]\nport = {port}\n{SANDBOX}")
        code, document = examined("--no-calls")
    assert (code, findings(document, "port")) == (0, [("note", "running")])


def _new(path: Path) -> None:
    migrate_store(StoreSettings(f"sqlite:///{path}"))


def _of_revision(revision: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        _new(path)
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.close()

    return make


@pytest.mark.parametrize(
    ("make", "found", "code"),
    [
        (_new, [], 0),
        (_of_revision("0001"), [("warning", "store_old")], 0),
        (_of_revision("9999"), [("error", "store_newer")], 2),
        (lambda path: path.write_bytes(b"no database at all" * 100), [("error", "store_unreadable")], 2),
    ],
)
def test_store_is_looked_at_and_not_migrated(
    make: Callable[[Path], None],
    found: list[tuple[str, str]],
    code: int,
    folder: Path,
    examined: Callable[..., tuple[int, Any]],
) -> None:
    path = folder / "parley.db"
    make(path)
    before = path.read_bytes()
    ended, document = examined("--no-calls" if found else "-m", *([] if found else ["sandbox/terse"]))
    assert (ended, findings(document, "store")) == (code, found)
    assert not found or path.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("sqlite:////nowhere/at/all/parley.db", ("error", "store_no_folder")),
        ("sqlite:////proc/parley.db", ("error", "store_not_writable")),
        ("sqlite:///:memory:", ("warning", "store_in_memory")),
        ("postgresql://u:pass-word-1@h:port/d", ("error", "store_url")),
        ("postgresql://u:pass-word-1@127.0.0.1:1/d", ("error", "store_unreachable")),
    ],
)
def test_store_that_can_not_be_used_is_an_error_without_its_password(
    url: str, found: tuple[str, str], monkeypatch: pytest.MonkeyPatch, examined: Callable[..., tuple[int, Any]]
) -> None:
    monkeypatch.setenv("PARLEY_STORE_URL", url)
    code, document = examined("-m", "sandbox/terse")
    assert findings(document, "store") == [found]
    assert code == (2 if found[0] == "error" else 0)
    assert "pass-word-1" not in json.dumps(document)
    assert document["models"][0]["works"], "the models are looked at all the same"


def test_what_stops_the_start_is_a_finding_beside_the_others(
    folder: Path, examined: Callable[..., tuple[int, Any]]
) -> None:
    folder.joinpath("rows.jsonl").write_text("no rows at all\n")
    folder.joinpath("parley.toml").write_text(f'{QUIET}[providers.old]\ndialect = "replay"\npath = "rows.jsonl"\n')
    code, document = examined()
    assert (code, findings(document, "start")) == (2, [("error", "start")])
    assert "rows.jsonl" in document["setup"][-1]["findings"][0]["message"]
    assert findings(document, "store") == [("note", "store_new")]


@pytest.mark.parametrize(("on_failure", "severity", "code"), [("closed", "error", 2), ("open", "warning", 0)])
def test_limiter_that_nobody_answers_for_is_found(
    on_failure: str, severity: str, code: int, folder: Path, examined: Callable[..., tuple[int, Any]]
) -> None:
    section = f'[limiter]\nurl = "redis://:pass-word-1@127.0.0.1:1/0"\non_failure = "{on_failure}"\n'
    folder.joinpath("parley.toml").write_text(QUIET + section + SANDBOX)
    ended, document = examined("--no-calls")
    assert (ended, findings(document, "limiter")) == (code, [(severity, "limiter_unreachable")])
    assert "pass-word-1" not in json.dumps(document)


def test_configured_models_are_called_and_those_that_can_not_be_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str], examined: Callable[..., tuple[int, Any]]
) -> None:
    folder.joinpath("rows.jsonl").write_text('{"prompt": "p", "answers": {"m": "a"}}\n')
    folder.joinpath("parley.toml").write_text(
        f'{QUIET}{SANDBOX}[models."house/good"]\ndeployments = [{{ provider = "sandbox", model = "terse" }}]\n'
        '[models."house/bad"]\ndeployments = [{ provider = "sandbox", model = "down" }]\n'
        '[providers.recorded]\ndialect = "replay"\npath = "rows.jsonl"\n'
        '[providers.gone]\ndialect = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
    )
    code, document = examined()
    assert code == 0
    assert [(row["model"], row["works"]) for row in document["models"]] == [("house/good", True), ("house/bad", False)]
    assert [row["provider"] for row in document["not_called"]] == ["recorded", "gone"]
    statuses = {row["provider"]: row["status"] for row in document["providers"]}
    assert statuses == {"sandbox": "ok", "recorded": "ok", "gone": "error"}
    code, document = examined("-m", "gone/model")
    assert (code, document["exit_code"]) == (1, 1)
    assert document["models"][0]["error_code"] == "unavailable"
    assert "http://127.0.0.1:9/v1" in document["models"][0]["advice"]
    assert run(["doctor", "-m", "gone/model"]) == 1
    assert "0 of 1 model can be called." in capsys.readouterr().out


def test_key_that_is_refused_is_named_by_its_variable_and_never_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOUSE_API_KEY", "wrong-key-of-the-house")
    refusal = json_reply({"error": {"message": "Bad key."}}, 401)
    more = 'api_key_env = "HOUSE_API_KEY"\n'
    code, _ = beside(refusal, folder, more, lambda: run(["doctor", "-m", "house/model"]))
    out = capsys.readouterr().out
    assert code == 1
    assert "authentication" in out
    assert out.count("→ Check the key in HOUSE_API_KEY.") == 2
    assert "wrong-key-of-the-house" not in out


def test_no_calls_asks_for_lists_alone_and_finds_a_model_that_is_not_there(
    folder: Path, examined: Callable[..., tuple[int, Any]]
) -> None:
    more = '[models."house/big"]\ndeployments = [{ provider = "house", model = "big" }]\n'
    listing = json_reply({"data": [{"id": "bigger"}]})
    (code, document), server = beside(listing, folder, more, lambda: examined("--no-calls"))
    assert (code, document["models"]) == (0, [])
    (finding,) = document["providers"][0]["findings"]
    assert (finding["code"], finding["next_step"]) == ("model_missing", "Did you mean bigger?")
    assert [request.path for request in server.requests] == ["/v1/models"]


def test_only_provider_out_of_reach_is_exit_code_1_also_without_calls(
    folder: Path, examined: Callable[..., tuple[int, Any]]
) -> None:
    code, document = beside(json_reply({}, 503), folder, "", lambda: examined("--no-calls"))[0]
    assert code == 1
    assert document["providers"][0]["findings"][0]["code"] == "server_error"
