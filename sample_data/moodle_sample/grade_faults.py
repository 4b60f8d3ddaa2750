"""Faults of columns and grades, as the move to Canvas meets them. Each function plants one."""

from __future__ import annotations

from moodle_sample.clock import madrid
from moodle_sample.course_faults import FIXED
from moodle_sample.courses import by_shortname
from moodle_sample.fault import Fault, students
from moodle_sample.history_faults import DRILL, GRADES, IN_BIN, NOT_IN_COURSE, plant_grade, plant_item
from moodle_sample.site import Site


def plant_total_that_nobody_has(site: Site) -> None:
    course = by_shortname(site)["GRANTS"]
    times = {"timecreated": FIXED["startdate"], "timemodified": FIXED["startdate"]}
    top = site.add("grade_categories", courseid=course, depth=1, fullname="?", aggregation=13, aggregateonlygraded=1, **times)
    site.get("grade_categories", top)["path"] = f"/{top}/"
    site.add("grade_items", courseid=course, itemtype="course", iteminstance=top, sortorder=1, **times)


def plant_column_in_two_languages(site: Site) -> None:
    name = '<span lang="en" class="multilang">Oral exam</span><span lang="es" class="multilang">Examen oral</span>'
    item, day = plant_item(site, "SAFETY-LAB", name), madrid(2024, 6, 3, 12)
    first, second, third, fourth, *_ = students(site, "SAFETY-LAB")
    plant_grade(site, item, first, 45.0, excluded=day)
    plant_grade(site, item, second, None, feedback="Was ill, comes in June", feedbackformat=2)
    plant_grade(site, item, third, 55.5, hidden=day, feedback='2 < 3 & "so" on', feedbackformat=2)
    plant_grade(site, item, fourth, 0.0, feedback="<p>Did not<br>turn up</p><p>Again &amp; again</p>", feedbackformat=1)


def plant_grades_of_one_person_twice(site: Site) -> None:
    item = plant_item(site, "SAFETY-LAB", "Locker check")
    plant_grade(site, item, 907, 61.0)
    plant_grade(site, item, 908, 74.0)


def plant_grade_by_the_second_account(site: Site) -> None:
    plant_grade(site, plant_item(site, "ONB-01", "Interview"), 908, 82.25)


def plant_grade_of_somebody_without_role(site: Site) -> None:
    plant_grade(site, plant_item(site, "STAT-CLINIC", "Consultation"), 938, 77.0)


SEEN_LATER = "(hidden = 1 OR hidden > 1767225600)"

LAB_EXAM = "itemid IN (SELECT id FROM mdl_grade_items WHERE itemname LIKE '%Oral exam%')"

GRADES_TITLE = "the columns and grades of the Moodle sample, for the move to Canvas"

