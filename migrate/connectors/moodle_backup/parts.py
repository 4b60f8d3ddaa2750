"""The files of a backup that hold records: people, gradebook, completion, and the placeholders with their completions."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from contextlib import ExitStack

from migrate.connectors.moodle_backup.elements import Elements, member
from migrate.connectors.moodle_backup.history import CourseHistory, Person
from migrate.connectors.moodle_backup.manifest import MOODLE_VERSION, SECTION, activity_number
from migrate.connectors.moodle_backup.sift import Ready, Sifted
from migrate.connectors.moodle_backup.values import Trial, seconds

_EMPTY = {
    "files.xml": "files",
    "roles.xml": "roles_definition",
    "groups.xml": "groups",
    "scales.xml": "scales_definition",
    "outcomes.xml": "outcomes_definition",
    "questions.xml": "question_categories",
}
"""Files that restore asks for, whatever they hold."""


def write_empty(archive: zipfile.ZipFile) -> None:
    """The files that have nothing to say."""
    for name, root in _EMPTY.items():
        with member(archive, name) as xml, xml.within(root):
            pass
    _roles(archive, "course")


def write_people(archive: zipfile.ZipFile, accounts: Iterable[Person]) -> None:
    """The accounts that records name, with just what restore matches them by.

    The first name is written as null: an account that is gone by then cannot be made anew. The database refuses the row, and
    restore ends before it has changed anything.
    """
    accounts = list(accounts)
    with member(archive, "users.xml") as xml, xml.within("users"):
        for number, person in enumerate(accounts, start=1):
            with xml.within("user", id=number, contextid=number):
                xml.values(
                    username=person.username,
                    idnumber="",
                    email=person.email,
                    firstname=None,
                    lastname=None,
                    auth="manual",
                    confirmed=1,
                    deleted=0,
                    lang="en",
                    theme="",
                    firstaccess=0,
                    mnethosturl=None,
                )
    with member(archive, "course/inforef.xml") as xml, xml.within("inforef"), xml.within("userref"):
        for number in range(1, len(accounts) + 1):
            with xml.within("user"):
                xml.values(id=number)


def write_gradebook(archive: zipfile.ZipFile, sifted: Sifted) -> None:
    """Manual items and their grades. There is no category in it: restore would write it over the course's own.

    The course total is named with nothing but its kind, which makes restore work it out anew; without that the total stays as
    it was before the items came. Restore clears its scale, outcome and lock time, which it can only take from the file.
    """
    grade_number = 0
    with member(archive, "gradebook.xml") as xml, xml.within("gradebook"):
        with xml.within("grade_items"):
            for number, (item, grades) in enumerate(zip(sifted.items, sifted.grades, strict=True), start=1):
                with xml.within("grade_item", id=number):
                    xml.values(**item)
                    with xml.within("grade_grades"):
                        for grade in grades:
                            grade_number += 1
                            _record(xml, "grade_grade", grade_number, grade)
            if sifted.items:
                with xml.within("grade_item", id=len(sifted.items) + 1):
                    xml.values(itemtype="course", scaleid=None, outcomeid=None, locktime=0)
        for empty in ("grade_letters", "grade_settings"):
            with xml.within(empty):
                pass


def write_completion(archive: zipfile.ZipFile, sifted: Sifted) -> None:
    """Course completions, without criteria: the course keeps those it has or gets later."""
    with member(archive, "completion.xml") as xml, xml.within("course_completion"):
        for number, completion in enumerate(sifted.completions, start=1):
            _record(xml, "course_completions", number, completion)


def write_activities(archive: zipfile.ZipFile, course: CourseHistory, sifted: Sifted) -> None:
    """One folder for each placeholder, and the section they stand in."""
    if not sifted.activities:
        return
    with member(archive, f"sections/section_{SECTION}/section.xml") as xml, xml.within("section", id=SECTION):
        # Blank, so that restore leaves name and summary of a section that exists as they are.
        xml.values(number=course.section, name=None, summary="", summaryformat=1, sequence="", visible=1)
        xml.values(availabilityjson=None, timemodified=seconds(course.made, Trial()))
    with member(archive, f"sections/section_{SECTION}/inforef.xml") as xml, xml.within("inforef"):
        pass
    for place in range(len(sifted.activities)):
        _activity(archive, course, sifted, place)


def _activity(archive: zipfile.ZipFile, course: CourseHistory, sifted: Sifted, place: int) -> None:
    activity, number = sifted.activities[place], activity_number(place)
    folder = f"activities/{activity.kind}_{number}"
    with member(archive, f"{folder}/module.xml") as xml, xml.within("module", id=number, version=MOODLE_VERSION):
        xml.values(
            modulename=activity.kind,
            sectionid=SECTION,
            sectionnumber=course.section,
            idnumber=activity.idnumber,
            added=activity.added,
            score=0,
            indent=0,
            visible=int(activity.visible),
            visibleoncoursepage=1,
            visibleold=int(activity.visible),
            groupmode=0,
            groupingid=0,
            # By hand: Moodle never works such a state out again.
            completion=1,
            completiongradeitemnumber=None,
            completionpassgrade=0,
            completionview=0,
            completionexpected=0,
            availability=None,
            showdescription=0,
            downloadcontent=1,
            lang="",
        )
    about: dict[str, str | int] = {"id": number, "moduleid": number, "modulename": activity.kind, "contextid": number}
    with ExitStack() as stack:
        xml = stack.enter_context(member(archive, f"{folder}/{activity.kind}.xml"))
        stack.enter_context(xml.within("activity", **about))
        stack.enter_context(xml.within(activity.kind, id=number))
        xml.values(**activity.values)
    with member(archive, f"{folder}/completion.xml") as xml, xml.within("completions"):
        for state_number, state in enumerate(sifted.states[place], start=1):
            _record(xml, "completion", state_number, state)
        with xml.within("completionviews"):
            for view_number, view in enumerate(sifted.views[place], start=1):
                _record(xml, "completionview", view_number, view)
    with member(archive, f"{folder}/grades.xml") as xml, xml.within("activity_gradebook"):
        for empty in ("grade_items", "grade_letters"):
            with xml.within(empty):
                pass
    with member(archive, f"{folder}/inforef.xml") as xml, xml.within("inforef"):
        pass
    _roles(archive, folder)


def _roles(archive: zipfile.ZipFile, folder: str) -> None:
    with member(archive, f"{folder}/roles.xml") as xml, xml.within("roles"):
        for empty in ("role_overrides", "role_assignments"):
            with xml.within(empty):
                pass


def _record(xml: Elements, name: str, number: int, values: Ready) -> None:
    with xml.within(name, id=number):
        xml.values(**values)
