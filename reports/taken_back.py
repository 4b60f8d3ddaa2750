"""What was taken back of a live run: the rollbacks of it that lie in the folders beside its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reports.model import TakenBack
from reports.overview.history import ROLLBACK, RUNS, number

DONE = ("remove", "restore", "recreate", "forget")
LEFT = ("refused", "failed")


def read_taken_back(run_folder: Path) -> tuple[TakenBack, ...]:
    """The rollbacks of a run, in the order of their names. A file that cannot be read says nothing."""
    folder = run_folder.resolve()
    if folder.parent.name != RUNS:
        return ()
    found = (_read(file, folder.name) for file in sorted(folder.parent.glob(f"*/{ROLLBACK}")))
    return tuple(each for each in found if each is not None)


def _read(file: Path, run: str) -> TakenBack | None:
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("of_run") != run:
        return None
    return TakenBack(
        file.parent.name, str(content.get("ended") or ""), sum(_counted(content, DONE)), sum(_counted(content, LEFT))
    )


def _counted(content: Mapping[str, Any], words: tuple[str, ...]) -> Iterator[int]:
    counts = content.get("counts")
    for numbers in counts.values() if isinstance(counts, dict) else ():
        if isinstance(numbers, dict):
            yield from (number(numbers.get(word)) or 0 for word in words)
