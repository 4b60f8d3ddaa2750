"""Write the account reports of a small college that does not exist, as Canvas writes them, with planted faults.

    python sample_data/generate_canvas.py DIR
    python sample_data/generate_canvas.py --list > sample_data/canvas.md

The same bytes every time: fixed seed, no clock, standard library only. Nothing in it is real: people are made from lists of
given and family names, every address ends in example.org, IP addresses come from the range kept for documentation. The
ordinary college is built first, then each fault is planted by a function of its own. Planted rows have numbers from 901
upwards, so that a finding is easily told from the ordinary college.
"""

from __future__ import annotations

import random
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import planted
from planted import Fault, Files, Row, count, plant_all, write_files

SEED = 20251125
ROOT = 1

COLUMNS: dict[str, str] = {
    "users": "canvas_user_id,user_id,integration_id,authentication_provider_id,login_id,first_name,last_name,full_name,"
    "sortable_name,short_name,email,status,created_by_sis,pronouns",
    "accounts": "canvas_account_id,account_id,canvas_parent_id,parent_account_id,name,status,created_by_sis",
    "terms": "canvas_term_id,term_id,name,status,start_date,end_date,created_by_sis",
    "courses": "canvas_course_id,course_id,integration_id,short_name,long_name,canvas_account_id,account_id,canvas_term_id,"
    "term_id,status,start_date,end_date,course_format,blueprint_course_id,created_by_sis",
    "sections": "canvas_section_id,section_id,canvas_course_id,course_id,integration_id,name,status,start_date,end_date,"
    "canvas_account_id,account_id,created_by_sis",
    "enrollments": "canvas_course_id,course_id,canvas_user_id,user_id,role,role_id,canvas_section_id,section_id,status,"
    "canvas_associated_user_id,associated_user_id,created_by_sis,base_role_type,limit_section_privileges,"
    "canvas_enrollment_id",
    "groups": "canvas_group_id,group_id,canvas_group_category_id,group_category_id,canvas_account_id,account_id,"
    "canvas_course_id,course_id,name,status,created_by_sis,context_id,context_type,max_membership",
    "group_categories": "canvas_group_category_id,group_category_id,context_id,context_type,name,role,self_signup,"
    "group_limit,auto_leader,status",
    "group_membership": "canvas_group_id,group_id,canvas_user_id,user_id,status,created_by_sis",
    "xlist": "canvas_xlist_course_id,xlist_course_id,canvas_section_id,section_id,status,canvas_nonxlist_course_id,"
    "nonxlist_course_id",
    "user_observers": "canvas_observer_id,observer_id,canvas_student_id,student_id,status,created_by_sis",
    "admins": "admin_user_name,canvas_user_id,user_id,canvas_account_id,account_id,role_id,role,status,created_by_sis",
    "grade_export": "student name,student id,student sis,course,course id,course sis,section,section id,section sis,term,"
    "term id,term sis,current score,final score,enrollment state,unposted current score,unposted final score,current grade,"
    "final grade,unposted current grade,unposted final grade",
    "last_user_access": "user id,user sis id,user name,last access at,last ip",
}
FILES = {"grade_export": "grade_export_csv_10_Nov_2025.csv", "last_user_access": "last_user_access_csv_10_Nov_2025.csv"}
"""Reports whose file is not called after them."""

NAMES = (
    ("Ada Astrid Bruno Camila Chloé Diego Femi Freya Gaël Inès Jörg Kofi Leïla Lucía Mário Niamh Olivia Ramón Sören Zoë",
     "Adeyemi Álvarez Bergström Dubois Fernández Göransson Häusler Ibáñez Jansen Keßler Lindqvist Moreau Nkrumah Núñez "
     "Pereira Quintana Rønning Tavares Ünal Wójcik"),
    ("Noor Samir Huda Karim Rania Tariq", "Haddad Mansour Nasser Saleh"),
    ("Wei Li Jing Hao Mei", "Wang Chen Zhao Lin"),
    ("Asha Ravi Meera Arjun", "Sharma Rao Joshi Patel"),
)  # fmt: skip
ACCOUNTS = (
    (11, "ARTS", ROOT, "Arts & Letters"), (12, "SCI", ROOT, "Science"), (13, "", ROOT, "Continuing education"),
    (14, "SCI-BIO", 12, "Biology"), (15, "SCI-MATH", 12, "Mathematics"), (16, "ARTS-HIST", 11, "History"),
)  # fmt: skip
TERMS = (
    (1, "", "Default Term", "", ""),
    (2, "2024FA", "Fall 2024", "2024-08-19T06:00:00-06:00", "2024-12-14T23:59:59-07:00"),
    (3, "2025SP", "Spring 2025", "2025-01-13T06:00:00-07:00", "2025-05-10T23:59:59-06:00"),
    (4, "2025FA", "Fall 2025", "2025-08-18T06:00:00-06:00", "2026-01-31T23:59:59-07:00"),
)
CATALOGUE = (
    ("BIO101", "Cells and organisms", 14), ("BIO210", "Genetics", 14), ("MATH101", "Calculus I", 15),
    ("MATH220", "Linear algebra", 15), ("HIST110", "The ancient world", 16), ("HIST250", "Cities and trade", 16),
    ("LIT120", "Reading fiction", 11), ("LIT330", "Translation", 11), ("PHYS105", "Mechanics", 12), ("CHEM140", "Bonds", 12),
)  # fmt: skip
ROLE_TYPES = {"student": "StudentEnrollment", "teacher": "TeacherEnrollment", "ta": "TaEnrollment",
              "designer": "DesignerEnrollment", "observer": "ObserverEnrollment"}  # fmt: skip
