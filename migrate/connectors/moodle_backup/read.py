"""Reading a backup back: the rows that restore would write into a course, by the keys people know.

It is written from how Moodle's restore reads files, and shares no code with the writing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from migrate.connectors.moodle_backup.archive import DEFAULT, Archive, BackupRefused, Limits, open_archive
from migrate.connectors.moodle_backup.history import Part
from migrate.connectors.moodle_backup.sax import Element, elements

Row = dict[str, Any]
_EPOCH = datetime(1970, 1, 1)  # instants are in UTC without zone
_COMPONENTS = ("label", "page", "url")
_SHOWN_TEXT = {"label": "intro", "page": "content", "url": "intro"}


@dataclass
class Backup:
    """What a backup holds. Rows have the attributes of the classes in :mod:`.history`, typed."""

    shortname: str = ""
    fullname: str = ""
    """For people to see; without ``<`` and ``>``."""
    made: datetime | None = None
    people: dict[str, str] = field(default_factory=dict)
    """Username to e-mail."""
    rows: dict[Part, list[Row]] = field(default_factory=dict)
    unresolved: list[str] = field(default_factory=list)
    """Records that restore would drop without a word, because they name nobody in the file: where they stand."""


def read_backup(path: Path, limits: Limits = DEFAULT) -> Backup:
    """The rows restore would write into a course without criteria, categories or any of these records.

    Raises BackupRefused for a file that is no backup of a course, is broken, or is not safe to read. All is held in memory.
    """
    with open_archive(path, limits) as archive:
        backup = Backup()
        activities = _manifest(archive, backup)
        users = _users(archive, backup)
        _gradebook(archive, backup, users)
        _completions(archive, backup, users)
        backup.rows["activities"], backup.rows["activity_completions"] = [], []
        for folder, kind in activities:
            _activity(archive, backup, users, folder, kind)
    return backup


def _each(archive: Archive, name: str, *paths: str) -> Iterator[Element]:
    with archive.open(name) as stream:
        yield from elements(stream, frozenset(paths), f"{archive.path.name}: {name}")


def _manifest(archive: Archive, backup: Backup) -> list[tuple[str, str]]:
    """Folders and kinds of the activities that are to be restored."""
    root = "/moodle_backup/information"
    activity, setting, detail = f"{root}/contents/activities/activity", f"{root}/settings/setting", f"{root}/details/detail"
    course = f"{root}/contents/course"
    activities: list[Row] = []
    settings: dict[str, str | None] = {}
    about: Element | None = None
    kind = None
    for element in _each(archive, "moodle_backup.xml", activity, setting, detail, course, root):
        if element.path == activity:
            activities.append(element.values)
        elif element.path == setting:
            settings[element.values.get("name") or ""] = element.values.get("value")
        elif element.path == detail:
            kind = element.values.get("type")
        elif element.path == course:
            backup.shortname = element.values.get("title") or ""
        else:
            about = element
    if about is None or kind != "course":
        raise BackupRefused(f"{archive.path.name} is no backup of a course")
    for needed in ("users", "activities", "userscompletion"):
        if settings.get(needed) != "1":
            raise BackupRefused(f"{archive.path.name} was made without its setting {needed!r}, so restore leaves the history out")
    backup.fullname = about.values.get("original_course_fullname") or ""
    backup.made = _instant(about.values.get("backup_date"), archive.path.name)
    return [
        (str(found["directory"]), str(found["modulename"]))
        for found in activities
        if settings.get(f"{str(found['directory']).rpartition('/')[2]}_included") == "1"
    ]


def _users(archive: Archive, backup: Backup) -> dict[str, str]:
    """The file's numbers of accounts to usernames; only those that ``inforef.xml`` calls for count."""
    called = {e.values.get("id") for e in _each(archive, "course/inforef.xml", "/inforef/userref/user")}
    users: dict[str, str] = {}
    for element in _each(archive, "users.xml", "/users/user"):
        number, username = element.attributes.get("id", ""), element.values.get("username")
        if number in called and username:
            users[number] = username
            backup.people[username] = element.values.get("email") or ""
    return users


def _gradebook(archive: Archive, backup: Backup, users: dict[str, str]) -> None:
    item_path = "/gradebook/grade_items/grade_item"
    grade_path = f"{item_path}/grade_grades/grade_grade"
    items: list[Row] = backup.rows.setdefault("grade_items", [])
    grades: list[Row] = backup.rows.setdefault("grades", [])
    by_name: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting: list[Element] = []
    for element in _each(archive, "gradebook.xml", item_path, grade_path):
        if element.path == grade_path:
            waiting.append(element)
            continue
        where = f"{archive.path.name}: grade item {element.attributes.get('id')}"
        if element.values.get("itemtype") == "manual":
            item = _item(element, where)
            # A second item of one name is taken for the first.
            if item["itemname"] not in by_name:
                by_name[item["itemname"]] = item["idnumber"]
                items.append(item)
            key = by_name[item["itemname"]]
            for grade in waiting:
                row = _grade(grade, users, key, where)
                if row is None:
                    backup.unresolved.append(where)
                elif (key, row["user"]) not in seen:
                    seen.add((key, row["user"]))
                    grades.append(row)
        waiting.clear()


