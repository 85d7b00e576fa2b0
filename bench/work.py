"""What is asked: one panel or one chat completion, and how the models behind it behave."""

from dataclasses import dataclass

_WORDS = "The committee asks each of you for an opinion on the draft below, with reasons, in a few sentences. "
_PLAIN_ANSWER = b"The quick brown fox"


@dataclass(frozen=True, slots=True)
class Upstream:
    """How the stub answers: `tokens` in a stream, one each `gap_us` or all at once; anything only after `first_us`.

    `fault` is one of stub.c's, in one call of `fault_each`; 0 is none.
    """

    tokens: int = 200
    gap_us: int = 0
    first_us: int = 0
    fault: int = 0
    fault_each: int = 1

    @property
    def path(self) -> str:
        manner = f"/c/{self.tokens}/{self.gap_us}/{self.first_us}"
        return f"{manner}/{self.fault}/{self.fault_each}/v1" if self.fault else f"{manner}/v1"

    @property
    def label(self) -> str:
        return "-".join(self.path.split("/")[2:-1])


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
        return self.upstream.tokens * self.calls if self.is_stream else 0


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to the server under test; `per_unit` of them make one unit of the work."""

    path: str
    body: bytes
    headers: tuple[str, ...] = ()
    per_unit: int = 1


def is_answered(work: Work, body: bytes, calls: int) -> bool:
    """Say whether the texts of so many models are all in the body."""
    if not work.is_stream:
        return body.count(_PLAIN_ANSWER) >= calls
    if work.upstream.gap_us:
        return body.count(b"@T") >= calls * work.upstream.tokens
    return body.count(b" token%d" % (work.upstream.tokens - 1)) >= calls
