"""What a schema may cost: circles, multiplying references and hostile answers neither hang nor end the process."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.domain.errors import InvalidRequest
from parley.domain.json import JsonObject, JsonValue
from parley.panel.schema import MAX_ERROR_CHARACTERS, check_answer, compile_schema


def refusal(schema: JsonObject) -> str:
    with pytest.raises(InvalidRequest) as caught:
        compile_schema(schema)
    return caught.value.message


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": [{"type": "string"}, {"$ref": "#"}]},
        {"not": {"$ref": "#"}},
        {"if": {"$ref": "#"}, "then": True},
        {"dependentSchemas": {"a": {"$ref": "#"}}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"$dynamicRef": "#a", "$dynamicAnchor": "a"},
        {"properties": {"x": {"$ref": "#/properties/x"}}},
    ],
)
def test_reference_in_a_circle_is_refused(schema: JsonObject) -> None:
    assert "refers to itself" in refusal(schema)


def doubling(combine: str, depth: int) -> JsonObject:
    """Return definitions of which each refers twice to the next: 2 to the `depth` ways through them."""

    def step(index: int) -> JsonObject:
        reference: JsonObject = {"$ref": f"#/$defs/d{index + 1}"}
        if combine == "properties":
            return {"allOf": [{"properties": {"a": reference}}, {"properties": {"a": reference}}]}
        return {combine: [reference, reference]}

    definitions: JsonObject = {f"d{index}": step(index) for index in range(depth)}
    return {"$ref": "#/$defs/d0", "$defs": {**definitions, f"d{depth}": {"type": "integer"}}}


@pytest.mark.parametrize("combine", ["allOf", "anyOf", "oneOf", "properties"])
def test_references_that_multiply_are_refused(combine: str) -> None:
    compile_schema(doubling(combine, 8))
    assert "multiply" in refusal(doubling(combine, 20))


def test_unevaluated_keywords_inside_each_other_are_bounded() -> None:
    schema: JsonObject = {"properties": {"a": True}}
    for _ in range(12):
        schema = {"allOf": [schema], "unevaluatedProperties": False}
    assert "multiply" in refusal(schema)


def test_reuse_of_a_definition_under_different_members_does_not_multiply() -> None:
    definitions: JsonObject = {
        f"d{index}": {"properties": {name: {"$ref": f"#/$defs/d{index + 1}"} for name in "abcdef"}}
        for index in range(20)
    }
    compiled = compile_schema({"$ref": "#/$defs/d0", "$defs": {**definitions, "d20": {"type": "integer"}}})
    assert compiled.cost.visits < 100


def test_references_one_inside_the_other_are_bounded() -> None:
    def chain(length: int) -> JsonObject:
        definitions: JsonObject = {f"d{index}": {"$ref": f"#/$defs/d{index + 1}"} for index in range(length)}
        return {"$ref": "#/$defs/d0", "$defs": {**definitions, f"d{length}": {"type": "integer"}}}

    assert check_answer(compile_schema(chain(62)), "1").is_valid
    assert "64" in refusal(chain(63))


HOSTILE = {
    "deep answer to a recursive schema": ({"items": {"$ref": "#"}}, "[" * 200_000 + "]" * 200_000),
    "recursion by two ways that fails at the bottom": (
        {
            "type": ["object", "string"],
            "anyOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}, "minProperties": 1}],
        },
        '{"a":' * 100 + "1" + "}" * 100,
    ),
    "alternatives inside alternatives on every level": (
        {
            "$ref": "#/$defs/d0",
            "$defs": {
                **{f"d{index}": {"anyOf": [False, {"$ref": f"#/$defs/d{index + 1}"}]} for index in range(30)},
                "d30": {"type": "array", "items": {"$ref": "#"}},
            },
        },
        "[" * 120 + "1" + "]" * 120,
    ),
    "a million errors": ({"items": {"type": "string"}}, "[" + "1," * 999_999 + "1]"),
    "a million errors in an alternative": (
        {"anyOf": [{"items": {"type": "string"}}, {"type": "null"}]},
        "[" + "1," * 999_999 + "1]",
    ),
    "a million distinct items": ({"uniqueItems": True, "contains": False}, json.dumps(list(range(1_000_000)))),
    "many distinct objects": (
        {"uniqueItems": True, "minItems": 10**6},
        json.dumps([{"a": [i]} for i in range(100_000)]),
    ),
    "many items and many subschemas": ({"items": {"allOf": [{}] * 20_000}}, "[" + "1," * 999_999 + "1]"),
    "a huge string": ({"type": "integer"}, json.dumps("x" * 4_000_000)),
    "unknown members": (
        {"properties": {"a": {}}, "additionalProperties": False},
        json.dumps(dict.fromkeys(map(str, range(200_000)))),
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_answer_neither_hangs_nor_ends_the_process(case: str) -> None:
    schema, answer = HOSTILE[case]
    program = (
        "import json, sys\n"
        "from parley.panel.schema import check_answer, compile_schema\n"
        "schema, answer = json.load(sys.stdin)\n"
        "check = check_answer(compile_schema(schema), answer)\n"
        "print(json.dumps([check.is_valid, check.error]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps([schema, answer]), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    is_valid, error = json.loads(done.stdout)
    assert not is_valid
    assert 0 < len(error) <= MAX_ERROR_CHARACTERS


names = st.sampled_from(["a", "b", "c"])
references = st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#x", "#/$defs/a/items"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


def schemas() -> st.SearchStrategy[JsonValue]:
    def larger(inner: st.SearchStrategy[JsonValue]) -> st.SearchStrategy[JsonValue]:
        several, named = st.lists(inner, min_size=1, max_size=3), st.dictionaries(names, inner, max_size=3)
        keywords: dict[str, st.SearchStrategy[JsonValue]] = {
            **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), several),
            **dict.fromkeys(("properties", "dependentSchemas", "patternProperties"), named),
            **dict.fromkeys(("items", "not", "if", "then", "contains", "additionalProperties"), inner),
            **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "propertyNames"), inner),
            "$ref": references,
            "type": st.sampled_from(["object", "array", "string", "integer", "null"]),
            "enum": st.lists(json_values, max_size=3),
            "required": st.lists(names, unique=True),
            "$anchor": st.just("x"),
            "minLength": json_values,
        }
        return st.fixed_dictionaries({}, optional=keywords)

    return st.recursive(st.booleans() | st.builds(lambda ref: {"$ref": ref}, references), larger, max_leaves=8)


@settings(deadline=None)
@given(schemas(), schemas(), schemas(), json_values)
def test_any_schema_is_refused_or_validates_any_answer(
    root: JsonValue, first: JsonValue, second: JsonValue, value: JsonValue
) -> None:
    schema: JsonObject = {**(root if isinstance(root, dict) else {}), "$defs": {"a": first, "b": second}}
    given_schema = json.dumps(schema)
    try:
        compiled = compile_schema(schema)
    except InvalidRequest as error:
        assert error.param == "output_schema"
        return
    check = check_answer(compiled, json.dumps(value))
    assert check.is_valid is (check.error is None)
    assert json.dumps(schema) == given_schema
