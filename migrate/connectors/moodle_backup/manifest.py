"""``moodle_backup.xml``: what the file says of itself, and which of its contents are to be restored.

The oldest format that holds all we write is declared, that of Moodle 4.1: restore takes files of its own version and of
older ones.
"""

from __future__ import annotations

import hashlib

from migrate.connectors.moodle_backup.elements import Elements
from migrate.connectors.moodle_backup.history import CourseHistory
from migrate.connectors.moodle_backup.sift import Sifted
from migrate.connectors.moodle_backup.values import Trial, seconds, text

MOODLE_VERSION = "2022112800"
MOODLE_RELEASE = "4.1"
ORIGIN = "https://lms-migrate.invalid"
"""The site the file says it is from. It has to be another than the target: on its own files restore trusts numbers."""
COURSE = SECTION = 1
"""Numbers in the file, of no site's."""
_ON = ("users", "activities", "userscompletion")
_OFF = (
    "anonymize", "role_assignments", "permissions", "blocks", "files", "filters", "comments", "badges", "calendarevents",
    "logs", "grade_histories", "groups", "competencies", "customfield", "contentbankcontent", "xapistate", "legacyfiles",
)  # fmt: skip
"""With these off restore leaves the course's roles, groups and so on alone; ``enrolments.xml`` is not in the file at all."""


def activity_number(place: int) -> int:
    """The number of the activity at this place, in the file."""
    return place + 1


def write_manifest(xml: Elements, name: str, course: CourseHistory, sifted: Sifted) -> None:
    """Restore looks for the first two elements within the first 200 bytes."""
    with xml.within("moodle_backup"), xml.within("information"):
        xml.values(
            name=name,
            moodle_version=MOODLE_VERSION,
            moodle_release=MOODLE_RELEASE,
            backup_version=MOODLE_VERSION,
            backup_release=MOODLE_RELEASE,
            backup_date=seconds(course.made, Trial()),
            mnet_remoteusers=0,
            include_files=0,
            include_file_references_to_external_content=0,
            original_wwwroot=ORIGIN,
            original_site_identifier_hash=_hash(ORIGIN),
            original_course_id=COURSE,
            original_course_format="topics",
            original_course_fullname=_untagged(course.fullname),
            original_course_shortname=_untagged(course.shortname),
            # 0: no date is moved by the distance of two courses' beginnings.
            original_course_startdate=0,
            original_course_enddate=0,
            original_course_contextid=1,
            original_system_contextid=1,
        )
        with xml.within("details"), xml.within("detail", backup_id=_hash(f"{course.shortname}\n{course.made}")):
            xml.values(type="course", format="moodle2", interactive=0, mode=10, execution=1, executiontime=0)
        _contents(xml, course, sifted)
        _settings(xml, name, sifted)


def _contents(xml: Elements, course: CourseHistory, sifted: Sifted) -> None:
    with xml.within("contents"):
        if sifted.activities:
            with xml.within("activities"):
                for place, activity in enumerate(sifted.activities):
                    number = activity_number(place)
                    with xml.within("activity"):
                        xml.values(
                            moduleid=number,
                            sectionid=SECTION,
                            modulename=activity.kind,
                            title=activity.title,
                            directory=f"activities/{activity.kind}_{number}",
                        )
            with xml.within("sections"), xml.within("section"):
                xml.values(sectionid=SECTION, title=course.section, directory=f"sections/section_{SECTION}")
        with xml.within("course"):
            # The exact short name: this is where it is read back from.
            xml.values(courseid=COURSE, title=text(course.shortname, Trial()), directory="course")


def _settings(xml: Elements, name: str, sifted: Sifted) -> None:
    def setting(level: str, about: dict[str, str], name: str, value: str | int) -> None:
        with xml.within("setting"):
            xml.values(level=level, **about, name=name, value=value)

    with xml.within("settings"):
        setting("root", {}, "filename", name)
        for names, value in ((_ON, 1), (_OFF, 0)):
            for root in names:
                setting("root", {}, root, value)
        if sifted.activities:
            section = f"section_{SECTION}"
            for what in ("included", "userinfo"):
                setting("section", {"section": section}, f"{section}_{what}", 1)
        for place, placed in enumerate(sifted.activities):
            activity = f"{placed.kind}_{activity_number(place)}"
            for what in ("included", "userinfo"):
                setting("activity", {"activity": activity}, f"{activity}_{what}", 1)


def _untagged(name: str) -> str:
    """Restore keeps these two names as settings and ends where cleaning would change one; it writes neither to the course."""
    return text(name, Trial()).translate({ord("<"): " ", ord(">"): " "})


def _hash(text_: str) -> str:
    """32 hexadecimal digits, as such identifiers have in backups."""
    return hashlib.sha256(text_.encode()).hexdigest()[:32]
