"""Connections to Redis or Valkey, for the shared limiter and cache: nothing waits long, nothing is tried twice unseen.

Loaded only where a URL of Redis is configured, since the client library is slow to load.
"""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

OUTAGES = (RedisError, OSError, RuntimeError)
"""What a command raises when the server can't be reached, is loading, full, read-only, or refuses us.

RuntimeError is uvloop's word for a connection that was closed between two writes.
"""

_CONNECT_S = 1.0
_ANSWER_S = 2.0
"""Longer than a busy event loop needs to notice an answer that is there, also with hundreds of requests at once."""

_PLACE_S = 3.0
"""How long a command waits for one of the connections."""

_MOST_CONNECTIONS = 32


def open_redis(url: str) -> Redis:
    """Return a client of the server at `url`; it connects when it is first used, and anew after an outage.

    A command that fails is not repeated, as it may have been done: the client can't know. A connection that the server
    closed while it was idle is noticed before it is used.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        protocol=2,
        socket_connect_timeout=_CONNECT_S,
        socket_timeout=_ANSWER_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=_MOST_CONNECTIONS,
        timeout=_PLACE_S,
        decode_responses=False,
    )
    return Redis.from_pool(pool)
