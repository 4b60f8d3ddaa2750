"""Reconciliation proves itself: whatever is done to the load files after loading, it names; whatever is done to the
run's own artefacts is refused."""

from __future__ import annotations

import csv
import io
import json
import shutil
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from altered import tell
from command_line import ATTENTION, FAILED
from run_reading import dispositions, facts, findings, summary, table
from sample_runs import SampleRun, sample_run
from small_pair import CLEAN_ROWS, Bench, write_workspace

from migrate import pipeline
from migrate.artefacts import Extracted, Loaded, Mapped, Validated
from migrate.errors import RunFailed

Table = list[list[str]]
"""Rows of cells; the first is the header."""
Change = Callable[[Table], None]


# The Moodle sample: one thing done to sis_import.zip each time ---------------------------------------------------


@pytest.fixture(scope="module")
def moodle() -> SampleRun:
    return sample_run("moodle_to_canvas")


@pytest.fixture(scope="module")
def legacy() -> SampleRun:
    return sample_run("csv_history_to_totara")


def read(content: bytes) -> Table:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


def write(rows: Table) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode("utf-8")


def repack(package: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(package) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    change(content)
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)


class Damage:
    """A copy of a sample run whose load files were changed, reconciled."""

    def __init__(self, sample: SampleRun, folder: Path, change: Callable[[dict[str, bytes]], None]) -> None:
        run = sample.copy(folder)
        package = folder / "4_load" / "sis_import.zip"
        if package.is_file():
            repack(package, change)
        else:
            files = {f.name: f.read_bytes() for f in package.parent.iterdir() if f.name != "manifest.json"}
            for name in files:
                (package.parent / name).unlink()
            change(files)
            for name, content in files.items():
                (package.parent / name).write_bytes(content)
        tell(Loaded(run.path / "4_load"), Validated(run.path / "3_validate"))
        self.summary, self.facts = sample.finish(run), run.facts
        before = {json.dumps(row, sort_keys=True) for row in findings(sample.folder)}
        self.new = [row for row in findings(folder) if json.dumps(row, sort_keys=True) not in before]
        self.differences = table(folder / "6_reconcile" / "differences.parquet")
        self.dispositions = {(row["entity"], row["key"]): row for row in dispositions(folder)}

    def counts(self) -> dict[str, dict[str, Any]]:
        """What reconciliation found, where it found something."""
        found = {}
        for name, entity in self.summary["entities"].items():
            words = {word: entity[word] for word in ("missing", "extra", "differences") if entity[word]}
            if words:
                found[name] = words
        return found

    def codes(self) -> list[tuple[str, str, str | None, str | None]]:
        return sorted((row["code"], row["entity"], row["key"], row["field"]) for row in self.new)


def in_file(name: str, change: Change) -> Callable[[dict[str, bytes]], None]:
    def changed(content: dict[str, bytes]) -> None:
        rows = read(content[name])
        change(rows)
        content[name] = write(rows)

    return changed


def set_cell(column: str, make: Callable[[str], str], where: Callable[[dict[str, str]], bool] = lambda row: True) -> Change:
    """Change one cell: the first row that fits and whose value really changes."""

    def change(rows: Table) -> None:
        for row in rows[1:]:
            place = rows[0].index(column)
            if where(dict(zip(rows[0], row, strict=True))) and make(row[place]) != row[place]:
                row[place] = make(row[place])
                return
        pytest.fail(f"no row to change in {column}")

    return change


def key_of(sample: SampleRun, entity: str, target_key: str) -> str:
    found = [row["key"] for row in dispositions(sample.folder)
             if (row["entity"], row["target_key"], row["disposition"]) == (entity, target_key, "created")]  # fmt: skip
    assert len(found) == 1
    return str(found[0])


def first_target_key(sample: SampleRun, file: str, columns: list[str], where: Callable[[dict[str, str]], bool]) -> str:
    with zipfile.ZipFile(sample.folder / "4_load" / "sis_import.zip") as archive:
        header, *rows = read(archive.read(file))
    for row in rows:
        named = dict(zip(header, row, strict=True))
        if where(named):
            return "|".join(named[column] for column in columns)
    raise AssertionError("no such row")


