"""The small pair with every word of mappings in it."""

from __future__ import annotations

from pathlib import Path

from small_pair import PEOPLE, write_workspace

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


def write_every_word(folder: Path) -> None:
    """Write the workspace, with an empty source."""
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
