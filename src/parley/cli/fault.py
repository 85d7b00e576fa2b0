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
    OUTPUT_CLOSED = 141
    """Whoever read our output went away; a program that SIGPIPE ends leaves the same in a shell."""


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


class OutputFault(CommandFault):
    """Standard output can't be written, so that it can't say this either."""


def output_closed() -> OutputFault:
    """Return the fault of a command whose reader went away; nobody is left to be told."""
    return OutputFault(ExitCode.OUTPUT_CLOSED, "output_closed", "Standard output was closed.")


def output_failed(error: OSError) -> OutputFault:
    """Return the fault of a command that can't write what it has to say: its disk is full, say."""
    if isinstance(error, BrokenPipeError):
        return output_closed()
    return OutputFault(ExitCode.USAGE, "output_failed", f"Standard output can't be written: {error.strerror}.")


def misused(message: str) -> CommandFault:
    """Return the fault of a command that was called wrongly."""
    return CommandFault(ExitCode.USAGE, "usage", message)
