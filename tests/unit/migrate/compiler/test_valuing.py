"""How target fields get their values, and what is told of text that was lost on the way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from migrate.compiler.plan import make_plan

KEPT = "candidate"


def test_text_that_a_step_cannot_read_is_a_finding_and_not_nothing(bench: Any) -> None:
    rule = 'score: {from: name, do: [trim, {number: {decimal: ","}}, {scale: {factor: 2}}, {default: 0}]}'
    rows = [{"id": n, "name": v} for n, v in enumerate(["85,5", "88%", "1h30", " ", "", None], 1)]
    result = bench.map(bench.users("", rule), {"person": rows})
    assert result.values("score")["1"] == 171
    assert {key for key, kept in result.dispositions().items() if kept == "quarantined"} == {"2", "3"}
    assert [(f["key"], f["field"], f["value"]) for f in result.findings()] == [("2", "score", "88%"), ("3", "score", "1h30")]


def test_text_that_a_cast_cannot_read_is_a_finding_where_it_counts(bench: Any) -> None:
    let = "let:\n  hours: cast(name as double)\n  double: hours * 2\n"
    rows = [{"id": n, "name": v} for n, v in enumerate(["8", "1h30", " ", None], 1)]

    def raised(rule: str, let: str = "") -> list[tuple[str, ...]]:
        found = bench.map(bench.users(let, rule), {"person": rows}).findings()
        return [(f["code"], f["key"], f["field"], f["value"]) for f in found]

    told = [("GATE-TYPE", "2", "score", "1h30")]
    assert raised('score: {expr: "cast(name as double) / 2"}') == told
    assert raised('score: {expr: "coalesce(cast(name as double), 0)"}') == []
    assert raised("score: {from: double}", let) == raised('score: {expr: "hours + 1"}', let) == told
    assert raised("score: {expr: \"case when name like '%h%' then 1.5 else hours end\"}", let) == []
    assert raised("name: {from: name}", let) == [], "nobody asks for the let"


def test_text_that_is_cut_is_told_whole(bench: Any) -> None:
    rows = [{"id": n, "name": v} for n, v in enumerate(["Ana", "Ana Luísa", "Ana  L", None], 1)]
    own = "{truncate: {length: 3, code: U-LONG, message: a long name}}"
    for step, code in (("{truncate: 3}", "MAP-CUT"), (own, "U-LONG")):
        result = bench.map(bench.users("", f"name: {{from: name, do: [squeeze, {step}, upper, trim]}}"), {"person": rows})
        assert list(result.values("name").values()) == ["ANA", "ANA", "ANA", None]
        told = [(f["code"], f["severity"], f["key"], f["field"], f["value"]) for f in result.findings()]
        assert told == [(code, "warn", "2", "name", "Ana Luísa"), (code, "warn", "3", "name", "Ana L")]
        assert set(result.dispositions().values()) == {KEPT}


def test_each_step_that_cuts_tells(bench: Any) -> None:
    steps = "do: [{truncate: 4}, {truncate: {length: 2, code: U-SHORT}}]"
    result = bench.map(bench.users("", f"name: {{from: name, {steps}}}"), {"person": [{"id": 1, "name": "abcdef"}]})
    assert result.values("name") == {"1": "ab"}
    assert sorted((f["code"], f["value"]) for f in result.findings()) == [("MAP-CUT", "abcdef"), ("U-SHORT", "abcd")]


def test_text_that_is_no_instant_is_a_finding_and_does_not_stop_the_run(bench: Any) -> None:
    rows = [{"id": n, "name": v} for n, v in enumerate(["2024-01-01 08:00:00", "31.12.2020", ""], 1)]
    result = bench.map(bench.users("", "seen: {from: name, do: [{instant: Europe/Madrid}]}"), {"person": rows})
    assert [(f["code"], f["key"], f["value"]) for f in result.findings()] == [("GATE-TYPE", "2", "31.12.2020")]
    assert result.dispositions() == {"1": KEPT, "2": "quarantined", "3": KEPT}


INSTANTS = """
system: old
label: Old
source: {kind: database}
entities:
  person:
    key: id
    fields: {id: {type: int}, seen: {type: datetime}, joined: {type: epoch}}
"""


@pytest.mark.parametrize(
    ("rule", "day"),
    [
        ("{from: seen, do: [{date: Europe/Madrid}]}", dt.date(2024, 5, 2)),
        ("{from: seen, do: [{date: UTC}]}", dt.date(2024, 5, 1)),
        ('{expr: "cast(seen as date)"}', dt.date(2024, 5, 1)),
    ],
)
def test_the_day_of_an_instant_is_that_of_a_zone(bench: Any, rule: str, day: dt.date) -> None:
    given = {"person": [{"id": 1, "seen": dt.datetime(2024, 5, 1, 22, 30)}]}
    assert bench.map(bench.users("", f"born: {rule}", source=INSTANTS), given).value("born") == day


def test_the_zone_of_a_day_may_be_a_parameter(bench: Any, refused: Any) -> None:
    zoned = "{from: old, to: new, label: Old to new, parameters: {zone: {about: of the site, default: Europe/Madrid}}}"
    given = {"person": [{"id": 1, "seen": dt.datetime(2024, 5, 1, 22, 30)}]}
    rule = "born: {from: seen, do: [{date: parameter('zone')}]}"
    pair = bench.users("", rule, source=INSTANTS, pair=zoned)
    assert bench.map(pair, given).value("born") == dt.date(2024, 5, 2)
    assert bench.map(pair.with_parameters({"zone": "UTC"}), given).value("born") == dt.date(2024, 5, 1)
    (problem,) = refused(make_plan, pair.with_parameters({"zone": "Madrid"}), "2025-01-01 00:00:00")
    assert "'Madrid' is not a time zone" in problem.message
    (problem,) = refused(make_plan, bench.users("", rule, source=INSTANTS), "2025-01-01 00:00:00")
    assert "pair.yaml has no such parameter" in problem.message


@pytest.mark.parametrize("rule", ["{from: seen}", "{from: joined}", "{from: seen, do: [{default: 2020-01-01}]}"])
def test_an_instant_that_becomes_a_date_names_a_zone(bench: Any, refused: Any, rule: str) -> None:
    (problem,) = refused(make_plan, bench.users("", f"born: {rule}", source=INSTANTS), "2025-01-01 00:00:00")
    assert "in which time zone" in problem.message
    assert any("{date: " in each for each in problem.allowed)
    assert problem.place is not None
    assert problem.place.line == 6