STUDENTS, STAFF = 300, 30


@dataclass
class College(Files):
    """The reports being made."""

    columns: Mapping[str, str] = field(default_factory=lambda: COLUMNS)
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))
    logins: set[str] = field(default_factory=set)


# The ordinary college -------------------------------------------------------------------------------------------------


def build_college() -> College:
    """The college before any fault is planted."""
    college = College()
    for number, sis, parent, name in ACCOUNTS:
        above = next((a[1] for a in ACCOUNTS if a[0] == parent), "")
        college.add("accounts", canvas_account_id=number, account_id=sis, canvas_parent_id=parent, parent_account_id=above,
                    name=name, status="active", created_by_sis=str(bool(sis)).lower())  # fmt: skip
    for number, sis, name, start, end in TERMS:
        college.add("terms", canvas_term_id=number, term_id=sis, name=name, status="active", start_date=start, end_date=end,
                    created_by_sis=str(bool(sis)).lower())  # fmt: skip
    for number in range(101, 101 + STUDENTS + STAFF):
        add_ordinary_person(college, number)
    number = 201
    for term in TERMS[1:]:
        for code, title, account in CATALOGUE:
            add_ordinary_course(college, number, code, title, account, term)
            number += 1
    for number, code, title in ((240, "SANDBOX", "Sandbox of the maths team"), (241, "SANDBOX", "Sandbox of the lab")):
        course = add_course(college, number, code, title, 13, TERMS[0], sis="")
        section = add_section(college, number + 400, course, title, sis="")
        enrol(college, section, 101 + number % STAFF, "teacher")
    add_account_groups(college)
    add_admins_and_observers(college)
    return college


def add_person(college: College, number: int, first: str, last: str, **cells: object) -> Row:
    """One row of users.csv. Other cells than the usual ones are given by name."""
    full = f"{first} {last}".strip()
    usual = {
        "user_id": f"N{number:06}", "authentication_provider_id": "saml", "login_id": f"u{number}", "first_name": first,
        "last_name": last, "full_name": full, "sortable_name": f"{last}, {first}", "short_name": full,
        "email": f"u{number}@example.org", "status": "active", "created_by_sis": "true",
    }  # fmt: skip
    return college.add("users", canvas_user_id=number, **(usual | cells))


def add_ordinary_person(college: College, number: int) -> None:
    rng = college.rng
    givens, families = rng.choices(NAMES, (8, 2, 2, 2))[0]
    first, last = rng.choice(givens.split()), rng.choice(families.split())
    plain = (
        unicodedata.normalize("NFKD", f"{first}.{last}".replace("ß", "ss").replace("ø", "o")).encode("ascii", "ignore").decode()
    )
    login, suffix = plain, 2
    while login.lower() in college.logins:
        login, suffix = f"{plain}{suffix}", suffix + 1
    college.logins.add(login.lower())
    provider = rng.choices(("saml", "canvas", "ldap", ""), (8, 2, 1, 2))[0]
    row = add_person(
        college, number, first, last, login_id=login, authentication_provider_id=provider,
        email="" if rng.random() < 0.08 else f"{login.lower()}@example.org",
        status="suspended" if rng.random() < 0.03 else "active",
        pronouns=rng.choice(("she/her", "he/him", "they/them")) if rng.random() < 0.2 else "",
        integration_id=f"X{number}" if rng.random() < 0.3 else "",
    )  # fmt: skip
    if rng.random() < 0.1:
        row["short_name"] = first[:3]
    if rng.random() < 0.04:  # a second login, for people who came in by another way first
        college.add("users", **(row | {"user_id": "", "login_id": f"{login}@old.example.org", "created_by_sis": "false",
                                       "authentication_provider_id": "canvas", "integration_id": ""}))  # fmt: skip
    if rng.random() < 0.9:
        day = f"2025-{rng.randint(1, 11):02}-{rng.randint(1, 28):02}T{rng.randint(6, 22):02}:{rng.randint(0, 59):02}:00-07:00"
        college.tables["last_user_access"].append(
            {"user id": str(number), "user sis id": row["user_id"], "user name": row["sortable_name"], "last access at": day,
             "last ip": f"192.0.2.{rng.randint(1, 254)}"})  # fmt: skip


def add_course(college: College, number: int, code: str, title: str, account: int, term: tuple[int, str, str, str, str],
               sis: str | None = None, **cells: object) -> Row:  # fmt: skip
    sis = f"{code}-{term[1]}" if sis is None else sis
    above = college.find("accounts", canvas_account_id=account)
    usual = {"status": "active", "course_format": "on_campus", "created_by_sis": str(bool(sis)).lower()}
    return college.add("courses", canvas_course_id=number, course_id=sis, short_name=code, long_name=title,
                       canvas_account_id=account, account_id=above[0]["account_id"] if above else "", canvas_term_id=term[0],
                       term_id=term[1], **(usual | cells))  # fmt: skip


def add_section(college: College, number: int, course: Row, name: str, sis: str | None = None, **cells: object) -> Row:
    sis = f"{course['course_id']}-{number}" if sis is None else sis
    shared = {name: course[name] for name in ("canvas_course_id", "course_id", "canvas_account_id", "account_id")}
    usual = {"status": "active", "created_by_sis": str(bool(sis)).lower()}
    return college.add("sections", canvas_section_id=number, section_id=sis, name=name, **(usual | shared | cells))


