"""Answers of models, kept in the store for a day. Owns the table `cached_answers`.

A cache never fails a request: an outage, a slow store or an entry that can't be read is a miss, counted in `failures`.
"""

import asyncio
import importlib
import time
from collections.abc import Callable

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, select

from parley.domain.answer_cache import AnswerCache, CachedAnswer
from parley.domain.errors import NotServing
from parley.domain.messages import ToolCall
from parley.domain.run import FinishReason
from parley.store.database import Store
from parley.store.schema import cached_answers
from parley.store.upsert import insert_for

KEPT_S = 86_400
"""Source: contracts/gateway.md, "Cache"."""

MOST_BYTES = 262_144
MOST_ENTRIES = 100_000
_PATIENCE_S = 1.0

Row = dict[str, str | float | bytes]


class _Entry(msgspec.Struct, array_like=True):
    """An answer as it is stored."""

    text: str
    finish_reason: str | None
    reasoning: str
    tool_calls: list[tuple[str, str, str]]
    warnings: list[str]
    logprobs: msgspec.Raw


def encode_answer(answer: CachedAnswer) -> bytes | None:
    """Return `answer` as bytes, None if it is too large to be kept."""
    entry = _Entry(
        answer.text,
        answer.finish_reason.value if answer.finish_reason else None,
        answer.reasoning,
        [(call.call_id, call.name, call.arguments) for call in answer.tool_calls],
        list(answer.warnings),
        msgspec.Raw(msgspec.json.encode(answer.logprobs)),
    )
    raw = msgspec.json.encode(entry)
    return raw if len(raw) <= MOST_BYTES else None


def decode_answer(raw: bytes) -> CachedAnswer | None:
    """Return the answer in `raw`, None if another version of Parley has written it."""
    try:
        entry = msgspec.json.decode(raw, type=_Entry)
        return CachedAnswer(
            entry.text,
            FinishReason(entry.finish_reason) if entry.finish_reason else None,
            entry.reasoning,
            tuple(ToolCall(*call) for call in entry.tool_calls),
            tuple(entry.warnings),
            msgspec.json.decode(entry.logprobs),
        )
    except (msgspec.MsgspecError, ValueError):
        return None


def open_cache(store: Store, limiter_url: str) -> AnswerCache:
    """Return the cache: in Redis where the shared limiter is, which spares the database; else in `store`."""
    if not limiter_url.startswith(("redis://", "rediss://")):
        return StoreAnswerCache(store)
    cache: AnswerCache = importlib.import_module("parley.books.redis_cache").RedisAnswerCache(limiter_url)
    return cache


class StoreAnswerCache:
    """The cache of servers that share a store."""

    def __init__(self, store: Store, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now
        self.failures = 0

    async def get(self, scope: str, fingerprint: str) -> CachedAnswer | None:
        least = self._now() - KEPT_S
        query = select(cached_answers.c.answer).where(_is(scope, fingerprint), cached_answers.c.created_at >= least)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                raw = await self._store.read(lambda connection: connection.execute(query).scalar())
        except (NotServing, TimeoutError):
            self.failures += 1
            return None
        return None if raw is None else decode_answer(raw)

    async def put(self, scope: str, fingerprint: str, answer: CachedAnswer) -> None:
        raw = encode_answer(answer)
        if raw is None:
            return
        row: Row = {"key_id": scope, "fingerprint": fingerprint, "created_at": self._now(), "answer": raw}
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._store.write(lambda connection: _put(connection, row))
        except (NotServing, TimeoutError):
            self.failures += 1

    async def close(self) -> None:
        """The store is closed by who opened it."""


def forget_old(connection: Connection, now: float, most: int, most_entries: int = MOST_ENTRIES) -> int:
    """Delete at most `most` answers that are over a day old, or beyond the newest `most_entries`; return how many."""
    created_at = cached_answers.c.created_at
    beyond = connection.execute(select(created_at).order_by(created_at.desc()).offset(most_entries).limit(1)).scalar()
    least = max(now - KEPT_S, beyond or 0.0)
    query = select(cached_answers.c.key_id, cached_answers.c.fingerprint).where(created_at <= least)
    old = connection.execute(query.order_by(created_at).limit(most)).all()
    for key_id, fingerprint in old:
        connection.execute(delete(cached_answers).where(_is(key_id, fingerprint), created_at <= least))
    return len(old)


def _is(scope: str, fingerprint: str) -> ColumnElement[bool]:
    return and_(cached_answers.c.key_id == scope, cached_answers.c.fingerprint == fingerprint)


def _put(connection: Connection, row: Row) -> None:
    insert = insert_for(connection, cached_answers).values(row)
    fresh = {"created_at": row["created_at"], "answer": row["answer"]}
    connection.execute(insert.on_conflict_do_update(index_elements=["key_id", "fingerprint"], set_=fresh))
