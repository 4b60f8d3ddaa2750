"""The words of mappings together, over made-up rows: both engines say the same of every row."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from made_up_rows import SCHOOLS, WRECKS
from small_pair import PEOPLE, Bench, write_workspace
from test_whole_run import ODD_ROWS, files_that_differ, use

from migrate.mapping.model import FieldRule, Fold, Joined, Lookup, Mapping, Match, MatchTier, Merge, Pivot

LETS = """\
let:
  plain: "nullif(lower(trim(login)), '')"
  since: "coalesce(born, as_of())"
lookup:
  led: {from: course, on: {teacher: id}, cardinality: optional}
  sure: {from: user, on: {id: id}, cardinality: one}
pivot:
  place: {from: enrol, by: userid, name: role, value: courseid, names: [student, teacher]}
match:
  against: members
  tiers:
    - {name: login, on: {login: "lower(trim(login))"}}
    - {name: name and score, on: {name: name, score: "cast(score as text)"}, confirm: true}
  normalise: {name: [squeeze, lower, nfc], login: [lower]}
  several: merge
  keep: "id"
  code: USR-SAME
  reason: another account of a person whom the target has
fields:
"""
MEMBERS = """\
key,login,name,score
m-1,ana,Ana Lúcia,7.5
m-2,BO,jose\u0301,0.1
m-3,bo,José,1e+16
m-4,ı,"  O'Neil ",007
"""
ACCOUNTS = """\
  accounts:
    file: accounts.csv
    key: account_id
    fields:
      account_id: {required: true}
      person_id: {required: true, references: {entity: people}}
      person_name: {}
      kind: {required: true}
"""
OF_MERGED = """\
from: school.user
to: hub.accounts
only: {mapping: people, disposition: merged, code: ACC-NOT-MERGED, reason: only accounts that were merged into another}
fields:
  account_id: {expr: "key('a', id)"}
  person_id: {ref: people, by: id}
  person_name: {ref: people, by: id, field: name}
  kind: {const: further}
"""
FIELDS = {
    "  name: {": """\
  name:
    from: name
    do: [remove_control, unescape_html, strip_html, nfc, squeeze, blank_to_null, {truncate: 12}]
    compare: [trim, case, unicode]
    check:
      not_blank: {code: USR-NAME, severity: warn}
      matches: {to: '[\\p{L}\\p{M} .]+', code: USR-LETTERS, severity: warn}
      max_length: {to: 8, code: USR-LONG, severity: warn, set: null}
""",
    "  born: {": """\
  born: {from: born, do: [{instant: Europe/Madrid}], malformed: {code: USR-BORN, severity: warn}, compare: {seconds: 2}}
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
JOINED = """\
    joined: {code: ENR-JOINED, severity: hold, when: "role <> 'student'"}
"""
UNTOLD = {
    Mapping: {"entity", "note", "undecided", "drop", "tests"},
    FieldRule: {"note"},
    Merge: set(),
    Fold: set(),
    Match: {"optional"},
    MatchTier: set(),
    Lookup: set(),
    Pivot: set(),
    Joined: {"message", "set", "others_only"},
}
"""Words of each part of a mapping that no statement comes from, or that choose no other kind of statement."""


def _write(folder: Path) -> None:
    write_workspace(folder)
    written = PEOPLE.replace("fields:\n", LETS, 1)
    for start, new in FIELDS.items():
        (line,) = (line for line in written.splitlines(keepends=True) if line.startswith(start))
        written = written.replace(line, new)
    (folder / "mapping" / "people.yaml").write_text(written.partition("tests:\n")[0], "utf-8")
    (folder / "mapping" / "accounts.yaml").write_text(OF_MERGED, "utf-8")
    (folder / "members.csv").write_text(MEMBERS, "utf-8")
    _append(folder / "systems" / "hub.yaml", ACCOUNTS)
    _append(folder / "migration.yaml", "matching: {members: {file: members.csv}}\n")
    enrolments = folder / "mapping" / "enrolments.yaml"
    text = enrolments.read_text("utf-8")
    enrolments.write_text(text.replace("    by: userid\n", "    by: userid\n" + JOINED, 1), "utf-8")


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + text, "utf-8")


def test_no_word_is_left_out(tmp_path: Path) -> None:
    """A word that is new has to be said in the mappings of the test below, or to be listed above."""
    folder = tmp_path / "workspace"
    _write(folder)
    written = "\n".join(file.read_text("utf-8") for file in (folder / "mapping").glob("*.yaml"))
    missing = {
        (of.__name__, word)
        for of, untold in UNTOLD.items()
        for word in (field.alias or name for name, field in of.model_fields.items())
        if word not in untold and f"{word}:" not in written
    }
    assert not missing


@pytest.mark.long
@pytest.mark.usefixtures("on_spark")
@given(rows=st.one_of(SCHOOLS, WRECKS))
@example(rows=ODD_ROWS)
@settings(
    max_examples=2, deadline=None, database=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
def test_the_words_of_mappings_agree(rows: Any, spark_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("words")
    _write(workspace := folder / "workspace")
    use(spark_settings, workspace)
    bench = Bench.of(workspace)
    expected = bench.run(rows)
    shutil.copytree(expected.folder, kept := folder / "duckdb")
    got = bench.run(engine="spark")
    assert str(got.failure) == str(expected.failure)
    assert files_that_differ(kept, got.folder) == []
