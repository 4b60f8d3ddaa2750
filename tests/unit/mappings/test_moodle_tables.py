"""Every table that Moodle ships has a deliberate fate, and no pattern is so wide that it takes what add-ons keep.

``moodle_tables.txt`` lists the names, taken from installations of each version.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import mappings
from migrate.contracts.load import load_contract
from migrate.mapping.load import load_pair

MAPPINGS = Path(mappings.__file__).parent
CONTRACT = load_contract(MAPPINGS / "systems" / "moodle.yaml").model
PAIR = load_pair(
    MAPPINGS / "moodle_to_canvas",
    load_contract(MAPPINGS / "systems" / "moodle.yaml"),
    load_contract(MAPPINGS / "systems" / "canvas.yaml"),
).model
ARCHIVED = [pattern for archive in PAIR.archive.values() for pattern in archive.tables]
EVIDENCE = [
    "ai_policy_register",
    "assign_grades",
    "assign_submission",
    "assignfeedback_comments",
    "badge_criteria_met",
    "badge_issued",
    "badge_manual_award",
    "bigbluebuttonbn_logs",
    "choice",
    "choice_answers",
    "competency_evidence",
    "competency_usercomp",
    "course_completions",
    "course_modules_completion",
    "data_records",
    "enrol_flatfile",
    "feedback",
    "feedback_completed",
    "forum_grades",
    "forum_posts",
    "grade_grades",
    "grade_grades_history",
    "h5pactivity_attempts",
    "lesson_attempts",
    "lesson_grades",
    "lesson_pages",
    "lti_submission",
    "payments",
    "paygw_paypal",
    "post",
    "question_attempt_step_data",
    "quiz_attempts",
    "quiz_overrides",
    "rating",
    "scorm_scoes_track",
    "scorm_scoes_value",
    "survey_answers",
    "tool_dataprivacy_request",
    "tool_policy_acceptances",
    "user_info_data",
    "wiki_pages",
    "workshop_assessments",
    "workshop_grades",
    "workshopform_rubric_levels",
]
"""What people achieved, handed in, agreed to, asked for or paid."""
ADD_ONS = [
    "auth_oidc_token",
    "bbbext_attendance",
    "block_todo",
    "block_xp",
    "booktool_log",
    "enrol_waitlist",
    "filter_oembed",
    "local_seen",
    "message_sent_copies",
    "paygw_stripe",
    "quiz_makeexam_attempts",
    "quizaccess_honestycheck",
    "repository_log",
    "tool_certify_issue",
    "tool_mergeusers",
    "tool_muprog_completion",
    "tool_muprog_evidence",
    "tool_objectfs_objects",
    "workshopform_own",
]
"""Names as add-ons give them, some of them real: they begin as Moodle's own do, and may hold results and consents."""


def shipped() -> dict[str, list[str]]:
    """Table to the versions that have it."""
    found: dict[str, list[str]] = {}
    versions: list[str] = []
    for line in (Path(__file__).parent / "moodle_tables.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            versions = line.strip("[]").split()
        elif not line.startswith("#"):
            found.update(dict.fromkeys(line.split(), versions))
    return found


SHIPPED = shipped()


def matches(table: str, patterns: object) -> list[str]:
    return [pattern for pattern in patterns if fnmatchcase(table, pattern)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("version", ["4.1", "4.5", "5.1"])
def test_every_shipped_table_is_treated(version: str) -> None:
    tables = [table for table, versions in SHIPPED.items() if version in versions]
    assert len(tables) > 450
    treated = (*CONTRACT.entities, *ARCHIVED, *PAIR.drop, *CONTRACT.internal)
    assert not [table for table in tables if not matches(table, treated)]


@pytest.mark.parametrize("version", ["4.1", "4.5", "5.1"])
def test_what_the_contract_requires_is_in_every_version(version: str) -> None:
    required = {e.table or name for name, e in CONTRACT.entities.items() if e.sql is None and not e.optional}
    assert required <= {table for table, versions in SHIPPED.items() if version in versions}


def test_what_is_internal_is_neither_archived_nor_dropped() -> None:
    """Where two lists name a table, the reason that people read would be the wrong one."""
    twice = [t for t in SHIPPED if matches(t, CONTRACT.internal) and matches(t, (*ARCHIVED, *PAIR.drop))]
    assert not [table for table in twice if not table.startswith(("question_response_", "question_statistics"))]


@pytest.mark.parametrize("table", EVIDENCE)
def test_evidence_is_archived(table: str) -> None:
    assert table in SHIPPED
    assert matches(table, ARCHIVED)


@pytest.mark.parametrize("table", ADD_ONS)
def test_what_an_add_on_keeps_is_for_a_person_to_decide(table: str) -> None:
    assert not matches(table, (*PAIR.drop, *CONTRACT.internal))


def test_passwords_are_secrets() -> None:
    """In every table of the contract, and so in every archive of one."""
    worded = [
        (entity, name)
        for entity, model in CONTRACT.entities.items()
        for name, field in model.fields.items()
        if re.search("password|secret", name) and field.type == "string" and field.pii != "secret"
    ]
    assert not worded


def test_both_pairs_that_read_moodle_treat_the_same_tables() -> None:
    other = load_pair(
        MAPPINGS / "moodle_to_moodle",
        load_contract(MAPPINGS / "systems" / "moodle.yaml"),
        load_contract(MAPPINGS / "systems" / "moodle.target.yaml"),
    ).model
    archived = [pattern for archive in other.archive.values() for pattern in archive.tables]
    assert sorted(archived) == sorted(ARCHIVED)
    # Between Moodles the names of activities are read, so what else their tables hold is dropped column by column.
    assert {pattern.removesuffix(".*") for pattern in other.drop} == set(PAIR.drop)
