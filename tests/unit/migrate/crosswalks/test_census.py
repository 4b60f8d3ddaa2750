"""Which values rows use is counted before they are mapped; what a confirmation was based on is compared with it."""

from __future__ import annotations

from typing import Any

import pytest

from migrate.compiler.plan import make_plan
from migrate.crosswalks.census import Census, Use, expired_entries, newest_census, read_used
from migrate.crosswalks.targets import Targets
from migrate.errors import ConfigurationError

PAIR = """
from: old
to: new
label: Old to new
crosswalks:
  kinds:
    label: Kinds of people
    labels: {from: kind, key: code, name: title}
"""
SOURCE = """
system: old
label: Old
source: {kind: database}
entities:
  person:
    key: id
    fields: {id: {type: int}, name: {}, mail: {}, kind: {}, also: {}, active: {type: flag}, boss: {type: int}}
  kind:
    key: code
    fields: {code: {}, title: {}, secret: {pii: secret}}
"""
FIELDS = "status: {from: kind, crosswalk: kinds, unmapped: {code: U-KIND, severity: hold}}"
KINDS = [{"code": "a", "title": "Staff "}, {"code": "b", "title": None}]


def people(*kinds: str | None) -> dict[str, Any]:
    return {"person": [{"id": n, "kind": kind} for n, kind in enumerate(kinds, 1)], "kind": KINDS}


def used(result: Any) -> list[tuple[Any, ...]]:
    folder = result.run.path / "2_map"
    return [(u.source, u.label, u.rows, u.target, u.status, u.why) for u in read_used(folder)]


def test_values_that_rows_use_are_counted_with_their_labels(bench: Any) -> None:
    pair = bench.users("", FIELDS, source=SOURCE, pair=PAIR)
    known = bench.crosswalk("kinds", "a,,,x,equal,,confirmed,ana,2025-01-01,sure", "z,,,x,equal,,proposed,,,")
    result = bench.settle(pair, people("a", "c", "a", None, "b"), known=known)
    assert used(result) == [
        ("a", "Staff", 2, "x", "confirmed", None), ("b", "", 1, None, None, None), ("c", "", 1, None, None, None),
    ]  # fmt: skip


def test_rows_that_are_excluded_or_merged_use_nothing(bench: Any) -> None:
    rules = """
    exclude:
      - {code: U-OUT, when: "name = 'out'", reason: out}
    merge: {by: mail, when: "mail is not null", keep: id, code: U-MERGE, reason: one}
    """
    pair = bench.users(rules, FIELDS, source=SOURCE, pair=PAIR)
    rows = [
        {"id": 1, "kind": "a", "name": "out"}, {"id": 2, "kind": "a", "mail": "m"}, {"id": 3, "kind": "b", "mail": "m"},
        {"id": 4, "kind": "a"},
    ]  # fmt: skip
    result = bench.settle(pair, {"person": rows, "kind": KINDS}, known=bench.crosswalk("kinds"))
    assert [(u[0], u[2]) for u in used(result)] == [("a", 2)]
    assert [(item["value"], item["rows"], item["basis_rows"]) for item in result.items] == [("a", 2, 2)]


def test_a_row_counts_once_however_many_of_its_fields_have_the_value(bench: Any) -> None:
    pair = bench.users("", FIELDS + "\nname: {from: also, crosswalk: kinds}", source=SOURCE, pair=PAIR)
    rows = [{"id": 1, "kind": "a", "also": "a"}, {"id": 2, "kind": "a", "also": "b"}, {"id": 3, "also": "b"}]
    result = bench.settle(pair, {"person": rows, "kind": KINDS}, known=bench.crosswalk("kinds"))
    assert [(u[0], u[2]) for u in used(result)] == [("a", 2), ("b", 2)]


