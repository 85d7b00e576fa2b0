"""Bodies become typed shapes here, or a refusal that names the field, its value and what would be right."""

import difflib
import re
from typing import NoReturn, TypeVar

import msgspec
from msgspec import inspect

from parley.domain.errors import InvalidRequest
from parley.domain.json import JsonObject, JsonValue

T = TypeVar("T")

_PATH = re.compile(r" - at `(?P<key>key in )?\$(?P<path>[^`]*)`\Z")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_ANY_MEMBER = "[...]"
_BACKTICKED = re.compile(r"`([^`]*)`")
_MOST_SHOWN = 60
_MOST_LEVELS = 64
# Comparing names takes time that grows with the square of their length, and clients choose both sides.
_LONGEST_COMPARED = 64
_MOST_COMPARED = 100

_PLAIN = {
    "str": "text",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "decimal": "a decimal number, as text or as a JSON number",
    "array": "an array",
    "object": "an object",
    "null": "null",
}


def decode_body(body: bytes, shape: type[T], decoder: msgspec.json.Decoder[T] | None = None) -> T:
    """Return `body` as `shape`. Raises InvalidRequest; the first fault is in `details` with type, loc and msg.

    `decoder` is one of this shape, for shapes that take longer to look up than to decode.
    """
    try:
        return msgspec.json.decode(body, type=shape) if decoder is None else decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _explained(str(error), body, shape) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise fault((), f"The body is not JSON: {error}.", "json_invalid") from None
    except RecursionError:
        raise fault((), "The body is nested too deeply.", "json_invalid") from None


def decode_value(raw: msgspec.Raw, loc: tuple[str | int, ...]) -> JsonValue:
    """Return the opaque JSON at `loc` of a body. Raises InvalidRequest also where it is nested too deeply."""
    try:
        value: JsonValue = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise fault(loc, f"{field_path(loc)} is not JSON: {error}.", "json_invalid") from None
    except RecursionError:
        raise _too_deep(loc) from None
    check_depth(value, loc)
    return value


def fault(loc: tuple[str | int, ...], message: str, kind: str = "value_error") -> InvalidRequest:
    """Return the refusal of one field. `loc` is its path below the body, such as ("models", 0, "temperature")."""
    steps: list[JsonValue] = [_brief(step) for step in loc]
    detail: JsonObject = {"type": kind, "loc": ["body", *steps], "msg": message}
    return InvalidRequest(message, param=field_path(loc) or None, details=(detail,))


def refuse(loc: tuple[str | int, ...], value: JsonValue, right: str) -> NoReturn:
    """Raise the refusal of a field whose value is not `right`: `timeout_ms is 500000; it must be at most 300000`."""
    raise wrong(loc, value, right)


def wrong(loc: tuple[str | int, ...], value: JsonValue, right: str) -> InvalidRequest:
    """Return what `refuse` raises."""
    return fault(loc, f"{field_path(loc)} is {shown(value)}; it must be {right}.")


def missing(loc: tuple[str | int, ...]) -> InvalidRequest:
    """Return the refusal of a body that lacks the field at `loc`."""
    return fault(loc, f"{field_path(loc)} is missing; it is required.", "missing")


def refuse_count(loc: tuple[str | int, ...], count: str, right: str) -> NoReturn:
    """Raise the refusal of an array's length: `models has 0 seats; it must have 1 to 32`."""
    raise fault(loc, f"{field_path(loc)} has {count}; it must have {right}.")


