"""A small Sakai with everything that goes wrong in one: the views lose nothing, and say what each record is."""

from __future__ import annotations

from collections.abc import Iterator

import database_servers as servers
import pytest
import sqlalchemy as sa
from described_databases import Rows, Views, fill, table

from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract, Field
from migrate.resources import contract_file

CONTRACT: Contract = load_contract(contract_file("sakai", "source")).model
DAY = "2024-02-29 10:00:00"

PEOPLE: Rows = {
    # bo signs in by another directory, so that there is no row of an account; cy has no name to sign in with
    "sakai_user_id_map": table("user_id eid", ("admin", "admin"), ("u-ana", "ana.roy"), ("u-bo", "bo")),
    "sakai_user": table(
        "user_id email first_name last_name pw createdon",
        ("admin", "", "Sakai", "Administrator", "hash", DAY),
        ("u-ana", "Ana@example.org", "Ana", "Roy", "hash", DAY),
        ("u-old", "old@example.org", "Cy", "Lee", "hash", DAY),
    ),
}
SITES: Rows = {
    "sakai_site": table(
        "site_id title type published is_special is_user is_softly_deleted",
        ("bio-1", "Biology", "course", 1, "0", "0", "0"),
        ("bin", "Old", "course", 0, "0", "0", "1"),
        ("~u-ana", "Home", None, 1, "0", "1", "0"),
        ("!admin", "Administration", None, 1, "0", "0", "0"),
        ("!error", "Unavailable", None, 1, "1", "0", "0"),
    ),
    "sakai_site_property": table(
        "site_id name value",
        ("bio-1", "term_eid", "2024-S"),
        ("bio-1", "term", "Spring 2024"),
        ("bin", "term_eid", "1999-S"),
    ),
    "sakai_site_group": table("group_id site_id title", ("g1", "bio-1", "Lab")),
    "cm_academic_session_t": table("academic_session_id enterprise_id title start_date", (7, "2024-S", "Spring 2024", DAY)),
    "cm_member_container_t": table(
        "member_container_id class_discr enterprise_id title",
        (1, "org.sakaiproject.coursemanagement.impl.SectionCmImpl", "BIO-1-A", "Biology A"),
        (2, "org.sakaiproject.coursemanagement.impl.CourseOfferingCmImpl", "BIO-1-A", "Not a section"),
    ),
}
GRANTS = [
    *((1, "u-ana", "1", "0"), (1, "u-bo", "0", "1"), (1, "u-nobody", "1", "0"), (2, "u-ana", "1", "0"), (3, "u-ana", "1", "0")),
    *((4, "u-bo", "1", "0"), (5, "u-bo", "1", "0"), (6, "u-ana", "1", "0"), (7, "admin", "1", "0"), (8, "u-bo", "1", "0")),
    (99, "u-bo", "1", "0"),
]
REALMS: Rows = {
    "sakai_realm": table(
        "realm_key realm_id",
        *((1, "/site/bio-1"), (2, "/site/gone"), (3, "/site/~u-ana"), (4, "/site/bio-1/group/g1"), (5, "/site/bio-1/group/lost")),
        *((6, "!site.template"), (7, "/site/!admin"), (8, "/site/bio-1/odd/x")),
    ),
    "sakai_realm_role": table("role_key role_name", (1, "Student")),
    "sakai_realm_rl_gr": table("realm_key user_id active provided role_key", *((*grant, 1) for grant in GRANTS)),
    "sakai_realm_provider": table("realm_key provider_id", (1, "BIO-1-A"), (4, "UNKNOWN"), (99, "X")),
}
GRADES: Rows = {
    "gb_gradebook_t": table(
        "id gradebook_uid grade_type category_type", (1, "bio-1", "1", 2), (2, "gone", "PERCENTAGE"), (3, "g1", "LETTER")
    ),
    "gb_category_t": table("id gradebook_id name weight removed", (1, 1, "Tests", 0.4, False)),
    "gb_gradable_object_t": table(
        "id object_type_id gradebook_id name points_possible removed externally_maintained external_id external_app_name",
        (1, 1, 1, "Essay", 20, False, False),
        (2, 2, 1, "Course Grade", None, False),
        (3, 1, 1, "Quiz", 0, True, True, "77", "Tests & Quizzes"),
        (4, 1, 2, "Paper", 10, None, True, "/assignment/a/gone/1"),
        (5, 1, 3, "Of the lab", 5, None, True, "lesson-builder:5"),
        (6, 1, 99, "Stray"),
    ),
    "gb_grade_record_t": table(
        "id gradable_object_id student_id points_earned entered_grade grader_id date_recorded",
        (1, 1, "u-ana", 15, None, "admin", DAY),
        (2, 1, "u-bo", None, None, "admin", DAY),
        (3, 2, "u-ana", None, "A-", "admin", DAY),
        (4, 3, "u-ana", 0, None, "admin", DAY),
        (5, 99, "u-ana", 1, None, "admin", DAY),
    ),
    "gb_comment_t": table(
        "id gradable_object_id student_id comment_text grader_id date_recorded",
        (1, 1, "u-ana", "Good", "admin", DAY),
        (2, 2, "u-bo", "Never came", "admin", DAY),
    ),
    "gb_grading_event_t": table(
        "id gradable_object_id student_id grade grader_id date_graded",
        (1, 1, "u-ana", "12", "admin", DAY),
        (2, 99, "u-ana", None, "admin", DAY),
    ),
}
WORK: Rows = {
    "asn_assignment": table(
        "assignment_id title context grade_type max_grade_point scale_factor draft deleted",
        ("a1", "Essay", "bio-1", 3, 2000, 100, False, True),
    ),
    "asn_submission": table(
        "submission_id assignment_id submitted submitted_date grade factor graded user_submission",
        ("s1", "a1", True, DAY, "1550", 100, True, True),
        ("s2", "a1", False),
    ),
    "asn_submission_submitter": table(
        "id submission_id submitter submittee grade",
        (1, "s1", "u-ana", True),
        (2, "s1", "u-bo", False, "900"),
        (3, "s9", "u-bo", True),
    ),
    "sam_publishedassessment_t": table("id title status", (77, "Quiz", 1)),
    "sam_publishedaccesscontrol_t": table("assessmentid duedate unlimitedsubmissions password", (77, DAY, 1, "pw")),
    "sam_authzdata_t": table("id agentid functionid qualifierid", (1, "bio-1", "OWN_PUBLISHED_ASSESSMENT", "77")),
    "sam_assessmentgrading_t": table(
        "assessmentgradingid publishedassessmentid agentid islate forgrade finalscore submitteddate",
        (5, 77, "u-ana", "0", 1, 8.5, DAY),
    ),
}
ROWS: Rows = {**PEOPLE, **SITES, **REALMS, **GRADES, **WORK}


