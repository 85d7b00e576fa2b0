"""What a JSON Schema may cost to validate against: found from its references alone, before the validator sees it.

A schema of 2 KB can make any validator work for hours (references that double at each step) or end the process (a stack
of references without end). Guards against both: refuses what it can't bound, with the place and the remedy.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from urllib.parse import unquote, urldefrag, urljoin

from parley.domain.errors import InvalidRequest
from parley.domain.json import JsonObject, JsonValue

# On one value at most so many subschemas may have a say; 64 KiB of schema without references stays below that.
MAX_VISITS = 40_000
# References and combinators that apply to the same value, one inside the other. Times the levels of an answer that is
# the validator's stack: 128 x 64 still fit into 1 MiB, measured with jsonschema-rs 0.60.
MAX_CHAIN = 64
MAX_PATTERNS = 100
_MAX_STEPS = 400_000

_DIALECTS = frozenset({"https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2020-12/schema#"})
_BASE = "https://output-schema.invalid/"

# Keywords of draft 2020-12 that hold subschemas, by where they apply. Source: its core and applicator vocabularies;
# `dependencies` is older, but jsonschema-rs 0.60 goes by it still.
_IN_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
_IN_PLACE_GROUPS = ("dependentSchemas", "dependencies")
_IN_PLACE = ("not", "if", "then", "else")
_EVERY_MEMBER = ("unevaluatedProperties", "propertyNames")
_EVERY_ITEM = ("contains", "unevaluatedItems")
_STORES = ("$defs", "definitions")

_MEMBER = "."
_ITEM = "#"


@dataclass(frozen=True, slots=True)
class SchemaCost:
    """Bounds for one value of an answer: subschemas that see it, and regular expressions that do.

    `chain`: references and combinators one inside the other. `has_multiples`: there is multipleOf, which is slow for
    numbers far from 1. `has_branches`: there is anyOf or oneOf, whose errors are costly to explain. `returns`: by how
    many ways one turn of a recursion comes back to the same value; over 1, explaining an error can take time
    exponential in the answer's levels.
    """

    visits: int
    pattern_visits: int
    patterns: int
    chain: int
    has_multiples: bool
    has_branches: bool
    returns: int


@dataclass(slots=True)
class _Node:
    """One subschema: `in_place` apply to the same value; `children` to a member or item, by `.=name`, `#=index`.

    The keys `.` and `#` stand for members and items without an entry of their own, `.*` and `#*` for all of them.
    """

    schema: JsonObject
    base: str
    path: str
    in_place: list[int] = field(default_factory=list)
    children: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Reach:
    """What may come down on one member or item: by its key, or `rest` for keys that have no entry."""

    named: dict[str, int] = field(default_factory=dict)
    rest: dict[str, int] = field(default_factory=lambda: {_MEMBER: 0, _ITEM: 0})

    def of(self, key: str) -> int:
        return self.named.get(key, self.rest[key[0]])

    def add(self, other: "_Reach", times: int) -> None:
        keys = self.named.keys() | other.named.keys()
        self.named = {key: self.of(key) + times * other.of(key) for key in keys}
        self.rest = {kind: self.rest[kind] + times * other.rest[kind] for kind in self.rest}

    @property
    def most(self) -> int:
        return max(*self.rest.values(), *self.named.values(), 0)


def schema_cost(schema: JsonObject, param: str) -> SchemaCost:
    """Return the bounds of `schema`.

    Raises InvalidRequest for a reference that leaves the document or leads nowhere, for another dialect, for a schema
    that refers to itself without going deeper into the answer, and for one beyond the bounds.
    """
    return _Graph(schema, param).cost()


class _Graph:
    """The subschemas of one document and what leads from one to another."""

    def __init__(self, root: JsonObject, param: str) -> None:
        self._param = param
        self._root = root
        self._nodes: dict[int, _Node] = {}
        self._resources: dict[str, JsonObject] = {}
        self._anchors: dict[str, JsonObject] = {}
        self._dynamic: dict[str, list[JsonObject]] = {}
        self._has_inner_ids = False
        self._steps = 0
        self._add(root, _BASE, param)
        self._resources.setdefault(_BASE, root)
        self._link()

    def cost(self) -> SchemaCost:
        chain = self._longest_chain()
        order, loops = self._order()
        starts = [id(self._root), *{target for _, target in loops}]
        own = {key: _own_cost(node.schema) for key, node in self._nodes.items()}
        patterns = {key: _patterns(node.schema) for key, node in self._nodes.items()}
        peaks = self._peaks(order, loops, own, loop=1)
        pattern_peaks = self._peaks(order, loops, patterns, loop=0)
        returns = self._peaks(order, loops, dict.fromkeys(own, 0), loop=1, is_sum=True)
        cost = SchemaCost(
            visits=sum(peaks[start] for start in starts),
            pattern_visits=sum(pattern_peaks[start] for start in starts),
            patterns=sum(patterns.values()),
            chain=chain,
            has_multiples=any("multipleOf" in node.schema for node in self._nodes.values()),
            has_branches=any("anyOf" in node.schema or "oneOf" in node.schema for node in self._nodes.values()),
            returns=max(returns[start] for start in starts),
        )
        if cost.patterns > MAX_PATTERNS:
            raise self._refusal(f"has {cost.patterns} regular expressions; the most is {MAX_PATTERNS}")
        self._check_visits(cost.visits)
        return cost

    def _add(self, schema: JsonObject, base: str, path: str) -> None:
        """Take in a subschema and all that stand inside it, with their identifiers."""
        waiting = [(schema, base, path)]
        while waiting:
            schema, base, path = waiting.pop()
            if id(schema) in self._nodes:
                continue
            dialect = schema.get("$schema")
            if isinstance(dialect, str) and dialect not in _DIALECTS:
                raise InvalidRequest(
                    f"{path}.$schema is {dialect[:200]}; only draft 2020-12 is understood: leave $schema out, or set it"
                    " to https://json-schema.org/draft/2020-12/schema",
                    param=self._param,
                )
            base = self._identify(schema, base, path)
            self._nodes[id(schema)] = _Node(schema, base, path)
            waiting += [(inner, base, f"{path}.{where}") for where, inner in _inner_schemas(schema)]

    def _identify(self, schema: JsonObject, base: str, path: str) -> str:
        identifier = schema.get("$id")
        if isinstance(identifier, str):
            self._has_inner_ids = self._has_inner_ids or schema is not self._root
            base = urldefrag(_join(base, identifier)).url
            self._claim(self._resources, base, schema, f"{path}.$id")
        for keyword in ("$anchor", "$dynamicAnchor"):
            anchor = schema.get(keyword)
            if isinstance(anchor, str):
                self._claim(self._anchors, f"{base}#{anchor}", schema, f"{path}.{keyword}")
        dynamic = schema.get("$dynamicAnchor")
        if isinstance(dynamic, str):
            self._dynamic.setdefault(dynamic, []).append(schema)
        return base

    def _claim(self, table: dict[str, JsonObject], name: str, schema: JsonObject, path: str) -> None:
        if table.setdefault(name, schema) is not schema:
            raise InvalidRequest(f"{path} is used twice in the schema; each may stand once", param=self._param)

    def _link(self) -> None:
        """Fill in the edges; references may bring in further subschemas, which are linked as they come."""
        waiting = list(self._nodes)
        linked: set[int] = set()
        while waiting:
            key = waiting.pop()
            if key in linked:
                continue
            linked.add(key)
            node = self._nodes[key]
            targets = list(self._referred(node))
            waiting += [id(target) for target in targets]
            node.in_place += [id(target) for target in targets]
            node.in_place += [id(inner) for inner in _in_place(node.schema)]
            node.children += [(where, id(inner)) for where, inner in _children(node.schema)]
            waiting += [*node.in_place, *[child for _, child in node.children]]

    def _referred(self, node: _Node) -> Iterator[JsonObject]:
        for keyword in ("$ref", "$dynamicRef"):
            reference = node.schema.get(keyword)
            if not isinstance(reference, str):
                continue
            target = self._resolve(node, keyword, reference)
            if target is not None:
                yield target
            if keyword == "$dynamicRef":
                yield from self._dynamic.get(urldefrag(reference).fragment, ())

    def _resolve(self, node: _Node, keyword: str, reference: str) -> JsonObject | None:
        """Return the subschema that `reference` names, None for a boolean one."""
        url, fragment = urldefrag(_join(node.base, reference))
        resource = self._resources.get(url)
        where = f"{node.path}.{keyword} is {reference[:200]}"
        if resource is None:
            raise InvalidRequest(
                f"{where}, outside the schema; only references inside it, such as #/$defs/name, are followed",
                param=self._param,
            )
        found = self._target(resource, url, unquote(fragment))
        if isinstance(found, bool):
            return None
        # Among embedded resources it is open which one a place outside the known keywords belongs to.
        if not isinstance(found, dict) or (self._has_inner_ids and id(found) not in self._nodes):
            raise InvalidRequest(f"{where}, but the schema has no subschema there", param=self._param)
        self._add(
            found, node.base if found is self._root else url, f"{self._param}{unquote(fragment).replace('/', '.')}"
        )
        return found

    def _target(self, resource: JsonObject, url: str, fragment: str) -> JsonValue:
        if fragment and not fragment.startswith("/"):
            return self._anchors.get(f"{url}#{fragment}")
        found: JsonValue = resource
        for part in fragment.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict):
                found = found.get(name)
            elif isinstance(found, list) and name.isascii() and name.isdigit() and int(name[:9]) < len(found):
                found = found[int(name[:9])]
            else:
                return None
        return found

    def _longest_chain(self) -> int:
        """Return how many subschemas can apply to one value one inside the other."""
        sorter = TopologicalSorter({key: node.in_place for key, node in self._nodes.items()})
        try:
            order = list(sorter.static_order())
        except CycleError as error:
            path = self._nodes[error.args[1][0]].path
            raise InvalidRequest(
                f"{path} refers to itself without going into a member or an item of the answer; let the reference stand"
                " under properties or items",
                param=self._param,
            ) from None
        lengths: dict[int, int] = {}
        for key in order:
            lengths[key] = 1 + max((lengths[inner] for inner in self._nodes[key].in_place), default=0)
            if lengths[key] > MAX_CHAIN:
                raise self._refusal(f"has over {MAX_CHAIN} references and combinators inside each other")
        return max(lengths.values())

    def _order(self) -> tuple[list[int], set[tuple[int, int]]]:
        """Return the subschemas with all that they lead to first, and the pairs that close a loop."""
        order: list[int] = []
        loops: set[tuple[int, int]] = set()
        is_open: dict[int, bool] = {}
        for start in [id(self._root), *self._nodes]:
            if start in is_open:
                continue
            is_open[start] = True
            stack = [(start, self._successors(start))]
            while stack:
                key, successors = stack[-1]
                following = next(successors, None)
                if following is None:
                    is_open[key] = False
                    order.append(key)
                    stack.pop()
                elif following not in is_open:
                    is_open[following] = True
                    stack.append((following, self._successors(following)))
                elif is_open[following]:
                    loops.add((key, following))
        return order, loops

    def _successors(self, key: int) -> Iterator[int]:
        node = self._nodes[key]
        return iter([*node.in_place, *[child for _, child in node.children]])

    def _peaks(
        self, order: list[int], loops: set[tuple[int, int]], own: dict[int, int], *, loop: int, is_sum: bool = False
    ) -> dict[int, int]:
        """Return for each subschema the most that `own` adds up to on one value at or below the one it applies to.

        A loop is followed once and counts `loop`: the validator remembers what a recursive reference found for a value.
        `is_sum` adds up all values on the way down instead of taking the worst of them.
        """
        peaks: dict[int, int] = {}
        here: dict[int, int] = {}
        below: dict[int, _Reach] = {}
        for key in order:
            node = self._nodes[key]
            reach = _own_reach(
                [(where, loop if (key, child) in loops else peaks[child]) for where, child in node.children]
            )
            total, times = own[key], _repeats(node.schema)
            for inner in node.in_place:
                if (key, inner) in loops:
                    total += loop
                    continue
                total += times * here[inner]
                self._count(len(reach.named) + len(below[inner].named))
                reach.add(below[inner], times)
            self._check_visits(max(total, reach.most))
            here[key], below[key] = total, reach
            peaks[key] = total + reach.most if is_sum else max(total, reach.most)
        return peaks

    def _count(self, steps: int) -> None:
        self._steps += steps + 1
        if self._steps > _MAX_STEPS:
            raise self._refusal("refers to itself in too many ways; use fewer references or smaller definitions")

    def _check_visits(self, visits: int) -> None:
        if visits > MAX_VISITS:
            raise self._refusal(
                f"would test one value of an answer over {MAX_VISITS} times, because its references or unevaluated"
                " keywords multiply; use fewer of them inside each other"
            )

    def _refusal(self, fault: str) -> InvalidRequest:
        return InvalidRequest(f"{self._param} {fault}", param=self._param)


def _join(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:  # a malformed address, such as an unclosed bracket, is no place inside the document
        return reference


def _named(schema: JsonObject, keyword: str) -> Iterator[tuple[str, JsonObject]]:
    group = schema.get(keyword)
    if isinstance(group, dict):
        yield from [(name, inner) for name, inner in group.items() if isinstance(inner, dict)]


def _listed(schema: JsonObject, keyword: str) -> Iterator[tuple[int, JsonObject]]:
    group = schema.get(keyword)
    if isinstance(group, list):
        yield from [(index, inner) for index, inner in enumerate(group) if isinstance(inner, dict)]


def _single(schema: JsonObject, *keywords: str) -> Iterator[tuple[str, JsonObject]]:
    for keyword in keywords:
        inner = schema.get(keyword)
        if isinstance(inner, dict):
            yield keyword, inner


def _inner_schemas(schema: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield every subschema that stands directly in `schema`, with its place."""
    for keyword in (*_IN_PLACE_LISTS, "prefixItems"):
        yield from [(f"{keyword}[{index}]", inner) for index, inner in _listed(schema, keyword)]
    for keyword in ("properties", "patternProperties", *_IN_PLACE_GROUPS, *_STORES):
        yield from [(f"{keyword}.{name}", inner) for name, inner in _named(schema, keyword)]
    yield from _single(
        schema, *_IN_PLACE, *_EVERY_MEMBER, *_EVERY_ITEM, "additionalProperties", "items", "contentSchema"
    )