def accented(text: str) -> str:
    return unicodedata.normalize("NFD", text)


VALUES = [
    ("users.csv", "users", ["user_id"], "login_id", str.upper, lambda row: True),
    ("users.csv", "users", ["user_id"], "status", lambda value: "suspended", lambda row: row["status"] == "active"),
    ("users.csv", "users", ["user_id"], "email", lambda value: value.replace("@", "+x@"), lambda row: True),
    ("users.csv", "users", ["user_id"], "email", lambda value: "", lambda row: row["email"] != ""),
    ("courses.csv", "courses", ["course_id"], "long_name", lambda value: value[:-1], lambda row: True),
    ("courses.csv", "courses", ["course_id"], "start_date", lambda value: "", lambda row: row["start_date"] != ""),
    ("courses.csv", "courses", ["course_id"], "start_date", lambda value: "01/09/2024",
     lambda row: row["start_date"] != ""),
    ("courses.csv", "courses", ["course_id"], "end_date", lambda value: value.replace("T2", "T1"),
     lambda row: "T2" in row["end_date"]),
    ("enrollments.csv", "enrollments", ["section_id", "user_id", "role"], "status", lambda value: "completed",
     lambda row: row["status"] == "active"),
    ("sections.csv", "sections", ["section_id"], "name", lambda value: "\u200b" + value, lambda row: True),
]  # fmt: skip


@pytest.mark.parametrize(("file", "entity", "key", "field", "make", "where"), VALUES, ids=map(str, range(len(VALUES))))
def test_an_altered_value_is_named(
    moodle: SampleRun, tmp_path: Path, file: str, entity: str, key: list[str], field: str,
    make: Callable[[str], str], where: Callable[[dict[str, str]], bool],
) -> None:  # fmt: skip
    def changes(row: dict[str, str]) -> bool:
        return where(row) and make(row[field]) != row[field]

    target_key = first_target_key(moodle, file, key, changes)
    damage = Damage(moodle, tmp_path / "run", in_file(file, set_cell(field, make, where)))
    source_key = key_of(moodle, entity, target_key)
    assert damage.counts() == {entity: {"differences": {field: 1}}}
    assert damage.codes() == [("REC-DIFFERENT", entity, source_key, field)]
    assert damage.summary["verdict"] == "attention"
    assert damage.summary["findings"]["REC-DIFFERENT"] == 1


def test_a_name_in_another_normal_form_is_excused_and_counted(moodle: SampleRun, tmp_path: Path) -> None:
    """The mapping of names declares `compare: unicode`, so the rule that excuses the pair is counted."""
    damage = Damage(moodle, tmp_path / "run", in_file("users.csv", set_cell("full_name", accented)))
    assert damage.counts() == {}
    assert facts(moodle.folder)["entities"]["users"]["excused"]["full_name"] == {"unicode": 0}
    assert damage.facts["entities"]["users"]["excused"]["full_name"] == {"unicode": 1}


def test_a_name_in_another_normal_form_is_named_where_nothing_excuses_it(tmp_path: Path) -> None:
    result = _run_damaged(Bench(tmp_path / "school"), lambda folder: _edit(folder / "people.csv", set_cell("name", accented)))
    assert result.summary["entities"]["people"]["differences"] == {"name": 1}


def test_a_trailing_blank_is_named_unless_the_importer_strips_it(moodle: SampleRun, tmp_path: Path) -> None:
    """Canvas strips cells, so the blank never arrives; a target that does not strip would hold it."""
    damage = Damage(moodle, tmp_path / "run", in_file("users.csv", set_cell("full_name", lambda value: value + " ")))
    assert damage.counts() == {}
    result = _run_damaged(
        Bench(tmp_path / "school"), lambda folder: _edit(folder / "people.csv", set_cell("name", lambda v: v + " "))
    )
    assert result.summary["entities"]["people"]["differences"] == {"name": 1}
    assert result.exit_code == ATTENTION


