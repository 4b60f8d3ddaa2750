"""What runs wrote before and after one another, asked of the ledger and of a plain list of what was written."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_twins import table

from migrate.ledger import Intent, Ledger, Settled, open_ledger

KINDS = {"one": "live", "two": "delta", "back": "rollback"}
ENTITIES, KEYS = ("course", "person"), ("a", "b")
TAKES_EFFECT = ("done", "handed_over", "intended", "unknown")


@dataclass(frozen=True)
class Wrote:
    run: str
    entity: str
    key: str
    action: str = "update"
    state: str = "done"
    batch: bool = False


WROTE = st.builds(
    Wrote,
    st.sampled_from(tuple(KINDS)),
    st.sampled_from(ENTITIES),
    st.sampled_from(KEYS),
    st.sampled_from(("update", "adopt", "remove")),
    st.sampled_from((*TAKES_EFFECT, "refused", "void")),
)
NEW = st.builds(Wrote, st.sampled_from(tuple(KINDS)), st.sampled_from(ENTITIES), st.sampled_from(KEYS), st.just("create"),
                st.sampled_from(("done", "intended", "unknown", "void")), st.just(True))  # fmt: skip


def write(ledger: Ledger, wrote: Sequence[Wrote]) -> None:
    for run, kind in KINDS.items():
        ledger.begin(run, kind, "memory")
    for number, one in enumerate(wrote):
        if one.batch:
            together = ledger.intend_table(one.run, one.entity, table((one.key,)))
            if one.state != "intended":
                ledger.settle_table(together, one.state, {one.key: f"n{number:02}"})  # type: ignore[arg-type]
            continue
        intent = Intent(one.key, one.action, "f", "people", "s")  # type: ignore[arg-type]
        (receipt,) = ledger.intend(one.run, one.entity, [intent])
        if one.state != "intended":
            ledger.settle(one.run, one.entity, [Settled(receipt, intent, one.state, f"n{number:02}")])


@settings(deadline=None, max_examples=40)
@given(first=st.lists(NEW, max_size=3, unique_by=lambda one: (one.entity, one.key)), then=st.lists(WROTE, max_size=7))
@example(
    first=[Wrote("one", "person", "a", "create", "done", True), Wrote("two", "person", "b", "create", "done", True)], then=[]
)
@example(
    first=[Wrote("one", "person", "a", "create", "done", True)], then=[Wrote("two", "person", "a"), Wrote("one", "person", "a")]
)
@example(first=[], then=[Wrote("two", "person", "a"), Wrote("one", "person", "b"), Wrote("two", "person", "a", "remove")])
@example(first=[], then=[Wrote("one", "person", "a", state="handed_over"), Wrote("one", "course", "a", state="handed_over")])
def test_what_others_wrote_is_what_a_plain_list_says(first: list[Wrote], then: list[Wrote]) -> None:
    wrote = [*first, *then]
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger("sqlite:///ledger.sqlite", Path(folder))
        assert ledger is not None
        write(ledger, wrote)
        for run in KINDS:
            own = [n for n, one in enumerate(wrote) if one.run == run]
            others = [n for n, one in enumerate(wrote)
                      if one.run not in (run, "back") and one.state in TAKES_EFFECT]  # fmt: skip
            for later in (True, False):
                found = ledger.others(run, later=later)
                assert set(found.items()) <= {(place(wrote[n]), wrote[n].run) for n in others}
                assert found.keys() == {
                    place(wrote[n]) for n in others for m in own if place(wrote[n]) == place(wrote[m]) and (n > m) == later
                }
            after = [n for n in others if own and n > own[0] and wrote[n].entity == "person" and wrote[n].action != "remove"]
            natives = {n: f"n{n:02}" if wrote[n].state != "intended" else "" for n in after}
            assert {(row.entity, row.key): (row.run, row.native or "") for row in ledger.later(run, ["person"])} == {
                at: (max(wrote[n].run for n in after if place(wrote[n]) == at),
                     max(natives[n] for n in after if place(wrote[n]) == at))
                for at in {place(wrote[n]) for n in after}
            }  # fmt: skip
            for entity in ENTITIES:
                receipts = [(row.key, row.action, row.state) for row in ledger.receipts(run, entity)]
                assert receipts == [(one.key, one.action, one.state) for one in wrote if (one.run, one.entity) == (run, entity)]
        for entity in ENTITIES:
            last = {one.key: one.run for one in wrote if (one.entity, one.state) == (entity, "handed_over")}
            assert {key: run for key, (run, _) in ledger.handed_over(entity).items()} == last
        ledger.close()


def place(one: Wrote) -> tuple[str, str]:
    return one.entity, one.key
