"""Words to write JSON Schemas with; every field carries its description."""

from collections.abc import Sequence

from parley.domain.json import JsonObject, JsonValue


def text(description: str, example: str | None = None) -> JsonObject:
    return _described({"type": "string"}, description, example)


def constant(value: str, description: str) -> JsonObject:
    return {"type": "string", "const": value, "description": description}


def words(values: Sequence[str], description: str) -> JsonObject:
    return {"type": "string", "enum": [*values], "description": description}


def count(description: str, least: int = 0) -> JsonObject:
    """A whole number; its unit stands in its name or in `description`."""
    return {"type": "integer", "minimum": least, "description": description}


def number(description: str) -> JsonObject:
    return {"type": "number", "minimum": 0, "description": description}


def flag(description: str) -> JsonObject:
    return {"type": "boolean", "description": description}


def anything(description: str) -> JsonObject:
    return {"description": description}


def array(items: JsonObject, description: str) -> JsonObject:
    return {"type": "array", "items": items, "description": description}


def nullable(schema: JsonObject) -> JsonObject:
    """Allow null beside what `schema` allows."""
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [kind, "null"]}
    description = schema.get("description", "")
    bare: JsonObject = {key: value for key, value in schema.items() if key != "description"}
    return {"anyOf": [bare, {"type": "null"}], "description": description}


def ref(name: str, description: str | None = None) -> JsonObject:
    """Point at a component; a description beside `$ref` is allowed since OpenAPI 3.1."""
    pointer: JsonObject = {"$ref": f"#/components/schemas/{name}"}
    return pointer if description is None else {**pointer, "description": description}


def record(description: str, fields: JsonObject, optional: Sequence[str] = ()) -> JsonObject:
    """An object that has all of `fields` but those that are `optional`."""
    required: list[JsonValue] = [name for name in fields if name not in optional]
    return {"type": "object", "description": description, "properties": fields, "required": required}


def _described(schema: JsonObject, description: str, example: str | None) -> JsonObject:
    more: JsonObject = {} if example is None else {"examples": [example]}
    return {**schema, "description": description, **more}
