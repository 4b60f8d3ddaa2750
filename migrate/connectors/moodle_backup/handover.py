"""From records to files that a person restores, with one outcome for each record."""

from __future__ import annotations

import csv
import hashlib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from migrate.connectors.moodle_backup.history import Part, Person, Written
from migrate.connectors.moodle_backup.sift import record_key
from migrate.connectors.moodle_backup.words import BackupWords, backup_words, course_histories
from migrate.connectors.moodle_backup.write import write_backup
from migrate.connectors.target import Outcome, Record
from migrate.contracts.model import Contract
from migrate.errors import TargetRefused
from migrate.said import number_of

RESTORE_LIST = "restore.csv"
README = "README.txt"
_INSTRUCTIONS = """\
One course backup for each course that has history to restore: {files}.
{before}
1. Copy this folder to the Moodle host. A file of the same name from an earlier run is out of date: restore the newest
   alone, and none twice. Restoring twice makes placeholders of activities a second time.
2. Set `folder` to where it is, go to the folder of Moodle's code, and as the user of the web server run, in this order:

{commands}
   php admin/cli/purge_caches.php

   Without the last one, completions that were looked at before stay as they were. In Moodle 4.1, and where there is
   no command line: Course reuse > Restore > Merge the backup course into this course.
3. Run the live run again. It looks for every record and says what it did not find.

{list} names the same: number of the course, name of the file. What to look at before, what the messages mean, and how to
take it back is in the tool's docs/moodle-history.md.
"""
_RESTORE = "php admin/cli/restore_backup.php"
_KEYS: dict[Part, tuple[str, ...]] = {
    "grade_items": ("idnumber",),
    "grades": ("item", "user"),
    "course_completions": ("course", "user"),
    "activities": ("idnumber",),
    "activity_completions": ("activity", "user"),
}
"""By which attributes the writer names a record of each part."""


@dataclass(frozen=True)
class HandedOver:
    """One file, and the course it is for."""

    course: str
    """Short name."""
    file: Path
    written: Written


def hand_over(
    contract: Contract,
    records: Mapping[str, Sequence[Record]],
    folder: Path,
    *,
    accounts: Mapping[str, Person],
    courses: Mapping[str, str],
    titles: Mapping[str, str],
    made: datetime,
    names_taken: Mapping[str, Iterable[str]] | None = None,
    before: str = "",
) -> tuple[dict[str, list[Outcome]], list[HandedOver]]:
    """Write one backup for each course into ``folder``, ``restore.csv`` (number of the course, name of the file) and a README.

    ``records`` by entity of the contract; ``accounts`` as the target holds them, by username; ``courses`` the target's
    numbers of courses and ``titles`` their full names, by short name. ``names_taken``: see :func:`course_histories`.
    ``before``: what the README says a person has to do first.
    Outcomes are ``handed_over`` (the message has the command, and what was altered) or ``refused``. A course the target does
    not hold, or of which nothing is left, gets no file. Raises TargetRefused where files cannot be written.
    """
    reasons: dict[tuple[Part, str], str] = {}
    altered: dict[tuple[Part, str], list[str]] = {}
    files: list[HandedOver] = []
    for history in course_histories(contract, records, accounts, titles, made, names_taken):
        if history.shortname not in courses:
            continue
        file = folder / file_name(history.shortname)
        written = write_backup(file, history)
        reasons.update({(left.part, left.key): left.reason for left in written.left_out})
        for change in written.altered:
            altered.setdefault((change.part, change.key), []).append(f"{change.field}: {change.what}")
        if any(written.counts.values()):
            files.append(HandedOver(history.shortname, file, written))
        else:
            file.unlink()
    _write_list(folder, [(courses[f.course], f.file.name) for f in files], before)

    at = {f.course: restore_command(f.file.name, courses[f.course]) for f in files}
    where = courses_of(contract, records)
    outcomes: dict[str, list[Outcome]] = {}
    for entity, words in backup_words(contract).items():
        outcomes[entity] = []
        for record in records.get(entity, ()):
            key, course = (words.part, part_key(words, record)), where[entity, record.key]
            if course is None or course not in courses:
                reason = "what it belongs to is not among the records" if course is None else "the target has no such course"
                outcomes[entity].append(Outcome(record.key, "refused", message=reason))
            elif key in reasons:
                outcomes[entity].append(Outcome(record.key, "refused", message=reasons[key]))
            else:
                said = "; ".join([at[course], *altered.get(key, ())])
                outcomes[entity].append(Outcome(record.key, "handed_over", message=said))
    return outcomes, files


def part_key(words: BackupWords, record: Record) -> str:
    """The key by which the writer names this record."""
    return record_key(*(str(record.values[words.names.get(attribute, attribute)]) for attribute in _KEYS[words.part]))


def courses_of(contract: Contract, records: Mapping[str, Sequence[Record]]) -> dict[tuple[str, str], str | None]:
    """The short name of every record's course, by entity and key; None where its owner is not among the records."""
    words = backup_words(contract)
    owners: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str], str | None] = {}
    for owned in (False, True):
        for entity, entity_words in words.items():
            keys = _KEYS[entity_words.part]
            if (keys[0] in ("item", "activity")) != owned:
                continue
            for record in records.get(entity, ()):
                first = str(record.values[entity_words.names.get(keys[0], keys[0])])
                if owned:
                    found[entity, record.key] = owners.get((keys[0], first))
                    continue
                course = str(record.values[entity_words.names.get("course", "course")])
                found[entity, record.key] = course
                owners["item" if entity_words.part == "grade_items" else "activity", first] = course
    return found


def file_name(shortname: str) -> str:
    """A name for every file system, and another for every short name."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", shortname).strip("-")[:60]
    return f"{plain or 'course'}-{hashlib.sha256(shortname.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}.mbz"


def _write_list(folder: Path, rows: list[tuple[str, str]], before: str) -> None:
    """What there is to restore, for programs and for people. Whoever finds a README finds all files whole."""
    path = folder / RESTORE_LIST
    commands = "\n".join(f'   {_RESTORE} --file="$folder/{file}" --courseid={course}' for course, file in rows)
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
        path = folder / README
        text = _INSTRUCTIONS.format(
            files=number_of(len(rows), "file"), before=before and f"\n{before}\n", commands=commands, list=RESTORE_LIST
        )
        path.write_text(text, "utf-8")
    except OSError as error:
        raise TargetRefused(
            f"cannot write {path}: {error.strerror}", hint="see that the folder exists and can be written"
        ) from error


def restore_command(file: str, course: str) -> str:
    """Merges ``file`` into the course of this number; to be run in the folder of Moodle's code, as the web server's user.

    Moodle 4.5 and 5.1 know ``--courseid``; in 4.1 the same is done on the course's restore page.
    """
    return f"{_RESTORE} {shlex.quote(f'--file={file}')} {shlex.quote(f'--courseid={course}')}"
