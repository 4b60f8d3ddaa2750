"""Rules over both sides find what counts and field by field comparison do not, and raise no alarm about what is accounted for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from altered import tell
from both_sides_rules import RULES, add_rules, ruled_bench
from run_reading import facts, findings, table
from small_pair import CLEAN_ROWS, GOOD_ROWS, Bench, write_workspace

from migrate import pipeline
from migrate.artefacts import Loaded, Validated
from migrate.check import check
from migrate.errors import ConfigurationError
from migrate.pipeline import RunResult
from migrate.reconciliation.columns import personal
from migrate.run_folder import RunFolder
from migrate.stages import both_sides as both_sides_stage
from migrate.stages.both_sides import why_not
from reports.build import build
from reports.html import render
from reports.text import render_text
from reports.xlsx.write import write_xlsx

Change = Callable[[list[dict[str, str]]], None]


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return ruled_bench(tmp_path_factory.mktemp("ruled") / "school")


def damaged(bench: Bench, file: str, change: Change) -> RunResult:
    """A run in which a faulty loader changes a load file."""
    original = pipeline.load

    def faulty(validated: Validated, *rest: Any, **words: Any) -> Loaded:
        loaded = original(validated, *rest, **words)
        path = loaded.folder / file
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
        change(rows)
        stream = io.StringIO()
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(stream.getvalue(), "utf-8")
        tell(loaded, validated)
        return loaded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "load", faulty)
        return bench.run(CLEAN_ROWS)


def told(result: RunResult) -> dict[tuple[str, str | None], str]:
    """``{(code, key): value}`` of the findings of rules."""
    return {(f["code"], f["key"]): f["value"] for f in findings(result.folder) if f["code"].startswith("BTH")}


MORE = """\
  more:
    label: More
    code: BTH-MORE
    mapping: {mapping}
    source: {source}
    target: {target}
    {compare}
"""


def more_rules(folder: Path, name: str, column: str, compare: str) -> Bench:
    """The small pair with its rules and one about a column of all people."""
    workspace = write_workspace(folder / name)
    words = {"mapping": "people", "compare": compare}
    words |= {"source": f'select u.id as record, {column.format("u")} from "user" u'}
    words |= {"target": f"select p.person_id as record, {column.format('p')} from people p"}
    add_rules(workspace, MORE.format(**words))
    return Bench.of(workspace)


def verdicts(result: RunResult) -> dict[str, str]:
    return {name: check_["verdict"] for name, check_ in result.summary["reconciliation"]["checks"].items()}


def row(rows: list[dict[str, str]], **values: str) -> dict[str, str]:
    return next(each for each in rows if all(each[name] == value for name, value in values.items()))


def test_a_sound_run_holds_and_accounts_for_everything(ruled: Bench) -> None:
    result = ruled.run(GOOD_ROWS)
    checks: Mapping[str, Any] = result.summary["reconciliation"]["checks"]
    assert set(verdicts(result).values()) == {"equal"}
    assert told(result) == {}
    assert checks["courses_of_people"] | {"verdict": ""} == {
        "verdict": "", "groups": 4, "different": 0, "source": 6, "parts": {"merged": 1, "excluded": 1},
        "expected": 4, "target": 4,
    }  # fmt: skip
    assert checks["scores"]["parts"] == {"merged": 1, "excluded": 1}
    accounting = table(result.folder / "6_reconcile" / "accounting.parquet")
    reasons = {(r["part"], r["code"]) for r in accounting if r["rule"] == "courses_of_people"}
    assert reasons == {("merged", "ENR-FOLDED"), ("excluded", "ENR-GUEST"), ("expected", None)}


def test_two_people_who_change_places_are_found_though_all_counts_agree(ruled: Bench) -> None:
    def swap(rows: list[dict[str, str]]) -> None:
        teacher, student = row(rows, role="teacher"), row(rows, course_id="c-3", person_id="p-5")
        teacher["person_id"], student["person_id"] = student["person_id"], teacher["person_id"]

    result = damaged(ruled, "enrolments.csv", swap)
    assert told(result) == {("BTH-TEACHERS", "2"): "not in the target: p-2; not in the source: p-5"}
    assert verdicts(result)["courses_of_people"] == "equal", "each person is in as many courses as before"
    assert result.summary["verdict"] == "attention"


def test_a_mapping_does_not_agree_with_itself(tmp_path: Path) -> None:
    """The mapping gives a teacher's enrolments to another. The target holds what it says, and the rule is not fooled."""
    workspace = write_workspace(tmp_path / "school")
    add_rules(workspace)
    file = workspace / "mapping" / "enrolments.yaml"
    wrong = "by: case when role = 'teacher' then 5 else userid end"
    file.write_text(file.read_text("utf-8").replace("by: userid", wrong), "utf-8")
    result = Bench.of(workspace).run(CLEAN_ROWS)
    assert all(not entity["differences"] and not entity["missing"] for entity in result.summary["entities"].values())
    assert told(result) == {
        ("BTH-TEACHERS", "2"): "not in the target: p-2; not in the source: p-5",
        ("BTH-COURSES", "2"): "the source has 1, the target 0",
        ("BTH-COURSES", "5"): "the source has 1, the target 2",
    }


