"""JSON Schema as Anthropic's native structured output takes it: closed objects, few keywords, no recursion.

Constraints that it refuses move into descriptions; the answer is validated against the schema as given, elsewhere.
Source: Anthropic's documentation of structured outputs, "JSON Schema limitations".
"""

import re

import msgspec

from parley.domain.json import JsonObject, JsonValue

_PLAIN = frozenset({"type", "title", "description", "default", "required"})
_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
_UNIONS = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
_DEFINITIONS = frozenset({"$defs", "definitions"})
_KINDS = ("type", "properties", "enum", "const", "$ref", *_UNIONS)
_WITHOUT_MEANING = frozenset({"$schema", "$id", "$comment", "examples", "additionalProperties"})
_REFERENCE = re.compile(r"#/(\$defs|definitions)/[^/~%]+")


class _NotNative(Exception):
    """The schema can't be said in the native subset without changing what it allows."""


def native_schema(schema: JsonObject) -> JsonObject | None:
    """Return `schema` in the native subset, or None where it can't be said there: free objects, recursion, any value.

    Objects that say nothing of further properties are closed, which the subset demands.
    """
    try:
        narrowed = _narrow(schema)
    except _NotNative:
        return None
    return None if _is_recursive(schema) else narrowed


def _narrow(node: JsonValue) -> JsonObject:
    if not isinstance(node, dict) or not any(keyword in node for keyword in _KINDS):
        raise _NotNative
    narrowed: JsonObject = {}
    lost: JsonObject = {}
    for keyword, value in node.items():
        said = _narrow_keyword(keyword, value)
        narrowed.update(said)
        if not said and keyword not in _WITHOUT_MEANING:
            lost[keyword] = value
    if _is_object(node):
        is_free = not node.get("properties") and "additionalProperties" not in node
        if is_free or node.get("additionalProperties", False) is not False:
            raise _NotNative
        narrowed["additionalProperties"] = False
    if lost:
        told = node.get("description", "")
        narrowed["description"] = f"{told} Must also hold: {msgspec.json.encode(lost).decode()}".strip()
    return narrowed


def _narrow_keyword(keyword: str, value: JsonValue) -> JsonObject:
    """Return the native form of one keyword, empty if there is none."""
    if keyword in _PLAIN or (keyword == "minItems" and value in (0, 1)) or (keyword == "format" and value in _FORMATS):
        return {keyword: value}
    if keyword in {"enum", "const"}:
        values = value if keyword == "enum" and isinstance(value, list) else [value]
        if any(isinstance(choice, list | dict) for choice in values):
            raise _NotNative
        return {keyword: value}
    if keyword == "$ref":
        if not (isinstance(value, str) and _REFERENCE.fullmatch(value)):
            raise _NotNative
        return {keyword: value}
    if keyword in _UNIONS and isinstance(value, list):
        if keyword == "allOf" and len(value) > 1:
            raise _NotNative  # closed objects exclude each other
        return {_UNIONS[keyword]: [_narrow(item) for item in value]}
    if (keyword in _DEFINITIONS or keyword == "properties") and isinstance(value, dict):
        return {keyword: {name: _narrow(part) for name, part in value.items()}}
    return {"items": _narrow(value)} if keyword == "items" else {}


def _is_object(node: JsonObject) -> bool:
    kind = node.get("type")
    return "properties" in node or kind == "object" or (isinstance(kind, list) and "object" in kind)


def _is_recursive(schema: JsonObject) -> bool:
    """Whether a definition refers to itself, by any way round."""
    targets: dict[str, set[str]] = {}
    for keyword in _DEFINITIONS:
        definitions = schema.get(keyword)
        if isinstance(definitions, dict):
            for name, definition in definitions.items():
                targets[f"#/{keyword}/{name}"] = _references(definition)
    return any(_reaches_itself(start, targets) for start in targets)


def _references(node: JsonValue) -> set[str]:
    if isinstance(node, list):
        return set().union(*[_references(item) for item in node])
    if not isinstance(node, dict):
        return set()
    found = set().union(*[_references(value) for value in node.values()])
    target = node.get("$ref")
    return found | {target} if isinstance(target, str) else found


def _reaches_itself(start: str, targets: dict[str, set[str]]) -> bool:
    seen: set[str] = set()
    waiting = set(targets[start])
    while waiting:
        target = waiting.pop()
        if target == start:
            return True
        if target not in seen:
            seen.add(target)
            waiting |= targets.get(target, set())
    return False


def wrapped_schema(schema: JsonObject) -> JsonObject:
    """Return the schema of `{"value": X}`, X as `schema` says; its references follow it to its new place."""
    inner = {key: _moved(key, value) for key, value in schema.items() if key not in {"$schema", "$id"}}
    return {"type": "object", "properties": {"value": inner}, "required": ["value"], "additionalProperties": False}


def _moved(key: str, value: JsonValue) -> JsonValue:
    if key == "$ref" and isinstance(value, str) and value.startswith("#"):
        return "#/properties/value" + value[1:]
    if key in {"const", "enum", "default", "examples"}:
        return value
    if isinstance(value, list):
        return [_moved("", item) for item in value]
    if isinstance(value, dict):
        return {name: _moved(name, part) for name, part in value.items()}
    return value
