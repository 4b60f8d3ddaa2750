"""What a changed file touches, where no whole workspace is needed to say it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.approvals import reach
from migrate.approvals.changes import Change, _Changed
from migrate.approvals.rehearsals import Rehearsed

NOWHERE = cast(Any, None)
REHEARSED = Rehearsed(Path("none"), {"entities": {"users": {"source": 7}, "rooms": {"source": 5}}}, {})
HEADER = "item,decision,new_value,reason,by,at,entity,code,field,rows\n"


def decided(*rows: tuple[str, str, str, int]) -> bytes:
    return (HEADER + "".join(f"{item},{word},{value},r,Ann,,users,C-1,f,{n}\n" for item, word, value, n in rows)).encode()


def changed(folder: Path, part: str, file: str, before: bytes | None, now: bytes | None, *, new: bool = False) -> Change:
    path = folder / file
    if now is not None:
        path.write_bytes(now)
    return _Changed(NOWHERE, REHEARSED, part, file, path if now is not None else None, new, before).change()


BEFORE = decided(("W-1", "waive", "", 4), ("W-2", "override", "x", 2), ("W-3", "exclude", "", 9))


@pytest.mark.parametrize(
    ("now", "rows", "items"),
    [
        (decided(("W-1", "waive", "", 4), ("W-2", "override", "y", 2), ("W-3", "exclude", "", 9)), 2, "1 decision: W-2"),
        (decided(("W-1", "exclude", "", 6), ("W-2", "override", "x", 2)), 15, "2 decisions: W-1, W-3"),
        (BEFORE + b"W-4,waive,,r,Ann,,users,C-1,f,many\n", 0, "1 decision: W-4"),
        (BEFORE.replace(b"Ann", b"Bo"), 0, "no decision and no value"),
        (None, 15, "3 decisions: W-1, W-2, W-3"),
    ],
)
def test_decisions(tmp_path: Path, now: bytes | None, rows: int, items: str) -> None:
    change = changed(tmp_path, "decisions", "decisions.csv", BEFORE, now)
    assert (change.rows, change.what) == (rows, items)


def test_decisions_of_which_nobody_knows_what_they_were(tmp_path: Path) -> None:
    assert changed(tmp_path, "decisions", "decisions.csv", None, BEFORE).rows is None
    new = changed(tmp_path, "decisions", "decisions.csv", None, BEFORE, new=True)
    assert (new.rows, new.what) == (15, "3 decisions: W-1, W-2, W-3")


def test_the_rules_of_privacy(tmp_path: Path) -> None:
    assert changed(tmp_path, "privacy", "privacy.yaml", b"a: 1\n", b"a: 1 # seen\n").rows == 0
    change = changed(tmp_path, "privacy", "privacy.yaml", b"a: 1\n", b"a: 2\n")
    assert (change.rows, change.what) == (12, "a")


def test_long_lists_are_cut(tmp_path: Path) -> None:
    before, now = ("\n".join(f"k{n}: {v}" for n in range(12)).encode() for v in (1, 2))
    change = changed(tmp_path, "settings", "migration.yaml", before, now)
    assert change.what == "k0, k1, k2, k3, k4, k5, k6, k7 and 4 more"


SOURCE = """
system: old
label: Old
source: {kind: database}
entities:
  person: {key: id, fields: {id: {}, name: {}}}
  job: {key: id, fields: {id: {}, person: {}}}
  note: {key: id, fields: {id: {}, person: {}}}
  unread: {key: id, fields: {id: {}}}
  staff: {key: id, sql: "select j.id, p.name from job as j join person as p on p.id = j.person", fields: {id: {}, name: {}}}
"""
TARGET = """
system: new
label: New
target: {kind: files}
entities:
  users: {key: id, file: u.csv, fields: {id: {}, name: {}}}
  rooms: {key: id, file: r.csv, fields: {id: {}}}
"""


@pytest.mark.parametrize(
    ("side", "entity", "mappings"),
    [
        ("source", "person", ["people", "workers"]), ("source", "staff", ["workers"]), ("source", "job", ["workers"]),
        ("source", "note", ["people"]), ("source", "unread", []),
        ("target", "users", ["people", "workers"]), ("target", "rooms", []),
    ],
)  # fmt: skip
def test_who_reads_or_writes_an_entity(bench: Any, side: str, entity: str, mappings: list[str]) -> None:
    people = "from: old.person\nto: new.users\nlookup: {n: {from: note, on: {person: id}}}\nfields: {id: {from: id}}\n"
    workers = "from: old.staff\nto: new.users\nfields: {id: {from: id}, name: {from: name}}\n"
    pair = bench.pair(SOURCE, TARGET, people=people, workers=workers)
    assert sorted(reach.readers(pair, side, {entity})) == mappings


def test_rows_that_have_a_value_before_it_is_looked_up(tmp_path: Path) -> None:
    (tmp_path / "2_map").mkdir()
    pq.write_table(pa.table({"was:role": ["1", "2", None, "it's"], "was:kind": [1, 2, 3, 4]}), tmp_path / "2_map/users.parquet")
    pq.write_table(pa.table({"was:on": [True, False, True]}), tmp_path / "2_map/rooms.parquet")
    assert reach.rows_with(tmp_path, {"users": ["role"]}, ["1", "it's"]) == 2
    assert reach.rows_with(tmp_path, {"users": ["role", "kind"]}, ["2", "4"]) == 2
    assert reach.rows_with(tmp_path, {"users": ["role"], "rooms": ["on"]}, ["1"]) == 3
    assert reach.rows_with(tmp_path, {"users": ["role"]}, []) == 0
    assert reach.rows_with(tmp_path, {"users": ["gone"]}, ["1"]) is None
    assert reach.rows_with(tmp_path, {"places": ["role"]}, ["1"]) is None
