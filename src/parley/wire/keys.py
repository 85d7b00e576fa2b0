"""/v1/keys, for admins: what a key looks like in requests and answers. Unknown fields are refused.

A key itself stands in one answer alone, that of its creation. Source: contracts/gateway.md, "Keys".
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from parley.books.money import from_pico, to_pico
from parley.catalog.catalog import MAX_NAME_LENGTH
from parley.gate.key_book import KeyAccount, KeyBook
from parley.gate.keys import Terms
from parley.wire.decoding import missing, refuse, refuse_count
from parley.wire.encoding import WireObject
from parley.wire.endpoint import Serving
from parley.wire.json_endpoint import id_in_path, json_response, read_json
from parley.wire.moments import read_moment, write_moment

T = TypeVar("T")

_MOST_REQUESTS = 1_000_000_000
_MOST_USD = 9_000_000
_MOST_MODELS = 200
_LONGEST_NAME = 200
_SMALLEST_USD = Decimal("0.000001")

_Requests = Annotated[int, Meta(ge=1, le=_MOST_REQUESTS)]


class KeyBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST: `name` is required. PATCH: what is left out stays as it is; null takes a limit away."""

    name: str | UnsetType = UNSET
    rpm: _Requests | UnsetType | None = UNSET
    rpd: _Requests | UnsetType | None = UNSET
    spend_cap_usd: Decimal | UnsetType | None = UNSET
    spend_cap_month_usd: Decimal | UnsetType | None = UNSET
    models: list[str] | UnsetType | None = UNSET
    expires_at: str | UnsetType | None = UNSET
    admin: bool | UnsetType = UNSET


class KeyPatch(KeyBody, forbid_unknown_fields=True):
    """PATCH takes every field of a new key, and whether it is disabled."""

    disabled: bool | UnsetType = UNSET


class KeysEndpoint:
    """The handlers of /v1/keys."""

    def __init__(self, book: KeyBook, serving: Serving, clock: Callable[[], float] = time.time) -> None:
        self._book = book
        self._serving = serving
        self._clock = clock

    async def create(self, request: Request) -> Response:
        body = await read_json(request, self._serving, KeyBody)
        if isinstance(body.name, UnsetType):
            raise missing(("name",))
        account, secret = await self._book.create(_edit(body, self._clock())(Terms(body.name)))
        shown = encode_account(account)
        return json_response({"id": shown.pop("id"), "key": secret, **shown}, status=201)

    async def list(self, _request: Request) -> Response:
        return json_response({"keys": [encode_account(account) for account in await self._book.all()]})

    async def one(self, request: Request) -> Response:
        return json_response(encode_account(await self._book.one(id_in_path(request, "key_id"))))

    async def change(self, request: Request) -> Response:
        body = await read_json(request, self._serving, KeyPatch)
        edit = _edit(body, self._clock())
        disabled = body.disabled

        def apply(terms: Terms) -> Terms:
            return replace(edit(terms), is_disabled=_given(disabled, terms.is_disabled))

        return json_response(encode_account(await self._book.change(id_in_path(request, "key_id"), apply)))

    async def disable(self, request: Request) -> Response:
        """DELETE: the key stays, disabled, as its usage does; a PATCH can enable it again."""
        key_id = id_in_path(request, "key_id")
        return json_response(encode_account(await self._book.change(key_id, _disable)))


def encode_account(account: KeyAccount) -> WireObject:
    """Return a key as admins see it; money as decimal strings, null for what is not limited."""
    key, terms = account.key, account.key.terms
    return {
        "id": key.key_id,
        "name": terms.name,
        "admin": terms.is_admin,
        "rpm": terms.rpm,
        "rpd": terms.rpd,
        "spend_cap_usd": _money(terms.spend_cap_usd),
        "spend_cap_month_usd": _money(terms.spend_cap_month_usd),
        "models": None if terms.models is None else [*terms.models],
        "expires_at": _time(terms.expires_at),
        "disabled": terms.is_disabled,
        "created_at": key.created_at.replace("+00:00", "Z"),
        "last_used_at": _time(key.last_used_at),
        "spent_usd": _money(account.spent_usd),
        "spent_month_usd": _money(account.spent_month_usd),
    }