GRADE_FAULTS: tuple[Fault, ...] = (
    Fault(
        "Column or grade that the import package has no place for",
        "grade_items and grade_grades, but those below that stay behind or wait",
        "LIVE-ONLY",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 1 AND hidden = 0 AND itemtype = 'manual'",
        9,
    ),
    Fault(
        "Total of a category",
        "TUTOR-KIT (Exercises)",
        "ITEM-CATEGORY-TOTAL",
        None,
        "SELECT id FROM mdl_grade_items WHERE itemtype = 'category'",
        1,
    ),
    Fault(
        "Total of a course in which nobody has a grade",
        "GRANTS",
        "ITEM-TOTAL-EMPTY",
        plant_total_that_nobody_has,
        "SELECT id FROM mdl_grade_items i WHERE itemtype = 'course'"
        " AND NOT EXISTS (SELECT 1 FROM mdl_grade_grades g WHERE g.itemid = i.id AND g.finalgrade IS NOT NULL)",
        1,
    ),
    Fault(
        "Column of the kind none",
        "WRITE-LAB (Announcements)",
        "ITEM-NO-GRADE",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 0",
        1,
    ),
    Fault(
        "Column that takes remarks and no points",
        "WRITE-LAB (Remarks)",
        "ITEM-TEXT",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 3",
        1,
    ),
    Fault(
        "Column whose activity is in the recycle bin",
        "STAT-CLINIC (Final test)",
        "ITEM-DELETING",
        None,
        f"SELECT i.id FROM mdl_grade_items i JOIN ({IN_BIN}) m ON m.instance = i.iteminstance WHERE i.itemmodule = 'quiz'",
        1,
    ),
    Fault(
        "Grade in a column that stays behind",
        "WRITE-LAB (Announcements, Remarks), STAT-CLINIC (Final test)",
        "GRD-ITEM-EXCLUDED",
        None,
        f"{GRADES} WHERE i.gradetype IN (0, 3) AND g.finalgrade IS NOT NULL",
        2,
    ),
    Fault(
        "Column that students see from a day on that has not come",
        "SAFETY-FIRE (Oral)",
        "ITEM-HIDDEN",
        None,
        f"SELECT id FROM mdl_grade_items WHERE {SEEN_LATER}",
        1,
    ),
    Fault(
        "Grade that its student does not see",
        "grade_grades.hidden",
        "GRD-HIDDEN",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE finalgrade IS NOT NULL AND {SEEN_LATER}",
        64,
    ),
    Fault(
        "Column of numbers whose assignment is marked on a scale",
        "MICRO-LAB (Report)",
        "ITEM-SCALE-DIFFERS",
        None,
        "SELECT a.id FROM mdl_assign a JOIN mdl_grade_items i ON i.itemmodule = 'assign' AND i.iteminstance = a.id"
        " WHERE a.grade < 0 AND i.gradetype <> 2",
        1,
    ),
    Fault(
        "Grade in a column that waits for a decision",
        "MICRO-LAB (Report)",
        "REF-BLOCKED",
        None,
        f"{GRADES} JOIN mdl_assign a ON i.itemmodule = 'assign' AND i.iteminstance = a.id"
        " WHERE a.grade < 0 AND i.gradetype <> 2 AND g.finalgrade IS NOT NULL",
        23,
    ),
    Fault(
        "Column on a scale; positions go as points and words as comments",
        "Notebook of every other course, and assignments",
        "ITEM-SCALE",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 2 AND scaleid IN (SELECT id FROM mdl_scale)",
        22,
    ),
    Fault(
        "Column on a scale of which nobody knows the words",
        "WRITE-LAB (Portfolio)",
        "ITEM-SCALE-GONE",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 2 AND scaleid NOT IN (SELECT id FROM mdl_scale)",
        1,
    ),
    Fault(
        "Grade whose word nobody knows",
        "WRITE-LAB (Portfolio)",
        "GRD-SCALE-WORD",
        None,
        f"{GRADES} WHERE i.scaleid = 77",
        1,
    ),
    Fault(
        "Column whose lowest grade is not 0",
        "SAFETY-FIRE (Drill), MICRO-LAB (Report)",
        "ITEM-MINIMUM",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 1 AND grademin <> 0",
        2,
    ),
    Fault(
        "Column that is called by its number",
        "WRITE-LAB",
        "ITEM-NAME-BLANK",
        None,
        "SELECT id FROM mdl_grade_items WHERE itemtype = 'manual' AND itemname IS NULL",
        1,
    ),
    Fault(
        "Column whose name is given in two languages",
        "SAFETY-LAB (Oral exam)",
        "ITEM-MULTILANG",
        plant_column_in_two_languages,
        "SELECT id FROM mdl_grade_items WHERE itemname LIKE '%multilang%'",
        1,
    ),
    Fault(
        "Columns of a gradebook that Canvas cannot add up",
        "TUTOR-KIT, WRITE-LAB",
        "ITEM-NO-WEIGHT",
        None,
        "SELECT id FROM mdl_grade_categories WHERE depth = 2",
        1,
    ),
    Fault(
        "Column by formula",
        "WRITE-LAB (Sum of the parts)",
        "ITEM-CALCULATED",
        None,
        "SELECT id FROM mdl_grade_items WHERE calculation IS NOT NULL",
        1,
    ),
    Fault(
        "Column that an activity left behind",
        "WRITE-LAB (Removed quiz)",
        "ITEM-ACTIVITY-GONE",
        None,
        "SELECT id FROM mdl_grade_items WHERE iteminstance = 777",
        1,
    ),
    Fault(
        "Row without grade, remark or exemption",
        "grade_grades",
        "GRD-EMPTY",
        None,
        "SELECT id FROM mdl_grade_grades WHERE finalgrade IS NULL AND excluded = 0 AND feedback IS NULL",
        468,
    ),
    Fault(
        "Remark without a grade",
        "SAFETY-LAB (Oral exam), WRITE-LAB (Remarks)",
        "GRD-REMARK-ONLY",
        None,
        "SELECT id FROM mdl_grade_grades WHERE finalgrade IS NULL AND feedback <> ''",
        2,
    ),
    Fault(
        "Exempt, and has a grade",
        "SAFETY-LAB (Oral exam)",
        "GRD-EXEMPT-SCORE",
        None,
        "SELECT id FROM mdl_grade_grades WHERE finalgrade IS NOT NULL AND excluded > 0",
        1,
    ),
    Fault(
        "Grade of 0 with a remark of two paragraphs; one hidden until a day long past, with a remark that looks like HTML",
        "SAFETY-LAB (Oral exam)",
        "-",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {LAB_EXAM} AND finalgrade IS NOT NULL AND excluded = 0",
        2,
    ),
    Fault(
        "Grades of one person in one column, by two accounts",
        "SAFETY-LAB (Locker check), user 907 + 908",
        "GRD-FOLDED",
        plant_grades_of_one_person_twice,
        f"{GRADES} WHERE i.itemname = 'Locker check'",
        2,
    ),
    Fault(
        "Grade by the second account of a person who is in the course by the first",
        "ONB-01 (Interview), user 908",
        "-",
        plant_grade_by_the_second_account,
        f"{GRADES} WHERE i.itemname = 'Interview'",
        1,
    ),
    Fault(
        "Grade of somebody whose enrolment waits for a role",
        "STAT-CLINIC (Consultation), user 938",
        "CANVAS-GRADE-NOT-STUDENT",
        plant_grade_of_somebody_without_role,
        f"{GRADES} WHERE i.itemname = 'Consultation'",
        1,
    ),
    Fault(
        "Grade of somebody who has left the course, or never was in it",
        "SAFETY-FIRE (Drill), user 905, 906",
        "GRD-NOT-ENROLLED",
        None,
        f"{GRADES} WHERE g.userid <> 908 AND {NOT_IN_COURSE.format(user='g.userid', course='i.courseid')}",
        4,
    ),
    Fault(
        "Points above what the column allows",
        "SAFETY-FIRE (Drill)",
        "GRD-RANGE",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {DRILL} AND finalgrade > 100",
        1,
    ),
    Fault(
        "Remark that shows a picture",
        "SAFETY-FIRE (Drill)",
        "GRD-FEEDBACK-FILES",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {DRILL} AND feedback LIKE '%@@PLUGINFILE@@%'",
        1,
    ),
)

"""What the move to Canvas meets in columns and grades; ``moodle_grades.md`` is this table for people."""
