"""Writing a worklist to the kind of file that its name asks for, in one step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from migrate.errors import ConfigurationError, Problem
from reports.worklist_csv import write_csv
from reports.worklist_rows import WorklistRows
from reports.worklist_xlsx import write_xlsx

WRITERS: dict[str, Callable[[WorklistRows, Path], int]] = {".xlsx": write_xlsx, ".csv": write_csv}


def export(rows: WorklistRows, file: Path, *, overwrite: bool = False) -> int:
    """Write the file; gives the number of items. Raises ConfigurationError where it cannot be written.

    A file that is there is not replaced unasked: somebody may have filled it in.
    """
    writer = WRITERS.get(file.suffix.lower())
    if writer is None:
        problem = Problem("the worklist is not written to such a file", value=file.name, allowed=tuple(WRITERS))
        raise ConfigurationError("the worklist cannot be exported", problems=[problem])
    if file.exists() and not overwrite:
        problem = Problem("the file is there already; answers may stand in it", value=file)
        raise ConfigurationError("the worklist was not exported", problems=[problem], hint="another name, or --overwrite")
    part = file.with_name(f".{file.name}.part")
    try:
        number = writer(rows, part)
        part.replace(file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return number
