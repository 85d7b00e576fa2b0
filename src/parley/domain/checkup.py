"""What a look at one part of a set-up found: a provider, the store, the port. Sentences for operators, no secrets."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`error`: it does not work; `warning`: it may not, or is risky; `note`: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: a slug, a sentence that says what, and what to do next (empty: nothing)."""

    severity: Severity
    code: str
    message: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found about `subject`, without findings all is well.

    `listed_models`: how many models the subject named, None where it was not or could not be asked.
    """

    subject: str
    findings: tuple[Finding, ...] = ()
    duration_ms: int = 0
    listed_models: int | None = None

    @property
    def worst(self) -> Severity | None:
        """The gravest severity that was found."""
        found = {finding.severity for finding in self.findings}
        return next((severity for severity in Severity if severity in found), None)

    @property
    def status(self) -> str:
        """`error`, `warning`, or `ok`: a note is no complaint."""
        return self.worst.value if self.worst in {Severity.ERROR, Severity.WARNING} else "ok"


def error(code: str, message: str, next_step: str = "") -> Finding:
    return Finding(Severity.ERROR, code, message, next_step)


def warning(code: str, message: str, next_step: str = "") -> Finding:
    return Finding(Severity.WARNING, code, message, next_step)


def note(code: str, message: str, next_step: str = "") -> Finding:
    return Finding(Severity.NOTE, code, message, next_step)
