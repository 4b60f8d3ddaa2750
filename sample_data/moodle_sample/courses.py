"""The ordinary categories and courses of the Moodle sample, with their own fields."""

from __future__ import annotations

from typing import Any

from moodle_sample.clock import DAY, TERMS, madrid
from moodle_sample.site import CATEGORY, COURSE, ROLES, SITE_COURSE, SYSTEM, Site

CATEGORIES = (  # id, name, idnumber, parent, visible
    (1, "Faculty of Sciences", "SCI", 0, 1),
    (2, "Faculty of Humanities", "HUM", 0, 1),
    (3, "Staff Development", "STAFF", 0, 1),
    (4, "Life Sciences", "SCI-LIFE", 1, 1),
    (5, "Physical Sciences", "SCI-PHYS", 1, 1),
    (6, "Languages", "HUM-LANG", 2, 1),
    (7, "History & Society", None, 2, 1),
    (8, "Compulsory Training", "STAFF-MUST", 3, 1),
    (9, "Teaching Laboratories", "", 4, 1),
    (10, "Archive", "SCI-ARCH", 5, 0),
    (11, "Archive", "HUM-ARCH", 6, 0),
    (12, "Leadership", "STAFF-LEAD", 8, 1),
)

SUBJECTS = (  # short name, name, category
    ("BIO101", "Cell Biology", 4),
    ("BIO210", "Field Ecology", 9),
    ("CHE110", "General Chemistry", 5),
    ("PHY120", "Waves and Optics", 5),
    ("SPA101", "Spanish for Beginners", 6),
    ("ARA102", "Reading Arabic", 6),
    ("HIS140", "The Mediterranean Ports", 7),
    ("SOC150", "Cities and Migration", 7),
)

STANDING_COURSES = (  # short name, name, category, visible, dates: none | fixed | ended
    ("ONB-01", "First Week at the Institute", 3, 1, "none"),
    ("SAFETY-LAB", "Laboratory Safety", 8, 1, "fixed"),
    ("SAFETY-FIRE", "Fire Safety", 8, 1, "fixed"),
    ("GDPR-2024", "Personal Data at Work", 8, 1, "fixed"),
    ("CODE-CONDUCT", "Code of Conduct", 8, 1, "none"),
    ("LEAD-A", "Leading Small Teams", 12, 1, "fixed"),
    ("LEAD-B", "Leading Change", 12, 0, "fixed"),
    ("TUTOR-KIT", "Tutor's Toolkit", 3, 1, "fixed"),
    ("LIB-SKILLS", "Library Skills", 2, 1, "none"),
    ("STAT-CLINIC", "Statistics Clinic", 1, 1, "fixed"),
    ("CHE-OLD", "Chemistry Refresher 2019", 10, 0, "ended"),
    ("SPA-OLD", "Spanish Summer Course 2020", 11, 0, "ended"),
    ("MICRO-LAB", "Microscopy Practice", 9, 1, "fixed"),
    ("LAB-ASSIST", "Training for Lab Assistants", 9, 1, "fixed"),
    ("WRITE-LAB", "Writing Workshop", 6, 1, "fixed"),
)


def add_categories(site: Site) -> None:
    site.context(SYSTEM, 0)
    site.add(
        "course",
        id=SITE_COURSE,
        fullname="Sample Institute Learning",
        shortname="SIL",
        summary="",
        format="site",
        newsitems=3,
        sortorder=1,
        timecreated=madrid(2019, 3, 4, 10),
        timemodified=madrid(2024, 7, 1, 10),
    )
    site.context(COURSE, SITE_COURSE)
    for number, name, idnumber, parent, visible in CATEGORIES:
        above = site.get("course_categories", parent)["path"] if parent else ""
        site.add(
            "course_categories",
            id=number,
            name=name,
            idnumber=idnumber,
            description=f"<p>Courses of: {name.replace('&', '&amp;')}</p>" if number % 3 else None,
            descriptionformat=1,
            parent=parent,
            sortorder=number * 10000,
            visible=visible,
            visibleold=visible,
            timemodified=madrid(2022, 8, 1, 9),
            depth=above.count("/") + 1,
            path=f"{above}/{number}",
        )
        site.context(CATEGORY, number)


