"""Sandbox models with a JSON Schema: every instance validates, and fields are filled where names match the text."""

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_calls import make_call
from parley.domain.json import JsonValue
from parley.providers.sandbox_bias import CONTRARIAN, TERSE, THOROUGH, Bias
from parley.providers.sandbox_pattern import example_of
from parley.providers.sandbox_prompt import read_prompt
from parley.providers.sandbox_schema import write_instance

TRIO = (TERSE, THOROUGH, CONTRARIAN)
PEOPLE = (
    "Anna is 30 years old and lives in Berlin. Bob is 25 and lives in Rome. Contact: anna@example.org by 2026-03-01. "
    "Is Anna older than Bob?"
)
TEXTS = ("What is 17 * 23?", "Hello", "", PEOPLE, "Should we use Postgres or SQLite?", "日本語の質問です。🙂 \ud83d")
STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}

FORMATS = "date date-time time duration email hostname ipv4 ipv6 uri uri-reference uuid regex json-pointer"


def record(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


SCHEMAS: dict[str, dict[str, Any]] = {
    "anything": {},
    "string": STRING,
    "integer in bounds": {"type": "integer", "minimum": 5, "exclusiveMaximum": 7},
    "open interval": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "multiple": {"type": "number", "multipleOf": 0.25, "minimum": 1.1},
    "large multiple": {"type": "integer", "multipleOf": 7, "minimum": 100},
    "decimal multiple": {"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0, "maximum": 0.02},
    "negative": {"type": "integer", "maximum": -5},
    "huge": {"type": "number", "minimum": 1e300},
    "const": {"const": {"a": [1]}},
    "enum of kinds": {"enum": ["a", 1, None, {"b": []}]},
    "enum with a bound": {"enum": [1, 20, 300], "maximum": 2},
    "nullable": {"type": ["string", "null"]},
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "unique integers": {"type": "array", "items": INTEGER, "minItems": 3, "uniqueItems": True},
    "unique booleans": {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True},
    "unique enum": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
    "unique short texts": {"type": "array", "items": {"maxLength": 4}, "minItems": 5, "uniqueItems": True},
    "tuple": {"type": "array", "prefixItems": [STRING, INTEGER], "items": False, "minItems": 2},
    "contains": {"type": "array", "contains": {"const": 7}, "minContains": 2, "maxItems": 3},
    "no items": {"type": "array", "maxItems": 0},
    "lists of lists": {"type": "array", "items": {"items": {"type": "number"}, "minItems": 2}, "minItems": 2},
    "closed object": {
        "type": "object",
        "properties": {"answer": STRING, "confidence": {"type": "number", "minimum": 0, "maximum": 1}},
        "required": ["answer", "confidence"],
        "additionalProperties": False,
    },
    "few properties": {"type": "object", "maxProperties": 1, "properties": {"answer": STRING, "reason": STRING}},
    "some properties": {"type": "object", "minProperties": 3},
    "values of a type": {"type": "object", "additionalProperties": INTEGER, "minProperties": 2},
    "names by pattern": {
        "type": "object",
        "patternProperties": {"^x_": INTEGER},
        "additionalProperties": False,
        "minProperties": 2,
    },
    "names of three letters": {"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "minProperties": 4},
    "dependent names": {"required": ["a", "b"], "dependentRequired": {"a": ["c"], "c": ["d"]}},
    "dependent schemas": {"type": "object", "dependentSchemas": {"a": {"required": ["z"]}}, "required": ["a"]},
    "pattern": {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"},
    "pattern with length": {"type": "string", "pattern": "^(foo|bar)+$", "minLength": 7},
    "one word": {"type": "string", "pattern": "^\\S+$", "maxLength": 5},
    "unicode class": {"pattern": "\\p{L}+\\d?"},
    "long text": {"type": "string", "minLength": 300},
    "short text": {"type": "string", "maxLength": 3},
    "any of": {"anyOf": [{"type": "string", "minLength": 500}, INTEGER]},
    "any of with an impossible one": {"anyOf": [False, INTEGER]},
    "one of that overlap": {"oneOf": [INTEGER, {"type": "number", "multipleOf": 0.5}]},
    "one of two multiples": {"oneOf": [{"type": "number", "multipleOf": 3}, {"type": "number", "multipleOf": 5}]},
    "all of": {
        "allOf": [
            {"type": "object", "properties": {"a": INTEGER}, "required": ["a"]},
            {"properties": {"a": {"minimum": 10}, "b": {"const": 2}}, "required": ["b"]},
        ]
    },
    "not": {"not": STRING},
    "not that text": {"type": "string", "not": {"const": "17 * 23 = 391"}},
    "condition": {
        "type": "object",
        "properties": {"k": {"enum": ["x", "y"]}},
        "required": ["k"],
        "if": {"properties": {"k": {"const": "x"}}},
        "then": {"required": ["p"], "properties": {"p": INTEGER}},
        "else": {"required": ["q"]},
    },
    "tagged union": {
        "type": "object",
        "oneOf": [
            {"properties": {"t": {"const": "cat"}, "purrs": {"type": "boolean"}}, "required": ["t", "purrs"]},
            {"properties": {"t": {"const": "dog"}, "barks": {"type": "boolean"}}, "required": ["t", "barks"]},
        ],
    },
    "linked list": {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"value": INTEGER, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
                "required": ["value", "next"],
            }
        },
    },
    "tree": {
        "type": "object",
        "properties": {"name": STRING, "children": {"type": "array", "items": {"$ref": "#"}}},
        "required": ["name", "children"],
    },
    "anchor": {
        "$defs": {"short": {"$anchor": "short", "type": "string", "maxLength": 4}},
        "properties": {"x": {"$ref": "#short"}},
        "required": ["x"],
    },
    "escaped pointer": {"properties": {"a/b": INTEGER, "c": {"$ref": "#/properties/a~1b"}}, "required": ["c"]},
    "own id": {
        "$id": "https://example.com/s",
        "$defs": {"i": INTEGER},
        "properties": {"x": {"$ref": "#/$defs/i"}, "y": {"$ref": "https://example.com/s#/$defs/i"}},
        "required": ["x", "y"],
    },
    "deep": record(p=record(q=record(r={"type": "integer", "minimum": 3}))),
    "unevaluated": {
        "type": "object",
        "properties": {"a": STRING},
        "unevaluatedProperties": False,
        "allOf": [{"properties": {"c": INTEGER}, "required": ["c"]}],
    },
    **{f"format {name}": {"type": "string", "format": name} for name in FORMATS.split()},
}


def fill(schema: dict[str, Any], text: str, bias: Bias = TERSE) -> Any:
    return write_instance(schema, read_prompt(make_call("x", text).messages), bias)


def refuse(address: str) -> None:
    raise AssertionError(f"nothing may be fetched: {address}")


def validates(schema: dict[str, Any], value: JsonValue) -> bool:
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, retriever=refuse)
    return validator.is_valid(value)


@pytest.mark.parametrize("name", SCHEMAS)
def test_instance_validates_whatever_the_text_and_the_taste(name: str) -> None:
    schema = SCHEMAS[name]
    for text in TEXTS:
        for bias in TRIO:
            value = fill(schema, text, bias)
            assert validates(schema, value), f"{value} for {text!r}"
            assert fill(schema, text, bias) == value


LEAVES = st.sampled_from(
    [
        STRING,
        {"type": "string", "minLength": 5, "maxLength": 9},
        INTEGER,
        {"type": "number", "minimum": -2, "exclusiveMaximum": 0.5},
        {"type": "boolean"},
        {"enum": ["red", "green"]},
        {"const": 4},
        {"type": ["integer", "null"]},
        {"type": "string", "pattern": "^[a-f0-9]{8}$"},
    ]
)


def objects(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["answer", "age", "name", "isOpen", "tags", "due_date", "x"])
    return st.dictionaries(names, children, min_size=1, max_size=4).flatmap(
        lambda properties: st.lists(st.sampled_from(sorted(properties)), unique=True).map(
            lambda required: {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": False,
            }
        )
    )


SCHEMA_TREES = st.recursive(
    LEAVES,
    lambda children: st.one_of(
        objects(children),
        st.builds(
            lambda items, least: {"type": "array", "items": items, "minItems": least}, children, st.integers(0, 3)
        ),
        st.lists(children, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(schema=SCHEMA_TREES, text=st.sampled_from(TEXTS[:5]), bias=st.sampled_from(TRIO))
def test_instance_of_any_schema_tree_validates(schema: dict[str, Any], text: str, bias: Bias) -> None:
    assert validates(schema, fill(schema, text, bias))


def test_numbers_and_names_come_from_the_text() -> None:
    invoice = "Invoice number: INV-2041. Total: 1,250.50 EUR. It is due 2026-04-01 and has not been paid."
    schema = record(
        invoice_number=STRING,
        total={"type": "number"},
        dueDate={"type": "string", "format": "date"},
        paid={"type": "boolean"},
        email={"anyOf": [STRING, {"type": "null"}]},
    )
    expected = {"invoice_number": "INV-2041", "total": 1250.5, "dueDate": "2026-04-01", "paid": False, "email": None}
    for bias in TRIO:
        assert fill(schema, invoice, bias) == expected


def test_a_list_of_records_is_filled_sentence_by_sentence() -> None:
    schema = record(people={"type": "array", "items": record(name=STRING, age=INTEGER, city=STRING)})
    text = "Anna is 30 years old and lives in Berlin. Bob is 25 years old and lives in Rome. Extract the people."
    assert fill(schema, text) == {
        "people": [{"name": "Anna", "age": 30, "city": "Berlin"}, {"name": "Bob", "age": 25, "city": "Rome"}]
    }


def test_sums_and_facts_fill_answers() -> None:
    assert fill(record(answer=INTEGER), "What is 17 * 23?") == {"answer": 391}
    assert fill(record(capital=STRING), "What is the capital of France?") == {"capital": "Paris"}


def test_optional_fields_without_anything_in_the_text_are_left_out() -> None:
    schema = {"type": "object", "properties": {"answer": STRING, "iban": STRING, "altitude": INTEGER}}
    assert fill(schema, "What is 17 * 23?") == {"answer": "17 * 23 = 391"}


def test_enums_and_truths_are_decided_like_choices_and_differ_by_taste() -> None:
    schema = record(sentiment={"enum": ["positive", "negative"]}, isPositive={"type": "boolean"})
    review = "The plot was predictable, but I could not stop smiling."
    assert fill(schema, review, THOROUGH) == {"sentiment": "positive", "isPositive": True}
    assert fill(schema, review, CONTRARIAN) == {"sentiment": "negative", "isPositive": False}
    database = record(database={"enum": ["Postgres", "SQLite"]})
    question = "Which database for a small internal tool?"
    assert [fill(database, question, bias)["database"] for bias in TRIO] == ["SQLite", "SQLite", "Postgres"]


def test_good_and_bad_sides_are_told_apart() -> None:
    schema = record(pros={"type": "array", "items": STRING}, cons={"type": "array", "items": STRING})
    text = "The staff was friendly. The room was noisy. Breakfast was cold."
    assert fill(schema, text) == {
        "pros": ["The staff was friendly."],
        "cons": ["The room was noisy.", "Breakfast was cold."],
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"type": "object", "properties": {"me": {"$ref": "#"}}, "required": ["me"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 3},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"$ref": "https://example.com/elsewhere.json"},
        {"$ref": "#/nowhere"},
        {"enum": []},
        {"type": "array", "minItems": 10**9},
        {"type": "string", "minLength": 10**12},
        {"type": "object", "minProperties": 10**9},
        {"type": "string", "pattern": "(a+)+$"},
        {"type": "string", "pattern": "(?=x)y{100000}["},
        {"type": "string", "pattern": "(" * 5_000},
        {"type": "number", "multipleOf": 1e-300, "minimum": 1e308},
        {"type": "integer", "multipleOf": 0.5, "minimum": 0.75},
        {"type": ["nonsense"]},
        {"properties": 3, "required": "no", "items": 7, "enum": 4},
    ],
)
def test_schemas_without_a_sensible_instance_end_quickly_and_fetch_nothing(schema: dict[str, Any]) -> None:
    assert len(json.dumps(fill(schema, PEOPLE))) < 1_000_000


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        ("^abc$", "abc"),
        ("a|b", "a"),
        ("[0-9]{3}-?", "000"),
        ("(?:ab){2,}c+d*", "ababc"),
        ("\\d\\w\\s\\.", "0a ."),
        ("[^a-z]", "A"),
        ("(?<year>\\d{4})-\\1", "0000-0000"),
        ("\\x41\\u0042\\u{43}", "ABC"),
        ("[\\d.]{2}", "00"),
        ("x{2,3}?", "xx"),
        ("", ""),
    ],
)
def test_example_of_a_pattern_is_its_shortest_reading(pattern: str, example: str) -> None:
    assert example_of(pattern) == example


@pytest.mark.parametrize("pattern", ["(", "[", "a)", "a{999}{999}", "\\", "x" * 5_000, "[a", "\\u12"])
def test_pattern_that_cannot_be_read_has_no_example(pattern: str) -> None:
    assert example_of(pattern) is None
