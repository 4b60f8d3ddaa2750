"""Any database SQLAlchemy speaks to as a target, by its contract: one table per entity, found by its key.

PostgreSQL takes new rows through COPY, MariaDB and others through multi-row inserts. A batch is one transaction.
"""

from migrate.connectors.database_target.target import DatabaseTarget

__all__ = ["DatabaseTarget"]
