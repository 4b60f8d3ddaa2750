"""A workspace with the worklist of a run that never was: a few items of each kind, and what an answer is checked against."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from migrate.decisions.file import append_decisions, read_decisions
from migrate.decisions.model import Decision
from migrate.worklist.build import SCHEMA
from migrate.worklist.current import open_worklist
from migrate.worklist.identity import Kind, cause_id, item_id
from migrate.worklist.take_in import TakenIn, take_in
from migrate.workspace import open_workspace
from reports.masking import Masker
from reports.worklist_export import export
from reports.worklist_rows import WorklistRows

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, tzinfo=dt.UTC)
RUN, LATER = "20260101-120000", "20260201-120000"
CHOICES = "accept override exclude waive return"
FILES = {
    "migration.yaml": """\
label: Desk
source: {system: desk, folder: source}
target: {system: hall}
""",
    "systems/desk.yaml": """\
system: desk
label: Desk
source: {kind: files}
entities:
  user: {file: user.csv, key: id, fields: {id: {}, name: {}, mail: {pii: email}, note: {}, state: {}, sort: {}, score: {},
         born: {type: date, formats: ["%d/%m/%Y"]}, boss: {references: {entity: user}}}}
""",
    "systems/hall.yaml": """\
system: hall
label: Hall
target: {kind: files}
entities:
  people:
    key: person
    fields:
      person: {required: true, unique: true, max_length: 8}
      name: {required: true, max_length: 10}
      mail: {pii: email}
      note: {}
      state: {enum: [open, shut]}
      sort: {enum: [a, b]}
      score: {type: decimal, min: 0, max: 100}
      code: {pattern: "[A-Z]+"}
      born: {type: date}
      boss: {references: {entity: people}}
""",
    "mapping/pair.yaml": "{from: desk, to: hall, label: Desk to hall, identities: {user: people}, crosswalks: [sorts]}\n",
    "mapping/people.yaml": """\
from: desk.user
to: hall.people
merge: {by: mail, when: "true", keep: id, code: P-MERGE, reason: the same address, confirm: true}
fields:
  person: {from: id}
  name: {from: name, check: {not_blank: {code: P-NAME, severity: quarantine}}}
  mail: {from: mail}
  note: {from: note}
  state: {from: state, values: {o: open, s: shut}, unmapped: {code: P-STATE, severity: hold}}
  sort: {from: sort, crosswalk: sorts, unmapped: {code: P-SORT, severity: hold}}
  score: {from: score}
  code: {from: note}
  born: {from: born}
  boss: {ref: people, by: boss}
drop: {}
""",
    "crosswalks/sorts.csv": """\
