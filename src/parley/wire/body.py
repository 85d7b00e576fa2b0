"""A request's body off the wire: bounded in size and time, plain JSON only."""

import asyncio

from starlette.types import Receive, Scope

from parley.domain.errors import NotAcceptable


class ClientGone(Exception):
    """The client closed its connection; nobody is left to answer."""


def header(scope: Scope, name: bytes) -> str:
    """Return the first header of `name` (lower case), empty if there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


async def read_body(scope: Scope, receive: Receive, most_bytes: int, timeout_s: float) -> bytes:
    """Return the whole body. Raises NotAcceptable for its type, encoding, size or slowness."""
    _check_type(scope)
    length = header(scope, b"content-length")
    if length.isdigit() and int(length) > most_bytes:
        raise _too_large(most_bytes)
    try:
        async with asyncio.timeout(timeout_s):
            return await _collect(receive, most_bytes)
    except TimeoutError:
        message = f"The body did not arrive within {timeout_s:g} s; send it in one go."
        raise NotAcceptable("request_timeout", message) from None


def _check_type(scope: Scope) -> None:
    media_type = header(scope, b"content-type")
    if media_type.split(";")[0].strip().lower() != "application/json":
        named = f"is {media_type[:60]!r}" if media_type else "is missing"
        raise NotAcceptable("unsupported_media_type", f"Content-Type {named}; it must be application/json.")
    encoding = header(scope, b"content-encoding")
    if encoding.strip().lower() not in {"", "identity"}:
        message = f"Content-Encoding is {encoding[:60]!r}; send the body uncompressed, without this header."
        raise NotAcceptable("unsupported_media_type", message)


async def _collect(receive: Receive, most_bytes: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece = message.get("body", b"")
        size += len(piece)
        if size > most_bytes:
            raise _too_large(most_bytes)
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)


def _too_large(most_bytes: int) -> NotAcceptable:
    message = f"The body is over {most_bytes} bytes; send less, or raise server.max_body_bytes."
    return NotAcceptable("request_too_large", message)
