"""Writing the backup of one course."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from migrate.connectors.moodle_backup.elements import member
from migrate.connectors.moodle_backup.history import CourseHistory, Written
from migrate.connectors.moodle_backup.manifest import write_manifest
from migrate.connectors.moodle_backup.parts import (
    write_activities,
    write_completion,
    write_empty,
    write_gradebook,
    write_people,
)
from migrate.connectors.moodle_backup.sift import sift
from migrate.errors import OutOfSpace, TargetRefused

_NO_SPACE = 28


def write_backup(path: Path, course: CourseHistory) -> Written:
    """Write ``path`` (a zip, ending in ``.mbz``), whole or not at all; equal input gives equal bytes.

    The records of ``course`` are held in memory, the file is streamed. Raises TargetRefused where the file cannot be written,
    OutOfSpace where the disk is full.
    """
    sifted = sift(course)
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            with member(archive, "moodle_backup.xml") as xml:
                write_manifest(xml, path.name, course, sifted)
            write_empty(archive)
            write_people(archive, sifted.accounts)
            write_gradebook(archive, sifted)
            write_completion(archive, sifted)
            write_activities(archive, course, sifted)
        with part.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno == _NO_SPACE:
            raise OutOfSpace(f"no space left for {path}") from error
        raise TargetRefused(
            f"cannot write {path}: {error.strerror}", hint="see that the folder exists and can be written"
        ) from error
    return Written(
        counts=sifted.counts,
        left_out=tuple(sorted(sifted.left_out)),
        altered=tuple(sorted(sifted.altered)),
        sha256=sha256,
        size=path.stat().st_size,
    )
