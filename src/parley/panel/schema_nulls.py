"""Takes out the nulls that a strict mode has brought into an answer, because it knows no optional properties.

Knows the shapes that strict modes have (objects, arrays, anyOf, references inside the schema) and leaves others alone.
"""

from urllib.parse import unquote

from parley.domain.json import JsonObject, JsonValue

_MAX_REFERENCES = 64


def without_added_nulls(value: JsonValue, schema: JsonObject) -> JsonValue:
    """Return `value` without those nulls that stand for an optional property whose schema does not allow null.

    `schema` is the one given by the caller. Values are shared with the argument where nothing is taken out.
    """
    return _NullPruner(schema).prune(value, schema)[1]


class _NullPruner:
    """Holds what is known of a pair of value and subschema, so that alternatives in alternatives stay cheap."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._known: dict[tuple[int, int], tuple[bool, JsonValue]] = {}

    def prune(self, value: JsonValue, schema: JsonValue) -> tuple[bool, JsonValue]:
        """Return whether `value` fits, added nulls overlooked, and `value` without them."""
        schema = self._resolved(schema)
        if not isinstance(schema, dict):
            return schema is not False, value
        key = (id(value), id(schema))
        if key not in self._known:
            self._known[key] = (True, value)  # what a reference in a circle finds
            self._known[key] = self._prune(value, schema)
        return self._known[key]

    def _resolved(self, schema: JsonValue) -> JsonValue:
        for _ in range(_MAX_REFERENCES):
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(reference, str):
                return schema
            if reference != "#" and not reference.startswith("#/"):
                return None
            schema = self._root
            for part in unquote(reference[1:]).split("/")[1:]:
                schema = schema.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(schema, dict) else None
        return None

    def _prune(self, value: JsonValue, schema: JsonObject) -> tuple[bool, JsonValue]:
        if not _has_type(value, schema.get("type")) or not _is_listed(value, schema):
            return False, value
        branches = schema.get("anyOf", schema.get("oneOf"))
        if isinstance(branches, list):
            for branch in branches:
                fits, pruned = self.prune(value, branch)
                if fits:
                    return True, pruned
            return False, value
        if isinstance(value, dict):
            return self._prune_object(value, schema)
        if isinstance(value, list) and isinstance(schema.get("items"), dict):
            items = [self.prune(item, schema["items"]) for item in value]
            return all(fits for fits, _ in items), [item for _, item in items]
        return True, value

    def _prune_object(self, value: JsonObject, schema: JsonObject) -> tuple[bool, JsonValue]:
        properties, required = schema.get("properties"), schema.get("required")
        properties = properties if isinstance(properties, dict) else {}
        required = required if isinstance(required, list) else []
        # A strict mode writes no other members: one with others is not an answer to this alternative.
        all_fit = all(name in value for name in required) and value.keys() <= properties.keys()
        kept: JsonObject = {}
        for name, member in value.items():
            if name not in properties:
                kept[name] = member
                continue
            fits, pruned = self.prune(member, properties[name])
            if not fits and member is None and name not in required:
                continue
            all_fit = all_fit and fits
            kept[name] = pruned
        return all_fit, kept


def _has_type(value: JsonValue, wanted: JsonValue) -> bool:
    match value:
        case None:
            names = {"null"}
        case bool():
            names = {"boolean"}
        case int():
            names = {"number", "integer"}
        case float():
            names = {"number", "integer"} if value.is_integer() else {"number"}
        case str():
            names = {"string"}
        case list():
            names = {"array"}
        case dict():
            names = {"object"}
    if isinstance(wanted, list):
        return any(name in wanted for name in names)
    return not isinstance(wanted, str) or wanted in names


def _is_listed(value: JsonValue, schema: JsonObject) -> bool:
    enum = schema.get("enum")
    if isinstance(enum, list) and value not in enum:
        return False
    return "const" not in schema or schema["const"] == value