def test_several_mappings_are_counted_together(bench: Any) -> None:
    users = "from: old.person\nto: new.users\nfields:\n  user_id: {from: id}\n  " + FIELDS
    twins = "entity: twins\n" + users.replace("{from: id}", "{expr: \"'t-' || id\"}")
    pair = bench.pair(source=SOURCE, pair=PAIR, users=users, twins=twins)
    result = bench.settle(pair, people("a", "b"), known=bench.crosswalk("kinds"))
    assert [(u[0], u[2]) for u in used(result)] == [("a", 2), ("b", 2)]


def test_flags_are_counted_as_the_crosswalk_writes_them(bench: Any) -> None:
    pair = bench.users("", "status: {from: active, crosswalk: kinds}", source=SOURCE, pair=PAIR)
    known = bench.crosswalk("kinds", "1,,,x,equal,,proposed,,,")
    result = bench.settle(pair, {"person": [{"id": 1, "active": 1}, {"id": 2, "active": 0}]}, known=known)
    assert [(u[0], u[4]) for u in used(result)] == [("0", None), ("1", "proposed")]
    assert {item["value"]: item["code"] for item in result.items} == {"1": "XWALK-PROPOSED", "0": "MAP-UNMAPPED"}


def test_decisions_do_not_change_what_is_counted(bench: Any) -> None:
    fields = FIELDS + "\nemail: {from: mail, check: {email: {code: U-MAIL, severity: hold}}}"
    pair = bench.users("", fields, source=SOURCE, pair=PAIR)
    given = {"person": [{"id": 1, "kind": "a", "mail": "bad"}, {"id": 2, "kind": "a"}], "kind": KINDS}
    known = bench.crosswalk("kinds", "a,,2,x,equal,,confirmed,ana,2025-01-01,sure")
    first = bench.settle(pair, given, known=known)
    exclude = bench.answer(first.item("U-MAIL", "1"), "exclude")
    second = bench.settle(pair, given, [exclude], known=known, run_id="second")
    assert second.dispositions() == {"1": "excluded", "2": "candidate"}
    assert [(u[2], u[4]) for u in used(second)] == [(2, "confirmed")]


TAKES_ALL = Targets(None, {})
TAKES_X = Targets(("x",), {"x": ""})


@pytest.mark.parametrize(
    ("line", "use", "targets", "drift", "changed"),
    [
        ("a,,,x,equal,,confirmed,,,", Use("Staff", 9), TAKES_X, 0, None),
        ("a,Staff,9,x,equal,,confirmed,,,", Use("Staff", 9), TAKES_X, 0, None),
        ("a, staff,9,x,equal,,confirmed,,,", Use("Staff", 9), TAKES_X, 0, None),
        ("a,Staff,9,x,equal,,confirmed,,,", Use("", 9), TAKES_X, 0, None),
        ("a,Staff,9,y,equal,,confirmed,,,", Use("Staff", 9), TAKES_X, 0, "target"),
        ("a,Staff,9,y,equal,,confirmed,,,", Use("Staff", 9), TAKES_ALL, 0, None),
        ("a,Staff,9,x,equal,,confirmed,,,", Use("Guest", 9), TAKES_X, 0, "label"),
        ("a,Staff,9,x,equal,,confirmed,,,", Use("Staff", 10), TAKES_X, 0, "rows"),
        ("a,Staff,9,x,equal,,confirmed,,,", Use("Staff", 8), TAKES_X, 0, "rows"),
        ("a,Staff,10,x,equal,,confirmed,,,", Use("Staff", 11), TAKES_X, 10, None),
        ("a,Staff,10,x,equal,,confirmed,,,", Use("Staff", 12), TAKES_X, 10, "rows"),
        ("a,Staff,0,x,equal,,confirmed,,,", Use("Staff", 1), TAKES_X, 50, "rows"),
        ("a,Staff,9,y,equal,,proposed,,,", Use("Guest", 1), TAKES_X, 0, None),
        ("a,Staff,9,y,equal,,waived,,,", Use("Guest", 1), TAKES_X, 0, None),
    ],
)
def test_a_confirmation_holds_as_long_as_what_it_was_based_on(
    bench: Any, line: str, use: Use, targets: Targets, drift: float, changed: str | None
) -> None:
    (crosswalk,) = bench.crosswalk("kinds", line).values()
    census = Census({"kinds": {"a": use}}, frozenset({"kinds"}))
    found = expired_entries(crosswalk, census, targets, drift)
    assert {value: gone.changed for value, gone in found.items()} == ({"a": changed} if changed else {})
    assert expired_entries(crosswalk, Census({}, frozenset({"kinds"})), targets, drift) == {}


