"""Are the states of certifications compared as the packed mapping says, and is what came of it what the packed rows say?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from migrate.engine import scan, session
from migrate.evidence.checks.both_sides import packed_pair
from migrate.evidence.checks.checking import Check, Context, verdict
from migrate.evidence.checks.run import FINDINGS_FILE
from migrate.mapping.model import CertificationReason, Pair
from migrate.reconciliation.certification_asking import FINDINGS
from migrate.reconciliation.certification_judging import COLUMNS, KINDS, OUTCOMES, counts, judge

NAME = "certifications"
COUNTS_FILE, STATES_FILE, DIFFERENCES_FILE = (
    f"run/6_reconcile/{name}.parquet" for name in ("certifications", "certification_states", "certification_differences")
)
COMPARED = ("equal", "different", "empty")
_JUDGED = tuple(column for column in COLUMNS if column != "key")
Told = Mapping[str, Any]


def certifications(context: Context) -> Iterator[Check]:
    """The numbers are counted again; with personal data every person's states are compared again."""
    told: Told = (context.summary.get("reconciliation") or {}).get("certifications") or {}
    about: Told = context.facts.get("certifications") or {}
    if not told:
        yield verdict(NAME, [], "the run tells no states of certifications")
        return
    wrong = [*_concluded(told), *_explained(about, packed_pair(context))]
    judged = {STATES_FILE, DIFFERENCES_FILE, COUNTS_FILE} <= context.members and told["verdict"] in COMPARED
    with session(context.scratch / "spill") as connection:
        if told["verdict"] in COMPARED:
            wrong += _told(connection, context, told)
            if DIFFERENCES_FILE in context.members:
                wrong += _counted(connection, context, told)
        if judged:
            wrong += _judged(connection, context, about)
    number = told.get("people", 0)
    well = f"{number} people, as many in each outcome as the summary says"
    if told["verdict"] not in COMPARED:
        well = f"{told['verdict']}: {told.get('why', '')}"
    elif judged:
        well += "; the states of every person were compared again"
    else:
        well += "; not recounted: the states of single people, for the pack holds only the hash of them"
    yield verdict(NAME, wrong, well)


def _concluded(told: Told) -> Iterator[str]:
    """The verdict follows from the numbers, and the parts are the whole."""
    if told["verdict"] not in COMPARED:
        return
    parts = sum(told[word] for word in ("equal", *OUTCOMES))
    if told["people"] != parts:
        yield f"{told['people']} people are not the {parts} that are equal or differ"
    own = "different" if told["different"] else "equal" if told["people"] else "empty"
    if told["verdict"] != own:
        yield f"the summary says {told['verdict']}, and its numbers {own}"
    if sum(told["kinds"].values()) != told["different"]:
        yield f"{told['different']} people differ, and {sum(told['kinds'].values())} in some way"


def _explained(about: Told, pair: Pair | None) -> Iterator[str]:
    """What the run let explain a difference is what the packed pair lets."""
    said = about.get("explained") or {}
    if pair is None:
        return
    rules = pair.certifications.explained if pair.certifications is not None else {}
    own = {code: {"differs": list(rule.differs), "reason": rule.reason} for code, rule in rules.items()}
    if said != own:
        yield f"the run says that {sorted(said)} explain, and pair.yaml in the pack {sorted(own)}, or says it otherwise"


def _told(connection: duckdb.DuckDBPyConnection, context: Context, told: Told) -> Iterator[str]:
    """There is a finding for each person who differs."""
    if FINDINGS_FILE not in context.members:
        return
    found = dict(connection.execute(f"SELECT code, count(*) FROM {scan(context.file(FINDINGS_FILE))} GROUP BY code").fetchall())
    for kind, (code, _) in FINDINGS.items():
        if found.get(code, 0) != told["kinds"].get(kind, 0):
            yield f"the summary says {told['kinds'].get(kind, 0)} {kind}, and {found.get(code, 0)} findings are {code}"


def _counted(connection: duckdb.DuckDBPyConnection, context: Context, told: Told) -> Iterator[str]:
    rows = scan(context.file(DIFFERENCES_FILE))
    found = dict(connection.execute(f"SELECT outcome, count(*) FROM {rows} GROUP BY outcome").fetchall())
    found |= dict(connection.execute(f"SELECT kind, count(*) FROM {rows} WHERE outcome = 'different' GROUP BY kind").fetchall())
    said = {**{outcome: told[outcome] for outcome in OUTCOMES}, **{kind: told["kinds"].get(kind, 0) for kind in KINDS}}
    yield from (
        f"the summary says {n} {word}, and {found.get(word, 0)} are counted"
        for word, n in said.items()
        if found.get(word, 0) != n
    )


def _judged(connection: duckdb.DuckDBPyConnection, context: Context, about: Told) -> Iterator[str]:
    """The states of the pack are compared again, and give the differences and the numbers of the pack."""
    connection.execute(f"CREATE TABLE pieces AS SELECT * FROM {scan(context.file(STATES_FILE))}")
    reasons = {
        code: CertificationReason(differs=tuple(rule["differs"]), reason=rule["reason"])
        for code, rule in (about.get("explained") or {}).items()
    }
    judge(connection, about["cutover"], about["days"], reasons, about["tolerance"])
    counts(connection, about["days"])
    for table, file, columns in (("differences", DIFFERENCES_FILE, ", ".join(_JUDGED)), ("counts", COUNTS_FILE, "*")):
        own, theirs = f"SELECT {columns} FROM {table}", f"SELECT {columns} FROM {scan(context.file(file))}"
        row = connection.execute(
            f"SELECT count(*) FROM (({own} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {own}))"
        ).fetchone()
        if row and row[0]:
            yield f"{file}: {row[0]} rows are not what the states of the pack give"
