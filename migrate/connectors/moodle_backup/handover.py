"""What a person does with a backup, as a line of shell."""

from __future__ import annotations

import shlex


def restore_command(file: str, course: str) -> str:
    """Merges ``file`` into the course of this number; to be run in the folder of Moodle's code, as the web server's user.

    Moodle 4.5 and 5.1 know ``--courseid``; in 4.1 the same is done on the course's restore page.
    """
    return f"php admin/cli/restore_backup.php {shlex.quote(f'--file={file}')} {shlex.quote(f'--courseid={course}')}"
