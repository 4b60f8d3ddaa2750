"""A small Open edX with everything that goes wrong in one: the views lose nothing, and say what each record is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import database_servers as servers
import pytest
import sqlalchemy as sa
from described_databases import Rows, Views, fill, table

from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract, Field
from migrate.resources import contract_file

CONTRACT: Contract = load_contract(contract_file("openedx", "source")).model
RUN, SHOUTED, OLD, GONE = "course-v1:Uni+BIO1+2024", "course-v1:UNI+bio1+2024", "Uni/CHEM/2012", "course-v1:Uni+GONE+1"
QUIZ, LAB = f"block-v1:{RUN[10:]}+type@sequential+block@quiz", f"block-v1:{RUN[10:]}+type@sequential+block@lab"
COACHED = "ccx-v1:Uni+BIO1+2024+ccx@7"
HASH = "retired__user_5f2b"


def day(number: int) -> str:
    return f"2024-03-{number:02} 10:00:00"


def at(number: int) -> dt.datetime:
    return dt.datetime(2024, 3, number, 10)


PEOPLE: Rows = {
    "auth_user": table(
        "id username email is_active is_staff is_superuser password first_name date_joined last_login",
        (1, "Ana", "ana@example.org", True, True, True, "hash", "", day(1), day(9)),
        (2, "ana", "ana2@example.org", True, False, False, "hash", "", day(1)),  # another person, as far as the platform can tell
        (3, HASH, f"{HASH}@retired.invalid", False, False, False, "", "", day(1)),
        (4, "bo", "bo@example.org", True, False, False, "hash", "", day(1)),
        (5, "cy", "cy@example.org", False, False, False, "hash", "", day(1)),
        (6, "gone-99", "gone-99@example.org", True, False, False, "", "", day(1)),  # retired under a name that the site chose
    ),
    "auth_userprofile": table(
        "id user_id name gender country",
        *((10, 1, "Ana Roy", "f", "ES"), (20, 2, "Ana Roy", None, ""), (40, 4, "Bo Lee", "m", "FR"), (990, 99, "Nobody")),
    ),
    "student_userstanding": table("id user_id account_status", (1, 4, "disabled"), (2, 2, "enabled")),
    "user_api_userpreference": table(
        "id user_id key value",
        *((1, 1, "pref-lang", "es-419"), (2, 1, "time_zone", "Europe/Madrid"), (3, 2, "account_privacy", "private")),
    ),
    "user_api_retirementstate": table("id state_name", (1, "PENDING"), (9, "COMPLETE")),
    "user_api_userretirementstatus": table(
        "id user_id original_username retired_username current_state_id", (1, 6, "dee", "gone-99", 9), (2, 5, "cy", "gone-55", 1)
    ),
}
COURSES: Rows = {
    "course_overviews_courseoverview": table(
        "id display_name visible_to_staff_only root_block pre_requisite_courses",
        (RUN, "Biology", False, "block-v1:x", "[]"),
        (SHOUTED, "Biology again", True),
        (OLD, "Chemistry"),
        (COACHED, "Coached"),
    ),
    "organizations_organization": table("id name short_name active", (1, "University", "Uni", True)),
    "organizations_organizationcourse": table("id course_id organization_id active", (1, SHOUTED, 1, True)),
}
ENROLMENTS: Rows = {
    "student_courseenrollment": table(
        "id user_id course_id is_active mode created",
        (1, 2, RUN, True, "audit", day(1)),
        (2, 4, RUN, False, "verified", day(1)),
        (3, 3, RUN, False, "audit", day(1)),
        (4, 2, GONE, True, "honor", day(1)),
        (5, 2, OLD, True, "honor", day(1)),
    ),
    "student_courseenrollment_history": table(
        "history_id id is_active history_date history_type",
        *(("a", 2, True, day(3), "+"), ("b", 2, False, day(9), "~"), ("c", 1, True, day(3), "+")),
    ),
    "student_courseaccessrole": table(
        "id user_id org course_id role",
        *((1, 1, "Uni", RUN, "instructor"), (2, 4, "Uni", "", "staff"), (3, 4, "", "", "course_creator_group")),
    ),
    "student_courseenrollmentallowed": table("id email course_id auto_enroll", (1, "new@example.org", RUN, True)),
}
GRADES: Rows = {
    "grades_persistentcoursegrade": table(
        "id user_id course_id percent_grade letter_grade passed_timestamp modified",
        (1, 2, RUN, 0.8, "Pass", day(10), day(11)),
        (2, 4, RUN, 0.2, "", None, day(11)),
        (3, 2, OLD, 0.9, "A", day(5), day(5)),
    ),
    "grades_persistentsubsectiongrade": table(
        "id user_id course_id usage_key earned_all possible_all earned_graded possible_graded first_attempted modified",
        (1, 2, RUN, QUIZ, 3, 4, 3, 4, day(4), day(5)),
        (2, 4, RUN, QUIZ, 0, 4, 0, 4, None, day(5)),
        (3, 2, RUN, LAB, 1, 2, 0, 0, day(6), day(6)),
        (4, 4, RUN, LAB, 0, 0, 0, 0, None, day(6)),
    ),
    "grades_persistentsubsectiongradeoverride": table(
        "id grade_id earned_graded_override possible_graded_override modified override_reason", (8, 2, 4, 4, day(20), "was ill")
    ),
    "certificates_generatedcertificate": table(
        "id user_id course_id status mode name grade created_date",
        (1, 2, RUN, "downloadable", "honor", "Ana Roy", "0.8", day(12)),
        (2, 4, RUN, "notpassing", "verified", "Bo Lee", "0.2", day(12)),
        (3, 1, GONE, "downloadable", "honor", "Ana Roy", "", day(13)),
    ),
    "certificates_certificatedateoverride": table("id generated_certificate_id date", (1, 3, day(1))),
    "certificates_certificateinvalidation": table(
        "id generated_certificate_id active created", (1, 2, True, day(14)), (2, 1, False, day(14))
    ),
}
WORK: Rows = {
    "completion_blockcompletion": table(
        "id user_id course_key block_key block_type completion modified",
        (1, 2, RUN, QUIZ, "problem", 1.0, day(4)),
        (2, 4, RUN, QUIZ, "problem", 0.0, day(4)),
    ),
    "courseware_studentmodule": table(
        "id student_id course_id module_id module_type state done grade max_grade created modified",
        (1, 2, RUN, QUIZ, "problem", "{}", "f", 3, 4, day(4), day(5)),
        (2, 2, RUN, LAB, "sequential", '{"position": 1}', "na", None, None, day(4), day(4)),
    ),
    "course_groups_courseusergroup": table("id name course_id group_type", (1, "Red", RUN, "cohort")),
    "course_groups_coursecohort": table("id course_user_group_id assignment_type", (1, 1, "random")),
    "course_groups_courseusergroup_users": table("id courseusergroup_id user_id", (1, 1, 2), (2, 1, 4)),
    "course_groups_cohortmembership": table("id course_id course_user_group_id user_id", (1, RUN, 1, 2), (2, RUN, 7, 4)),
}
ROWS: Rows = {**PEOPLE, **COURSES, **ENROLMENTS, **GRADES, **WORK}


def maria(_: str, rule: Field) -> str:
    """As Django declares columns on MySQL."""
    kinds = {"int": "bigint", "decimal": "double", "flag": "tinyint(1)", "date": "date", "datetime": "datetime(6)"}
    return "longtext" if "" in rule.never else kinds.get(rule.type, "longtext")  # no number is blank: such a column is text


def lite(_: str, rule: Field) -> str:
    kinds = {"int": "integer", "decimal": "real", "flag": "bool", "datetime": "datetime"}
    return "text" if "" in rule.never else kinds.get(rule.type, "text")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.database)])
def edx(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Views]:
    folder: Path = tmp_path_factory.mktemp("openedx")
    if request.param == "sqlite":
        with sa.create_engine(f"sqlite:///{folder / 'edx.sqlite'}").begin() as connection:
            fill(connection, CONTRACT, ROWS, lite)
        yield Views("sqlite:///edx.sqlite", CONTRACT, folder)
        return
    with servers.server("mariadb").database() as database:
        with database.engine().connect() as connection:
            fill(connection, CONTRACT, ROWS, maria)
        yield Views(database.url, CONTRACT, folder)


def test_only_what_belongs_to_nobody_is_told_as_lost(edx: Views) -> None:
    """A profile without an account is no person; the run says so (SRC-UNCOVERED)."""
    assert edx.uncovered() == {"auth_userprofile": ["990"]}
    assert edx.unread() == []


def test_people_say_what_became_of_them(edx: Views) -> None:
    assert edx.rows("person", "status", "retirement", "name", "language", "twins") == {
        1: ("active", None, "Ana Roy", "es-419", 2),
        2: ("active", None, "Ana Roy", None, 2),
        3: ("retired", None, None, None, 1),
        4: ("disabled", None, "Bo Lee", None, 1),
        5: ("unconfirmed", "PENDING", None, None, 1),
        6: ("retired", "COMPLETE", None, None, 1),
    }
    assert edx.rows("person", "first_name", "country")[2] == (None, None)


def test_keys_of_courses_are_taken_apart_and_stay_as_they_are(edx: Views) -> None:
    assert edx.rows("course", "key_form", "org", "number", "run", "catalogued", "title", "organisation", "twins") == {
        RUN: ("course-v1", "Uni", "BIO1", "2024", True, "Biology", 1, 2),
        SHOUTED: ("course-v1", "UNI", "bio1", "2024", True, "Biology again", 1, 2),
        OLD: ("old", "Uni", "CHEM", "2012", True, "Chemistry", 1, 1),
        GONE: ("course-v1", "Uni", "GONE", "1", False, None, 1, 1),
        COACHED: ("ccx-v1", "Uni", "BIO1", "2024", True, "Coached", 1, 1),
    }


def test_columns_that_begin_with_a_line_are_read(edx: Views) -> None:
    assert edx.rows("course_overviews_courseoverview", "root_block", "pre_requisite_courses")[RUN] == ("block-v1:x", None)


def test_enrolments_and_teams_stand_together(edx: Views) -> None:
    assert edx.rows("enrolment", "person", "course", "kind", "mode", "active", "left_at", "catalogued", "person_status") == {
        "e1": (2, RUN, "enrolment", "audit", True, None, True, "active"),
        "e2": (4, RUN, "enrolment", "verified", False, at(9), True, "disabled"),
        "e3": (3, RUN, "enrolment", "audit", False, None, True, "retired"),
        "e4": (2, GONE, "enrolment", "honor", True, None, False, "active"),
        "e5": (2, OLD, "enrolment", "honor", True, None, True, "active"),
        "r1": (1, RUN, "team", None, True, None, True, "active"),
        "r2": (4, None, "organisation", None, True, None, False, "disabled"),
        "r3": (4, None, "site", None, True, None, False, "disabled"),
    }
    assert edx.rows("enrolment", "role")["e1"] == "student"
    assert edx.rows("enrolment", "role")["r1"] == "instructor"
    assert edx.rows("administrator", "person", "role", "org", "organisation") == {
        "r2": (4, "staff", "Uni", 1),
        "r3": (4, "course_creator_group", None, None),
        "u1-superuser": (1, "superuser", None, None),
        "u1-staff": (1, "site-staff", None, None),
    }


def test_grades_have_what_a_person_set_in_their_place(edx: Views) -> None:
    assert edx.rows("grade", "item", "points", "maximum", "percent", "status", "computed_points", "feedback", "graded") == {
        "c1": (RUN, 0.8, 1.0, 80.0, "passed", 0.8, None, at(11)),
        "c2": (RUN, 0.2, 1.0, 20.0, "not passed", 0.2, None, at(11)),
        "c3": (OLD, 0.9, 1.0, 90.0, "passed", 0.9, None, at(5)),
        "p1": (f"{RUN}|{QUIZ}", 3.0, 4.0, 75.0, "attempted", 3.0, None, at(5)),
        "p2": (f"{RUN}|{QUIZ}", 4.0, 4.0, 100.0, "set", 0.0, "was ill", at(20)),
        "p3": (f"{RUN}|{LAB}", 1.0, 2.0, 50.0, "attempted", 1.0, None, at(6)),
        "p4": (f"{RUN}|{LAB}", 0.0, 0.0, None, "not attempted", 0.0, None, at(6)),
    }
    assert edx.rows("grade_item", "kind", "title", "maximum", "graded") == {
        RUN: ("total", "Course grade", 1.0, 2),
        OLD: ("total", "Course grade", 1.0, 1),
        f"{RUN}|{QUIZ}": ("part", "quiz", 4.0, 2),
        f"{RUN}|{LAB}": ("part", "lab", 2.0, 2),
    }
    assert set(edx.rows("grade", "item").values()) == set(edx.rows("grade_item"))


def test_completions_are_dated_by_what_tells_of_them(edx: Views) -> None:
    found = edx.rows("completion", "person", "course", "status", "completed", "passed_at", "certified_at", "percent")
    assert found == {
        "g1-c1": (2, RUN, "certified", at(10), at(10), at(12), 80.0),
        "g2-c2": (4, RUN, "not passed", None, None, None, 20.0),
        "g3-c": (2, OLD, "passed", at(5), at(5), None, 90.0),
        "g-c3": (1, GONE, "certified", at(1), None, at(1), None),
    }
    assert edx.rows("certificate", "earned", "title", "issued", "revoked") == {
        1: (True, "Biology", at(12), None),
        2: (False, "Biology", None, at(14)),
        3: (True, None, at(1), None),
    }
    assert edx.rows("block_completion", "share", "completed") == {1: (1.0, at(4)), 2: (0.0, None)}


def test_work_at_blocks_names_them_by_course_and_key(edx: Views) -> None:
    assert edx.rows("activity", "title", "kind") == {f"{RUN}|{QUIZ}": ("quiz", "problem"), f"{RUN}|{LAB}": ("lab", "sequential")}
    assert edx.rows("attempt", "activity", "score", "maximum", "status") == {
        1: (f"{RUN}|{QUIZ}", 3.0, 4.0, "f"),
        2: (f"{RUN}|{LAB}", None, None, "na"),
    }


def test_cohorts_have_both_lists_of_their_people(edx: Views) -> None:
    assert edx.rows("group", "name", "course", "assignment_type") == {1: ("Red", RUN, "random")}
    assert edx.rows("group_member", "person", "group") == {"u1-c1": (2, 1), "u2-c": (4, 1), "u-c2": (4, 7)}


def test_a_whole_export_has_what_is_expected(edx: Views) -> None:
    assert CONTRACT.source is not None
    assert all(edx.asked(expected.sql) for expected in CONTRACT.source.expects)


@pytest.mark.parametrize("rule", CONTRACT.scope)
def test_what_counts_as_use_is_found(edx: Views, rule: str) -> None:
    assert edx.asked(CONTRACT.scope[rule].activity)
