"""More functions of the stand-in: what of history web services show, and what Moodle's restore does with a backup."""

from __future__ import annotations

from typing import Any

from moodle_functions import function, get
from moodle_php import MoodleError
from moodle_site import Row, Site, with_files

PLACEHOLDERS = ("label", "page", "url")


def restore(site: Site, course: int, people: dict[str, str], rows: dict[str, list[Row]]) -> None:
    """Merge what a backup holds into a course, as Moodle does. Raises MoodleError, and then nothing was done."""
    with site.transaction():
        get(site, "courses", course, name="course")
        users = {name: _account(site, name, email) for name, email in people.items()}
        items = {row["idnumber"]: _item(site, course, row) for row in rows.get("grade_items", ())}
        for row in rows.get("grades", ()):
            key = (items[row["item"]], users[row["user"]])
            if key not in site.tables["grades"]:  # one that is there stays as it is, even an empty one
                grader = None if row["grader"] is None else users[row["grader"]]
                site.put("grades", key, {**row, "item": None, "user": None, "grader": grader})
        for row in rows.get("course_completions", ()):
            site.put("course_completions", (course, users[row["user"]]), {**row, "user": None})
        modules = {row["idnumber"]: _module(site, course, row) for row in rows.get("activities", ())}
        for row in rows.get("activity_completions", ()):
            at = (modules[row["activity"]], users[row["user"]])
            site.put("module_completions", at, {**row, "activity": None, "user": None})
        _work_out_totals(site, course)


def _account(site: Site, username: str, email: str) -> int:
    row = site.by("users", "username", username)
    if row is None:
        raise MoodleError("dmlwriteexception", "Error writing to database")
    if row["email"].lower() != email.lower():
        raise MoodleError("restore_not_executable_awaiting_required", "restore_not_executable_awaiting_required")
    return int(row["id"])


def _items(site: Site, course: int) -> list[Row]:
    return [row for row in site.tables["grade_items"].values() if row["courseid"] == course]


def _item(site: Site, course: int, row: Row) -> int:
    """An item is known by its name, not by its ID number."""
    same = next((one for one in _items(site, course) if one["itemname"] == row["itemname"]), None)
    return same["id"] if same else site.insert("grade_items", {**row, "courseid": course, "itemtype": "manual"})


def _module(site: Site, course: int, row: Row) -> int:
    """A placeholder is always made anew; the second of an ID number has none."""
    taken = any(one["course"] == course and one["idnumber"] == row["idnumber"] for one in site.tables["modules"].values())
    return site.insert("modules", {**row, "course": course, "idnumber": "" if taken else row["idnumber"]})


def _work_out_totals(site: Site, course: int) -> None:
    """Whoever has a grade in the course gets an empty one of every other item."""
    items = [row["id"] for row in _items(site, course)]
    for user in {user for item, user in site.tables["grades"] if item in items}:
        for item in items:
            if (item, user) not in site.tables["grades"]:
                site.put("grades", (item, user), {})


def rename(site: Site, idnumber: str, name: str) -> None:
    """A teacher gives a grade item another name."""
    row = next(row for row in site.tables["grade_items"].values() if row["idnumber"] == idnumber)
    site.put("grade_items", row["id"], {**row, "itemname": name})


def give(site: Site, idnumber: str, username: str, grade: float) -> None:
    """A teacher gives a grade."""
    item = next(row for row in site.tables["grade_items"].values() if row["idnumber"] == idnumber)
    user = site.by("users", "username", username)
    assert user is not None
    site.put("grades", (item["id"], user["id"]), {"finalgrade": grade, "timemodified": None})


def history(site: Site) -> dict[str, Any]:
    """All of it, by what people call it."""
    user = {key: row["username"] for key, row in site.tables["users"].items()}
    course = {key: row["shortname"] for key, row in site.tables["courses"].items()}
    item = {key: row["idnumber"] for key, row in site.tables["grade_items"].items()}
    module = {key: row["idnumber"] for key, row in site.tables["modules"].items()}
    tables = site.tables
    return {
        "grade_items": sorted([course[r["courseid"]], r["idnumber"], r["itemname"]] for r in tables["grade_items"].values()),
        "grades": sorted([item[i], user[u], r["finalgrade"], r["timemodified"]] for (i, u), r in tables["grades"].items() if r),
        "course_completions": sorted(
            [course[c], user[u], r["timecompleted"]] for (c, u), r in tables["course_completions"].items()
        ),
        "activities": sorted([course[r["course"]], r["idnumber"], r["name"]] for r in tables["modules"].values()),
        "activity_completions": sorted(
            [module[m], user[u], r["completionstate"], r["timemodified"]] for (m, u), r in tables["module_completions"].items()
        ),
    }