def _item(element: Element, where: str) -> Row:
    values = element.values
    hidden, until = _hidden(values.get("hidden"), where)
    return {
        "idnumber": values.get("idnumber") or "",
        "itemname": values.get("itemname") or "",
        "gradetype": _whole(values.get("gradetype"), where),
        "grademax": _number(values.get("grademax"), where),
        "grademin": _number(values.get("grademin"), where),
        "gradepass": _number(values.get("gradepass"), where),
        "iteminfo": values.get("iteminfo"),
        "counts": values.get("weightoverride") != "1",
        "hidden": hidden,
        "hiddenuntil": until,
        "locked": _instant(values.get("locked"), where),
        "locktime": _instant(values.get("locktime"), where),
        "timecreated": _nullable(values.get("timecreated"), where),
    }


def _grade(element: Element, users: dict[str, str], item: str, where: str) -> Row | None:
    values = element.values
    user = users.get(values.get("userid") or "")
    if user is None:
        return None
    hidden, until = _hidden(values.get("hidden"), where)
    return {
        "item": item,
        "user": user,
        "finalgrade": _number(values.get("finalgrade"), where),
        "feedback": values.get("feedback"),
        "feedbackformat": _whole(values.get("feedbackformat"), where),
        "timecreated": _nullable(values.get("timecreated"), where),
        "timemodified": _nullable(values.get("timemodified"), where),
        "grader": users.get(values.get("usermodified") or ""),
        "overridden": _instant(values.get("overridden"), where),
        "excluded": _instant(values.get("excluded"), where),
        "hidden": hidden,
        "hiddenuntil": until,
        "locked": _instant(values.get("locked"), where),
        "locktime": _instant(values.get("locktime"), where),
    }


def _completions(archive: Archive, backup: Backup, users: dict[str, str]) -> None:
    path = "/course_completion/course_completions"
    rows: dict[str, Row] = {}
    for element in _each(archive, "completion.xml", path):
        values, where = element.values, f"{archive.path.name}: course completion {element.attributes.get('id')}"
        user = users.get(values.get("userid") or "")
        if user is None:
            backup.unresolved.append(where)
            continue
        row: Row = {"user": user}
        row.update({name: _instant(values.get(name), where) for name in ("timeenrolled", "timestarted")})
        row["timecompleted"] = _nullable(values.get("timecompleted"), where)
        rows[user] = row  # restore updates the row it finds
    backup.rows["course_completions"] = list(rows.values())


def _activity(archive: Archive, backup: Backup, users: dict[str, str], folder: str, kind: str) -> None:
    if kind not in _COMPONENTS:
        raise BackupRefused(f"{archive.path.name} holds an activity of the kind {kind[:40]!r}, which is not read")
    (module,) = list(_each(archive, f"{folder}/module.xml", "/module"))
    (own,) = list(_each(archive, f"{folder}/{kind}.xml", f"/activity/{kind}"))
    where = f"{archive.path.name}: {folder}"
    key = module.values.get("idnumber") or ""
    backup.rows["activities"].append(
        {
            "idnumber": key,
            "name": own.values.get("name") or "",
            "kind": kind,
            "text": own.values.get(_SHOWN_TEXT[kind]) or "",
            "externalurl": own.values.get("externalurl"),
            "visible": module.values.get("visible") == "1",
            "added": _instant(module.values.get("added"), where),
        }
    )
    rows: dict[str, Row] = {}
    state, view = "/completions/completion", "/completions/completionviews/completionview"
    for element in _each(archive, f"{folder}/completion.xml", state, view):
        user = users.get(element.values.get("userid") or "")
        if user is None:
            backup.unresolved.append(where)
        elif element.path == state:
            rows[user] = {
                "activity": key,
                "user": user,
                "completionstate": _whole(element.values.get("completionstate"), where),
                "timemodified": _instant(element.values.get("timemodified"), where),
                "timeviewed": None,
            }
        elif user in rows:
            rows[user]["timeviewed"] = _instant(element.values.get("timecreated"), where)
    backup.rows["activity_completions"].extend(rows.values())


def _whole(text: str | None, where: str) -> int | None:
    if text is None or text == "":
        return None
    try:
        return int(text)
    except ValueError:
        raise BackupRefused(f"{where}: {text[:40]!r} is no whole number") from None


def _number(text: str | None, where: str) -> Decimal | None:
    if text is None or text == "":
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BackupRefused(f"{where}: {text[:40]!r} is no number") from None


def _instant(text: str | None, where: str) -> datetime | None:
    whole = _whole(text, where)
    if not whole:
        return None
    try:
        return _EPOCH + timedelta(seconds=whole)
    except OverflowError:
        raise BackupRefused(f"{where}: {whole} seconds are no instant") from None


def _nullable(text: str | None, where: str) -> datetime | None:
    """For columns in which null and 0 differ: a course with 0 as its date of completion is not 'not completed'."""
    return _EPOCH if text is not None and text.strip() == "0" else _instant(text, where)


def _hidden(text: str | None, where: str) -> tuple[bool, datetime | None]:
    whole = _whole(text, where) or 0
    return whole == 1, _instant(text, where) if whole > 1 else None
