"""Folders that are not what the contract of Canvas as a source asks for: refused by name, never read as something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.connectors.delimited import DelimitedSource
from migrate.contracts.load import load_contract
from migrate.pipeline import run
from migrate.resources import contract_file
from migrate.scaffold import new_workspace

CANVAS = load_contract(contract_file("canvas", "source")).model

SMALL = {
    "users.csv": "canvas_user_id,user_id,integration_id,authentication_provider_id,login_id,first_name,last_name,full_name,"
    "sortable_name,short_name,email,status,created_by_sis\n"
    '7,N7,,canvas,ana,Ana,Roy,Ana Roy,"Roy, Ana",Ana Roy,a@example.org,active,true\n',
    "accounts.csv": "canvas_account_id,account_id,canvas_parent_id,parent_account_id,name,status,created_by_sis\n"
    "3,SCI,1,,Science,active,true\n",
    "terms.csv": "canvas_term_id,term_id,name,status,start_date,end_date,created_by_sis\n2,T,Autumn,active,,,true\n",
    "courses.csv": "canvas_course_id,course_id,integration_id,short_name,long_name,canvas_account_id,account_id,canvas_term_id,"
    "term_id,status,start_date,end_date,course_format,blueprint_course_id,created_by_sis\n"
    "10,BIO,,BIO,Biology,3,SCI,2,T,active,,,,,true\n",
    "sections.csv": "canvas_section_id,section_id,canvas_course_id,course_id,integration_id,name,status,start_date,end_date,"
    "canvas_account_id,account_id,created_by_sis\n30,S,10,BIO,,Biology,active,,,3,SCI,true\n",
    "enrollments.csv": "canvas_course_id,course_id,canvas_user_id,user_id,role,role_id,canvas_section_id,section_id,status,"
    "canvas_associated_user_id,associated_user_id,created_by_sis,base_role_type,limit_section_privileges,canvas_enrollment_id\n"
    "10,BIO,7,N7,student,3,30,S,active,,,true,StudentEnrollment,false,1\n",
}


GRADES = (
    "student name,student id,student sis,course,course id,course sis,section,section id,section sis,term,term id,term sis,"
    "current score,final score,enrollment state,unposted current score,unposted final score\n"
    "Ana Roy,7,N7,Biology,10,BIO,Biology,30,S,Autumn,2,T,88.5,80,active,88.5,80\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.mkdir()
    for name, text in SMALL.items():
        (path / name).write_text(text, "utf-8")
    return path


def lacking(folder: Path) -> list[str]:
    """What the extract stage refuses the folder for."""
    source, found = DelimitedSource(folder, CANVAS), []
    for name, entity in CANVAS.entities.items():
        if entity.file is not None:
            required = [field for field, rule in entity.fields.items() if not rule.optional]
            found += source.lacking(name, required) if source.present(name) else [] if entity.optional else [entity.file]
    source.close()
    return found


def test_the_six_files_are_all_that_has_to_be_there(folder: Path) -> None:
    assert lacking(folder) == []


@pytest.mark.parametrize("name", list(SMALL))
def test_a_report_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert lacking(folder) == [name]


def test_translated_headers_are_refused(folder: Path) -> None:
    columns = SMALL["enrollments.csv"].split("\n")[0]
    (folder / "enrollments.csv").write_text(",".join(f"columna_{n}" for n in range(len(columns.split(",")))) + "\n", "utf-8")
    (found,) = lacking(folder)
    assert found.startswith("enrollments.csv: every column (its header reads as 'columna_0,columna_1")


def test_a_sis_export_is_refused(folder: Path) -> None:
    """It has no numbers of Canvas, and says active for published and unpublished courses alike."""
    (folder / "courses.csv").write_text("course_id,short_name,long_name,account_id,term_id,status,start_date,end_date\n", "utf-8")
    assert {"courses.canvas_course_id", "courses.canvas_account_id", "courses.canvas_term_id"} <= set(lacking(folder))


def test_spelled_headers_a_byte_order_mark_and_the_words_of_the_import_are_read(folder: Path) -> None:
    """The grade export writes "student id", spreadsheets put a mark before the first header, and the import says completed
    where the reports say concluded."""
    new_workspace(folder.parent / "canvas", "canvas", "moodle")
    folder.rename(folder.parent / "canvas" / "source")
    source = folder.parent / "canvas" / "source"
    (source / "grade_export_csv_1.csv").write_text(f"\ufeff{GRADES}", "utf-8")
    for name in ("courses.csv", "enrollments.csv"):
        (source / name).write_text(SMALL[name].replace(",active,", ",completed,"), "utf-8")
    result = run(source.parent)
    assert result.failure is None
    written = (result.folder / "4_load" / "enrolments.csv").read_text("utf-8").splitlines()
    assert written[1] == "BIO,ana,student,,,1"
    archived = (result.folder / "archive" / "grade_export.csv").read_text("utf-8").splitlines()
    assert archived[0].startswith("student_name,student_id,student_sis")
    assert archived[1].endswith(",ana,created,BIO,created")


@pytest.mark.parametrize("name", [None, "enrollments.csv"])
def test_reports_without_anything_deleted_or_concluded_are_suspected(folder: Path, name: str | None) -> None:
    new_workspace(folder.parent / "canvas", "canvas", "moodle")
    folder.rename(folder.parent / "canvas" / "source")
    source = folder.parent / "canvas" / "source"
    if name is not None:
        (source / name).write_text(SMALL[name].replace(",active,", ",deleted,"), "utf-8")
    result = run(source.parent, stop_after="map")
    assert result.failure is None
    assert result.summary["findings"].get("CANVAS-NOTHING-DELETED", 0) == (1 if name is None else 0)