def enrol(college: College, section: Row, user: int, role: str, status: str = "active", **cells: object) -> Row:
    person = college.find("users", canvas_user_id=user)
    usual = {
        "canvas_course_id": section["canvas_course_id"], "course_id": section["course_id"], "canvas_user_id": user,
        "user_id": person[0]["user_id"] if person else "", "role": role, "role_id": str(3 + len(role)),
        "canvas_section_id": section["canvas_section_id"], "section_id": section["section_id"], "status": status,
        "created_by_sis": "true", "base_role_type": ROLE_TYPES.get(role, "TaEnrollment"), "limit_section_privileges": "false",
        "canvas_enrollment_id": 5001 + len(college.tables["enrollments"]),
    }  # fmt: skip
    return college.add("enrollments", **(usual | cells))


def add_ordinary_course(
    college: College, number: int, code: str, title: str, account: int, term: tuple[int, str, str, str, str]
) -> None:
    """A course of a term with one to three sections, a teacher, assistants, students, groups and totals."""
    rng = college.rng
    past, running = term[1] == "2024FA", term[1] == "2025FA"
    status = "concluded" if past else ("unpublished" if running and code == "LIT330" else "active")
    course = add_course(college, number, code, title, account, term, status=status)
    sections = [add_section(college, number + 400 + 100 * place, course, f"{code} Section {'ABC'[place]}")
                for place in range(rng.choice((1, 1, 2, 3)))]  # fmt: skip
    staff = rng.sample(range(101, 101 + STAFF), 3)
    limited = "true" if len(sections) == 3 and running else "false"
    for place, section in enumerate(sections):
        enrol(college, section, staff[0], "teacher")
        enrol(college, section, staff[1 + place % 2], "ta", limit_section_privileges=limited)
    members = rng.sample(range(101 + STAFF, 101 + STAFF + STUDENTS), rng.randint(25, 45))
    ended = "concluded" if past or term[1] == "2025SP" else "active"
    for user in members:
        section = rng.choice(sections)
        state = rng.choices((ended, "inactive", "deleted"), (94, 3, 3))[0]
        row = enrol(college, section, user, "student", state)
        if state == "concluded":
            add_total(college, row, course, section, term)
    if rng.random() < 0.7:
        add_groups(college, number, course, [row for row in college.find("enrollments", canvas_course_id=number, role="student")
                                             if row["status"] != "deleted"])  # fmt: skip


def add_total(college: College, row: Row, course: Row, section: Row, term: tuple[int, str, str, str, str]) -> None:
    score = round(min(100.0, college.rng.gauss(78, 12)), 2)
    letter = "A" if score >= 90 else "B" if score >= 80 else "C" if score >= 70 else "D" if score >= 60 else "F"
    person = college.one("users", canvas_user_id=row["canvas_user_id"])
    cells = (
        person["full_name"], row["canvas_user_id"], row["user_id"], course["long_name"], course["canvas_course_id"],
        course["course_id"], section["name"], section["canvas_section_id"], section["section_id"], term[2], str(term[0]),
        term[1], f"{score}", f"{score}", row["status"], f"{score}", f"{score}", letter, letter, letter, letter,
    )  # fmt: skip
    college.tables["grade_export"].append(dict(zip(COLUMNS["grade_export"].split(","), cells, strict=True)))


def add_category(college: College, number: int, course: Row, name: str) -> Row:
    return college.add("group_categories", canvas_group_category_id=number, context_id=course["canvas_course_id"],
                       context_type="Course", name=name, status="active")  # fmt: skip


def add_group(college: College, number: int, course: Row, category: Row, name: str, **cells: object) -> Row:
    usual = {"canvas_group_category_id": category["canvas_group_category_id"], "canvas_account_id": course["canvas_account_id"],
             "account_id": course["account_id"], "canvas_course_id": course["canvas_course_id"], "course_id": course["course_id"],
             "status": "available", "created_by_sis": "false", "context_id": course["canvas_course_id"],
             "context_type": "Course"}  # fmt: skip
    return college.add("groups", canvas_group_id=number, name=name, **(usual | cells))


def join(college: College, group: Row, user: int | str, status: str = "accepted") -> None:
    person = college.find("users", canvas_user_id=user)
    college.add("group_membership", canvas_group_id=group["canvas_group_id"], group_id=group["group_id"], canvas_user_id=user,
                user_id=person[0]["user_id"] if person else "", status=status, created_by_sis="false")  # fmt: skip


def add_groups(college: College, number: int, course: Row, members: list[Row]) -> None:
    """Two sets of groups, in which the groups are called alike, as Canvas proposes."""
    for place, name in enumerate(("Projects", "Labs")):
        category = add_category(college, number * 10 + place, course, name)
        groups = [add_group(college, number * 100 + place * 10 + n, course, category, f"Team {n}") for n in (1, 2, 3)]
        for turn, row in enumerate(members):
            join(college, groups[(turn + place) % 3], row["canvas_user_id"])


def add_account_groups(college: College) -> None:
    for number, sis, account, name in ((801, "CLUB-CHESS", ROOT, "Chess club"), (802, "", 12, "Lab safety officers")):
        above = college.find("accounts", canvas_account_id=account)
        group = college.add("groups", canvas_group_id=number, group_id=sis, canvas_account_id=account, name=name,
                            status="available",
                            account_id=above[0]["account_id"] if above else "", created_by_sis=str(bool(sis)).lower(),
                            context_id=account, context_type="Account")  # fmt: skip
        for user in college.rng.sample(range(101, 101 + STAFF + STUDENTS), 12):
            join(college, group, user)