def _disable(terms: Terms) -> Terms:
    return replace(terms, is_disabled=True)


def _edit(body: KeyBody, now: float) -> Callable[[Terms], Terms]:
    """Check what `body` gives and return what it makes of a key's terms; raises InvalidRequest."""
    name = body.name if isinstance(body.name, UnsetType) else _check_name(body.name)
    cap = _check_cap("spend_cap_usd", body.spend_cap_usd)
    cap_month = _check_cap("spend_cap_month_usd", body.spend_cap_month_usd)
    models = _check_models(body.models) if isinstance(body.models, list) else body.models
    expires_at = _check_expiry(body.expires_at, now) if isinstance(body.expires_at, str) else body.expires_at

    def edit(terms: Terms) -> Terms:
        return Terms(
            name=_given(name, terms.name),
            is_admin=_given(body.admin, terms.is_admin),
            rpm=_given(body.rpm, terms.rpm),
            rpd=_given(body.rpd, terms.rpd),
            spend_cap_usd=_given(cap, terms.spend_cap_usd),
            spend_cap_month_usd=_given(cap_month, terms.spend_cap_month_usd),
            models=_given(models, terms.models),
            expires_at=_given(expires_at, terms.expires_at),
            is_disabled=terms.is_disabled,
        )

    return edit


def _given(said: T | UnsetType, known: T) -> T:
    return known if isinstance(said, UnsetType) else said


def _check_name(name: str) -> str:
    if not name.strip() or len(name) > _LONGEST_NAME:
        refuse(("name",), name, f"text of 1 to {_LONGEST_NAME} characters that is not blank")
    if name != name.strip() or not name.isprintable():
        refuse(("name",), name, "without control characters, and without blanks around it")
    return name


def _check_cap(field: str, cap: Decimal | UnsetType | None) -> Decimal | UnsetType | None:
    if isinstance(cap, Decimal):
        is_bounded = cap.is_finite() and 0 < cap <= _MOST_USD
        if not is_bounded or cap.quantize(_SMALLEST_USD) != cap:
            right = f"a decimal number above 0, of at most {_MOST_USD}, with at most 6 decimals"
            refuse((field,), str(cap), right)
        return from_pico(to_pico(cap))
    return cap


def _check_models(names: Sequence[str]) -> tuple[str, ...]:
    if not 1 <= len(names) <= _MOST_MODELS:
        refuse_count(("models",), f"{len(names)} names", f"1 to {_MOST_MODELS}; null allows every model")
    for index, name in enumerate(names):
        stem = name.removesuffix("/*")
        if not stem or "*" in stem or not name.isprintable() or name != name.strip() or len(name) > MAX_NAME_LENGTH:
            refuse(("models", index), name, f'a model\'s name of at most {MAX_NAME_LENGTH} characters, or "prefix/*"')
    return tuple(dict.fromkeys(names))


def _check_expiry(text: str, now: float) -> float:
    expires_at = read_moment(text)
    if expires_at is None:
        refuse(("expires_at",), text, "a time as in RFC 3339, such as 2030-12-31T23:59:59Z")
    if expires_at <= now:
        refuse(("expires_at",), text, f"in the future; it is {_time(now)} now")
    return expires_at


def _time(seconds: float | None) -> str | None:
    """Return a time in UTC as in RFC 3339, with milliseconds where it has any."""
    if seconds is None:
        return None
    return write_moment(seconds, "seconds" if seconds == int(seconds) else "milliseconds")


def _money(usd: Decimal | None) -> str | None:
    return None if usd is None else format(usd, "f")
