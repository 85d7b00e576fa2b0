"""Who holds a key. Keys are stored only as hashes and compared in constant time; anything that doubts refuses.

For now there is one admin key: from PARLEY_ADMIN_KEY, or made on the first start and shown once.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from parley.domain.errors import Unauthorized
from parley.domain.ids import new_id
from parley.store.database import Store
from parley.store.schema import keys

KEY_PREFIX = "parley_"
_KEY_BYTES = 32
ADMIN_NAME = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the key's id and name, never the key."""

    key_id: str
    name: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    digest: bytes
    caller: Caller


class Keyring:
    """The keys of this process. An empty one with `is_open` lets everybody in (`auth = "open"`)."""

    def __init__(self, entries: tuple[_Entry, ...], is_open: bool = False) -> None:
        self._entries = entries
        self._is_open = is_open

    def check(self, authorization: str) -> Caller:
        """Return who sent the header `Authorization: Bearer <key>`; raises Unauthorized."""
        if self._is_open:
            return Caller("open", "open", is_admin=True)
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Unauthorized("No API key: send the header `Authorization: Bearer <key>`.")
        digest = _digest(key.strip())
        found = [entry.caller for entry in self._entries if hmac.compare_digest(entry.digest, digest)]
        if not found:
            raise Unauthorized("This API key is not known here, or it is disabled or expired.")
        return found[0]


def open_keyring() -> Keyring:
    """Return a keyring that lets everybody in: for a server on loopback with `auth = "open"`."""
    return Keyring((), is_open=True)


def keyring_of(admin_key: str) -> Keyring:
    """Return a keyring with the one admin key that the environment names; it has no row in the database."""
    return Keyring((_Entry(_digest(admin_key), Caller(ADMIN_NAME, ADMIN_NAME, is_admin=True)),))


def load_keyring(store: Store) -> tuple[Keyring, str | None]:
    """Return the stored keys, and on the very first start also the new admin key, to be shown this once."""
    rows = store.read_now(_stored)
    made = None
    if not rows:
        made = KEY_PREFIX + secrets.token_urlsafe(_KEY_BYTES)
        row = {"id": new_id("key_"), "name": ADMIN_NAME, "hash": _digest(made).hex(), "is_admin": True}
        created_at = datetime.now(UTC).isoformat(timespec="seconds")
        store.write_now(lambda connection: connection.execute(keys.insert(), {**row, "created_at": created_at}))
        rows = store.read_now(_stored)
    return Keyring(rows), made


def _stored(connection: Connection) -> tuple[_Entry, ...]:
    found = connection.execute(select(keys.c.id, keys.c.name, keys.c.hash, keys.c.is_admin))
    return tuple(_Entry(bytes.fromhex(row.hash), Caller(row.id, row.name, row.is_admin)) for row in found)


def _digest(key: str) -> bytes:
    """Return the key's SHA-256: a key of 256 random bits needs no slow hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