def maria(entity: str, rule: Field) -> str:
    """As the kernel and Hibernate declare columns on MySQL."""
    flags = "char(1)" if entity.startswith("sakai_") else "bit(1)"
    flags = "int" if entity.startswith("sam_") else flags
    kinds = {"int": "bigint", "decimal": "double", "flag": flags, "date": "date", "datetime": "datetime"}
    return kinds.get(rule.type, "varchar(99)")


def lite(entity: str, rule: Field) -> str:
    return {"int": "integer", "decimal": "real", "flag": "integer"}.get(rule.type, "text")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.database)])
def sakai(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Views]:
    """Small letters in one database, capitals in the other."""
    folder = tmp_path_factory.mktemp("sakai")
    if request.param == "sqlite":
        with sa.create_engine(f"sqlite:///{folder / 'sakai.sqlite'}").begin() as connection:
            fill(connection, CONTRACT, ROWS, lite)
        yield Views("sqlite:///sakai.sqlite", CONTRACT, folder)
        return
    with servers.server("mariadb").database() as database:
        with database.engine().connect() as connection:
            fill(connection, CONTRACT, ROWS, maria, capitals=True)
        yield Views(database.url, CONTRACT, folder)


def test_nothing_is_lost_and_every_value_is_of_its_type(sakai: Views) -> None:
    assert sakai.uncovered() == {}
    assert sakai.unread() == []


def test_people_are_those_of_the_map_and_those_of_the_accounts(sakai: Views) -> None:
    assert sakai.rows("person", "eid", "name", "stored_id", "of_software") == {
        "admin": ("admin", "Sakai Administrator", "admin", True),
        "u-ana": ("ana.roy", "Ana Roy", "u-ana", False),
        "u-bo": ("bo", None, None, False),
        "u-old": (None, "Cy Lee", "u-old", False),
    }


def test_sites_say_what_they_are(sakai: Views) -> None:
    assert sakai.rows("course", "standing", "term", "term_eid", "people") == {
        "bio-1": ("live", 7, "2024-S", 3),
        "bin": ("deleted", None, "1999-S", 0),
        "~u-ana": ("personal", None, None, 1),
        "!admin": ("special", None, None, 1),
        "!error": ("special", None, None, 0),
    }