# Functions ------------------------------------------------------------------------------------------------------------


@function({"courseid": "int", "userid": "int=0", "groupid": "int=0"})
def gradereport_user_get_grade_items(site: Site, given: dict[str, Any]) -> Row:
    course = get(site, "courses", given["courseid"], name="course")["id"]
    if given["userid"]:
        users = [get(site, "users", given["userid"], "invaliduser")["id"]]
    else:  # those whose enrolment is over are left out
        users = sorted(user for at, user in site.tables["enrolments"] if at == course and site.active(course, user))
    return {
        "usergrades": [{"courseid": course, "userid": user, "gradeitems": _report(site, course, user)} for user in users],
        "warnings": [],
    }


def _report(site: Site, course: int, user: int) -> list[Row]:
    total = {"id": -course, "itemname": None, "itemtype": "course", "idnumber": None, "graderaw": None, "feedback": ""}
    return [*(_reported(site, item, user) for item in _items(site, course)), total]


def _reported(site: Site, item: Row, user: int) -> Row:
    grade = site.tables["grades"].get((item["id"], user), {})
    empty = grade.get("finalgrade") is None and grade.get("feedback") is None
    return {
        "id": item["id"], "itemname": item["itemname"], "itemtype": item["itemtype"], "idnumber": item["idnumber"],
        "grademin": item["grademin"], "grademax": item["grademax"], "graderaw": grade.get("finalgrade"),
        "feedback": with_files(grade.get("feedback") or "", item["courseid"], f"grade/feedback/{item['id']}"),
        "feedbackformat": grade["feedbackformat"] if grade.get("feedback") else 1,
        "gradedatesubmitted": grade.get("timecreated"),
        "gradedategraded": None if empty else grade.get("overridden") or grade.get("timemodified"),
    }  # fmt: skip


@function({"courseid": "int", "options": ({"name": "raw", "value": "raw"},)})
def core_course_get_contents(site: Site, given: dict[str, Any]) -> list[Row]:
    course = get(site, "courses", given["courseid"], name="course")["id"]
    placed = [{"id": row["id"], "name": row["name"], "modname": row["kind"]} for row in _modules(site, course)]
    forum = {"id": 1_000_000 + course, "name": "Announcements", "modname": "forum"}
    return [{"id": 1, "section": 0, "modules": [forum, *placed]}, {"id": 2, "section": 1, "modules": []}]


def _modules(site: Site, course: int) -> list[Row]:
    return [row for row in site.tables["modules"].values() if row["course"] == course]


@function({"cmid": "int"})
def core_course_get_course_module(site: Site, given: dict[str, Any]) -> Row:
    row = site.tables["modules"].get(given["cmid"])
    if row is None:
        raise MoodleError("invalidrecordunknown", "Can't find data record in database.", kind="dml_missing_record_exception")
    shown = {name: row[name] for name in ("id", "course", "name", "idnumber", "added")}
    return {"cm": {**shown, "modname": row["kind"], "visible": int(row["visible"])}, "warnings": []}


@function({"courseid": "int", "userid": "int"})
def core_completion_get_activities_completion_status(site: Site, given: dict[str, Any]) -> Row:
    course = get(site, "courses", given["courseid"], name="course")["id"]
    user = get(site, "users", given["userid"], "invaliduser")["id"]
    states = ((row, site.tables["module_completions"].get((row["id"], user), {})) for row in _modules(site, course))
    statuses = [
        {"cmid": row["id"], "modname": row["kind"], "state": state.get("completionstate", 0),
         "timecompleted": state.get("timemodified") or 0, "tracking": 1}
        for row, state in states
    ]  # fmt: skip
    return {"statuses": statuses, "warnings": []}


@function({"userid": "int", "returnusercount": "bool=1"})
def core_enrol_get_users_courses(site: Site, given: dict[str, Any]) -> list[Row]:
    user, found = given["userid"], []
    for course, enrolled in sorted(site.tables["enrolments"]):
        if enrolled == user and site.active(course, user):
            completion = site.tables["course_completions"].get((course, user), {})
            found.append({"id": course, "completed": completion.get("timecompleted") is not None, "progress": None})
    return found
