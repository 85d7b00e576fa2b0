"""Runs the migrations of an older database inside a transaction that the caller holds."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from parley.store.opening import HEAD

FOLDER = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, found: str) -> None:
    """Bring a database of revision `found` to HEAD; one from before migrations is given its revision first."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    config.attributes["found"] = found
    if not connection.dialect.has_table(connection, "alembic_version"):
        command.stamp(config, found)
    command.upgrade(config, HEAD)
