"""Strict mode: what is rewritten, what has no strict form, and that its answers are answers to the schema as given."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.domain.json import JsonObject, JsonValue
from parley.panel.schema import check_answer, compile_schema
from parley.providers.strict import (
    MAX_ENUM_VALUES,
    MAX_NAME_CHARACTERS,
    MAX_NESTING,
    MAX_PROPERTIES,
    to_strict,
)


def object_of(**properties: JsonValue) -> JsonObject:
    """Return an object schema whose properties are all required."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def test_optional_properties_become_required_and_nullable() -> None:
    schema: JsonObject = {
        "type": "object",
        "title": "Person",
        "properties": {
            "name": {"type": "string", "description": "in full"},
            "age": {"type": "integer", "minimum": 0},
            "mood": {"enum": ["good", "bad"], "description": "today"},
            "kind": {"const": "person"},
            "nickname": {"type": ["string", "null"]},
            "home": {"type": "object", "properties": {"street": {"type": "string"}}},
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "other": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        },
        "required": ["name"],
    }
    assert to_strict(schema) == {
        "type": "object",
        "title": "Person",
        "properties": {
            "name": {"type": "string", "description": "in full"},
            "age": {"type": ["integer", "null"], "minimum": 0},
            "mood": {"description": "today", "anyOf": [{"type": "string", "enum": ["good", "bad"]}, {"type": "null"}]},
            "kind": {"anyOf": [{"type": "string", "const": "person"}, {"type": "null"}]},
            "nickname": {"type": ["string", "null"]},
            "home": {
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {"street": {"type": ["string", "null"]}},
                        "required": ["street"],
                        "additionalProperties": False,
                    },
                    {"type": "null"},
                ]
            },
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "other": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
        },
        "required": ["name", "age", "mood", "kind", "nickname", "home", "either", "other"],
        "additionalProperties": False,
    }


def test_keywords_that_only_narrow_are_kept_where_documented_and_left_out_elsewhere() -> None:
    schema = object_of(
        text={"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a", "format": "email", "default": "a"},
        link={"type": "string", "format": "uri", "examples": ["x"]},
        size={"type": "number", "multipleOf": 0.5, "minimum": 0, "exclusiveMaximum": 9},
        tags={"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3, "uniqueItems": True},
    )
    schema |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "minProperties": 1, "x-own": True}
    assert to_strict(schema) == object_of(
        text={"type": "string", "pattern": "^a", "format": "email"},
        link={"type": "string"},
        size={"type": "number", "multipleOf": 0.5, "minimum": 0, "exclusiveMaximum": 9},
        tags={"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3},
    )


def test_missing_types_follow_from_the_other_keywords() -> None:
    schema: JsonObject = {
        "properties": {
            "a": {"enum": [1, "x", None]},
            "b": {"items": {"const": True}},
            "c": {"properties": {}, "additionalProperties": False},
        },
        "required": ["a", "b", "c"],
    }
    assert to_strict(schema) == object_of(
        a={"type": ["integer", "null", "string"], "enum": [1, "x", None]},
        b={"type": "array", "items": {"type": "boolean", "const": True}},
        c=object_of(),
    )


def test_definitions_are_rewritten_once_and_unused_ones_left_out() -> None:
    schema: JsonObject = {
        "type": "object",
        "properties": {"left": {"$ref": "#/$defs/node"}, "right": {"$ref": "#/definitions/leaf", "description": "x"}},
        "required": ["left"],
        "$defs": {
            "node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}},
            "unused": {"allOf": [{"type": "string"}]},
        },
        "definitions": {"leaf": {"type": "integer"}},
    }
    nullable_node: JsonObject = {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}
    assert to_strict(schema) == {
        **object_of(left={"$ref": "#/$defs/node"}, right={"anyOf": [{"$ref": "#/$defs/leaf"}, {"type": "null"}]}),
        "$defs": {"node": object_of(next=nullable_node), "leaf": {"type": "integer"}},
    }


def test_recursion_on_the_root_is_kept() -> None:
    schema: JsonObject = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#"}}},
        "required": ["children"],
    }
    assert to_strict(schema) == object_of(children={"type": "array", "items": {"$ref": "#"}})


