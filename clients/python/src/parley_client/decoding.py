"""The one typed decoder: JSON values to the frozen dataclasses of this package.

Unknown members are passed over; absent and null are one thing, and mean the field's default. Knows nothing of HTTP.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from parley_client.typevars import T


class Misfit(ValueError):
    """A value that is not of the type it should have; the message names its place."""


def decode(kind: type[T], value: object) -> T:
    """Return `value`, as `json.loads` gave it, as a `kind`. Raises Misfit."""
    decoded: T = _decoded(kind, value, "")
    return decoded


def reader(kind: type[T]) -> Callable[[object], T]:
    """Return a function that decodes a `kind`."""
    return lambda value: decode(kind, value)


def copied(kind: type[T], source: object, **others: Any) -> T:
    """Return a `kind` that has the fields of another dataclass as far as it knows them, and `others`."""
    names = {each.name for each in fields(kind)}  # type: ignore[arg-type]  # only dataclasses are copied
    return kind(**{name: getattr(source, name) for name in names if hasattr(source, name)} | others)


_hints: Callable[[Any], dict[str, Any]] = cache(get_type_hints)


def _decoded(kind: Any, value: Any, place: str) -> Any:
    if kind is Any:
        return value
    if is_dataclass(kind):
        return _record(kind, _checked(value, dict, place), place)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return None if value is None else _decoded(arguments[0], value, place)
    if origin is tuple:
        rows = enumerate(_checked(value, list, place))
        return tuple(_decoded(arguments[0], one, f"{place}[{index}]") for index, one in rows)
    if origin in {Mapping, dict}:
        members = _checked(value, dict, place).items()
        return {name: _decoded(arguments[1], one, f"{place}.{name}") for name, one in members}
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    # A whole number is a fine float, and stays as it is so that it keeps its value.
    return _checked(value, {float: (int, float)}.get(kind, str if origin is Literal else kind), place)


def _record(kind: Any, members: Mapping[str, Any], place: str) -> Any:
    present = {name: hint for name, hint in _hints(kind).items() if members.get(name) is not None}
    fields = {name: _decoded(hint, members[name], f"{place}.{name}") for name, hint in present.items()}
    try:
        return kind(**fields)
    except TypeError as error:
        raise Misfit(f"{place or 'the answer'} is not whole: {error}") from error


def _checked(value: Any, kind: Any, place: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Misfit(f"{place or 'the answer'} is {type(value).__name__}, not {getattr(kind, '__name__', 'float')}")
    return value