def test_a_lost_teacher_is_no_explanation(ruled: Bench) -> None:
    result = damaged(ruled, "enrolments.csv", lambda rows: rows.remove(row(rows, role="teacher")))
    assert told(result) == {
        ("BTH-TEACHERS", "2"): "not in the target: p-2",
        ("BTH-COURSES", "2"): "the source has 1, the target 0",
    }


def test_an_altered_date_is_told_with_both_values(ruled: Bench) -> None:
    result = damaged(ruled, "people.csv", lambda rows: row(rows, person_id="p-2").update(born="1971-01-02T00:00:00Z"))
    assert told(result) == {("BTH-BORN", "2"): "the source has 1970-01-02 00:00:00, the target 1971-01-02 00:00:00"}


def test_a_value_that_somebody_had_none_of_is_told_though_another_has_it(tmp_path: Path) -> None:
    """All birthdays of the group were there before: what is new is that nobody lacks one."""

    def born_alike(rows: list[dict[str, str]]) -> None:
        for person in ("p-3", "p-5"):
            row(rows, person_id=person)["born"] = row(rows, person_id="p-2")["born"]

    bench = more_rules(tmp_path, "birthdays", "cast({}.born as text) as born", "compare: {born: set}")
    assert told(bench.run(CLEAN_ROWS)) == {}
    assert told(damaged(bench, "people.csv", born_alike)) == {
        ("BTH-MORE", None): "not in the target: no value",
        ("BTH-BORN", "3"): "the source has no value, the target 1970-01-02 00:00:00",
        ("BTH-BORN", "5"): "the source has no value, the target 1970-01-02 00:00:00",
    }


def test_a_record_without_a_value_that_is_lost_is_told(ruled: Bench) -> None:
    result = damaged(ruled, "people.csv", lambda rows: rows.remove(row(rows, person_id="p-5")))
    assert told(result)["BTH-BORN", "5"] == "the source has no value, the target nothing"


def test_what_cannot_be_added_is_not_taken_for_nothing(tmp_path: Path) -> None:
    bench = more_rules(tmp_path, "notes", "{}.note as notes", "compare: {notes: sum}")
    rows = {**CLEAN_ROWS, "user": [{**r, "note": "2.5"} for r in CLEAN_ROWS["user"]]}
    bench.run(rows)
    assert verdicts(bench.run(rows))["more"] == "equal"
    result = bench.run({**CLEAN_ROWS, "user": [{**r, "note": "2,5"} for r in CLEAN_ROWS["user"]]})
    assert told(result) == {
        ("BTH-MORE", None): "the source has 0 and 3 that cannot be added, the target 0 and 3 that cannot be added"
    }


