"""Who is in which course and group of the ordinary site, and who has a role outside of courses."""

from __future__ import annotations

from moodle_sample.clock import DAY, HOUR, NOW
from moodle_sample.courses import by_shortname
from moodle_sample.people import PEOPLE
from moodle_sample.site import CATEGORY, SITE_COURSE, SYSTEM, Site

SYNCED_COHORTS = {"SAFETY-LAB": 3, "GDPR-2024": 1, "LEAD-A": 5, "BIO101-2025-S1": 6, "ONB-01": 2}

"""Course short name -> the cohort it enrols."""

META_COURSES = {"LAB-ASSIST": "MICRO-LAB", "LIB-SKILLS": "SPA101-2025-S1"}

"""Course short name -> the course whose people it takes over."""


def add_enrolments(site: Site) -> None:
    rng = site.random
    courses = by_shortname(site)
    for shortname, course in courses.items():
        if course == SITE_COURSE:
            continue
        if course % 2:
            site.method(course, "self", status=course % 4 // 3, customint6=1)
        if course % 6 == 0:
            site.method(course, "guest", status=0)
        for user in rng.sample(PEOPLE, 3):
            site.enrol(user, course, role="editingteacher" if site.chance(0.7) else "teacher")
        ended = site.get("course", course)["enddate"]
        for user in rng.sample(PEOPLE, rng.randrange(22, 48)):
            if site.is_enrolled(user, course):
                continue
            by_hand = course % 2 == 0 or site.chance(0.7)
            late = site.chance(0.05)
            site.enrol(
                user,
                course,
                "manual" if by_hand else "self",
                status=1 if site.chance(0.05) else 0,
                start=0 if site.chance(0.08) else (NOW + 60 * DAY if late and not ended else None),
                end=ended + 30 * DAY if ended and site.chance(0.2) else 0,
            )
        if shortname in SYNCED_COHORTS:
            cohort = SYNCED_COHORTS[shortname]
            site.method(course, "cohort", customint1=cohort, customint2=0)
            for member in site.all("cohort_members"):
                if member["cohortid"] == cohort:
                    site.enrol(member["userid"], course, "cohort", start=0)
    for child, parent in META_COURSES.items():
        site.method(courses[child], "meta", customint1=courses[parent], roleid=0)
        for role in ("student", "editingteacher"):
            for user in site.people_of(courses[parent], role=role):
                site.enrol(user, courses[child], "meta", role=role, start=0)
    for user, course in list(site.enrolled):
        if site.get("user", user)["lastaccess"] and site.chance(0.6):
            seen = min(site.get("user", user)["lastaccess"], NOW - user * HOUR)
            site.add("user_lastaccess", userid=user, courseid=course, timeaccess=seen)


def add_groups(site: Site) -> None:
    rng = site.random
    names = ("Morning", "Afternoon", "Online", "Laboratory A", "Laboratory B")
    with_groups = [row["id"] for row in site.all("course") if row["id"] % 3 == 0]
    for course in with_groups:
        made = site.get("course", course)["timecreated"] + DAY
        students = site.people_of(course)
        groups = []
        for order, name in enumerate(rng.sample(names, 3 + course % 2)):
            group = site.add(
                "groups",
                courseid=course,
                idnumber=f"G-{course}-{order}" if site.chance(0.4) else "",
                name=name,
                description="<p>Meets on Tuesdays.</p>" if site.chance(0.2) else "",
                descriptionformat=1,
                timecreated=made,
                timemodified=made,
            )
            groups.append(group)
            for user in sorted(rng.sample(students, min(len(students), rng.randrange(5, 12)))):
                site.add("groups_members", groupid=group, userid=user, timeadded=made + DAY)
        if course % 2 == 0:
            grouping = site.add(
                "groupings",
                courseid=course,
                name="Timetable",
                description="",
                timecreated=made,
                timemodified=made,
            )
            for group in groups[:2]:
                site.add("groupings_groups", groupingid=grouping, groupid=group, timeadded=made)


def add_site_roles(site: Site) -> None:
    site.assign(5, "manager", site.context(SYSTEM, 0))
    site.assign(6, "manager", site.context(SYSTEM, 0))
    site.assign(7, "coursecreator", site.context(SYSTEM, 0))
    site.assign(8, "manager", site.context(CATEGORY, 1))
    site.assign(9, "manager", site.context(CATEGORY, 8))
    site.assign(10, "coursecreator", site.context(CATEGORY, 4))
    site.assign(11, "coursecreator", site.context(CATEGORY, 6))
