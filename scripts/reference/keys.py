"""/v1/keys described: what a key is made of, and what is shown of it."""

from collections.abc import Mapping

from parley.domain.json import JsonObject
from reference.requests import Notes
from reference.shapes import array, count, flag, nullable, record, ref, text

MONEY = "^-?[0-9]+([.][0-9]+)?$"
_CAP: JsonObject = {"type": ["string", "number"], "examples": ["25.00"]}

_TERMS: Notes = {
    "name": {
        "description": "What people call the key; shown in usage events. No other key has it.",
        "minLength": 1,
        "maxLength": 200,
        "pattern": r"\S",
    },
    "rpm": {"description": "Most requests in any 60 seconds; null: no limit."},
    "rpd": {"description": "Most requests in a calendar day, UTC; null: no limit."},
    "spend_cap_usd": {**_CAP, "description": "Most US dollars in all, at most 6 decimals; null: no cap."},
    "spend_cap_month_usd": {**_CAP, "description": "Most US dollars in a calendar month, UTC; null: no cap."},
    "models": {
        "description": "Models that the key may use, by name or as `prefix/*`; null: all of them.",
        "minItems": 1,
        "maxItems": 200,
    },
    "expires_at": {"description": "When the key ends, in RFC 3339; null: never.", "format": "date-time"},
    "admin": {"description": "Whether the key manages keys and global templates and sees everything."},
}

BODIES: Mapping[str, Notes] = {
    "KeyBody": _TERMS,
    "KeyPatch": {**_TERMS, "disabled": {"description": "Whether the key is refused; false lets it in again."}},
}
REQUIRED: Mapping[str, tuple[str, ...]] = {"KeyBody": ("name",)}


def schemas() -> JsonObject:
    """Return the components of keys."""
    fields = _fields()
    made: JsonObject = {"id": fields["id"], "key": text("The key itself. It is shown this once."), **fields}
    return {
        "Key": record("A key, as admins see it.", fields),
        "MadeKey": record("A new key.", made),
        "KeyList": record("Every key.", {"keys": array(ref("Key"), "The keys.")}),
        "Me": _me(fields),
    }


def _me(fields: JsonObject) -> JsonObject:
    shown = ("name", "admin", "rpm", "rpd", "spend_cap_usd", "spend_cap_month_usd", "models")
    return record("The calling key.", {"key_id": fields["id"], **{name: fields[name] for name in shown}})


def money(description: str) -> JsonObject:
    """US dollars as a decimal string."""
    return {"type": "string", "pattern": MONEY, "description": description, "examples": ["0.000125"]}


def moment(description: str) -> JsonObject:
    """A time as in RFC 3339."""
    return {"type": "string", "format": "date-time", "description": description}


def _fields() -> JsonObject:
    return {
        "id": text("The key's id."),
        "name": text("What people call the key."),
        "admin": flag("Whether it is an admin key."),
        "rpm": nullable(count("Most requests in any 60 seconds.", 1)),
        "rpd": nullable(count("Most requests in a calendar day, UTC.", 1)),
        "spend_cap_usd": nullable(money("Most US dollars in all.")),
        "spend_cap_month_usd": nullable(money("Most US dollars in a calendar month, UTC.")),
        "models": nullable(array({"type": "string"}, "Models that it may use; null: all.")),
        "expires_at": nullable(moment("When it ends; null: never.")),
        "disabled": flag("Whether it is refused."),
        "created_at": moment("When it was made."),
        "last_used_at": nullable(moment("When it was last used; null: never.")),
        "spent_usd": money("US dollars spent in all."),
        "spent_month_usd": money("US dollars spent in this calendar month, UTC."),
    }