def test_root_that_refers_to_a_definition_takes_its_place() -> None:
    schema: JsonObject = {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}}},
    }
    strict = object_of(a={"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]})
    assert to_strict(schema) == {**strict, "$defs": {"a": strict}}


TEXT: JsonObject = {"type": "string"}


@pytest.mark.parametrize(
    "schema",
    [
        # the root is no object
        {},
        {"type": "array", "items": TEXT},
        {"type": "string"},
        {"enum": ["a"]},
        {"type": ["object", "null"], "properties": {"a": TEXT}},
        {"anyOf": [object_of(a=TEXT), object_of(b=TEXT)]},
        {**object_of(a=TEXT), "anyOf": [{"required": ["a"]}]},
        {"$ref": "#"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": TEXT}}},
        {"$ref": "#/$defs/a", "properties": {}, "$defs": {"a": object_of(a=TEXT)}},
        # free keys
        {"type": "object"},
        {"type": "object", "additionalProperties": TEXT},
        {"type": "object", "properties": {}, "additionalProperties": True},
        {"type": "object", "properties": {"a": TEXT}, "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": TEXT}, "required": ["a", "b"]},
        {"type": "object", "properties": {"a": TEXT}, "patternProperties": {"^x": TEXT}},
        object_of(a={"type": "object"}),
        # no type to be found, or one that is none
        object_of(a={}),
        object_of(a=True),
        object_of(a={"description": "anything"}),
        object_of(a={"type": "text"}),
        object_of(a={"type": "array"}),
        object_of(a={"type": "array", "items": True}),
        object_of(a={"enum": [{"b": 1}]}),
        object_of(a={"const": [1]}),
        # combinators
        object_of(a={"allOf": [TEXT]}),
        object_of(a={"oneOf": [TEXT]}),
        object_of(a={"not": TEXT}),
        object_of(a={"type": "string", "if": TEXT, "then": TEXT}),
        object_of(a={"type": "array", "prefixItems": [TEXT], "items": TEXT}),
        object_of(a={"type": "array", "items": TEXT, "contains": TEXT}),
        object_of(a={"type": "string", "anyOf": [TEXT]}),
        {**object_of(a=TEXT), "dependentRequired": {"a": ["a"]}},
        {**object_of(a=TEXT), "dependentSchemas": {"a": TEXT}},
        {**object_of(a=TEXT), "unevaluatedProperties": False},
        {**object_of(a=TEXT), "propertyNames": {"pattern": "^a"}},
        # references
        object_of(a={"$ref": "#/properties/b"}, b=TEXT),
        object_of(a={"$ref": "#b"}, b={"$anchor": "b", "type": "string"}),
        object_of(a={"$ref": "#/$defs/none"}),
        object_of(a={"$ref": "https://example.invalid/x"}),
        {**object_of(a={"$ref": "#/$defs/x", "type": "string"}), "$defs": {"x": TEXT}},
        {**object_of(a={"$ref": "#/$defs/x"}), "$defs": {"x": True}},
        {**object_of(a={"$ref": "#/$defs/x"}), "$defs": {"x": TEXT}, "definitions": {"x": {"type": "integer"}}},
        {**object_of(a={"$ref": "#/$defs/x~1y"}), "$defs": {"x/y": TEXT}},
        {**object_of(a=TEXT), "$id": "https://example.invalid/"},
    ],
)
def test_schema_without_a_strict_form(schema: JsonObject) -> None:
    assert to_strict(schema) is None


def nested(levels: int) -> JsonObject:
    schema = object_of(a=TEXT)
    for _ in range(levels - 1):
        schema = object_of(a=schema)
    return schema


def enumeration(count: int) -> JsonObject:
    half = count // 2
    return object_of(a={"enum": list(range(half))}, b={"enum": list(range(count - half))})


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (lambda count: object_of(**{f"p{index}": TEXT for index in range(count)}), MAX_PROPERTIES),
        (nested, MAX_NESTING),
        (enumeration, MAX_ENUM_VALUES),
        (lambda count: object_of(**{"x" * count: TEXT}), MAX_NAME_CHARACTERS),
        (
            lambda count: object_of(a={"enum": ["x" * (count - 250), *[str(index % 10) for index in range(250)]]}),
            15_000,
        ),
    ],
)
def test_bounds_of_strict_mode(make: object, most: int) -> None:
    assert callable(make)
    assert to_strict(make(most - 1)) is not None
    assert to_strict(make(most)) is not None
    assert to_strict(make(most + 1)) is None


