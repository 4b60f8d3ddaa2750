"""What a person who opens an exported worklist has to know."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.decisions.model import MEANING as DECISIONS
from migrate.worklist.columns import KEPT, MEANING
from reports.worklist_rows import WorklistRows


def readme(rows: WorklistRows) -> Iterator[tuple[str, str]]:
    """Lines of two columns."""
    worklist, facts = rows.worklist, rows.worklist.facts
    workspace = str(facts.get("workspace") or rows.workspace.folder.resolve().name)
    yield "Worklist", str(facts.get("label") or workspace)
    yield "Workspace", workspace
    yield "Run", worklist.run
    yield "sha256", f"{worklist.digest} (worklist.parquet of the run)"
    hidden = "; ".join(rows.masker.masked_fields())
    yield "Personal data", f"masked: {hidden}" if hidden and rows.masker.on else f"shown{f', but for {hidden}' if hidden else ''}"
    yield "", ""
    yield (
        "How to answer",
        (
            "Fill in the yellow columns of the sheet Items, or of the sheet Causes where one answer is right for all items of a "
            "cause that need a person. A row of an item goes before the row of its cause. Rows without a decision say nothing. "
            "What is decided already stands there and may be corrected; to take it back, choose reopen."
        ),
    )
    yield "", f"{KEPT} stands for a new value or a reason that is not shown here. Leave it, and it stays as it is."
    yield "", "A character that a cell cannot hold is written by its number: [U+000D]."
    yield "", "Columns may be moved and rows sorted, as long as whole columns and whole rows move."
    yield "Then", f"lms-migrate worklist import {workspace} FILE.xlsx   (with --dry-run nothing is changed yet)"
    yield "", "The next run applies the decisions."
    yield "", ""
    yield "Decisions", ""
    yield from DECISIONS.items()
    yield "", ""
    yield "Columns", ""
    yield from MEANING.items()
