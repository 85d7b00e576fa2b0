"""What a read brings of an answer: neighbouring texts joined, order kept, cut off at the bound, failures last."""

import pytest

from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.providers.batch import Batch
from parley.providers.provider import Chunk, ReasoningChunk, RefusalChunk, TextChunk, ToolCallChunk, WarningChunk

BROKEN = UpstreamFailure(SeatFailure(FailureCode.UPSTREAM_ERROR, "broken"))


def taken(batch: Batch) -> tuple[list[Chunk], FailureCode | None]:
    """Return the chunks, and what they end with."""
    chunks: list[Chunk] = []
    try:
        chunks.extend(batch.take())  # extend keeps what came before a failure
    except UpstreamFailure as failure:
        return chunks, failure.failure.code
    return chunks, None


def batch_of(*added: str | Chunk, limit: int = 1000) -> Batch:
    batch = Batch(limit)
    for one in added:
        if isinstance(one, str):
            batch.add_text(one)
        else:
            batch.add(one)
    return batch


def test_neighbouring_texts_are_one_chunk_and_the_others_keep_their_place() -> None:
    batch = batch_of("a", "b", ReasoningChunk("r"), ReasoningChunk("s"), "", "c", "d")
    expected = [TextChunk("ab"), ReasoningChunk("r"), ReasoningChunk("s"), TextChunk("cd")]
    assert taken(batch) == (expected, None)


def test_what_was_taken_does_not_come_again() -> None:
    batch = batch_of("a")
    assert taken(batch) == ([TextChunk("a")], None)
    assert taken(batch) == ([], None)
    batch.add_text("b")
    assert taken(batch) == ([TextChunk("b")], None)


def test_nothing_but_empty_texts_is_nothing() -> None:
    assert taken(batch_of("", "")) == ([], None)


def test_failure_comes_behind_what_was_added_before_it_and_the_first_one_counts() -> None:
    batch = batch_of("a")
    batch.fail(BROKEN)
    batch.add_text("late")
    batch.add(WarningChunk("late"))
    batch.fail(UpstreamFailure(SeatFailure(FailureCode.TIMEOUT, "later")))
    assert taken(batch) == ([TextChunk("a")], FailureCode.UPSTREAM_ERROR)


TOO_LARGE = FailureCode.ANSWER_TOO_LARGE


@pytest.mark.parametrize(
    ("added", "kept", "failure"),
    [
        (["1234", "567"], [TextChunk("1234567")], None),
        (["1234", "5678"], [TextChunk("12345678")], None),
        (["1234", "56789"], [TextChunk("12345678")], TOO_LARGE),
        (["1234567", "ü"], [TextChunk("1234567")], TOO_LARGE),
        (["12345678", WarningChunk("w"), "9"], [TextChunk("12345678"), WarningChunk("w")], TOO_LARGE),
        (["1234567", RefusalChunk("89")], [TextChunk("1234567")], TOO_LARGE),
        ([RefusalChunk("1234"), "56789"], [RefusalChunk("1234"), TextChunk("5678")], TOO_LARGE),
        ([ToolCallChunk(0, "c", "f", "123456789")], [], TOO_LARGE),
        ([ReasoningChunk("12345678"), "12345678"], [ReasoningChunk("12345678"), TextChunk("12345678")], None),
        ([ReasoningChunk("123456789"), "1"], [], TOO_LARGE),
    ],
)
def test_answer_is_cut_off_where_it_passes_its_bound(
    added: list[str | Chunk], kept: list[Chunk], failure: FailureCode | None
) -> None:
    assert taken(batch_of(*added, limit=8)) == (kept, failure)


def test_bound_holds_over_several_reads() -> None:
    batch = batch_of("12345", limit=8)
    assert taken(batch) == ([TextChunk("12345")], None)
    batch.add_text("6789")
    assert taken(batch) == ([TextChunk("678")], TOO_LARGE)


def test_failure_that_comes_behind_the_bound_is_not_the_one_that_counts() -> None:
    batch = batch_of("123456789", limit=8)
    batch.fail(BROKEN)
    assert taken(batch) == ([TextChunk("12345678")], TOO_LARGE)
