"""The columns of an exported worklist, and which of them an import takes."""

from __future__ import annotations

ANSWER = ("decision", "new_value", "reason", "decided_by")
"""What a person fills in."""
ITEMS = (
    "item", "kind", "cause", "state", "severity", "code", "entity", "field", "key", "about", "value", "message", "records",
    "waiting", "since", "times", "note", "choices", *ANSWER, "run",
)  # fmt: skip
"""Of a table of items. ``about``: the crosswalk, or the keys of a group of merged records, the survivor first."""
CAUSES = (
    "cause", "severity", "code", "title", "entity", "field", "items", "records", "waiting", "states", "choices", *ANSWER, "run",
)  # fmt: skip
"""Of a table of root causes."""
MEANING = {
    "item": "The item; in the CSV also the cause, where a row is about a whole one (`kind` is `cause`).",
    "kind": "Its kind.",
    "cause": "Its root cause: one rule on one field.",
    "state": "Its state in the run; of a cause how many items have which.",
    "severity": "The gravest of its findings.",
    "code": "The finding code.",
    "title": "What the code means.",
    "entity": "The mapping.",
    "field": "The field, if it is about one.",
    "key": "Source key of the record.",
    "about": "The crosswalk; of a merge the source keys of the group, the survivor first.",
    "value": "The value at fault.",
    "message": "What is wrong.",
    "items": "Items of the cause that need a person.",
    "records": "Records at fault; of a cause those of the items that need a person.",
    "waiting": "Records that wait for those.",
    "states": "How many items of the cause have which state.",
    "since": "The run in which it came up first.",
    "times": "In how many runs it came up.",
    "note": "Why it has its state, and what was decided since.",
    "choices": "Decisions that it takes; of a cause those that all its items take.",
    "decision": "Filled in by a person: the decision.",
    "new_value": "Filled in by a person: the new value, where the decision takes one.",
    "reason": "Filled in by a person: why.",
    "decided_by": "Filled in by a person: who. An import also takes `by`.",
    "run": "The run whose worklist it is. An import compares with it what has changed since.",
}
"""What each column means, for the sheet that explains them and for the documentation."""
REQUIRED = ("decision", "new_value", "reason", "run")
"""Columns that an import needs, beside ``item`` (or ``cause``) and ``decided_by`` (or ``by``)."""
KEPT = "•••"
"""In place of a new value or a reason that is personal data and was not shown: as it was."""
IS_CAUSE = "cause"
"""Kind of a row about a whole cause, in a CSV."""
SHEETS = ("Causes", "Items")