def check_depth(value: JsonValue, loc: tuple[str | int, ...]) -> None:
    """Refuse opaque JSON that is nested deeper than any provider reads, and than it could be written again."""
    level = [value]
    for _ in range(_MOST_LEVELS + 1):
        nested = [one for one in level if isinstance(one, dict | list)]
        level = [child for one in nested for child in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return
    raise _too_deep(loc)


def _too_deep(loc: tuple[str | int, ...]) -> InvalidRequest:
    return fault(loc, f"{field_path(loc)} is nested more than {_MOST_LEVELS} levels deep; it must be flatter.")


def field_path(loc: tuple[str | int, ...]) -> str:
    """Return `loc` as people write it: `models[0].temperature`."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{_brief(step)}" for step in loc)
    return path.removeprefix(".")


def _brief(step: str | int) -> str | int:
    """Return a step of a path, cut where it is long: clients choose the names of unknown fields."""
    return step if isinstance(step, int) or len(step) <= _MOST_SHOWN else f"{step[:_MOST_SHOWN]}…"


def shown(value: JsonValue) -> str:
    """Return `value` as JSON, cut where it is long."""
    try:
        text = msgspec.json.encode(value).decode()
    except (RecursionError, ValueError):
        return "a deeply nested value"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}… ({len(text)} characters)"


def nearest(name: str, known: list[str]) -> str:
    """Return the ending of a sentence that offers what `name` may have meant, empty if nothing is near."""
    compared = [one for one in known[:_MOST_COMPARED] if len(one) <= _LONGEST_COMPARED]
    near = difflib.get_close_matches(name, compared, n=3, cutoff=0.6) if len(name) <= _LONGEST_COMPARED else []
    return f" Did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else ""


def _explained(text: str, body: bytes, shape: type[T]) -> InvalidRequest:
    found = _PATH.search(text)
    loc = _steps(found["path"]) if found else ()
    what = text[: found.start()] if found else text
    named = _BACKTICKED.search(what)
    if what.startswith("Object contains unknown field") and named:
        known = _fields_at(inspect.type_info(shape), loc)
        message = f"Unknown field `{field_path((*loc, named[1]))}`.{nearest(named[1], known)}"
        if "Did you mean" not in message and known:
            message += f" Known fields: {', '.join(known)}."
        return fault((*loc, named[1]), message, "extra_forbidden")
    if what.startswith("Object missing required field") and named:
        return missing((*loc, named[1]))
    if found and _ANY_MEMBER in found["path"]:
        place = field_path(loc) or "the body"
        return _unlike(f"A value in {place} is not right", what, loc)
    return _wrong_value(what, loc, body, _literals_at(inspect.type_info(shape), loc))


def _wrong_value(what: str, loc: tuple[str | int, ...], body: bytes, literals: list[str]) -> InvalidRequest:
    place = field_path(loc) or "The body"
    is_known, value = _value_at(body, loc)
    is_value = f"{place} is {shown(value)}" if is_known and loc else f"{place} is not right"
    if literals:
        right = f"one of {', '.join(literals)}"
        return fault(loc, f"{is_value}; it must be {right}.{_meant(value, literals)}", "literal_error")
    return _unlike(is_value, what, loc)


def _unlike(is_value: str, what: str, loc: tuple[str | int, ...]) -> InvalidRequest:
    """Return the refusal of a value that is not what msgspec expected: `what` is its sentence."""
    if not what.startswith("Expected"):
        return fault(loc, f"{is_value}: {what}.", "value_error")
    right = what.split(", got ")[0].removeprefix("Expected ")
    right = _BACKTICKED.sub(_plain_types, right).replace("<=", "of at most").replace(">=", "of at least")
    return fault(loc, f"{is_value}; it must be {right}.", "type_error" if ", got " in what else "value_error")


def _plain_types(found: re.Match[str]) -> str:
    """Return msgspec's names of types in plain words; that null is taken as well need not be said."""
    return " or ".join(_PLAIN.get(one, one) for one in found[1].split(" | ") if one != "null")


def _meant(value: JsonValue, literals: list[str]) -> str:
    return nearest(value, literals) if isinstance(value, str) else ""


def _steps(path: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    for name, index in _STEP.findall(path):
        if index == "...":
            break
        steps.append(int(index) if index else name)
    return tuple(steps)


def _value_at(body: bytes, loc: tuple[str | int, ...]) -> tuple[bool, JsonValue]:
    try:
        value = msgspec.json.decode(body)
        for step in loc:
            value = value[step]
    except (msgspec.DecodeError, LookupError, TypeError, RecursionError):
        return False, None
    return True, value


def _literals_at(info: inspect.Type, loc: tuple[str | int, ...]) -> list[str]:
    """Return the words that the field at `loc` below `info` takes, empty if it takes others than a fixed few."""
    match info:
        case inspect.UnionType(types=types):
            return next((words for one in types if (words := _literals_at(one, loc))), [])
        case inspect.ListType(item_type=item) if loc:
            return _literals_at(item, loc[1:])
        case inspect.StructType(fields=fields) if loc:
            return next((_literals_at(one.type, loc[1:]) for one in fields if one.encode_name == loc[0]), [])
        case inspect.LiteralType(values=values) if not loc:
            return [str(value) for value in values]
        case _:
            return []


def _fields_at(info: inspect.Type, loc: tuple[str | int, ...]) -> list[str]:
    """Return the field names of the struct at `loc` below `info`, in the order of their definition."""
    match info:
        case inspect.UnionType(types=types):
            return next((names for one in types if (names := _fields_at(one, loc))), [])
        case inspect.ListType(item_type=item) if loc:
            return _fields_at(item, loc[1:])
        case inspect.StructType(fields=fields) if not loc:
            return [one.encode_name for one in fields]
        case inspect.StructType(fields=fields):
            return next((_fields_at(one.type, loc[1:]) for one in fields if one.encode_name == loc[0]), [])
        case _:
            return []
