"""Signatures and gates over many made-up cases: no change of the trail goes unseen, no wrong set of signers is taken."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.approvals.counts import Counts, Records
from migrate.approvals.demand import _chosen
from migrate.approvals.differences import keys
from migrate.approvals.gates import _of_findings, _of_records
from migrate.approvals.settings import EntityGates, GateSettings
from migrate.approvals.signed import Approval, Approving, same_name
from migrate.approvals.standing import Standing
from migrate.ledger import audit
from migrate.ledger.tables import AUDIT

MANY = settings(max_examples=100, deadline=None)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
ENTRY = st.tuples(st.sampled_from(("approved", "approval withdrawn", "live began")), st.dictionaries(TEXT, TEXT, max_size=3))
COLUMNS = ("id", "at", "run", "event", "detail", "previous", "hash")


@MANY
@given(entries=st.lists(ENTRY, min_size=1, max_size=6), data=st.data())
def test_any_change_of_the_trail_is_seen(entries: list[tuple[str, dict[str, str]]], data: st.DataObject) -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        AUDIT.create(connection)
        for event, detail in entries:
            head = audit.append(connection, "2026-03-01", "run", event, detail)
        assert audit.broken(connection) is None
        number = data.draw(st.integers(1, len(entries)))
        at = AUDIT.c.id == number
        match data.draw(st.sampled_from(("alter", "remove", "insert", "cut"))):
            case "alter":
                column = data.draw(st.sampled_from(COLUMNS))
                before = connection.execute(sa.select(AUDIT.c[column]).where(at)).scalar()
                new = data.draw(st.integers(50, 60) if column == "id" else TEXT.filter(lambda text: text != before))
                connection.execute(sa.update(AUDIT).where(at).values({column: new}))
            case "insert":
                row = dict(connection.execute(sa.select(AUDIT).where(at)).mappings().one())
                connection.execute(sa.insert(AUDIT).values(row | {"id": len(entries) + 1}))
            case "remove":
                connection.execute(sa.delete(AUDIT).where(at))
            case "cut":
                connection.execute(sa.delete(AUDIT).where(AUDIT.c.id >= number))
        # A cut at the end is whole in itself: the head that was noted outside shows it.
        assert audit.broken(connection) is not None or audit.head(connection) != head
    engine.dispose()


SIGNED = {
    "account": "", "at": "", "meaning": "", "reason": "", "expires": "", "tool_version": "", "parts": {}, "files": {},
    "evidence": {},
}  # fmt: skip
SIGNER = st.tuples(st.sampled_from("rst"), st.sampled_from(("Ann", "ann ", "Bo", "Cy")), st.sampled_from("12"), st.booleans())


@MANY
@given(signers=st.lists(SIGNER, max_size=7), roles=st.sampled_from(("r", "rs", "rst")), separate=st.booleans())
def test_signers_are_found_exactly_where_there_are_some(signers: list[Any], roles: str, separate: bool) -> None:
    judged = [
        Standing(
            Approval(number, "", run, Approving(role=role, name=name, **SIGNED)), () if valid else (("expired", "it expired"),)
        )
        for number, (role, name, run, valid) in enumerate(signers)
    ]
    chosen = _chosen(judged, tuple(roles), separate=separate)
    good = [one.approval for one in judged if one.valid]
    possible = any(
        [a.signed.role for a in picked] == list(roles)
        and len({a.run for a in picked}) == 1
        and (not separate or len({same_name(a.signed.name) for a in picked}) == len(picked))
        for picked in product(good, repeat=len(roles))
    )
    assert (chosen is not None) == possible
    if chosen is not None:
        assert [a.signed.role for a in chosen] == list(roles)
        assert len({a.run for a in chosen}) == 1
        assert all(a in good for a in chosen)
        assert not separate or len({a.who for a in chosen}) == len(roles)


WORDS = ("created", "merged", "excluded", "quarantined", "blocked", "held", "failed")


@MANY
@given(
    ended=st.dictionaries(st.sampled_from(WORDS), st.integers(0, 9)), most=st.integers(0, 9), more=st.integers(0, 9),
    word=st.sampled_from(WORDS[3:]), least=st.floats(0, 100), less=st.floats(0, 1),
)  # fmt: skip
def test_a_wider_gate_lets_through_what_a_narrower_one_does(
    ended: dict[str, int], most: int, more: int, word: str, least: float, less: float
) -> None:
    records = Records(sum(ended.values()), ended)
    narrow = EntityGates.model_validate({word: most, "loaded": least})
    wide = EntityGates.model_validate({word: most + more, "loaded": least * less})
    for one, other in zip(_of_records("users", narrow, records), _of_records("users", wide, records), strict=True):
        assert other.passed or not one.passed
    assert next(g.passed for g in _of_records("users", narrow, records) if g.gate == f"users {word}") == (
        ended.get(word, 0) <= most
    )


@MANY
@given(
    found=st.dictionaries(st.sampled_from(("A-1", "A-2", "A-3")), st.integers(0, 5)),
    budgets=st.dictionaries(st.sampled_from(("A-1", "A-2", "A-3")), st.integers(0, 5)), rest=st.integers(0, 9),
)  # fmt: skip
def test_each_finding_counts_in_one_budget(found: dict[str, int], budgets: dict[str, int], rest: int) -> None:
    counted = Counts({code: {"hold": number} for code, number in found.items()})
    gates = {g.gate: g for g in _of_findings(GateSettings(findings=budgets, severities={"hold": rest}), counted)}
    values = [g.value for name, g in gates.items() if name.startswith("findings A-")] + [gates["findings hold"].value]
    assert sum(int(value) for value in values) == sum(found.values())


VALUES = st.recursive(st.integers(0, 3) | TEXT, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3))


@MANY
@given(old=st.dictionaries(st.sampled_from("abc"), VALUES), new=st.dictionaries(st.sampled_from("abc"), VALUES))
def test_keys_differ_exactly_where_values_do(old: dict[str, Any], new: dict[str, Any]) -> None:
    found = keys(json.dumps(old).encode(), json.dumps(new).encode())
    if found is not None:  # None: a control character that YAML does not take
        assert (found == []) == (old == new)
        assert {path[0] for path in found} == {k for k in old.keys() | new.keys() if old.get(k, ...) != new.get(k, ...)}
