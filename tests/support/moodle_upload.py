"""What a Moodle does with the CSV files of its upload pages, in memory: after its documented behaviour and that of a real 4.5."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from moodle_functions import USER_TEXTS, _profile
from moodle_php import MoodleError
from moodle_site import FOR_COURSES, ROLES, Row, Site

_BLANKS = " \t\n\r\0\x0b"
_PERSON = ("username", "firstname", "lastname", "email", "auth", "lang", "suspended", "descriptionformat", *USER_TEXTS)
_NUMBERED = re.compile(r"(cohort|course|role|enrolstatus|enroltimestart|enrolperiod)\d+")
_INTERNAL = ("manual", "email", "none", "nologin")
_ADD, _UPDATE = "0", "3"


def upload(site: Site, folder: Path) -> list[str]:
    """A person gives all files of a folder to the site, in the order of its list; what Moodle says of rows it did not take."""
    said = []
    for name, way, options in files(folder):
        said += give(site, way, options, (folder / name).read_bytes().decode())
    return said


def files(folder: Path) -> list[list[str]]:
    """The list of the folder: name of the file, command or page, options."""
    with (folder / "upload.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def give(site: Site, way: str, options: str, text: str) -> list[str]:
    """One file. A file that Moodle refuses as a whole changes nothing."""
    try:
        header, rows = _rows(text)
        if way.endswith("Upload cohorts"):
            with site.transaction():
                return _cohorts(site, header, rows)
        assert way == "admin/tool/uploaduser/cli/uploaduser.php", way
        return list(_people(site, dict(one[2:].split("=") for one in options.split()), header, rows))
    except MoodleError as error:
        return [f"the file: {error.message}"]


# Reading, twice, as Moodle does ---------------------------------------------------------------------------------------


def _rows(text: str) -> tuple[list[str], list[list[str]]]:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip(_BLANKS)
    rows = list(php_read("".join(php_written(row) for row in _same_width(php_read(text)))))
    return rows[0], rows[1:]


def _same_width(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    width = None
    for row in rows:
        width = len(row) if width is None else width
        if len(row) != width:
            raise MoodleError("csvweirdcolumns", "Invalid CSV file format - number of columns is not constant!")
        yield row


def php_read(text: str) -> Iterator[list[str]]:
    """PHP's fgetcsv: a backslash inside quotation marks takes away what the next letter means, and stays. Blank lines are left
    out, as Moodle leaves them out."""
    row: list[str] = []
    at = 0
    while at < len(text):
        cell = ""
        if text[at] == "\n" and not row:
            at += 1
            continue
        if text[at] == '"':
            at += 1
            while at < len(text):
                letter, following = text[at], text[at + 1 : at + 2]
                if letter == "\\" and following:
                    cell, at = cell + letter + following, at + 2
                elif letter == '"' and following == '"':
                    cell, at = cell + '"', at + 2
                elif letter == '"':
                    at += 1
                    break
                else:
                    cell, at = cell + letter, at + 1
        while at < len(text) and text[at] not in ",\n":
            cell, at = cell + text[at], at + 1
        row.append(cell)
        if at >= len(text) or text[at] == "\n":
            yield row
            row = []
        elif at == len(text) - 1:  # a row that ends in a comma ends in a blank cell
            row.append("")
            yield row
        at += 1


def php_written(row: Iterable[str]) -> str:
    """PHP's fputcsv: a quotation mark behind a backslash is not doubled."""
    cells = []
    for cell in row:
        if not re.search(r'[",\\\n\r\t ]', cell):
            cells.append(cell)
            continue
        quoted, escaped = "", False
        for letter in cell:
            quoted += '""' if letter == '"' and not escaped else letter
            escaped = letter == "\\" and not escaped
        cells.append(f'"{quoted}"')
    return ",".join(cells) + "\n"


# Cohorts --------------------------------------------------------------------------------------------------------------


def _cohorts(site: Site, header: list[str], rows: list[list[str]]) -> list[str]:
    """All rows or none. Cells are not trimmed; a category that is not there is the whole site."""
    found = [dict(zip(header, row, strict=True)) for row in rows]
    errors, seen = [], set()
    for number, row in enumerate(found, 1):
        if row["idnumber"] in seen or site.by("cohorts", "idnumber", row["idnumber"]):
            errors.append(f"row {number}: Cohort with the same ID number already exists")
        if not row["name"]:
            errors.append(f"row {number}: Field name is empty or does not exist")
        seen.add(row["idnumber"])
    for row in [] if errors else found:
        category = site.by("categories", "idnumber", row["category_idnumber"]) if row["category_idnumber"] else None
        visible = row["visible"].strip().lower() not in ("0", "no", "n", "false")
        made = {"idnumber": row["idnumber"], "description": row["description"], "visible": visible}
        name = re.sub(r"<[A-Za-z/!?][^>]*>", "", row["name"])
        site.insert("cohorts", {**made, "name": name, "category": category["id"] if category else 0})
    return errors


# People, their cohorts and courses --------------------------------------------------------------------------------------


