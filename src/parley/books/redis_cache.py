"""Answers of models, kept in Redis or Valkey for a day; loaded only where a shared limiter is configured.

A cache never fails a request: a server that is away or slow is a miss, counted in `failures`.
"""

from parley.books.answer_cache import KEPT_S, decode_answer, encode_answer
from parley.domain.answer_cache import CachedAnswer
from parley.store.redis_client import OUTAGES, open_redis


class RedisAnswerCache:
    """The cache of servers that share a Redis."""

    def __init__(self, url: str) -> None:
        """Connects when it is first used."""
        self._client = open_redis(url)
        self.failures = 0

    async def get(self, scope: str, fingerprint: str) -> CachedAnswer | None:
        try:
            raw = await self._client.get(_name(scope, fingerprint))
        except OUTAGES:
            self.failures += 1
            return None
        return decode_answer(raw) if isinstance(raw, bytes) else None

    async def put(self, scope: str, fingerprint: str, answer: CachedAnswer) -> None:
        raw = encode_answer(answer)
        if raw is None:
            return
        try:
            await self._client.set(_name(scope, fingerprint), raw, ex=KEPT_S)
        except OUTAGES:
            self.failures += 1

    async def close(self) -> None:
        await self._client.aclose()


def _name(scope: str, fingerprint: str) -> str:
    return f"parley:answer:{scope}:{fingerprint}"