def test_each_grant_is_in_one_view(sakai: Views) -> None:
    both = [*sakai.rows("enrolment", "person"), *sakai.rows("group_member", "person")]
    assert sorted(both) == sorted(f"{realm}|{user}" for realm, user, *_ in GRANTS)
    assert sakai.rows("enrolment", "course", "kind", "active", "provided", "course_standing", "known") == {
        "1|u-ana": ("bio-1", "site", True, False, "live", True),
        "1|u-bo": ("bio-1", "site", False, True, "live", True),
        "1|u-nobody": ("bio-1", "site", True, False, "live", False),
        "2|u-ana": ("gone", "site", True, False, None, True),
        "3|u-ana": ("~u-ana", "site", True, False, "personal", True),
        "6|u-ana": (None, "other", True, False, None, True),
        "7|admin": ("!admin", "administration", True, False, "special", True),
        "8|u-bo": (None, "other", True, False, None, True),
        "99|u-bo": (None, "other", True, False, None, True),
    }
    assert sakai.rows("enrolment", "realm")["8|u-bo"] == "/site/bio-1/odd/x"
    assert sakai.rows("group_member", "group", "course", "group_there") == {
        "4|u-bo": ("g1", "bio-1", True),
        "5|u-bo": ("lost", "bio-1", False),
    }
    assert sakai.rows("administrator", "person", "role") == {"7|admin": ("admin", "Student")}


def test_rosters_have_the_title_of_their_section(sakai: Views) -> None:
    assert sakai.rows("section", "name", "course", "group") == {
        "1|BIO-1-A": ("Biology A", "bio-1", None),
        "4|UNKNOWN": ("UNKNOWN", "bio-1", "g1"),
        "99|X": ("X", None, None),
    }


def test_columns_of_gradebooks_say_who_keeps_them(sakai: Views) -> None:
    assert sakai.rows("grade_item", "course", "kind", "removed", "grade_type", "course_standing") == {
        1: ("bio-1", "own", False, "points", "live"),
        2: ("bio-1", "total", False, "points", "live"),
        3: ("bio-1", "test", True, "points", "live"),
        4: ("gone", "assignment", None, "percent", None),
        5: ("bio-1", "lesson", None, "letter", "live"),
        6: (None, "own", None, None, None),
    }


def test_grades_and_comments_meet_where_they_can(sakai: Views) -> None:
    assert sakai.rows("grade", "item", "person", "points", "percent", "entered", "feedback", "removed") == {
        "r1-c1": (1, "u-ana", 15.0, 75.0, None, "Good", False),
        "r2-c": (1, "u-bo", None, None, None, None, False),
        "r3-c": (2, "u-ana", None, None, "A-", None, False),
        "r4-c": (3, "u-ana", 0.0, None, None, None, True),
        "r5-c": (99, "u-ana", 1.0, None, None, None, None),
        "r-c2": (2, "u-bo", None, None, None, "Never came", False),
    }
    assert sakai.rows("grade_history", "title", "grade") == {1: ("Essay", "12"), 2: (None, None)}
    assert sakai.rows("grade_category", "course", "weight") == {1: ("bio-1", 0.4)}


def test_work_has_a_row_for_each_person(sakai: Views) -> None:
    assert sakai.rows("activity", "kind", "course", "maximum", "removed") == {
        "assignment-a1": ("assignment", "bio-1", 20.0, True),
        "test-77": ("test", "bio-1", None, False),
    }
    assert sakai.rows("attempt", "person", "activity", "score", "submitted") == {
        "ss1-p1": ("u-ana", "assignment-a1", 15.5, True),
        "ss1-p2": ("u-bo", "assignment-a1", 9.0, True),
        "ss2-p": (None, "assignment-a1", None, False),
        "ss9-p3": ("u-bo", None, None, None),
        "t5": ("u-ana", "test-77", 8.5, True),
    }


def test_a_whole_export_has_what_is_expected(sakai: Views) -> None:
    assert CONTRACT.source is not None
    assert all(sakai.asked(expected.sql) for expected in CONTRACT.source.expects)


@pytest.mark.parametrize("rule", CONTRACT.scope)
def test_what_counts_as_use_is_found(sakai: Views, rule: str) -> None:
    assert sakai.asked(CONTRACT.scope[rule].activity)
