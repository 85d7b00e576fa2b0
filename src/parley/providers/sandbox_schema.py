"""An instance of a JSON Schema, filled from a prompt where names match; for a judge, merged from the answers.

Required fields are always there; optional ones where the text has something for them. Bounded in depth and size: a
schema that can be met only by endless nesting gets as deep as the bound and no further.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, product

from parley.domain.json import JsonObject, JsonValue
from parley.providers.sandbox_bias import Bias
from parley.providers.sandbox_fields import FieldName, Fields, field_name
from parley.providers.sandbox_flatten import Flat, SchemaDocument
from parley.providers.sandbox_numbers import fit_number
from parley.providers.sandbox_prompt import Prompt
from parley.providers.sandbox_strings import fit_text
from parley.providers.sandbox_text import choose
from parley.providers.sandbox_words import word_set

_MOST_DEPTH = 12
_FULL_DEPTH = 5  # deeper down only what is required
_MOST_ITEMS = 500
_USUAL_ITEMS = 4
_MOST_SPARE = 100
_MOST_CANDIDATES = 24
_MOST_NESTING = 6  # of alternatives inside of alternatives
_MOST_VALUES = 4_000
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_HINTS = (
    (
        "object",
        ("properties", "required", "additionalProperties", "minProperties", "patternProperties", "propertyNames"),
    ),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "contains", "uniqueItems")),
    ("string", ("minLength", "maxLength", "pattern", "format")),
    ("number", ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")),
)
_CHECKED = word_set(
    """
    not pattern contains minContains maxContains propertyNames patternProperties dependentSchemas
    dependentRequired unevaluatedProperties unevaluatedItems uniqueItems
    """
)
_SINGULARS = (("ies", "y"), ("sses", "ss"), ("s", ""))


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a value stands: its name, how deep, and which of several in a list (`variant`)."""

    name: FieldName
    depth: int = 0
    variant: int = 0


@dataclass(slots=True)
class _Tally:
    """What was written so far: values in all, and those for which the text had something."""

    values: int = 0
    found: int = 0


def write_instance(schema: JsonObject, prompt: Prompt, bias: Bias) -> JsonValue:
    """Return an instance of `schema` for `prompt`; of a judge's prompt, the answers' own instances merged."""
    document = SchemaDocument(schema)
    if len(prompt.answers) > 1:
        for candidate in _merged(prompt):
            if document.accepts(schema, candidate):
                return candidate
    return _Writer(document, Fields(prompt, bias)).value(schema, _Spot(field_name("")))


def write_object(prompt: Prompt, bias: Bias, keys: tuple[str, ...]) -> JsonObject:
    """Return an object with `keys`, or with `answer` alone, for a prompt that asks for JSON without a schema."""
    if len(prompt.answers) > 1:
        merged = next((candidate for candidate in _merged(prompt) if isinstance(candidate, dict)), None)
        if merged is not None:
            return merged
    names = keys or ("answer",)
    schema: JsonObject = {"type": "object", "properties": dict.fromkeys(names, True), "required": list(names)}
    written = _Writer(SchemaDocument(schema), Fields(prompt, bias)).value(schema, _Spot(field_name("")))
    return written if isinstance(written, dict) else {}


