"""Limits and caps on keys; instances, usage events, attempts, holds, spend, prices, traces, templates, answers kept."""

import sqlalchemy as sa
from alembic import op

from parley.store.schema import metadata

revision = "0002"
down_revision = "0001"

_NEW_KEY_COLUMNS = (
    "rpm",
    "rpd",
    "spend_cap_pico",
    "spend_cap_month_pico",
    "models",
    "expires_at",
    "is_disabled",
    "last_used_at",
    "version",
)


def upgrade() -> None:
    """Keep every key as it is; a key of the first release has no limit."""
    with op.batch_alter_table("keys") as batch:
        for name in _NEW_KEY_COLUMNS:
            column = metadata.tables["keys"].columns[name]
            batch.add_column(
                sa.Column(name, column.type, nullable=column.nullable, server_default=column.server_default)
            )
        batch.alter_column("is_admin", type_=sa.Boolean, postgresql_using="is_admin::boolean")
    new = [table for table in metadata.sorted_tables if table.name != "keys"]
    metadata.create_all(op.get_bind(), tables=new)
