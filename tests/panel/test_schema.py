"""JSON Schema: what is refused before any model is called, what an answer may look like, and that nothing hangs."""

import http.server
import json
import random
import threading
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from parley.domain.errors import InvalidRequest
from parley.domain.json import JsonObject, JsonValue
from parley.domain.run import SchemaCheck
from parley.panel.schema import (
    MAX_ANSWER_LEVELS,
    MAX_ERROR_CHARACTERS,
    MAX_SCHEMA_BYTES,
    MAX_SCHEMA_LEVELS,
    check_answer,
    check_json,
    compile_schema,
    correction,
    schema_directive,
)

PERSON: JsonObject = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0},
        "nickname": {"type": ["string", "null"]},
        "home": {"anyOf": [{"$ref": "#/$defs/address"}, {"type": "null"}]},
        "work": {"$ref": "#/$defs/address"},
    },
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {
        "address": {
            "type": "object",
            "properties": {"street": {"type": "string"}, "number": {"type": "integer"}},
            "required": ["street"],
            "additionalProperties": False,
        }
    },
}
TREE: JsonObject = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["value"],
}


TOO_LARGE = "the answer is too large to be validated against this schema; it must be shorter"


def refusal(schema: JsonObject, param: str = "output_schema") -> str:
    with pytest.raises(InvalidRequest) as caught:
        compile_schema(schema, param)
    assert caught.value.param == param
    assert len(caught.value.message) < 1_000
    return caught.value.message


def nested_schema(levels: int) -> JsonObject:
    schema: JsonObject = {"type": "integer"}
    for _ in range(levels - 2):  # the innermost object and its value are two levels
        schema = {"items": schema}
    return schema


def nested_array(levels: int) -> str:
    return "[" * levels + "]" * levels


def schema_of_size(size_bytes: int) -> JsonObject:
    empty = len(msgspec.json.encode({"description": ""}))
    return {"description": "x" * (size_bytes - empty)}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "strin"}, ('output_schema.type is "strin"', "integer")),
        ({"properties": {"a": {"type": ["string", 5]}}}, ("output_schema.properties.a.type",)),
        ({"properties": {"a": {"minLength": -1}}}, ("output_schema.properties.a.minLength", "-1")),
        ({"required": "a"}, ("output_schema.required", '"a"', "array")),
        ({"properties": []}, ("output_schema.properties", "[]", "object")),
        ({"multipleOf": 0}, ("output_schema.multipleOf", "0")),
        ({"$anchor": "a b"}, ("output_schema.$anchor", "a b")),
        ({"enum": "a"}, ("output_schema.enum", "array")),
        ({"description": "\ud800"}, ("surrogate",)),
        ({"allOf": [{"properties": {"a": {"pattern": "["}}}]}, ("output_schema.allOf[0].properties.a.pattern", "[")),
    ],
)
def test_what_is_no_schema_is_refused_with_place_and_value(schema: JsonObject, words: tuple[str, ...]) -> None:
    message = refusal(schema)
    assert all(word in message for word in words), message


def test_refusal_names_the_field_of_the_request() -> None:
    message = refusal({"type": 5}, "response_format.json_schema.schema")
    assert message.startswith("response_format.json_schema.schema.type is 5")


def test_schema_of_64_levels_is_accepted_and_of_65_refused() -> None:
    compile_schema(nested_schema(MAX_SCHEMA_LEVELS - 1))
    compile_schema(nested_schema(MAX_SCHEMA_LEVELS))
    assert "64" in refusal(nested_schema(MAX_SCHEMA_LEVELS + 1))


@pytest.mark.parametrize("levels", [1_000, 10_000, 100_000])
def test_very_deep_schema_is_refused(levels: int) -> None:
    assert "levels deep" in refusal(nested_schema(levels))


def test_schema_of_64_kib_is_accepted_and_one_byte_more_refused() -> None:
    compile_schema(schema_of_size(MAX_SCHEMA_BYTES - 1))
    compile_schema(schema_of_size(MAX_SCHEMA_BYTES))
    message = refusal(schema_of_size(MAX_SCHEMA_BYTES + 1))
    assert "65537" in message
    assert "65536" in message


class _Counting(http.server.BaseHTTPRequestHandler):
    requests: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.requests.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"type": "string"}')

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_remote_reference_is_refused_without_a_request(keyword: str) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Counting)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/schema.json"
        message = refusal({"properties": {"a": {keyword: url}}})
        refusal({"$id": f"http://127.0.0.1:{server.server_port}/", keyword: "schema.json"})
        refusal({"$schema": url})
        refusal({"$defs": {"unused": {keyword: url}}})
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert f"output_schema.properties.a.{keyword} is {url}" in message
    assert _Counting.requests == []