def test_a_key_that_looks_like_a_second_one_is_compared(tmp_path: Path) -> None:
    """``A`` and ``A#2`` are two courses. Only a key that stands twice is set aside."""
    workspace = write_workspace(tmp_path / "school")
    contract = workspace / "systems" / "school.yaml"
    text = contract.read_text("utf-8")
    before, courses = text.split("  course:\n")
    contract.write_text(before + "  course:\n" + courses.replace("key: id", "key: code", 1), "utf-8")
    add_rules(workspace, MORE.format(
        mapping="courses", source="select c.code as record, c.title as title from course c",
        target="select c.course_id as record, c.title as title from courses c", compare="compare: {title: set}",
    ))  # fmt: skip
    courses_ = [{"id": 2, "code": "A", "title": "Algebra"}, {"id": 3, "code": "A#2", "title": "Analysis"}]
    file = workspace / "mapping" / "courses.yaml"
    file.write_text(file.read_text("utf-8").replace("coalesce(title, code)", "left(title, 2)"), "utf-8")
    bench = Bench.of(workspace)
    result = bench.run({"user": CLEAN_ROWS["user"], "course": courses_})
    assert "ambiguous" not in result.summary["reconciliation"]["checks"]["more"]["parts"]
    assert told(result)["BTH-MORE", None] == "not in the target: Algebra, Analysis; not in the source: Al, An"
    result = bench.run({"user": CLEAN_ROWS["user"], "course": [courses_[0], courses_[0] | {"title": "Again"}]})
    assert result.summary["reconciliation"]["checks"]["more"]["parts"] == {"ambiguous": 2}


def test_a_sum_is_told_within_its_tolerance(ruled: Bench) -> None:
    result = damaged(ruled, "people.csv", lambda rows: row(rows, person_id="p-2").update(score="7.5000001"))
    assert told(result) == {}
    result = damaged(ruled, "people.csv", lambda rows: row(rows, person_id="p-2").update(score="8"))
    assert told(result) == {("BTH-SCORES", None): "the source has 7.5, the target 8"}
    (found,) = [r for r in table(result.folder / "6_reconcile" / "both_sides.parquet") if r["verdict"] == "different"]
    assert (found["grouped"], found["measure"], found["remainder"]) == (["active"], "scores", 0.5)


