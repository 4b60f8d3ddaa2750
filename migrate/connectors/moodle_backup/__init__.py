"""Moodle course backups (``.mbz``) that carry history with its dates into a course that exists."""

from migrate.connectors.moodle_backup.archive import BackupRefused, Limits
from migrate.connectors.moodle_backup.handover import HandedOver, courses_of, hand_over, restore_command
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
from migrate.connectors.moodle_backup.words import BackupWords, backup_words, course_histories
from migrate.connectors.moodle_backup.write import write_backup

__all__ = [
    "Activity", "ActivityCompletion", "Altered", "Backup", "BackupRefused", "BackupWords", "CourseCompletion", "CourseHistory",
    "Grade", "GradeItem", "HandedOver", "LeftOut", "Limits", "Part", "Person", "Written", "backup_words", "course_histories",
    "courses_of", "hand_over", "read_backup", "restore_command", "write_backup",
]  # fmt: skip