def test_file_reference_is_refused_whether_the_file_is_there_or_not(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text('{"type": "string"}')
    assert "outside the schema" in refusal({"$ref": file.as_uri()})
    assert "outside the schema" in refusal({"$ref": (tmp_path / "none.json").as_uri()})
    assert "outside the schema" in refusal({"$id": f"{tmp_path.as_uri()}/x.json", "$ref": "schema.json"})


@pytest.mark.parametrize(
    "reference",
    ["#/$defs/none", "#none", "other.json", "#/$defs/a/0/1", "urn:x", "https://json-schema.org/draft/2020-12/schema"],
)
def test_reference_that_leads_nowhere_is_refused(reference: str) -> None:
    assert f"output_schema.$ref is {reference}" in refusal({"$ref": reference, "$defs": {"a": True}})


def test_references_by_pointer_anchor_and_identifier_inside_the_document_are_followed() -> None:
    compiled = compile_schema(
        {
            "$id": "https://example.invalid/root.json",
            "properties": {
                "a": {"$ref": "#/$defs/a~1b%20c"},
                "b": {"$ref": "#text"},
                "c": {"$ref": "part.json"},
                "d": {"$ref": "#"},
                "e": {"$ref": "part.json#/$defs/inner"},
            },
            "$defs": {
                "a/b c": {"type": "integer"},
                "text": {"$anchor": "text", "type": "string"},
                "part": {"$id": "part.json", "type": "boolean", "$defs": {"inner": {"type": "null"}}},
            },
        }
    )
    assert check_answer(compiled, '{"a": 1, "b": "x", "c": true, "d": {"a": 2}, "e": null}').is_valid
    for wrong in ('{"a": "x"}', '{"b": 1}', '{"c": 1}', '{"d": {"a": "x"}}', '{"e": 1}'):
        assert not check_answer(compiled, wrong).is_valid


def test_reference_in_a_constant_is_no_reference() -> None:
    compiled = compile_schema({"const": {"$ref": "http://127.0.0.1:1/x"}})
    assert check_answer(compiled, '{"$ref": "http://127.0.0.1:1/x"}').is_valid


@pytest.mark.parametrize(
    "dialect", ["http://json-schema.org/draft-07/schema#", "https://example.invalid/own", "draft 2020-12"]
)
def test_other_dialect_is_refused(dialect: str) -> None:
    assert f"output_schema.$schema is {dialect}" in refusal({"$schema": dialect})
    assert "output_schema.$defs.a.$schema" in refusal({"$defs": {"a": {"$id": "a", "$schema": dialect}}})


def test_the_dialect_itself_may_be_named() -> None:
    compile_schema({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string"})


def test_same_identifier_twice_is_refused() -> None:
    assert "twice" in refusal({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}})


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b", r"(a)\1", r"(?<n>a)\k<n>", "((a{1000}){1000}){1000}", "(?>a+)b", "("],
)
def test_pattern_that_needs_backtracking_or_much_memory_is_refused(pattern: str) -> None:
    assert "output_schema.properties.a.pattern" in refusal({"properties": {"a": {"pattern": pattern}}})
    assert "output_schema.patternProperties" in refusal({"patternProperties": {pattern: True}})


@pytest.mark.parametrize(
    ("pattern", "text", "is_valid"),
    [
        ("^(a+)+$", "a" * 100_000 + "b", False),
        ("^(a|aa)*$", "a" * 99_999, True),
        ("^(.*)*x$", "y" * 100_000, False),
        (r"^\d{4}-\d{2}-\d{2}$", "2026-11-21", True),
        (r"^[\p{L} '-]{1,20}$", "Zoë O'Neill", True),
        ("^.{1,255}$", "x" * 256, False),
    ],
)
def test_patterns_are_matched_in_linear_time(pattern: str, text: str, is_valid: bool) -> None:
    assert check_answer(compile_schema({"pattern": pattern}), json.dumps(text)).is_valid is is_valid


def test_100_patterns_are_accepted_and_101_refused() -> None:
    def schema(count: int) -> JsonObject:
        return {"properties": {f"p{index}": {"pattern": f"^{index}$"} for index in range(count)}}

    compile_schema(schema(99))
    compile_schema(schema(100))
    assert "101" in refusal(schema(101))


def test_multiples_of_numbers_far_from_1_are_not_tried_in_masses() -> None:
    compiled = compile_schema({"items": {"multipleOf": 0.01}})
    for far in ("1e300", "1e-300", "1" + "0" * 300):
        assert check_answer(compiled, f"[{', '.join([far] * 100)}]").error != TOO_LARGE
        assert check_answer(compiled, f"[{', '.join([far] * 20_000)}]").error == TOO_LARGE
    prices = ["12.34", "0.01", "1e15", "99999999"] * 5_000
    assert check_answer(compiled, f"[{', '.join(prices)}]").is_valid
    plain = compile_schema({"items": {"minimum": 0}})
    assert check_answer(plain, f"[{', '.join(['1e300'] * 20_000)}]").is_valid


def test_pattern_made_to_be_slow_is_not_tried_on_a_long_text() -> None:
    compiled = compile_schema({"pattern": "[ab]*a[ab]{8000}c"})
    text = "".join(random.Random(7).choices("ab", k=1_000_000))
    check = check_answer(compiled, json.dumps(text))
    assert check.error == TOO_LARGE


def test_answer_of_128_levels_is_validated_and_of_129_refused() -> None:
    compiled = compile_schema({"type": "array", "items": {"$ref": "#"}})
    assert check_answer(compiled, nested_array(MAX_ANSWER_LEVELS - 1)).is_valid
    assert check_answer(compiled, nested_array(MAX_ANSWER_LEVELS)).is_valid
    for levels in (MAX_ANSWER_LEVELS + 1, 1_000, 10_000):
        assert (
            check_answer(compiled, nested_array(levels)).error
            == "the answer is over 128 levels deep, which is the most"
        )
    assert (
        check_json('{"a":' * 10_000 + "1" + "}" * 10_000).error
        == "the answer is over 128 levels deep, which is the most"
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ada"}',
        '  {"name": "Ada"}\n',
        '\ufeff{"name": "Ada"}',
        '```json\n{"name": "Ada"}\n```',
        '```\n{"name": "Ada"}\n```',
        '``` JSON \n{"name": "Ada"}```',
        '```json {"name": "Ada"}```',
        '```{"name": "Ada"}```',
        'Here it is:\n```json\n{\n  "name": "Ada"\n}\n```\nAnything else?',
        '```json\r\n{"name": "Ada"}\r\n```\r\n',
        '{"name": "Eve", "name": "Ada"}',
    ],
)
def test_answer_is_found_in_its_fence(text: str) -> None:
    assert check_answer(compile_schema(PERSON), text) == SchemaCheck(True, {"name": "Ada"})
    assert check_json(text) == SchemaCheck(True, {"name": "Ada"})


def test_fence_inside_a_string_belongs_to_the_string() -> None:
    compiled = compile_schema(PERSON)
    assert check_answer(compiled, '{"name": "```"}').value == {"name": "```"}
    assert check_answer(compiled, '```json\n{"name": "a ``` b"}\n```').value == {"name": "a ``` b"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada",
        "{",
        '{"name": "Ada"} and more',
        'Sure: {"name": "Ada"}',
        '```json\n{"name": "Ada"}\n```\n```json\n{"name": "Eve"}\n```',
        '```json\n{"name": "Ada"}',
        "{'name': 'Ada'}",
        '{"name": "Ada",}',
        "NaN",
        '{"age": NaN}',
        '{"age": Infinity}',
        '{"age": 1e999}',
        '"\\ud800"',
        '"\ud800"',
        '{"name": "Ada\n"}',
        "\x00",
    ],
)
def test_text_that_is_no_json_is_invalid(text: str) -> None:
    for check in (check_answer(compile_schema(PERSON), text), check_json(text)):
        assert not check.is_valid
        assert check.value is None
        assert check.error is not None
        assert check.error.startswith("the answer is not JSON")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("[1]", "an array"), ("null", "null"), ("true", "a boolean"), ("1.5", "a number"), ('"x"', "a string")],
)
def test_json_format_wants_an_object(text: str, kind: str) -> None:
    assert check_json(text) == SchemaCheck(False, error=f"the answer is {kind}; it must be a JSON object")