def add_admins_and_observers(college: College) -> None:
    for user, account, role in ((101, ROOT, "AccountAdmin"), (102, 12, "AccountAdmin"), (103, 16, "Department secretary")):
        person = college.one("users", canvas_user_id=user)
        college.add("admins", admin_user_name=person["full_name"], canvas_user_id=user, user_id=person["user_id"],
                    canvas_account_id=account, role_id=len(role), role=role, status="active", created_by_sis="false")  # fmt: skip
    for number in (851, 852):
        add_person(college, number, "Olu", f"Parent{'AB'[number - 851]}", user_id="", created_by_sis="false",
                   authentication_provider_id="canvas")  # fmt: skip
    for number, student in ((851, 140), (852, 141)):
        college.add("user_observers", canvas_observer_id=number, canvas_student_id=student, status="active",
                    created_by_sis="false", student_id=college.one("users", canvas_user_id=student)["user_id"])  # fmt: skip
        for row in college.find("enrollments", canvas_user_id=student, status="active"):
            section = college.one("sections", canvas_section_id=row["canvas_section_id"])
            enrol(college, section, number, "observer", canvas_associated_user_id=student, associated_user_id=row["user_id"])


# Planted faults -------------------------------------------------------------------------------------------------------


def running(college: College, code: str) -> Row:
    """The course of a code in the running term."""
    return college.one("courses", short_name=code, canvas_term_id=4)


def section_of(college: College, course: Row, place: int = 0) -> Row:
    return college.find("sections", canvas_course_id=course["canvas_course_id"], status="active")[place]


def plant_logins(college: College) -> None:
    add_person(college, 901, "Vera", "Ochoa", login_id="vera.ochoa", user_id="N000901")
    add_person(college, 901, "Vera", "Ochoa", login_id="v.ochoa", user_id="EMP-901", status="suspended")


def plant_deleted(college: College) -> None:
    add_person(college, 902, "Gone", "Early", status="deleted", pronouns="they/them")
    add_person(college, 903, "Gone", "Late", status="deleted")
    enrol(college, section_of(college, college.one("courses", course_id="LIT120-2024FA")), 903, "student", "concluded")
    enrol(college, section_of(college, running(college, "HIST110")), 902, "student", "invited")
    join(college, college.one("groups", canvas_group_id=801), 902)


def plant_addresses(college: College) -> None:
    add_person(college, 904, "Ugo", "Nomail", email="")
    add_person(college, 905, "Ida", "Badmail", email="ida at example.org")
    add_person(college, 906, "Tove", "Desk", email="front.desk@example.org")
    add_person(college, 907, "Lars", "Desk", email="Front.Desk@example.org")


def plant_login_names(college: College) -> None:
    add_person(college, 908, "Aoife", "O'Neill", login_id="aoife.o'neill")
    add_person(college, 909, "Rui", "Kim", login_id="rui+kim@example.org")
    add_person(college, 910, "Ruik", "Im", login_id="ruikim@example.org")
    add_person(college, 911, "Ming", "Zhou", login_id="周明")
    add_person(college, 912, "Adele", "Minning", login_id="Admin")
    add_person(college, 913, "Paula", "Upper", login_id="PAULA.UPPER")


def plant_names(college: College) -> None:
    add_person(college, 914, "<b>Bold</b>", "Type")
    add_person(college, 915, "Suharto", "")
    add_person(college, 916, "Amir", "\u202eHaddad")
    add_person(college, 917, "Robert", "Roe", full_name="Bob Roe", short_name="Bob Roe")


def plant_names_that_survive(college: College) -> None:
    for number, first, last in (
        (918, "Siobhán", "D’Arcy"), (919, "محمد", "الأحمد"), (920, "Pia 🦊", "Fuchs"),
        (921, unicodedata.normalize("NFD", "Renée"), "Ångström"), (922, "=Cell", "Formula"), (923, " Blank ", "Ends "),
    ):  # fmt: skip
        add_person(college, number, first, last)


def plant_sis_ids(college: College) -> None:
    add_person(college, 924, "Zero", "Seven", user_id="007")
    add_person(college, 925, "Plain", "Seven", user_id="7")


def plant_provider(college: College) -> None:
    add_person(college, 926, "Nils", "Oldway", authentication_provider_id="118")


def plant_accounts(college: College) -> None:
    college.add(
        "accounts", canvas_account_id=901, account_id="OLD", canvas_parent_id=ROOT, name="Closed school", status="deleted"
    )
    college.add("accounts", canvas_account_id=902, account_id="LOST", canvas_parent_id=899, name="Institute", status="active")
    term = TERMS[3]
    add_course(college, 901, "WELCOME", "Welcome to the college", ROOT, TERMS[0])
    lost = add_course(college, 902, "LOST100", "Course of the institute", 902, term)
    enrol(college, add_section(college, 902, lost, "LOST100"), 150, "student")
    for number, account, status in ((901, 901, "available"), (902, 12, "deleted")):
        college.add("groups", canvas_group_id=number, canvas_account_id=account, name="Old group", status=status,
                    context_id=account,
                    context_type="Account", created_by_sis="false")  # fmt: skip
    join(college, college.one("groups", canvas_group_id=902), 151)