def test_rows_are_not_compared_where_not_all_mappings_were_counted(bench: Any) -> None:
    (crosswalk,) = bench.crosswalk("kinds", "a,,9,x,equal,,confirmed,,,").values()
    assert expired_entries(crosswalk, Census({"kinds": {"a": Use("", 2)}}, frozenset()), TAKES_ALL, 0) == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [("a,Guest,2,x", "another label"), ("a,Staff,3,x", "another number of rows"), ("a,Staff,2,w", "does not allow")],
)
def test_an_expired_entry_is_used_by_a_rehearsal_and_told(bench: Any, line: str, message: str) -> None:
    target = bench_target(enum="[x, y]")
    pair = bench.users("", FIELDS, source=SOURCE, pair=PAIR, target=target)
    known = bench.crosswalk("kinds", f"{line},equal,1.0,confirmed,ana,2025-01-01,sure")
    result = bench.settle(pair, people("a", "a"), known=known)
    told = result.findings("XWALK-EXPIRED")
    assert sorted(finding["key"] for finding in told) == ["1", "2"]
    assert message in told[0]["message"]
    item = result.item("XWALK-EXPIRED")
    assert (item["state"], item["decision"], item["by"], item["rows"]) == ("expired", "confirm", "ana", 2)
    assert item["why"]
    live = bench.settle(pair, people("a", "a"), known=known, mode="live", run_id="live")
    assert live.dispositions() == {"1": "held", "2": "held"}
    assert (live.item("U-KIND")["item"], live.item("U-KIND")["state"]) == (item["item"], "expired")


def test_row_drift_lets_the_number_differ(bench: Any) -> None:
    pair = bench.users("", FIELDS, source=SOURCE, pair=PAIR)
    known = bench.crosswalk("kinds", "a,Staff,3,x,equal,1.0,confirmed,ana,2025-01-01,sure")
    assert bench.settle(pair, people("a", "a"), known=known, row_drift=50).findings() == []


def bench_target(enum: str) -> str:
    return f"""
system: new
label: New
target: {{kind: files}}
entities:
  users:
    key: user_id
    file: users.csv
    fields: {{user_id: {{required: true}}, name: {{}}, status: {{enum: {enum}}}}}
"""


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("{from: kinds, key: code, name: title}", "labels come from no entity"),
        ("{from: kind, key: number, name: title}", "has no such field"),
        ("{from: kind, key: code, name: caption}", "has no such field"),
        ("{from: kind, key: code, name: secret}", "class secret"),
    ],
)
def test_labels_that_are_not_there_are_refused(bench: Any, refused: Any, labels: str, message: str) -> None:
    pair = PAIR.replace("{from: kind, key: code, name: title}", labels)
    (problem,) = refused(make_plan, bench.users("", FIELDS, source=SOURCE, pair=pair), "2025-01-01 00:00:00")
    assert message in problem.message
    assert problem.place.file.name == "pair.yaml"


def test_a_census_of_a_run_that_is_not_there(bench: Any) -> None:
    pair = bench.users("", FIELDS, source=SOURCE, pair=PAIR)
    assert newest_census(bench.folder / "nowhere", pair) is None
    for run in ("nothing", "../run", ""):
        with pytest.raises(ConfigurationError, match="no run"):
            newest_census(bench.folder / "runs", pair, run)
