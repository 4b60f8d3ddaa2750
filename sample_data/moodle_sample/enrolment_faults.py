"""Faults of enrolments, groups, cohorts and site roles. Each function plants one."""

from __future__ import annotations

from moodle_sample.clock import NO_END, madrid
from moodle_sample.courses import by_shortname
from moodle_sample.fault import ENROLMENTS, IN_COURSE, Fault
from moodle_sample.site import COURSE, MODULE, ROLES, SITE_COURSE, SYSTEM, USER, Site


def plant_unknown_course_role(site: Site) -> None:
    site.person(937, "External", "Auditor")
    for course in ("SAFETY-LAB", "GDPR-2024"):
        site.enrol(937, by_shortname(site)[course], role="auditor")


def plant_enrolment_without_role(site: Site) -> None:
    site.person(938, "Yehor", "Koval")
    site.enrol(938, by_shortname(site)["STAT-CLINIC"], role=None)


def plant_role_without_enrolment(site: Site) -> None:
    site.person(939, "Dimitra", "Angelou")
    courses = by_shortname(site)
    site.assign(939, "teacher", site.context(COURSE, courses["STAT-CLINIC"]))
    site.assign(939, "editingteacher", site.context(COURSE, courses["MICRO-LAB"]))


def plant_two_methods(site: Site) -> None:
    """The ordinary site has more of these: people whom a cohort or a meta link enrols again."""
    course = by_shortname(site)["LEAD-B"]
    site.person(940, "Meera", "Nair")
    site.enrol(940, course)
    site.enrol(940, course, "self")


def plant_enrolment_of_excluded(site: Site) -> None:
    for user in (902, 903):
        site.enrol(user, by_shortname(site)["SAFETY-FIRE"], start=madrid(2023, 9, 4))


def plant_enrolment_in_site_course(site: Site) -> None:
    site.person(941, "Wang", "Lihua")
    site.enrol(941, SITE_COURSE)


def plant_enrolment_dates(site: Site) -> None:
    site.person(942, "Asha", "Chauhan")
    course = by_shortname(site)["MICRO-LAB"]
    site.enrol(942, course, start=madrid(2024, 10, 1), end=madrid(2024, 3, 1))


def plant_enrolment_of_nobody(site: Site) -> None:
    site.enrol(99999, by_shortname(site)["LIB-SKILLS"])


def plant_enrolment_in_no_course(site: Site) -> None:
    method = site.add("enrol", enrol="manual", courseid=888, roleid=ROLES["student"])
    site.add("user_enrolments", enrolid=method, userid=33, timestart=madrid(2023, 2, 1), timeend=0)


def plant_two_roles(site: Site) -> None:
    site.person(943, "Minjun", "Park")
    course = by_shortname(site)["TUTOR-KIT"]
    site.enrol(943, course)
    site.assign(943, "teacher", site.context(COURSE, course))


def plant_endless_enrolment(site: Site) -> None:
    site.person(944, "Saeunn", "Aegisson")
    site.enrol(944, by_shortname(site)["TUTOR-KIT"], end=NO_END)


def plant_blank_group(site: Site) -> None:
    course = by_shortname(site)["SAFETY-FIRE"]
    made = madrid(2024, 3, 4, 9)
    site.add("groups", id=101, courseid=course, name=" ", description="", timecreated=made, timemodified=made)
    for user in site.people_of(course)[:2]:
        site.add("groups_members", groupid=101, userid=user, timeadded=made)


def plant_member_not_enrolled(site: Site) -> None:
    course = by_shortname(site)["SAFETY-FIRE"]
    made = madrid(2024, 3, 4, 10)
    site.person(945, "Visiting", "Member")
    site.add("groups", id=102, courseid=course, name="Evening", description="", timecreated=made, timemodified=made)
    for user in (*site.people_of(course)[2:5], 945):
        site.add("groups_members", groupid=102, userid=user, timeadded=made)


def plant_member_of_no_group(site: Site) -> None:
    site.add("groups_members", groupid=777, userid=34, timeadded=madrid(2023, 3, 4))


def plant_deleted_cohort_member(site: Site) -> None:
    site.add("cohort_members", cohortid=8, userid=901, timeadded=madrid(2023, 10, 2))


def plant_unknown_site_role(site: Site) -> None:
    site.person(946, "Help", "Desk")
    site.assign(946, "helpdesk", site.context(SYSTEM, 0))


def plant_roles_at_odd_levels(site: Site) -> None:
    site.person(947, "Personal", "Mentor")
    site.assign(947, "teacher", site.context(USER, 35))
    module = next(iter(site.rows["course_modules"]))
    site.assign(36, "teacher", site.context(MODULE, module))


