"""Looking on while the engine works: which session is open, and which statement took how long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, runtime_checkable

import duckdb


@runtime_checkable
class Observer(Protocol):
    """Who looks on."""

    def opened(self, connection: duckdb.DuckDBPyConnection) -> None:
        """A session was opened; its statements follow."""

    def closed(self) -> None:
        """It is about to be closed."""

    def ran(self, statement: str, seconds: float) -> None:
        """A statement came to its first result, ``seconds`` of wall clock after it was given."""


_OBSERVER: ContextVar[Observer | None] = ContextVar("observer", default=None)


@contextmanager
def observed_by(observer: Observer) -> Iterator[None]:
    """Sessions that are opened within are observed."""
    token = _OBSERVER.set(observer)
    try:
        yield
    finally:
        _OBSERVER.reset(token)


@contextmanager
def shown(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The connection as it is, or one that tells the observer of each statement."""
    observer = _OBSERVER.get()
    if observer is None:
        yield connection
        return
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")  # else it knows none
    observer.opened(connection)
    try:
        yield _Telling(connection, observer)  # type: ignore[misc]
    finally:
        observer.closed()


class _Telling:
    """A connection that tells how long each of its statements took."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, observer: Observer) -> None:
        self._connection, self._observer = connection, observer

    def execute(self, query: str, *parameters: Any) -> Any:
        start = time.monotonic()
        result = self._connection.execute(query, *parameters)
        self._observer.ran(query, time.monotonic() - start)
        return self if result is self._connection else result

    def cursor(self) -> Any:
        return _Telling(self._connection.cursor(), self._observer)

    def __getattr__(self, word: str) -> Any:
        return getattr(self._connection, word)
