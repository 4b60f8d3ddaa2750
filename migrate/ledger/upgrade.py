"""Bringing a ledger's tables to the shape this version knows."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from migrate.errors import ConfigurationError


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing. Raises ConfigurationError for a ledger of a later version."""
    config = Config()
    config.set_main_option("script_location", "migrate.ledger:migrations")
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise ConfigurationError(
            f"the ledger was made by a later version of lms-migrate (its tables are at {current})",
            hint="install that version, or name another ledger in migration.yaml",
        )
    command.upgrade(config, "head")
