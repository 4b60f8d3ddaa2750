"""Files that are written beside what a run left: a run folder may come from somebody else, and a link in it lead anywhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOM = 2
"""So many times the size of the old file has to be free to keep it until the new one is whole."""


@contextmanager
def fresh(file: Path) -> Iterator[Path]:
    """A file to write to that takes the place of ``file`` at the end, and is gone where the body raises. No link is followed."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    if file.is_file() and shutil.disk_usage(file.parent).free < ROOM * file.lstat().st_size:
        file.unlink()  # it can be made again, and on a full disk the new one has no room beside it
    try:
        yield part
        part.replace(file)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
