"""Taking in what people answered: all of a file, or nothing of it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from migrate.crosswalks.decisions import CrosswalkAnswer, decide
from migrate.decisions.file import FILE, appended
from migrate.decisions.model import Decision
from migrate.trail import note
from migrate.whole_files import content_of, replaced
from migrate.worklist.answers import read_answers, refused
from migrate.worklist.current import Worklist, open_worklist
from migrate.worklist.in_force import IN_CROSSWALK
from migrate.worklist.judge import Judge, Shown, as_it_is
from migrate.workspace import Workspace, open_workspace

EVENT = "decisions taken in"


@dataclass(frozen=True)
class TakenIn:
    """What an import took in. ``rows``: answers that the file has, those that are in force already included."""

    rows: int
    decisions: tuple[Decision, ...]
    files: tuple[Path, ...]
    """Files that were changed, or would be."""

    @property
    def counts(self) -> dict[str, int]:
        """``{decision: how many}``, the most frequent first."""
        return dict(Counter(decision.decision for decision in self.decisions).most_common())


def take_in(
    workspace_folder: Path,
    file: Path,
    *,
    by: str = "",
    dry_run: bool = False,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    shown: Callable[[Mapping[str, object]], Shown] | None = None,
) -> TakenIn:
    """Add the answers of a CSV or XLSX file to the workspace's decisions and crosswalks.

    ``shown`` makes of a run's facts what shows its values in messages. Raises ConfigurationError with every problem by row and
    column; then nothing is changed.
    """
    workspace = open_workspace(workspace_folder)
    worklist = open_worklist(workspace_folder)
    answers, unread = read_answers(file)
    show = shown(worklist.facts) if shown is not None else as_it_is
    judge = Judge(workspace, worklist, now(), by.strip(), show, unread)
    judge.judge(answers)
    if judge.problems:
        raise refused(file, judge.problems)
    before, after = _contents(workspace, worklist, judge.taken)
    result = TakenIn(len(answers), tuple(judge.taken), tuple(after))
    if after and not dry_run:
        hashes = {path.name: hashlib.sha256(content).hexdigest() for path, content in after.items()}
        with replaced(after, before):
            note(workspace, EVENT, {"run": worklist.run, "decisions": result.counts, "files": hashes})
    return result


def _contents(
    workspace: Workspace, worklist: Worklist, taken: Iterable[Decision]
) -> tuple[dict[Path, bytes | None], dict[Path, bytes]]:
    """What files hold now, and what they hold with the decisions that were taken."""
    lines: list[Decision] = []
    entries: list[CrosswalkAnswer] = []
    for d in taken:
        if d.kind == "crosswalk" and d.decision in IN_CROSSWALK:
            item = worklist.items[d.item]
            # A run of some mappings counted only the rows of these: what the newest whole run counted is taken instead.
            rows = d.rows if worklist.facts.get("only") is None else ""
            entries.append(CrosswalkAnswer(item["about"], item["value"], d.decision, d.new_value, d.reason, d.by, d.at, rows))
        else:
            lines.append(d)
    before: dict[Path, bytes | None] = {}
    after: dict[Path, bytes] = {}
    if lines:
        file = workspace.folder / FILE
        before[file] = content_of(file)
        after[file] = appended(before[file] or b"", lines)
    for file, text in decide(workspace, entries).items():
        before[file], after[file] = content_of(file), text.encode("utf-8")
    return before, after