ENROLMENT_FAULTS: tuple[Fault, ...] = (
    Fault(
        "Course role of the site's own (auditor)",
        "user 937 in SAFETY-LAB, GDPR-2024",
        "ENR-ROLE-UNMAPPED",
        plant_unknown_course_role,
        f"SELECT ra.id FROM {IN_COURSE} WHERE ra.roleid = 9",
        2,
    ),
    Fault(
        "Enrolment without a role",
        "user 938 in STAT-CLINIC",
        "ENR-NO-ROLE",
        plant_enrolment_without_role,
        f"SELECT ue.id FROM {ENROLMENTS} WHERE e.courseid IN (SELECT id FROM mdl_course) AND NOT EXISTS ("
        f"SELECT 1 FROM {IN_COURSE} WHERE x.instanceid = e.courseid AND ra.userid = ue.userid)",
        1,
    ),
    Fault(
        "Course role without an enrolment",
        "user 939 in STAT-CLINIC, MICRO-LAB",
        "ENR-ROLE-ONLY",
        plant_role_without_enrolment,
        f"SELECT ra.id FROM {IN_COURSE} WHERE NOT EXISTS ("
        f"SELECT 1 FROM {ENROLMENTS} WHERE e.courseid = x.instanceid AND ue.userid = ra.userid)",
        2,
    ),
    Fault(
        "One person in one course by two methods",
        "user 940 in LEAD-B; people whom a cohort or a meta link enrols again; user 907 + 908 in SAFETY-LAB",
        "ENR-FOLDED",
        plant_two_methods,
        f"SELECT ue.userid FROM {ENROLMENTS} GROUP BY ue.userid, e.courseid HAVING count(*) > 1",
        34,
    ),
    Fault(
        "Enrolment of an account that is excluded (deleted)",
        "user 902, 903 in SAFETY-FIRE",
        "ENR-USER-EXCLUDED",
        plant_enrolment_of_excluded,
        f"SELECT ue.id FROM {ENROLMENTS} JOIN mdl_user u ON u.id = ue.userid WHERE u.deleted = 1",
        2,
    ),
    Fault(
        "Enrolment in the site's front page",
        "user 941 in course 1",
        "ENR-SITE-COURSE",
        plant_enrolment_in_site_course,
        f"SELECT ue.id FROM {ENROLMENTS} WHERE e.courseid = 1",
        1,
    ),
    Fault(
        "Enrolment that ends before it starts",
        "user 942 in MICRO-LAB",
        "ENR-DATES",
        plant_enrolment_dates,
        "SELECT id FROM mdl_user_enrolments WHERE timeend <> 0 AND timeend < timestart AND timestart < 4102444800",
        1,
    ),
    Fault(
        "Enrolment of a user id that never was",
        "user 99999 in LIB-SKILLS",
        "REF-ORPHAN",
        plant_enrolment_of_nobody,
        "SELECT id FROM mdl_user_enrolments WHERE userid NOT IN (SELECT id FROM mdl_user)",
        1,
    ),
    Fault(
        "Enrolment through a method of a course that is gone",
        "user 33 in course 888",
        "REF-ORPHAN",
        plant_enrolment_in_no_course,
        f"SELECT ue.id FROM {ENROLMENTS} WHERE e.courseid NOT IN (SELECT id FROM mdl_course)",
        1,
    ),
    Fault(
        "Enrolments of accounts that cannot be loaded (blank name, broken text)",
        "user 917 in CODE-CONDUCT, user 923 in ONB-01, LIB-SKILLS",
        "REF-BLOCKED",
        None,
        "SELECT id FROM mdl_user_enrolments WHERE userid IN (917, 923)",
        3,
    ),
    Fault(
        "Two roles of one person in one course",
        "user 943 in TUTOR-KIT",
        "-",
        plant_two_roles,
        f"SELECT ra.userid FROM {IN_COURSE} WHERE ra.userid = 943 GROUP BY ra.userid HAVING count(*) = 2",
        1,
    ),
    Fault(
        "Enrolment with the largest possible end, which means none (2147483647)",
        "user 944 in TUTOR-KIT",
        "-",
        plant_endless_enrolment,
        "SELECT id FROM mdl_user_enrolments WHERE timeend = 2147483647",
        1,
    ),
)

GROUP_FAULTS: tuple[Fault, ...] = (
    Fault(
        "Group with a blank name",
        "groups 101",
        "GRP-NAME-BLANK",
        plant_blank_group,
        "SELECT id FROM mdl_groups WHERE trim(name) = ''",
        1,
    ),
    Fault(
        "Section of the group with a blank name; it is called by its number",
        "groups 101",
        "SEC-NAME-BLANK",
        None,
        "SELECT id FROM mdl_groups WHERE trim(name) = ''",
        1,
    ),
    Fault(
        "Members of the group with a blank name",
        "groups_members of groups 101",
        "REF-BLOCKED",
        None,
        "SELECT id FROM mdl_groups_members WHERE groupid = 101",
        2,
    ),
    Fault(
        "Group member who is not in the course",
        "user 945 in groups 102",
        "MEM-NOT-ENROLLED",
        plant_member_not_enrolled,
        "SELECT m.id FROM mdl_groups_members m JOIN mdl_groups g ON g.id = m.groupid WHERE NOT EXISTS ("
        f"SELECT 1 FROM {ENROLMENTS} WHERE e.courseid = g.courseid AND ue.userid = m.userid)",
        1,
    ),
    Fault(
        "Member of a group that is gone",
        "user 34 in groups 777",
        "REF-ORPHAN",
        plant_member_of_no_group,
        "SELECT id FROM mdl_groups_members WHERE groupid NOT IN (SELECT id FROM mdl_groups)",
        1,
    ),
    Fault(
        "Cohort member whose account is excluded (deleted)",
        "user 901 in cohort 8",
        "MEM-USER-EXCLUDED",
        plant_deleted_cohort_member,
        "SELECT m.id FROM mdl_cohort_members m JOIN mdl_user u ON u.id = m.userid WHERE u.deleted = 1",
        1,
    ),
)

ADMINISTRATOR_FAULTS: tuple[Fault, ...] = (
    Fault(
        "Site role of the site's own (helpdesk)",
        "user 946",
        "ADM-ROLE-UNMAPPED",
        plant_unknown_site_role,
        "SELECT id FROM mdl_role_assignments WHERE roleid = 10",
        1,
    ),
    Fault(
        "Role held over a person or in one activity, levels the target does not have",
        "user 947 over user 35, user 36 in course_modules 1",
        "ADM-LEVEL",
        plant_roles_at_odd_levels,
        "SELECT ra.id FROM mdl_role_assignments ra JOIN mdl_context x ON x.id = ra.contextid"
        " WHERE x.contextlevel NOT IN (10, 40, 50)",
        2,
    ),
)
