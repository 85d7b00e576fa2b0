"""How a key is written: `parley_`, 43 characters that hold 256 random bits, and a checksum of 6, so that a slip of the
hand is found without looking the key up. Keys of the first release have no checksum; their length tells them apart.
"""

import hashlib
import re
import secrets
import zlib

PREFIX = "parley_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SECRET_BITS = 256
_SECRET_LENGTH = 43
_CHECKSUM_LENGTH = 6
_MADE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}")
_MADE_BY_FIRST_RELEASE = re.compile(rf"{PREFIX}[0-9A-Za-z_-]{{43}}")


def new_key() -> str:
    """Return a key that nobody can guess."""
    secret = PREFIX + _base62(secrets.randbits(_SECRET_BITS), _SECRET_LENGTH)
    return secret + _checksum(secret)


def has_form(key: str) -> bool:
    """Whether `key` may be one of ours; one that has not the form needs no look-up."""
    if _MADE.fullmatch(key) is not None:
        return _checksum(key[:-_CHECKSUM_LENGTH]) == key[-_CHECKSUM_LENGTH:]
    return _MADE_BY_FIRST_RELEASE.fullmatch(key) is not None


def digest_of(key: str) -> bytes:
    """Return the key's SHA-256, which is all that is stored: a key of 256 random bits needs no slow hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _checksum(text: str) -> str:
    """CRC-32 finds every change of up to four neighbouring characters. Source: RFC 1952, section 8."""
    left, last = divmod(zlib.crc32(text.encode("ascii")), len(_PAIRS))
    first, middle = divmod(left, len(_PAIRS))
    return _PAIRS[first] + _PAIRS[middle] + _PAIRS[last]


def _base62(number: int, length: int) -> str:
    characters = []
    for _ in range(length):
        number, rest = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[rest])
    return "".join(reversed(characters))
