"""Running the examples that stand inside mappings: rows given, rows expected, through the very SQL of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from migrate.codes import TITLES
from migrate.compiler.plan import Plan, make_plan
from migrate.compiler.shared import MAPPED
from migrate.compiler.text import name
from migrate.engine import session, translated
from migrate.errors import ConfigurationError, Problem
from migrate.inline_tests.bed import TestBed, text_of
from migrate.inline_tests.references import settle
from migrate.located_yaml import Keys
from migrate.mapper import findings_sql, hold_rows
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.mapping.model import InlineTest
from migrate.matching.lists import KEY, compared
from migrate.said import number_of

AS_OF = "2026-01-01 00:00:00"
"""``as_of()`` in inline tests, so that they do not age."""


@dataclass(frozen=True)
class TestOutcome:
    """How many tests ran, the problems of those that failed, and what no test exercised."""

    ran: int
    problems: tuple[Problem, ...]
    unexercised: dict[str, list[str]]
    """Per mapping, the codes that it can give and no test of its own provokes."""


def run_inline_tests(pair: LoadedPair) -> TestOutcome:
    """Run every inline test of every mapping of ``pair``, with the pair's own parameters and the lists that tests give."""
    pair = pair.with_parameters({}).with_lists(None)
    problems: list[Problem] = []
    unexercised: dict[str, list[str]] = {}
    ran = 0
    whole = make_plan(pair, AS_OF, with_archives=False)
    for mapping in pair.mappings.values():
        seen: set[str] = set()
        plan = whole.by_itself(mapping.name)
        with session(threads=1) as connection:
            bed = TestBed(connection, plan, mapping)
            for index, test in enumerate(mapping.model.tests):
                ran += 1
                problems += _run(bed, test, ("tests", index), seen)
        if missing := sorted(_own_codes(mapping, plan) - seen):
            unexercised[mapping.name] = missing
    return TestOutcome(ran, tuple(problems), unexercised)


def _own_codes(mapping: LoadedMapping, plan: Plan) -> set[str]:
    """The codes a mapping's author wrote; those the engine adds to every mapping are not his to test."""
    compiled, model = plan.rows[mapping.name], mapping.model
    written = {code for code, _ in compiled.exclusions}
    written |= {rule.code for rule in compiled.rules if rule.code not in TITLES}
    written |= {model.match.code} if model.match and model.match.several == "merge" else set()  # otherwise a person decides first
    return written | {step.code for step in (model.merge, model.fold) if step}


def _run(bed: TestBed, test: InlineTest, at: Keys, seen: set[str]) -> list[Problem]:
    plan, mapping = bed.plan, bed.mapping
    document, pair = mapping.document, plan.pair
    unknown = [e for e in test.given if e not in pair.source.model.entities]
    if unknown:
        allowed = tuple(pair.source.model.entities)
        return [
            Problem(
                "given names no entity of the source",
                document.place(*at, "given", unknown[0]),
                unknown[0],
                allowed,
            )
        ]
    for word, given, allowed in (
        ("identities", test.identities, tuple(pair.mappings)),
        ("crosswalks", test.crosswalks, tuple(pair.model.crosswalks)),
    ):
        for name_ in given:
            if name_ not in allowed:
                place = document.place(*at, word, name_)
                return [Problem(f"{word} of a test names nothing that is there", place, name_, tuple(allowed))]
    if stray := list(_stray_matches(pair, mapping, test, at)):
        return stray
    try:
        if problems := bed.fill(test, at):
            return problems
        hold_rows(bed.connection, plan.rows[mapping.name])
        return _compare(bed.connection, plan, mapping, test, at, seen)
    except ConfigurationError:
        raise
    except Exception as error:
        first = str(translated(error) if isinstance(error, duckdb.Error) else error).split("\n")[0]
        return [Problem(f"test {test.name!r} cannot run: {first}", document.place(*at, "name"))]


def _stray_matches(pair: LoadedPair, mapping: LoadedMapping, test: InlineTest, at: Keys) -> Iterator[Problem]:
    """Rows under ``matches`` that no match reads."""
    match = mapping.model.match
    if test.matches and match is None:
        yield Problem("the mapping has no match to give a list to", mapping.document.place(*at, "matches"))
        return
    known = (KEY, *compared(pair, match.against)) if match else ()
    for number, row in enumerate(test.matches):
        for column in row:
            if column not in known:
                yield Problem(
                    "no tier compares this field", mapping.document.place(*at, "matches", number, column), column, known
                )


def _compare(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    mapping: LoadedMapping,
    test: InlineTest,
    at: Keys,
    seen: set[str],
) -> list[Problem]:
    document, problems = mapping.document, []
    table = name(MAPPED, mapping.name)
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY _order, _key")
    columns = [d[0] for d in cursor.description]
    rows = [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]
    settled = settle(connection, plan, mapping, test, rows)
    for row in rows:
        row.update(settled.rows.get(row["_key"], {}))
    loading = [row for row in rows if row["_disposition"] == "candidate"]
    if len(loading) != len(test.expect):
        message = f"test {test.name!r}: {number_of(len(test.expect), 'row')} expected, {len(loading)} would load"
        stands = "; ".join(f"{r['_key']}: {r['_disposition']} {r['_code'] or ''}".strip() for r in rows)
        problems.append(Problem(message, document.place(*at, "expect"), stands))
    for index, (expected, row) in enumerate(zip(test.expect, loading, strict=False)):
        for field, value in expected.items():
            place = document.place(*at, "expect", index, field)
            if "to:" + field not in row:
                allowed = tuple(mapping.model.fields)
                problems.append(Problem(f"test {test.name!r}: no such field", place, field, allowed))
            elif text_of(row["to:" + field]) != text_of(value):
                got = text_of(row["to:" + field])
                problems.append(
                    Problem(
                        f"test {test.name!r}: {field} is {got!r}",
                        place,
                        value,
                        hint="mend the mapping or the test",
                    )
                )
    by_key = {row["_key"]: row["_disposition"].replace("candidate", "created") for row in rows}
    for key, disposition in test.dispositions.items():
        if by_key.get(key) != disposition:
            place = document.place(*at, "dispositions", key)
            got = by_key.get(key, "not there")
            problems.append(Problem(f"test {test.name!r}: {key} is {got}", place, disposition))
    seen.update(row["_code"] for row in rows if row["_code"])
    problems += _compare_findings(connection, plan, mapping, test, at, seen, settled.findings)
    return problems


def _compare_findings(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    mapping: LoadedMapping,
    test: InlineTest,
    at: Keys,
    seen: set[str],
    of_references: set[tuple[str, str]],
) -> list[Problem]:
    sql = findings_sql(plan.rows[mapping.name])
    found = {*(connection.execute(f"SELECT DISTINCT code, severity FROM ({sql})").fetchall() if sql else []), *of_references}
    raised = {code for code, _ in found}
    seen |= raised
    problems = []
    for index, code in enumerate(test.findings):
        if code not in raised:
            place = mapping.document.place(*at, "findings", index)
            problems.append(Problem(f"test {test.name!r}: the finding is not raised", place, code, tuple(sorted(raised))))
    for code, severity in sorted(found):
        if severity != "warn" and code not in test.findings:
            place = mapping.document.place(*at)
            problems.append(Problem(f"test {test.name!r}: an unexpected finding is raised", place, code))
    return problems