def test_007_that_became_7_is_a_missing_and_an_extra_record(moodle: SampleRun, tmp_path: Path) -> None:
    """Person 930 has the number 007, person 931 has 7: an implicit cast would call them equal."""

    def change(rows: Table) -> None:
        place = rows[0].index("user_id")
        for row in rows[1:]:
            if row[place] == "007":
                row[place] = "0007"

    damage = Damage(moodle, tmp_path / "run", in_file("users.csv", change))
    assert damage.counts()["users"] == {"missing": 1, "extra": 1}
    assert ("REC-MISSING", "users", "930", None) in damage.codes()
    assert [row["value"] for row in damage.new if row["code"] == "REC-EXTRA" and row["entity"] == "users"] == ["0007"]
    assert damage.dispositions["users", "930"]["disposition"] == "failed"


def test_007_that_becomes_the_7_of_somebody_else(moodle: SampleRun, tmp_path: Path) -> None:
    def change(rows: Table) -> None:
        place = rows[0].index("user_id")
        for row in rows[1:]:
            if row[place] == "007":
                row[place] = "7"

    damage = Damage(moodle, tmp_path / "run", in_file("users.csv", change))
    assert ("REC-MISSING", "users", "930", None) in damage.codes()
    assert damage.counts()["users"]["missing"] == 1
    assert damage.summary["verdict"] != "pass"


def test_a_deleted_row_is_named_with_what_hangs_on_it(moodle: SampleRun, tmp_path: Path) -> None:
    damage = Damage(moodle, tmp_path / "run", in_file("group_membership.csv", lambda rows: rows.pop(5) and None))
    assert damage.counts() == {"group_membership": {"missing": 1}}
    (code, entity, key, _), = damage.codes()  # fmt: skip
    assert (code, entity) == ("REC-MISSING", "group_membership")
    assert damage.dispositions[entity, str(key)]["disposition"] == "failed"
    assert damage.summary["balanced"] is True
    assert damage.summary["entities"][entity]["dispositions"]["failed"] == 1


def test_a_deleted_person_takes_their_enrolments_along(moodle: SampleRun, tmp_path: Path) -> None:
    def change(rows: Table) -> None:
        rows[:] = [row for row in rows if row[0] != "007"]

    damage = Damage(moodle, tmp_path / "run", in_file("users.csv", change))
    assert damage.counts()["users"] == {"missing": 1}
    with zipfile.ZipFile(moodle.folder / "4_load" / "sis_import.zip") as archive:
        header, *rows = read(archive.read("enrollments.csv"))
    own = sum(1 for row in rows if row[header.index("user_id")] == "007")
    assert damage.summary["entities"]["enrollments"]["missing"] == own
    refused = [row["message"] for row in damage.new if row["entity"] == "enrollments"]
    assert all("no users" in message for message in refused)


@pytest.mark.parametrize("file", ["users.csv", "courses.csv", "group_membership.csv", "accounts.csv"])
def test_an_added_row_is_named(moodle: SampleRun, tmp_path: Path, file: str) -> None:
    entity = file.removesuffix(".csv")
    own = {"users": {"user_id": "intruder", "login_id": "intruder"}, "courses": {"course_id": "intruder"},
           "group_membership": {}, "accounts": {"account_id": "intruder"}}[entity]  # fmt: skip

    def change(rows: Table) -> None:
        row = dict(zip(rows[0], rows[-1], strict=True)) | own
        if entity == "group_membership":  # somebody of the same course who is not in this group
            groups = {}
            for r in rows[1:]:
                groups.setdefault(r[0], set()).add(r[1])
            cohorts = [g for g in groups if not g.startswith("group-")]
            others = sorted(groups[cohorts[0]] - groups[cohorts[1]])
            row |= {"group_id": cohorts[1], "user_id": others[0]}
        rows.append([row[column] for column in rows[0]])

    damage = Damage(moodle, tmp_path / "run", in_file(file, change))
    assert damage.counts() == {entity: {"extra": 1}}
    (found,) = damage.new
    assert (found["code"], found["entity"], found["key"]) == ("REC-EXTRA", entity, None)
    assert "intruder" in found["value"] or entity == "group_membership"
    assert damage.summary["verdict"] == "attention"


