"""Typed answers: from a type to its JSON Schema, and from an answer back to the type. The work is pydantic's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from parley_client.async_io import AsyncShell
from parley_client.call import USUAL, CallOptions
from parley_client.errors import OutputError
from parley_client.roundtable import Question, Roundtable, RoundtableResource, create_call
from parley_client.sync_io import Shell

if TYPE_CHECKING:
    from typing_extensions import Unpack


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """A consolidated answer as a `T`, the JSON Schema that was sent, and the whole answer as it came."""

    parsed: T
    schema: Mapping[str, Any]
    raw: Roundtable


class OutputType(Generic[T]):
    """A type that pydantic can describe and check: a model, a dataclass, a TypedDict, a list of these."""

    def __init__(self, kind: type[T]) -> None:
        """Raises ImportError if pydantic is not installed, and pydantic's own errors for a type without a schema."""
        try:
            pydantic: Any = import_module("pydantic")
        except ImportError as error:
            message = "parse needs pydantic: pip install 'parley-client[pydantic]', or use create with output_schema."
            raise ImportError(message) from error
        self._name = getattr(kind, "__name__", str(kind))
        self._adapter = pydantic.TypeAdapter(kind)
        self._fault: type[Exception] = pydantic.ValidationError
        self.schema: Mapping[str, Any] = self._adapter.json_schema()

    def parse(self, raw: Roundtable) -> Parsed[T]:
        """Return the consolidated answer as the type. Raises OutputError, with `raw`, if it is missing or misfits."""
        if raw.data is None and (error := raw.meta.summary_error):
            raise OutputError(f"There is no consolidated answer ({error.code}): {error.message}", raw=raw)
        try:
            return Parsed(self._adapter.validate_python(raw.data), self.schema, raw)
        except self._fault as error:
            # The cause quotes the answer; the message does not.
            raise OutputError(f"The answer does not fit {self._name}.", raw=raw) from error


class SyncRoundtableResource(RoundtableResource[Shell]):
    """The roundtable of `Parley`."""

    def parse(self, *, output_type: type[T], options: CallOptions = USUAL, **request: Unpack[Question]) -> Parsed[T]:
        """Ask for answers of a type: a pydantic model, or whatever pydantic makes a schema of.

        Raises OutputError, with the whole answer, if the consolidated one is missing or does not fit.
        """
        kind = OutputType(output_type)
        return kind.parse(self._shell.send(create_call({**request, "output_schema": kind.schema}, options)))


class AsyncRoundtableResource(RoundtableResource[AsyncShell]):
    """The roundtable of `AsyncParley`."""

    async def parse(
        self, *, output_type: type[T], options: CallOptions = USUAL, **request: Unpack[Question]
    ) -> Parsed[T]:
        """As for `Parley`, awaited."""
        kind = OutputType(output_type)
        return kind.parse(await self._shell.send(create_call({**request, "output_schema": kind.schema}, options)))
