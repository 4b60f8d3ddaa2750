"""Tables with planted faults: each is told, and nothing else."""

from __future__ import annotations

from typing import Any

from migrate.profiling.model import Profile

CONTRACT = """
source: {kind: files}
entities:
  person:
    key: id
    fields:
      id: {pii: identifier}
      name: {pii: name}
      mail: {pii: email}
      boss: {references: {entity: person}, never: ['0']}
      joined: {type: date, formats: ["%d/%m/%Y", "%m/%d/%Y"]}
      hours: {type: int}
      status: {}
      note: {}
      office: {}
      account: {}
  course:
    key: code
    fields: {code: {}, title: {}}
  mark:
    key: no
    fields:
      no: {type: int}
      person: {references: {entity: person}}
      course: {references: {entity: course}}
      points: {type: decimal}
      given: {type: date}
scope:
  unused:
    label: Courses without marks for three years
    entity: course
    years: 3
    activity: select course as record, given as at from mark
"""


def people(number: int = 60) -> list[dict[str, Any]]:
    """People with nothing wrong. A day above 12 is read in one way alone; no value but the key tells them apart."""
    return [
        {
            "id": f"P{n:04}", "name": f"{'ABCDEFGH'[n % 8]}na Test", "mail": f"a{n % 20}@example.org",
            "boss": "P0001" if n % 9 else "0",
            "joined": f"{13 + n % 9}/03/20{10 + n % 5}", "hours": str(20 + n % 20), "status": ("on", "off")[n % 2],
            "note": "plain", "office": ("north", "south", "west")[n % 3], "account": f"A-{n % 7}",
        }
        for n in range(1, number + 1)
    ]  # fmt: skip


def marks() -> list[dict[str, Any]]:
    """Each person has a mark in ten of twelve courses."""
    pairs = [(p, c) for p in range(1, 61) for c in range(12) if (p + c) % 6]
    return [
        {"no": str(n), "person": f"P{p:04}", "course": f"C{c}", "points": f"{n * 7 % 90}.5", "given": f"2025-0{1 + n % 9}-11"}
        for n, (p, c) in enumerate(pairs, 1)
    ]


def clean() -> dict[str, list[dict[str, Any]]]:
    return {"person": people(), "course": [{"code": f"C{n}", "title": f"Course {n}"} for n in range(12)], "mark": marks()}


def told(profile: Profile) -> set[tuple[str, str, str | None, int]]:
    return {(remark.code, remark.entity, remark.field, remark.rows) for remark in profile.remarks}


def test_where_nothing_is_wrong_nothing_is_told(profiled: Any) -> None:
    assert told(profiled(CONTRACT, clean())) == set()


def test_each_planted_fault_is_told_and_nothing_else(profiled: Any) -> None:
    given = clean()
    person, mark = given["person"], given["mark"]
    person[4]["id"] = "P0004"  # a second row of a key; P0005 is then nobody
    person[5]["id"] = ""
    person[7]["boss"] = "P9999"
    person[8]["joined"] = "31.12.2020"
    person[9]["joined"] = "03/04/2012"
    person[10]["status"] = "N/A"
    person[11]["hours"] = person[12]["hours"] = "9999"
    person[13]["note"] = "MÃ¼ller"
    person[14]["office"] = " north"
    person[15]["_fault"] = "SRC-SHAPE"
    mark[0]["points"] = "4500.5"
    mark[1] = mark[1] | {"person": mark[0]["person"], "course": mark[0]["course"]}
    for row in person:
        row["account"] = f"ES{int(row['hours']) % 7}"
    ibans = ("ES9121000418450200051332", "DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606")
    for number, row in enumerate(person):
        row["account"] = ibans[number % 4]
    given["course"].append({"code": "OLD", "title": "Course 99"})
    orphaned = sum(row["person"] in ("P0005", "P0006") for row in mark)
    found = told(
        profiled(CONTRACT, given, unknown={"person": {"shoe": 3, "void": 0}}, undeclared={"extra.csv": 2, "none.csv": 0})
    )
    assert found == {
        ("PRF-FAULT", "person", None, 1),
        ("PRF-KEY-NULL", "person", None, 1),
        ("PRF-KEY-DUPLICATE", "person", None, 1),
        ("PRF-ORPHAN", "person", "boss", 1),
        ("PRF-ORPHAN", "mark", "person", orphaned),
        ("PRF-TYPE", "person", "joined", 1),
        ("PRF-AMBIGUOUS", "person", "joined", 1),
        ("PRF-PERSONAL", "person", "account", 60),
        ("PRF-SENTINEL", "person", "status", 1),
        ("PRF-SENTINEL", "person", "hours", 2),
        ("PRF-KEY-NEARLY", "mark", None, 1),
        ("PRF-TEXT", "person", "note", 1),
        ("PRF-TEXT", "person", "office", 1),
        ("PRF-OUTLIER", "mark", "points", 1),
        ("PRF-UNKNOWN", "person", "shoe", 3),
        ("PRF-UNKNOWN", "extra.csv", None, 2),
        ("PRF-SCOPE", "course", None, 1),
    }


def test_what_is_missing_is_told(profiled: Any) -> None:
    given = clean()
    del given["course"]
    for row in given["mark"]:
        del row["points"]
    profile = profiled(CONTRACT, given)
    assert told(profile) == {("PRF-ABSENT", "course", None, 0), ("PRF-ABSENT", "mark", "points", 0)}
    assert profile.unchecked == ("mark.course: course is not there, or was not read",)
    assert profile.scope[0].skipped == "not read: course, course.code"


def test_scope_counts_uses_by_the_years_of_the_rule(profiled: Any) -> None:
    given = clean()
    given["mark"] = [row | {"given": "2019-05-05"} if row["course"] == "C3" else row for row in given["mark"]]
    given["course"].append({"code": "NEW", "title": "Nobody took it"})
    (rule,) = profiled(CONTRACT, given).scope
    assert (rule.records, rule.suggested, rule.never, rule.since) == (13, 2, 1, "2023-01-01")
    assert set(rule.examples) == {"C3", "NEW"}
    assert rule.activity == {"2019": 50, "2025": 550}


def test_an_empty_table_is_no_fault(profiled: Any) -> None:
    given = clean() | {"mark": []}
    profile = profiled(CONTRACT.replace("years: 3", "years: 99"), given)
    assert told(profile) == {("PRF-SCOPE", "course", None, 12)}
