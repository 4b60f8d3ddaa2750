"""Alembic's environment: the connection is handed over by the ledger, which holds its lock."""

from alembic import context

from migrate.ledger.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
