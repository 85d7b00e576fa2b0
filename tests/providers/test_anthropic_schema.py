"""Schemas in Anthropic's native subset: what is closed, moved into words, or not native at all."""

import pytest

from parley.domain.json import JsonObject
from parley.providers.anthropic_schema import native_schema


def closed(**properties: object) -> JsonObject:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def test_objects_are_closed_at_every_depth() -> None:
    inner = {"type": "object", "properties": {"b": {"type": "string"}}}
    schema = {"properties": {"a": inner, "list": {"type": "array", "items": inner}}, "required": ["a"]}
    native_inner = closed(b={"type": "string"})
    assert native_schema(schema) == {
        "properties": {"a": native_inner, "list": {"type": "array", "items": native_inner}},
        "required": ["a"],
        "additionalProperties": False,
    }


def test_constraints_move_into_the_description() -> None:
    schema = {"type": "array", "items": {"type": "string"}, "minItems": 2, "description": "Words.", "title": "W"}
    assert native_schema(schema) == {
        "type": "array",
        "items": {"type": "string"},
        "description": 'Words. Must also hold: {"minItems":2}',
        "title": "W",
    }


@pytest.mark.parametrize(("keyword", "value"), [("minItems", 0), ("minItems", 1), ("format", "date"), ("default", 3)])
def test_constraints_that_are_native_stay(keyword: str, value: object) -> None:
    schema = {"type": "string", keyword: value}
    assert native_schema(schema) == schema


@pytest.mark.parametrize("keyword", ["pattern", "maxLength", "not", "if", "x-vendor", "patternProperties"])
def test_keywords_that_are_not_native_are_never_sent(keyword: str) -> None:
    narrowed = native_schema({"type": "string", keyword: {}})
    assert narrowed is not None
    assert keyword not in narrowed


def test_one_of_becomes_any_of_and_definitions_are_narrowed() -> None:
    schema = {
        "oneOf": [{"$ref": "#/$defs/a"}, {"type": "null"}],
        "$defs": {"a": {"type": "object", "properties": {"x": {"const": 1}}}},
    }
    assert native_schema(schema) == {
        "anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}],
        "$defs": {"a": closed(x={"const": 1})},
    }


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"description": "anything"},
        {"type": "object"},
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": True},
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {"a": True}},
        {"type": ["object", "null"]},
        {"type": "array", "items": True},
        {"enum": [{"a": 1}]},
        {"const": [1]},
        {"allOf": [{"type": "string"}, {"minLength": 1, "type": "string"}]},
        {"$ref": "#"},
        {"$ref": "#/properties/a"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}},
        {
            "anyOf": [{"$ref": "#/definitions/a"}],
            "definitions": {
                "a": {"type": "array", "items": {"$ref": "#/definitions/b"}},
                "b": {"type": "array", "items": {"$ref": "#/definitions/a"}},
            },
        },
    ],
)
def test_free_objects_recursion_and_any_value_have_no_native_form(schema: JsonObject) -> None:
    assert native_schema(schema) is None


def test_empty_object_that_is_closed_is_native() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    assert native_schema(schema) == schema
