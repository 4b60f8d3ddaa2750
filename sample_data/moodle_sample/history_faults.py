"""Faults of grades and completions, as a move into another Moodle meets them. Each function plants one."""

from __future__ import annotations

from typing import Any

from moodle_sample.activities import add_module
from moodle_sample.clock import DAY, madrid
from moodle_sample.courses import by_shortname
from moodle_sample.fault import Fault, module_of, stranger, students
from moodle_sample.site import GUEST, Site


def plant_item(site: Site, course: str, name: str | None, **values: Any) -> int:
    """Add a column that was made by hand. Returns its id."""
    number = by_shortname(site)[course]
    made = site.get("course", number)["timecreated"] + DAY
    top = next(row["id"] for row in site.all("grade_categories") if row["courseid"] == number)
    return site.add(
        "grade_items",
        **{
            "courseid": number,
            "categoryid": top,
            "itemname": name,
            "itemtype": "manual",
            "gradetype": 1,
            "grademax": 100.0,
            "sortorder": 50,
            "timecreated": made,
            "timemodified": made,
            **values,
        },
    )


def plant_grade(site: Site, item: int, user: int, value: float | None, **values: Any) -> int:
    graded = madrid(2024, 5, 6, 10, user % 60)
    return site.add(
        "grade_grades",
        **{"itemid": item, "userid": user, "finalgrade": value, "timemodified": graded, "aggregationstatus": "used", **values},
    )


def plant_same_item_names(site: Site) -> None:
    for place, name in enumerate(("Project", "project ")):
        plant_grade(site, plant_item(site, "WRITE-LAB", name), students(site, "WRITE-LAB")[place], 70.0 + place)


def plant_nameless_item(site: Site) -> None:
    plant_grade(site, plant_item(site, "WRITE-LAB", None), students(site, "WRITE-LAB")[0], 64.5)


def plant_item_without_grades(site: Site) -> None:
    plant_grade(site, plant_item(site, "WRITE-LAB", "Announcements", gradetype=0), students(site, "WRITE-LAB")[0], 1.0)


def plant_activity_in_recycle_bin(site: Site) -> None:
    module_of(site, "STAT-CLINIC", "quiz")["deletioninprogress"] = 1


def plant_scale_that_is_gone(site: Site) -> None:
    item = plant_item(site, "WRITE-LAB", "Portfolio", gradetype=2, grademin=1.0, grademax=3.0, scaleid=77)
    plant_grade(site, item, students(site, "WRITE-LAB")[0], 2.0)


def plant_scale_that_differs(site: Site) -> None:
    assignment = module_of(site, "MICRO-LAB", "assign")["instance"]
    item = next(row for row in site.all("grade_items") if (row["itemmodule"], row["iteminstance"]) == ("assign", assignment))
    item |= {"gradetype": 1, "scaleid": None, "grademax": 100.0}


def plant_formula(site: Site) -> None:
    item = plant_item(site, "WRITE-LAB", "Sum of the parts", calculation="=##gi1##+##gi2##")
    plant_grade(site, item, students(site, "WRITE-LAB")[0], 143.0 / 2)


def plant_item_of_no_activity(site: Site) -> None:
    item = plant_item(site, "WRITE-LAB", "Removed quiz", itemtype="mod", itemmodule="quiz", iteminstance=777, itemnumber=0)
    plant_grade(site, item, students(site, "WRITE-LAB")[1], 55.0)


def plant_text_item(site: Site) -> None:
    item = plant_item(site, "WRITE-LAB", "Remarks", gradetype=3)
    first, second, *_ = students(site, "WRITE-LAB")
    plant_grade(site, item, first, None, feedback="Writes clearly & briefly", feedbackformat=2)
    plant_grade(site, item, second, 3.0, feedback="<p>Shy</p>", feedbackformat=1)


