"""Identifiers that carry their kind: `rt_`, `cmp_`, `req_` and `chatcmpl-` in front of a ULID."""

import random
import time
import uuid

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SHIFTS = tuple(range(120, -1, -10))


def new_ulid() -> str:
    """Return 26 characters that sort by time: 48 bits of milliseconds, 80 random bits.

    Unlike a key's, its bits keep no secret, so that they need no system call. Source: the ULID specification,
    Crockford's base 32.
    """
    value = (int(time.time() * 1000) << 80) | random.getrandbits(80)
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in _SHIFTS])


def new_uuid() -> str:
    """Return a UUID of random bits, drawn as a ULID's are."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def new_id(kind: str) -> str:
    """Return `kind` followed by a new ULID: `new_id("rt_")` is `rt_01J…`."""
    return kind + new_ulid()
