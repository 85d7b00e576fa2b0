"""A request with an Idempotency-Key: done once, its answer kept; whatever does not end in `keep` frees the key.

Source: contracts/gateway.md, "Idempotency".
"""

import hashlib

from parley.books.idempotency import Begun, Idempotency, Replay
from parley.domain.errors import InvalidRequest
from parley.domain.json import JsonObject

MOST_CHARACTERS = 255
REPLAYED = (b"idempotent-replayed", b"true")


class Once:
    """One request. Without a key nothing is kept and nothing is looked up."""

    def __init__(self, marks: Idempotency) -> None:
        self._marks = marks
        self._mark: Begun | None = None

    async def begin(self, key_id: str, idempotency_key: str, path: str, body: bytes) -> bytes | None:
        """Return the answer that the same request had before, None if it is to be done now.

        Raises InvalidRequest for a key that is none, IdempotencyMismatch, IdempotencyInProgress, NotServing.
        """
        if not idempotency_key:
            return None
        is_plain = idempotency_key.isascii() and idempotency_key.isprintable()
        if len(idempotency_key) > MOST_CHARACTERS or not is_plain:
            raise key_fault(
                f"Idempotency-Key has {len(idempotency_key)} characters; "
                f"it must have at most {MOST_CHARACTERS}, printable ASCII alone."
            )
        fingerprint = hashlib.sha256(path.encode() + b"\n" + body).hexdigest()
        begun = await self._marks.begin(key_id, idempotency_key, fingerprint)
        if isinstance(begun, Replay):
            return begun.body
        self._mark = begun
        return None

    async def keep(self, body: bytes) -> None:
        """Keep the answer of a `200`; it is durable when this returns."""
        mark, self._mark = self._mark, None
        if mark is not None:
            await self._marks.finish(mark, body)

    async def free(self) -> None:
        """Let the key be used anew, unless its answer was kept."""
        mark, self._mark = self._mark, None
        if mark is not None:
            await self._marks.free(mark)


def key_fault(message: str) -> InvalidRequest:
    """Return the refusal of a header Idempotency-Key."""
    detail: JsonObject = {"type": "value_error", "loc": ["header", "Idempotency-Key"], "msg": message}
    return InvalidRequest(message, param="Idempotency-Key", details=(detail,))