@pytest.mark.parametrize("number", ["123456789012345678901234567890", "-9223372036854775809", "1" * 300])
def test_big_integer_is_kept_exactly(number: str) -> None:
    compiled = compile_schema({"type": "integer"})
    assert check_answer(compiled, number).value == int(number)
    assert not check_answer(compile_schema({"type": "integer", "maximum": 10, "minimum": -10}), number).is_valid


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"name": 1}', 'at $.name: the value is not of type "string"'),
        ("{}", '"name" is a required property'),
        ('{"name": "x", "zip": 1}', "Additional properties are not allowed ('zip' was unexpected)"),
        ('{"name": "x", "age": -1}', "at $.age: the value is less than the minimum of 0"),
        ("5", 'the value is not of type "object"'),
        (
            '{"name": 1, "age": "x"}',
            'at $.name: the value is not of type "string"; at $.age: the value is not of type "integer"',
        ),
    ],
)
def test_error_names_place_and_rule(text: str, error: str) -> None:
    check = check_answer(compile_schema(PERSON), text)
    assert check.error is not None
    assert sorted(check.error.split("; ")) == sorted(error.split("; "))


def test_error_of_an_alternative_names_the_likely_cause() -> None:
    check = check_answer(compile_schema(PERSON), '{"name": "x", "home": {"street": 5}}')
    assert check.error is not None
    assert 'at $.home.street: the value is not of type "string"' in check.error