def plant_courses(college: College) -> None:
    term = TERMS[3]
    deleted = add_course(college, 903, "DEL100", "Deleted course", 12, term, status="deleted")
    enrol(college, add_section(college, 903, deleted, "DEL100"), 152, "student", "concluded")
    add_group(college, 903, deleted, add_category(college, 903, deleted, "Old set"), "Old team")
    add_course(college, 904, "MATH101 (Fall 2025)", "Calculus, copied by hand", 15, TERMS[0], sis="")
    add_course(college, 905, "BACK100", "Time machine", 12, term, start_date="2025-10-01T00:00:00-06:00",
               end_date="2025-09-01T00:00:00-06:00")  # fmt: skip
    add_course(college, 906, "DONE100", "Finished by hand", 12, TERMS[0], status="concluded")
    add_course(college, 907, "LAW&<i>ETHICS</i>", "Law <i>and</i> ethics", 16, term)
    add_course(college, 908, "LONG100", "A name that says everything: " + "word " * 45 + "end", 16, term)
    add_course(college, 909, "SISLONG", "Very long SIS id", 16, term, sis="-".join(["REGISTRAR"] * 12))
    dated = add_course(college, 910, "EXCEL100", "Opened in a spreadsheet", 16, term, start_date="08/18/2025")
    enrol(college, add_section(college, 910, dated, "EXCEL100"), 153, "student")
    college.tables["courses"].append(dict(running(college, "CHEM140")))


def plant_cross_listing(college: College) -> None:
    """A section of one course that is taught in another: the reports still give it the course it came from."""
    origin, target = running(college, "PHYS105"), running(college, "MATH220")
    section = add_section(college, 911, origin, "PHYS105 with MATH220")
    college.add("xlist", canvas_xlist_course_id=target["canvas_course_id"], xlist_course_id=target["course_id"],
                canvas_section_id=911, section_id=section["section_id"], status="active",
                canvas_nonxlist_course_id=origin["canvas_course_id"], nonxlist_course_id=origin["course_id"])  # fmt: skip
    enrol(college, section, 918, "student")


def plant_sections_and_groups(college: College) -> None:
    course = add_course(college, 912, "GRP100", "Working in groups", 16, TERMS[3])
    first = add_section(college, 912, course, "Morning", sis="GRP100-AM")
    second = add_section(college, 913, course, "Evening")
    add_section(college, 914, course, "Never held", status="deleted")
    projects, labs = add_category(college, 904, course, "Projects"), add_category(college, 905, course, "Labs")
    team = add_group(college, 911, course, projects, "Team 1")
    add_group(college, 912, course, labs, "Team 1")
    add_group(college, 913, course, projects, "Team 1 (Labs)")
    add_group(college, 914, course, projects, "Mornings", group_id="GRP100-AM")
    enrol(college, first, 919, "student")
    enrol(college, first, 919, "ta")
    enrol(college, second, 919, "ta")
    enrol(college, second, 919, "student")
    enrol(college, second, 919, "teacher", "concluded")
    enrol(college, second, 920, "student", "deleted")
    enrol(college, first, 920, "student")
    enrol(college, first, 921, "Grader")
    enrol(college, second, 851, "observer", canvas_associated_user_id=919)
    enrol(college, first, 851, "student")
    for user, status in ((919, "accepted"), (920, "invited"), (921, "accepted"), (922, "accepted")):
        join(college, team, user, status)
    join(college, college.one("groups", canvas_group_id=903), 919)
    college.add("group_membership", canvas_group_id=999, canvas_user_id=919, status="accepted")


def plant_enrolments(college: College) -> None:
    section = section_of(college, running(college, "BIO210"))
    enrol(college, section, 922, "student", "rejected")
    enrol(college, section, 923, "student", "invited")
    enrol(college, section, 924, "observer")
    enrol(college, section, 99999, "student")
    enrol(college, section, 926, "student")
    course = add_course(college, 915, "SHUT100", "Section that never opens", 16, TERMS[3])
    shut = add_section(college, 915, course, "Shut", start_date="2025-11-01T00:00:00-06:00", end_date="2025-10-01T00:00:00-06:00")
    enrol(college, shut, 925, "student")
    enrol(college, shut, 924, "designer")


def plant_total(college: College, user: int, section: int, state: str, **cells: str) -> None:
    """A row of the grade export; scores that are not given are blank."""
    place = college.one("sections", canvas_section_id=section)
    course = college.one("courses", canvas_course_id=place["canvas_course_id"])
    person = college.find("users", canvas_user_id=user)[0]
    row = dict.fromkeys(COLUMNS["grade_export"].split(","), "")
    row |= {"student name": person["full_name"], "student id": str(user), "student sis": person["user_id"]}
    row |= {"course": course["long_name"], "course id": course["canvas_course_id"], "course sis": course["course_id"]}
    row |= {"section": place["name"], "section id": str(section), "section sis": place["section_id"]}
    row |= {"term id": course["canvas_term_id"], "term sis": course["term_id"], "enrollment state": state}
    college.tables["grade_export"].append(row | {name.replace("_", " "): value for name, value in cells.items()})


def scores(score: str, letter: str) -> dict[str, str]:
    return {f"{posted}{when}_score": score for posted in ("", "unposted_") for when in ("current", "final")} | {
        f"{posted}{when}_grade": letter for posted in ("", "unposted_") for when in ("current", "final")
    }


def plant_totals(college: College) -> None:
    for section in (912, 913):
        plant_total(college, 919, section, "active", **scores("84.5", "B"))
    running_total = scores("0.0", "F") | {"current_score": "90.25", "current_grade": "A", "unposted_current_score": "91.0"}
    plant_total(college, 920, 912, "active", **running_total | {"unposted_final_score": "45.5"})
    plant_total(college, 920, 913, "deleted", **scores("12.0", "F"))
    plant_total(college, 925, 915, "active", **scores("104.5", "A"))
    plant_total(college, 923, int(section_of(college, running(college, "BIO210"))["canvas_section_id"]), "active")
    plant_total(college, 152, 903, "concluded", **scores("66.0", "D"))
    plant_total(college, 921, 912, "active", final_grade="Pass", unposted_final_grade="Pass")


