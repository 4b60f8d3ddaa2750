"""Ways in which a record, a value or a reference could be lost while the sums balance: each is refused or reported."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from run_reading import dispositions, facts, findings
from small_pair import PEOPLE, Bench, write_rows, write_workspace

from migrate.check import check
from migrate.errors import ConfigurationError

USER = {"id": 2, "login": "a", "name": "A", "active": 1}
COURSE = {"id": 2, "title": "T", "level": "1"}
MANIFEST = (
    "package: null\n  manifest: {file: ../manifest.csv, header: [a, b], property: 'file.{file}', whole: bulk, changes: delta, "
    "changes_by: id, absent: absent}"
)
ENROLMENT = {"id": 1, "userid": 2, "courseid": 2, "role": "student"}


def change(workspace: Path, file: str, *pairs: tuple[str, str]) -> None:
    path = workspace / file
    text = path.read_text("utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")


def refusal(workspace: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check(workspace)
    return str(caught.value)


def ended(run: Path, mapping: str) -> dict[str, tuple[str, str | None]]:
    return {row["key"]: (row["disposition"], row["code"]) for row in dispositions(run) if row["entity"] == mapping}


def test_a_fold_of_rows_with_different_keys_is_refused(tmp_path: Path) -> None:
    """Whoever refers to the folded row would get a key that no row of the target has, and count as resolved."""
    workspace = write_workspace(tmp_path / "school")
    fold = "fold: {by: name, keep: person_id, code: P-FOLD, reason: one name}\n"
    before, _, after = PEOPLE.partition("merge:\n")
    (workspace / "mapping/people.yaml").write_text(before + fold + "fields:\n" + after.partition("fields:\n")[2], "utf-8")
    assert "rows that fold have one target key" in refusal(workspace)


def test_taking_what_another_mapping_never_merges_is_refused(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    only = "only: {mapping: enrolments, disposition: merged, code: A-B, reason: r}\nfields:\n  login:"
    change(workspace, "mapping/people.yaml", ("fields:\n  person_id", only.replace("login:", "person_id")))
    assert "enrolments has no merge" in refusal(workspace)


def test_a_replacement_for_part_of_the_key_is_refused(tmp_path: Path) -> None:
    """The row would be written under another key than the one by which it is looked for."""
    workspace = write_workspace(tmp_path / "school")
    old = 'excluded: {code: ENR-GUEST, when: "true", reason: a built-in account}'
    change(workspace, "mapping/enrolments.yaml", (old, "missing: {code: ENR-NOBODY, severity: warn, set: p-3}"))
    assert "part of the target's key" in refusal(workspace)


def test_a_required_reference_that_falls_after_the_gate_keeps_the_row_back(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    change(workspace, "systems/hub.yaml", ("teacher_id: {ref", "teacher_id: {required: true, ref"))
    rows = {"user": [{**USER, "active": 7}], "course": [{**COURSE, "teacher": 2}, {**COURSE, "id": 3, "teacher": 99}]}
    result = Bench.of(workspace).run(rows)
    assert ended(result.folder, "courses") == dict.fromkeys("23", ("quarantined", "GATE-REQUIRED"))
    causes = {row["key"]: row["root_cause"] for row in findings(result.folder) if row["code"] == "GATE-REQUIRED"}
    assert causes["2"] == "people/2"


def test_every_reference_that_is_lost_has_its_cause_named(bench: Bench) -> None:
    """Also the second one of a row, and those of a row that is kept back for a fault of its own."""
    people, courses = [{**USER, "active": 7}], [{**COURSE, "level": "9"}]
    enrolments = [ENROLMENT, {**ENROLMENT, "id": 3, "role": "nobody"}]
    result = bench.run({"user": people, "course": courses, "enrol": enrolments})
    assert ended(result.folder, "enrolments") == {"1": ("blocked", "REF-BLOCKED"), "3": ("held", "MAP-UNMAPPED")}
    blocked = [row for row in findings(result.folder) if row["code"] == "REF-BLOCKED"]
    causes = {(row["key"], row["field"], row["root_cause"]) for row in blocked}
    assert causes == {(key, *cause) for key in "13" for cause in (("course_id", "courses/2"), ("person_id", "people/2"))}
    for field, split in result.summary["entities"]["enrolments"]["references"].items():
        assert split["blocked"] == sum(1 for row in blocked if row["field"] == field)


def _lookup(workspace: Path) -> None:
    """Born is read by the lookup of another mapping, and not by that of its own table."""
    change(workspace, "mapping/people.yaml", ("  born: {from: born}\n", ""))
    look = "lookup:\n  who: {from: user, on: {id: userid}}\nfold:"
    change(workspace, "mapping/enrolments.yaml", ("fold:", look), ("start: {from: timestart}", "start: {expr: who.born}"))
    change(workspace, "mapping/enrolments.yaml", ("timeend >= timestart", "timeend >= timestart or timeend >= who.born"))


def test_a_value_that_only_a_lookup_fails_to_read_is_named(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    _lookup(workspace)
    result = Bench.of(workspace).run({"user": [{**USER, "born": "junk"}], "course": [COURSE], "enrol": [ENROLMENT]})
    (found,) = findings(result.folder)
    assert (found["code"], found["entity"], found["key"], found["field"]) == ("SRC-TYPE", "user", "2", "born")


def test_a_value_that_the_mapping_reports_itself_is_named_once(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    _lookup(workspace)
    change(workspace, "mapping/people.yaml", ("  boss_id:", "  born: {from: born}\n  boss_id:"))
    rows = {"user": [{**USER, "born": "junk"}, {**USER, "id": 3, "login": "guest", "born": "junk"}]}
    result = Bench.of(workspace).run(rows)
    # The mapping leaves the guest out and says nothing of it; the lookup reads its value all the same.
    assert {(row["entity"], row["key"]) for row in findings(result.folder)} == {("people", "2"), ("user", "3")}


@pytest.mark.parametrize("code", ["007", "abc"])
def test_lookups_take_no_text_for_a_number(tmp_path: Path, code: str) -> None:
    workspace = write_workspace(tmp_path / "school")
    look = "lookup:\n  who: {from: user, on: {id: code}}\nfields:"
    change(workspace, "mapping/courses.yaml", ("fields:", look), ("coalesce(title, code)", "coalesce(who.name, title)"))
    result = Bench.of(workspace).run({"user": [{**USER, "id": 7}], "course": [{**COURSE, "code": code}]})
    assert result.failure is None
    assert b"c-2,T,basic," in (result.folder / "4_load/courses.csv").read_bytes()


def test_a_value_wanted_once_is_looked_for_across_mappings(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    rest = "fields:\n  person_id: {expr: \"'t-' || cast(id as text)\"}\n  login: {from: code}\n  status: {const: active}\n"
    (workspace / "mapping/rooms.yaml").write_text("from: school.course\nto: hub.people\n" + rest, "utf-8")
    rows = {"user": [USER, {**USER, "id": 3, "login": "b"}], "course": [{**COURSE, "code": "a"}]}
    result = Bench.of(workspace).run(rows)
    assert ended(result.folder, "people") == {"2": ("quarantined", "USR-LOGIN"), "3": ("created", None)}
    assert ended(result.folder, "rooms") == {"2": ("quarantined", "GATE-UNIQUE")}


PIVOT = "pivot:\n  more: {from: attribute, by: userid, name: name, value: value, names: [pronouns]}\nfields:"
ATTRIBUTE = """\
  attribute:
    key: id
    fields: {id: {type: int}, userid: {type: int}, name: {}, value: {}}
  enrol:
