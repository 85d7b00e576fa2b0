"""The tools: what they take, as the contracts name it, and the body of the contract that it becomes.

Their definitions, as clients see them, stand in `tools.json`. A value is judged by its contract: one rule, one wording.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, cast

import msgspec

from parley.domain.errors import InvalidRequest
from parley.wire.compare import CompareContract
from parley.wire.decoding import decode_body, decode_value, fault, nearest, refuse
from parley.wire.encoding import Wire, WireObject, encode_json
from parley.wire.exchange import Contract
from parley.wire.mcp.rpc import Params
from parley.wire.roundtable import RoundtableContract

LIST_MODELS = "list_models"

Verb = Literal["merges", "compares", "breaks the tie of"]


class ModelsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The arguments of list_models."""

    q: str | None = None
    provider: str | None = None
    free: bool | None = None
    limit: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class PanelTool:
    """A tool that asks a panel. `api` is what metrics call its contract; `judge_does` is for progress messages."""

    name: str
    api: str
    contract: Contract
    judge_does: Verb
    body_of: Callable[[Params], Mapping[str, msgspec.Raw]]


def _roundtable_body(arguments: Params) -> Params:
    if _text(arguments, "resolution") == "multiple_choice":
        refuse(("resolution",), "multiple_choice", "summary or fast here; the tool vote counts votes")
    return arguments


def _vote_body(arguments: Params) -> Params:
    return {**arguments, "resolution": _raw("multiple_choice")}


def _compare_body(arguments: Params) -> Params:
    """Return the comparison's body: `input` is its one user message, `instructions` its system message."""
    fields = dict(arguments)
    question, instructions = fields.pop("input", None), fields.pop("instructions", None)
    if (question is None) is ("messages" not in fields):
        told = "input and messages are both there" if question is not None else "Neither input nor messages is there"
        raise fault(("input",), f"{told}; give the question as input, or a whole conversation as messages.")
    if question is None and instructions is not None:
        raise fault(("instructions",), "instructions go with input; in messages, put them first as a system message.")
    if question is None:
        return fields
    said = {"system": _text(arguments, "instructions"), "user": _text(arguments, "input")}
    messages: list[Wire] = [{"role": role, "content": text} for role, text in said.items() if text is not None]
    return {**fields, "messages": _raw(messages)}


_PANELS = (
    PanelTool("roundtable", "roundtable", RoundtableContract(), "merges", _roundtable_body),
    PanelTool("vote", "roundtable", RoundtableContract(), "breaks the tie of", _vote_body),
    PanelTool("compare", "compare", CompareContract(), "compares", _compare_body),
)


class Toolbox:
    """Every tool by its name, and their definitions."""

    def __init__(self) -> None:
        text = (files("parley.wire.mcp") / "tools.json").read_bytes()
        definitions = cast(list[WireObject], msgspec.json.decode(text))
        self.definitions = definitions
        self._known = {str(one["name"]): _arguments_of(one) for one in definitions}
        self._panels = {tool.name: tool for tool in _PANELS}

    @property
    def names(self) -> list[str]:
        return [*self._known]

    def panel(self, name: str) -> PanelTool | None:
        """Return the panel tool of this name, None if it is none."""
        return self._panels.get(name)

    def body(self, tool: PanelTool, arguments: Params) -> bytes:
        """Return the body of the tool's contract. Raises InvalidRequest."""
        self._check_names(tool.name, arguments)
        return msgspec.json.encode(tool.body_of(arguments))

    def query(self, arguments: Params) -> ModelsQuery:
        """Return what list_models is asked for. Raises InvalidRequest."""
        self._check_names(LIST_MODELS, arguments)
        return decode_body(msgspec.json.encode(arguments), ModelsQuery)

    def _check_names(self, tool: str, arguments: Params) -> None:
        known = self._known[tool]
        for name in arguments:
            if name not in known:
                hint = nearest(name, known) or f" Known arguments: {', '.join(known)}."
                raise _unknown(tool, name, hint)


def _arguments_of(definition: WireObject) -> list[str]:
    schema = cast(WireObject, definition["inputSchema"])
    return [*cast(WireObject, schema["properties"])]


def _unknown(tool: str, name: str, hint: str) -> InvalidRequest:
    return fault((name,), f"{tool} has no argument `{name[:60]}`.{hint}", "extra_forbidden")


def _text(arguments: Params, name: str) -> str | None:
    """Return an argument that is text, None where it is absent or null. Raises InvalidRequest for any other."""
    raw = arguments.get(name)
    value = None if raw is None else decode_value(raw, (name,))
    if value is not None and (not isinstance(value, str) or not value.strip()):
        refuse((name,), value, "text that is not blank")
    return value


def _raw(value: Wire) -> msgspec.Raw:
    return msgspec.Raw(encode_json(value))
