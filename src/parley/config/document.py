"""A TOML file with its lines: typed reads that fail with file, line, key, value and what would be right.

Values of environment variables are read through the same functions, named by their variable instead of a line.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar

_MISSING = object()
_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"^\s*\[\[?\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"^\s*({_DOTTED})\s*=")
_KINDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number", list: "a list", dict: "a table"}
_TRUTHS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}

KeyPath = tuple[str, ...]
Scalar = TypeVar("Scalar", str, bool, int, float)


class ConfigError(Exception):
    """The configuration can't be used; the message says where, what was wrong and what would be right."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` for the known name most like `name`, else the list of the known ones."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name.lower(), names, 1, 0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known: {', '.join(names)}" if names else "; none is known here"


def kind_of(value: object) -> str:
    """Return what a TOML value is, in words."""
    return next((words for kind, words in _KINDS.items() if type(value) is kind), "a date or time")


@dataclass(frozen=True, slots=True)
class Document:
    """The parsed file; `name` stands in messages, `text` is kept for its line numbers."""

    name: str
    text: str
    values: Mapping[str, Any]
    folder: Path = Path()

    def fail(self, path: KeyPath, message: str) -> NoReturn:
        """Raise ConfigError for the key at `path`, with its line where the text shows one."""
        line = line_of(self.text, path)
        where = f"{self.name}:{line}: " if line else f"{self.name}: " if self.name else ""
        raise ConfigError(where + message)


def read_document(path: Path | None) -> Document:
    """Return the file at `path` as a Document, an empty one without a path."""
    if path is None:
        return Document("", "", {})
    try:
        text = path.read_bytes().decode("utf-8")
        values = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}; name a file that can, or none") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    return Document(str(path), text, values, path.parent)


def line_of(text: str, path: KeyPath) -> int | None:
    """Return the line (from 1) of a key, or of the nearest table around it that has a line of its own."""
    lines = _lines_of_keys(text)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _lines_of_keys(text: str) -> dict[KeyPath, int]:
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            table = _split_key(header[1])
            found.setdefault(table, number)
        elif assignment := _ASSIGNMENT.match(line):
            found.setdefault(table + _split_key(assignment[1]), number)
    return found


def _split_key(dotted: str) -> KeyPath:
    """Return the parts of a dotted key, quotes resolved."""
    level: Any = tomllib.loads(f"{dotted} = 0")
    parts: KeyPath = ()
    while isinstance(level, dict):
        part, level = next(iter(level.items()))
        parts += (part,)
    return parts


@dataclass(slots=True)
class Table:
    """One table while it is read: every read notes its key, and `close` refuses the keys that nobody asked for.

    `overrides` are texts from the environment for this table's scalars, by key, each with its variable's name.
    """

    document: Document
    path: KeyPath
    values: Mapping[str, Any]
    overrides: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    _asked: list[str] = field(default_factory=list)

    def fail(self, key: str, message: str) -> NoReturn:
        """Raise ConfigError about `key`: `message` goes on from the key's full name."""
        if key in self.overrides:
            raise ConfigError(f"{self.overrides[key][0]} {message}")
        dotted = ".".join(_quote(part) for part in (*self.path, key))
        self.document.fail((*self.path, key), f"{dotted} {message}")

    def has(self, key: str) -> bool:
        """Whether the key is set; one that is asked for is a known one, set or not."""
        self._asked.append(key)
        return key in self.values or key in self.overrides

    def text(self, key: str, default: str = "", choices: tuple[str, ...] = ()) -> str:
        value = self._scalar(key, default, str)
        if choices and value not in choices:
            self.fail(key, f"is {value!r}; it is one of {', '.join(choices)}{_hint(value, choices)}")
        return value

    def integer(self, key: str, default: int, least: int, most: int) -> int:
        value = self._scalar(key, default, int)
        self._check_range(key, value, least, most)
        return value

    def number(self, key: str, default: float, least: float, most: float) -> float:
        value = self._scalar(key, default, float)
        self._check_range(key, value, least, most)
        return value

    def flag(self, key: str, default: bool) -> bool:
        return self._scalar(key, default, bool)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty when the key is missing."""
        value = self._take(key)
        if value is _MISSING:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.fail(key, f"is {_shown(value)}; it is a list of texts, such as ['one', 'two']")
        return tuple(value)

    def tables(self, key: str) -> "tuple[Table, ...]":
        """Return a list of tables, empty when the key is missing."""
        value = self._take(key)
        if value is _MISSING:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.fail(key, f"is {_shown(value)}; it is a list of tables, such as [ {{ … }} ]")
        return tuple(Table(self.document, (*self.path, key), each) for each in value)

    def table(self, key: str) -> "Table":
        """Return the table at `key`, an empty one when it is missing."""
        value = self._take(key)
        if value is _MISSING:
            value = {}
        if not isinstance(value, dict):
            self.fail(key, f"is {kind_of(value)}; it is a table, [{'.'.join((*self.path, key))}]")
        return Table(self.document, (*self.path, key), value)

    def named_tables(self, key: str) -> "dict[str, Table]":
        """Return the tables below `key` by their names, in the order of the file."""
        around = self.table(key)
        return {name: around.table(name) for name in around.values}

    def raw(self, key: str) -> Any:
        """Return the value as TOML gave it, None when the key is missing."""
        value = self._take(key)
        return None if value is _MISSING else value

    def close(self) -> None:
        """Refuse keys that were not read, with the nearest one that could have been meant."""
        for key in self.values:
            if key not in self._asked:
                inside = f"a setting of [{'.'.join(self.path)}]" if self.path else "a section"
                self.fail(key, f"is not {inside}{nearest(key, self._asked)}")

    def _take(self, key: str) -> Any:
        self._asked.append(key)
        return self.values.get(key, _MISSING)

    def _scalar(self, key: str, default: Scalar, kind: type[Scalar]) -> Scalar:
        value: object = self._take(key)
        if key in self.overrides:
            return self._from_text(key, self.overrides[key][1], kind)
        if value is _MISSING:
            return default
        if kind is float and type(value) is int:
            return kind(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.fail(key, f"is {kind_of(value)}, {_shown(value)}; it is {_KINDS[kind]}")
        return value

    def _from_text(self, key: str, text: str, kind: type[Scalar]) -> Scalar:
        if kind is bool:
            if text.lower() not in _TRUTHS:
                self.fail(key, f"is {text!r}; it is true or false")
            return kind(_TRUTHS[text.lower()])
        try:
            return kind(text)
        except ValueError:
            self.fail(key, f"is {text!r}; it is {_KINDS[kind]}")

    def _check_range(self, key: str, value: float, least: float, most: float) -> None:
        if not least <= value <= most:
            bound = f"the least is {least:g}" if value < least else f"the most is {_plain(most)}"
            self.fail(key, f"is {_plain(value)}; {bound}")


def _plain(value: float) -> str:
    return str(int(value)) if value == value and abs(value) < 1e18 and value == int(value) else str(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def _hint(value: str, choices: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(value.lower(), choices, 1, 0.6)
    return f" (did you mean {close[0]}?)" if close else ""


def _quote(part: str) -> str:
    return part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"'
