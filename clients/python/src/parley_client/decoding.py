"""The one typed decoder: JSON values to the frozen dataclasses of this package.

Unknown members are passed over; absent and null are one thing, and mean the field's default. Knows nothing of HTTP.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_Convert = Callable[[Any, str], Any]


class Misfit(ValueError):
    """A value that is not of the type it should have; the message names its place."""


def decode(kind: type[T], value: object) -> T:
    """Return `value`, as `json.loads` gave it, as a `kind`. Raises Misfit."""
    converter: Callable[[Any], Any] = _converter
    decoded: T = converter(kind)(value, "")
    return decoded


def reader(kind: type[T]) -> Callable[[object], T]:
    """Return a function that decodes a `kind`."""
    return lambda value: decode(kind, value)


@cache
def _converter(kind: Any) -> _Convert:
    """Return what turns a value, with the name of its place, into a `kind`."""
    if kind is Any:
        return lambda value, _place: value
    if is_dataclass(kind):
        return _record(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        (present,) = (one for one in arguments if one is not type(None))
        return _optional(_converter(present))
    if origin is tuple:
        return _list(_converter(arguments[0]))
    if origin in {Mapping, dict}:
        return _mapping(_converter(arguments[1]))
    if origin is Literal:
        kind = str
    return _scalar(kind)


def _record(kind: Any) -> _Convert:
    hints = get_type_hints(kind)
    rows = [(each, _converter(hints[each.name])) for each in fields(kind)]

    def convert(value: Any, place: str) -> Any:
        _require(value, dict, place)
        return kind(**{each.name: _member(each, member, value, place) for each, member in rows})

    return convert


def _member(field: Field[Any], convert: _Convert, value: Mapping[str, Any], place: str) -> Any:
    here = f"{place}.{field.name}" if place else field.name
    found = value.get(field.name)
    if found is None and field.default is not MISSING:
        return field.default
    return convert(found, here)


def _optional(convert: _Convert) -> _Convert:
    return lambda value, place: None if value is None else convert(value, place)


def _list(convert: _Convert) -> _Convert:
    def convert_all(value: Any, place: str) -> Any:
        _require(value, list, place)
        return tuple(convert(one, f"{place}[{index}]") for index, one in enumerate(value))

    return convert_all


def _mapping(convert: _Convert) -> _Convert:
    def convert_all(value: Any, place: str) -> Any:
        _require(value, dict, place)
        return {name: convert(one, f"{place}.{name}") for name, one in value.items()}

    return convert_all


def _scalar(kind: type) -> _Convert:
    def convert(value: Any, place: str) -> Any:
        if kind is int and isinstance(value, float) and value.is_integer():
            return int(value)
        # A whole number is a fine `float`, and stays as it is so that it keeps its value.
        accepted = (int, float) if kind is float else kind
        _require(value, accepted, place)
        if isinstance(value, bool) and kind is not bool:
            raise Misfit(f"{place} is {value}, not a {kind.__name__}")
        return value

    return convert


def _require(value: object, kind: type | tuple[type, ...], place: str) -> None:
    if not isinstance(value, kind):
        names = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
        found = "absent" if value is None else f"a {type(value).__name__}"
        raise Misfit(f"{place or 'the answer'} is {found}, not a {names}")
