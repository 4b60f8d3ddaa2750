"""What a row of the target refers to: it was read back, is there by the ledger, is kept as text, or is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest

from migrate.compiler.plan import make_plan
from migrate.engine import session
from migrate.reconciliation.closure import KEPT_BACK, Closure, closures

TARGET = """
system: new
label: New
target: {kind: files}
entities:
  users: {key: user_id, file: u.csv, fields: {user_id: {}, name: {}}}
  teams: {key: id, file: t.csv, fields: {id: {}, lead: {references: {entity: users%s}}, other: {references: {entity: users}}}}
"""
USERS = "from: old.person\nto: new.users\nfields: {user_id: {from: id}, name: {from: name}}\n"
TEAMS = "from: old.person\nto: new.teams\nfields: {id: {from: id}, lead: {from: name}}\n"
End = tuple[str, str | None]
NOBODY: Mapping[str, End] = {}
AS_OF = "2025-06-30 12:00:00"


def counted(
    bench: Any, leads: Sequence[str | None], *, there: Sequence[str] = (), ended: Mapping[str, End] = NOBODY, rule: str = ""
) -> tuple[Closure, list[tuple[str, ...]]]:
    """What is said of the leads of teams ``t0``, ``t1`` and so on. ``there``: users that were read back, called as their keys
    in capitals; ``ended``: how users of the mapping ended, by key."""
    plan = make_plan(bench.pair(target=TARGET % rule, users=USERS, staff=USERS, teams=TEAMS), AS_OF)
    users = [*ended, "elsewhere"]
    tables: dict[str, dict[str, Sequence[str | None]]] = {
        "users": {"_target_key": there, "user_id": there, "name": [key.upper() for key in there]},
        "teams": {"_target_key": [f"t{n}" for n in range(len(leads))], "lead": leads},
        "of_users": {"_key": users, "user_id": users, "name": [key.upper() for key in users]},
        "of_staff": {"_key": ["idle"], "user_id": ["idle"], "name": ["IDLE"]},
        "dispositions": {
            "entity": [*("users" for _ in ended), "teams", "staff"],
            "key": [*ended, "elsewhere", "idle"],
            "disposition": [*(word for word, _ in ended.values()), "created", "held"],
            "code": [*(code for _, code in ended.values()), None, None],
        },
    }
    with session() as connection:
        for name, columns in tables.items():
            connection.register(name, pa.table({column: pa.array(values, pa.string()) for column, values in columns.items()}))
        (closure,) = closures(connection, plan, lambda entity: entity, lambda mapping: f"of_{mapping}")
        return closure, connection.execute("SELECT * FROM dangling ORDER BY ALL").fetchall()


def test_each_reference_is_in_one_part(bench: Any) -> None:
    leads = ["a", "a", "b", "ghost", "", None]
    closure, dangling = counted(bench, leads, there=["a"], ended={"a": ("created", None), "b": ("unchanged", None)})
    assert closure == Closure("teams", "lead", references=4, found=2, known=1, outside=0, dangling=1)
    assert dangling == [("teams", "t3", "lead", "ghost")]


@pytest.mark.parametrize(
    "end", [("created", None), ("updated", None), ("unchanged", None), ("held", "LIVE-DRIFT"), ("failed", "LIVE-FAILED")]
)
def test_a_record_that_is_there_by_the_ledger_is_known(bench: Any, end: End) -> None:
    assert end[1] is None or f"'{end[1]}'" in KEPT_BACK
    closure, dangling = counted(bench, ["b"], ended={"b": end})
    assert (closure.known, dangling) == (1, [])


@pytest.mark.parametrize("end", [("quarantined", "U-1"), ("held", None), ("failed", "REC-MISSING"), ("blocked", "REF-BLOCKED")])
def test_a_record_that_did_not_load_is_known_by_no_one(bench: Any, end: End) -> None:
    """Nor is one whose key some record of another mapping has that did."""
    closure, dangling = counted(bench, ["b", "elsewhere", "idle"], ended={"b": end})
    assert (closure.known, closure.dangling) == (0, 3)
    assert [value for *_, value in dangling] == ["b", "elsewhere", "idle"]


def test_a_reference_to_another_field_is_told_by_that_field(bench: Any) -> None:
    leads, ended = ["A", "a", "B", "b"], {"b": ("created", None)}
    closure, dangling = counted(bench, leads, there=["a"], ended=ended, rule=", field: name")
    assert closure == Closure("teams", "lead", references=4, found=1, known=1, outside=0, dangling=2)
    assert [value for *_, value in dangling] == ["a", "b"]


def test_text_that_the_target_keeps_dangles_not(bench: Any) -> None:
    closure, dangling = counted(bench, ["a", "ghost"], there=["a"], rule=", unknown: keep")
    assert (closure, dangling) == (Closure("teams", "lead", references=2, found=1, known=0, outside=1, dangling=0), [])
