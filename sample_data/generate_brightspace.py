"""Write the data sets of a small college that does not exist, as D2L Brightspace exports them, with planted faults.

    python sample_data/generate_brightspace.py FOLDER
    python sample_data/generate_brightspace.py --list > sample_data/brightspace.md

The same bytes every time: fixed seed, no clock, standard library only. Nothing in it is real: people are made from lists of
given and family names, every address ends in example.org. Times are UTC with milliseconds, flags ``True`` and ``False``, deleted
units are called SYSTEM, and courses, departments, semesters, sections and groups are rows of one file. The ordinary college is
built first, then each fault is planted by a function of its own. Planted people and units have numbers from 9001.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import planted
from planted import FAMILY, GIVEN, Fault, Files, Row, count, plant_all, write_files

SEED = 20260401
ORG = 6606
COLUMNS = {
    "Users": "UserId,UserName,OrgDefinedId,FirstName,MiddleName,LastName,IsActive,Organization,ExternalEmail,SignupDate,"
    "FirstLoginDate,Version,OrgRoleId,LastAccessed",
    "UserAttributeValues": "UserId,AttributeId,Value,IsDeleted",
    "RoleDetails": "RoleId,RoleName,RoleCode,RoleAlias,IsCascading,InClassList",
    "OrganizationalUnits": "OrgUnitId,Organization,Type,Name,Code,StartDate,EndDate,IsActive,CreatedDate,IsDeleted,DeletedDate,"
    "RecycledDate,Version,OrgUnitTypeId",
    "OrganizationalUnitParents": "OrgUnitId,ParentOrgUnitId,RowVersion,DateDeleted",
    "UserEnrollments": "OrgUnitId,UserId,RoleName,EnrollmentDate,EnrollmentType,RoleId",
    "GradeObjects": "GradeObjectId,OrgUnitId,ParentGradeObjectId,Name,ShortName,TypeName,GradeObjectTypeId,MaxPoints,Weight,"
    "IsBonus,IsFormula,IsAutoPointed,CanExceedMaxGrade,ExcludeFromFinalGradeCalc,GradeSchemeId,ToolName,AssociatedToolItemId,SortOrder,"
    "IsDeleted,DeletedDate",
    "GradeResults": "GradeObjectId,OrgUnitId,UserId,PointsNumerator,PointsDenominator,WeightedNumerator,WeightedDenominator,"
    "GradeText,IsReleased,IsDropped,IsExempt,GradeReleasedDate,Comments,PrivateComments,LastModified,LastModifiedBy,Version,"
    "IsDeleted",
    "ContentObjects": "ContentObjectId,OrgUnitId,Title,ContentObjectType,CompletionType,ParentContentObjectId,Location,IsHidden,"
    "IsDeleted,SortOrder",
    "ContentUserCompletion": "ContentObjectId,UserId,OrgUnitId,DateCompleted,LastModified,IsDeleted",
    "AwardsIssued": "IssuedId,AwardId,UserId,OrgUnitId,IssueDate,ExpiryDate,RevokedDate,Evidence",
}
TYPES = {
    "Organization": 1,
    "Course Template": 2,
    "Course Offering": 3,
    "Group": 4,
    "Semester": 5,
    "Department": 203,
    "Section": 7,
}
ROLES = {"Learner": 109, "Instructor": 108, "Teaching Assistant": 117, "Course Builder": 118, "Auditor": 130}
SEMESTERS = (
    ("2024-FA", "Fall 2024", "2024-08-19", "2024-12-14"), ("2025-SP", "Spring 2025", "2025-01-13", "2025-05-10"),
    ("2025-FA", "Fall 2025", "2025-08-18", "2026-01-31"),
)  # fmt: skip
CATALOGUE = (("BIO101", "Cells & organisms", 0), ("MATH101", "Calculus I", 0), ("HIST110", "The ancient world", 1))


@dataclass
class College(Files):
    """The data sets being made."""

    columns: Mapping[str, str] = field(default_factory=lambda: COLUMNS)
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))


def instant(day: str, time: str = "06:00:00.000") -> str:
    return f"{day}T{time}Z" if day else ""


def unit(c: College, number: int, kind: str, name: str, code: str = "", above: tuple[int, ...] = (), **cells: object) -> int:
    """A unit below others."""
    ordinary = {
        "OrgUnitId": number, "Organization": "Sample College", "Type": kind, "Name": name, "Code": code, "IsActive": "True",
        "CreatedDate": instant("2024-05-02", "13:14:15.167"), "IsDeleted": "False", "Version": 100 + number,
        "OrgUnitTypeId": TYPES.get(kind, 99),
    }  # fmt: skip
    c.add("OrganizationalUnits", **{**ordinary, **cells})
    for parent in above:
        c.add("OrganizationalUnitParents", OrgUnitId=number, ParentOrgUnitId=parent, RowVersion=number * 10)
    return number


def course(
    c: College, number: int, code: str = "", title: str = "A title", above: tuple[int, ...] = (11, 21), **cells: object
) -> int:
    """A course offering of the last semester, in the first department."""
    dates = {"StartDate": instant("2025-08-18"), "EndDate": instant("2026-01-31")}
    return unit(c, number, "Course Offering", title, code, above, **{**dates, **cells})


def someone(c: College, number: int, **cells: object) -> Row:
    """A person; what is not said is ordinary."""
    ordinary = {
        "UserId": number, "UserName": f"user{number}", "OrgDefinedId": f"{number:07}", "FirstName": "Ines",
        "LastName": f"Planted{number}", "IsActive": "True", "Organization": "Sample College", "OrgRoleId": 109,
        "ExternalEmail": f"user{number}@example.org", "SignupDate": instant("2024-07-01", "09:00:00.123"), "Version": number,
        "FirstLoginDate": instant("2024-08-19", "07:30:00.500"), "LastAccessed": instant("2025-11-20", "20:15:10.003"),
    }  # fmt: skip
    return c.add("Users", **{**ordinary, **cells})


def enrol(c: College, where: int, person: int, role: str = "Learner") -> None:
    c.add("UserEnrollments", OrgUnitId=where, UserId=person, RoleName=role, EnrollmentType="Direct", RoleId=ROLES.get(role, 140),
          EnrollmentDate=instant("2025-08-01", "10:11:12.347"))  # fmt: skip


def build_company() -> College:
    """The college before any fault is planted."""
    c = College()
    for role, number in ROLES.items():
        c.add("RoleDetails", RoleId=number, RoleName=role, RoleCode=role.lower(), IsCascading="False", InClassList="True")
    unit(c, ORG, "Organization", "Sample College", "SC")
    for number, code, name in ((11, "SCI", "Science"), (12, "ARTS", "Arts & Letters")):
        unit(c, number, "Department", name, code, (ORG,))
    for number, (code, name, first, last) in enumerate(SEMESTERS, 19):
        unit(c, number, "Semester", name, code, (ORG,), StartDate=instant(first), EndDate=instant(last))
    for number, (code, title, department) in enumerate(CATALOGUE, 51):
        unit(c, number, "Course Template", title, code, (11 + department,))
    c.add("Users", UserId=0, UserName="D2LSystem", FirstName="System", LastName="Account", IsActive="True")
    for number in range(101, 109):
        _person(c, number)
    for number in range(201, 266):
        _person(c, number)
    for at, (code, _, first, last) in enumerate(SEMESTERS):
        for which, (subject, title, department) in enumerate(CATALOGUE):
            _offering(c, 1000 + at * 10 + which, f"{subject}-{code}", title, (11 + department, 19 + at, 51 + which), first, last)
    return c


def _person(c: College, number: int) -> None:
    given, family = c.rng.choice(GIVEN), c.rng.choice(FAMILY)
    someone(c, number, FirstName=given, LastName=family, OrgRoleId=108 if number < 200 else 109,
            IsActive="False" if number % 16 == 0 else "True")  # fmt: skip
    c.add("UserAttributeValues", UserId=number, AttributeId="campus", Value=c.rng.choice(("North", "South")), IsDeleted="False")
    enrol(c, ORG, number, "Instructor" if number < 200 else "Learner")


def _offering(c: College, number: int, code: str, title: str, above: tuple[int, ...], first: str, last: str) -> None:
    course(c, number, code, title, above, StartDate=instant(first), EndDate=instant(last))
    enrol(c, number, 101 + number % 8, "Instructor")
    enrol(c, number, 101 + (number + 3) % 8, "Teaching Assistant")
    students = sorted(c.rng.sample(range(201, 266), 14))
    sections = [
        unit(c, number * 2 + side, "Section", f"{title} {'AB'[side]}", f"{code}-{'AB'[side]}", (number,)) for side in (0, 1)
    ]
    team = unit(c, 4000 + number, "Group", "Team 1", "", (number,)) if number >= 1020 else None
    c.add("GradeObjects", GradeObjectId=number * 3, OrgUnitId=number, Name="Final exam", TypeName="Numeric", GradeObjectTypeId=1,
          MaxPoints="100.000000000", Weight="100.000000000", IsBonus="False", IsDeleted="False", SortOrder=1)  # fmt: skip
    c.add("ContentObjects", ContentObjectId=number * 3 + 1, OrgUnitId=number, Title="Syllabus", ContentObjectType="Topic",
          IsHidden="False", IsDeleted="False", SortOrder=1)  # fmt: skip
    for place, person in enumerate(students):
        enrol(c, number, person)
        enrol(c, sections[place % 2], person)
        if team and place < 4:
            enrol(c, team, person)
        if last < "2025-12":
            c.add("GradeResults", GradeObjectId=number * 3, OrgUnitId=number, UserId=person, IsReleased="True", IsDeleted="False",
                  PointsNumerator=f"{c.rng.randint(50, 100)}.000000000", PointsDenominator="100.000000000", IsExempt="False",
                  LastModified=instant(last, "12:00:00.250"), LastModifiedBy=101 + number % 8)  # fmt: skip
        if place % 5 == 0:
            c.add("ContentUserCompletion", ContentObjectId=number * 3 + 1, UserId=person, OrgUnitId=number, IsDeleted="False",
                  DateCompleted=instant(first, "18:00:00.777"), LastModified=instant(first, "18:00:01.000"))  # fmt: skip
    c.add("AwardsIssued", IssuedId=number, AwardId=1, UserId=students[0], OrgUnitId=number, IssueDate=instant(last))


# Planted faults -------------------------------------------------------------------------------------------------------------


def plant_people(c: College) -> None:
    someone(c, 9001, OrgDefinedId="")
    someone(c, 9002, OrgDefinedId="SAME-1")
    someone(c, 9003, OrgDefinedId="SAME-1")
    someone(c, 9004, UserName="Twin")
    someone(c, 9005, UserName="twin")
    someone(c, 9006, UserName="")
    someone(c, 9007, FirstName=" ", LastName="")
    someone(c, 9008, FirstName="<b>Bold</b>")
    someone(c, 9009, ExternalEmail="nobody at home")
    someone(c, 9010, OrgDefinedId="007")
    someone(c, 9011, OrgDefinedId="7")
    someone(c, 9012, FirstName="Zoe\u0301", LastName="O'Neill, Jr.", UserName="UPPER.CASE")
    enrol(c, 1020, 9002)
    enrol(c, 1020, 9010)
    enrol(c, 1020, 0)
    enrol(c, 4000 + 1020, 0)


def plant_units(c: College) -> None:
    gone = {"IsDeleted": "True", "DeletedDate": instant("2025-02-02"), "Name": "SYSTEM"}
    unit(c, 9101, "Department", "", "D-GONE", (ORG,), **gone)
    unit(c, 9102, "Department", " ", "D-BLANK", (ORG,))
    unit(c, 9103, "Semester", "", "S-GONE", (ORG,), **gone)
    unit(c, 9104, "Semester", "Backwards", "S-BACK", (ORG,), StartDate=instant("2025-05-10"), EndDate=instant("2025-01-13"))
    unit(c, 9105, "Partner Campus", "Elsewhere", "P-1", (ORG,))
    unit(c, 9106, "Department", "Biology", "SCI-BIO", (ORG, 11))
    unit(c, 9107, "Department", "Below one that is gone", "D-LEFT", (9101,))


def plant_courses(c: College) -> None:
    course(c, 9201, "GONE-1", "", IsDeleted="True", DeletedDate=instant("2025-02-02"), Name="SYSTEM")
    course(c, 9202, "", "Without a code")
    course(c, 9203, "TWICE-1", "One")
    course(c, 9204, "TWICE-1", "Two")
    course(c, 9205, "BLANK-1", " ")
    course(c, 9206, "DEPT-1", "Of a department that is gone", (9101, 21))
    course(c, 9207, "TERM-1", "Of a semester that is gone", (11, 9103))
    course(c, 9208, "BACK-1", "Backwards", StartDate=instant("2026-01-31"), EndDate=instant("2025-08-18"))
    course(c, 9209, "HIDE-1", "Old &amp; <i>gold</i>", IsActive="False")
    course(c, 9210, "LOST-1", "Of a department nobody exported", (9998, 21))
    course(c, 9211, "TWO-1", "Of two departments", (12, 11, 21))
    for where in (9201, 9205, 9210):
        enrol(c, where, 201)
    enrol(c, 9203, 9012, "Instructor")


def plant_inside(c: College) -> None:
    gone = {"IsDeleted": "True", "DeletedDate": instant("2025-02-02"), "Name": "SYSTEM"}
    unit(c, 9301, "Section", "", "X", (1020,), **gone)
    unit(c, 9302, "Section", "Lost section", "Y")
    unit(c, 9303, "Section", "", "1020-C", (1020,))
    unit(c, 9304, "Section", "Of a course that is gone", "Z", (9201,))
    unit(c, 9311, "Group", "", "", (1020,), **gone)
    unit(c, 9312, "Group", "Lost group")
    unit(c, 9313, "Group", " ", "", (1020,))
    unit(c, 9314, "Group", "Of a course that is gone", "", (9201,))
    unit(c, 9315, "Group", "Not in the course", "", (1020,))
    enrol(c, 9301, 9010)
    enrol(c, 9303, 9011)
    enrol(c, 9311, 9010)
    someone(c, 9016)
    enrol(c, 9315, 9016)


def plant_enrolments(c: College) -> None:
    for person, role in ((9008, "Auditor"), (9009, " "), (9011, "Course Builder")):
        enrol(c, 1021, person, role)
    enrol(c, 9999, 202)
    enrol(c, 1021, 99_999)


def plant_files(c: College) -> None:
    row = c.tables["Users"][5]
    latin = {**row, "UserId": "9021", "UserName": "user9021", "OrgDefinedId": "9021", "LastName": "Núñez"}
    c.raw["Users"] = [",".join(row.values()).encode() + b"\r\n", ",".join(latin.values()).encode("cp1252") + b"\r\n"]
    enrolment = {**c.tables["UserEnrollments"][0], "UserId": "9008", "RoleName": "Learner, honorary"}
    c.raw["UserEnrollments"] = [",".join(enrolment.values()).encode() + b"\r\n"]
    for one in c.tables["Users"][1:10]:
        one["Pronouns"] = "they/them"
    course(c, 9401, "DAY-1", "Dated by a spreadsheet", StartDate="08/18/2025")
    c.extra["QuizAttempts.csv"] = "AttemptId,QuizId,UserId\r\n1,1,201\r\n"


FAULTS: tuple[Fault[College], ...] = (
    # -- people
    Fault("Brightspace's own account", "user 0", "USR-SYSTEM", count("Users", UserId=0), 1),
    Fault("No number of the organisation", "user 9001", "USR-NUMBER-MISSING", count("Users", UserId=9001, OrgDefinedId=""), 1,
          plant_people),
    Fault("Two accounts with one number", "users 9002, 9003", "USR-NUMBER-TWICE", count("Users", OrgDefinedId="SAME-1"), 2,
          plant_people),
    Fault("Login names that differ in case", "users 9004, 9005", "USR-LOGIN-TWICE",
          lambda c: sum(r["UserName"].lower() == "twin" for r in c.tables["Users"]), 2, plant_people),
    Fault("No login name", "user 9006", "USR-LOGIN-BLANK", count("Users", UserName=""), 1, plant_people),
    Fault("Names of blanks", "user 9007", "USR-NAME-BLANK", count("Users", FirstName=" "), 1, plant_people),
    Fault("HTML in a name", "user 9008", "USR-NAME-HTML", count("Users", FirstName="<b>Bold</b>"), 1, plant_people),
    Fault("Text that is no address", "user 9009", "USR-EMAIL-INVALID", count("Users", ExternalEmail="nobody at home"), 1,
          plant_people),
    Fault("Numbers 007 and 7, two people", "users 9010, 9011", "-",
          lambda c: sum(r["OrgDefinedId"] in ("007", "7") for r in c.tables["Users"]), 2, plant_people),
    Fault("Combining accent, comma, login in capitals", "user 9012", "-", count("Users", UserName="UPPER.CASE"), 1,
          plant_people),
    Fault("Enrolment of Brightspace's own account", "user 0 in 1020", "ENR-USER-EXCLUDED",
          count("UserEnrollments", UserId=0, OrgUnitId=1020), 1, plant_people),
    Fault("The same in a group", "user 0 in 5020", "MEM-USER-EXCLUDED", count("UserEnrollments", UserId=0, OrgUnitId=5020), 1,
          plant_people),
    Fault("Enrolment of a person who waits", "user 9002 in 1020", "REF-BLOCKED", count("UserEnrollments", UserId=9002), 1,
          plant_people),
    # -- units
    Fault("The organisation, course templates, a type of the site's own", "6606, 51 to 53, 9105", "ACC-NO-DEPARTMENT",
          count("OrganizationalUnits", Type="Course Template"), 3),
    Fault("Deleted department", "9101", "ACC-DELETED", count("OrganizationalUnits", OrgUnitId=9101, IsDeleted="True"), 1,
          plant_units),
    Fault("Department without a name", "9102", "ACC-NAME-BLANK", count("OrganizationalUnits", OrgUnitId=9102), 1, plant_units),
    Fault("Department of a deleted department", "9107", "ACC-PARENT-UNKNOWN", count("OrganizationalUnits", OrgUnitId=9107), 1,
          plant_units),
    Fault("Department of a department", "9106", "-", count("OrganizationalUnitParents", OrgUnitId=9106), 2, plant_units),
    Fault("Deleted semester", "9103", "TRM-DELETED", count("OrganizationalUnits", OrgUnitId=9103, IsDeleted="True"), 1,
          plant_units),
    Fault("Semester that ends before it starts", "9104", "TRM-DATES",
          count("OrganizationalUnits", Name="Backwards", Type="Semester"), 1, plant_units),
    Fault("Ampersand in the name of a department", "12", "-", count("OrganizationalUnits", Name="Arts & Letters"), 1),
    # -- courses
    Fault("Deleted course", "9201", "CRS-DELETED", count("OrganizationalUnits", OrgUnitId=9201, IsDeleted="True"), 1,
          plant_courses),
    Fault("Section of the deleted course", "9201, 9304", "SEC-COURSE-EXCLUDED", count("OrganizationalUnits", OrgUnitId=9304), 1,
          plant_inside),
    Fault("Enrolment in the deleted course", "user 201", "ENR-COURSE-EXCLUDED", count("UserEnrollments", OrgUnitId=9201), 1,
          plant_courses),
    Fault("Course without a code", "9202", "CRS-CODE-MISSING", count("OrganizationalUnits", Name="Without a code"), 1,
          plant_courses),
    Fault("Two courses with one code", "9203, 9204", "CRS-CODE-TWICE", count("OrganizationalUnits", Code="TWICE-1"), 2,
          plant_courses),
    Fault("Course without a name", "9205", "CRS-NAME-BLANK", count("OrganizationalUnits", Code="BLANK-1"), 1, plant_courses),
    Fault("Course of a deleted department", "9206", "CRS-DEPARTMENT-EXCLUDED", count("OrganizationalUnits", Code="DEPT-1"), 1,
          plant_courses),
    Fault("Course of a deleted semester", "9207", "CRS-TERM-UNKNOWN", count("OrganizationalUnits", Code="TERM-1"), 1,
          plant_courses),
    Fault("Course that ends before it starts", "9208", "CRS-DATES", count("OrganizationalUnits", Code="BACK-1"), 1,
          plant_courses),
    Fault("Course that is not active, with markup in its name", "9209", "-", count("OrganizationalUnits", IsActive="False"), 1,
          plant_courses),
    Fault("Course of two departments", "9211", "-", count("OrganizationalUnitParents", OrgUnitId=9211), 3, plant_courses),
    Fault("Date that a spreadsheet wrote", "9401", "SRC-TYPE", count("OrganizationalUnits", StartDate="08/18/2025"), 1,
          plant_files),
    # -- sections and groups
    Fault("Deleted section", "9301", "SEC-DELETED", count("OrganizationalUnits", OrgUnitId=9301), 1, plant_inside),
    Fault("Enrolment in the deleted section", "user 9010", "ENR-SECTION-EXCLUDED", count("UserEnrollments", OrgUnitId=9301), 1,
          plant_inside),
    Fault("Section without a course", "9302", "SEC-NO-COURSE", count("OrganizationalUnits", OrgUnitId=9302), 1, plant_inside),
    Fault("Section without a name, which is called by its code", "9303", "-", count("OrganizationalUnits", Code="1020-C"), 1,
          plant_inside),
    Fault("In a section and not in the course", "user 9011 in 9303", "ENR-SECTION-ONLY",
          count("UserEnrollments", OrgUnitId=9303), 1, plant_inside),
    Fault("Deleted group", "9311", "GRP-DELETED", count("OrganizationalUnits", OrgUnitId=9311), 1, plant_inside),
    Fault("Member of the deleted group", "user 9010", "MEM-GROUP-EXCLUDED", count("UserEnrollments", OrgUnitId=9311), 1,
          plant_inside),
    Fault("Group without a course", "9312", "GRP-NO-COURSE", count("OrganizationalUnits", OrgUnitId=9312), 1, plant_inside),
    Fault("Group without a name", "9313", "GRP-NAME-BLANK", count("OrganizationalUnits", OrgUnitId=9313), 1, plant_inside),
    Fault("Group of the deleted course", "9314", "GRP-COURSE-EXCLUDED", count("OrganizationalUnits", OrgUnitId=9314), 1,
          plant_inside),
    Fault("Member of a group who is not in the course", "user 9016 in 9315", "CANVAS-MEMBER-NOT-ENROLLED",
          count("UserEnrollments", OrgUnitId=9315), 1, plant_inside),
    # -- enrolments
    Fault("Role of the college's own", "user 9008 in 1021", "ENR-ROLE-UNMAPPED", count("UserEnrollments", RoleName="Auditor"),
          1, plant_enrolments),
    Fault("Enrolment without a role", "user 9009 in 1021", "ENR-NO-ROLE", count("UserEnrollments", RoleName=" "), 1,
          plant_enrolments),
    Fault("Role whose counterpart nobody confirmed", "user 9011 in 1021", "XWALK-PROPOSED",
          count("UserEnrollments", RoleName="Course Builder"), 1, plant_enrolments),
    Fault("Enrolment in a unit and of a person that are not in the data sets", "user 202 in 9999, user 99999 in 1021",
          "REF-ORPHAN", count("UserEnrollments", OrgUnitId=9999), 1, plant_enrolments),
    # -- files
    Fault("Row of a person twice", "the sixth row of Users.csv", "SRC-KEY-DUPLICATE",
          lambda c: len(c.raw.get("Users", ())) // 2, 1, plant_files),
    Fault("Enrolments of the person whose row is there twice", "user 105", "LOOKUP-MANY",
          lambda c: len(c.raw.get("Users", ())) // 2, 1, plant_files),
    Fault("Bytes that are not UTF-8", "user 9021", "SRC-ENCODING", lambda c: len(c.raw.get("Users", ())) // 2, 1, plant_files),
    Fault("Comma in a role without quotes", "user 9008 in 6606", "SRC-SHAPE", lambda c: len(c.raw.get("UserEnrollments", ())),
          1, plant_files),
    Fault("Column that the contract does not know (Pronouns)", "Users.csv, 9 rows", "SRC-UNKNOWN-COLUMN",
          lambda c: sum("Pronouns" in r for r in c.tables["Users"]), 9, plant_files),
    Fault("Another data set in the folder", "QuizAttempts", "LOSS-UNDECLARED", lambda c: len(c.extra), 1, plant_files),
)  # fmt: skip


def fault_table() -> str:
    """The list for people, as Markdown."""
    return planted.fault_table(FAULTS, "the Brightspace sample", "a run to Canvas")


def build() -> College:
    """The ordinary college with every fault planted."""
    return plant_all(build_company(), FAULTS)


def generate(directory: Path) -> None:
    """Write the data sets into ``directory``, which is made when it is not there."""
    write_files(directory, build())


if __name__ == "__main__":
    sys.exit(planted.command_line(generate, {"list": fault_table}, "Brightspace sample"))
