"""Faults of categories and courses. Each function plants one; ordinary rows change only where it says so."""

from __future__ import annotations

from typing import Any

from moodle_sample.clock import madrid
from moodle_sample.courses import add_course
from moodle_sample.fault import ENROLMENTS, Fault
from moodle_sample.site import CATEGORY, Site


def plant_category_loop(site: Site) -> None:
    site.add(
        "course_categories",
        id=13,
        name="Unsorted",
        idnumber="LOOP",
        description="",
        parent=13,
        sortorder=130000,
        timemodified=madrid(2022, 8, 1, 9),
        depth=1,
        path="/13",
    )
    site.context(CATEGORY, 13)


FIXED: dict[str, Any] = {"startdate": madrid(2024, 2, 1), "enablecompletion": 1}


def plant_course_dates(site: Site) -> None:
    add_course(site, "Grant Writing", "GRANTS", 3, id=101, idnumber="SIS-GRANTS", **FIXED)
    site.get("course", 101)["enddate"] = madrid(2024, 1, 8)


def plant_course_idnumber_twice(site: Site) -> None:
    add_course(site, "Presenting Results", "PRESENT-A", 3, id=102, idnumber="SIS-PRESENT", **FIXED)
    add_course(site, "Presenting Results, Evening", "PRESENT-B", 3, id=103, idnumber="SIS-PRESENT", **FIXED)


def plant_multilang_course(site: Site) -> None:
    add_course(
        site,
        '<span lang="en" class="multilang">Ethics</span><span lang="es" class="multilang">Ética</span>',
        "ETHICS",
        7,
        id=104,
        idnumber="SIS-ETHICS",
        **FIXED,
    )


def plant_html_in_course(site: Site) -> None:
    add_course(site, "Radiation <b>Safety</b>", "SAFETY-RAD", 8, id=105, idnumber="SIS-RAD", **FIXED)


def plant_course_without_category(site: Site) -> None:
    add_course(site, "Course of a Closed Department", "CLOSED-DEP", 999, id=106, idnumber="SIS-CLOSED", **FIXED)
    for user in (30, 31):
        site.enrol(user, 106)


def plant_courses_that_survive(site: Site) -> None:
    add_course(site, "Botany & Gardens \U0001f33f", "BOT-GARDEN", 9, id=107, idnumber="SIS-BOT", **FIXED)
    add_course(site, "Missing Values", "null", 1, id=108, idnumber="", **FIXED)
    add_course(site, "Counting from Nothing", "0", 1, id=109, idnumber="0", **FIXED)
    for course in (101, 102, 103, 104, 105, 107, 108, 109):
        site.enrol(40 + course - 100, course, role="editingteacher")
        for user in range(course - 30, course - 20):
            if not site.is_enrolled(user, course):
                site.enrol(user, course)


COURSE_FAULTS: tuple[Fault, ...] = (
    Fault(
        "Category that is its own parent",
        "course_categories 13",
        "REF-CYCLE",
        plant_category_loop,
        "SELECT id FROM mdl_course_categories WHERE parent = id",
        1,
    ),
    Fault(
        "Two categories of one name under different parents",
        "course_categories 10, 11 (Archive)",
        "-",
        None,
        "SELECT id FROM mdl_course_categories WHERE name = 'Archive'",
        2,
    ),
    Fault(
        "The site's front page, stored as a course",
        "course 1",
        "CRS-SITE",
        None,
        "SELECT id FROM mdl_course WHERE format = 'site'",
        1,
    ),
    Fault(
        "Course that ends before it starts",
        "course 101 (GRANTS)",
        "CRS-DATES",
        plant_course_dates,
        "SELECT id FROM mdl_course WHERE enddate <> 0 AND enddate < startdate",
        1,
    ),
    Fault(
        "ID number used by two courses",
        "course 102, 103 (SIS-PRESENT)",
        "CRS-IDNUMBER-DUP",
        plant_course_idnumber_twice,
        "SELECT id FROM mdl_course WHERE idnumber = 'SIS-PRESENT'",
        2,
    ),
    Fault(
        "Course name in two languages, as multilang spans",
        "course 104 (ETHICS)",
        "CRS-MULTILANG",
        plant_multilang_course,
        "SELECT id FROM mdl_course WHERE fullname LIKE '%class=\"multilang\"%'",
        1,
    ),
    Fault(
        "HTML in a course name",
        "course 105 (SAFETY-RAD)",
        "CRS-NAME-HTML",
        plant_html_in_course,
        "SELECT id FROM mdl_course WHERE fullname LIKE '%<b>%'",
        1,
    ),
    Fault(
        "Course in a category that does not exist",
        "course 106 (CLOSED-DEP)",
        "REF-ORPHAN",
        plant_course_without_category,
        "SELECT id FROM mdl_course WHERE id <> 1 AND category NOT IN (SELECT id FROM mdl_course_categories)",
        1,
    ),
    Fault(
        "Enrolments in the course whose category does not exist",
        "enrolments of user 30, 31 in course 106",
        "REF-BLOCKED",
        None,
        f"SELECT ue.id FROM {ENROLMENTS} WHERE e.courseid = 106",
        2,
    ),
    Fault(
        "Ampersand and emoji in a course name",
        "course 107 (BOT-GARDEN)",
        "-",
        plant_courses_that_survive,
        "SELECT id FROM mdl_course WHERE instr(fullname, '&') AND instr(fullname, char(127807))",
        1,
    ),
    Fault(
        "Short names that look like nothing: null, 0",
        "course 108, 109",
        "-",
        None,
        "SELECT id FROM mdl_course WHERE shortname IN ('null', '0')",
        2,
    ),
    Fault(
        "Courses whose short name carries a term; four courses make one term",
        "course 2-21 (2023-S1 to 2025-S1)",
        "TERM-FOLDED",
        None,
        "SELECT id FROM mdl_course WHERE shortname GLOB '*-20[0-9][0-9]-S[12]'",
        20,
    ),
    Fault(
        "Courses whose short name carries no term",
        "course 22-36, 101-109",
        "TERM-NONE",
        None,
        "SELECT id FROM mdl_course WHERE id <> 1 AND shortname NOT GLOB '*-20[0-9][0-9]-S[12]'",
        24,
    ),
)