"""


@pytest.mark.parametrize(
    ("pair", "treatment", "source"),
    [
        ("", "undeclared", "attribute.shoe size"),
        ('drop: {"attribute.shoe*": not asked for}\n', "dropped", "attribute.shoe size"),
        ("archive: {a: {tables: [attribute], code: ARC-A, reason: kept}}\n", "archived", "attribute.shoe size"),
    ],
)
def test_attributes_that_no_pivot_lists_are_in_the_loss_register(tmp_path: Path, pair: str, treatment: str, source: str) -> None:
    workspace = write_workspace(tmp_path / "school")
    change(workspace, "systems/school.yaml", ("  enrol:\n", ATTRIBUTE))
    change(workspace, "mapping/people.yaml", ("fields:", PIVOT), ("{from: note", '{expr: "coalesce(note, more.pronouns)"'))
    with (workspace / "mapping/pair.yaml").open("a", encoding="utf-8") as stream:
        stream.write(pair)
    checked = Bench.of(workspace)
    write_rows(workspace, {"user": [USER]})
    with closing(sqlite3.connect(workspace / "source.sqlite")) as database, database:
        database.execute("CREATE TABLE attribute (id, userid, name, value)")
        given = [(1, 2, "pronouns", "they"), (2, 2, "shoe size", 43), (3, 2, "shoe size", " "), (4, 99, "pronouns", "she")]
        database.executemany("INSERT INTO attribute VALUES (?, ?, ?, ?)", given)
    result = checked.run()
    (loss,) = [entry for entry in result.summary["loss_register"] if entry["source"].startswith("attribute.")]
    assert (loss["source"], loss["rows"], loss["treatment"]) == (source, 1, treatment)
    codes = sorted((row["code"], row["key"]) for row in findings(result.folder))
    undeclared = [("LOSS-UNDECLARED", None)] if treatment == "undeclared" else []
    assert codes == undeclared + ([] if treatment == "archived" else [("REF-ORPHAN", "4")])


def test_a_column_of_a_file_is_found_whatever_case_the_contract_writes_it_in(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school", "files")
    change(workspace, "systems/school.yaml", ("      note: {}", "      Note: {}"))
    change(workspace, "mapping/people.yaml", ("note: {from: note", "note: {from: Note"))
    result = Bench.of(workspace).run({"user": [{**USER, "note": "kept"}]})
    assert b",kept\n" in (result.folder / "4_load/people.csv").read_bytes()


def share_courses(workspace: Path) -> None:
    """Two views cover the courses, and only one of them is mapped."""
    view = """\
  {0}:
    key: id
    covers: {{course: id}}
    sql: select c.id, c.code, c.title, c.level, c.teacher from course as c where c.title {1} 'x'
    fields: {{id: {{type: int}}, code: {{}}, title: {{}}, level: {{}}, teacher: {{type: int}}}}
