"""One schema for SQLite and PostgreSQL. Tables are defined here; the SQL for each lives in its one owning module.

Money is whole picodollars (1e-12 US dollars), so that sums are exact in any database: a price of up to six decimals a
million tokens costs whole picodollars a token. Times are seconds since 1970 as floating point, in UTC.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# gate/keyring.py. `models` is a JSON array or null; `version` counts changes of any key, for the other processes.
keys = Table(
    "keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("is_admin", Boolean, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("rpm", Integer),
    Column("rpd", Integer),
    Column("spend_cap_pico", BigInteger),
    Column("spend_cap_month_pico", BigInteger),
    Column("models", Text),
    Column("expires_at", Double),
    Column("is_disabled", Boolean, nullable=False, server_default="0"),
    Column("last_used_at", Double),
    Column("version", BigInteger, nullable=False, server_default="0"),
)

# books/instances.py. One row a process; a lease that has run out means that the process is gone.
instances = Table(
    "instances",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("started_at", Double, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
)

# books/ledger.py. One row a seat or consolidation of a request; `outcome` is running until it is settled.
usage_events = Table(
    "usage_events",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("time", Double, nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("key_name", Text, nullable=False),
    Column("request_id", String(40), nullable=False),
    Column("panel_id", String(40)),
    Column("role", String(16), nullable=False),
    Column("seat_index", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_creation_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("cost_pico", BigInteger),
    Column("upstream_cost_pico", BigInteger),
    Column("price_id", String(64)),
    Column("is_estimated", Boolean, nullable=False),
    Column("is_cached", Boolean, nullable=False),
    Column("latency_ms", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("error_code", String(32)),
    Column("instance_id", String(40), nullable=False),
    Column("input_estimate", BigInteger, nullable=False),
    Column("estimate_pico", BigInteger),
    UniqueConstraint("request_id", "role", "seat_index", name="one_event_per_call"),
    Index("usage_events_by_key", "key_id", "time"),
    Index("usage_events_by_time", "time"),
    Index("usage_events_by_instance", "outcome", "instance_id"),
)

# books/ledger.py. Every upstream attempt beneath an event.
attempts = Table(
    "attempts",
    metadata,
    Column("request_id", String(40), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("seat_index", Integer, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("time", Double, nullable=False),
    Column("provider", Text, nullable=False),
    Column("upstream_model", Text, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_creation_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("cost_pico", BigInteger),
    Column("is_estimated", Boolean, nullable=False),
    Column("latency_ms", Integer, nullable=False),
    Column("first_token_ms", Integer),
    Column("outcome", String(16), nullable=False),
    Column("error_code", String(32)),
)

# books/ledger.py. What running requests of a key with a cap may still cost at most; one row a request.
holds = Table(
    "holds",
    metadata,
    Column("request_id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("amount_pico", BigInteger, nullable=False),
    Column("instance_id", String(40), nullable=False),
    Index("holds_by_key", "key_id"),
    Index("holds_by_instance", "instance_id"),
)

# books/ledger.py. What each key has spent, in total (`month` empty) and by calendar month (`2026-11`), UTC.
spend = Table(
    "spend",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("amount_pico", BigInteger, nullable=False),
)

# books/prices.py. Every price that an event was billed at; rows are never changed.
prices = Table(
    "prices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("rates", Text, nullable=False),
    Column("first_used_at", Double, nullable=False),
)

# books/traces.py. One row a request that was traced; `spans` is a JSON array of objects, the root first. One trace id
# may stand for several requests.
traces = Table(
    "traces",
    metadata,
    Column("request_id", String(40), primary_key=True),
    Column("trace_id", String(36), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("name", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("start_time", Double, nullable=False),
    Column("end_time", Double, nullable=False),
    Column("span_count", Integer, nullable=False),
    Column("spans", Text, nullable=False, server_default="[]"),
    Index("traces_by_trace", "trace_id"),
    Index("traces_by_key", "key_id", "start_time"),
    Index("traces_by_time", "start_time"),
)

# books/templates.py. `key_id` empty: a global template. `body` is JSON: system, messages, model, params.
templates = Table(
    "templates",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("owner", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    UniqueConstraint("key_id", "name", name="one_template_per_name"),
)

# books/idempotency.py. `response` null: still running, owned by an instance. Gone after 24 hours.
idempotency = Table(
    "idempotency",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("idempotency_key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("instance_id", String(40), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("response", LargeBinary),
    Index("idempotency_by_time", "created_at"),
)

# books/answer_cache.py. Answers of models by the fingerprint of their call, per key. Gone after 24 hours.
cached_answers = Table(
    "cached_answers",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Index("cached_answers_by_time", "created_at"),
)
