"""Root causes: the items of one rule on one field, with the records behind them and what was decided about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.codes import TITLES
from reports import links, queries
from reports.answers import mask_new_value, mask_reason
from reports.evidence import Evidence
from reports.masking import Masker
from reports.model import NEEDS_A_PERSON, STATES, Answer, Decided, Items, Need, Value, Worklist
from reports.parts import Count, RecordLink

LISTED_ROOTS = 8
LISTED_VALUES = 8
LISTED_ANSWERS = 6

_GONE = {
    "": "refers to a record that is not in the source",
    "excluded": "refers to a record that is left out on purpose",
    "merged": "refers to a record that was merged into another",
}
Rows = Mapping[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Cause:
    """``need`` is None where no item of the cause needs a person; ``items`` where the run has no worklist."""

    code: str | None
    title: str
    where: str
    items: Items | None
    need: Need | None


def read_causes(evidence: Evidence, masker: Masker, titles: Mapping[str, str]) -> list[Cause]:
    """All causes of a run, but for those that do not come up any more."""
    entities = _grouped(evidence.ask(queries.CAUSE_ENTITIES))
    roots = _grouped(evidence.ask(queries.CAUSE_ROOTS.format(listed=LISTED_ROOTS)))
    values = _grouped(evidence.ask(queries.CAUSE_VALUES.format(listed=LISTED_VALUES)))
    states = _grouped(evidence.ask(queries.CAUSE_STATES))
    answers = _grouped(evidence.ask(queries.CAUSE_ANSWERS.format(listed=LISTED_ANSWERS)))
    causes = []
    for row in evidence.ask(queries.CAUSES):
        cause, severity, code, entity, field, about, message, orphans, ended, at_fault, affected, findings, needs = row
        where = f"crosswalk {about}" if about else f"{entity or 'the run'}.{field}" if field else entity or "the run"
        # An item of an earlier run may have a code that this run did not raise; its message is about one record.
        title = titles.get(code) or TITLES.get(code) or masker.message(entity, field, message) or code or "finding without a code"
        if orphans and ended is not None:
            title = _GONE.get(ended, f"refers to a record that ended {ended}")
        items = _items(cause, states[cause], answers[cause], masker) if evidence.available["worklist"] else None
        asked = {"cause": cause, "state": NEEDS_A_PERSON} if items else {"cause": cause}
        need = None
        if needs:
            listed, more_values = _values(values[cause], asked, at_fault)
            need = Need(
                severity=severity or "unknown",
                code=code,
                title=title,
                where=where,
                at_fault=int(at_fault),
                affected=Count(int(affected or findings or 0), links.rows("findings", findings, **asked) if findings else None),
                waiting=max(0, int(affected if orphans else affected - at_fault)),
                by_entity=tuple((name, n) for name, n in entities[cause]),
                values=listed,
                more_values=more_values,
                roots=tuple(_root(each, masker) for each in roots[cause]),
                more_roots=max(0, roots[cause][0][3] - LISTED_ROOTS) if roots[cause] else 0,
                unit="records" if entities[cause] or not findings else "findings",
                items=items,
                findings=int(findings or 0),
            )
        causes.append(Cause(code, title, where, items, need))
    return causes


def read_worklist(evidence: Evidence, causes: Iterable[Cause]) -> Worklist | None:
    """The items of a run by state; None of a run that has no worklist."""
    if not evidence.available["worklist"]:
        return None
    found = evidence.counts(queries.COUNTS["states"])
    states = tuple((state, links.counted("worklist", found[state], state=state)) for state in STATES if found.get(state))
    done = [Decided(each.code, each.title, each.where, each.items) for each in causes if each.items and each.need is None]
    done.sort(key=lambda each: (-sum(count.n for _, count in each.items.states), each.where, each.code or ""))
    return Worklist(states, tuple(done))


def _items(cause: str, states: Sequence[tuple[Any, ...]], answers: Sequence[tuple[Any, ...]], masker: Masker) -> Items:
    found: dict[str, int] = dict(states)
    return Items(
        cause=cause,
        states=tuple(
            (state, links.counted("worklist", found[state], cause=cause, state=state)) for state in STATES if state in found
        ),
        answers=tuple(_answer(row, masker) for row in answers),
        more_answers=max(0, answers[0][-1] - len(answers)) if answers else 0,
        decide=links.counted("worklist", sum(found.get(state, 0) for state in NEEDS_A_PERSON), cause=cause, state=NEEDS_A_PERSON),
    )


def _answer(row: tuple[Any, ...], masker: Masker) -> Answer:
    entity, field, state, decision, value, reason, by, first, last, why, n, _ = row
    return Answer(
        state=state,
        decision=decision,
        new_value=mask_new_value(masker, entity, field, decision, value),
        reason=mask_reason(masker, entity, field, reason, value),
        by=by,
        at=first if first == last else f"{first} – {last}",
        why=why or None,
        n=n,
    )


def _grouped(rows: Sequence[tuple[Any, ...]]) -> Rows:
    groups: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for cause, *rest in rows:
        groups[cause].append(tuple(rest))
    return groups


def _root(row: tuple[Any, ...], masker: Masker) -> RecordLink:
    root, number, affected, _ = row
    entity, _, key = root.partition("/")
    shown = masker.key(entity, key)
    return RecordLink(entity, shown, links.record(entity, shown, number), affected)


def _values(rows: Sequence[tuple[Any, ...]], asked: Mapping[str, Any], at_fault: int) -> tuple[tuple[Value, ...], int]:
    """The values at fault, where they repeat: a list of values that all differ tells nothing."""
    if not rows or (rows[0][1] < 2 and at_fault > LISTED_VALUES):
        return (), 0
    listed = tuple(
        Value(value, links.counted("findings", n, **asked, value=value, root=None)) for value, n, _ in rows if value is not None
    )
    return listed, max(0, rows[0][2] - len(rows)) if listed else 0