@dataclass(slots=True)
class _Writer:
    document: SchemaDocument
    fields: Fields
    tally: _Tally = field(default_factory=_Tally)

    def value(self, schema: JsonValue, spot: _Spot) -> JsonValue:
        """Return the first candidate that holds against `schema`, the last one if none does."""
        self.tally.values += 1
        if spot.depth > _MOST_DEPTH or self.tally.values > _MOST_VALUES:
            return None
        flat = self.document.flatten(schema)
        spot = replace(spot, name=_described(spot.name, flat.keywords))
        last: JsonValue = None
        needs_check = _needs_check(flat)
        for candidate in islice(self._candidates(flat, spot), _MOST_CANDIDATES):
            if not needs_check or self.document.accepts(schema, candidate):
                return candidate
            last = candidate
        return last

    def _candidates(self, flat: Flat, spot: _Spot, nesting: int = 0) -> Iterator[JsonValue]:
        if (flat.groups or flat.conditions) and nesting < _MOST_NESTING:
            for combined in islice(self._branches(flat, spot), _MOST_CANDIDATES):
                yield from islice(self._candidates(combined, spot, nesting + 1), 4)
            return
        keywords = flat.keywords
        if "const" in keywords:
            yield keywords["const"]
        elif isinstance(listed := keywords.get("enum"), list):
            yield from self._enumerated(listed, spot)
        else:
            for kind in self._kinds(keywords, spot):
                yield self._of_kind(kind, keywords, spot)
            for variant in range(1, 3):
                for kind in self._kinds(keywords, spot):
                    yield self._of_kind(kind, keywords, replace(spot, variant=spot.variant + variant))

    def _branches(self, flat: Flat, spot: _Spot) -> Iterator[Flat]:
        """Yield `flat` with one branch of each group and each condition decided, the likeliest first."""
        rest: JsonObject = dict(flat.keywords)
        groups = [sorted(group, key=lambda branch: self._unlikeliness(branch, spot)) for group in flat.groups]
        conditions: list[list[JsonValue]] = [_decided(condition) for condition in flat.conditions]
        for picks in product(*groups, *conditions):
            yield self.document.flatten({"allOf": [rest, *picks]})

    def _unlikeliness(self, branch: JsonValue, spot: _Spot) -> int:
        """Rank a branch: what the text has something for, then anything, null only where the text has nothing."""
        flat = self.document.flatten(branch)
        if flat.is_impossible:
            return 9
        if flat.keywords.get("type") == "null" or ("const" in flat.keywords and flat.keywords["const"] is None):
            return 1
        return 0 if self._is_found(flat, spot) else 2

    def _is_found(self, flat: Flat, spot: _Spot) -> bool:
        keywords = flat.keywords
        if "const" in keywords or "enum" in keywords or not spot.name.words or flat.groups:
            return True
        kinds = self._kinds(keywords, spot)
        match kinds[0]:
            case "string":
                return self.fields.text(spot.name) is not None
            case "number" | "integer":
                return (self.fields.number(spot.name) or self.fields.share(spot.name)) is not None
            case "boolean":
                return self.fields.truth(spot.name) is not None
            case _:
                return True

    def _kinds(self, keywords: JsonObject, spot: _Spot) -> tuple[str, ...]:
        """Return the types to try, null last where the text has something for the field, else first."""
        given = keywords.get("type")
        if isinstance(given, str):
            return (given,)
        if isinstance(given, list):
            kinds = [kind for kind in given if isinstance(kind, str) and kind in _TYPES]
            if "null" in kinds and len(kinds) > 1:
                kinds.remove("null")
                has_found = self._is_found(Flat({**keywords, "type": kinds[0]}), spot)
                return (*kinds, "null") if has_found else ("null", *kinds)
            return tuple(kinds) or ("null",)
        hinted = tuple(kind for kind, hints in _HINTS if any(hint in keywords for hint in hints))
        return (*hinted, *[kind for kind in self._free_kinds(spot) if kind not in hinted])

    def _free_kinds(self, spot: _Spot) -> tuple[str, ...]:
        """Return the types of a field that may be anything, by its name: `is_open` is a truth, `age` a number."""
        if spot.name.words[:1] in (("is",), ("has",), ("can",), ("should",)):
            return ("boolean", "string", "number", "null")
        labelled = self.fields.number(spot.name) if spot.name.words else None
        told = self.fields.text(spot.name) if spot.name.words else None
        if labelled is not None and (told is None or len(told) > 20 or told.strip("$€£ ").replace(",", "").isdecimal()):
            return ("number", "string", "boolean", "null")
        return ("string", "number", "object", "array", "boolean", "null")

    def _of_kind(self, kind: str, keywords: JsonObject, spot: _Spot) -> JsonValue:
        match kind:
            case "object":
                return self._object(keywords, spot)
            case "array":
                return self._array(keywords, spot)
            case "string":
                return self._string(keywords, spot)
            case "number" | "integer":
                return self._number(kind, keywords, spot)
            case "boolean":
                return self._boolean(spot)
            case _:
                return None

    def _enumerated(self, values: list[JsonValue], spot: _Spot) -> Iterator[JsonValue]:
        if not values:
            return
        shown = [value if isinstance(value, str) else json.dumps(value) for value in values]
        narrowed = self.fields.text(spot.name) if spot.name.words and self.fields.prompt.passage else None
        exact = [place for place, text in enumerate(shown) if narrowed and text.lower() == narrowed.lower()]
        first = exact[0] if exact else choose(shown, self.fields.prompt, self.fields.bias)
        self.tally.found += 1
        start = (first + spot.variant) % len(values)
        yield values[start]
        yield from [value for place, value in enumerate(values) if place != start]

    def _string(self, keywords: JsonObject, spot: _Spot) -> str:
        wish = self.fields.text(spot.name) if spot.name.words else self.fields.answer() or None
        self.tally.found += wish is not None
        if spot.variant:
            listed = self.fields.texts(spot.name)
            wish = listed[spot.variant] if spot.variant < len(listed) else None
        check = self.document.checker({**keywords, "type": "string"})
        return fit_text(wish, keywords, "\n".join(self.fields.material), check, spot.variant)

    def _number(self, kind: str, keywords: JsonObject, spot: _Spot) -> int | float:
        wish = self.fields.number(spot.name)
        if wish is None:
            wish = self.fields.share(spot.name)
            most, least = keywords.get("maximum"), keywords.get("minimum")
            if wish is not None and isinstance(most, int | float) and most > 1:
                lowest = int(least) if isinstance(least, int | float) else 0
                wish = lowest + wish * (int(most) - lowest)
        self.tally.found += wish is not None
        return fit_number(wish, keywords, is_integer=kind == "integer", variant=spot.variant)

    def _boolean(self, spot: _Spot) -> bool:
        found = self.fields.truth(spot.name)
        self.tally.found += found is not None
        return (found or False) is not (spot.variant % 2 == 1)

    def _object(self, keywords: JsonObject, spot: _Spot) -> JsonObject:
        keywords = self._with_dependents(keywords)
        known = _known(keywords)
        required = _required(keywords, known)
        written: JsonObject = {}
        for name in required:  # grows while names with dependents are written
            written[name] = self.value(self._property_schema(name, keywords, known), _at(name, spot))
            _add_dependents(name, keywords, required)
        if spot.depth < _FULL_DEPTH:
            self._add_optional(written, required, keywords, spot)
        self._fill_up(written, required, keywords, spot)
        return {name: written[name] for name in [*known, *written] if name in written}

    def _with_dependents(self, keywords: JsonObject) -> JsonObject:
        """Return `keywords` with the schemas worked in that depend on a required name."""
        dependents = keywords.get("dependentSchemas")
        if not isinstance(dependents, dict):
            return keywords
        bare: JsonObject = {key: value for key, value in keywords.items() if key != "dependentSchemas"}
        parts = [dependents[name] for name in _required(keywords, _known(keywords)) if name in dependents]
        return self.document.flatten({"allOf": [bare, *parts]}).keywords

    def _add_optional(self, written: JsonObject, required: list[str], keywords: JsonObject, spot: _Spot) -> None:
        """Add what is not required where the text has something for it and nothing else depends on it."""
        known = _known(keywords)
        dependents = keywords.get("dependentRequired")
        for name in known:
            if name in required or (isinstance(dependents, dict) and name in dependents):
                continue
            before = self.tally.found
            value = self.value(known[name], _at(name, spot))
            if self.tally.found > before and value is not None:
                written[name] = value

    def _property_schema(self, name: str, keywords: JsonObject, known: JsonObject) -> JsonValue:
        if name in known:
            return known[name]
        patterns = keywords.get("patternProperties")
        if isinstance(patterns, dict):
            for pattern, schema in patterns.items():
                if self.document.accepts({"pattern": pattern}, name):
                    return schema
        return keywords.get("additionalProperties", True)

    def _fill_up(self, written: JsonObject, required: list[str], keywords: JsonObject, spot: _Spot) -> None:
        """Drop optional fields over `maxProperties` and add some up to `minProperties`."""
        most = keywords.get("maxProperties")
        if isinstance(most, int):
            for name in [name for name in reversed(written) if name not in required][: max(len(written) - most, 0)]:
                del written[name]
        known = _known(keywords)
        least = keywords.get("minProperties")
        for name in self._spare_names(keywords, known):
            if not isinstance(least, int) or len(written) >= min(least, _MOST_ITEMS):
                return
            schema = self._property_schema(name, keywords, known)
            if name not in written and schema is not False:
                written[name] = self.value(schema, _Spot(field_name(name), spot.depth + 1))

    def _spare_names(self, keywords: JsonObject, known: JsonObject) -> Iterator[str]:
        yield from known
        patterns = keywords.get("patternProperties")
        shapes: list[JsonValue] = [{"pattern": pattern} for pattern in patterns] if isinstance(patterns, dict) else []
        if keywords.get("additionalProperties", True) is not False:
            shapes.append(True)
        names = keywords.get("propertyNames", True)
        for variant in range(_MOST_SPARE):
            for shape in shapes:
                named: JsonObject = {"type": "string", "allOf": [shape, names]}
                yield str(self.value(named, _Spot(field_name("keywords"), variant=variant)))

    def _array(self, keywords: JsonObject, spot: _Spot) -> list[JsonValue]:
        first = keywords.get("prefixItems")
        prefix = first if isinstance(first, list) else []
        items = keywords.get("items", True)
        most = _count(keywords.get("maxItems"), _MOST_ITEMS)
        least = max(_count(keywords.get("minItems"), 0), 0)
        name = _singular(spot.name)
        written = [self.value(schema, _Spot(name, spot.depth + 1)) for schema in prefix[:most]]
        if "contains" in keywords:
            wanted = max(_count(keywords.get("minContains"), 1), 0)
            both: JsonValue = {"allOf": [keywords["contains"], items]}
            written += [self.value(both, _Spot(name, spot.depth + 1, place)) for place in range(wanted)]
        if items is not False and len(written) < most:
            written += self._items(items, _Spot(name, spot.depth + 1), spot.name, max(least - len(written), 0))
        if keywords.get("uniqueItems") is True:
            written = _unique(written)
        variant = len(written)
        while len(written) < least and variant < 2 * _MOST_ITEMS and items is not False:
            value = self.value(items, _Spot(name, spot.depth + 1, variant))
            variant += 1
            if keywords.get("uniqueItems") is not True or len(_unique([*written, value])) > len(written):
                written.append(value)
        return written[:most]

    def _items(self, items: JsonValue, spot: _Spot, listed_as: FieldName, least: int) -> list[JsonValue]:
        """Return as many items as the text has, at least `least`: records by sentence, texts by what is listed."""
        if spot.depth > _FULL_DEPTH:
            return []
        keywords = self.document.flatten(items).keywords
        if keywords.get("type") == "object" or "properties" in keywords:
            return self._records(items, spot)
        if keywords.get("type") == "string" and "enum" not in keywords and "const" not in keywords:
            texts = self.fields.texts(listed_as)[: max(_USUAL_ITEMS, least)]
            self.tally.found += len(texts)
            material = "\n".join(self.fields.material)
            check = self.document.checker(items)
            return [fit_text(text, keywords, material, check) for text in texts]
        if keywords.get("type") in ("number", "integer"):
            return []
        return [self.value(items, spot)] if least == 0 and self._is_found(Flat(keywords), spot) else []

    def _records(self, items: JsonValue, spot: _Spot) -> list[JsonValue]:
        """Return one record for each sentence of the text that has something for at least two of its fields, or one."""
        found: list[JsonValue] = []
        for sentence in self.fields.prompt.passage[: _USUAL_ITEMS * 2]:
            writer = _Writer(self.document, self.fields.narrowed(sentence))
            record = writer.value(items, spot)
            if writer.tally.found > 1:
                found.append(record)
        self.tally.found += len(found)
        return found or [self.value(items, spot)]