"""
    change(workspace, "systems/school.yaml", ("  enrol:\n", view.format("some", "<>") + view.format("rest", "=") + "  enrol:\n"))
    change(workspace, "mapping/courses.yaml", ("school.course", "school.some"))


SHARED = {"course": [COURSE, {**COURSE, "id": 3, "title": "x"}, {**COURSE, "id": 4, "title": None}]}


def test_coverage_is_counted_though_another_pair_uses_other_views(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    share_courses(workspace)
    result = Bench.of(workspace).run(SHARED)
    assert [(row["code"], row["key"]) for row in findings(result.folder)] == [("SRC-UNCOVERED", "3"), ("SRC-UNCOVERED", "4")]


def test_what_a_dropped_view_holds_is_counted_as_lost_and_not_as_uncovered(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    share_courses(workspace)
    with (workspace / "mapping/pair.yaml").open("a", encoding="utf-8") as stream:
        stream.write("drop: {rest: nobody needs them}\n")
    result = Bench.of(workspace).run(SHARED)
    assert [(row["code"], row["key"]) for row in findings(result.folder)] == [("SRC-UNCOVERED", "4")]
    (lost,) = [one for one in result.summary["loss_register"] if one["source"] == "rest"]
    assert (lost["rows"], lost["treatment"], lost["reason"]) == (1, "dropped", "nobody needs them")


def test_a_view_that_is_dropped_and_mapped_is_refused(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    share_courses(workspace)
    with (workspace / "mapping/pair.yaml").open("a", encoding="utf-8") as stream:
        stream.write("drop: {some: nobody needs them}\n")
    assert "the view is dropped, and mappings read it" in refusal(workspace)


# Names --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("mapping/people.yaml", "fields:", "let: {NAME: login}\nfields:", "name of a field of the source"),
        ("mapping/people.yaml", "fields:", "let: {one: login, One: name}\nfields:", "nothing but case"),
        ("mapping/people.yaml", "from: school.user", "entity: Courses\nfrom: school.user", "has the same name"),
        ("mapping/people.yaml", "from: school.user", "entity: findings\nfrom: school.user", "a stage writes a file"),
        ("mapping/pair.yaml", "[levels]", "[levels, Levels]", "once more"),
        ("systems/school.yaml", "      note: {}", "      note: {}\n      Note: {}", "nothing but case"),
        ("systems/school.yaml", "  enrol:\n", "  findings: {key: a, fields: {a: {}}}\n  enrol:\n", "a stage writes a file"),
        ("systems/hub.yaml", "file: people.csv", "file: ../people.csv", "not the name of a file"),
        ("systems/hub.yaml", "file: people.csv", "file: Courses.csv", "another entity has the file"),
        ("systems/hub.yaml", "package: null", "package: /hub.zip", "not the name of a file"),
        ("systems/hub.yaml", "package: null", "package: ..", "not the name of a file"),
        ("systems/hub.yaml", "package: null", MANIFEST, "not the name of a file"),
    ],
)
def test_names_that_mean_two_things_are_refused(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    workspace = write_workspace(tmp_path / "school")
    change(workspace, file, (old, new))
    text = refusal(workspace)
    assert message in text
    assert f"{file.rpartition('/')[2]}:" in text


def test_a_view_reads_no_file_by_way_of_a_name_of_its_own(tmp_path: Path) -> None:
    """The name is one of the query's own where it is not seen, and that of a file where it is."""
    secret = tmp_path / "secret.csv"
    secret.write_text("x\nhidden\n", "utf-8")
    workspace = write_workspace(tmp_path / "school")
    own = f'with "{secret}" as (select c.id as x from course as c) select g.x from "{secret}" as g'
    query = f'select f.x as id from "{secret}" as f where exists ({own})'
    peek = f"  peek:\n    key: id\n    fields: {{id: {{}}}}\n    sql: '{query}'\n"
    change(workspace, "systems/school.yaml", ("  enrol:\n", peek + "  enrol:\n"))
    text = refusal(workspace)
    assert "only entities of the contract can be read" in text
    assert "school.yaml:" in text