def _people(site: Site, settings: dict[str, str], header: list[str], rows: list[list[str]]) -> Iterator[str]:
    profile = {f"profile_field_{name}" for name in site.profile_fields}
    for column in header:
        if column not in (*_PERSON, *profile) and not _NUMBERED.fullmatch(column):
            raise MoodleError("invalidfieldname", f'"{column}" is not a valid field name')
    for number, row in enumerate(rows, 2):
        cells = {column: cell.strip(_BLANKS) for column, cell in zip(header, row, strict=True)}
        with site.transaction():
            for text in _person(site, settings, cells):
                yield f"line {number}: {text}"


def _person(site: Site, settings: dict[str, str], cells: Row) -> Iterator[str]:
    username = re.sub(r"[^-.@_a-z0-9]", "", cells["username"].lower())
    row = site.by("users", "username", username)
    if settings["uutype"] == _ADD:
        if row is not None:
            yield "User not added - already registered"
            return
        error = _refusal(site, settings, cells)
        if error:
            yield error
            return
        number = _new(site, username, cells)
    else:
        if row is None or username == "admin":
            yield "User not updated - " + ("administrator" if row else "does not exist")
            return
        number = row["id"]
        if settings["uuupdatetype"] == "1":
            site.put("users", number, {**row, **{name: cell for name, cell in cells.items() if name in USER_TEXTS}})
    if settings["uutype"] == _ADD or settings["uuupdatetype"] == "1":
        mark = "profile_field_"
        _profile(site, number, ({"type": n.removeprefix(mark), "value": c} for n, c in cells.items() if n.startswith(mark)))
    for column, cell in cells.items():
        if cell in ("", "0"):  # what PHP calls empty
            continue
        if re.fullmatch(r"cohort\d+", column):
            yield from _join(site, number, cell)
        elif re.fullmatch(r"course\d+", column):
            yield from _enrol(site, number, cell, {name: cells.get(name + column[6:], "") for name in _ENROLMENT})


def _refusal(site: Site, settings: dict[str, str], cells: Row) -> str | None:
    missing = [name for name in ("firstname", "lastname", "email") if not cells.get(name)]
    if missing:
        return f'Missing field "{missing[0]}"'
    if cells.get("auth") and cells["auth"] not in site.auths:
        return f"Authentication plugin {cells['auth']} does not exist"
    if site.by("users", "email", cells["email"]) and not (site.shared_email and settings.get("uunoemailduplicates") == "0"):
        return "Duplicate email address"
    return None


def _new(site: Site, username: str, cells: Row) -> int:
    auth = cells.get("auth") or "manual"
    row = {name: cells[name] for name in ("firstname", "lastname", "email")}
    row |= {name: cells.get(name, "99" if name == "timezone" else "") for name in USER_TEXTS}
    lang = cells.get("lang", "")
    return site.insert("users", {
        **row, "username": username, "auth": auth, "lang": lang if lang in ("", *site.languages) else site.languages[0],
        "suspended": cells.get("suspended", "") not in ("", "0"), "mailed": auth in _INTERNAL,
    })  # fmt: skip


def _join(site: Site, user: int, cohort: str) -> Iterator[str]:
    if re.fullmatch(r"-?[1-9]\d*", cohort):
        row: Any = site.tables["cohorts"].get(int(cohort))
    else:
        row = site.by("cohorts", "idnumber", cohort)
        if row is None:
            made = {"idnumber": cohort, "name": cohort, "description": "", "visible": True, "category": 0}
            row = site.tables["cohorts"][site.insert("cohorts", made)]
    if row is None:
        yield f"Unknown cohort ({cohort})!"
    else:
        site.put("cohort_members", (row["id"], user), {})


_ENROLMENT = ("role", "enrolstatus", "enroltimestart", "enrolperiod")


def _enrol(site: Site, user: int, shortname: str, cells: Row) -> Iterator[str]:
    course = site.by("courses", "shortname", shortname)
    roles = {name: number for number in FOR_COURSES for name in (ROLES[number], str(number))}
    if course is None:
        yield f'Course named "{shortname}" does not exist'
        return
    if cells["role"] not in roles:
        yield f'Unknown role "{cells["role"]}"'
        return
    start = re.fullmatch(r"@(-?\d+)", cells["enroltimestart"])
    timestart = int(start[1]) if start else int(time.time()) // 86_400 * 86_400
    days = re.match(r"-?\d+", cells["enrolperiod"])
    timeend = timestart + int(days[0]) * 86_400 if days and int(days[0]) > 0 else 0
    if cells["enrolperiod"] in ("", "0") and site.enrol_period:
        timeend = timestart + site.enrol_period
    before = site.tables["enrolments"].get((course["id"], user), {"suspended": False})
    suspended = {"0": False, "1": True}.get(cells["enrolstatus"], before["suspended"])
    site.put("enrolments", (course["id"], user), {"timestart": timestart, "timeend": timeend, "suspended": suspended})
    site.put("roles", (course["id"], user, roles[cells["role"]]), {})
