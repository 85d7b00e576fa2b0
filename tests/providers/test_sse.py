"""Server-sent events from bytes, cut at every place where a network can cut them."""

import pytest

from parley.providers.sse import EventSplitter, EventTooLarge

TRANSCRIPT = (
    b"\xef\xbb\xbfevent: message\r\n"
    b'data: {"text":"gr\xc3\xbc\xc3\x9fe \xf0\x9f\x8c\x8d"}\r\n\r\n'
    b": a comment\r\n\r\n"
    b"id: 7\r\nretry: 3\r\ndata:no space\r\ndata: second line\r\n\r\n"
    b"data\r\ndata:\r\n\r\n"
    b"database: 1\r\n\r\n"
    b"data: last"
)
EVENTS = ['{"text":"grüße 🌍"}'.encode(), b"no space\nsecond line", b"last"]


def split(*reads: bytes, limit: int = 1000) -> list[bytes]:
    splitter = EventSplitter(limit)
    return [*[event for read in reads for event in splitter.feed(read)], *splitter.finish()]


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"])
def test_any_cut_in_two_gives_the_same_events(ending: bytes) -> None:
    transcript = TRANSCRIPT.replace(b"\r\n", ending)
    for at in range(len(transcript) + 1):
        assert split(transcript[:at], transcript[at:]) == EVENTS, at


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"])
def test_bytes_one_by_one_give_the_same_events(ending: bytes) -> None:
    transcript = TRANSCRIPT.replace(b"\r\n", ending)
    assert split(*[transcript[at : at + 1] for at in range(len(transcript))]) == EVENTS


def test_line_endings_may_be_mixed() -> None:
    assert split(b"data: 1\r\ndata: 2\n\rdata: 3\r\r\n") == [b"1\n2", b"3"]


def test_event_is_handed_out_with_its_blank_line_and_not_before() -> None:
    splitter = EventSplitter(1000)
    assert splitter.feed(b"data: 1\n") == []
    assert splitter.feed(b"\ndata: 2\n\nda") == [b"1", b"2"]


def test_carriage_return_ends_an_event_without_waiting_for_its_line_feed() -> None:
    splitter = EventSplitter(1000)
    assert splitter.feed(b"data: 1\r\n\r") == [b"1"]
    assert splitter.feed(b"\ndata: 2\r\n\r\n") == [b"2"]


def test_only_one_leading_space_belongs_to_the_format() -> None:
    assert split(b"data:  x \n\n") == [b" x "]


def test_byte_order_mark_counts_at_the_very_start_only() -> None:
    assert split(b"\xef\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\ndata: 3\n\n") == [b"1", b"3"]


def test_event_may_be_as_large_as_the_bound() -> None:
    assert split(b"data: " + b"x" * 94, b"\n\n", limit=100) == [b"x" * 94]


def test_endless_line_is_refused_beyond_the_bound() -> None:
    with pytest.raises(EventTooLarge, match="100 bytes"):
        split(b"data: " + b"x" * 50, b"x" * 45, limit=100)


def test_endless_lines_of_one_event_are_refused_beyond_the_bound() -> None:
    with pytest.raises(EventTooLarge):
        split(*[b"data: x\n"] * 20, limit=100)


def test_endless_comments_and_events_do_not_add_up() -> None:
    reads = [b": comment ", b"goes on\n", b"data: x\n\n: half"] * 50
    assert len(split(*reads, limit=100)) == 50


@pytest.mark.parametrize(
    ("read", "events"),
    [
        (b"data: 1\n\ndata: 2\n\n", [b"1", b"2"]),
        (b"data: 1\n\ndata: 2\n\n\n\n", [b"1", b"2"]),
        (b"data: 1\n\n: ping\n\ndata: 2\n\n", [b"1", b"2"]),
        (b"data: 1\ndata: 2\n\n", [b"1\n2"]),
        (b"data: 1\n\nevent: x\ndata: 2\n\n", [b"1", b"2"]),
        (b"data: \n\ndata: 2\n\n", [b"2"]),
        (b"data: 1\n\ndata:2\n\n", [b"1", b"2"]),
        (b"data: 1\n\n data: 2\n\n", [b"1"]),
        (b"data: 1\n\n\ndata: 2\n\n", [b"1", b"2"]),
        (b"data: a\n\ndata: \n\ndata: c\n\n", [b"a", b"c"]),
        (b"data: \n\n", []),
    ],
)
@pytest.mark.parametrize("before", [b"", b"da", b"data: 0\n", b": x", b"data: 0\r"])
def test_read_of_whole_events_is_cut_like_any_other(before: bytes, read: bytes, events: list[bytes]) -> None:
    one_by_one = split(*[bytes([byte]) for byte in before + read])
    assert split(before, read) == split(before + read) == one_by_one
    if not before:
        assert one_by_one == events
