"""How full a key's windows are, as header fields of both families.

Source: contracts/gateway.md, "Limits"; the IETF fields as in draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4.
"""

from math import ceil

from parley.domain.limits import LimitState


def limit_headers(states: tuple[LimitState, ...]) -> list[tuple[bytes, bytes]]:
    """Return the fields of a counted response; none for a key without limits. X-RateLimit-* tell of the tightest."""
    if not states:
        return []
    tightest = min(states, key=lambda state: (state.remaining, -state.reset_s))
    return [
        (b"x-ratelimit-limit", _number(tightest.window.limit)),
        (b"x-ratelimit-remaining", _number(tightest.remaining)),
        (b"x-ratelimit-reset", _number(whole_seconds(tightest.reset_s))),
        (b"ratelimit-policy", b", ".join([_policy(state) for state in states])),
        (b"ratelimit", b", ".join([_service_limit(state) for state in states])),
    ]


def whole_seconds(wait_s: float) -> int:
    """Return the wait rounded up, so that who comes back then is not too early; at least 1."""
    return max(1, ceil(wait_s))


def _policy(state: LimitState) -> bytes:
    """Return a quota policy item: the quota and its window in seconds."""
    window = state.window
    return b'"%b";q=%d;w=%d' % (window.name.encode(), window.limit, window.window_s)


def _service_limit(state: LimitState) -> bytes:
    """Return a service limit item: what is available, and for how long no more than that."""
    return b'"%b";r=%d;t=%d' % (state.window.name.encode(), state.remaining, whole_seconds(state.reset_s))


def _number(number: int) -> bytes:
    return b"%d" % number