def plant_grade_category(site: Site) -> None:
    course = by_shortname(site)["TUTOR-KIT"]
    top = next(row for row in site.all("grade_categories") if row["courseid"] == course)
    made = {"timecreated": top["timecreated"], "timemodified": top["timemodified"]}
    below = site.add(
        "grade_categories",
        courseid=course,
        parent=top["id"],
        depth=2,
        fullname="Exercises",
        aggregation=0,
        aggregateonlygraded=1,
        **made,
    )
    site.get("grade_categories", below)["path"] = f"/{top['id']}/{below}/"
    site.add(
        "grade_items", courseid=course, itemtype="category", iteminstance=below, gradetype=1, grademax=100.0, sortorder=9, **made
    )


def plant_odd_grades(site: Site) -> None:
    item = plant_item(site, "SAFETY-FIRE", "Drill", grademin=-10.0, idnumber="DRILL", gradepass=50.0)
    people = students(site, "SAFETY-FIRE")
    day = madrid(2024, 6, 3, 12)
    plant_grade(site, item, people[0], 120.0)
    plant_grade(site, item, people[1], 33.33333, feedback='<p>See <img src="@@PLUGINFILE@@/exit.png"></p>', feedbackformat=1)
    plant_grade(site, item, people[2], 0.0, hidden=madrid(2026, 3, 2, 9))
    plant_grade(site, item, people[3], -5.0, locked=day, locktime=day + 30 * DAY, timecreated=day - 2 * DAY)
    plant_grade(site, item, people[4], None, excluded=day, timemodified=None)
    plant_grade(site, item, people[5], 88.88889, feedback="**Well** done", feedbackformat=4, overridden=day, hidden=1)
    plant_grade(site, item, stranger(site, "SAFETY-FIRE"), 91.0)
    plant_grade(site, item, GUEST, 10.0)


def plant_hidden_item(site: Site) -> None:
    plant_item(site, "SAFETY-FIRE", "Oral", hidden=madrid(2026, 9, 1), locked=madrid(2025, 1, 7), locktime=madrid(2027, 1, 7))


def plant_completion(site: Site, course: str, user: int, enrolled: int, started: int, completed: int | None) -> None:
    number = by_shortname(site)[course]
    site.add(
        "course_completions", userid=user, course=number, timeenrolled=enrolled, timestarted=started, timecompleted=completed
    )


def plant_odd_completions(site: Site) -> None:
    day = madrid(2024, 6, 3, 12)
    known = {row["userid"] for row in site.all("course_completions") if row["course"] == by_shortname(site)["SAFETY-FIRE"]}
    first, second, third, *_ = [user for user in students(site, "SAFETY-FIRE") if user not in known]
    plant_completion(site, "SAFETY-FIRE", first, 0, 0, None)
    plant_completion(site, "SAFETY-FIRE", second, day, day, day - 200 * DAY)
    plant_completion(site, "SAFETY-FIRE", third, day, day, madrid(2030, 1, 1))
    plant_completion(site, "SAFETY-FIRE", GUEST, day, day, day)
    plant_completion(site, "CHE-OLD", students(site, "CHE-OLD")[0], madrid(2019, 7, 1), 0, madrid(2019, 8, 30))


def plant_module_completion(site: Site, module: int, user: int, state: int = 1) -> None:
    held = {row["userid"] for row in site.all("course_modules_completion") if row["coursemoduleid"] == module}
    assert user not in held
    site.add(
        "course_modules_completion",
        coursemoduleid=module,
        userid=user,
        completionstate=state,
        timemodified=madrid(2024, 6, 3, 12),
    )


def plant_activity_without_name(site: Site) -> None:
    module = add_module(site, by_shortname(site)["WRITE-LAB"], "forum", 1, 2, completion=1, idnumber="TALK")
    plant_module_completion(site, module, students(site, "WRITE-LAB")[0])


def plant_odd_module_completions(site: Site) -> None:
    module = module_of(site, "SAFETY-FIRE", "quiz")["id"]
    held = {row["userid"] for row in site.all("course_modules_completion") if row["coursemoduleid"] == module}
    free = [user for user in students(site, "SAFETY-FIRE") if user not in held]
    plant_module_completion(site, module, free[0], state=4)
    plant_module_completion(site, module, stranger(site, "SAFETY-FIRE", 1))
    plant_module_completion(site, module, GUEST)
    plant_module_completion(site, 7777, free[0])


