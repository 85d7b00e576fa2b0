"""Looks at the configured store without touching it: can it be read and written, and of which version is its schema?

Nothing is migrated or locked, and nothing stays behind; whatever is wrong is a Finding. No password stands in one.
"""

import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from parley.domain.checkup import Checkup, Finding, error, note, warning
from parley.domain.settings import StoreSettings
from parley.store.database import make_engine
from parley.store.opening import HEAD, StoreError, current_revision, driver_words, shown_name

SUBJECT = "store"
_LEAST_FREE_BYTES = 256 * 1024 * 1024
_MOST_SKEW_S = 60


def inspect_store(settings: StoreSettings) -> Checkup:
    """Return what was found; without an error or a warning the store is ready as it is."""
    started = time.perf_counter()
    findings = _look(settings)
    return Checkup(SUBJECT, tuple(findings), round((time.perf_counter() - started) * 1000))


def _look(settings: StoreSettings) -> list[Finding]:
    try:
        if settings.url.startswith("sqlite:"):
            return _look_at_file(_file_of(settings.url))
        engine = make_engine(settings)
    except StoreError as fault:
        return [error("store_url", str(fault))]
    try:
        return _look_at_server(engine)
    finally:
        engine.dispose()


def _file_of(url: str) -> Path | None:
    """Return the database file, None for one in memory. Raises StoreError."""
    try:
        name = sqlalchemy.make_url(url).database
    except ArgumentError as fault:
        raise StoreError("store.url can't be read: it must be sqlite:/// and a path.") from fault
    return None if not name or name == ":memory:" else Path(name)


def _look_at_file(path: Path | None) -> list[Finding]:
    if path is None:
        step = "For more than a trial, set store.url to a file, such as sqlite:///parley.db."
        return [warning("store_in_memory", "The store is kept in memory: keys and usage end with the process.", step)]
    folder = path.absolute().parent
    if not folder.is_dir():
        return [error("store_no_folder", f"There is no folder {folder}.", "Make it, or mend store.url.")]
    refused = _refused(folder, path)
    if refused is not None:
        return [refused]
    space = _space(folder)
    if not path.exists():
        return [*space, note("store_new", f"There is no {path} yet; the first start makes it.")]
    return [*space, *_look_inside(path)]


def _refused(folder: Path, path: Path) -> Finding | None:
    """Try it, since rights alone don't tell of a read-only disk: SQLite writes the file, and a log beside it."""
    place = path if path.exists() else folder
    try:
        if path.exists():
            path.open("r+b").close()
        place = folder
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as fault:
        step = f"Give this user the right to write there, or set store.url to another place than {path}."
        return error("store_not_writable", f"{place} can't be written: {fault.strerror}.", step)


def _space(folder: Path) -> list[Finding]:
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes >= _LEAST_FREE_BYTES:
        return []
    told = f"Only {free_bytes // 1_048_576} MiB are free where the store is ({folder})."
    return [warning("store_little_room", told, "Make room: a store that can't be written stops every request.")]


def _look_inside(path: Path) -> list[Finding]:
    address = f"file:{quote(str(path))}?mode=ro"
    engine = sqlalchemy.create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True))
    try:
        with engine.connect() as connection:
            return _age(current_revision(connection), str(path))
    except SQLAlchemyError as fault:
        step = "Restore it from a backup, or set store.url to another file."
        return [error("store_unreadable", f"{path} can't be used: {driver_words(fault)}.", step)]
    finally:
        engine.dispose()


def _look_at_server(engine: Engine) -> list[Finding]:
    name = shown_name(engine)
    try:
        with engine.connect() as connection:
            return [*_rights(connection, name), *_clock(connection), *_age(current_revision(connection), name)]
    except SQLAlchemyError as fault:
        step = "See whether it runs, and whether host, port, name and password in store.url are right."
        return [error("store_unreachable", f"{name} can't be used: {driver_words(fault)}.", step)]


def _rights(connection: Connection, name: str) -> list[Finding]:
    is_standby = connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one()
    is_read_only = connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
    if is_standby or is_read_only:
        told = f"{name} is read-only{', a standby' if is_standby else ''}."
        return [error("store_not_writable", told, "Name the primary in store.url, or a user who may write.")]
    return []


def _clock(connection: Connection) -> list[Finding]:
    theirs = float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    skew_s = round(time.time() - theirs)
    if abs(skew_s) <= _MOST_SKEW_S:
        return []
    told = f"This machine's clock is {abs(skew_s)} s {'ahead of' if skew_s > 0 else 'behind'} the database's."
    return [warning("clock_skew", told, "Let both be set (timedatectl set-ntp true): the ledger goes by them.")]


def _age(found: str, name: str) -> list[Finding]:
    if found == HEAD:
        return []
    if not found:
        return [note("store_new", f"{name} has no tables of Parley's yet; the first start makes them.")]
    if found > HEAD:
        told = f"{name} is of a newer Parley (schema {found}, here {HEAD})."
        return [error("store_newer", told, "Update this Parley, or set store.url to another database.")]
    told = f"{name} is of an older Parley (schema {found}, here {HEAD})."
    return [warning("store_old", told, "Make a backup and run `parley migrate`; else the next start does it.")]
