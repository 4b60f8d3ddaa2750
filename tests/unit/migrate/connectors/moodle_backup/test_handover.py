"""The line of shell is one command, whatever the file is called."""

from __future__ import annotations

import shlex

from migrate.connectors.moodle_backup import restore_command


def test_the_command_holds_one_file_and_one_course() -> None:
    command = restore_command("/srv/it's here; rm -rf x/c 1.mbz", "12")
    assert shlex.split(command) == [
        "php", "admin/cli/restore_backup.php", "--file=/srv/it's here; rm -rf x/c 1.mbz", "--courseid=12",
    ]  # fmt: skip
