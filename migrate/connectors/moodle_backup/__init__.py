"""Moodle course backups (``.mbz``) that carry history with its dates into a course that exists."""

from migrate.connectors.moodle_backup.archive import BackupRefused, Limits
from migrate.connectors.moodle_backup.history import (
    Activity,
    ActivityCompletion,
    Altered,
    CourseCompletion,
    CourseHistory,
    Grade,
    GradeItem,
    LeftOut,
    Part,
    Person,
    Written,
)
from migrate.connectors.moodle_backup.read import Backup, read_backup
from migrate.connectors.moodle_backup.write import write_backup

__all__ = [
    "Activity", "ActivityCompletion", "Altered", "Backup", "BackupRefused", "CourseCompletion", "CourseHistory", "Grade",
    "GradeItem", "LeftOut", "Limits", "Part", "Person", "Written", "read_backup", "write_backup",
]  # fmt: skip
