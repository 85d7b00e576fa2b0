"""Rewrites a JSON Schema for OpenAI's strict mode, or says that it can't be: everything required, nothing extra.

The result may be looser than the schema as given (which every answer is validated against), never different in shape.
Source: contracts/providers.md §1 and OpenAI's guide to structured outputs, "Supported schemas".
"""

from dataclasses import dataclass, field

from parley.domain.json import JsonObject, JsonValue

MAX_PROPERTIES = 5_000
MAX_NESTING = 10
MAX_ENUM_VALUES = 1_000
MAX_NAME_CHARACTERS = 120_000
_LONG_ENUM_VALUES = 250
_MAX_LONG_ENUM_CHARACTERS = 15_000

_SCALARS = frozenset({"string", "number", "integer", "boolean", "null"})
_TYPES = _SCALARS | {"object", "array"}
_KEPT = {
    "string": ("pattern",),
    "number": ("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "integer": ("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "array": ("minItems", "maxItems"),
}
_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
_ANNOTATIONS = ("description", "title")
# Keywords that shape an answer and that strict mode lacks. All other unknown ones only narrow it: they are left out.
_UNSUPPORTED = frozenset(
    {
        "allOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "dependentSchemas",
        "dependencies",
        "patternProperties",
        "propertyNames",
        "unevaluatedProperties",
        "unevaluatedItems",
        "prefixItems",
        "contains",
        "$id",
        "$anchor",
        "$dynamicRef",
        "$dynamicAnchor",
    }
)
_SHAPES = frozenset(
    {"type", "properties", "items", "required", "enum", "const", "anyOf", "$ref", "additionalProperties"}
)
_STORES = ("$defs", "definitions")


class _Unsupported(Exception):
    """This schema has no strict form."""


def to_strict(schema: JsonObject) -> JsonObject | None:
    """Return `schema` in the form that strict mode demands, None where it has none; the argument stays as it is.

    None: a root that is no object; free keys; combinators other than anyOf; references but to the root and to `$defs`;
    beyond OpenAI's bounds on properties, nesting and enumerations.
    """
    try:
        return _Rewriting(schema).root()
    except _Unsupported:
        return None


@dataclass(slots=True)
class _Rewriting:
    """One schema on its way: `waiting` are the definitions that something refers to and that are not rewritten yet."""

    given: JsonObject
    definitions: dict[str, JsonObject] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    properties: int = 0
    enum_values: int = 0
    characters: int = 0

    def root(self) -> JsonObject:
        body = self.given
        reference = body.get("$ref")
        if reference is not None:
            _check_alone(body, "$ref")
            body = self._definition(_name_of(reference))
        if "anyOf" in body or _types_of(body) != ["object"]:
            raise _Unsupported
        rewritten = self._schema(body, 1)
        while self.waiting:
            name = self.waiting.pop()
            self.definitions[name] = self._schema(self._definition(name), 1)
        if self.definitions:
            rewritten["$defs"] = dict(self.definitions)
        self._check_bounds()
        return rewritten

    def _check_bounds(self) -> None:
        if (
            self.properties > MAX_PROPERTIES
            or self.enum_values > MAX_ENUM_VALUES
            or self.characters > MAX_NAME_CHARACTERS
        ):
            raise _Unsupported

    def _schema(self, schema: JsonValue, level: int) -> JsonObject:
        """Rewrite one subschema; `level` counts it and the objects, arrays and alternatives around it."""
        if not isinstance(schema, dict) or _UNSUPPORTED & schema.keys():
            raise _Unsupported
        notes = {name: schema[name] for name in _ANNOTATIONS if isinstance(schema.get(name), str)}
        if "$ref" in schema:
            _check_alone(schema, "$ref")
            return {"$ref": self._reference(schema["$ref"])}
        if "anyOf" in schema:
            _check_alone(schema, "anyOf")
            _check_level(level)
            return {**notes, "anyOf": [self._schema(branch, level + 1) for branch in _list(schema["anyOf"])]}
        return notes | self._typed(schema, level)

    def _typed(self, schema: JsonObject, level: int) -> JsonObject:
        types = _types_of(schema)
        rewritten: JsonObject = {"type": types[0] if len(types) == 1 else list(types)}
        if "enum" in schema or "const" in schema:
            rewritten |= self._values(schema)
        for name in types:
            for keyword in _KEPT.get(name, ()):
                if keyword in schema:
                    rewritten[keyword] = schema[keyword]
        if "string" in types and schema.get("format") in _FORMATS:
            rewritten["format"] = schema["format"]
        if "array" in types:
            _check_level(level)
            rewritten["items"] = self._schema(schema.get("items"), level + 1)
        if "object" in types:
            rewritten |= self._object(schema, level)
        return rewritten

    def _values(self, schema: JsonObject) -> JsonObject:
        """Take over enum and const, whose values must be plain."""
        values = [*_list(schema.get("enum", [])), *([schema["const"]] if "const" in schema else [])]
        if not values or any(isinstance(value, dict | list) for value in values):
            raise _Unsupported
        characters = sum(len(value) for value in values if isinstance(value, str))
        if len(values) > _LONG_ENUM_VALUES and characters > _MAX_LONG_ENUM_CHARACTERS:
            raise _Unsupported
        self.enum_values += len(values)
        self.characters += characters
        return {
            keyword: list(_list(schema[keyword])) if keyword == "enum" else schema[keyword]
            for keyword in ("enum", "const")
            if keyword in schema
        }

    def _object(self, schema: JsonObject, level: int) -> JsonObject:
        _check_level(level)
        properties = schema.get("properties")
        extra = schema.get("additionalProperties", True)
        required = _list(schema.get("required", []))
        # Without a list of its properties an object lives from free keys, which strict mode does not have.
        if not isinstance(properties, dict) or not isinstance(extra, bool) or (not properties and extra):
            raise _Unsupported
        if any(name not in properties for name in required):
            raise _Unsupported
        self.properties += len(properties)
        self.characters += sum(map(len, properties))
        rewritten: JsonObject = {}
        for name, inner in properties.items():
            strict = self._schema(inner, level + 1)
            rewritten[name] = strict if name in required else _nullable(strict)
        return {"properties": rewritten, "required": list(properties), "additionalProperties": False}

    def _reference(self, reference: JsonValue) -> str:
        if reference == "#":
            return "#"
        name = _name_of(reference)
        if name not in self.definitions:
            self.characters += len(name)
            self.definitions[name] = {}
            self.waiting.append(name)
        return f"#/$defs/{name}"

    def _definition(self, name: str) -> JsonObject:
        found = [store[name] for store in map(self.given.get, _STORES) if isinstance(store, dict) and name in store]
        if len(found) != 1 or not isinstance(found[0], dict):
            raise _Unsupported
        return found[0]


def _check_alone(schema: JsonObject, keyword: str) -> None:
    if _SHAPES & schema.keys() != {keyword}:
        raise _Unsupported


def _check_level(level: int) -> None:
    if level > MAX_NESTING:
        raise _Unsupported


def _name_of(reference: JsonValue) -> str:
    for store in _STORES:
        prefix = f"#/{store}/"
        if isinstance(reference, str) and reference.startswith(prefix):
            name = reference.removeprefix(prefix)
            if name and not set("/~%") & set(name):
                return name
    raise _Unsupported


def _types_of(schema: JsonObject) -> list[str]:
    """Return the types as given, or those that the other keywords speak of."""
    given = schema.get("type")
    if given is None:
        return _implied_types(schema)
    types = [name for name in (given if isinstance(given, list) else [given]) if isinstance(name, str)]
    if not types or not set(types) <= _TYPES:
        raise _Unsupported
    return types


def _implied_types(schema: JsonObject) -> list[str]:
    if "enum" in schema or "const" in schema:
        values = [schema["const"]] if "const" in schema else _list(schema["enum"])
        return sorted({_type_of(value) for value in values})
    if "properties" in schema:
        return ["object"]
    if "items" in schema:
        return ["array"]
    raise _Unsupported


def _type_of(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case _:
            raise _Unsupported


def _nullable(schema: JsonObject) -> JsonObject:
    """Return `schema` with null allowed beside what it allows."""
    types = schema.get("type")
    if types == "null" or (isinstance(types, list) and "null" in types and not {"enum", "const"} & schema.keys()):
        return schema
    if isinstance(types, str) and types in _SCALARS and not {"enum", "const"} & schema.keys():
        return {**schema, "type": [types, "null"]}
    notes = {name: schema[name] for name in _ANNOTATIONS if name in schema}
    inner = {name: value for name, value in schema.items() if name not in notes}
    branches = _list(inner.get("anyOf", [inner]))
    null: JsonObject = {"type": "null"}
    return {**notes, "anyOf": branches if null in branches else [*branches, null]}


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise _Unsupported
    return value
