"""JSON Schema (draft 2020-12): compile, parse an answer, validate it, word the request and the correction.

Opens nothing: references lead nowhere but into the schema itself. Guards the process: every schema and every answer
that could keep the validator busy for long, or break its stack, is refused before the validator sees it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, ValidationErrorKind

from parley.domain.errors import InvalidRequest
from parley.domain.json import JsonObject, JsonValue
from parley.domain.run import SchemaCheck
from parley.panel.schema_cost import SchemaCost, schema_cost
from parley.panel.schema_nulls import without_added_nulls

MAX_SCHEMA_BYTES = 65_536
MAX_SCHEMA_LEVELS = 64
MAX_ANSWER_LEVELS = 128
MAX_ERROR_CHARACTERS = 500

_MAX_SHOWN_CHARACTERS = 200
_MAX_ERRORS = 3
# A compiled expression is one of these sizes in bytes, with what it may cost for a character, in steps of the validator
# (about 50 ns): an expression of 64 KiB took up to 2 µs, one of 1 MiB up to 40 µs on text made to defeat it.
_EXPRESSION_SIZES = ((65_536, 40), (1_048_576, 400))
_EXPRESSION_CACHE_BYTES = 1_048_576
_MAX_STEPS = 30_000_000
# Whether a number far from 1 is a multiple is found with integers as long as it: up to 110 µs for 1,000 binary digits.
_DIGIT_STEPS = 2
_NEAR_BITS = 64
# Explaining an error takes longer than finding one: every alternative is told apart, every level copied.
_MAX_EXPLAINED_STEPS = 50_000
_MAX_EXPLAINED_STACK = 512
_MAX_VALIDATED_STACK = 2_048
_MAX_EXPLAINED_EXPRESSION_STEPS = 1_000_000
_MAX_PRUNED_STEPS = 1_000_000
_MAX_PRUNED_STACK = 256
_UNEXPLAINED = "the answer does not match the schema"
_TYPES = "array, boolean, integer, null, number, object or string"


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    """A schema as given, ready to validate; `cost` bounds the work, `character_steps` that of regular expressions."""

    schema: JsonObject
    validator: Draft202012Validator
    cost: SchemaCost
    character_steps: int


@dataclass(frozen=True, slots=True)
class _Extent:
    """How big a JSON value is. `levels` is 1 for a value without members or items."""

    values: int
    characters: int
    levels: int
    has_null: bool


def compile_schema(schema: JsonObject, param: str = "output_schema") -> CompiledSchema:
    """Check and compile `schema`; `param` is what the request calls it.

    Raises InvalidRequest, naming the place: for over 64 KiB, 64 levels or 100 regular expressions; for a reference that
    leaves the document, leads nowhere or leads back without going deeper; for references that multiply; for another
    dialect; for an expression with look-around or back-references; for whatever is no schema of draft 2020-12.
    """
    if _extent(schema, MAX_SCHEMA_LEVELS).levels > MAX_SCHEMA_LEVELS:
        raise InvalidRequest(
            f"{param} is over {MAX_SCHEMA_LEVELS} levels deep, which is the most; move inner schemas to $defs",
            param=param,
        )
    _check_size(schema, param)
    cost = schema_cost(schema, param)
    fault: InvalidRequest | None = None
    for size_bytes, character_steps in _EXPRESSION_SIZES:
        options = RegexOptions(size_limit=size_bytes, dfa_size_limit=_EXPRESSION_CACHE_BYTES)
        try:
            # Formats stay annotations, as draft 2020-12 has it. The mask keeps answers out of messages.
            validator = Draft202012Validator(
                schema, validate_formats=False, pattern_options=options, mask="the value", offline=True
            )
        except ValidationError as error:
            fault = _schema_fault(schema, error, param)
            continue
        except ValueError as error:
            raise InvalidRequest(f"{param} is no JSON Schema: {_cut(str(error))}", param=param) from None
        return CompiledSchema(schema, validator, cost, character_steps)
    raise fault or InvalidRequest(f"{param} is no JSON Schema", param=param)


def check_answer(compiled: CompiledSchema, text: str) -> SchemaCheck:
    """Parse `text`, a code fence around the value tolerated, and hold it against the schema as given.

    A null that a strict mode put in the place of an optional property is taken out. The error names place and rule in
    at most 500 characters, and never quotes the answer.
    """
    parsed = _parse(text)
    if isinstance(parsed, _Fault):
        return SchemaCheck(False, error=parsed.sentence)
    value = parsed.value
    extent = _extent(value, MAX_ANSWER_LEVELS)
    refused = _beyond_bounds(compiled, value, extent)
    if refused is not None:
        return SchemaCheck(False, error=refused)
    if compiled.validator.is_valid(value):
        return SchemaCheck(True, value)
    if extent.has_null and _can_prune(compiled.cost, extent):
        value = without_added_nulls(value, compiled.schema)
        if compiled.validator.is_valid(value):
            return SchemaCheck(True, value)
    return SchemaCheck(False, error=_explain(compiled, value, extent))


def check_json(text: str) -> SchemaCheck:
    """Parse `text`, a code fence around it tolerated, as some JSON object."""
    parsed = _parse(text)
    if isinstance(parsed, _Fault):
        return SchemaCheck(False, error=parsed.sentence)
    if not isinstance(parsed.value, dict):
        return SchemaCheck(False, error=f"the answer is {_kind(parsed.value)}; it must be a JSON object")
    if _extent(parsed.value, MAX_ANSWER_LEVELS).levels > MAX_ANSWER_LEVELS:
        return SchemaCheck(False, error=_too_deep())
    return SchemaCheck(True, parsed.value)


def schema_directive(schema: JsonObject) -> str:
    """Return what a system message says to get an answer of this schema."""
    return (
        "Answer with one JSON value that is valid under this JSON Schema, and with nothing else: no introduction, no"
        f" explanation, no code fence.\n{msgspec.json.encode(schema).decode()}"
    )


def correction(check: SchemaCheck) -> str:
    """Return the user message of a correction round: what was wrong with the answer, and what to send instead."""
    return (
        f"That answer can't be used: {check.error}.\n"
        "Send the corrected JSON value alone, complete, without any text or code fence around it."
    )


@dataclass(frozen=True, slots=True)
class _Parsed:
    value: JsonValue


@dataclass(frozen=True, slots=True)
class _Fault:
    sentence: str


def _parse(text: str) -> _Parsed | _Fault:
    whole = _decode(text.strip("\ufeff \t\r\n"))
    if isinstance(whole, _Parsed):
        return whole
    start, end = text.find("```"), text.rfind("```")
    if start == end:
        return whole
    # What stands between the first and the last fence is one block, or else it is no JSON.
    block = text[start + 3 : end]
    head, _, rest = block.partition("\n")
    return _decode(rest if head.strip().isalnum() or not head.strip() else _without_language(block))


def _without_language(block: str) -> str:
    stripped = block.strip()
    return stripped[4:] if stripped[:4].lower() == "json" else stripped


def _decode(text: str) -> _Parsed | _Fault:
    try:
        return _Parsed(msgspec.json.decode(text))
    except msgspec.DecodeError as error:
        return _Fault(_cut(f"the answer is not JSON: {error}"))
    except UnicodeEncodeError:
        return _Fault("the answer is not JSON: it holds half a surrogate pair")
    except RecursionError:
        return _Fault(_too_deep())


def _beyond_bounds(compiled: CompiledSchema, value: JsonValue, extent: _Extent) -> str | None:
    if extent.levels > MAX_ANSWER_LEVELS:
        return _too_deep()
    steps = extent.values * compiled.cost.visits + _expression_steps(compiled, extent)
    if compiled.cost.has_multiples:
        steps += _far_digits(value) * compiled.cost.visits * _DIGIT_STEPS
    if steps > _MAX_STEPS:
        return "the answer is too large to be validated against this schema; it must be shorter"
    return None


def _can_prune(cost: SchemaCost, extent: _Extent) -> bool:
    return extent.values * cost.visits <= _MAX_PRUNED_STEPS and extent.levels * cost.chain <= _MAX_PRUNED_STACK


def _expression_steps(compiled: CompiledSchema, extent: _Extent) -> int:
    return extent.characters * compiled.cost.pattern_visits * compiled.character_steps if compiled.cost.patterns else 0


def _too_deep() -> str:
    return f"the answer is over {MAX_ANSWER_LEVELS} levels deep, which is the most"


def _explain(compiled: CompiledSchema, value: JsonValue, extent: _Extent) -> str:
    cost = compiled.cost
    steps = extent.values * cost.visits * max(cost.returns, 1) ** extent.levels
    stack = extent.levels * cost.chain
    if _expression_steps(compiled, extent) > _MAX_EXPLAINED_EXPRESSION_STEPS:
        return _UNEXPLAINED
    if steps <= _MAX_EXPLAINED_STEPS and stack <= _MAX_EXPLAINED_STACK:
        errors = islice(compiled.validator.iter_errors(value), _MAX_ERRORS)
        return _cut("; ".join([_sentence(error) for error in errors]))
    if cost.returns <= 1 and not cost.has_branches and stack <= _MAX_VALIDATED_STACK:
        try:
            compiled.validator.validate(value)
        except ValidationError as error:
            return _sentence(error)
    return _UNEXPLAINED


def _sentence(error: ValidationError) -> str:
    path = _place(error.instance_path)
    message = f"at ${path}: {error.message}" if path else error.message
    likely = _likely_branch(error)
    return _cut(f"{message}, most likely because {_sentence(likely)}" if likely else message)


def _likely_branch(error: ValidationError) -> ValidationError | None:
    """Return the first error of the one alternative that the value has the type of, None if there are more or none."""
    match error.kind:
        case ValidationErrorKind.AnyOf(context=context) | ValidationErrorKind.OneOfNotValid(context=context):
            own = [errors[0] for errors in context if errors and not _is_of_other_type(errors[0], error)]
            return own[0] if len(own) == 1 else None
        case _:
            return None


def _is_of_other_type(error: ValidationError, outer: ValidationError) -> bool:
    return error.kind.name == "type" and error.instance_path == outer.instance_path


def _place(path: Sequence[str | int]) -> str:
    place = "".join([f"[{part}]" if isinstance(part, int) else f".{part}" for part in path])
    return place if len(place) <= _MAX_SHOWN_CHARACTERS else f"{place[:_MAX_SHOWN_CHARACTERS]}…"


def _check_size(schema: JsonObject, param: str) -> None:
    try:
        size_bytes = len(msgspec.json.encode(schema))
    except UnicodeEncodeError:
        raise InvalidRequest(f"{param} holds half a surrogate pair; texts must be Unicode", param=param) from None
    if size_bytes > MAX_SCHEMA_BYTES:
        raise InvalidRequest(f"{param} is {size_bytes} bytes of JSON; the most is {MAX_SCHEMA_BYTES}", param=param)


def _schema_fault(schema: JsonObject, error: ValidationError, param: str) -> InvalidRequest:
    path = error.instance_path
    place = f"{param}{_place(path)}"
    if error.kind.name == "format":
        expression = path[-1] if path[-2:-1] == ["patternProperties"] else _at(schema, path)
        fault = (
            f"{place} has an expression that can't be used: {_shown(expression)}; look-around, back-references and very"
            " large repetitions are not supported"
        )
    elif path[-1:] == ["type"]:
        fault = f"{place} is {_shown(_at(schema, path))}; it must be {_TYPES}, or a list of some of these, each once"
    else:
        fault = _cut(f"{place} is wrong: {error.message.replace('the value', _shown(_at(schema, path)), 1)}")
    return InvalidRequest(fault, param=param)


def _at(schema: JsonValue, path: Sequence[str | int]) -> JsonValue:
    for part in path:
        match schema, part:
            case dict(), str() if part in schema:
                schema = schema[part]
            case list(), int() if part < len(schema):
                schema = schema[part]
            case _:  # a member's name is at fault, not its value
                return part
    return schema


def _shown(value: JsonValue) -> str:
    shown = msgspec.json.encode(value).decode()
    return shown if len(shown) <= _MAX_SHOWN_CHARACTERS else f"{shown[:_MAX_SHOWN_CHARACTERS]}…"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_ERROR_CHARACTERS else f"{text[: MAX_ERROR_CHARACTERS - 1]}…"


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "an object"


def _far_digits(value: JsonValue) -> int:
    """Return how many digits the numbers in `value` have beyond those that a processor divides."""
    digits = 0
    row: list[JsonValue] = [value]
    while row:
        item = row.pop()
        match item:
            case list():
                row += item
            case dict():
                row += item.values()
            case int():
                digits += max(item.bit_length() - _NEAR_BITS, 0)
            case float() if item:
                digits += max(abs(math.frexp(item)[1]) - _NEAR_BITS, 0)
            case _:
                pass
    return digits


def _extent(value: JsonValue, max_levels: int) -> _Extent:
    """Return how big `value` is; nothing is counted below `max_levels` + 1."""
    values = characters = levels = 0
    has_null = False
    row: list[JsonValue] = [value]
    while row and levels <= max_levels:
        levels += 1
        values += len(row)
        has_null = has_null or None in row
        characters += sum(len(item) for item in row if isinstance(item, str))
        following: list[JsonValue] = []
        for item in row:
            if isinstance(item, list):
                following += item
            elif isinstance(item, dict):
                following += item.values()
                characters += sum(map(len, item))
        row = following
    return _Extent(values, characters, levels, has_null)
