"""The forms that a report can have, and how each is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrate.errors import ConfigurationError, Problem
from reports import html
from reports.build import MOST_ROWS, build
from reports.junit.write import write_junit
from reports.model import Report
from reports.text import text
from reports.xlsx.write import write_xlsx

FILES: Mapping[str, str] = {"html": "html", "xlsx": "xlsx", "junit": "junit.xml"}
"""Forms that are files beside the run's others, and how their names end."""
PRINTED = ("text", "json")
FORMS = (*FILES, *PRINTED)
_WITH_ROWS = ("html", "xlsx")
_WRITERS: Mapping[str, Callable[[Report, Path], None]] = {"xlsx": write_xlsx, "junit": write_junit}


def checked(forms: Sequence[str]) -> tuple[str, ...]:
    """The forms asked for, each once. Raises ConfigurationError for one that there is not, and for two that are printed."""
    asked = tuple(dict.fromkeys(forms))
    problems = [Problem("there is no such form of a report", value=form, allowed=FORMS) for form in asked if form not in FORMS]
    if set(PRINTED) <= set(asked):
        problems.append(Problem("only one form can be printed at a time", value=", ".join(PRINTED), allowed=PRINTED))
    if problems:
        raise ConfigurationError("the report was not made", problems=problems, hint="lms-migrate report --help")
    return asked


def write_forms(
    run_folder: Path, forms: Sequence[str], *, roles: Mapping[str, Any] | None = None, role: str | None = None
) -> tuple[list[Path], Report]:
    """Write those of the forms that are files, as ``report.EXT`` or ``report-ROLE.EXT``; gives them and the report.

    Raises ConfigurationError where one cannot be written.
    """
    rows = MOST_ROWS if any(form in _WITH_ROWS for form in forms) else 0
    report = build(run_folder, most_rows=rows, roles=roles, role=role)
    files = []
    for form in forms:
        if form in FILES:
            file = form_file(run_folder, form, role)
            try:
                if form == "html":
                    html.write(report, run_folder, role)
                else:
                    _WRITERS[form](report, file)
            except OSError as error:
                raise ConfigurationError(f"{file} cannot be written: {error.strerror or error}") from None
            files.append(file)
    return files, report


def form_file(run_folder: Path, form: str, role: str | None = None) -> Path:
    """Where a form lies."""
    stem = "report" if role is None else f"report-{role}"
    return run_folder / f"{stem}.{FILES[form]}"


def printed(run_folder: Path, form: str, report: Report, role: str | None = None, width: int | None = None) -> str:
    """A form that is printed. ``json`` is the run's ``summary.json``, which holds no rows and nothing personal."""
    if form == "json":
        return (run_folder / "summary.json").read_text("utf-8")
    page = form_file(run_folder, "html", role)
    return text(report, run_folder, page=page if page.is_file() else None, width=width)