def _needs_check(flat: Flat) -> bool:
    return bool(flat.groups or flat.conditions or flat.is_impossible or not _CHECKED.isdisjoint(flat.keywords)) or (
        "enum" in flat.keywords or isinstance(flat.keywords.get("type"), list)
    )


def _decided(condition: JsonObject) -> list[JsonValue]:
    """Return a condition as two branches: it does not hold and `else`, or it holds and `then`."""
    premise = condition["if"]
    fails: JsonValue = {"allOf": [{"not": premise}, condition.get("else", True)]}
    holds: JsonValue = {"allOf": [premise, condition.get("then", True)]}
    return [holds, fails]


def _described(name: FieldName, keywords: JsonObject) -> FieldName:
    told = " ".join(str(keywords[key]) for key in ("title", "description") if isinstance(keywords.get(key), str))
    return field_name(name.key, told) if told else name


def _known(keywords: JsonObject) -> JsonObject:
    properties = keywords.get("properties")
    return properties if isinstance(properties, dict) else {}


def _at(name: str, spot: _Spot) -> _Spot:
    """Return the spot of property `name` inside of `spot`."""
    return _Spot(field_name(name), spot.depth + 1, spot.variant)


def _required(keywords: JsonObject, known: JsonObject) -> list[str]:
    given = keywords.get("required")
    names = [name for name in given if isinstance(name, str)] if isinstance(given, list) else []
    return list(dict.fromkeys([*[name for name in known if name in names], *names]))


