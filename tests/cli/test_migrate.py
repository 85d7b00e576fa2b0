"""`parley migrate`: says from which revision to which; an unusable store is one sentence that shows no password."""

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from cli_process import QUICK
from parley.cli import run
from parley.domain.settings import StoreSettings
from parley.store.database import Store
from parley.store.opening import HEAD


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PARLEY_CONFIG", "PARLEY_URL", "PARLEY_API_KEY", "PARLEY_ADMIN_KEY", "PARLEY_STORE_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "parley.toml").write_text(QUICK)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["migrate", *arguments])
    out, err = capsys.readouterr()
    return code, out, " ".join(err.split())


def make_old_store(url: str) -> None:
    """Leave a database of the first release, which knew no revisions."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE keys (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE,"
                " is_admin INTEGER NOT NULL, created_at TEXT NOT NULL)"
            )
        )
        connection.execute(text("INSERT INTO keys VALUES ('key_1', 'ci', 'h', 0, '2026-11-21')"))
    engine.dispose()


def test_old_store_is_brought_up_to_date_and_told_so_once(
    store_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old_store(store_url)
    monkeypatch.setenv("PARLEY_STORE_URL", store_url)
    code, out, err = said(capsys)
    assert (code, err) == (0, "")
    assert f"went from revision 0001 to {HEAD}" in out
    store = Store(StoreSettings(store_url))
    rows = store.read_now(lambda connection: connection.execute(text("SELECT name FROM keys")).all())
    store.close_now()
    assert [row.name for row in rows] == ["ci"]
    code, out, _ = said(capsys, "--json")
    found = json.loads(out)
    assert (code, found["from"], found["to"]) == (0, HEAD, HEAD)
    assert found["database"].partition(":")[0] == store_url.partition(":")[0]


def test_new_store_is_made(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert said(capsys) == (0, f"sqlite:///parley.db is new: made with revision {HEAD}.\n", "")
    assert said(capsys) == (0, f"sqlite:///parley.db is up to date: revision {HEAD}.\n", "")
    (folder / "parley.db").unlink()
    assert json.loads(said(capsys, "--json")[1]) == {"database": "sqlite:///parley.db", "from": None, "to": HEAD}


def test_file_of_the_option_is_read(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "other.toml").write_text('[store]\nurl = "sqlite:///other.db"\n')
    assert said(capsys, "--config", "other.toml")[1].startswith("sqlite:///other.db ")
    assert not (folder / "parley.db").exists()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:////nonexistent/folder/x.db", "unable to open"),
        ("postgresql://user:hunter2@127.0.0.1:1/db", "refused"),
        ("postgresql://user:hunter2@127.0.0.1:1/db?passfile=hunter2", "refused"),
        ("postgresql://127.0.0.1:1/db?user=u&password=hunter2", "refused"),
        ("postgresql://user:hun:ter2@[::1/hunter2", "can't be read"),
        ("postgresql://user:pass@hunter2:port/db", "percent-encode"),
        ("mysql://user:hunter2@host/db", "postgresql://"),
    ],
)
def test_unusable_store_is_one_sentence_without_its_password(
    url: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_STORE_URL", url)
    code, out, err = said(capsys)
    assert (code, out) == (2, "")
    assert told in err
    code, out, _ = said(capsys, "--json")
    assert (code, json.loads(out)["exit_code"]) == (2, 2)
    assert "hunter2" not in out + err


def test_newer_store_is_left_alone(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    said(capsys)
    store = Store(StoreSettings(f"sqlite:///{folder}/parley.db"))
    store.write_now(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    store.close_now()
    code, out, err = said(capsys)
    assert (code, out) == (2, "")
    assert "newer" in err
