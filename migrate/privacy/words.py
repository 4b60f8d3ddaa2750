"""What a person writes on the command line of ``lms-migrate suppress``."""

from __future__ import annotations

from collections.abc import Mapping

from migrate.errors import Place, Problem
from migrate.privacy.settings import FILE
from migrate.workspace import Workspace


def wrong_words(
    workspace: Workspace, kind: str | None, reason: str | None, by: str | None, *, names: bool = True
) -> list[Problem]:  # fmt: skip
    """Every problem at once. ``names``: does the call name people, and so need a kind of identifier?"""
    privacy = workspace.privacy
    kinds: Mapping[str, object] = {}
    place = Place(workspace.folder / FILE)
    if privacy is not None:
        place = privacy.document.place("suppression", "kinds")
        kinds = privacy.model.suppression.kinds if privacy.model.suppression else {}
    problems = []
    if not names:
        if kind is not None:
            problems.append(Problem("--kind is for people who are named", value=kind, hint="leave it out"))
    elif not kinds:
        hint = "write suppression: with key and kinds; see docs/privacy.md"
        problems.append(Problem("privacy.yaml names no key and no kinds of identifiers", place, hint=hint))
    elif kind not in kinds:
        problems.append(Problem("--kind names no kind of identifier", place, kind, tuple(kinds)))
    for option, given in (("--reason", reason), ("--by", by)):
        if not (given or "").strip():
            problems.append(Problem(f"{option} is missing: list and audit trail say why and by whom"))
        elif "@" in (given or ""):
            problems.append(Problem(f"{option} holds an address; list and audit trail name nobody"))
    return problems