def add_course(site: Site, fullname: str | bytes, shortname: str, category: int, **values: Any) -> int:
    """Add a course with its context, its sections and the enrolment method every course has."""
    began = values.get("startdate") or madrid(2022, 9, 1)
    course = site.add(
        "course",
        **{
            "fullname": fullname,
            "shortname": shortname,
            "category": category,
            "summary": f"<p>What you learn in {shortname.split('-')[0]}.</p>",
            "summaryformat": 1,
            "showactivitydates": 1,
            "sortorder": 10000 * category + len(site.rows["course"]),
            "timecreated": began - 40 * DAY,
            "timemodified": began - 3 * DAY,
            **values,
        },
    )
    site.context(COURSE, course)
    site.method(course, "manual")
    for section in range(4):
        site.add(
            "course_sections",
            course=course,
            section=section,
            name=None if section < 2 else f"Part {section}",
            summary="" if section else "<p>Start here.</p>",
            summaryformat=1,
            sequence="",
            timemodified=began,
        )
    return course


def add_courses(site: Site) -> None:
    rng = site.random
    for place, (term, (start, end)) in enumerate(TERMS.items()):
        for shift in range(4):
            code, name, category = SUBJECTS[(place * 3 + shift * 2) % len(SUBJECTS)]
            add_course(
                site,
                f"{name} ({term.replace('-', ' ')})",
                f"{code}-{term}",
                category,
                idnumber=f"SIS-{code}-{term}",
                startdate=start,
                enddate=end,
                format="weeks" if shift % 2 else "topics",
                groupmode=shift % 3,
                enablecompletion=1,
                visible=0 if term == "2023-S1" else 1,
                visibleold=1,
            )
    for order, (code, name, category, visible, dates) in enumerate(STANDING_COURSES):
        start, end = 0, 0
        if dates == "fixed":
            start = madrid(2023, 9, 1 + order)
        elif dates == "ended":
            start, end = madrid(2019 + order % 2, 7, 1), madrid(2019 + order % 2, 9, 1)
        add_course(
            site,
            name,
            code,
            category,
            idnumber="" if order % 4 == 3 else f"SIS-{code}",
            startdate=start,
            enddate=end,
            enablecompletion=0 if dates == "ended" else 1,
            visible=visible,
            visibleold=visible,
            lang="es" if code.startswith("SPA") else "",
        )
    teacher = ROLES["editingteacher"]
    for course in rng.sample(sorted(set(site.rows["course"]) - {SITE_COURSE}), 4):
        site.add("role_names", roleid=teacher, contextid=site.context(COURSE, course), name="Tutor")


def by_shortname(site: Site) -> dict[str, int]:
    return {row["shortname"]: row["id"] for row in site.all("course")}


def add_course_fields(site: Site) -> None:
    made = madrid(2023, 5, 2, 9)
    times = {"timecreated": made, "timemodified": made}
    site.add(
        "customfield_category",
        name="Catalogue",
        component="core_course",
        area="course",
        sortorder=0,
        contextid=site.context(SYSTEM, 0),
        **times,
    )
    fields = (
        (
            "delivery",
            "Delivery",
            "select",
            '{"options":"Online\\r\\nOn site\\r\\nMixed","defaultvalue":"Online"}',
        ),
        ("credits", "Credits", "text", '{"defaultvalue":"","displaysize":10}'),
        ("accredited", "Accredited", "checkbox", '{"checkbydefault":"0"}'),
        ("reviewdate", "Next review", "date", '{"includetime":"0"}'),
    )
    for order, (shortname, name, kind, config) in enumerate(fields):
        site.add(
            "customfield_field",
            shortname=shortname,
            name=name,
            type=kind,
            sortorder=order,
            categoryid=1,
            configdata=config,
            **times,
        )
    for course in site.all("course"):
        if course["id"] == SITE_COURSE:
            continue
        values: tuple[tuple[int, str, Any], ...] = (
            (1, "intvalue", site.random.randrange(1, 4)),
            (2, "charvalue", site.random.choice(("3", "4.5", "6"))),
            (3, "intvalue", site.random.randrange(2)),
            (4, "intvalue", madrid(2026, 1 + course["id"] % 12, 1)),
        )
        for field_id, column, value in values:
            if site.chance(0.6):
                site.add(
                    "customfield_data",
                    fieldid=field_id,
                    instanceid=course["id"],
                    value=str(value),
                    valueformat=0,
                    contextid=site.context(COURSE, course["id"]),
                    **{column: value},
                    **times,
                )