source,label,rows,target,equivalence,confidence,status,by,at,reason
x,An x,4,a,inexact,0.5,proposed,,,looks like it
z,,,b,equal,1.0,confirmed,ana,2026-01-01,it is
""",
}
Item = dict[str, Any]


def item(
    kind: Kind, code: str, field: str | None, key: str | None = None, value: str | None = None, /, about: str = "", **words: Any
) -> Item:
    """An item as a run writes it; ``key`` is the group of a merge, ``about`` the crosswalk."""
    parts = {
        "record": (code, "people", field, key), "value": (code, "people", field, value), "merge": (code, "people", key),
        "crosswalk": (about, value), "root": (code, "people", key), "run": (code, "people", field),
    }  # fmt: skip
    made: Item = {
        "item": item_id(kind, *parts[kind]), "kind": kind, "cause": cause_id(about or "people", code, field), "code": code,
        "severity": "hold", "entity": "people", "field": field, "about": about or None,
        "key": key if kind in ("record", "root") else None, "value": value, "message": "not as it should be", "choices": CHOICES,
        "state": "open", "why": "", "source": "", "contract": "", "first_run": RUN, "last_run": RUN, "rows": 1, "waiting": 0,
        "times": 1, **words,
    }  # fmt: skip
    return {**made, "basis_rows": made["rows"], **words}


SOME = {
    "name": item("record", "P-NAME", "name", "1", "", source="aa", contract="cc", choices=f"{CHOICES} map"),
    "mail": item("record", "P-MAIL", "mail", "2", "ana@example.org"),
    "note": item("record", "P-NOTE", "note", "3", "n"),
    "note2": item("record", "P-NOTE", "note", "4", "n", waiting=7),
    "state": item("value", "P-STATE", "state", None, "q", rows=5),
    "score": item("record", "P-SCORE", "score", "5", "x"),
    "code": item("record", "P-CODE", "code", "5", "x"),
    "born": item("record", "SRC-TYPE", "born", "5", "31/31/2020"),
    "boss": item("value", "REF-ORPHAN", "boss", None, "99"),
    "merge": item("merge", "P-MERGE", None, "m@x", None, members="2", choices="accept survivor separate return"),
    "sort": item("crosswalk", "P-SORT", "sort", None, "x", about="sorts", rows=4, choices="confirm reject waive return"),
    "sort2": item("crosswalk", "P-SORT", "sort", None, "y", about="sorts", rows=9, choices="confirm reject waive return"),
    "closed": item("record", "P-NAME", "name", "8", "", state="closed", rows=0),
}


class Desk:
    """A workspace in ``folder``, with a worklist."""

    def __init__(self, folder: Path, items: Iterable[Item] = SOME.values(), *, mask: bool = False) -> None:
        self.folder = folder
        for name, text in FILES.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        self.run(items, mask=mask)

    def run(self, items: Iterable[Item], run: str = RUN, *, mask: bool = False) -> None:
        """Write the worklist of a run, as the newest."""
        runs = self.folder / "runs"
        before = [path.stat().st_mtime_ns for path in runs.glob("*/worklist.parquet")]
        (runs / run / "2_map").mkdir(parents=True, exist_ok=True)
        rows = [{name: each.get(name) for name in SCHEMA.names} for each in items]
        file = runs / run / "worklist.parquet"
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), file)
        import os

        os.utime(file, ns=(max([file.stat().st_mtime_ns, *(at + 1 for at in before)]),) * 2)
        keys = [str(n) for n in range(1, 10)]
        groups = ["m@x" if key in ("1", "2", "3") else None for key in keys]
        ended = ["merged" if key in ("1", "2") else "candidate" for key in keys]
        pq.write_table(pa.table({"_key": keys, "_group": groups, "_disposition": ended}), runs / run / "2_map" / "people.parquet")
        facts = {
            "mask": mask, "workspace": "desk", "pii": {"people": {"mail": "email"}}, "codes": {"P-NAME": {"title": "no name"}},
            "entities": {"people": {"from": "desk.user", "to": "hall.people", "key": ["id"], "target_key": ["person"]}},
        }  # fmt: skip
        (runs / run / "run.json").write_text(json.dumps(facts), "utf-8")

    def export(self, name: str, states: Iterable[str] | None = None, *, clear: bool = False) -> Path:
        """Write a file beside the workspace."""
        worklist = open_worklist(self.folder)
        facts = {**worklist.facts, **({"mask": False} if clear else {})}
        chosen = frozenset(states) if states is not None else None
        file = self.folder / name
        export(WorklistRows(open_workspace(self.folder), worklist, Masker(facts), chosen), file, overwrite=True)
        return file

    def take_in(self, file: Path, **words: Any) -> TakenIn:
        return take_in(self.folder, file, now=lambda: NOW, shown=lambda facts: Masker(facts).value, **words)

    def decide(self, *decisions: Decision) -> None:
        append_decisions(self.folder, decisions)

    def decisions(self) -> list[Decision]:
        return read_decisions(self.folder)

    def answers(self, *rows: Mapping[str, str], name: str = "answers.csv") -> Path:
        """A decisions file as the report's page gives it; ``item`` is a name in SOME, or an id."""
        columns = ("item", "decision", "new_value", "reason", "by", "at", "run")
        file = self.folder / name
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            for row in rows:
                told = {"reason": "so it is", "by": "ana", "run": RUN, **row}
                told["item"] = SOME[told["item"]]["item"] if told["item"] in SOME else told["item"]
                writer.writerow([told.get(column, "") for column in columns])
        return file


def decision(about: Item, verb: str, new_value: str = "", reason: str = "because", by: str = "ana") -> Decision:
    """A line about an item."""
    return Decision(
        about["item"], about["kind"], verb, new_value, reason, by, "2026-01-02T00:00:00+00:00", about["entity"] or "",  # type: ignore[arg-type]
        about["code"], about["field"] or "", str(about["basis_rows"]), about["source"], about["contract"], RUN,
    )  # fmt: skip


Edit = Callable[[str, str], str | None]
"""From an id and a column to what is typed there; None leaves the cell."""


def edit_xlsx(file: Path, edit: Edit, sheet: str = "Items") -> None:
    """Open the workbook as another program would, type, and save it."""
    book = openpyxl.load_workbook(file)
    rows = book[sheet].iter_rows()
    names = [str(cell.value) for cell in next(rows)]
    for cells in rows:
        for name, cell in zip(names, cells, strict=True):
            if (typed := edit(str(cells[0].value), name)) is not None:
                cell.value = typed or None
                if typed:
                    cell.data_type = "s"  # the column is of the format text
    book.save(file)


def edit_csv(file: Path, edit: Edit) -> None:
    """The same in a text file."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        names, *rows = csv.reader(stream)
    for cells in rows:
        for at, name in enumerate(names):
            if (typed := edit(cells[0], name)) is not None:
                cells[at] = typed
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([names, *rows])
