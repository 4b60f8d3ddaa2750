"""One live run at a time: a lock that the operating system, or PostgreSQL, lets go of when its holder dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from migrate.errors import ConfigurationError

ADVISORY = 0x6C6D735F
"""The number of the advisory lock; one ledger has one database or schema of its own."""


@contextmanager
def hold(engine: Engine, folder: Path) -> Iterator[None]:
    """Hold the workspace's lock and, for a shared ledger, that of its database. Raises ConfigurationError when it is taken."""
    with (folder / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(str(folder)) from None
        if engine.dialect.name != "postgresql":
            yield
            return
        with engine.connect() as connection:
            if not connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": ADVISORY}).scalar():
                raise _taken("the ledger")
            connection.commit()
            try:
                yield
            finally:
                with suppress(SQLAlchemyError):  # a server that is told lets go at once, so that the next run can follow
                    connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": ADVISORY})
                connection.invalidate()  # ends the session, and the lock with it


def _taken(what: str) -> ConfigurationError:
    return ConfigurationError(f"another live run holds {what}", hint="wait until it has ended, then run again")
