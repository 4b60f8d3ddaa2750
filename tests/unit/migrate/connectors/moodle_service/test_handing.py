"""History of a Moodle: which courses get a backup, what is in it, and how it is found after it was restored."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from migrate.connectors.moodle_backup import read_backup
from migrate.connectors.moodle_service import MoodleTarget
from migrate.connectors.target import HandsOver, Held, Outcome, Record, Standing, Waiting
from migrate.errors import TargetRefused

if TYPE_CHECKING:
    from moodle_server import MoodleServer

    Opener = Callable[..., MoodleTarget]

HISTORY = ("grade_items", "grades", "course_completions", "activities", "activity_completions")
GRADED, ENDED = datetime(2016, 7, 1, 8), datetime(2016, 7, 2, 9)
PEOPLE, COURSES = ("ann", "bob"), ("A", "B")


@pytest.fixture
def school(target: MoodleTarget) -> MoodleTarget:
    """A site with two people in each of two courses; one enrolment is over."""
    made = [Record(u, {"username": u, "firstname": "A", "lastname": "B", "email": f"{u}@Example.invalid"}) for u in PEOPLE]
    everything = {
        "categories": [Record("k", {"idnumber": "k", "name": "K"})],
        "courses": [Record(c, {"shortname": c, "fullname": f"Course {c}", "category": "k"}) for c in COURSES],
        "users": made,
        "enrolments": [
            Record(f"{c}|{u}", {"course": c, "user": u, "role": "student", "suspended": (c, u) == ("B", "bob")})
            for c in COURSES for u in PEOPLE
        ],
    }  # fmt: skip
    for entity, records in everything.items():
        assert {one.result for one in target.write(entity, "create", records)} == {"done"}
    return target


def history(courses: Sequence[str] = COURSES, **changes: Any) -> dict[str, list[Record]]:
    """One of each for everybody in these courses."""
    both = [(c, u) for c in courses for u in PEOPLE]
    grade = {"finalgrade": Decimal("0"), "feedback": "f", "feedbackformat": 2, "timemodified": GRADED, **changes}
    return {
        "grade_items": [
            Record(f"i{c}", {"idnumber": f"i{c}", "course": c, "itemname": f"Item {c}", "grademax": 50}) for c in courses
        ],
        "grades": [Record(f"i{c}|{u}", {"item": f"i{c}", "user": u, **grade}) for c, u in both],
        "course_completions": [Record(f"{c}|{u}", {"course": c, "user": u, "timecompleted": ENDED}) for c, u in both],
        "activities": [Record(f"a{c}", {"idnumber": f"a{c}", "course": c, "name": f"Quiz {c}"}) for c in courses],
        "activity_completions": [
            Record(f"a{c}|{u}", {"activity": f"a{c}", "user": u, "completionstate": 3, "timemodified": ENDED}) for c, u in both
        ],
    }  # fmt: skip


def as_(standing: Standing, records: Mapping[str, Sequence[Record]]) -> dict[str, list[Waiting]]:
    return {entity: [Waiting(record, standing) for record in some] for entity, some in records.items()}


def together(*given: Mapping[str, Sequence[Waiting]]) -> dict[str, list[Waiting]]:
    return {entity: [one for some in given for one in some.get(entity, ())] for entity in HISTORY}


def handed(outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, list[str]]:
    return {e: sorted(o.key for o in some if o.result == "handed_over") for e, some in outcomes.items()}


def restore(server: MoodleServer, folder: Path) -> None:
    """What a person does with the folder."""
    import moodle_history
    from moodle_plain import plain

    with (folder / "restore.csv").open(encoding="utf-8", newline="") as stream:
        for course, file in csv.reader(stream):
            backup = read_backup(folder / file)
            moodle_history.restore(server.site, int(course), backup.people, plain(backup.rows))


def found(target: MoodleTarget, records: Mapping[str, Sequence[Record]]) -> dict[str, dict[str, Held]]:
    """What is held, by entity and key, asked for as the live stage asks: with the ids of what the records refer to."""
    natives: dict[tuple[str, str], str] = {}
    result: dict[str, dict[str, Held]] = {}
    for entity in HISTORY:
        owners = {"item": "grade_items", "activity": "activities"}
        asked = [
            replace(one, links={f: natives[o, one.values[f]] for f, o in owners.items() if (o, one.values.get(f)) in natives})
            for one in records[entity]
        ]
        result[entity] = {held.key: held for held in target.find(entity, asked)}
        natives.update({(entity, key): held.native for key, held in result[entity].items() if held.native is not None})
    return result


def test_a_moodle_hands_history_over_and_nothing_else(target: MoodleTarget) -> None:
    assert isinstance(target, HandsOver)
    abilities = {entity: target.ability(entity) for entity in (*HISTORY, "users")}
    words = {entity: ability.together for entity, ability in abilities.items()}
    assert words.pop("users") == ""
    assert len(set(words.values())) == 1
    assert all(abilities[e].find and not abilities[e].update and not abilities[e].remove for e in HISTORY)
    for action in ("create", "update"):
        assert [one.result for one in target.write("grades", action, history()["grades"][:1])] == ["refused"]


def test_what_was_handed_over_and_restored_is_found_with_its_values(
    server: MoodleServer, school: MoodleTarget, tmp_path: Path
) -> None:
    records = history()
    assert all(not held for held in found(school, records).values())
    assert handed(school.hand_over(as_("new", records), tmp_path)) == {
        entity: sorted(record.key for record in some) for entity, some in records.items()
    }
    restore(server, tmp_path)
    there = found(school, records)
    assert there["grade_items"]["iA"].values == {
        "idnumber": "iA", "itemname": "Item A", "grademax": Decimal("50.0"), "grademin": None,
    }  # fmt: skip
    grade = there["grades"]["iA|ann"]
    assert grade.values == {
        "finalgrade": 0, "feedback": "f", "feedbackformat": 2, "timecreated": None, "timemodified": GRADED
    }  # fmt: skip
    assert grade.links["item"] == there["grade_items"]["iA"].native
    assert there["activities"]["aB"].values == {
        "idnumber": "aB", "name": "Quiz B", "kind": "label", "visible": False, "added": None
    }  # fmt: skip
    assert there["activity_completions"]["aB|bob"].values == {"completionstate": 3, "timemodified": ENDED}
    assert {entity: len(held) for entity, held in there.items()} == {
        "grade_items": 2, "grades": 4, "activities": 2, "activity_completions": 4,
        "course_completions": 3,  # that of the enrolment that is over is not shown
    }  # fmt: skip


def test_what_nobody_gave_is_not_found_where_moodle_made_an_empty_one(
    server: MoodleServer, school: MoodleTarget, tmp_path: Path
) -> None:
    records = history(["A"])
    second = Record("iA2", {"idnumber": "iA2", "course": "A", "itemname": "Second"})
    school.hand_over(as_("new", {**records, "grade_items": [*records["grade_items"], second]}), tmp_path)
    restore(server, tmp_path)
    empty = Record("iA2|ann", {"item": "iA2", "user": "ann"})
    states = Record("aA|admin", {"activity": "aA", "user": "admin"})
    asked = {**records, "grade_items": [second], "grades": [empty], "activity_completions": [states]}
    there = found(school, asked)
    assert (len(there["grade_items"]), there["grades"], there["activity_completions"]) == (1, {}, {})


def test_a_date_of_overriding_is_not_taken_for_that_of_grading(
    server: MoodleServer, school: MoodleTarget, tmp_path: Path
) -> None:
    records = history(["A"], overridden=ENDED)
    school.hand_over(as_("new", records), tmp_path)
    restore(server, tmp_path)
    assert "timemodified" not in found(school, records)["grades"]["iA|ann"].values


def test_only_courses_with_something_new_get_a_file_and_it_holds_what_waits(school: MoodleTarget, tmp_path: Path) -> None:
    a, b = history(["A"]), history(["B"])
    new = {"grades": b.pop("grades")}
    outcomes = school.hand_over(together(as_("waiting", a), as_("waiting", b), as_("new", new)), tmp_path)
    assert handed(outcomes) == {
        "grade_items": ["iB"], "grades": ["iB|ann", "iB|bob"], "course_completions": ["B|ann", "B|bob"],
        "activities": ["aB"], "activity_completions": ["aB|ann", "aB|bob"],
    }  # fmt: skip
    (file,) = tmp_path.glob("*.mbz")
    backup = read_backup(file)
    assert (backup.shortname, backup.fullname) == ("B", "Course B")
    assert backup.people == {"ann": "ann@Example.invalid", "bob": "bob@Example.invalid"}


def test_a_person_is_told_to_upload_people_before_anything_is_restored(
    opened: Opener, school: MoodleTarget, tmp_path: Path
) -> None:
    target, first, both = opened(by_file=("users",)), tmp_path / "first", tmp_path / "both"
    for folder in (first, both):
        folder.mkdir()
    target.hand_over(as_("new", history(["A"])), first)
    assert "upload" not in (first / "README.txt").read_text("utf-8")
    cyd = Record("cyd", {"username": "cyd", "firstname": "C", "lastname": "D", "email": "cyd@example.invalid"})
    target.hand_over(as_("new", {"users": [cyd]}), both)
    target.hand_over(as_("new", history(["A"])), both)
    read = (both / "README.txt").read_text("utf-8")
    assert 0 < read.index("upload/README.txt") < read.index("php admin/cli/restore_backup.php")


def test_what_is_there_goes_along_only_where_restore_needs_it(server: MoodleServer, school: MoodleTarget, tmp_path: Path) -> None:
    records = history(["A"])
    one = {entity: [r for r in some if not r.key.endswith("bob")] for entity, some in records.items()}
    two = {entity: [r for r in some if r.key.endswith("bob")] for entity, some in records.items()}
    school.hand_over(as_("new", one), tmp_path)
    restore(server, tmp_path)
    owners = {entity: one[entity] for entity in ("grade_items", "activities")}
    outcomes = school.hand_over(together(as_("there", owners), as_("new", two)), tmp_path)
    assert handed(outcomes) == {
        "grade_items": [], "grades": ["iA|bob"], "course_completions": ["A|bob"], "activities": [], "activity_completions": [],
    }  # fmt: skip
    refused = [(o.key, o.message) for some in outcomes.values() for o in some if o.result == "refused"]
    assert [key for key, _ in refused] == ["aA|bob"]
    assert "restored already" in refused[0][1]
    restore(server, tmp_path)
    assert found(school, records)["grades"].keys() == {"iA|ann", "iA|bob"}
    assert len(server.site.tables["modules"]) == 1
    assert len(server.site.tables["grade_items"]) == 1


def test_an_item_of_the_course_s_own_keeps_its_name(server: MoodleServer, school: MoodleTarget, tmp_path: Path) -> None:
    import moodle_history

    records = history(["A"])
    course = next(row["id"] for row in server.site.tables["courses"].values() if row["shortname"] == "A")
    own = {"idnumber": None, "itemname": "item a", "grademin": 0, "grademax": 10}
    moodle_history.restore(server.site, course, {}, {"grade_items": [own]})
    outcomes = school.hand_over(as_("new", records), tmp_path)
    refused = {o.key: o.message for some in outcomes.values() for o in some if o.result == "refused"}
    assert "another item of this name" in refused["iA"]
    assert {"iA|ann", "iA|bob"} < refused.keys()


def test_an_account_whose_address_is_not_shown_stops_it(
    school: MoodleTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import moodle_functions

    details = moodle_functions._details
    monkeypatch.setattr(
        moodle_functions, "_details", lambda *a: {k: v for k, v in details(*a).items() if k != "email"}
    )  # fmt: skip
    with pytest.raises(TargetRefused, match=r"does not show the person\.email of users"):
        school.hand_over(as_("new", history(["A"])), tmp_path)


def test_a_user_who_may_not_see_id_numbers_stops_the_search(
    server: MoodleServer, school: MoodleTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import moodle_functions

    school.hand_over(as_("new", history(["A"])), tmp_path)
    restore(server, tmp_path)
    name = "core_course_get_course_module"
    spec, made = moodle_functions.FUNCTIONS[name]

    def less(*given: Any) -> Any:
        answer = made(*given)
        return {**answer, "cm": {k: v for k, v in answer["cm"].items() if k != "idnumber"}}

    monkeypatch.setitem(moodle_functions.FUNCTIONS, name, (spec, less))
    with pytest.raises(TargetRefused, match="does not show idnumber"):
        list(school.find("activities", history(["A"])["activities"]))