def plant_files(college: College) -> None:
    college.raw["users"] = [b'927,N000927,,saml,jos\xe9.byte,Jos\xe9,Byte,Jos Byte,"Byte, Jos",Jos Byte,,active,true,\r\n']
    college.raw["enrollments"] = [
        b"201,BIO101-2024FA,160,N000160,student,10,601,,active,,,true,StudentEnrollment,false,9999,oops\r\n"
    ]
    college.extra["zero_activity_csv_10_Nov_2025.csv"] = "user id,user sis id,name\r\n160,N000160,Somebody\r\n"
    for row in college.tables["users"][:20]:
        row["declared_user_type"] = "staff"


def at_least_one(test: Callable[[College], bool]) -> Callable[[College], int]:
    return lambda college: int(test(college))


def repeated(table: str, column: str) -> Callable[[College], bool]:
    return lambda college: max(Counter(row[column].lower() for row in college.tables[table]).values()) > 1


def _double_rows(college: College) -> int:
    return sum(n - 1 for n in Counter(tuple(row.values()) for row in college.tables["courses"]).values())


def _further_roles(college: College) -> set[str]:
    """Users with more than one role in one course at once."""
    roles: dict[tuple[str, str], set[str]] = {}
    for row in college.tables["enrollments"]:
        if row["status"] == "active":
            roles.setdefault((row["canvas_course_id"], row["canvas_user_id"]), set()).add(row["role"])
    return {user for (_, user), found in roles.items() if len(found) > 1}


