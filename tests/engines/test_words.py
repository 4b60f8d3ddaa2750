"""The words of mappings together, over made-up rows: both engines say the same of every row."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_rows import SCHOOLS, WRECKS
from small_pair import PEOPLE, Bench, write_workspace
from test_whole_run import files_that_differ, use

LETS = """\
let:
  plain: "nullif(lower(trim(login)), '')"
  since: "coalesce(born, as_of())"
lookup:
  led: {from: course, on: {teacher: id}, cardinality: optional}
  sure: {from: user, on: {id: id}, cardinality: one}
pivot:
  place: {from: enrol, by: userid, name: role, value: courseid, names: [student, teacher]}
fields:
"""
FIELDS = {
    "  name: {": """\
  name:
    from: name
    do: [remove_control, unescape_html, strip_html, nfc, squeeze, blank_to_null, {truncate: 12}]
    check:
      not_blank: {code: USR-NAME, severity: warn}
      matches: {to: '[\\p{L}\\p{M} .]+', code: USR-LETTERS, severity: warn}
      max_length: {to: 8, code: USR-LONG, severity: warn, set: null}
""",
    "  born: {": """\
  born: {from: born, do: [{instant: Europe/Madrid}], malformed: {code: USR-BORN, severity: warn}}
""",
    "  note: {": """\
  note:
    expr: >-
      concat_ws('|', plain, led.title, place.student, cast(occurrences(login) as text), key(login, note), upper(sure.name),
      strftime(date_trunc('month', since), '%Y-%m'), date_diff('day', since, as_of()), round(score / 3, 2),
      regexp_extract(note, '(\\w+)$', 1))
    do: [{replace: {find: "|", with: "¦"}}, {prefix: "n-"}]
    check:
      in: {to: [n-, n-1], code: USR-NOTE, severity: warn}
      expr: {to: "length(value) < 60", code: USR-NOTE-LONG, severity: warn, set: "too long"}
""",
}
"""A line of the small pair, and what takes its place."""


def _bench(folder: Path, spark_settings: dict[str, str]) -> Bench:
    write_workspace(folder)
    written = PEOPLE.replace("fields:\n", LETS, 1)
    for start, new in FIELDS.items():
        (line,) = (line for line in written.splitlines(keepends=True) if line.startswith(start))
        written = written.replace(line, new)
    (folder / "mapping" / "people.yaml").write_text(written.partition("tests:\n")[0], "utf-8")
    use(spark_settings, folder)
    return Bench.of(folder)


@pytest.mark.long
@pytest.mark.usefixtures("on_spark")
@given(rows=st.one_of(SCHOOLS, WRECKS))
@settings(max_examples=2, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_the_words_of_mappings_agree(rows: Any, spark_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("words")
    bench = _bench(folder / "workspace", spark_settings)
    expected = bench.run(rows, stop_after="validate")
    shutil.copytree(expected.folder, kept := folder / "duckdb")
    got = bench.run(engine="spark", stop_after="validate")
    assert str(got.failure) == str(expected.failure)
    assert files_that_differ(kept, got.folder) == []
