"""A key's row, and all SQL for the table `keys`. A key itself is never stored, only its SHA-256."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from parley.books.money import from_pico, to_pico
from parley.store.schema import keys

Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Terms:
    """What an admin may set. None: no limit in that respect. `models` are names and `prefix/*`; times in seconds."""

    name: str
    is_admin: bool = False
    rpm: int | None = None
    rpd: int | None = None
    spend_cap_usd: Decimal | None = None
    spend_cap_month_usd: Decimal | None = None
    models: tuple[str, ...] | None = None
    expires_at: float | None = None
    is_disabled: bool = False

    def is_valid(self, now: float) -> bool:
        return not self.is_disabled and not self.has_expired(now)

    def has_expired(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Key:
    """One row. `version` grows with every change of its terms; `created_at` is RFC 3339."""

    key_id: str
    digest: bytes = field(repr=False)
    terms: Terms
    created_at: str
    version: int = 0
    last_used_at: float | None = None


def read_stamp(connection: Connection) -> Stamp:
    """Return two numbers that change with any key: rows are never deleted and their versions only grow."""
    row = connection.execute(select(func.coalesce(func.sum(keys.c.version), 0), func.count())).one()
    return int(row[0]), int(row[1])


def read_keys(connection: Connection) -> tuple[Key, ...]:
    """Return every key, oldest first."""
    return tuple(_key(row) for row in connection.execute(select(keys).order_by(keys.c.id)))


def find_key(connection: Connection, key_id: str) -> Key | None:
    row = connection.execute(select(keys).where(keys.c.id == key_id)).first()
    return None if row is None else _key(row)


def lock_for_change(connection: Connection, key_id: str) -> tuple[Key, ...]:
    """Return the key and every admin key, and hold all of them until the transaction ends."""
    chosen = select(keys).where(or_(keys.c.id == key_id, keys.c.is_admin)).order_by(keys.c.id).with_for_update()
    return tuple(_key(row) for row in connection.execute(chosen))


def insert_key(connection: Connection, key: Key) -> None:
    """Add a row; raises IntegrityError where the name is taken."""
    fixed = {"id": key.key_id, "hash": key.digest.hex(), "created_at": key.created_at, "version": key.version}
    connection.execute(keys.insert().values(**fixed, **_columns(key.terms)))


def update_terms(connection: Connection, key_id: str, terms: Terms) -> None:
    """Change a row; raises IntegrityError where the new name is taken."""
    changed = {**_columns(terms), "version": keys.c.version + 1}
    connection.execute(keys.update().where(keys.c.id == key_id).values(**changed))


def note_uses(connection: Connection, uses: Mapping[str, float]) -> None:
    """Write when keys were used last; another process may have seen a later use."""
    is_older = or_(keys.c.last_used_at.is_(None), keys.c.last_used_at < bindparam("used_at"))
    later = keys.update().where(keys.c.id == bindparam("key_id"), is_older).values(last_used_at=bindparam("used_at"))
    connection.execute(later, [{"key_id": key_id, "used_at": used_at} for key_id, used_at in uses.items()])


def _columns(terms: Terms) -> dict[str, object]:
    return {
        "name": terms.name,
        "is_admin": terms.is_admin,
        "rpm": terms.rpm,
        "rpd": terms.rpd,
        "spend_cap_pico": None if terms.spend_cap_usd is None else to_pico(terms.spend_cap_usd),
        "spend_cap_month_pico": None if terms.spend_cap_month_usd is None else to_pico(terms.spend_cap_month_usd),
        "models": None if terms.models is None else json.dumps(terms.models),
        "expires_at": terms.expires_at,
        "is_disabled": terms.is_disabled,
    }


def _key(row: Row[tuple[object, ...]]) -> Key:
    terms = Terms(
        name=row.name,
        is_admin=row.is_admin,
        rpm=row.rpm,
        rpd=row.rpd,
        spend_cap_usd=None if row.spend_cap_pico is None else from_pico(row.spend_cap_pico),
        spend_cap_month_usd=None if row.spend_cap_month_pico is None else from_pico(row.spend_cap_month_pico),
        models=None if row.models is None else tuple(json.loads(row.models)),
        expires_at=row.expires_at,
        is_disabled=row.is_disabled,
    )
    return Key(row.id, bytes.fromhex(row.hash), terms, row.created_at, row.version, row.last_used_at)
