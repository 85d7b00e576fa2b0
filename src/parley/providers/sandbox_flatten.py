"""JSON Schema made flat: references followed, `allOf` merged, alternatives gathered; and a check of single values.

References inside the document only: nothing is ever fetched.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import jsonschema_rs

from parley.domain.json import JsonObject, JsonValue

_HOME = "urn:parley:sandbox"
_MOST_HOPS = 32
_MOST_NODES = 20_000
_LARGER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})
_SMALLER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})
_BOTH_HOLD = frozenset({"items", "additionalProperties", "propertyNames", "contains"})
_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas"})


@dataclass(frozen=True, slots=True)
class Flat:
    """One schema, references and `allOf` worked in. `groups` are its `anyOf` and `oneOf`: of each one branch holds."""

    keywords: JsonObject
    groups: tuple[tuple[JsonValue, ...], ...] = ()
    conditions: tuple[JsonObject, ...] = ()
    is_impossible: bool = False


class SchemaDocument:
    """One schema document: finds what its references mean and checks values against any part of it."""

    def __init__(self, root: JsonValue) -> None:
        self.root = root
        self._registry = self._register()

    def flatten(self, schema: JsonValue) -> Flat:
        """Return `schema` made flat; what it does not know stays among the keywords."""
        return self._flatten(schema, 0)

    def accepts(self, schema: JsonValue, value: JsonValue) -> bool:
        """Return whether `value` is valid against `schema`, a part of this document; True if that can't be said."""
        return self.checker(schema)(value)

    def checker(self, schema: JsonValue) -> Callable[[JsonValue], bool]:
        """Return the check of values against `schema`, compiled once."""
        if isinstance(schema, bool):
            return lambda _: schema
        absolute = _absolute(schema, [0])
        if not isinstance(absolute, dict):
            return _anything
        try:
            validator = jsonschema_rs.Draft202012Validator(
                absolute,
                retriever=_refuse,
                registry=self._registry,
                pattern_options=jsonschema_rs.RegexOptions(),
            )
        except (ValueError, jsonschema_rs.ReferencingError):
            return _anything
        return lambda value: _holds(validator, value)

    def _register(self) -> jsonschema_rs.Registry | None:
        if not isinstance(self.root, dict):
            return None
        try:
            return jsonschema_rs.Registry([(_HOME, self.root)], retriever=_refuse)
        except (ValueError, jsonschema_rs.ReferencingError):
            return None

    def _flatten(self, schema: JsonValue, hops: int) -> Flat:
        if schema is False:
            return Flat({}, is_impossible=True)
        if not isinstance(schema, dict) or hops > _MOST_HOPS:
            return Flat({})
        flat = _own(schema)
        for keyword in ("$ref", "$dynamicRef"):
            reference = schema.get(keyword)
            if isinstance(reference, str):
                flat = _merge(flat, self._flatten(self.find(reference), hops + 1))
        for part in _schemas(schema.get("allOf")):
            flat = _merge(flat, self._flatten(part, hops + 1))
        return flat

    def find(self, reference: str) -> JsonValue:
        """Return the schema that `reference` points to inside the document; True (anything) for every other."""
        address, _, fragment = reference.partition("#")
        own_id = self.root.get("$id") if isinstance(self.root, dict) else None
        if address and address != own_id:
            return True
        if fragment and not fragment.startswith("/"):
            return self._find_anchor(fragment)
        found = self.root
        for step in unquote(fragment).split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            else:
                return True
        return found

    def _find_anchor(self, name: str) -> JsonValue:
        waiting: list[JsonValue] = [self.root]
        for _ in range(_MOST_NODES):
            if not waiting:
                break
            node = waiting.pop()
            if isinstance(node, dict):
                if name in (node.get("$anchor"), node.get("$dynamicAnchor")):
                    return node
                waiting.extend(node.values())
            elif isinstance(node, list):
                waiting.extend(node)
        return True


def _own(schema: JsonObject) -> Flat:
    left_out = {"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "then", "else"}
    groups = tuple(branches for keyword in ("anyOf", "oneOf") if (branches := tuple(_schemas(schema.get(keyword)))))
    condition: JsonObject = {key: value for key, value in schema.items() if key in ("if", "then", "else")}
    keywords: JsonObject = {key: value for key, value in schema.items() if key not in left_out}
    return Flat(keywords, groups, (condition,) if "if" in condition else ())


def _schemas(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, list):
        yield from value


def _merge(one: Flat, two: Flat) -> Flat:
    """Return what has to hold where both hold."""
    merged = dict(one.keywords)
    is_impossible = one.is_impossible or two.is_impossible
    for keyword, value in two.keywords.items():
        merged[keyword] = _merge_keyword(keyword, merged[keyword], value) if keyword in merged else value
    return Flat(merged, one.groups + two.groups, one.conditions + two.conditions, is_impossible)


def _merge_keyword(keyword: str, one: JsonValue, two: JsonValue) -> JsonValue:
    if keyword in _LARGER and isinstance(one, int | float) and isinstance(two, int | float):
        return max(one, two)
    if keyword in _SMALLER and isinstance(one, int | float) and isinstance(two, int | float):
        return min(one, two)
    if keyword in _BOTH_HOLD:
        return {"allOf": [one, two]}
    if keyword in _BY_NAME and isinstance(one, dict) and isinstance(two, dict):
        return {**one, **{name: {"allOf": [one[name], part]} if name in one else part for name, part in two.items()}}
    if keyword == "required" and isinstance(one, list) and isinstance(two, list):
        return [*one, *[name for name in two if name not in one]]
    if keyword == "enum" and isinstance(one, list) and isinstance(two, list):
        return [value for value in one if value in two]
    if keyword == "type":
        return _common_types(one, two)
    return two


def _common_types(one: JsonValue, two: JsonValue) -> JsonValue:
    left, right = ([kinds] if not isinstance(kinds, list) else kinds for kinds in (one, two))
    common = [kind for kind in left if kind in right or (kind == "integer" and "number" in right)]
    common += [kind for kind in right if kind == "integer" and "number" in left and kind not in common]
    return common


def _absolute(node: JsonValue, count: list[int]) -> JsonValue:
    """Return a copy of `node` whose local references name the document; a huge one comes back as True."""
    count[0] += 1
    if count[0] > _MOST_NODES:
        return True
    if isinstance(node, list):
        return [_absolute(item, count) for item in node]
    if not isinstance(node, dict):
        return node
    copied: JsonObject = {key: _absolute(value, count) for key, value in node.items() if key != "$id"}
    for keyword in ("$ref", "$dynamicRef"):
        reference = node.get(keyword)
        if isinstance(reference, str) and reference.startswith("#"):
            copied[keyword] = _HOME + reference
    return copied


def _holds(validator: jsonschema_rs.Draft202012Validator, value: JsonValue) -> bool:
    try:
        return validator.is_valid(value)
    except UnicodeEncodeError:  # half a surrogate pair, which no valid answer may hold
        return False


def _anything(_value: JsonValue) -> bool:
    return True


def _refuse(address: str) -> JsonValue:
    raise ValueError(f"{address} is not part of the schema; references inside the document only")
