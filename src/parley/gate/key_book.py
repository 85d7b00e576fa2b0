"""The keys of the database: made, changed and listed here, and followed into the keyring of this process.

Changes made here count at once, those of other processes within a second. While the database can't be read, the keys
known last stay valid and `is_current` says so.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from parley.books.entries import spent
from parley.books.money import from_pico
from parley.domain.errors import InvalidRequest, NotFound, NotServing
from parley.domain.ids import new_id
from parley.domain.json import JsonObject
from parley.gate.key_format import digest_of, new_key
from parley.gate.keyring import ADMIN_NAME, Keyring
from parley.gate.keys import (
    Key,
    Stamp,
    Terms,
    find_key,
    insert_key,
    lock_for_change,
    note_uses,
    read_keys,
    read_stamp,
    update_terms,
)
from parley.store.database import Store

FIRST_ADMIN_NAME = "first-admin"
_POLLED_EVERY_S = 0.5
_SHOWN_ID = 60
_ID_PREFIX = "key_"

Spent = Callable[[Connection, Sequence[str]], Mapping[str, tuple[int, int]]]
"""Tells what keys have spent, in total and in this month, in picodollars; a key that is missing has spent nothing."""


@dataclass(frozen=True, slots=True)
class KeyAccount:
    """A key and what it has spent."""

    key: Key
    spent_usd: Decimal
    spent_month_usd: Decimal


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds since 1970, and a pause."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class KeyBook:
    """The keys of one store. `is_current`: the last look at the store succeeded."""

    def __init__(self, store: Store, keyring: Keyring, spent: Spent = spent, clock: Clock | None = None) -> None:
        self._store = store
        self._keyring = keyring
        self._spent = spent
        self._clock = clock or Clock()
        self._stamp: Stamp | None = None
        self.is_current = True

    def open_now(self) -> str | None:
        """Fill the keyring, before serving; return a new admin key, to be shown this once, where there is none."""
        made = None
        if not self._keyring.has_admin_key and not self._keyring.is_open:
            made = self._make_first_admin()
        self._keyring.take(self._store.read_now(read_keys))
        return made

    async def keep_current(self) -> None:
        """Follow what other processes change, and write when keys were used, until cancelled."""
        try:
            while True:
                await self._clock.sleep(_POLLED_EVERY_S)
                await self.refresh()
                self._write_uses()
        finally:
            self._write_uses()

    async def refresh(self) -> None:
        """Look for changes once."""
        try:
            stamp = await self._store.read(read_stamp)
            if stamp != self._stamp:
                self._keyring.take(await self._store.read(read_keys))
                self._stamp = stamp
            self.is_current = True
        except (NotServing, SQLAlchemyError):
            self.is_current = False

    async def create(self, terms: Terms) -> tuple[KeyAccount, str]:
        """Make a key and return it with its secret, which is known nowhere else. Raises InvalidRequest, NotServing."""
        _check_name(terms.name)
        secret = new_key()
        key = _key_of(secret, terms, self._clock.now())
        try:
            await self._store.write(lambda connection: insert_key(connection, key))
        except IntegrityError:
            raise _name_taken(terms.name) from None
        self._keyring.take([key])
        return KeyAccount(key, Decimal(0), Decimal(0)), secret

    async def change(self, key_id: str, edit: Callable[[Terms], Terms]) -> KeyAccount:
        """Replace a key's terms by what `edit` makes of them. Raises NotFound, InvalidRequest, NotServing."""
        renamed: list[str] = []

        def work(connection: Connection) -> Key:
            locked = lock_for_change(connection, key_id)
            key = next((one for one in locked if one.key_id == key_id), None)
            if key is None:
                raise _unknown(key_id)
            terms = edit(key.terms)
            if terms.name != key.terms.name:
                _check_name(terms.name)
            self._check_admin_left(key, terms, locked)
            renamed.append(terms.name)
            update_terms(connection, key_id, terms)
            changed = find_key(connection, key_id)
            assert changed is not None
            return changed

        try:
            key = await self._store.write(work)
        except IntegrityError:
            raise _name_taken(renamed[-1]) from None
        self._keyring.take([key])
        return (await self._store.read(lambda connection: self._accounts(connection, [key])))[0]

    async def one(self, key_id: str) -> KeyAccount:
        """Return a key; raises NotFound."""

        def work(connection: Connection) -> KeyAccount | None:
            key = find_key(connection, key_id)
            return None if key is None else self._accounts(connection, [key])[0]

        found = await self._store.read(work)
        if found is None:
            raise _unknown(key_id)
        return found

    async def all(self) -> Sequence[KeyAccount]:
        """Return every key, oldest first."""
        return await self._store.read(lambda connection: self._accounts(connection, read_keys(connection)))

    def _accounts(self, connection: Connection, stored: Sequence[Key]) -> Sequence[KeyAccount]:
        by_key = self._spent(connection, [key.key_id for key in stored])
        pairs = [(key, *by_key.get(key.key_id, (0, 0))) for key in stored]
        return [KeyAccount(key, from_pico(total), from_pico(month)) for key, total, month in pairs]

    def _check_admin_left(self, key: Key, terms: Terms, locked: Sequence[Key]) -> None:
        """Keep an admin who can undo it; PARLEY_ADMIN_KEY and an open server are one that no change takes away."""
        now = self._clock.now()
        was_admin = key.terms.is_admin and key.terms.is_valid(now)
        stays_admin = terms.is_admin and terms.is_valid(now)
        others = [one for one in locked if one.key_id != key.key_id]
        has_other = any(one.terms.is_admin and one.terms.is_valid(now) for one in others)
        if was_admin and not stays_admin and not (has_other or self._keyring.has_admin_key or self._keyring.is_open):
            field, value = ("admin", "false") if terms.is_valid(now) else ("disabled", "true")
            reason = "this is the last admin key: make another one first, or set PARLEY_ADMIN_KEY"
            raise _refused(field, f"{field} is {value}; {reason}.")

    def _make_first_admin(self) -> str | None:
        """Return a new admin key where no valid one is stored; None also if another process was quicker."""
        secret = new_key()

        def work(connection: Connection) -> bool:
            stored = read_keys(connection)
            now = self._clock.now()
            if any(key.terms.is_admin and key.terms.is_valid(now) for key in stored):
                return False
            name = _free_name({key.terms.name for key in stored})
            insert_key(connection, _key_of(secret, Terms(name, is_admin=True), now))
            return True

        try:
            return secret if self._store.write_now(work) else None
        except IntegrityError:
            return None

    def _write_uses(self) -> None:
        uses = self._keyring.take_uses()
        if not uses:
            return

        def give_back(future: "asyncio.Future[None]") -> None:
            if not future.cancelled() and future.exception() is not None:
                self._keyring.give_back_uses(uses)

        self._store.submit(lambda connection: note_uses(connection, uses)).add_done_callback(give_back)


