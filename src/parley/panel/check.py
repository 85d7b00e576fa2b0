"""What an answer is held against: a list of choices, a JSON Schema, or JSON as such. Each words its own correction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from parley.domain.models import Deployment
from parley.domain.run import JsonFormat, OutputFormat, SchemaCheck, SchemaFormat
from parley.panel.resolve.choices import ChoiceReader, letter
from parley.panel.schema import CompiledSchema, check_answer, check_json, correction, schema_directive


@dataclass(frozen=True, slots=True)
class Reading:
    """What a check made of an answer's text; `correction` is the message of a correction round if it is not valid."""

    is_valid: bool
    correction: str = ""
    schema: SchemaCheck | None = None
    choice_index: int | None = None


class AnswerCheck(Protocol):
    def read(self, text: str) -> Reading: ...

    def directive(self) -> str:
        """Return what the system message says of the form of the answer."""
        ...

    def output(self, deployment: Deployment, /) -> OutputFormat | None:
        """Return the format to ask the provider for, None where it has no structured output."""
        ...


class SchemaAnswerCheck:
    """The answer is a JSON value of a schema, as given by the caller."""

    def __init__(self, compiled: CompiledSchema) -> None:
        self._compiled = compiled

    def read(self, text: str) -> Reading:
        checked = check_answer(self._compiled, text)
        return Reading(checked.is_valid, "" if checked.is_valid else correction(checked), checked)

    def directive(self) -> str:
        return schema_directive(self._compiled.schema)

    def output(self, _deployment: Deployment, /) -> OutputFormat | None:
        return SchemaFormat(self._compiled.schema)


class JsonCheck:
    """The answer is a JSON object of any shape."""

    def read(self, text: str) -> Reading:
        checked = check_json(text)
        return Reading(checked.is_valid, "" if checked.is_valid else correction(checked), checked)

    def directive(self) -> str:
        return "Answer with one JSON object and nothing else."

    def output(self, _deployment: Deployment, /) -> OutputFormat | None:
        return JsonFormat()


class ChoiceCheck:
    """The answer is one of the choices."""

    def __init__(self, choices: Sequence[str]) -> None:
        self._choices = tuple(choices)
        self._reader = ChoiceReader(choices)

    def read(self, text: str) -> Reading:
        index = self._reader.read(text)
        if index is None:
            return Reading(False, "That is none of the choices. Answer with the letter of exactly one choice.")
        return Reading(True, choice_index=index)

    def directive(self) -> str:
        listed = "\n".join(f"{letter(index)}) {choice}" for index, choice in enumerate(self._choices))
        return (
            f"Decide for exactly one of these choices:\n{listed}\n"
            "Answer with the letter of your choice, or with its text exactly as written, and nothing else."
        )

    def output(self, deployment: Deployment, /) -> OutputFormat | None:
        """Constrain the answer to the literals: a letter could be mistaken where a choice is itself a letter."""
        if deployment.capabilities.supports_structured_output is not True:
            return None
        return SchemaFormat(
            {
                "type": "object",
                "properties": {"choice": {"type": "string", "enum": list(self._choices)}},
                "required": ["choice"],
                "additionalProperties": False,
            },
            name="vote",
        )