def _add_dependents(name: str, keywords: JsonObject, required: list[str]) -> None:
    dependents = keywords.get("dependentRequired")
    more = dependents.get(name) if isinstance(dependents, dict) else None
    required += (
        [other for other in more if isinstance(other, str) and other not in required] if isinstance(more, list) else []
    )


def _singular(name: FieldName) -> FieldName:
    if not name.words:
        return name
    key = "_".join(name.words)
    for ending, instead in _SINGULARS:
        if key.endswith(ending) and len(key) > len(ending) + 2:
            return field_name(key.removesuffix(ending) + instead)
    return name


def _count(value: JsonValue, default: int) -> int:
    return min(int(value), _MOST_ITEMS) if isinstance(value, int | float) else default


def _unique(values: list[JsonValue]) -> list[JsonValue]:
    return list({json.dumps(value, sort_keys=True): value for value in reversed(values)}.values())[::-1]


def _merged(prompt: Prompt) -> Iterator[JsonValue]:
    """Yield what the answers' JSON values come to: field by field, then the one most like the others."""
    values: list[JsonValue] = []
    for answer in prompt.answers:
        try:
            values.append(json.loads(_unfenced(answer.text)))
        except (ValueError, RecursionError):
            continue
    if values:
        yield _merge_values(values, 0)
        yield _commonest(values)


def _unfenced(text: str) -> str:
    lines = text.strip().split("\n")
    return "\n".join(lines[1:-1]) if len(lines) > 2 and lines[0].startswith("```") else text


def _merge_values(values: list[JsonValue], depth: int) -> JsonValue:
    if depth < _MOST_DEPTH and all(isinstance(value, dict) for value in values):
        objects = [value for value in values if isinstance(value, dict)]
        names = dict.fromkeys(name for one in objects for name in one)
        kept = [name for name in names if 2 * sum(name in one for one in objects) >= len(objects)]
        return {name: _merge_values([one[name] for one in objects if name in one], depth + 1) for name in kept}
    amounts = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(amounts) == len(values):
        return sorted(amounts)[(len(amounts) - 1) // 2]
    if all(isinstance(value, list) for value in values):
        every = [item for value in values if isinstance(value, list) for item in value]
        longest = max((len(value) for value in values if isinstance(value, list)), default=0)
        ranked = sorted(_unique(every), key=lambda item: -every.count(item))
        return ranked[:longest]
    return _commonest(values)


def _commonest(values: list[JsonValue]) -> JsonValue:
    return max(values, key=lambda value: (values.count(value), -values.index(value)))