def _key_of(secret: str, terms: Terms, now: float) -> Key:
    created_at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    return Key(new_id(_ID_PREFIX), digest_of(secret), terms, created_at, version=1)


def _free_name(taken: set[str]) -> str:
    numbered = (f"{FIRST_ADMIN_NAME}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (FIRST_ADMIN_NAME, *numbered) if name not in taken)


def _check_name(name: str) -> None:
    if name.casefold() == ADMIN_NAME:
        raise _refused("name", f'name is "{name}"; that is the key of PARLEY_ADMIN_KEY, choose another.')


def _name_taken(name: str) -> InvalidRequest:
    return _refused("name", f'name is "{name}"; a key of this name exists already, choose another.')


def _refused(field: str, message: str) -> InvalidRequest:
    detail: JsonObject = {"type": "value_error", "loc": ["body", field], "msg": message}
    return InvalidRequest(message, param=field, details=(detail,))


def _unknown(key_id: str) -> NotFound:
    """Name the id, but nothing else: who mistakes a key for its id must not find it repeated."""
    named = f"the id {key_id[:_SHOWN_ID]!r}" if key_id.startswith(_ID_PREFIX) else "this id"
    return NotFound(f"There is no key with {named}; ids begin with {_ID_PREFIX}, and GET /v1/keys lists them.")
