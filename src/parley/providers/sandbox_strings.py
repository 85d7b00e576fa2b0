"""Texts that fit a schema: format, pattern and length."""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from parley.domain.json import JsonObject, JsonValue
from parley.providers.sandbox_pattern import example_of
from parley.providers.sandbox_words import words

_FORMATS: tuple[tuple[str, str, str], ...] = (
    ("date-time", r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", "1970-01-01T00:00:00Z"),
    ("date", r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])", "1970-01-01"),
    ("time", r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:Z|[+-]\d\d:\d\d)", "00:00:00Z"),
    ("duration", r"P(?:\d+[YMWD])+|PT(?:\d+[HMS])+", "PT0S"),
    ("email", r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z]{2,20}){1,3}", "nobody@example.com"),
    ("idn-email", r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z]{2,20}){1,3}", "nobody@example.com"),
    ("hostname", r"(?:[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\.)+[a-z]{2,20}", "example.com"),
    ("idn-hostname", r"(?:[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\.)+[a-z]{2,20}", "example.com"),
    ("ipv4", r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)", "127.0.0.1"),
    ("ipv6", r"(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}", "::1"),
    ("uri", r"https?://[\w.-]{1,200}(?:/[\w./-]{0,200})?", "https://example.com/"),
    ("uri-reference", r"https?://[\w.-]{1,200}(?:/[\w./-]{0,200})?", "https://example.com/"),
    ("iri", r"https?://[\w.-]{1,200}(?:/[\w./-]{0,200})?", "https://example.com/"),
    ("iri-reference", r"https?://[\w.-]{1,200}(?:/[\w./-]{0,200})?", "https://example.com/"),
    ("uri-template", r"https?://[\w.-]{1,200}(?:/[\w./-]{0,200})?", "https://example.com/{name}"),
    ("uuid", r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", "00000000-0000-4000-8000-000000000000"),
    ("json-pointer", r"(?:/[\w-]+)+", "/answer"),
    ("relative-json-pointer", r"\d+(?:/[\w-]+)+", "0/answer"),
    ("regex", r"\^[\w.*+-]+\$", ".*"),
)
_MOST_CHARACTERS = 100_000
_MOST_TOKENS = 200
_MOST_TRIES = 1_000
_LEAST_PADDING = " …"
_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


Accepts = Callable[[JsonValue], bool]


def fit_text(wish: str | None, schema: JsonObject, material: str, accepts: Accepts, variant: int = 0) -> str:
    """Return a text that `schema` allows, `wish` if it does, else one from `material`, else an example.

    `accepts` holds a text against the whole schema; it is asked only where a pattern leaves a doubt. `variant` above 0
    asks for another one than the variants before it.
    """
    format_name = schema.get("format")
    pattern = schema.get("pattern")
    wanted = "unknown" if wish is None else wish
    if isinstance(pattern, str):
        found = _nth(variant, wanted, pattern, schema, material, accepts)
        if found is not None:
            return found
    if isinstance(format_name, str):
        formatted = _formatted(format_name, wanted, material)
        if formatted is not None:
            return formatted
    mark = f" {variant + 1}" if variant and wish is None else ""
    most = _size(schema.get("maxLength"), _MOST_CHARACTERS)
    if mark and len(wanted) + len(mark) > most:
        mark = mark.strip()
    return fit_length(wanted[: max(most - len(mark), 0)] + mark if mark else wanted, schema)


def _nth(variant: int, wish: str, pattern: str, schema: JsonObject, material: str, accepts: Accepts) -> str | None:
    found: str | None = None
    left = variant
    for candidate in dict.fromkeys(islice(_matching(wish, pattern, schema, material), _MOST_TRIES)):
        if accepts(candidate):
            found = candidate
            left -= 1
            if left < 0:
                break
    return found


def fit_length(text: str, schema: JsonObject) -> str:
    """Return `text` cut or filled to the lengths that `schema` allows, in characters."""
    least, most = _size(schema.get("minLength"), 0), _size(schema.get("maxLength"), _MOST_CHARACTERS)
    if len(text) > most:
        cut = text[:most].rsplit(" ", 1)[0]
        text = cut if len(cut) >= max(least, most // 2) else text[:most]
    if len(text) < least:
        filled = text + _LEAST_PADDING * (least - len(text))
        text = filled[:least]
    return text


def _size(value: object, default: int) -> int:
    return min(int(value), _MOST_CHARACTERS) if isinstance(value, int | float) and value >= 0 else default


def _formatted(name: str, wish: str, material: str) -> str | None:
    for known, shape, example in _FORMATS:
        if known == name:
            for text in (wish, material[:20_000]):
                found = re.search(rf"(?<![\w.]){shape}(?!\w)", text)
                if found is not None:
                    return found.group()
            return example
    return None


def _matching(wish: str, pattern: str, schema: JsonObject, material: str) -> Iterator[str]:
    """Yield texts that may match `pattern`: the wish, words of it and of the text, then written examples."""
    yield wish
    yield fit_length(wish, schema)
    tokens = dict.fromkeys([*wish.split(), *material[:20_000].split()])
    for token in islice(tokens, _MOST_TOKENS):
        yield token
        yield token.strip(".,;:!?()[]\"'")
        yield token.lower()
        yield token.upper()
    yield "-".join(words(wish)[:6])
    yield "_".join(words(wish)[:6])
    example = example_of(pattern)
    if example is not None:
        least = _size(schema.get("minLength"), 0)
        yield example
        yield example + "a" * (least - len(example))
        yield example + "0" * (least - len(example))
        yield (example or "a") * (least // max(len(example), 1) + 1)
        yield (example[:1] or "a") * (least - len(example)) + example
        yield example + (example[-1:] or "a") * (least - len(example))
        for sign in _SIGNS:
            yield example + sign
            yield example[:-1] + sign
            yield sign + example[1:]
        yield from (example + str(number) for number in range(10, _MOST_TRIES))
