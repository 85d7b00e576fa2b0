"""Request bodies: schemas generated from the msgspec structs that decode them, with meanings and defaults laid over.

A struct's types and bounds come from the struct; what is written here is what it can't say: the meaning of a field, the
default that null stands for, and the rules that its contract checks after decoding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from parley.domain.json import JsonObject, JsonValue

Notes = Mapping[str, JsonObject]
"""Field name to what is laid over its generated schema; `items` is laid over the items of an array."""

TEMPLATE_FIELDS: Notes = {
    "cache": {
        "description": "Take the answer that the same key got to the very same question within 24 hours, and keep a "
        "new one.",
        "default": False,
    },
    "template": {"description": "Name or id of a stored template that begins the conversation."},
    "variables": {"description": "Values of the template's placeholders; those that it does not have are ignored."},
}
"""What compare and chat take alike."""


@dataclass(frozen=True, slots=True)
class BodyNotes:
    """What the structs can't say, by struct: `fields` of each, and which ones its contract requires besides."""

    fields: Mapping[str, Notes]
    required: Mapping[str, tuple[str, ...]]


def body_schemas(bodies: Sequence[type[msgspec.Struct]], notes: BodyNotes) -> JsonObject:
    """Return the components of `bodies` and of the structs within them, by name.

    Raises LookupError where `notes` names a struct or field that is not there, or leaves out a field.
    """
    _, generated = msgspec.json.schema_components(
        list(bodies), ref_template="#/components/schemas/{name}", schema_hook=_opaque
    )
    _check(generated, notes)
    return {
        name: _noted(schema, notes.fields[name], notes.required.get(name, ())) for name, schema in generated.items()
    }


def _check(generated: Mapping[str, JsonObject], notes: BodyNotes) -> None:
    wrong = [f"no struct {name}" for name in notes.fields if name not in generated]
    for name, schema in generated.items():
        properties = schema["properties"]
        assert isinstance(properties, dict)
        given = notes.fields.get(name, {})
        wrong += [f"{name}.{field} is not described" for field in properties if field not in given]
        wrong += [f"{name}.{field} is described but not there" for field in given if field not in properties]
    if wrong:
        raise LookupError("; ".join(wrong))


def _opaque(_kind: type) -> JsonObject:
    return {"description": "Any JSON value."}


def _noted(schema: JsonObject, notes: Notes, required_besides: tuple[str, ...]) -> JsonObject:
    properties = schema["properties"]
    assert isinstance(properties, dict)
    fields: JsonObject = {field: _laid_over(given, notes.get(field, {})) for field, given in properties.items()}
    generated = schema.get("required")
    names: list[JsonValue] = [*(generated if isinstance(generated, list) else ()), *required_besides]
    required: JsonObject = {"required": names} if names else {}
    closed: JsonObject = {} if schema.get("additionalProperties") is None else {"additionalProperties": False}
    return {"type": "object", "description": _first_line(schema), "properties": fields, **required, **closed}


def _first_line(schema: JsonObject) -> str:
    return str(schema.get("description", "")).strip().split("\n")[0]


def _laid_over(generated: JsonValue, note: JsonObject) -> JsonObject:
    """Return the field's schema. What `note` says of texts, numbers and arrays goes to the branch that is not null."""
    assert isinstance(generated, dict)
    field = dict(generated)
    is_defaulted = field.pop("default", "") is None
    outer: JsonObject = {key: note[key] for key in ("description", "default", "examples") if key in note}
    inner: JsonObject = {key: value for key, value in note.items() if key not in outer}
    branches = field.pop("anyOf", None)
    if isinstance(branches, list) and is_defaulted:
        kinds: list[JsonValue] = [_merged(one, inner) for one in branches if one != {"type": "null"}]
        field = {"anyOf": [*kinds, {"type": "null"}]}
    elif isinstance(branches, list):
        field = {"anyOf": [_merged(one, inner) for one in branches]}
    else:
        field = _merged(field, inner)
    return {**field, **outer}


def _merged(schema: JsonValue, note: JsonObject) -> JsonObject:
    assert isinstance(schema, dict)
    items = note.get("items")
    more = {key: value for key, value in note.items() if key != "items"}
    if "$ref" in schema or (not more and items is None):
        return dict(schema)
    if items is None or schema.get("type") != "array":
        return {**schema, **more}
    return {**schema, **more, "items": _laid_over(schema["items"], items if isinstance(items, dict) else {})}
