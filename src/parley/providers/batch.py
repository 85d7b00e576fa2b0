"""What one read from the network brings of an answer: its chunks, within the bound, neighbouring texts joined.

A fast model sends many tokens a read; joined here, they cost the rest of the server no more than one.
"""

from collections.abc import Iterator

from parley.domain.errors import UpstreamFailure
from parley.providers.bounds import AnswerBound
from parley.providers.provider import Chunk, TextChunk


class Batch:
    """Filled by a dialect's reader, emptied after each read. After a failure it takes nothing more."""

    def __init__(self, max_answer_bytes: int) -> None:
        self._bound = AnswerBound(max_answer_bytes)
        self._chunks: list[Chunk] = []
        self._texts: list[str] = []
        self._failure: UpstreamFailure | None = None
        self._is_over = False

    def add_text(self, text: str) -> None:
        """Add a piece of the answer's text; an empty one is none."""
        if text:
            self._texts.append(text)

    def add(self, chunk: Chunk) -> None:
        self._join()
        if not self._is_over:
            self._keep(self._bound.fit(chunk))

    def fail(self, failure: UpstreamFailure) -> None:
        """End the answer with `failure`, which is raised behind what was added before."""
        self._join()
        if not self._is_over:
            self._is_over = True
            self._failure = failure

    def take(self) -> Iterator[Chunk]:
        """Yield what was added since the last time. Raises UpstreamFailure, once, where the answer has failed."""
        self._join()
        chunks, self._chunks = self._chunks, []
        yield from chunks
        if self._failure is not None:
            raise self._given_failure()

    def _join(self) -> None:
        texts = self._texts
        if not texts:
            return
        text = texts[0] if len(texts) == 1 else "".join(texts)
        texts.clear()
        if not self._is_over:
            fitting = self._bound.fit_text(text)
            self._keep(TextChunk(fitting) if fitting else None)

    def _keep(self, fitting: Chunk | None) -> None:
        if fitting is not None:
            self._chunks.append(fitting)
        if self._bound.is_passed:
            self._is_over = True
            self._failure = self._bound.failure()

    def _given_failure(self) -> UpstreamFailure:
        """Return the failure and forget it: once raised, it holds the frames that hold us."""
        assert self._failure is not None
        failure, self._failure = self._failure, None
        return failure
