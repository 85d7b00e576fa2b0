"""The ways in which one and the same stream of events may reach a client, as steps of a scripted reply."""

import json
from collections.abc import Callable
from enum import StrEnum

from wire_server import Pause, Reply, Step, sse_reply

_KEEP_ALIVE = b": keep-alive\n\n"
_DONE = b"data: [DONE]\n\n"
_BREATH = Pause(0.01)


def as_recorded(stream: bytes) -> list[Step]:
    return [stream]


def frame_by_frame(stream: bytes) -> list[Step]:
    return [frame + b"\n\n" for frame in stream.split(b"\n\n") if frame]


def byte_by_byte(stream: bytes) -> list[Step]:
    return [stream[at : at + 1] for at in range(len(stream))]


def crlf(stream: bytes) -> list[Step]:
    return [stream.replace(b"\n", b"\r\n")]


def crlf_byte_by_byte(stream: bytes) -> list[Step]:
    return byte_by_byte(stream.replace(b"\n", b"\r\n"))


def keep_alive_comments(stream: bytes) -> list[Step]:
    """Comments of their own between the events, and one in front of the data inside of each."""
    steps: list[Step] = [_KEEP_ALIVE]
    for frame in frame_by_frame(stream):
        assert isinstance(frame, bytes)
        steps += [frame.replace(b"data: ", b": inside\n:\ndata: ", 1), _BREATH, _KEEP_ALIVE]
    return steps


def data_in_many_lines(stream: bytes) -> list[Step]:
    """Each event's JSON in several `data:` lines, broken where JSON allows it."""
    lines = []
    for line in stream.decode().split("\n"):
        if line.startswith("data: {"):
            pretty = json.dumps(json.loads(line.removeprefix("data: ")), indent=1, ensure_ascii=False)
            lines += [f"data: {part}" for part in pretty.split("\n")]
        else:
            lines.append(line)
    return ["\n".join(lines).encode()]


def data_without_blank(stream: bytes) -> list[Step]:
    return [stream.replace(b"data: ", b"data:").replace(b"event: ", b"event:")]


def unknown_fields(stream: bytes) -> list[Step]:
    return [stream.replace(b"data: ", b"id: 7\nretry: 1000\nweather: fine\nalone\ndata: ")]


def unknown_kinds(stream: bytes) -> list[Step]:
    """Events of kinds that a newer server may send, before and between the known ones."""
    later = b'event: weather\ndata: {"type":"weather","event":"weather","sky":[{"is":"blue"}]}\n\n'
    return [later + frame if frame != _DONE else frame for frame in frame_by_frame(stream) if isinstance(frame, bytes)]


def bytes_after_the_end(stream: bytes) -> list[Step]:
    return [stream + b'data: {"type":"start","event":"comparison_start"}\n\ndata: not JSON\n\n', b"\xff\xfe\x00"]


FRAMINGS: dict[str, Callable[[bytes], list[Step]]] = {
    made.__name__: made
    for made in (
        as_recorded,
        frame_by_frame,
        byte_by_byte,
        crlf,
        crlf_byte_by_byte,
        keep_alive_comments,
        data_in_many_lines,
        data_without_blank,
        unknown_fields,
        unknown_kinds,
        bytes_after_the_end,
    )
}


class Ending(StrEnum):
    """How a body's end is told."""

    CHUNKS = "chunks"
    CLOSE = "close"


def stream_reply(*steps: Step, ending: Ending = Ending.CHUNKS) -> Reply:
    """Return a whole stream, in chunks or up to the end of its connection."""
    if ending is Ending.CHUNKS:
        return sse_reply(*steps)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    return Reply((head, *steps), closes=True)
