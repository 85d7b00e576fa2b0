"""JSON Schemas as lists of fields in HTML: name, type, rule, default, meaning. All text is escaped here."""

import re
from html import escape

import msgspec

from parley.domain.json import JsonObject, JsonValue

_CODE = re.compile(r"`([^`]+)`")
_REF = "#/components/schemas/"


def prose(text: str) -> str:
    """Return `text` as HTML, with what stands in backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def field_list(schema: JsonObject) -> str:
    """Return the fields of an object as a definition list. That an optional field may be null goes without saying."""
    properties = _object(schema.get("properties"))
    required = _array(schema.get("required"))
    rows = [_row(name, _object(field), name in required) for name, field in properties.items()]
    return f'<dl class="fields">{"".join(rows)}</dl>'


def _row(name: str, field: JsonObject, is_required: bool) -> str:
    mark = "" if is_required else ' <span class="optional">optional</span>'
    rules = "".join(f'<span class="rule">{rule}</span>' for rule in (*_rules(field), *_default(field)))
    meaning = prose(str(field.get("description", "")))
    inner = _inner(field)
    kind = type_of(field) if is_required else type_of(field).replace(" or null", "")
    return (
        f'<div><dt><code class="name">{escape(name)}</code>{mark}<span class="type">{kind}</span></dt>'
        f"<dd>{meaning} {rules}{inner}</dd></div>"
    )


def _inner(field: JsonObject) -> str:
    """Return the fields of an object that has no name of its own, folded away."""
    for schema in (field, _object(field.get("items")), *_branches(field)):
        if schema.get("properties"):
            return f"<details><summary>Fields</summary>{field_list(schema)}</details>"
    return ""


def type_of(schema: JsonObject) -> str:
    """Return the type of `schema` in words, with links to named shapes."""
    pointer = schema.get("$ref")
    if isinstance(pointer, str):
        name = escape(pointer.removeprefix(_REF))
        return f'<a href="#{name}">{name}</a>'
    branches = _branches(schema)
    if branches:
        return " or ".join(dict.fromkeys(type_of(branch) for branch in branches))
    values = _array(schema.get("enum"))
    if values:
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in values)
    if "const" in schema:
        return f"<code>{escape(_json(schema['const']))}</code>"
    kind = schema.get("type", "any JSON")
    words = kind if isinstance(kind, list) else [kind]
    return " or ".join(_kind(str(word), schema) for word in words)


def _kind(word: str, schema: JsonObject) -> str:
    if word == "array" and schema.get("items"):
        return f"array of {type_of(_object(schema['items']))}"
    return "text" if word == "string" else escape(word)


def _rules(schema: JsonObject) -> list[str]:
    """Return the bounds of `schema`, of its items and of its branches, in words."""
    rules = [
        _span(schema, "minimum", "maximum", ""),
        _span(schema, "minLength", "maxLength", " characters"),
        _span(schema, "minItems", "maxItems", " entries"),
        "distinct" if schema.get("uniqueItems") else "",
        "not blank" if schema.get("pattern") == r"\S" else "",
    ]
    items = _object(schema.get("items"))
    rules += [f"each {rule}" for rule in _rules(items)] if items else []
    for branch in _branches(schema):
        rules += _rules(branch)
    return list(dict.fromkeys(rule for rule in rules if rule))


def _span(schema: JsonObject, least: str, most: str, unit: str) -> str:
    low, high = schema.get(least), schema.get(most)
    if high is None:
        return f"at least {low:,}{unit}" if isinstance(low, int | float) and low > (0 if unit == "" else 1) else ""
    if low is None and unit:
        return f"at most {high:,}{unit}" if isinstance(high, int | float) else ""
    low = 0 if low is None else low
    return f"{low:,} to {high:,}{unit}" if isinstance(low, int | float) and isinstance(high, int | float) else ""


def _default(schema: JsonObject) -> list[str]:
    return [f"default <code>{escape(_json(schema['default']))}</code>"] if "default" in schema else []


def _branches(schema: JsonObject) -> list[JsonObject]:
    return [_object(branch) for key in ("anyOf", "oneOf") for branch in _array(schema.get(key))]


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _array(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _json(value: JsonValue) -> str:
    return msgspec.json.encode(value).decode()
