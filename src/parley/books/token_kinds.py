"""The kinds of tokens that a row of the ledger counts, as columns to add up and as the numbers found."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func

from parley.store.schema import usage_events

TOKEN_KINDS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens", "reasoning_tokens")


def token_sums() -> list[ColumnElement[int]]:
    """Return the sum of each kind over usage events, 0 where there are none, under its own name."""
    return [func.coalesce(func.sum(usage_events.c[kind]), 0).label(kind) for kind in TOKEN_KINDS]


def tokens_in(row: Mapping[Any, Any]) -> dict[str, int]:
    """Return the sums that were found, whatever number type the database gave them."""
    return {kind: int(row[kind]) for kind in TOKEN_KINDS}
