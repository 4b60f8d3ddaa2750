"""What changed between two profiles."""

from __future__ import annotations

from typing import Any

from migrate.profiling.drift import changes, fingerprint

CONTRACT = "source: {kind: database}\nentities: {e: {key: id, fields: {id: {type: int}, kind: {}, size: {}, mail: {}}}}\n"


def rows(number: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": n, "kind": ("a", "b")[n % 2], "size": "x", "mail": f"m{n}@example.org", **more} for n in range(number)]


def test_the_same_rows_have_not_changed(profiled: Any) -> None:
    before, now = (profiled(CONTRACT, {"e": rows(40)}) for _ in range(2))
    assert before.fingerprint == now.fingerprint
    assert list(changes(before, now)) == []


def test_each_change_is_told(profiled: Any) -> None:
    before = profiled(CONTRACT, {"e": rows(40)}, undeclared={"gone": 1})
    later = [row | {"id": str(row["id"]), "kind": "c" if row["id"] == 3 else row["kind"], "mail": None} for row in rows(60)]
    for row in later:
        del row["size"]
    now = profiled(CONTRACT, {"e": later}, undeclared={"fresh": 1})
    assert [(c.entity, c.field, c.what, c.before, c.now, c.schema) for c in changes(before, now)] == [
        ("e", "id", "type", "BIGINT", "VARCHAR", True),
        ("e", "size", "column", "VARCHAR", "gone", True),
        ("fresh", None, "table", "not there", "new", True),
        ("gone", None, "table", "there", "gone", True),
        ("e", None, "rows", "40", "60", False),
        ("e", "kind", "values that are new", "", "c", False),
        ("e", "mail", "rows without a value", "0.0%", "100.0%", False),
    ]


def test_values_of_people_are_not_told(profiled: Any) -> None:
    contract = CONTRACT.replace("kind: {}", "kind: {pii: name}")
    before, now = profiled(contract, {"e": rows(40)}), profiled(contract, {"e": rows(40, kind="z")})
    assert list(changes(before, now)) == []


def test_the_order_of_columns_is_no_change() -> None:
    assert fingerprint({"t": {"a": "INT", "b": "TEXT"}}) == fingerprint({"t": {"b": "TEXT", "a": "INT"}})
    assert fingerprint({"t": {"a": "INT"}}) != fingerprint({"t": {"a": "TEXT"}})
