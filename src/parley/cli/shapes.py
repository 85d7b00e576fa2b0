"""Reads a server's answers as shapes of this program; fields that it does not show are ignored."""

from typing import TypeVar

import msgspec

from parley.cli.fault import CommandFault, ExitCode
from parley.domain.json import JsonValue

Shape = TypeVar("Shape")


def read_shape(answer: JsonValue, shape: type[Shape]) -> Shape:
    """Return the answer as `shape`; raises CommandFault for one that no Parley gives."""
    try:
        return msgspec.convert(answer, shape)
    except msgspec.ValidationError as error:
        message = f"The server's answer is not as its contract says: {error}."
        raise CommandFault(ExitCode.UNREACHABLE, "strange_answer", message) from error
