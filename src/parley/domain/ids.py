"""Identifiers that carry their kind: `rt_`, `cmp_`, `req_` and `chatcmpl-` in front of a ULID."""

import os
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_ulid(now_s: float | None = None, entropy: bytes | None = None) -> str:
    """Return 26 characters that sort by time: 48 bits of milliseconds, 80 random bits.

    Source: the ULID specification, Crockford's base 32.
    """
    milliseconds = int((time.time() if now_s is None else now_s) * 1000)
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10) if entropy is None else entropy)
    return "".join([_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5)])


def new_id(kind: str) -> str:
    """Return `kind` followed by a new ULID: `new_id("rt_")` is `rt_01J…`."""
    return kind + new_ulid()