GRADES = "SELECT g.id FROM mdl_grade_grades g JOIN mdl_grade_items i ON i.id = g.itemid"

DRILL = "itemid IN (SELECT id FROM mdl_grade_items WHERE itemname = 'Drill')"

TOTALS = "itemid IN (SELECT id FROM mdl_grade_items WHERE itemtype IN ('course', 'category'))"

SAYS_NOTHING = (
    "finalgrade IS NULL AND feedback IS NULL AND overridden = 0 AND excluded = 0 AND hidden = 0 AND locked = 0 AND locktime = 0"
)

IN_BIN = "SELECT m.id, m.instance FROM mdl_course_modules m WHERE m.deletioninprogress = 1"

NOT_IN_COURSE = (
    "NOT EXISTS (SELECT 1 FROM mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = ue.enrolid"
    " WHERE ue.userid = {user} AND e.courseid = {course})"
)

HISTORY_TITLE = "the grades and completions of the Moodle sample, for a move into another Moodle"

HISTORY_FAULTS: tuple[Fault, ...] = (
    Fault(
        "Two columns of one name but for case and blanks",
        "WRITE-LAB (Project)",
        "ITEM-NAME-SHARED",
        plant_same_item_names,
        "SELECT id FROM mdl_grade_items WHERE lower(trim(itemname)) = 'project'",
        2,
    ),
    Fault(
        "Column without a name",
        "WRITE-LAB",
        "ITEM-NAME-BLANK",
        plant_nameless_item,
        "SELECT id FROM mdl_grade_items WHERE itemtype = 'manual' AND itemname IS NULL",
        1,
    ),
    Fault(
        "Column that takes no grades",
        "WRITE-LAB (Announcements)",
        "ITEM-NO-GRADE",
        plant_item_without_grades,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 0",
        1,
    ),
    Fault(
        "Grade in a column that takes none, or of an activity in the recycle bin",
        "WRITE-LAB (Announcements), STAT-CLINIC (Final test)",
        "GRD-ITEM-EXCLUDED",
        None,
        f"{GRADES} WHERE i.gradetype = 0",
        1,
    ),
    Fault(
        "Column of an activity in the recycle bin",
        "STAT-CLINIC (Final test)",
        "ITEM-DELETING",
        plant_activity_in_recycle_bin,
        f"SELECT i.id FROM mdl_grade_items i JOIN ({IN_BIN}) m ON m.instance = i.iteminstance WHERE i.itemmodule = 'quiz'",
        1,
    ),
    Fault(
        "Activity in the recycle bin",
        "STAT-CLINIC (Final test)",
        "ACT-DELETING",
        None,
        IN_BIN,
        1,
    ),
    Fault(
        "Completion of an activity in the recycle bin",
        "STAT-CLINIC (Final test)",
        "ACP-ACTIVITY-EXCLUDED",
        None,
        f"SELECT c.id FROM mdl_course_modules_completion c JOIN ({IN_BIN}) m ON m.id = c.coursemoduleid"
        " WHERE c.completionstate > 0",
        13,
    ),
    Fault(
        "Column on a scale; a scale cannot be made by a backup of history",
        "Notebook of every other course, and assignments",
        "ITEM-SCALE",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 2 AND scaleid IN (SELECT id FROM mdl_scale)",
        22,
    ),
    Fault(
        "Column whose scale is gone",
        "WRITE-LAB (Portfolio)",
        "ITEM-SCALE-GONE",
        plant_scale_that_is_gone,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 2 AND scaleid NOT IN (SELECT id FROM mdl_scale)",
        1,
    ),
    Fault(
        "Grade on a scale that is gone",
        "WRITE-LAB (Portfolio)",
        "GRD-SCALE-WORD",
        None,
        f"{GRADES} WHERE i.scaleid = 77",
        1,
    ),
    Fault(
        "Assignment marked on a scale whose column takes numbers",
        "MICRO-LAB (Report)",
        "ITEM-SCALE-DIFFERS",
        plant_scale_that_differs,
        "SELECT a.id FROM mdl_assign a JOIN mdl_grade_items i ON i.itemmodule = 'assign' AND i.iteminstance = a.id"
        " WHERE a.grade < 0 AND i.gradetype <> 2",
        1,
    ),
    Fault(
        "Column that is worked out by a formula",
        "WRITE-LAB (Sum of the parts)",
        "ITEM-CALCULATED",
        plant_formula,
        "SELECT id FROM mdl_grade_items WHERE calculation IS NOT NULL",
        1,
    ),
    Fault(
        "Column of an activity that is gone",
        "WRITE-LAB (Removed quiz)",
        "ITEM-ACTIVITY-GONE",
        plant_item_of_no_activity,
        "SELECT id FROM mdl_grade_items WHERE iteminstance = 777",
        1,
    ),
    Fault(
        "Remark in a column of text",
        "WRITE-LAB (Remarks)",
        "-",
        plant_text_item,
        f"{GRADES} WHERE i.gradetype = 3 AND g.finalgrade IS NULL",
        1,
    ),
    Fault(
        "Number in a column of text",
        "WRITE-LAB (Remarks)",
        "GRD-TEXT-NUMBER",
        None,
        f"{GRADES} WHERE i.gradetype = 3 AND g.finalgrade > 0",
        1,
    ),
    Fault(
        "Total of a course or of a category",
        "grade_items, one for each course; TUTOR-KIT (Exercises)",
        "ITEM-TOTAL",
        None,
        "SELECT id FROM mdl_grade_items WHERE itemtype IN ('course', 'category')",
        37,
    ),
    Fault(
        "Gradebook whose total is no plain sum: a category, a formula",
        "TUTOR-KIT, WRITE-LAB",
        "ITEM-NO-WEIGHT",
        plant_grade_category,
        "SELECT id FROM mdl_grade_categories WHERE depth = 2",
        1,
    ),
    Fault(
        "Grade of a total",
        "grade_grades of the totals",
        "GRD-TOTAL",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {TOTALS} AND overridden = 0 AND NOT ({SAYS_NOTHING})",
        854,
    ),
    Fault(
        "Total that a teacher set by hand",
        "grade_grades of the totals",
        "GRD-TOTAL-OVERRIDDEN",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {TOTALS} AND overridden > 0",
        19,
    ),
    Fault(
        "Row without a grade, which says nothing else",
        "grade_grades",
        "GRD-EMPTY",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {SAYS_NOTHING}",
        458,
    ),
    Fault(
        "Grade above what the column allows",
        "SAFETY-FIRE (Drill)",
        "GRD-RANGE",
        plant_odd_grades,
        f"SELECT id FROM mdl_grade_grades WHERE {DRILL} AND finalgrade > 100",
        1,
    ),
    Fault(
        "Remark with a picture",
        "SAFETY-FIRE (Drill)",
        "GRD-FEEDBACK-FILES",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {DRILL} AND feedback LIKE '%@@PLUGINFILE@@%'",
        1,
    ),
    Fault(
        "Grade of somebody who is not in the course",
        "SAFETY-FIRE (Drill)",
        "GRD-NOT-ENROLLED",
        None,
        f"{GRADES} WHERE {DRILL} AND g.userid <> {GUEST} AND {NOT_IN_COURSE.format(user='g.userid', course='i.courseid')}",
        1,
    ),
    Fault(
        "Grade of the guest account",
        "SAFETY-FIRE (Drill)",
        "GRD-USER-EXCLUDED",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE userid = {GUEST}",
        1,
    ),
    Fault(
        "Grade by somebody who is not in the other site",
        "grades by user 2, whose name the other administrator has",
        "GRD-GRADER-UNKNOWN",
        None,
        "SELECT id FROM mdl_grade_grades WHERE usermodified = 2",
        2729,
    ),
    Fault(
        "Grade of 0 that is hidden until a day; grade below 0 that is locked; person without a grade who is exempt",
        "SAFETY-FIRE (Drill)",
        "-",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {DRILL} AND (hidden > 1 OR finalgrade < 0 OR excluded > 0)",
        3,
    ),
    Fault(
        "Column that is hidden until a day, and locked",
        "SAFETY-FIRE (Oral)",
        "-",
        plant_hidden_item,
        "SELECT id FROM mdl_grade_items WHERE hidden > 1",
        1,
    ),
    Fault(
        "Completion row without any date",
        "SAFETY-FIRE",
        "CMP-EMPTY",
        plant_odd_completions,
        "SELECT id FROM mdl_course_completions WHERE timeenrolled = 0 AND timestarted = 0 AND timecompleted IS NULL",
        3,
    ),
    Fault(
        "Completed before the person was enrolled",
        "SAFETY-FIRE",
        "CMP-BEFORE-ENROLMENT",
        None,
        "SELECT id FROM mdl_course_completions WHERE timecompleted < timeenrolled",
        1,
    ),
    Fault(
        "Completed in the future",
        "SAFETY-FIRE",
        "CMP-FUTURE",
        None,
        f"SELECT id FROM mdl_course_completions WHERE timecompleted > {madrid(2026, 1, 1)}",
        1,
    ),
    Fault(
        "Completion of the guest account",
        "SAFETY-FIRE",
        "CMP-USER-EXCLUDED",
        None,
        f"SELECT id FROM mdl_course_completions WHERE userid = {GUEST}",
        1,
    ),
    Fault(
        "Completion by people who are not in the course",
        "SAFETY-FIRE, user 905, 906",
        "CMP-NOT-ENROLLED",
        None,
        f"SELECT c.id FROM mdl_course_completions c WHERE c.userid <> {GUEST}"
        f" AND {NOT_IN_COURSE.format(user='c.userid', course='c.course')}",
        2,
    ),
    Fault(
        "Completion in a course that tracks none",
        "CHE-OLD",
        "CMP-NOT-TRACKED",
        None,
        "SELECT c.id FROM mdl_course_completions c JOIN mdl_course k ON k.id = c.course WHERE k.enablecompletion = 0",
        1,
    ),
    Fault(
        "Activity whose name stands in a table that is not there",
        "WRITE-LAB (forum)",
        "ACT-NAME-UNKNOWN",
        plant_activity_without_name,
        "SELECT m.id FROM mdl_course_modules m JOIN mdl_modules k ON k.id = m.module WHERE k.name = 'forum'",
        1,
    ),
    Fault(
        "Activity that nobody completed",
        "course_modules",
        "ACT-NO-COMPLETION",
        None,
        "SELECT id FROM mdl_course_modules WHERE deletioninprogress = 0 AND id NOT IN"
        " (SELECT coursemoduleid FROM mdl_course_modules_completion WHERE completionstate > 0)",
        2,
    ),
    Fault(
        "Activity that is not complete",
        "course_modules_completion",
        "ACP-NOT-COMPLETE",
        None,
        "SELECT id FROM mdl_course_modules_completion WHERE completionstate = 0",
        215,
    ),
    Fault(
        "Failed, which the person was not to see",
        "SAFETY-FIRE (Final test)",
        "ACP-FAIL-HIDDEN",
        plant_odd_module_completions,
        "SELECT id FROM mdl_course_modules_completion WHERE completionstate = 4",
        1,
    ),
    Fault(
        "Activity completed by somebody who is not in the course",
        "SAFETY-FIRE (Final test)",
        "ACP-NOT-ENROLLED",
        None,
        f"SELECT c.id FROM mdl_course_modules_completion c JOIN mdl_course_modules m ON m.id = c.coursemoduleid"
        f" WHERE c.userid <> {GUEST} AND {NOT_IN_COURSE.format(user='c.userid', course='m.course')}",
        1,
    ),
    Fault(
        "Activity completed by the guest account",
        "SAFETY-FIRE (Final test)",
        "ACP-USER-EXCLUDED",
        None,
        f"SELECT id FROM mdl_course_modules_completion WHERE userid = {GUEST}",
        1,
    ),
    Fault(
        "Completion of an activity that never was",
        "course_modules 7777",
        "REF-ORPHAN",
        None,
        "SELECT id FROM mdl_course_modules_completion WHERE coursemoduleid = 7777",
        1,
    ),
)

"""What a move into another Moodle meets in grades and completions; ``moodle_history.md`` is this table for people."""