def test_two_people_swapped_in_a_course_are_named(moodle: SampleRun, tmp_path: Path) -> None:
    """Counts, sums and profiles stay as they were: only keys tell."""

    def change(rows: Table) -> None:
        column = {name: number for number, name in enumerate(rows[0])}
        places: dict[str, set[str]] = {}
        for row in rows[1:]:
            places.setdefault(row[column["user_id"]], set()).add(row[column["course_id"]])
        students = [row for row in rows[1:] if row[column["role"]] == "student"]
        for a in students:
            for b in students:
                of_a, of_b = a[column["user_id"]], b[column["user_id"]]
                if a[column["course_id"]] not in places[of_b] and b[column["course_id"]] not in places[of_a]:
                    a[column["user_id"]], b[column["user_id"]] = of_b, of_a
                    return

    damage = Damage(moodle, tmp_path / "run", in_file("enrollments.csv", change))
    found = damage.counts()["enrollments"]
    assert found["missing"] == 2
    assert found["extra"] == 2
    assert sorted(row["code"] for row in damage.new if row["entity"] == "enrollments") == [
        "REC-EXTRA", "REC-EXTRA", "REC-MISSING", "REC-MISSING",
    ]  # fmt: skip


def test_a_row_that_stands_twice_with_other_values_is_named(moodle: SampleRun, tmp_path: Path) -> None:
    def change(rows: Table) -> None:
        place = rows[0].index("full_name")
        rows.append([*rows[1][:place], "Somebody Else", *rows[1][place + 1 :]])

    damage = Damage(moodle, tmp_path / "run", in_file("users.csv", change))
    assert damage.counts() == {"users": {"extra": 1, "differences": {"full_name": 1}}}


def test_a_broken_header_is_named(moodle: SampleRun, tmp_path: Path) -> None:
    """Without its `section_id`, sections.csv is no file that Canvas knows: all its rows are missing."""

    def change(rows: Table) -> None:
        rows[0][rows[0].index("section_id")] = "section"

    damage = Damage(moodle, tmp_path / "run", in_file("sections.csv", change))
    created = moodle.result.summary["entities"]["sections"]["dispositions"]["created"]
    assert damage.summary["entities"]["sections"]["missing"] == created
    assert damage.summary["entities"]["sections"]["dispositions"]["failed"] == created
    assert [row["value"] for row in damage.new if row["code"] == "READ-FILE"] == ["sections.csv"]
    assert damage.summary["verdict"] != "pass"


def test_a_column_that_is_gone_is_named(moodle: SampleRun, tmp_path: Path) -> None:
    def change(rows: Table) -> None:
        place = rows[0].index("email")
        for row in rows:
            del row[place]

    with zipfile.ZipFile(moodle.folder / "4_load" / "sis_import.zip") as archive:
        header, *rows = read(archive.read("users.csv"))
    filled = sum(1 for row in rows if row[header.index("email")])
    damage = Damage(moodle, tmp_path / "run", in_file("users.csv", change))
    assert damage.counts() == {"users": {"differences": {"email": filled}}}


def test_a_file_that_is_gone_is_named(moodle: SampleRun, tmp_path: Path) -> None:
    damage = Damage(moodle, tmp_path / "run", lambda content: content.pop("groups.csv") and None)
    created = moodle.result.summary["entities"]["groups"]["dispositions"]["created"]
    assert damage.summary["entities"]["groups"]["missing"] == created
    assert damage.summary["verdict"] != "pass"


def test_a_file_nobody_wrote_is_named(moodle: SampleRun, tmp_path: Path) -> None:
    damage = Damage(moodle, tmp_path / "run", lambda content: content.update({"more.csv": b"a,b\n1,2\n"}))
    assert [(row["code"], row["value"]) for row in damage.new] == [("READ-FILE", "more.csv")]


def test_bytes_that_are_not_utf_8_are_named(moodle: SampleRun, tmp_path: Path) -> None:
    def change(content: dict[str, bytes]) -> None:
        content["terms.csv"] = content["terms.csv"].replace(b"active", b"activ\xe9", 1)

    damage = Damage(moodle, tmp_path / "run", change)
    created = moodle.result.summary["entities"]["terms"]["dispositions"]["created"]
    assert damage.summary["entities"]["terms"]["missing"] == created
    assert [row["value"] for row in damage.new if row["code"] == "READ-FILE"] == ["terms.csv"]


def test_nothing_done_is_nothing_found(moodle: SampleRun, tmp_path: Path) -> None:
    damage = Damage(moodle, tmp_path / "run", lambda content: None)
    assert damage.counts() == {}
    assert damage.new == []
    assert dispositions(tmp_path / "run") == dispositions(moodle.folder)