def _in_place(schema: JsonObject) -> Iterator[JsonObject]:
    for keyword in _IN_PLACE_LISTS:
        yield from [inner for _, inner in _listed(schema, keyword)]
    for keyword in _IN_PLACE_GROUPS:
        yield from [inner for _, inner in _named(schema, keyword)]
    yield from [inner for _, inner in _single(schema, *_IN_PLACE)]


def _children(schema: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    yield from [(f"{_MEMBER}={name}", inner) for name, inner in _named(schema, "properties")]
    yield from [(f"{_ITEM}={index}", inner) for index, inner in _listed(schema, "prefixItems")]
    yield from [(_MEMBER, inner) for _, inner in _single(schema, "additionalProperties")]
    yield from [(_ITEM, inner) for _, inner in _single(schema, "items")]
    yield from [(f"{_MEMBER}*", inner) for _, inner in _named(schema, "patternProperties")]
    yield from [(f"{_MEMBER}*", inner) for _, inner in _single(schema, *_EVERY_MEMBER)]
    yield from [(f"{_ITEM}*", inner) for _, inner in _single(schema, *_EVERY_ITEM)]


def _own_reach(children: list[tuple[str, int]]) -> _Reach:
    reach = _Reach()
    reach.named = {where: weight for where, weight in children if where[1:2] == "="}
    for where, weight in children:
        if where[1:2] != "=":
            reach.rest[where[0]] += weight
        if where[1:] == "*":
            reach.named = {key: old + weight * (key[0] == where[0]) for key, old in reach.named.items()}
    return reach


def _repeats(schema: JsonObject) -> int:
    """Return how often what applies in place is gone through: the unevaluated keywords look at all of it again."""
    return 3 if "unevaluatedProperties" in schema or "unevaluatedItems" in schema else 1


def _own_cost(schema: JsonObject) -> int:
    """Return the steps of a subschema itself: one, and one for each entry of the lists that it goes through."""
    groups = [schema.get(keyword) for keyword in ("required", "properties", "patternProperties", "dependentRequired")]
    entries = sum(len(group) for group in groups if isinstance(group, list | dict))
    return 1 + entries + sum(_size(schema[keyword]) for keyword in ("enum", "const") if keyword in schema)


def _size(value: JsonValue) -> int:
    """Return how many values stand in `value`, itself included."""
    count, waiting = 0, [value]
    while waiting:
        inner = waiting.pop()
        count += 1
        if isinstance(inner, list | dict):
            waiting += inner if isinstance(inner, list) else inner.values()
    return count


def _patterns(schema: JsonObject) -> int:
    group = schema.get("patternProperties")
    return ("pattern" in schema) + (len(group) if isinstance(group, dict) else 0)
