"""Which fields are drawn: those declared, else some that the contract suggests, and never a personal one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.charted import chart_problems, charted

if TYPE_CHECKING:
    from conftest import Bench

TARGET = """
system: new
label: New
target: {kind: files}
entities:
  users:
    key: user_id
    file: users.csv
    fields:
      user_id: {required: true, pii: identifier}
      name: {pii: name}
      status: {enum: [a, b]}
      sex: {enum: [f, m], pii: contact}
      born: {type: date}
      age: {type: int}
"""
FIELDS = "name: {from: name}\nstatus: {const: a}\nsex: {const: f}\nborn: {from: born}\nage: {from: age}"


def pair(charts: str = "") -> str:
    return "{from: old, to: new, label: Old to new" + (f", charts: {charts}" if charts else "") + "}"


def test_the_contract_suggests_fields_that_are_not_personal(bench: Bench) -> None:
    found = bench.users("", FIELDS, target=TARGET, pair=pair())
    assert charted(found, "users") == {"status": "value", "born": "year"}
    assert list(chart_problems(found)) == []


def test_what_is_declared_goes_before(bench: Bench) -> None:
    assert charted(bench.users("", FIELDS, target=TARGET, pair=pair("{users: [age]}")), "users") == {"age": "value"}
    assert charted(bench.users("", FIELDS, target=TARGET, pair=pair("{}")), "users") == {}


def test_names_that_are_not_there_and_personal_fields_are_refused(bench: Bench) -> None:
    found = bench.users("", FIELDS, target=TARGET, pair=pair("{users: [status, sex, nothing], courses: [status]}"))
    personal, unknown, mapping = chart_problems(found)
    assert (personal.value, "personal" in personal.message) == ("sex", True)
    assert (unknown.value, unknown.allowed) == ("nothing", ("status", "born", "age"))
    assert (mapping.value, mapping.allowed) == ("courses", ("users",))
    assert all(problem.place is not None and problem.place.line for problem in (personal, unknown, mapping))
