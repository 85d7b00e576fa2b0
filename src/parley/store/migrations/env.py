"""Alembic's entrance: runs on the connection that `migrating.upgrade` hands in, inside its transaction."""

from alembic import context

from parley.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