def test_very_deep_schema_has_no_strict_form() -> None:
    assert to_strict(nested(500)) is None


def test_long_chain_of_definitions_is_rewritten() -> None:
    definitions: JsonObject = {f"d{index}": object_of(a={"$ref": f"#/$defs/d{index + 1}"}) for index in range(3_000)}
    schema = {**object_of(a={"$ref": "#/$defs/d0"}), "$defs": {**definitions, "d3000": TEXT}}
    strict = to_strict(schema)
    assert strict is not None
    assert strict["$defs"] == schema["$defs"]


scalars = st.sampled_from(
    [
        {"type": "string"},
        {"type": "integer"},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "null"},
        {"type": ["integer", "null"]},
        {"enum": ["x", "y"]},
        {"enum": ["x", None]},
        {"const": 5},
    ]
)


def objects(inner: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    def build(properties: dict[str, JsonValue], required: list[str], extra: bool | None) -> JsonObject:
        schema: JsonObject = {"type": "object", "properties": properties}
        schema["required"] = [name for name in required if name in properties]
        return schema if extra is None else {**schema, "additionalProperties": extra}

    names = st.sampled_from(["a", "b", "c"])
    members = st.dictionaries(names, inner | st.just({"$ref": "#/$defs/d"}), min_size=1, max_size=3)
    return st.builds(build, members, st.lists(names, unique=True), st.sampled_from([None, True, False]))


subschemas = st.recursive(
    scalars,
    lambda inner: (
        objects(inner)
        | st.builds(lambda items: {"type": "array", "items": items}, inner)
        | st.builds(lambda branches: {"anyOf": branches}, st.lists(inner, min_size=1, max_size=3))
    ),
    max_leaves=8,
)


def answers(schema: JsonObject, root: JsonObject, level: int = 0) -> st.SearchStrategy[JsonValue]:
    """Draw values that are valid under a strict schema; below some levels the shortest ones, so that recursion ends."""
    if "$ref" in schema:
        definitions = root["$defs"]
        assert isinstance(definitions, dict)
        return st.deferred(lambda: answers(definitions["d"], root, level + 1))  # type: ignore[arg-type]
    if "anyOf" in schema:
        branches = [branch for branch in schema["anyOf"] if isinstance(branch, dict)]
        last = [branch for branch in branches if branch == {"type": "null"}]
        return st.one_of([answers(branch, root, level) for branch in (last if last and level > 6 else branches)])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([answers_of_type(name, schema, root, level) for name in types])


def answers_of_type(name: str, schema: JsonObject, root: JsonObject, level: int) -> st.SearchStrategy[JsonValue]:
    match name:
        case "object":
            members = schema["properties"]
            assert schema["required"] == list(members)
            assert schema["additionalProperties"] is False
            return st.fixed_dictionaries({key: answers(inner, root, level + 1) for key, inner in members.items()})
        case "array":
            return st.lists(answers(schema["items"], root, level + 1), max_size=0 if level > 6 else 2)
        case "string":
            return st.text(max_size=3)
        case "integer":
            return st.integers()
        case "number":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case _:
            return st.none()


LEAF: JsonObject = {
    "type": "object",
    "properties": {"e": {"type": "string"}, "f": {"$ref": "#/$defs/d"}},
    "required": ["e"],
}


@settings(deadline=None)
@given(objects(subschemas), st.data())
def test_answer_of_the_strict_schema_is_one_of_the_schema_as_given(given_root: JsonObject, data: st.DataObject) -> None:
    schema: JsonObject = {**given_root, "$defs": {"d": LEAF}}
    before = copy.deepcopy(schema)
    strict = to_strict(schema)
    assert schema == before
    assert strict is not None
    answer = data.draw(answers(strict, strict))
    assert check_answer(compile_schema(strict), json.dumps(answer)).is_valid
    check = check_answer(compile_schema(schema), json.dumps(answer))
    assert check.is_valid, check.error
