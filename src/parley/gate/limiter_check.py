"""Looks at the shared limiter without counting anything: does it answer, and does its clock agree with ours?"""

import importlib
import time
from urllib.parse import urlsplit

from parley.domain.checkup import Checkup, Finding, error, warning
from parley.domain.settings import LimiterSettings
from parley.gate.limits import MEMORY_URL

SUBJECT = "limiter"
_MOST_SKEW_S = 60


async def check_limiter(settings: LimiterSettings) -> Checkup:
    """Return what was found; the limiter in memory has nothing to be found."""
    if settings.url == MEMORY_URL:
        return Checkup(SUBJECT)
    started = time.perf_counter()
    findings = await _look(settings)
    return Checkup(SUBJECT, tuple(findings), round((time.perf_counter() - started) * 1000))


async def _look(settings: LimiterSettings) -> list[Finding]:
    redis = importlib.import_module("parley.store.redis_client")
    try:
        client = redis.open_redis(settings.url)
    except ValueError:
        # The library's own words may repeat a part of the password.
        return [error("limiter_url", "limiter.url can't be read.", "It is such as redis://:password@host:6379/0.")]
    try:
        seconds, _microseconds = await client.time()
    except redis.OUTAGES as fault:
        return [_unreachable(settings, fault)]
    finally:
        await client.aclose()
    skew_s = round(time.time() - seconds)
    if abs(skew_s) <= _MOST_SKEW_S:
        return []
    told = f"This machine's clock is {abs(skew_s)} s {'ahead of' if skew_s > 0 else 'behind'} the limiter's."
    return [warning("clock_skew", told, "Let both be set (timedatectl set-ntp true).")]


def _unreachable(settings: LimiterSettings, fault: Exception) -> Finding:
    """With on_failure = "open" the server works without its limiter, unlimited."""
    parts = urlsplit(settings.url)
    where = f"{parts.hostname}:{parts.port or 6379}"
    told = f"The limiter at {where} can't be used: {str(fault).rstrip('.') or type(fault).__name__}."
    step = "See whether Redis or Valkey runs there and limiter.url is right"
    if settings.on_failure == "open":
        return warning("limiter_unreachable", told, f"{step}; until then nothing is limited.")
    return error("limiter_unreachable", told, f"{step}; until then requests of limited keys are refused.")