# The training history: another target, plain files, no stripping of columns ---------------------------------------


@pytest.mark.parametrize(
    ("file", "entity", "field", "make", "expected"),
    [
        # The date is part of the key: the record is gone, and what stands there instead is no record of the source.
        ("course_completion.csv", "course_completions", "completiondate", lambda value: "", {"missing": 1, "extra": 1}),
        ("course_completion.csv", "course_completions", "grade", lambda value: value + "1", {"differences": {"grade": 1}}),
        ("user.csv", "users", "lastname", accented, {"differences": {"lastname": 1}}),
        ("user.csv", "users", "customfield_hiredate", lambda value: "", {"differences": {"customfield_hiredate": 1}}),
        ("org.csv", "organisations", "fullname", str.upper, {"differences": {"fullname": 1}}),
    ],
)
def test_an_altered_value_of_the_training_history_is_named(
    legacy: SampleRun,
    tmp_path: Path,
    file: str,
    entity: str,
    field: str,
    make: Callable[[str], str],
    expected: dict[str, object],
) -> None:
    damage = Damage(legacy, tmp_path / "run", in_file(file, set_cell(field, make)))
    assert damage.counts() == {entity: expected}
    codes = [row["code"] for row in damage.new]
    assert codes == (["REC-EXTRA", "REC-MISSING"] if "extra" in expected else ["REC-DIFFERENT"])
    assert damage.new[-1]["key"] is not None
    assert damage.summary["verdict"] == "attention"


def test_leading_zeros_lost_in_the_training_history_are_named(legacy: SampleRun, tmp_path: Path) -> None:
    """What a spreadsheet does to employee numbers."""

    def change(rows: Table) -> None:
        place = rows[0].index("idnumber")
        for row in rows[1:]:
            row[place] = row[place].lstrip("0")

    damage = Damage(legacy, tmp_path / "run", in_file("user.csv", change))
    created = legacy.result.summary["entities"]["users"]["dispositions"]["created"]
    assert damage.summary["entities"]["users"]["missing"] == damage.summary["entities"]["users"]["extra"] == created


def test_a_file_with_a_column_too_many_is_refused_whole(legacy: SampleRun, tmp_path: Path) -> None:
    def change(rows: Table) -> None:
        for number, row in enumerate(rows):
            row.append("more" if number == 0 else "")

    damage = Damage(legacy, tmp_path / "run", in_file("pos.csv", change))
    created = legacy.result.summary["entities"]["positions"]["dispositions"]["created"]
    assert damage.summary["entities"]["positions"]["missing"] == created
    assert [row["value"] for row in damage.new if row["code"] == "READ-FILE"] == ["pos.csv"]


# The small pair: what was delivered is what counts -----------------------------------------------------------------


def _edit(file: Path, change: Change) -> None:
    rows = read(file.read_bytes())
    change(rows)
    file.write_bytes(write(rows))


def _run_damaged(bench_: Bench, damage: Callable[[Path], None], **options: Any) -> pipeline.RunResult:
    """Run; between loading and reading back, damage the load folder as a faulty loader would."""
    original = pipeline.load

    def faulty(validated: Validated, *rest: Any, **words: Any) -> Loaded:
        loaded = original(validated, *rest, **words)
        damage(loaded.folder)
        tell(loaded, validated)
        return loaded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "load", faulty)
        return bench_.run(CLEAN_ROWS, **options)


