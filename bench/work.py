"""What is asked: one panel or one chat completion, and how the models behind it behave."""

from dataclasses import dataclass

_WORDS = "The committee asks each of you for an opinion on the draft below, with reasons, in a few sentences. "


@dataclass(frozen=True, slots=True)
class Upstream:
    """How the stub answers: `tokens` in a stream, one each `gap_us` or all at once; anything only after `first_us`."""

    tokens: int = 200
    gap_us: int = 0
    first_us: int = 0

    @property
    def path(self) -> str:
        return f"/c/{self.tokens}/{self.gap_us}/{self.first_us}/v1"

    @property
    def label(self) -> str:
        return f"t{self.tokens}-{self.gap_us}-{self.first_us}"


@dataclass(frozen=True, slots=True)
class Work:
    """One unit of work: a panel of `seats`, or a chat completion with one model where `is_chat`."""

    upstream: Upstream = Upstream()
    seats: int = 3
    is_stream: bool = False
    is_chat: bool = False
    has_summary: bool = False
    prompt_bytes: int = 700

    @property
    def prompt(self) -> str:
        return (_WORDS * (self.prompt_bytes // len(_WORDS) + 1))[: self.prompt_bytes]

    @property
    def calls(self) -> int:
        """How many models are called for one unit."""
        return self.seats + self.has_summary

    @property
    def tokens(self) -> int:
        """How many tokens one unit relays."""
        return self.upstream.tokens * self.seats if self.is_stream else 0


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to the server under test; `per_unit` of them make one unit of the work."""

    path: str
    body: bytes
    headers: tuple[str, ...] = ()
    per_unit: int = 1