def test_error_never_quotes_the_answer_and_stays_short() -> None:
    compiled = compile_schema({"items": {"type": "integer", "maximum": 3}, "maxItems": 1})
    check = check_answer(compiled, json.dumps(["secret" * 10_000, "secret", 77]))
    assert check.error is not None
    assert "secret" not in check.error
    long_names = check_answer(compile_schema(PERSON), json.dumps({"k" * 100_000: 1}))
    assert len(long_names.error or "") == MAX_ERROR_CHARACTERS


def test_error_in_a_long_answer_still_names_the_place() -> None:
    items: list[JsonValue] = [{"name": "x"}] * 40_000
    items[30_000] = {"name": 5}
    schema: JsonObject = {"items": {"type": "object", "properties": {"name": {"type": "string"}}}}
    check = check_answer(compile_schema(schema), json.dumps(items))
    assert check.error == 'at $[30000].name: the value is not of type "string"'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"name": "x", "age": null}', {"name": "x"}),
        ('{"name": "x", "age": null, "nickname": null}', {"name": "x", "nickname": None}),
        ('{"name": "x", "nickname": null}', {"name": "x", "nickname": None}),
        ('{"name": "x", "work": null}', {"name": "x"}),
        (
            '{"name": "x", "home": {"street": "y", "number": null}, "work": {"street": "z", "number": null}}',
            {"name": "x", "home": {"street": "y"}, "work": {"street": "z"}},
        ),
        ('{"name": "x", "home": null, "age": null}', {"name": "x", "home": None}),
    ],
)
def test_null_of_a_strict_mode_is_taken_out(text: str, value: JsonValue) -> None:
    assert check_answer(compile_schema(PERSON), text) == SchemaCheck(True, value)


def test_null_is_taken_out_in_recursion_and_in_the_alternative_that_fits() -> None:
    tree = '{"value": 1, "children": [{"value": 2, "children": null}, {"value": 3, "children": []}]}'
    assert check_answer(compile_schema(TREE), tree).value == {
        "value": 1,
        "children": [{"value": 2}, {"value": 3, "children": []}],
    }
    shapes: JsonObject = {
        "type": "array",
        "items": {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"kind": {"const": kind}, name: {"type": "number"}, "unit": {"type": "string"}},
                    "required": required,
                }
                for kind, name, required in (("circle", "size", ["kind"]), ("square", "size", ["kind", "unit"]))
            ]
        },
    }
    compiled = compile_schema(shapes)
    circle, square = '{"kind": "circle", "size": null, "unit": null}', '{"kind": "square", "size": 2, "unit": "m"}'
    assert check_answer(compiled, f"[{circle}, {square}]").value == [
        {"kind": "circle"},
        {"kind": "square", "size": 2, "unit": "m"},
    ]
    assert not check_answer(compiled, '[{"kind": "square", "size": 2, "unit": null}]').is_valid


def test_null_of_a_required_property_stays_an_error() -> None:
    assert check_answer(compile_schema(PERSON), '{"name": null, "age": null}').error == (
        'at $.name: the value is not of type "string"'
    )


def test_format_is_an_annotation() -> None:
    assert check_answer(compile_schema({"type": "string", "format": "email"}), '"no address"').is_valid


def test_directive_holds_the_schema_and_asks_for_json_alone() -> None:
    directive = schema_directive(PERSON)
    sentence, _, schema = directive.partition("\n")
    assert json.loads(schema) == PERSON
    assert "JSON" in sentence


def test_correction_shows_the_error_and_asks_for_the_value_alone() -> None:
    check = check_answer(compile_schema(PERSON), '{"name": 1}')
    assert 'at $.name: the value is not of type "string"' in correction(check)
    assert "alone" in correction(check)