def test_the_same_row_is_the_first_of_its_key_in_every_run(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    view = "  pairs:\n    key: userid\n    sql: select e.userid, e.role from enrol as e\n"
    view += "    fields: {userid: {type: int}, role: {}}\n  enrol:\n"
    change(workspace, "systems/school.yaml", ("  enrol:\n", view))
    rest = "fields:\n  person_id: {expr: \"'t-' || cast(userid as text)\"}\n  login: {expr: role}\n  status: {const: active}\n"
    (workspace / "mapping/pairs.yaml").write_text("from: school.pairs\nto: hub.people\n" + rest, "utf-8")
    bench_ = Bench.of(workspace)
    rows: list[dict[str, Any]] = [{**ENROLMENT, "id": n, "userid": n % 50, "role": f"r{n:04}"} for n in range(3000)]
    files = [bench_.run({"enrol": given}).folder.joinpath("4_load/people.csv").read_bytes() for given in (rows, rows[::-1])]
    assert files[0] == files[1]
    assert files[0].count(b"\n") == 51


def test_two_archived_tables_are_never_one_file(tmp_path: Path) -> None:
    """Neither name may be that of a file as it stands; their rows are as many."""
    workspace = write_workspace(tmp_path / "school")
    with (workspace / "mapping/pair.yaml").open("a", encoding="utf-8") as stream:
        stream.write('archive: {notes: {tables: ["notiz*"], code: ARC-NOTES, reason: kept}}\n')
    write_rows(workspace, {"user": [USER]})
    tables = {"notizen ä": "first", "notizen ö": "second", "notizen__": "third"}
    with closing(sqlite3.connect(workspace / "source.sqlite")) as database, database:
        for table, text in tables.items():
            database.execute(f'CREATE TABLE "{table}" (id, text)')
            database.execute(f'INSERT INTO "{table}" VALUES (1, ?)', [text])
    result = Bench.of(workspace).run()
    assert facts(result.folder)["failure"] is None
    archived = facts(result.folder)["archive"]["notes"]["tables"]
    assert {table: pq.read_table(result.folder / archived[table]["file"])["text"].to_pylist() for table in tables} == {
        table: [text] for table, text in tables.items()
    }
