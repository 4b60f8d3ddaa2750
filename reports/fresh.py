"""Files that are written beside what a run left: a run folder may come from somebody else, and a link in it lead anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def fresh(file: Path) -> Iterator[Path]:
    """A file to write to that takes the place of ``file`` at the end, and is gone where the body raises. No link is followed."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        yield part
        part.replace(file)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