FAULTS: tuple[Fault[College], ...] = (
    # -- people
    Fault("Person with several logins, each a row", "users.csv, 13 people of the college", "USR-FURTHER-LOGIN",
          at_least_one(repeated("users", "canvas_user_id")), 1),
    Fault("Two logins of a person with different SIS ids", "user 901", "USR-NUMBERS", count("users", canvas_user_id=901), 2,
          plant_logins),
    Fault("Person whose only login is deleted, without enrolment or grade", "user 902", "USR-DELETED",
          count("users", canvas_user_id=902, status="deleted"), 1, plant_deleted),
    Fault("Person whose only login is deleted, with a concluded enrolment", "user 903", "USR-DELETED-HISTORY",
          count("users", canvas_user_id=903, status="deleted"), 1, plant_deleted),
    Fault("Person without an e-mail address", "user 904, and every twelfth or so", "USR-EMAIL-MISSING",
          count("users", canvas_user_id=904, email=""), 1, plant_addresses),
    Fault("Address without @", "user 905", "USR-EMAIL-INVALID", count("users", canvas_user_id=905), 1, plant_addresses),
    Fault("One address for two people", "user 906, 907", "USR-EMAIL-SHARED",
          lambda c: sum(row["email"].lower() == "front.desk@example.org" for row in c.tables["users"]), 2, plant_addresses),
    Fault("Login name with characters Moodle refuses", "user 908 (apostrophe)", "USR-LOGIN-CHANGED",
          count("users", login_id="aoife.o'neill"), 1, plant_login_names),
    Fault("Login names that are one without the refused characters", "user 909, 910", "USR-LOGIN-TAKEN",
          lambda c: sum(row["login_id"] in ("rui+kim@example.org", "ruikim@example.org") for row in c.tables["users"]), 2,
          plant_login_names),
    Fault("Login name without any character Moodle takes", "user 911", "USR-LOGIN-BLANK", count("users", login_id="周明"), 1,
          plant_login_names),
    Fault("Login name of Moodle's own administrator", "user 912", "USR-LOGIN-RESERVED", count("users", login_id="Admin"), 1,
          plant_login_names),
    Fault("Login name in capitals", "user 913", "-", count("users", login_id="PAULA.UPPER"), 1, plant_login_names),
    Fault("HTML in a name", "user 914", "USR-NAME-HTML", count("users", first_name="<b>Bold</b>"), 1, plant_names),
    Fault("Person with one name", "user 915", "USR-NAME-BLANK", count("users", last_name=""), 1, plant_names),
    Fault("Right-to-left override before a name", "user 916", "USR-NAME-CONTROL", count("users", last_name="\u202eHaddad"), 1,
          plant_names),
    Fault("Full name that is not given and family name", "user 917", "USR-NAME-DIFFERS", count("users", full_name="Bob Roe"), 1,
          plant_names),
    Fault("Apostrophe, right-to-left letters, emoji, combining accents, a formula, blanks at the ends of names",
          "user 918-923", "-",
          lambda c: sum(918 <= int(row["canvas_user_id"]) <= 923 for row in c.tables["users"]), 6, plant_names_that_survive),
    Fault("SIS ids 007 and 7, two people", "user 924, 925", "-",
          lambda c: sum(row["user_id"] in ("007", "7") for row in c.tables["users"]), 2, plant_sis_ids),
    Fault("Provider that is known by a number only", "user 926", "USR-AUTH-UNMAPPED",
          count("users", authentication_provider_id="118"), 1, plant_provider),
    Fault("Provider whose counterpart nobody has confirmed, or none at all", "users.csv, most people; the role designer",
          "XWALK-PROPOSED", at_least_one(lambda c: bool(c.find("users", authentication_provider_id=""))), 1),
    Fault("Pronouns of a person who stays behind", "user 902", "PRO-USER-EXCLUDED",
          count("users", canvas_user_id=902, pronouns="they/them"), 1, plant_deleted),
    # -- accounts and courses
    Fault("Course right in the root account, which no report names", "course 901", "CAT-ROOT",
          count("courses", canvas_account_id=ROOT), 1, plant_accounts),
    Fault("Deleted account", "account 901", "CAT-DELETED", count("accounts", status="deleted"), 1, plant_accounts),
    Fault("Group of a deleted account", "group 901", "COH-ACCOUNT-EXCLUDED", count("groups", canvas_account_id=901), 1,
          plant_accounts),
    Fault("Deleted group of an account", "group 902", "COH-DELETED", count("groups", canvas_group_id=902, status="deleted"), 1,
          plant_accounts),
    Fault("Account under one that is not in the report", "account 902", "REF-ORPHAN",
          count("accounts", canvas_parent_id=899), 1, plant_accounts),
    Fault("Course and enrolment below the account that waits", "course 902", "REF-BLOCKED",
          count("courses", canvas_account_id=902), 1, plant_accounts),
    Fault("Ampersand in the name of an account", "account 11", "-", count("accounts", name="Arts & Letters"), 1),
    Fault("Course code that comes again each term", "courses.csv, all of the catalogue; course 240, 241 in one term",
          "CRS-SHORTNAME-SHARED", at_least_one(repeated("courses", "short_name")), 1),
    Fault("Course code that another course's code becomes with its term", "course 904 and MATH101 of Fall 2025",
          "CRS-SHORTNAME-TAKEN", count("courses", short_name="MATH101 (Fall 2025)"), 1, plant_courses),
    Fault("Deleted course", "course 903", "CRS-DELETED", count("courses", status="deleted"), 1, plant_courses),
    Fault("Enrolment in the deleted course", "course 903", "ENR-COURSE-EXCLUDED",
          count("enrollments", canvas_course_id=903), 1, plant_courses),
    Fault("Group of the deleted course", "group 903", "GRP-COURSE-EXCLUDED", count("groups", canvas_course_id=903), 1,
          plant_courses),
    Fault("Course that ends before it starts", "course 905", "CRS-DATES", count("courses", short_name="BACK100"), 1,
          plant_courses),
    Fault("Concluded course without a date", "course 906", "CRS-CONCLUDED",
          count("courses", status="concluded", canvas_term_id=1), 1, plant_courses),
    Fault("HTML in the name and the code of a course", "course 907", "CRS-NAME-HTML", count("courses", canvas_course_id=907), 1,
          plant_courses),
    Fault("Course name of more than 254 characters", "course 908", "CRS-NAME-LONG",
          lambda c: sum(len(row["long_name"]) > 254 for row in c.tables["courses"]), 1, plant_courses),
    Fault("SIS id longer than Moodle takes", "course 909", "GATE-LENGTH",
          lambda c: sum(len(row["course_id"]) > 100 for row in c.tables["courses"]), 1, plant_courses),
    Fault("Date that a spreadsheet wrote", "course 910 (08/18/2025)", "SRC-TYPE", count("courses", start_date="08/18/2025"), 1,
          plant_courses),
    Fault("Course twice in the file", "CHEM140 of Fall 2025", "SRC-KEY-DUPLICATE", _double_rows, 1, plant_courses),
    # -- sections and groups
    Fault("Cross-listed section, which the reports leave in the course it came from", "section 911", "-", count("xlist"), 1,
          plant_cross_listing),
    Fault("The only section of a course", "sections.csv, about half of the courses", "SEC-ONLY",
          at_least_one(lambda c: 1 in Counter(row["canvas_course_id"] for row in c.tables["sections"]).values()), 1),
    Fault("Deleted section", "section 914", "GRP-DELETED", count("sections", status="deleted"), 1, plant_sections_and_groups),
    Fault("Groups of two sets with one name", "groups.csv, Team 1 to 3 of most courses", "GRP-NAME-SHARED",
          at_least_one(repeated("groups", "name")), 1),
    Fault("Group that is called as another becomes with its set", "group 913", "MOODLE-GROUP-NAME-TAKEN",
          count("groups", name="Team 1 (Labs)"), 1, plant_sections_and_groups),
    Fault("Group and section with one SIS id", "section 912, group 914 (GRP100-AM)", "GRP-NUMBER-SHARED",
          count("groups", group_id="GRP100-AM"), 1, plant_sections_and_groups),
    Fault("Member of a group that is not in the report", "user 919 in group 999", "REF-ORPHAN",
          count("group_membership", canvas_group_id=999), 1, plant_sections_and_groups),
    Fault("Member of a group of a deleted course", "user 919 in group 903", "MEM-GROUP-EXCLUDED",
          count("group_membership", canvas_group_id=903), 1, plant_sections_and_groups),
    Fault("Member who was invited only", "user 920 in group 911", "MEM-NOT-ACCEPTED",
          count("group_membership", status="invited"), 1, plant_sections_and_groups),
    Fault("Member who is not in the course", "user 922 in group 911", "MEM-NOT-ENROLLED",
          count("group_membership", canvas_user_id=922, canvas_group_id=911), 1, plant_sections_and_groups),
    Fault("Member whose enrolment is held", "user 921 in group 911 and section 912", "MOODLE-MEMBER-NOT-ENROLLED",
          count("group_membership", canvas_user_id=921, canvas_group_id=911), 1, plant_sections_and_groups),
    Fault("Member who stays behind", "user 902 in group 801", "MEM-USER-EXCLUDED",
          count("group_membership", canvas_user_id=902), 1, plant_deleted),
    Fault("Section of a deleted enrolment", "sections of courses with several", "MEM-LEFT",
          at_least_one(lambda c: bool(c.find("enrollments", status="deleted"))), 1),
    Fault("Section of somebody who observes", "user 851 in section 913", "MEM-OBSERVER",
          count("enrollments", canvas_user_id=851, canvas_section_id=913), 1, plant_sections_and_groups),
    Fault("Two roles in one section", "user 919 in section 912", "MEM-FOLDED",
          count("enrollments", canvas_user_id=919, canvas_section_id=912), 2, plant_sections_and_groups),
    # -- enrolments
    Fault("Deleted enrolment", "enrollments.csv, one of thirty", "ENR-DELETED",
          at_least_one(lambda c: bool(c.find("enrollments", status="deleted"))), 1),
    Fault("Invitation that was turned down", "user 922 in BIO210", "ENR-REJECTED", count("enrollments", status="rejected"), 1,
          plant_enrolments),
    Fault("Invitation that waits", "user 923 in BIO210", "ENR-INVITED",
          count("enrollments", status="invited", canvas_user_id=923), 1, plant_enrolments),
    Fault("Invitation of a person who stays behind", "user 902 in HIST110", "ENR-USER-EXCLUDED",
          count("enrollments", canvas_user_id=902), 1, plant_deleted),
    Fault("Parent who observes a student", "user 851, 852", "ENR-OBSERVER",
          at_least_one(lambda c: bool(c.find("enrollments", role="observer", canvas_user_id=852))), 1),
    Fault("Observer of nobody, and a role of the college's own", "user 924 in BIO210, user 921 in GRP100 (Grader)",
          "ENR-ROLE-UNMAPPED", count("enrollments", role="Grader"), 1, plant_sections_and_groups),
    Fault("Enrolment of a user number that is in no row", "user 99999 in BIO210", "REF-ORPHAN",
          count("enrollments", canvas_user_id=99999), 1, plant_enrolments),
    Fault("Section that ends before it starts", "user 925 in section 915", "ENR-DATES", count("sections", name="Shut"), 1,
          plant_enrolments),
    Fault("Person in a course by several sections or roles", "teachers of courses with several sections; user 919 in GRP100",
          "ENR-FOLDED", at_least_one(lambda c: "919" in _further_roles(c)), 1, plant_sections_and_groups),
    Fault("Further role in two sections", "user 919, student in sections 912 and 913", "ROLE-FOLDED",
          count("enrollments", canvas_user_id=919, role="student"), 2, plant_sections_and_groups),
    Fault("Further role that is over", "user 919, once teacher of GRP100", "ROLE-OVER",
          count("enrollments", canvas_user_id=919, role="teacher", status="concluded"), 1, plant_sections_and_groups),
    Fault("Parent who is a student too", "user 851 in GRP100", "ROLE-OBSERVER",
          count("enrollments", canvas_user_id=851, role="student"), 1, plant_sections_and_groups),
    # -- files
    Fault("Total of a person in two sections, each a row", "user 919 in GRP100", "GRD-FOLDED",
          lambda c: len(c.find("grade_export", **{"student id": "919"})) // 2, 1, plant_totals),
    Fault("Score that grades not posted yet would change", "user 920 in GRP100", "GRD-UNPOSTED",
          lambda c: sum(r["unposted final score"] != r["final score"] for r in c.tables["grade_export"]), 1, plant_totals),
    Fault("Final score of 0 beside good graded work", "user 920 in GRP100", "-",
          lambda c: sum(r["final score"] == "0.0" for r in c.tables["grade_export"]), 1, plant_totals),
    Fault("Score above 100 percent", "user 925 in SHUT100", "GRD-RANGE",
          lambda c: sum(float(r["final score"] or 0) > 100 for r in c.tables["grade_export"]), 1, plant_totals),
    Fault("Row without a score", "user 923 in BIO210", "GRD-EMPTY",
          lambda c: sum(not r["final score"] + r["final grade"] for r in c.tables["grade_export"]), 1, plant_totals),
    Fault("Grade without a score", "user 921 in GRP100", "-",
          lambda c: sum(r["final grade"] == "Pass" for r in c.tables["grade_export"]), 1, plant_totals),
    Fault("Total of a deleted enrolment", "user 920 in section 913", "GRD-DELETED",
          lambda c: len(c.find("grade_export", **{"enrollment state": "deleted"})), 1, plant_totals),
    Fault("Total in the deleted course", "course 903", "ITEM-COURSE-EXCLUDED",
          lambda c: len(c.find("grade_export", **{"course id": "903"})), 1, plant_totals),
    Fault("Grade of the total in the deleted course", "course 903", "GRD-COURSE-EXCLUDED",
          lambda c: len(c.find("grade_export", **{"course id": "903"})), 1, plant_totals),
    Fault("Bytes that are not UTF-8", "users.csv, user 927", "SRC-ENCODING",
          lambda c: len(c.raw.get("users", ())), 1, plant_files),
    Fault("Row with a cell too many", "enrollments.csv, enrolment 9999", "SRC-SHAPE",
          lambda c: len(c.raw.get("enrollments", ())), 1, plant_files),
    Fault("Column that the contract does not know (declared_user_type)", "users.csv, 20 rows", "SRC-UNKNOWN-COLUMN",
          lambda c: sum("declared_user_type" in row for row in c.tables["users"]), 20, plant_files),
    Fault("Another report in the folder", "zero_activity", "LOSS-UNDECLARED", lambda c: len(c.extra), 1, plant_files),
)  # fmt: skip


def fault_table() -> str:
    """The list for people, as Markdown."""
    return planted.fault_table(FAULTS, "the Canvas sample")


# Writing --------------------------------------------------------------------------------------------------------------


def build() -> College:
    """The ordinary college with every fault planted."""
    return plant_all(build_college(), FAULTS)


def generate(directory: Path) -> None:
    """Write every report into ``directory``, which is made when it is not there."""
    write_files(directory, build(), FILES)


if __name__ == "__main__":
    sys.exit(planted.command_line(generate, {"list": fault_table}, "Canvas sample"))