def test_a_live_run_reads_back_what_was_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files in the run folder are sound; those that were delivered are not."""
    bench_ = Bench(tmp_path / "school", deliver="../outbox")
    original = pipeline.read_back

    def later(*arguments: Any) -> Any:
        _edit(tmp_path / "outbox" / "enrolments.csv", lambda rows: rows.pop(1) and None)
        return original(*arguments)

    monkeypatch.setattr(pipeline, "read_back", later)
    result = bench_.run(CLEAN_ROWS, live=True)
    assert result.exit_code == ATTENTION
    assert result.summary["entities"]["enrolments"]["missing"] == 1
    assert result.summary["findings"] == {"REC-MISSING": 1}


def test_a_delivered_file_that_is_gone_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench_ = Bench(tmp_path / "school", deliver="../outbox")
    original = pipeline.read_back

    def later(*arguments: Any) -> Any:
        (tmp_path / "outbox" / "people.csv").unlink()
        return original(*arguments)

    monkeypatch.setattr(pipeline, "read_back", later)
    result = bench_.run(CLEAN_ROWS, live=True)
    assert result.exit_code == FAILED
    assert "people.csv" in (result.failure or "")
    assert facts(result.folder)["stopped_at"] == "read_back"


@pytest.mark.parametrize("duplicates", ["keep", "refuse", "last"])
@pytest.mark.parametrize("added", ["a copy", "a row without a login"])
def test_an_added_row_that_the_importer_drops_is_named(tmp_path: Path, duplicates: str, added: str) -> None:
    """It changes no value of any record, and still nothing explains it."""
    contract = write_workspace(tmp_path / "school") / "systems" / "hub.yaml"
    text = contract.read_text("utf-8").replace("file: people.csv", f"file: people.csv\n    duplicates: {duplicates}")
    contract.write_text(text, "utf-8")

    def change(rows: Table) -> None:
        row = dict(zip(rows[0], rows[1], strict=True))
        rows.append(list((row if added == "a copy" else row | {"person_id": "p-99", "login": ""}).values()))

    result = _run_damaged(Bench.of(contract.parents[1]), lambda folder: _edit(folder / "people.csv", change))
    assert result.failure is None
    assert result.exit_code == ATTENTION
    (found,) = findings(result.folder)
    assert found["code"].startswith("REC-")
    assert found["entity"] == "people"
    assert found["value"] == ("p-2" if added == "a copy" else "p-99")


def _column(name: str, value: str) -> Callable[[Path], None]:
    def change(rows: Table) -> None:
        for number, row in enumerate(rows):
            row.append(value if number else name)

    return lambda folder: _edit(folder / "people.csv", change)


def test_a_value_in_a_field_that_nobody_maps_is_named(tmp_path: Path) -> None:
    mapping = write_workspace(tmp_path / "school") / "mapping/people.yaml"
    text = mapping.read_text("utf-8").replace("  note: {from: note, do: [blank_to_null]}\n", "")
    mapping.write_text(text.replace("tests:", "drop: {note: not ours}\ntests:"), "utf-8")
    result = _run_damaged(Bench.of(mapping.parents[1]), _column("note", "x"))
    assert result.exit_code == ATTENTION
    assert result.summary["entities"]["people"]["differences"] == {"note": len(CLEAN_ROWS["user"])}


def test_a_column_that_stands_twice_is_named(bench: Bench) -> None:
    """Nobody knows which of the two an importer takes."""
    result = _run_damaged(bench, _column("email", "x@y.org"))
    assert result.exit_code == ATTENTION
    assert [row["value"] for row in findings(result.folder) if row["code"] == "READ-FILE"] == ["people.csv"]


# Artefacts between stages ------------------------------------------------------------------------------------------

STEPS = [
    ("map_stage", "1_extract", "user.parquet"),
    ("validate", "2_map", "people.parquet"),
    ("load", "3_validate", "people.parquet"),
    ("reconcile", "3_validate", "people.parquet"),
    ("load", "2_map", "people.parquet"),
    ("reconcile", "2_map", "people.parquet"),
    ("read_back", "4_load", "people.csv"),
    ("reconcile", "5_read_back", "people.parquet"),
]


def _before(bench_: Bench, stage: str, action: Callable[[Path], None]) -> pipeline.RunResult:
    """Run; right before ``stage``, do something in the run folder."""
    original = getattr(pipeline, stage)

    def wrapped(*arguments: Any, **words: Any) -> Any:
        (run,) = (bench_.folder / "runs").iterdir()
        action(run)
        return original(*arguments, **words)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, stage, wrapped)
        return bench_.run(CLEAN_ROWS)


@pytest.mark.parametrize(("stage", "folder", "file"), STEPS)
@pytest.mark.parametrize("how", ["altered", "removed"])
def test_a_tampered_artefact_is_refused(bench: Bench, stage: str, folder: str, file: str, how: str) -> None:
    def tamper(run: Path) -> None:
        path = run / folder / file
        if how == "removed":
            path.unlink()
        elif path.suffix == ".parquet":
            content = pq.read_table(path)
            pq.write_table(content.slice(0, content.num_rows - 1), path)
        else:
            path.write_bytes(path.read_bytes() + b"\n")

    result = _before(bench, stage, tamper)
    assert result.exit_code == FAILED
    assert file in (result.failure or "")
    assert ("is gone" if how == "removed" else "is not what stage") in (result.failure or "")
    assert facts(result.folder)["stopped_at"] == stage.removesuffix("_stage")
    assert summary(result.folder)["verdict"] == "fail"


@pytest.mark.parametrize(("stage", "folder"), [("load", "3_validate"), ("read_back", "4_load"), ("validate", "2_map")])
def test_an_artefact_without_a_manifest_is_refused(bench: Bench, stage: str, folder: str) -> None:
    result = _before(bench, stage, lambda run: (run / folder / "manifest.json").unlink())
    assert result.exit_code == FAILED
    assert "manifest.json" in (result.failure or "")


def test_a_loader_takes_validated_rows_only(bench: Bench) -> None:
    """Neither by type nor by file can rows that were not validated be loaded."""
    original = pipeline.load

    def wrong_type(validated: Validated, *rest: Any) -> Loaded:
        return original(Mapped(validated.folder.with_name("2_map")), *rest)  # type: ignore[arg-type]

    def wrong_file(validated: Validated, *rest: Any) -> Loaded:
        return original(Validated(validated.folder.with_name("2_map")), *rest)

    for wrong in (wrong_type, wrong_file):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pipeline, "load", wrong)
            result = bench.run(CLEAN_ROWS)
        assert result.exit_code == FAILED
        assert "validate" in (result.failure or "")
        assert not list((result.folder / "4_load").glob("*.csv"))


# Dispositions ------------------------------------------------------------------------------------------------------


def _rewrite_mapped(run: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """As stages would leave rows that lose count of them, manifests and all."""
    mapped, validated = run / "2_map", run / "3_validate"
    file = mapped / "courses.parquet"
    content = pq.read_table(file)
    rows = sorted(content.to_pylist(), key=lambda row: row["_key"])
    pq.write_table(pa.Table.from_pylist(change(rows), content.schema), file)
    tell(Mapped(mapped), Extracted(run / "1_extract"))
    tell(Validated(validated), Mapped(mapped))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("one less", lambda rows: rows[1:]),
        ("one twice", lambda rows: [rows[0], *rows]),
        ("a word nobody knows", lambda rows: [{**rows[0], "_disposition": "skipped"}, *rows[1:]]),
        ("one for another", lambda rows: [{**rows[0], "_key": rows[1]["_key"]}, *rows[1:]]),
    ],
)
def test_dispositions_that_do_not_balance_fail_the_run(bench: Bench, name: str, change: Any) -> None:
    result = _before(bench, "reconcile", lambda run: _rewrite_mapped(run, change))
    assert result.exit_code == FAILED, name
    assert "do not balance" in (result.failure or "")
    assert "courses" in (result.failure or "")
    told = summary(result.folder)
    assert told["balanced"] is False
    assert told["verdict"] == "fail"
    assert facts(result.folder)["stopped_at"] == "reconcile"


def test_an_archive_that_lost_a_row_fails_the_run(moodle: SampleRun, tmp_path: Path) -> None:
    from migrate.artefacts import Extracted, Mapped, Reconciled
    from migrate.errors import Unbalanced
    from migrate.progress import Silent
    from migrate.stages.archive import archive

    run = moodle.copy(tmp_path / "run")
    shutil.copytree(moodle.folder / "1_extract", run.path / "1_extract")
    moodle.finish(run)
    file = run.path / "1_extract" / "quiz_attempts.parquet"
    content = pq.read_table(file)
    pq.write_table(content.slice(1), file)
    with pytest.raises((Unbalanced, RunFailed), match="quiz_attempts"):
        stages = Extracted(run.path / "1_extract"), Mapped(run.path / "2_map"), Reconciled(run.path / "6_reconcile")
        archive(*stages, moodle.plan, run, Silent(), "1GB")
