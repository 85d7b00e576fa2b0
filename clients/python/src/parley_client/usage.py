"""What calls used and what they cost: token counts, and the answers of /v1/usage and /v1/balance.

Money is a decimal string in US dollars, so that no digit is lost; times are RFC 3339 strings in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from parley_client.call import USUAL, Call, CallOptions, Resource, endpoint, place
from parley_client.decoding import reader
from parley_client.typevars import S, Unpack


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call; `estimated` says that they are counted by the server, not by the provider."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int | None = None
    cache_creation_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool | None = None


@dataclass(frozen=True, slots=True)
class ModelTotals:
    """One model's share of the totals."""

    model: str
    events: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_creation_tokens: int
    reasoning_tokens: int
    cost_usd: str | None = None


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """Sums over all events that the filters let through; `cost_complete` says whether all of them had a price.

    `requests` and `events` are counts by outcome (`ok`, `failed`, `cancelled`, `abandoned`, `running`) and `total`.
    """

    requests: Mapping[str, int]
    events: Mapping[str, int]
    tokens: Usage
    total_cost_usd: str
    cost_complete: bool
    by_model: tuple[ModelTotals, ...]


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One call of one model: a seat, a consolidation or a chat completion. `cost` is None without a known price."""

    id: str
    time: str
    request_id: str
    role: str
    model: str
    usage: Usage
    outcome: str
    attempts: int
    estimated: bool
    cached: bool
    provider: str | None = None
    key_id: str | None = None
    key_name: str | None = None
    panel_id: str | None = None
    seat_index: int | None = None
    cost: str | None = None
    upstream_cost: str | None = None
    latency_ms: int | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class UsageEventPage:
    """A page of usage events, newest first; `total` counts all that match."""

    events: tuple[UsageEvent, ...]
    total: int
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class UsageAttempt:
    """One upstream attempt behind a usage event."""

    attempt: int
    time: str
    usage: Usage
    outcome: str
    estimated: bool
    provider: str | None = None
    model: str | None = None
    cost: str | None = None
    latency_ms: int | None = None
    first_token_ms: int | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class UsageAttempts:
    """Every upstream attempt behind one usage event, in order."""

    event_id: str
    attempts: tuple[UsageAttempt, ...]


@dataclass(frozen=True, slots=True)
class RateLimitWindow:
    """How full one window of the key is; `share` is used / limit, above 1 where the limit was lowered."""

    name: str
    window_seconds: int
    limit: int
    used: int
    remaining: int
    share: float
    reset_seconds: int


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The windows of the calling key; none for a key without limits."""

    windows: tuple[RateLimitWindow, ...]
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What the calling key may still spend; None where it has no cap."""

    balance_usd: str | None = None
    reserved_usd: str | None = None
    available_usd: str | None = None
    spent_usd: str | None = None
    spent_month_usd: str | None = None
    spend_cap_usd: str | None = None
    spend_cap_month_usd: str | None = None


class UsageFilters(TypedDict, total=False):
    """Which events are meant. `since` and `until` (not included) are RFC 3339; `key_id` is for admin keys."""

    since: str
    until: str
    model: str
    status: str
    key_id: str


class UsageEventFilters(UsageFilters, total=False):
    """The same, narrowed to a panel or request, and a page of it: `limit` up to 200, 50 unless said."""

    panel_id: str
    request_id: str
    limit: int
    offset: int


class UsageResource(Resource[S]):
    """What was used, what it cost, and what is left."""

    @endpoint
    def totals(self, *, options: CallOptions = USUAL, **filters: Unpack[UsageFilters]) -> Call[UsageTotals]:
        """Return sums over the events that match."""
        return Call("POST", "/v1/usage", reader(UsageTotals), options, filters)

    @endpoint
    def events(self, *, options: CallOptions = USUAL, **filters: Unpack[UsageEventFilters]) -> Call[UsageEventPage]:
        """Return a page of the calls of models, newest first."""
        return Call("POST", "/v1/usage/events", reader(UsageEventPage), options, filters)

    @endpoint
    def attempts(self, event_id: str, *, options: CallOptions = USUAL) -> Call[UsageAttempts]:
        """Return every upstream attempt behind one event."""
        return Call("GET", place("/v1/usage/events/{}/attempts", event_id), reader(UsageAttempts), options)

    @endpoint
    def rate_limits(self, *, options: CallOptions = USUAL) -> Call[RateLimits]:
        """Return how full the key's windows are."""
        return Call("GET", "/v1/usage/rate-limits", reader(RateLimits), options)

    @endpoint
    def balance(self, *, options: CallOptions = USUAL) -> Call[Balance]:
        """Return what the key may still spend."""
        return Call("GET", "/v1/balance", reader(Balance), options)
