"""What a person may decide about an item: which decisions would have an effect there."""

from __future__ import annotations

from migrate.compiler.plan import Plan
from migrate.decisions.model import Verb
from migrate.matching.codes import MANY, QUESTIONS
from migrate.worklist.identity import Kind

ALWAYS: tuple[Verb, ...] = ("exclude", "waive", "return")
_READING = ("SRC-SHAPE", "SRC-SWALLOWED", "SRC-ENCODING", "SRC-KEY-NULL", "SRC-KEY-DUPLICATE")
_LIVE: dict[str, tuple[Verb, ...]] = {
    "LIVE-EXISTS": ("map", "overwrite", *ALWAYS),
    "LIVE-DRIFT": ("map", "overwrite", "waive", "return"),
    "LIVE-GONE": ("overwrite", *ALWAYS),
    "LIVE-ABSENT": ("overwrite", *ALWAYS),
    "LIVE-VANISHED": ("waive", "return"),
}
UNDECLARED = ("LOSS-UNDECLARED", "SRC-UNKNOWN-COLUMN")
"""A loss is declared in the mapping, where its reason is kept; a decision would hide it there."""


def choices(plan: Plan, kind: Kind, entity: str, code: str, field: str | None, severity: str) -> tuple[Verb, ...]:
    """The decisions that an item takes, the most likely first."""
    if kind == "crosswalk":
        return ("confirm", "reject", "waive", "return")
    if kind == "merge":
        return ("accept", "survivor", "separate", "return")
    if code in QUESTIONS:
        return (*(() if code == MANY else ("accept",)), "separate", "map", *ALWAYS)
    if code in _LIVE:
        return _LIVE[code]
    mapping = plan.pair.mappings.get(entity)
    if kind == "run" or mapping is None:
        return ("return",) if code in UNDECLARED else ("waive", "return")
    if code.startswith("REC-"):
        return ("waive", "return")
    if kind == "root" or code in _READING or (code.startswith("LIVE-") and code != "LIVE-REFUSED"):
        return ALWAYS
    rules = {(rule.code, rule.field or None) for rule in plan.rows[entity].rules} if entity in plan.rows else set()
    of_mapping = (code, field) in rules
    verbs: list[Verb] = []
    if of_mapping and severity not in ("warn", "blocked", "fatal") and not code.startswith(("GATE-", "KEY-")):
        verbs.append("accept")
    if field is not None and (field in mapping.model.fields or (of_mapping and field in mapping.source.fields)):
        verbs.append("override")
    if kind == "record" and len(mapping.target.key) == 1 and severity != "warn":
        verbs.append("map")
    return (*verbs, *ALWAYS)
