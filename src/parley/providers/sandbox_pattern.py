"""A text that matches a regular expression: a small reader of ECMA 262 patterns that writes the shortest example.

It never matches anything itself, so no pattern can make it slow. What it does not know (lookaround, back references)
it leaves out; the caller checks the result.
"""

from dataclasses import dataclass, field

_CLASSES = {
    "d": "0",
    "w": "a",
    "s": " ",
    "D": "a",
    "W": "-",
    "S": "a",
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "f": "\f",
    "v": "\v",
}
_CLASS_MEMBERS = {"d": "0123456789", "w": "abcdefghijklmnopqrstuvwxyz0123456789_", "s": " \t"}
_USUAL = "aA0 -_.,:;/@#+x1bBzZ9!\"'()[]{}%&*=?<>|~^$\\é"
_MOST_REPEATS = 200
_MOST_CHARACTERS = 4_000
_MOST_DEPTH = 40


def example_of(pattern: str) -> str | None:
    """Return a short text meant to match all of `pattern`, None if it can't be read or grows too long."""
    reader = _Reader(pattern)
    try:
        text = reader.alternatives(0)
    except _UnreadableError:
        return None
    return text if reader.place == len(pattern) else None


class _UnreadableError(Exception):
    """The pattern is malformed, too deep or too large."""


@dataclass(slots=True)
class _Reader:
    pattern: str
    place: int = 0
    groups: list[str] = field(default_factory=list)

    def alternatives(self, depth: int) -> str:
        """Read up to a closing bracket or the end; the first alternative is the example."""
        if depth > _MOST_DEPTH:
            raise _UnreadableError
        first = self._sequence(depth)
        while self._take("|"):
            self._sequence(depth)
        return first

    def _sequence(self, depth: int) -> str:
        parts: list[str] = []
        size = 0
        while self.place < len(self.pattern) and self.pattern[self.place] not in "|)":
            part = self._atom(depth)
            least = self._repeats()
            parts.append(part * least)
            size += len(part) * least
            if size > _MOST_CHARACTERS:
                raise _UnreadableError
        return "".join(parts)

    def _atom(self, depth: int) -> str:
        character = self._next()
        match character:
            case "^" | "$":
                return ""
            case ".":
                return "a"
            case "(":
                return self._group(depth)
            case "[":
                return self._set()
            case "\\":
                return self._escape()
            case _:
                return character

    def _group(self, depth: int) -> str:
        is_left_out = self._take("?=") or self._take("?!") or self._take("?<=") or self._take("?<!")
        is_captured = not is_left_out and not self._take("?:")
        if is_captured and self._take("?<"):
            while self._next() != ">":
                pass
        text = self.alternatives(depth + 1)
        if not self._take(")"):
            raise _UnreadableError
        if is_captured:
            self.groups.append(text)
        return "" if is_left_out else text

    def _set(self) -> str:
        is_negated = self._take("^")
        members: list[tuple[str, str]] = []
        while not self._take("]"):
            low = self._member()
            is_range = (
                self.pattern[self.place : self.place + 1] == "-"
                and self.pattern[self.place + 1 : self.place + 2] != "]"
            )
            if is_range and len(low) == 1:
                self.place += 1
                members.append((low, self._member()[:1] or low))
            else:
                members += [(one, one) for one in low]
        if not is_negated:
            return self._likely(members)
        allowed = [one for one in _USUAL if not any(low <= one <= high for low, high in members)]
        if not allowed:
            raise _UnreadableError
        return allowed[0]

    def _likely(self, members: list[tuple[str, str]]) -> str:
        if not members:
            raise _UnreadableError
        return next((one for one in _USUAL if any(low <= one <= high for low, high in members)), members[0][0])

    def _member(self) -> str:
        character = self._next()
        if character != "\\":
            return character
        following = self.pattern[self.place : self.place + 1]
        if following in _CLASS_MEMBERS:
            self.place += 1
            return _CLASS_MEMBERS[following]
        return "\b" if self._take("b") else self._escape()

    def _escape(self) -> str:
        character = self._next()
        if character in "bB":
            return ""
        if character in "xu":
            return self._code_point(character)
        if character in "pP":
            return self._property()
        if character.isdigit():
            number = int(character)
            return self.groups[number - 1] if 0 < number <= len(self.groups) else "\0"
        return _CLASSES.get(character, character)

    def _code_point(self, kind: str) -> str:
        if kind == "u" and self._take("{"):
            digits = ""
            while (character := self._next()) != "}":
                digits += character
        else:
            digits = "".join(self._next() for _ in range(2 if kind == "x" else 4))
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            raise _UnreadableError from None

    def _property(self) -> str:
        name = self._next()
        if name == "{":
            name = ""
            while (character := self._next()) != "}":
                name += character
        return {"L": "a", "N": "0", "P": ".", "S": "+", "Z": " "}.get("A" if name == "Lu" else name[:1], "A")

    def _repeats(self) -> int:
        """Return how often the last atom is to stand: the least that its quantifier allows, once where it may."""
        least = 1
        if self._take("*") or self._take("?"):
            least = 0
        elif self._take("+"):
            least = 1
        elif self.pattern[self.place : self.place + 1] == "{":
            end = self.pattern.find("}", self.place)
            low = self.pattern[self.place + 1 : end].split(",")[0] if end > 0 else ""
            if not low.isdecimal() or len(low) > 6:
                return 1
            least, self.place = int(low), end + 1
        self._take("?")
        if least > _MOST_REPEATS:
            raise _UnreadableError
        return least

    def _next(self) -> str:
        if self.place >= len(self.pattern):
            raise _UnreadableError
        self.place += 1
        return self.pattern[self.place - 1]

    def _take(self, text: str) -> bool:
        if self.pattern.startswith(text, self.place):
            self.place += len(text)
            return True
        return False
