"""A trace's spans move into its own row: one row a request is written instead of one a span."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from json import dumps, loads

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MOST_AT_ONCE = 500


def upgrade() -> None:
    """Carry every span over. A database that came from 0001 in this very step has nothing to carry."""
    connection = op.get_bind()
    if not sa.inspect(connection).has_table("spans"):
        return
    with op.batch_alter_table("traces") as batch:
        batch.add_column(sa.Column("spans", sa.Text, nullable=False, server_default="[]"))
    old = sa.Table("spans", sa.MetaData(), autoload_with=connection)
    traces = sa.table("traces", sa.column("request_id"), sa.column("spans"))
    carry = sa.update(traces).where(traces.c.request_id == sa.bindparam("id")).values(spans=sa.bindparam("text"))
    last = ""
    while rows := list(_next(connection, old, last)):
        connection.execute(carry, rows)
        last = rows[-1]["id"]
    op.drop_table("spans")


def _next(connection: sa.Connection, old: sa.Table, after: str) -> Iterator[dict[str, str]]:
    """Yield the spans of the next requests after the request `after`, as each request's new row will hold them."""
    wanted = sa.select(old.c.request_id).where(old.c.request_id > after).distinct()
    ids = connection.execute(wanted.order_by(old.c.request_id).limit(_MOST_AT_ONCE)).scalars().all()
    if not ids:
        return
    found = sa.select(old).where(old.c.request_id.between(ids[0], ids[-1]))
    rows = connection.execute(found.order_by(old.c.request_id, old.c.start_time, old.c.span_id)).mappings()
    for request_id, spans in groupby(rows, key=lambda row: str(row["request_id"])):
        yield {"id": request_id, "text": _text(list(spans))}


def _text(spans: Sequence[sa.RowMapping]) -> str:
    names = ("span_id", "parent_id", "name", "kind", "status", "start_time", "end_time")
    return dumps(
        [{**{name: span[name] for name in names}, "attributes": loads(span["attributes"])} for span in spans],
        ensure_ascii=False,
        separators=(",", ":"),
    )
