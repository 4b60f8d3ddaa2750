"""Where the inline tests of one mapping run: its source without rows, which each test fills with what it gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa

from migrate.compiler.plan import Plan
from migrate.compiler.source import FAULT, FAULT_VALUE, RAW, ROW, SOURCE
from migrate.compiler.text import name
from migrate.crosswalks import file as crosswalks
from migrate.errors import Problem
from migrate.located_yaml import Keys
from migrate.mapper import build_given_identity, build_identities, build_source
from migrate.mapping.load import LoadedMapping
from migrate.mapping.model import InlineTest
from migrate.matching.lists import KEY, compared
from migrate.matching.register import build_lists
from validators.referential import gate_failures


class TestBed:
    """The tables that one mapping reads. Only what a test changes is made anew for it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan, mapping: LoadedMapping) -> None:
        self.connection, self.plan, self.mapping = connection, plan, mapping
        self._entities = plan.pair.source.model.entities
        self._given_views: frozenset[str] | None = None
        self._filled: list[str] = []
        self._built: dict[tuple[str, str], str] = {}
        gate_failures(connection)

    def fill(self, test: InlineTest, at: Keys) -> list[Problem]:
        """Put the rows that ``test`` gives, and nothing else, where the mapping reads. Gives what is wrong with them."""
        if problems := self._unknown(test, at):
            return problems
        given_views = frozenset(e for e in test.given if self._entities[e].sql)
        # What only a given view would need is not asked for.
        if given_views != self._given_views:
            self.connection.execute(f"DROP SCHEMA {name(SOURCE)} CASCADE")  # a view that is given becomes a table
            self.connection.execute(f"CREATE SCHEMA {name(SOURCE)}")
            for entity in {*self.plan.physical, *test.given}:
                self._make(entity)
            build_source(self.connection, replace(self.plan, views=[]), given_views)
            self._given_views, self._filled = given_views, []
        for entity in self._filled:
            self.connection.execute(f"DELETE FROM {name(RAW, entity)}")
        self._filled = [entity for entity in test.given if entity in self.plan.physical or entity in given_views]
        for entity in test.given:
            if entity not in self._filled:
                self._make(entity)
            self._insert(entity, test.given[entity])
        build_source(self.connection, replace(self.plan, physical={}, views=[v for v in self.plan.views if v not in given_views]))
        # Before identities: a part of a key may be looked up.
        for crosswalk in self.plan.pair.model.crosswalks:
            entries = [(source, target, "confirmed") for source, target in test.crosswalks.get(crosswalk, {}).items()]
            self._once("crosswalk", crosswalk, repr(entries), crosswalks.register, crosswalk, entries)
        self._lists(test)
        self._identities(test)
        return []

    def _unknown(self, test: InlineTest, at: Keys) -> list[Problem]:
        for entity, rows in test.given.items():
            fields = tuple(self._entities[entity].fields)
            for number, row in enumerate(rows):
                for field in row:
                    if field not in fields:
                        place = self.mapping.document.place(*at, "given", entity, number, field)
                        return [Problem(f"{entity} has no such field", place, field, fields)]
        return []

    def _columns(self, entity: str) -> list[str]:
        return [*self._entities[entity].fields, ROW, FAULT, FAULT_VALUE]

    def _make(self, entity: str) -> None:
        typed = ", ".join(f"{name(c)} {'BIGINT' if c == ROW else 'VARCHAR'}" for c in self._columns(entity))
        self.connection.execute(f"CREATE OR REPLACE TABLE {name(RAW, entity)} ({typed})")

    def _insert(self, entity: str, rows: list[dict[str, Any]]) -> None:
        fields = list(self._entities[entity].fields)
        marks = ", ".join("?" * len(self._columns(entity)))
        for number, row in enumerate(rows, start=1):
            cells = [*(text_of(row.get(field)) for field in fields), number, None, None]
            self.connection.execute(f"INSERT INTO {name(RAW, entity)} VALUES ({marks})", cells)

    def _lists(self, test: InlineTest) -> None:
        plan, match = self.plan, self.mapping.model.match
        self._once("lists", "", "", build_lists, plan, {})
        if match is not None:
            wanted = (KEY, *compared(plan.pair, match.against))
            listed = {column: pa.array([text_of(row.get(column)) for row in test.matches], pa.string()) for column in wanted}
            own = replace(plan, names=[self.mapping.name])
            build_lists(self.connection, own, {match.against: pa.table(listed)})

    def _identities(self, test: InlineTest) -> None:
        own = self.mapping.name
        for other, compiled in self.plan.identities.items():
            given = test.identities.get(other, {})
            if other != own or other in test.identities:
                self._once("identity", other, repr(given), build_given_identity, compiled, given)
        if own in self.plan.identities and own not in test.identities:
            self._built.pop(("identity", own), None)
            build_identities(self.connection, replace(self.plan, identities={own: self.plan.identities[own]}))

    def _once(self, kind: str, of: str, content: str, build: Callable[..., None], *arguments: object) -> None:
        """Build what is not there yet with this content."""
        if self._built.get((kind, of)) != content:
            build(self.connection, *arguments)
            self._built[kind, of] = content


def text_of(value: Any) -> str | None:
    """The text by which values of tests and of mapped rows are compared."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00") if value.time() == dt.time() else value.isoformat(" ")
    return str(value)