def test_a_record_that_no_mapping_has_is_told(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    file = workspace / "mapping" / "pair.yaml"
    rule = RULES.replace(
        "select e.id as record, e.userid as person from enrol e", "select e.userid as record, 2 as person from enrol e"
    )
    file.write_text(file.read_text("utf-8") + rule, "utf-8")
    result = Bench.of(workspace).run({**CLEAN_ROWS, "enrol": [{"id": 77, "userid": 9, "courseid": 2, "role": "student"}]})
    unseen = [(f["entity"], f["key"]) for f in findings(result.folder) if f["code"] == "REC-UNSEEN"]
    assert unseen == [("enrolments", "9")]
    assert verdicts(result)["courses_of_people"] == "different"


def test_what_a_named_finding_explains_is_counted_and_left_out(tmp_path: Path) -> None:
    """A score outside its range is not loaded, with a warning that the rule names as a reason."""
    workspace = write_workspace(tmp_path / "school")
    rule = RULES.replace("case when u.score between -10 and 100 then u.score end as scores", "u.score as scores")
    file = workspace / "mapping" / "pair.yaml"
    text = file.read_text("utf-8")
    rows = {**CLEAN_ROWS, "user": [{**r, "score": 700} if r["id"] == 2 else r for r in CLEAN_ROWS["user"]]}
    file.write_text(text + rule, "utf-8")
    assert told(Bench.of(workspace).run(rows)) == {("BTH-SCORES", None): "the source has 700, the target 0"}
    explained = "    within: {scores: 0.000001}\n    explained: {USR-SCORE: outside of the range}\n"
    file.write_text(text + rule.replace("    within: {scores: 0.000001}\n", explained), "utf-8")
    result = Bench.of(workspace).run(rows)
    assert told(result) == {}
    assert result.summary["reconciliation"]["checks"]["scores"]["parts"] == {"explained": 1}


def test_rules_that_a_part_of_the_pair_cannot_answer_are_not_asked(ruled: Bench) -> None:
    result = ruled.run(CLEAN_ROWS, only="people")
    assert verdicts(result) == {
        "teachers": "not asked", "courses_of_people": "not asked", "scores": "equal", "births": "equal",
    }  # fmt: skip


def test_every_row_read_back_is_accounted_for(ruled: Bench) -> None:
    def two(rows: list[dict[str, str]]) -> None:
        rows[0]["name"] = "Somebody"
        rows.append(dict(rows[1]) | {"person_id": "p-99", "login": "p99", "email": ""})

    result = damaged(ruled, "people.csv", two)
    assert result.summary["reconciliation"]["rows"]["people"] == {
        "rows": 4, "identical": 2, "transformed": 0, "different": 1, "existing": 0, "extra": 1,
    }  # fmt: skip
    assert "REC-UNEVEN" not in result.summary["findings"]


def test_a_second_row_of_a_record_is_extra_whatever_its_order(ruled: Bench) -> None:
    def twice(rows: list[dict[str, str]]) -> None:
        rows.insert(0, dict(row(rows, person_id="p-2")) | {"name": "Not Ana"})

    result = damaged(ruled, "people.csv", twice)
    people = result.summary["reconciliation"]["rows"]["people"]
    assert people["rows"] == sum(n for word, n in people.items() if word != "rows")


def test_a_pair_that_a_rule_excuses_is_named_and_an_idle_rule_is_told(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "school")
    file = workspace / "mapping" / "people.yaml"
    rules = "do: [blank_to_null], compare: [trim, case]}"
    file.write_text(
        file.read_text("utf-8").replace("name: {from: name, do: [blank_to_null]}", "name: {from: name, " + rules), "utf-8"
    )
    bench = Bench.of(workspace)
    assert bench.run(CLEAN_ROWS).summary["verdict"] == "pass", "that a rule is idle is told of live targets"
    result = damaged(bench, "people.csv", lambda rows: row(rows, person_id="p-3").update(name="BO "))
    assert result.summary["entities"]["people"]["differences"] == {}
    (pair,) = table(result.folder / "6_reconcile" / "excused.parquet")
    assert pair == {
        "entity": "people", "key": "3", "target_key": "p-3", "field": "name", "rule": "trim + case",
        "expected": "Bo", "actual": "BO ",
    }  # fmt: skip
    assert facts(result.folder)["entities"]["people"]["excused"] == {"name": {"trim": 0, "case": 0, "trim + case": 1}}
    assert result.summary["reconciliation"]["rows"]["people"]["transformed"] == 1


def test_a_rule_is_refused_on_a_field_that_it_is_not_about(tmp_path: Path) -> None:
    """'007' would be 7 if text were compared as numbers."""
    workspace = write_workspace(tmp_path / "school")
    file = workspace / "mapping" / "people.yaml"
    text = file.read_text("utf-8").replace("note: {from: note,", "note: {from: note, compare: {number: 1},")
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        check(workspace)
    (problem,) = refused.value.problems
    assert problem.message == "number is about int and decimal; note is string in the target"
    assert problem.allowed == ("exact", "trim", "case", "unicode")
    assert problem.place is not None
    assert problem.place.file.name == "people.yaml"


@pytest.mark.parametrize(
    ("old", "new", "message", "value"),
    [
        ("mapping: people", "mapping: peple", "there is no such mapping", "peple"),
        ("{ref: courses}", "{crosswalk: kinds}", "no field is mapped by this crosswalk", "kinds"),
        ("{ref: courses}", "{ref: curses}", "there is no such mapping", "curses"),
        ("from enrol e where", "from enrl e where", "school has no such entity", "enrl"),
        ("from people p\n    by: [status]", "from persons p\n    by: [status]", "hub has no such entity", "persons"),
        ("p.status as status", "p.status as state", "the query of the target does not give this column", "status"),
        ("u.born as born", "nonsense(u.born) as born", None, None),
        ("u.born as born", "u.bron as born", None, None),
        ("{born: max}", "{born: maximum}", "both_sides.births.compare.born has a value that is not allowed", "maximum"),
        ("by: [person]\n    compare: {born: max}", "by: [born]\n    compare: {born: max}", None, None),
        ("compare: {born: max}", "compare: {born: max}\n    within: {born: 1}", None, None),
        ("scores: 0.000001", "scores: -1", "both_sides.scores.within.scores: Input should be greater than or equal to 0", -1),
        ("scores: sum}", "scores: sum}\n    same: {scores: {crosswalk: levels}}", None, None),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_asked_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, message: str | None, value: str | None
) -> None:
    workspace = write_workspace(tmp_path / "school")
    assert old in RULES
    file = workspace / "mapping" / "pair.yaml"
    file.write_text(file.read_text("utf-8") + RULES.replace(old, new), "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        check(workspace)
    problem = refused.value.problems[0]
    assert problem.place is not None
    assert problem.place.file.name == "pair.yaml"
    assert problem.place.line is not None
    if message is not None:
        assert (problem.message, problem.value) == (message, value)


def test_the_report_shows_the_rules_and_masks_people(ruled: Bench) -> None:
    settings = ruled.folder / "migration.yaml"
    plain = settings.read_text("utf-8")
    result = damaged(ruled, "people.csv", lambda rows: row(rows, person_id="p-2").update(born="1971-01-02T00:00:00Z"))
    report = build(result.folder)
    assert report.reconciliation is not None
    assert settings.read_text("utf-8") == plain
    by_name = {rule.name: rule for rule in report.reconciliation.rules}
    assert by_name["births"].verdict == "different"
    assert all(rule.accounted == rule.source and not rule.wrong for rule in by_name.values())
    assert report.reconciliation.wrong == ()
    (group,) = by_name["births"].listed
    assert (group.expected, group.target) == ("1970-01-02 00:00:00", "1971-01-02 00:00:00")
    assert group.record is not None
    page = render(result.folder).read_text("utf-8")
    assert "Nobody gets another birthday" in page
    assert "does not hold" in page
    line = next(line for line in render_text(result.folder).splitlines() if line.startswith("Both sides:"))
    assert "3 of 4 rules hold" in line
    assert "1 groups differ in births" in line
    assert json.loads((result.folder / "summary.json").read_text("utf-8"))["reconciliation"]["checks"]["births"]["different"] == 1


def test_a_summary_that_the_files_of_the_stage_contradict_fails(ruled: Bench) -> None:
    result = damaged(ruled, "people.csv", lambda rows: row(rows, person_id="p-2").update(born="1971-01-02T00:00:00Z"))
    file = result.folder / "summary.json"
    told_ = json.loads(file.read_text("utf-8"))
    checks = told_["reconciliation"]["checks"]
    checks["births"] |= {"verdict": "equal"}
    checks["scores"] |= {"source": 99}
    told_["reconciliation"]["excused"] = 7
    file.write_text(json.dumps(told_), "utf-8")
    report = build(result.folder, most_rows=0)
    assert report.verdict.level == "fail"
    assert report.alerts == (
        "scores: the summary says 99 records of the source, 6_reconcile/accounting.parquet accounts for 3.",
        "births: the summary says equal, and 1 groups in 6_reconcile/both_sides.parquet differ.",
        "The summary says 7 excused pairs, 6_reconcile/excused.parquet has 0.",
    )
    (result.folder / "6_reconcile" / "both_sides.parquet").unlink()
    lost = [line for line in build(result.folder, most_rows=0).alerts if "is not there or cannot be read" in line]
    assert len(lost) == len(checks), "that a rule holds is nothing without what it compared"


def test_groups_that_are_masked_alike_are_counted_apart(ruled: Bench) -> None:
    def nobody_born(rows: list[dict[str, str]]) -> None:
        for each in rows:
            each["born"] = "1999-01-01T00:00:00Z"

    result = damaged(ruled, "people.csv", nobody_born)
    file = result.folder / "run.json"
    told_ = json.loads(file.read_text("utf-8"))
    told_["both_sides"]["births"]["classes"] = {"person": "free_text"}
    file.write_text(json.dumps(told_), "utf-8")
    found = build(result.folder, mask=True, most_rows=0).reconciliation
    assert found is not None
    (births,) = (rule for rule in found.rules if rule.name == "births")
    assert (births.different, len(births.listed), births.more) == (3, 3, 0)


def test_the_workbook_has_the_rules_and_the_groups_that_differ(ruled: Bench, tmp_path: Path) -> None:
    result = damaged(ruled, "people.csv", lambda rows: row(rows, person_id="p-2").update(born="1971-01-02T00:00:00Z"))
    write_xlsx(build(result.folder), tmp_path / "report.xlsx")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    rules = {line[0]: line[2] for line in book["Both sides"].iter_rows(min_row=3, values_only=True)}
    assert rules == {
        "teachers": "holds", "courses_of_people": "holds", "scores": "holds", "births": "does not hold",
    }  # fmt: skip
    (group,) = book["Groups that differ"].iter_rows(min_row=3, values_only=True)
    assert group[:6] == ("births", "person p-2", "born", "1970-01-02 00:00:00", "1970-01-02 00:00:00", "1971-01-02 00:00:00")


def test_personal_data_in_groups_is_masked(ruled: Bench) -> None:
    result = damaged(ruled, "people.csv", lambda rows: row(rows, person_id="p-2").update(born="1971-01-02T00:00:00Z"))
    file = result.folder / "run.json"
    told_ = json.loads(file.read_text("utf-8"))
    told_["both_sides"]["births"]["classes"] = {"person": "name", "born": "free_text"}
    file.write_text(json.dumps(told_), "utf-8")
    report = build(result.folder, mask=True)
    assert report.reconciliation is not None
    (group,) = (g for rule in report.reconciliation.rules if rule.name == "births" for g in rule.listed)
    assert group.values == (("person", "p."),)
    assert (group.source, group.expected, group.target) == ("•••", "•••", "•••")
    open_report = build(result.folder, mask=False)
    assert open_report.reconciliation is not None
    assert any(g.expected == "1970-01-02 00:00:00" for rule in open_report.reconciliation.rules for g in rule.listed)


def test_a_column_is_as_personal_as_what_it_is_made_of(ruled: Bench) -> None:
    hub = ruled.checked.workspace.target.model
    assert personal(hub, "select p.login as a, p.status as b from people p", "a") == "login"
    assert personal(hub, "select p.login as a, p.status as b from people p", "b") is None
    assert personal(hub, "select p.login || p.name as a from people p", "a") == "free_text"
    assert personal(hub, "with q as (select p.email from people p) select q.email as a from q", "a") == "email"
    assert personal(hub, "with q as (select p.email as x from people p) select q.x as a from q", "a") == "free_text"


def test_a_target_that_does_not_show_what_a_rule_reads_is_not_asked(ruled: Bench, tmp_path: Path) -> None:
    births = next(rule for rule in ruled.checked.plan.both_sides if rule.name == "births")
    live = {"live": {"unseen": {"people": ["born", "note"]}}}
    assert why_not(births, RunFolder(tmp_path, {}, live)) == "the target does not show people.born"
    assert why_not(births, RunFolder(tmp_path, {}, {"live": {"unseen": {"people": ["note"]}}})) is None
    assert why_not(births, RunFolder(tmp_path, {}, {})) is None


def test_what_is_personal_in_the_rules_is_known_before_a_finding_lies_there(
    ruled: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[dict[str, Any]] = []
    publish = both_sides_stage.publish_findings

    def killed_after(connection: Any, table_: str, run: RunFolder) -> None:
        publish(connection, table_, run)
        known.append(json.loads((run.path / "run.json").read_text("utf-8")))

    monkeypatch.setattr(both_sides_stage, "publish_findings", killed_after)
    result = ruled.run(CLEAN_ROWS)
    ended = json.loads((result.folder / "run.json").read_text("utf-8"))
    assert [(facts_["pii"], facts_["both_sides"]) for facts_ in known] == [(ended["pii"], ended["both_sides"])]
