"""Who holds a key: every key of the database in memory, by its hash, and the admin key of the environment.

Anything that doubts refuses. It reads no database itself: `key_book.py` keeps it current, and where that can't read,
the keys known last stay valid.
"""

import hmac
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from parley.domain.errors import Forbidden, Unauthorized
from parley.gate.key_format import PREFIX, digest_of, has_form
from parley.gate.keys import Key, Terms

ADMIN_NAME = "admin"
_OPEN_NAME = "open"
_NO_DIGEST = bytes(32)
_NOTED_EVERY_S = 60
_SHOWN_NAME = 100


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks and what they may: the key's id and name, never the key. None: not limited in that respect."""

    key_id: str
    name: str
    is_admin: bool
    rpm: int | None = None
    rpd: int | None = None
    spend_cap_usd: Decimal | None = None
    spend_cap_month_usd: Decimal | None = None
    models: tuple[str, ...] | None = None


@dataclass(slots=True)
class _Held:
    """A key in memory. `noted_at`: the use of it that was handed on last."""

    key: Key
    caller: Caller
    noted_at: float = field(default=0)


class Keyring:
    """The keys of this process. `is_open`: everybody comes in as an admin (`auth = "open"`)."""

    def __init__(
        self, admin_key: str | None = None, is_open: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        """`admin_key` is valid as it stands, whatever its form; `clock` tells seconds since 1970."""
        self._admin_digest = _NO_DIGEST if admin_key is None else digest_of(admin_key)
        self.has_admin_key = admin_key is not None
        self.is_open = is_open
        self._clock = clock
        self._held: dict[bytes, _Held] = {}
        self._uses: dict[str, float] = {}

    def check(self, authorization: str) -> Caller:
        """Return who sent the header `Authorization: Bearer <key>`; raises Unauthorized."""
        if self.is_open:
            return Caller(_OPEN_NAME, _OPEN_NAME, is_admin=True)
        scheme, _, key = authorization.partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise Unauthorized("No API key: send the header `Authorization: Bearer <key>`.")
        digest = digest_of(key)
        if hmac.compare_digest(self._admin_digest, digest):
            return Caller(ADMIN_NAME, ADMIN_NAME, is_admin=True)
        if not has_form(key):
            raise _mistyped(key)
        held = self._held.get(digest)
        is_same = hmac.compare_digest(_NO_DIGEST if held is None else held.key.digest, digest)
        if held is None or not is_same:
            raise Unauthorized("This API key is not known here.")
        now = self._clock()
        _check_valid(held.key.terms, now)
        self._note_use(held, now)
        return held.caller

    def take(self, stored: Iterable[Key]) -> None:
        """Hold these keys as well; of two states of one key the later one counts."""
        for key in stored:
            held = self._held.get(key.digest)
            if held is None:
                self._held[key.digest] = _Held(key, _caller(key), key.last_used_at or 0)
            elif held.key.version < key.version:
                held.key, held.caller = key, _caller(key)

    def take_uses(self) -> dict[str, float]:
        """Return, once, when keys were used since the last call; at most once a minute for each."""
        uses, self._uses = self._uses, {}
        return uses

    def give_back_uses(self, uses: dict[str, float]) -> None:
        """Take back what could not be written; it comes again with the next ones."""
        self._uses = {**uses, **self._uses}

    def _note_use(self, held: _Held, now: float) -> None:
        if now - held.noted_at >= _NOTED_EVERY_S:
            held.noted_at = self._uses[held.key.key_id] = now


def open_keyring() -> Keyring:
    """Return a keyring that lets everybody in: for a server on loopback with `auth = "open"`."""
    return Keyring(is_open=True)


def allows(caller: Caller, model_name: str) -> bool:
    """Whether the key may use the model that callers know by this name."""
    if caller.models is None:
        return True
    return any(
        model_name.startswith(allowed[:-1]) if allowed.endswith("/*") else model_name == allowed
        for allowed in caller.models
    )


def check_models(caller: Caller, model_names: Iterable[str]) -> None:
    """Raise Forbidden for the first model that the key may not use: it refuses the whole request."""
    for name in model_names:
        if not allows(caller, name):
            may = ", ".join(caller.models or ())
            raise Forbidden(f"Model {name[:_SHOWN_NAME]!r} is not for this key; it may use {may[:500]}.", param="model")


def _check_valid(terms: Terms, now: float) -> None:
    """Say so to who holds the key; it tells others nothing."""
    if terms.is_disabled:
        raise Unauthorized("This API key is disabled.")
    if terms.expires_at is not None and terms.has_expired(now):
        expired = datetime.fromtimestamp(terms.expires_at, UTC)
        raise Unauthorized(f"This API key expired at {expired:%Y-%m-%dT%H:%M:%SZ}.")


def _mistyped(key: str) -> Unauthorized:
    if key.startswith(PREFIX):
        return Unauthorized("This API key has a typo: copy it again, in full.")
    return Unauthorized("This API key is not known here.")


def _caller(key: Key) -> Caller:
    terms = key.terms
    return Caller(
        key_id=key.key_id,
        name=terms.name,
        is_admin=terms.is_admin,
        rpm=terms.rpm,
        rpd=terms.rpd,
        spend_cap_usd=terms.spend_cap_usd,
        spend_cap_month_usd=terms.spend_cap_month_usd,
        models=terms.models,
    )
