"""Frames come out of bytes, however they were framed and split."""

from __future__ import annotations

import pytest

from golden import cases, transcript
from parley_client.sse import Frame, FrameDecoder


def frames_of(*pieces: bytes) -> list[Frame]:
    decoder = FrameDecoder()
    found = [frame for piece in pieces for frame in decoder.feed(piece)]
    return [*found, *decoder.finish()]


@pytest.mark.parametrize(
    ("raw", "frames"),
    [
        (b"data: 1\n\n", [Frame(None, "1")]),
        (b"data:1\n\n", [Frame(None, "1")]),
        (b"data:  1\n\n", [Frame(None, " 1")]),
        (b"event: done\ndata: 1\n\n", [Frame("done", "1")]),
        (b"data: 1\r\n\r\ndata: 2\r\n\r\n", [Frame(None, "1"), Frame(None, "2")]),
        (b"data: 1\r\n\ndata: 2\n\r\n", [Frame(None, "1"), Frame(None, "2")]),
        (b"data: 1\ndata: 2\n\n", [Frame(None, "1\n2")]),
        (b"data: 1\ndata\ndata: 3\n\n", [Frame(None, "1\n\n3")]),
        (b": keep-alive\n\ndata: 1\n: again\n\n", [Frame(None, "1")]),
        (b"id: 7\nretry: 3000\nnonsense\ndata: 1\n\n", [Frame(None, "1")]),
        (b"event: lost\n\ndata: 1\n\n", [Frame(None, "1")]),
        (b"event: once\ndata: 1\n\ndata: 2\n\n", [Frame("once", "1"), Frame(None, "2")]),
        (b"\n\n\ndata: 1\n\n\n\n", [Frame(None, "1")]),
        (b"data: 1", [Frame(None, "1")]),
        (b"data: 1\n", [Frame(None, "1")]),
        (b"data: a:b: c\n\n", [Frame(None, "a:b: c")]),
        (b"\xef\xbb\xbfdata: 1\n\n", [Frame(None, "1")]),
        ("data: \u2028 \x85 \x0c é 漢 🙂\n\n".encode(), [Frame(None, "\u2028 \x85 \x0c é 漢 🙂")]),
        (b"data: \xff\n\n", [Frame(None, "\ufffd")]),
        (b"", []),
        (b": only a comment\n\n", []),
    ],
)
def test_bytes_become_frames_whole_and_byte_by_byte(raw: bytes, frames: list[Frame]) -> None:
    assert frames_of(raw) == frames
    assert frames_of(*(raw[index : index + 1] for index in range(len(raw)))) == frames


@pytest.mark.parametrize("case", cases("response.sse"))
def test_a_transcript_split_at_any_byte_gives_the_same_frames(case: str) -> None:
    raw = transcript(case)
    whole = frames_of(raw)
    assert whole[-1].data == "[DONE]"
    for cut in range(len(raw)):
        assert frames_of(raw[:cut], raw[cut:]) == whole


def test_a_long_line_in_small_pieces_is_joined_once() -> None:
    text = "x" * 2_000_000
    pieces = [b"data: ", *(text[index : index + 100].encode() for index in range(0, len(text), 100)), b"\n\n"]
    assert frames_of(*pieces) == [Frame(None, text)]
