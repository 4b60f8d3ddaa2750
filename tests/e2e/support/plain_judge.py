"""A suite of acceptance tests for the small pair, and a judge that takes the place of great-expectations."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from validators.expectations.judge import Judged
from validators.expectations.load import Wanted

SUITE = """\
suite: What the school accepts
expectations:
  - code: ACC-LOGIN
    entity: people
    expect: matches
    field: login
    arguments: {regex: '^[a-z]+$'}
    requirement: REQ-7
    reason: "<script>window.attacked = 1</script>"
  - code: ACC-PERSON
    entity: enrolments
    expect: not_null
    field: person_id.login
    reason: no enrolment is without its person
  - code: ACC-TEACHERS
    entity: enrolments
    expect: count_between
    where: role = 'teacher'
    arguments: {min_value: 1}
    gate: false
    reason: somebody teaches
"""


def write_suite(workspace: Path, text: str = SUITE, name: str = "school.yaml") -> Path:
    (workspace / "expectations").mkdir(exist_ok=True)
    (workspace / "expectations" / name).write_text(text, "utf-8")
    return workspace


class Plain:
    """In place of great-expectations: judges what a few expectations mean, without the seconds that its import takes."""

    def __init__(self, as_of: object) -> None:
        self.as_of = as_of

    def judge(self, wanted: Wanted, rows: pa.Table) -> Judged:
        if not wanted.columns:
            return Judged("passed" if rows.num_rows else "failed", rows.num_rows, observed=str(rows.num_rows))
        values = rows.column(wanted.columns[0].path).to_pylist()
        bad = [at for at, value in enumerate(values) if value is None or ("regex" in wanted.arguments and not value.isalpha())]
        return Judged("failed" if bad else "passed", len(values), len(values), len(bad), failing=bad)
