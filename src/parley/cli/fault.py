"""How a command ends: the exit codes of contracts/config.md, and the one exception that carries them."""

from enum import IntEnum

from parley.domain.json import JsonObject


class ExitCode(IntEnum):
    """What a shell sees."""

    DONE = 0
    ALL_FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    CANCELLED = 130


class CommandFault(Exception):
    """Ends a command: a slug and a sentence. `envelope` is the server's own error object, where it sent one."""

    def __init__(self, exit_code: ExitCode, code: str, message: str, envelope: JsonObject | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.code = code
        self.message = message
        self.envelope = envelope

    def document(self) -> JsonObject:
        """Return the error as the one JSON document of `--json`."""
        error: JsonObject = {"code": self.code, "message": self.message}
        envelope: JsonObject = {"error": error} if self.envelope is None else self.envelope
        return {**envelope, "exit_code": int(self.exit_code)}


def misused(message: str) -> CommandFault:
    """Return the fault of a command that was called wrongly."""
    return CommandFault(ExitCode.USAGE, "usage", message)
