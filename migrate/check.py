"""Everything that can be known to be wrong before a row is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from migrate import drops, expectations, losses, proofs
from migrate.charted import chart_problems
from migrate.compiler.mapping import Compiled
from migrate.compiler.plan import Plan, make_plan
from migrate.compiler.source import FAULT, FAULT_VALUE, RAW, ROW, SOURCE, SQL_TYPES, query_sql
from migrate.compiler.text import name
from migrate.contracts.certifications import DAY_COLUMNS
from migrate.crosswalks import file as crosswalks
from migrate.engine import session
from migrate.errors import ConfigurationError, Problem, RunFailed
from migrate.inline_tests.run import AS_OF, run_inline_tests
from migrate.mapper import build_identities, build_source, findings_sql
from migrate.mapping.load import LoadedPair
from migrate.matching.register import build_lists
from migrate.reconciliation.both_sides import TARGET
from migrate.said import number_of
from migrate.undecided import filled, undecided
from migrate.workspace import Workspace, open_workspace
from validators.expectations import rows

_RAW_TYPES = {**SQL_TYPES, "epoch": "BIGINT", "flag": "BIGINT"}


_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_HELD = {
    "BIGINT": {*_WHOLE, "BOOLEAN"},
    "DOUBLE": {*_WHOLE, "DECIMAL", "FLOAT", "DOUBLE"},
    "BOOLEAN": {*_WHOLE, "BOOLEAN"},
    "DATE": {"DATE", "INTEGER"},
    "TIMESTAMP": {"DATE", "TIMESTAMP", "INTEGER"},
}
"""Per type of a field the types whose values it holds wholly. A null without a type is an INTEGER; a number is cast to no date,
and one that is too large breaks off the run."""


@dataclass(frozen=True)
class CheckResult:
    """What `check` looked at. It found nothing, or it would have raised."""

    workspace: Workspace
    plan: Plan
    tests: int
    unexercised: dict[str, list[str]]
    """Per mapping, the codes that no inline test provokes."""
    losses: list[losses.Loss]


def check(folder: Path, *, anew: bool = False) -> CheckResult:
    """Check a workspace wholly. Raises ConfigurationError with every problem of the first level that has some:
    files and words, then names and expressions, then SQL types, the loss register and the inline tests together.

    What has passed with the same mapping and the same tool, inline tests and planned statements, is not done again, unless
    ``anew``."""
    try:
        return _check(folder, anew)
    except ConfigurationError as error:
        error.hint = error.hint or f"mend this, then: lms-migrate check {folder}"
        raise


def _check(folder: Path, anew: bool) -> CheckResult:
    workspace = open_workspace(folder)
    # What waits for a person is told together with all that is wrong in the rest.
    waiting, pair = undecided(workspace.pair), filled(workspace.pair)
    try:
        plan = make_plan(pair, AS_OF)
    except ConfigurationError as error:
        error.problems = (*waiting, *error.problems)
        raise
    problems = waiting + ([] if not anew and proofs.fits(pair) else _fit(pair, plan))
    left = losses.undeclared(plan)
    problems += left + drops.misspelt(pair, [str(one.value) for one in left])
    problems += _unknown_drops(plan) + drops.impossible(pair) + losses.carried_drops(plan) + list(_bind_acceptance(workspace))
    problems += chart_problems(pair)
    proof = None if anew else proofs.known(pair)
    if proof is None:
        tests = run_inline_tests(pair.with_policies(()))
        problems += tests.problems
        proof = proofs.Proof(ran=tests.ran, unexercised=tests.unexercised)
        if not tests.problems:
            proofs.keep(pair, proof)
    if problems:
        again = f"mend these, then: lms-migrate check {folder}"
        raise ConfigurationError(number_of(len(problems), "problem"), problems=problems, hint=again)
    return CheckResult(workspace, plan, proof.ran, proof.unexercised, losses.register(plan))


def _fit(pair: LoadedPair, plan: Plan) -> list[Problem]:
    # A match is checked also where the workspace lacks the list for it.
    matching = any(mapping.model.match for mapping in pair.mappings.values())
    problems = _bind(make_plan(pair.with_lists(None), AS_OF) if matching else plan)
    if not problems:
        proofs.keep_fit(pair)
    return problems


def _unknown_drops(plan: Plan) -> list[Problem]:
    problems = []
    for mapping in plan.pair.mappings.values():
        allowed = tuple(mapping.source.fields)
        carried = plan.rows[mapping.name].carried
        for field in mapping.model.drop:
            place = mapping.document.place("drop", field)
            if field not in mapping.source.fields:
                problems.append(Problem(f"{mapping.source_name} has no such field", place, field, allowed))
            elif field in carried:
                problems.append(Problem("the field is dropped and mapped in one mapping", place, field))
    return problems


def _bind(plan: Plan) -> list[Problem]:
    """Run every statement on empty tables: the engine then checks the types of all expressions."""
    problems: list[Problem] = []
    contract = plan.pair.source.model
    try:
        with session() as connection:
            for entity, fields in plan.physical.items():
                stored = "VARCHAR" if contract.source and contract.source.kind == "files" else None
                columns = [f"{name(f)} {stored or _RAW_TYPES[contract.entities[entity].fields[f].type]}" for f in fields]
                columns += [f"{name(ROW)} BIGINT", f"{name(FAULT)} VARCHAR", f"{name(FAULT_VALUE)} VARCHAR"]
                connection.execute(f"CREATE TABLE {name(RAW, entity)} ({', '.join(columns)})")
            for crosswalk in plan.pair.model.crosswalks:
                crosswalks.register(connection, crosswalk, [])
            problems += _bind_views(connection, plan) or [
                *_bind_expectations(connection, plan),
                *_bind_both_sides(connection, plan),
                *_bind_certifications(connection, plan),
            ]
            if problems:
                return problems
            build_lists(connection, plan, {})
            build_identities(connection, plan)
            for compiled in plan.rows.values():
                problems += _bind_mapping(connection, compiled)
    except RunFailed as error:
        problems.append(Problem(error.message))
    return problems


def _bind_views(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[Problem]:
    from dataclasses import replace

    problems = []
    build_source(connection, replace(plan, views=[]))
    for view in plan.views:
        try:
            build_source(connection, replace(plan, physical={}, views=[view]))
        except duckdb.Error as error:
            place = plan.pair.source.document.place("entities", view, "sql")
            problems.append(Problem(f"the view {view} does not fit: {_line(error)}", place))
            continue
        problems += _narrowed(connection, plan, view)
    return problems


def _narrowed(connection: duckdb.DuckDBPyConnection, plan: Plan, view: str) -> Iterator[Problem]:
    """Fields whose type cannot hold all that the query of their view gives: the rest would be cut off unseen."""
    entity = plan.pair.source.model.entities[view]
    assert entity.sql is not None
    columns = connection.execute(f"DESCRIBE {query_sql(entity.sql, SOURCE, plan.as_of)}").fetchall()
    for field, given in ((str(column), str(kind).partition("(")[0]) for column, kind, *_ in columns):
        rule = entity.fields.get(field)
        if rule is not None and given not in _HELD.get(SQL_TYPES[rule.type], {given}):
            yield Problem(
                f"the query of {view} gives {given} for {field}, of which a field of type {rule.type} cannot hold everything",
                plan.pair.source.document.place("entities", view, "fields", field),
                hint="give the field the type that fits, or cast in the query where that is meant",
            )


def _bind_expectations(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[Problem]:
    problems = []
    for number, expectation, sql in expectations.statements(plan):
        try:
            connection.execute(f"EXPLAIN {sql}")
        except duckdb.Error as error:
            place = plan.pair.source.document.place("source", "expects", number, "sql")
            problems.append(Problem(f"the query of {expectation.code} does not fit: {_line(error)}", place))
    return problems


def _bind_acceptance(workspace: Workspace) -> Iterator[Problem]:
    """Plan the rows of every expectation of the reviewers on empty tables."""
    wanted = [one for suite in workspace.expectations for one in suite.wanted]
    if not wanted:
        return
    with session() as connection:
        rows.register(connection, workspace.target.model, {})
        for one in wanted:
            try:
                connection.execute(f"EXPLAIN {rows.select(one, workspace.target.model, AS_OF)}")
            except duckdb.Error as error:
                yield Problem(f"{one.code}: its rows cannot be selected: {_line(error)}", one.place, one.model.where)


def _bind_both_sides(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[Problem]:
    problems = []
    connection.execute(f"CREATE SCHEMA {TARGET}")
    for entity, model in plan.pair.target.model.entities.items():
        columns = ", ".join(f"{name(field)} {SQL_TYPES[rule.type]}" for field, rule in model.fields.items())
        connection.execute(f"CREATE TABLE {name(TARGET, entity)} ({columns})")
    for rule in plan.both_sides:
        for side, sql in (("source", rule.source_sql(plan.as_of)), ("target", rule.target_sql(plan.as_of))):
            try:
                connection.execute(f"EXPLAIN {sql}")
            except duckdb.Error as error:
                place = plan.pair.document.place("both_sides", rule.name, side)
                problems.append(Problem(f"the query of the {side} does not fit: {_line(error)}", place))
    return problems


def _bind_certifications(connection: duckdb.DuckDBPyConnection, plan: Plan) -> Iterator[Problem]:
    """Plan the query of each side on empty tables, and see that its days are dates or instants."""
    rule = plan.certifications
    if rule is None or rule.partly:
        return
    sides = [(rule.source, SOURCE, plan.pair.source)]
    sides += [(rule.target, TARGET, plan.pair.target)] if rule.target is not None else []
    for states, schema, contract in sides:
        place = contract.document.place("entities", states.entity, "certification")
        try:
            columns = connection.execute(f"DESCRIBE {query_sql(states.sql, schema, plan.as_of)}").fetchall()
        except duckdb.Error as error:
            yield Problem(f"the certification states of {states.entity} do not fit: {_line(error)}", place)
            continue
        for column, type_, *_ in columns:
            if column in DAY_COLUMNS and not str(type_).startswith(("DATE", "TIMESTAMP", '"NULL"')):
                message = f"{DAY_COLUMNS[column]} of {states.entity} is neither a date nor an instant"
                yield Problem(message, place, str(type_).lower(), ("date", "timestamp"))


def _bind_mapping(connection: duckdb.DuckDBPyConnection, compiled: Compiled) -> list[Problem]:
    try:
        table = name("mapped", compiled.mapping.name)
        connection.execute(f"CREATE OR REPLACE TABLE {table} AS {compiled.select}")
        sql = findings_sql(compiled)
        if sql:
            connection.execute(sql)
    except duckdb.Error as error:
        place = compiled.mapping.document.place("fields")
        hint = f"lms-migrate sql WORKSPACE {compiled.mapping.name} prints the statement"
        return [Problem(f"an expression of {compiled.mapping.name} does not fit: {_line(error)}", place, hint=hint)]
    return []


def _line(error: duckdb.Error) -> str:
    return str(error).split("LINE ")[0].strip().replace("\n", " ")[:300]
