"""Writing the plan of a run: draw it, keep it, and draw its documents."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import ConfigurationError, Problem
from migrate.test_plan import store
from migrate.test_plan.document import changed_parts, document
from migrate.test_plan.draw import Drawing, draw
from migrate.test_plan.judge import history
from migrate.test_plan.lots import facts, find_run, lots
from migrate.test_plan.policy import read_policy
from migrate.test_plan.run_tests import run_tests
from migrate.test_plan.scaffold import write_policy
from migrate.test_plan.store import Kept
from migrate.test_plan.worksheets import as_csv, write_xlsx
from migrate.workspace import Workspace
from reports.documents.render import markdown, page, write
from reports.documents.test_plan import PlanDocument

DOCUMENTS = "documents"


@dataclass(frozen=True)
class Written:
    """What was written."""

    document: PlanDocument
    files: tuple[Path, ...]
    scaffolded: bool
    """Was ``test_plan.yaml`` made now?"""


def write_plan(workspace: Workspace, run: str | None, now: dt.datetime) -> Written:
    """The plan of a run, kept in the workspace, with its documents. Raises ConfigurationError."""
    folder = find_run(workspace.folder, run)
    _, described = facts(folder)
    if changed := changed_parts(workspace, described):
        problem = Problem(f"changed since run {folder.name}", value=", ".join(changed))
        hint = f"lms-migrate run {workspace.folder}, then write the test plan of that run"
        raise ConfigurationError("no test plan was written: it would not describe the run", problems=[problem], hint=hint)
    policy = read_policy(workspace)
    scaffolded = policy is None
    if policy is None:
        write_policy(workspace)
        policy = read_policy(workspace)
        assert policy is not None
    verdicts = history(workspace.folder, folder.name)
    with lots(folder) as records:
        drawing = Drawing(policy, described, records, lambda id_: verdicts.get(id_, ()), run_tests(workspace, policy))
        plan = draw(drawing, folder)
    if not plan.inspections:
        problem = Problem("no record of the run is in the target, so there is nothing to look at", value=folder.name)
        raise ConfigurationError("no test plan was written", problems=[problem], hint=f"lms-migrate report {workspace.folder}")
    kept = store.save(workspace.folder, plan, now)
    drawn = document(workspace, kept, folder, now)
    return Written(drawn, write_documents(workspace.folder, drawn), scaffolded)


def write_documents(workspace: Path, drawn: PlanDocument) -> tuple[Path, ...]:
    """The plan as a page and as Markdown, and its worksheet as a page, XLSX and CSV."""
    folder = workspace / DOCUMENTS
    try:
        return (
            write(folder / "test_plan.html", page("test_plan.html.j2", document=drawn)),
            write(folder / "test_plan.md", markdown("test_plan.md.j2", document=drawn)),
            write(folder / "test_worksheet.html", page("test_worksheet.html.j2", "test_worksheet.js", document=drawn)),
            write_xlsx(drawn, folder / "test_worksheet.xlsx"),
            write(folder / "test_worksheet.csv", "\ufeff" + as_csv(drawn)),
        )
    except OSError as error:
        raise ConfigurationError(f"{error.filename or folder} cannot be written: {error.strerror}") from None


def look_again(workspace: Workspace, kept: Kept, now: dt.datetime) -> PlanDocument:
    """The document about a plan that was written before, with the results there are now. Raises ConfigurationError where the
    run is gone or the mapping is not what the plan was made of."""
    folder = workspace.runs / kept.plan.run
    if not (folder / "summary.json").is_file():
        problem = Problem("the run folder of this plan is gone", value=kept.plan.run)
        raise ConfigurationError("the test plan cannot be judged wholly", problems=[problem])
    return document(workspace, kept, folder, now)
