"""Looking at a store before it is used: new, ready, old, newer, read-only, gone; the look itself changes nothing."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import text

from parley.domain.settings import StoreSettings
from parley.store.database import bring_up_to_date, make_engine
from parley.store.inspection import inspect_store
from parley.store.opening import HEAD


def codes(url: str) -> list[tuple[str, str]]:
    checkup = inspect_store(StoreSettings(url))
    return [(finding.severity.value, finding.code) for finding in checkup.findings]


def run(url: str, statement: str) -> None:
    engine = make_engine(StoreSettings(url))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def tables(url: str) -> list[str]:
    engine = make_engine(StoreSettings(url))
    names = sqlalchemy.inspect(engine).get_table_names()
    engine.dispose()
    return names


def test_new_store_is_a_note_and_stays_empty(store_url: str) -> None:
    assert codes(store_url) == [("note", "store_new")]
    assert tables(store_url) == []


@pytest.mark.parametrize(
    ("revision", "found"),
    [(HEAD, []), ("0001", [("warning", "store_old")]), ("9999", [("error", "store_newer")])],
)
def test_schema_of_another_version_is_told_and_not_touched(
    store_url: str, revision: str, found: list[tuple[str, str]]
) -> None:
    bring_up_to_date(StoreSettings(store_url))
    run(store_url, f"UPDATE alembic_version SET version_num = '{revision}'")
    assert codes(store_url) == found
    assert codes(store_url) == found, "the second look finds what the first one left"


def test_database_that_is_read_only_is_an_error(postgresql_url: str) -> None:
    bring_up_to_date(StoreSettings(postgresql_url))
    name = sqlalchemy.make_url(postgresql_url).database
    run(postgresql_url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    assert codes(postgresql_url) == [("error", "store_not_writable")]


def test_database_server_that_refuses_is_an_error_without_the_password() -> None:
    checkup = inspect_store(StoreSettings("postgresql://ada:pass-word-1@127.0.0.1:1/parley"))
    assert [finding.code for finding in checkup.findings] == ["store_unreachable"]
    assert "pass-word-1" not in repr(checkup)


def test_store_in_use_by_a_server_can_be_looked_at(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    bring_up_to_date(StoreSettings(url))
    writer = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert codes(url) == []
    writer.execute("ROLLBACK")
    writer.close()


@pytest.mark.parametrize(
    ("name", "found"),
    [("a/b/parley.db", ("error", "store_no_folder")), ("folder", ("error", "store_not_writable"))],
)
def test_place_where_no_file_can_be_is_an_error(name: str, found: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert codes(f"sqlite:///{tmp_path}/{name}") == [found]
