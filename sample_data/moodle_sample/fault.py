"""What a planted fault of the Moodle sample is, and what those who plant one look up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from moodle_sample.courses import by_shortname
from moodle_sample.people import PEOPLE
from moodle_sample.site import Row, Site


@dataclass(frozen=True)
class Fault:
    """One kind of planted fault.

    ``code`` is what a run has to raise, ``-`` when the value has to arrive unharmed. ``probe`` is a query
    that finds the fault in the database, one row each, and ``rows`` how many there are. A kind without
    ``plant`` is planted by a neighbour, follows from other faults, or is part of the ordinary site.
    """

    what: str
    where: str
    code: str
    plant: Callable[[Site], None] | None
    probe: str
    rows: int


HISTORY = "SELECT userid FROM mdl_grade_grades UNION SELECT userid FROM mdl_course_completions"

ENROLMENTS = "mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = ue.enrolid"

IN_COURSE = "mdl_role_assignments ra JOIN mdl_context x ON x.id = ra.contextid AND x.contextlevel = 50"


def students(site: Site, course: str) -> list[int]:
    """People who are in the course and in the ordinary site."""
    return [user for user in site.people_of(by_shortname(site)[course]) if user in PEOPLE]


def stranger(site: Site, course: str, place: int = 0) -> int:
    """Somebody who is not in the course."""
    number = by_shortname(site)[course]
    return [user for user in PEOPLE if not site.is_enrolled(user, number)][place]


def module_of(site: Site, course: str, kind: str) -> Row:
    """The first activity of a kind in a course."""
    number, module = by_shortname(site)[course], next(row["id"] for row in site.all("modules") if row["name"] == kind)
    return next(row for row in site.all("course_modules") if row["course"] == number and row["module"] == module)
