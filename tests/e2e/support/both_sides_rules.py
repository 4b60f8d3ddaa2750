"""Rules over both sides for the small pair: sets, numbers, sums, and a value that has to stay."""

from __future__ import annotations

from pathlib import Path

from small_pair import Bench, write_workspace

RULES = """\
both_sides:
  teachers:
    label: A course keeps its teachers
    code: BTH-TEACHERS
    mapping: enrolments
    source: |
      select e.id as record, e.courseid as course, e.userid as teacher from enrol e where lower(trim(e.role)) = 'teacher'
    target: |
      select key(e.course_id, e.person_id) as record, e.course_id as course, e.person_id as teacher
      from enrolments e where e.role = 'teacher'
    same: {course: {ref: courses}, teacher: {ref: people}}
    by: [course]
    compare: {teacher: set}
  courses_of_people:
    label: A person keeps the number of courses
    code: BTH-COURSES
    mapping: enrolments
    source: select e.id as record, e.userid as person from enrol e
    target: select key(e.course_id, e.person_id) as record, e.person_id as person from enrolments e
    same: {person: {ref: people}}
    by: [person]
    compare: {courses: count}
  scores:
    label: Scores by status
    code: BTH-SCORES
    mapping: people
    source: |
      select u.id as record, case when u.active then 'active' else 'suspended' end as status,
        case when u.score between -10 and 100 then u.score end as scores
      from "user" u
    target: select p.person_id as record, p.status as status, p.score as scores from people p
    by: [status]
    compare: {people: count, scores: sum}
    within: {scores: 0.000001}
  births:
    label: Nobody gets another birthday
    code: BTH-BORN
    mapping: people
    source: select u.id as record, u.id as person, u.born as born from "user" u
    target: select p.person_id as record, p.person_id as person, p.born as born from people p
    same: {person: {ref: people}}
    by: [person]
    compare: {born: max}
"""


def ruled_bench(folder: Path, **options: object) -> Bench:
    """A workspace of the small pair with RULES."""
    write_workspace(folder, **options)  # type: ignore[arg-type]
    add_rules(folder)
    return Bench.of(folder)


def add_rules(workspace: Path, more: str = "") -> None:
    file = workspace / "mapping" / "pair.yaml"
    file.write_text(file.read_text("utf-8") + RULES + more, "utf-8")
