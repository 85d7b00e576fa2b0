"""`parley keys`: directly on the configured store, and over HTTP on a running server."""

import json
import re
from pathlib import Path

import pytest

from cli_process import QUICK
from parley.cli import run
from serving import ADMIN_KEY, get, serving

KEY = re.compile(r"parley_[0-9A-Za-z]{49}\n")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PARLEY_CONFIG", "PARLEY_URL", "PARLEY_API_KEY", "PARLEY_ADMIN_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "parley.toml").write_text(QUICK)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["keys", *arguments])
    out, err = capsys.readouterr()
    return code, out, " ".join(err.split())


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    code, out, _ = said(capsys, *arguments, "--json")
    assert code == 0
    return json.loads(out)


def test_key_made_in_the_store_is_valid_on_a_server_of_it(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, err = said(capsys, "create", "--name", "ci")
    assert code == 0
    assert KEY.fullmatch(out)
    assert "ci" in err
    assert "only now" in err
    with serving("", {"PARLEY_STORE_URL": f"sqlite:///{folder}/parley.db"}) as url:
        assert get(url, "/v1/models", {"Authorization": f"Bearer {out.strip()}"}).status == 200


def test_making_listing_and_disabling_work_on_a_running_server(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("") as url:
        monkeypatch.setenv("PARLEY_URL", url)
        monkeypatch.setenv("PARLEY_API_KEY", ADMIN_KEY)
        limits = ["--rpm", "5", "--rpd", "50", "--spend-cap-usd", "12.50", "--spend-cap-month-usd", "0.000001"]
        more = ["--expires", "2099-12-31T23:59:59+01:00", "--model", "sandbox/*", "--model", "x/y", "--admin"]
        made = document(capsys, "create", "--name", "ci", *limits, *more)
        assert made["key"].startswith("parley_")
        wanted = {"name": "ci", "rpm": 5, "rpd": 50, "spend_cap_usd": "12.5", "spend_cap_month_usd": "0.000001"}
        wanted |= {"expires_at": "2099-12-31T22:59:59Z", "models": ["sandbox/*", "x/y"], "admin": True}
        assert {name: made[name] for name in wanted} == wanted

        code, out, err = said(capsys, "list")
        assert code == 0
        assert out.count("\n") == 1
        may = "admin; 5 a minute; 50 a day; $12.50 in all; $0.0000010 a month; only sandbox/*, x/y"
        assert out.split("\t") == [made["id"], "ci", "until 2099-12-31T22:59:59Z", may, "$0", "never\n"]
        assert "1 key" in err
        assert made["key"] not in out + err

        code, out, _ = said(capsys, "disable", made["id"])
        assert (code, out) == (0, f"Disabled the key of ci, id {made['id']}.\n")
        assert get(url, "/v1/models", {"Authorization": f"Bearer {made['key']}"}).status == 401
        assert document(capsys, "list")["keys"][0]["disabled"] is True
        assert document(capsys, "disable", made["id"])["disabled"] is True


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["create", "--name", "admin"], "PARLEY_ADMIN_KEY"),
        (["create", "--name", "x", "--spend-cap-usd", "much"], "spend_cap_usd"),
        (["create", "--name", "x", "--expires", "tomorrow"], "2030-12-31T23:59:59Z"),
        (["create", "--name", "x", "--rpm", "0"], "--rpm"),
        (["create"], "--name"),
        (["disable", "parley_0123"], "never the key itself"),
        (["disable", "key_0123"], "key_0123"),
        (["disable", "../models"], "parley keys list"),
        (["enable"], "enable"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_ordinary_key_may_not_manage_keys(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("") as url:
        monkeypatch.setenv("PARLEY_API_KEY", ADMIN_KEY)
        made = document(capsys, "create", "--name", "ci", "--url", url)
        monkeypatch.setenv("PARLEY_API_KEY", made["key"])
        code, out, err = said(capsys, "list", "--url", url)
    assert (code, out) == (2, "")
    assert "admin keys" in err


def test_group_without_a_command_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = said(capsys)
    assert all(name in out + err for name in ("create", "list", "disable"))
