"""How full a key's windows are, as header fields of both families.

Source: contracts/gateway.md, "Limits"; the IETF fields as in draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4.
"""

from functools import lru_cache
from math import ceil
from operator import itemgetter

from parley.domain.limits import LimitState, Window


def limit_headers(states: tuple[LimitState, ...]) -> list[tuple[bytes, bytes]]:
    """Return the fields of a counted response; none for a key without limits. X-RateLimit-* tell of the tightest."""
    if not states:
        return []
    told = [(state.remaining, -state.reset_s, whole_seconds(state.reset_s), state.window) for state in states]
    remaining, _, wait_s, window = min(told, key=itemgetter(0, 1))
    limits = [b'"%b";r=%d;t=%d' % (one.name.encode(), left, after_s) for left, _, after_s, one in told]
    return [
        (b"x-ratelimit-limit", b"%d" % window.limit),
        (b"x-ratelimit-remaining", b"%d" % remaining),
        (b"x-ratelimit-reset", b"%d" % wait_s),
        (b"ratelimit-policy", b", ".join([_policy(state.window) for state in states])),
        (b"ratelimit", b", ".join(limits)),
    ]


def whole_seconds(wait_s: float) -> int:
    """Return the wait rounded up, so that who comes back then is not too early; at least 1."""
    return max(1, ceil(wait_s))


@lru_cache
def _policy(window: Window) -> bytes:
    """Return a quota policy item: the quota and its window in seconds."""
    return b'"%b";q=%d;w=%d' % (window.name.encode(), window.limit, window.window_s)
