"""What people answered, from a CSV file or a workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from migrate.errors import ConfigurationError, Problem
from migrate.said import number_of
from migrate.worklist.answer import Answer
from migrate.worklist.answers_csv import csv_answers
from migrate.worklist.answers_xlsx import xlsx_answers

MOST_PROBLEMS = 1_000
"""Problems that are listed."""


def read_answers(file: Path) -> tuple[list[Answer], list[Problem]]:
    """All answers of a CSV or XLSX file that can be read, and every problem of those that cannot.

    Raises ConfigurationError where the file is of no such kind.
    """
    readers: dict[str, Callable[[Path, list[Problem]], Iterator[Answer]]] = {".csv": csv_answers, ".xlsx": xlsx_answers}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise refused(file, [Problem("this is no kind of file that answers come in", value=file.name, allowed=tuple(readers))])
    if not file.is_file():
        raise refused(file, [Problem("there is no such file", value=file)])
    problems: list[Problem] = []
    return list(reader(file, problems)), problems


def refused(file: Path, problems: Sequence[Problem]) -> ConfigurationError:
    """Nothing of ``file`` is taken in."""
    number = len(problems)
    shown = list(problems[:MOST_PROBLEMS])
    if number > len(shown):
        shown.append(Problem(f"and {number - len(shown):,} more problems"))
    hint = "mend these and import the file again; or lms-migrate worklist export for a new one"
    return ConfigurationError(f"{file}: {number_of(number, 'problem')}, nothing was taken in", problems=shown, hint=hint)
