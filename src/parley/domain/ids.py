"""Identifiers that carry their kind: `rt_`, `cmp_`, `req_` and `chatcmpl-` in front of a ULID."""

import random
import time
import uuid

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


def new_ulid() -> str:
    """Return 26 characters that sort by time: 48 bits of milliseconds, 80 random bits.

    Unlike a key's, its bits keep no secret, so that they need no system call. Source: the ULID specification,
    Crockford's base 32.
    """
    high, low = divmod(int(time.time() * 1000), 1 << 30)
    left, middle = random.getrandbits(30), random.getrandbits(30)
    right = random.getrandbits(20)  # in pieces that fit one machine word, which Python shifts fastest
    return "".join(
        (
            _PAIRS[high >> 10],
            _PAIRS[high & 1023],
            *_three_pairs(low),
            *_three_pairs(left),
            *_three_pairs(middle),
            _PAIRS[right >> 10],
            _PAIRS[right & 1023],
        )
    )


def _three_pairs(bits: int) -> tuple[str, str, str]:
    return _PAIRS[bits >> 20], _PAIRS[bits >> 10 & 1023], _PAIRS[bits & 1023]


def new_uuid() -> str:
    """Return a UUID of random bits, drawn as a ULID's are."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def new_id(kind: str) -> str:
    """Return `kind` followed by a new ULID: `new_id("rt_")` is `rt_01J…`."""
    return kind + new_ulid()
