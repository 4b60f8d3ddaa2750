"""A small made-up pair of systems that certify people: a plant with instants in a database, and an academy that takes files."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from altered import tell
from run_reading import findings, table

from migrate import pipeline
from migrate.artefacts import Loaded, Validated
from migrate.check import CheckResult, check
from migrate.pipeline import RunResult

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, tzinfo=dt.UTC)
CUTOVER = dt.date(2026, 1, 1)
BERLIN = ZoneInfo("Europe/Berlin")
Rows = Mapping[str, Sequence[Mapping[str, Any]]]
COLUMNS = {
    "worker": ("id", "mail"),
    "licence": ("code", "notice", "unit"),
    "award": ("id", "worker", "licence", "earned", "ends", "revoked"),
}

MIGRATION = """\
label: Plant to Academy
source: {system: plant, url: "sqlite:///source.sqlite"}
target: {system: academy}
as_of: 2026-01-01 00:00:00
memory: 512MB
report: {mask: false}
approvals: {roles: []}
certifications: {target_zone: Europe/Berlin}
"""

PLANT = """\
system: plant
label: Plant
source: {kind: database}
entities:
  worker:
    key: id
    fields:
      id: {type: int, required: true}
      mail: {pii: email}
  licence:
    key: code
    fields:
      code: {required: true}
      notice: {type: int}
      unit: {}
  award:
    key: id
    certification:
      certification: licence
      counts: not coalesce(revoked, false)
      window_opens: {period: definition.notice, unit: definition.unit, units: {D: day, M: month}, months: last_day}
      zone: Europe/Berlin
    fields:
      id: {type: int, required: true}
      worker: {type: int, references: {entity: worker}, concept: certification_award.person}
      licence: {references: {entity: licence}}
      earned: {type: epoch, never: [0], concept: certification_award.completed}
      ends: {type: epoch, never: [0], concept: certification_award.expires}
      revoked: {type: flag}
"""

ACADEMY = """\
system: academy
label: Academy
target: {kind: files}
entities:
  people:
    file: people.csv
    key: person_id
    fields:
      person_id: {required: true, unique: true}
      mail: {pii: email}
  certificates:
    file: certificates.csv
    key: code
    fields:
      code: {required: true, unique: true}
      notice: {}
  holdings:
    file: holdings.csv
    key: [person_id, code, earned]
    certification:
      window_opens: {period: definition.notice, months: last_day}
    fields:
      person_id: {required: true, references: {entity: people}, concept: certification_award.person}
      code: {required: true, references: {entity: certificates}, concept: certification_award.certification}
      earned: {type: date, required: true, concept: certification_award.completed}
      expires: {type: date, concept: certification_award.expires}
"""

PAIR = """\
from: plant
to: academy
label: Plant to Academy
identities: {worker: people, licence: certificates}
"""

PEOPLE = """\
from: plant.worker
to: academy.people
merge:
  by: lower(trim(mail))
  when: mail is not null
  keep: id
  code: WRK-MERGE
  reason: one person
fields:
  person_id: {expr: "'p-' || cast(id as text)"}
  mail: {from: mail}
"""

CERTIFICATES = """\
from: plant.licence
to: academy.certificates
fields:
  code: {expr: "'C-' || code"}
  notice: {expr: "cast(notice as text) || case unit when 'M' then ' month' else ' day' end"}
"""

HOLDINGS = """\
from: plant.award
to: academy.holdings
exclude:
  - {code: AWD-REVOKED, when: "coalesce(revoked, false)", reason: it counts no more}
fold:
  by: [person_id, code, earned]
  keep: expires desc
  code: AWD-TWICE
  reason: one award in two rows
fields:
  person_id: {ref: people, by: worker}
  code: {ref: certificates, by: licence}
  earned: {from: earned, do: [{date: Europe/Berlin}]}
  expires:
    from: ends
    do: [{date: Europe/Berlin}]
    check:
      not_blank: {code: AWD-ENDLESS, severity: hold, message: no expiry}
      expr: {to: ends > earned, code: AWD-DATES, severity: warn, message: expires before it was earned}
"""


def at(day: str, time: str = "00:00") -> int:
    """Seconds since 1970 of a local time in Berlin."""
    return int(dt.datetime.fromisoformat(f"{day} {time}").replace(tzinfo=BERLIN).timestamp())


GOOD: Rows = {
    "worker": [{"id": 1, "mail": "ana@x.org"}, {"id": 2, "mail": "bo@x.org"}, {"id": 3, "mail": "cy@x.org"}],
    "licence": [{"code": "FORK", "notice": 90, "unit": "D"}, {"code": "WELD", "notice": 2, "unit": "M"}],
    "award": [
        {"id": 1, "worker": 1, "licence": "FORK", "earned": at("2022-05-10"), "ends": at("2025-05-10")},
        {"id": 2, "worker": 1, "licence": "FORK", "earned": at("2025-04-01"), "ends": at("2028-05-10")},
        {"id": 3, "worker": 2, "licence": "FORK", "earned": at("2024-03-01"), "ends": at("2027-03-01")},
        {"id": 4, "worker": 2, "licence": "WELD", "earned": at("2025-01-31"), "ends": at("2026-04-30")},
        {"id": 5, "worker": 3, "licence": "WELD", "earned": at("2020-02-29"), "ends": at("2022-02-28")},
    ],
}
"""Renewed before it expired, certified until 2027 with a window of 90 days, a window of two months, and expired."""


def write_workspace(folder: Path) -> Path:
    """Write the workspace, with ``GOOD`` as its source."""
    for part in ("systems", "mapping"):
        (folder / part).mkdir(parents=True)
    for name, text in {
        "migration.yaml": MIGRATION,
        "systems/plant.yaml": PLANT,
        "systems/academy.yaml": ACADEMY,
        "mapping/pair.yaml": PAIR,
        "mapping/people.yaml": PEOPLE,
        "mapping/certificates.yaml": CERTIFICATES,
        "mapping/holdings.yaml": HOLDINGS,
    }.items():
        (folder / name).write_text(text, "utf-8")
    write_rows(folder, GOOD)
    return folder


def write_rows(folder: Path, rows: Rows) -> None:
    """Replace the source's content."""
    file = folder / "source.sqlite"
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as database, database:
        for entity, columns in COLUMNS.items():
            database.execute(f'CREATE TABLE "{entity}" ({", ".join(columns)})')
            values = [tuple(row.get(column) for column in columns) for row in rows.get(entity, ())]
            database.executemany(f'INSERT INTO "{entity}" VALUES ({", ".join("?" * len(columns))})', values)


class Plant:
    """A workspace whose files may be changed before it is checked once, and run over many sources."""

    def __init__(self, folder: Path, **changed: tuple[str, str]) -> None:
        """``changed`` is ``{file without its ending: (text, text in its place)}``."""
        self.folder = write_workspace(folder)
        for name, (before, after) in changed.items():
            (file,) = folder.rglob(f"{name}.yaml")
            text = file.read_text("utf-8")
            assert before in text, before
            file.write_text(text.replace(before, after), "utf-8")
        self.checked: CheckResult = check(self.folder)

    @classmethod
    def of(cls, folder: Path) -> Plant:
        """A workspace that was written before, and changed."""
        plant = cls.__new__(cls)
        plant.folder, plant.checked = folder, check(folder)
        return plant

    def run(self, rows: Rows = GOOD, **options: Any) -> RunResult:
        write_rows(self.folder, rows)
        shutil.rmtree(self.folder / "runs", ignore_errors=True)
        with patch.object(pipeline, "check", return_value=self.checked):
            return pipeline.run(self.folder, now=lambda: NOW, **options)

    def damaged(self, file: str, change: Callable[[list[dict[str, str]]], None], rows: Rows = GOOD) -> RunResult:
        """A run in which a faulty loader changes a load file."""
        original = pipeline.load

        def faulty(validated: Validated, *rest: Any, **words: Any) -> Loaded:
            loaded = original(validated, *rest, **words)
            path = loaded.folder / file
            there = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
            head = list(there[0])
            change(there)
            stream = io.StringIO()
            writer = csv.DictWriter(stream, head, lineterminator="\n")
            writer.writeheader()
            writer.writerows(there)
            path.write_text(stream.getvalue(), "utf-8")
            tell(loaded, validated)
            return loaded

        with patch.object(pipeline, "load", faulty):
            return self.run(rows)


def told(result: RunResult) -> dict[tuple[str, str | None], str]:
    """``{(code, key): value}`` of the findings about certifications."""
    assert result.failure is None, result.failure
    return {(f["code"], f["key"]): f["value"] for f in findings(result.folder) if f["code"].startswith("REC-CERT")}


def entry(result: RunResult) -> dict[str, Any]:
    """What the summary says of certifications."""
    found: dict[str, Any] = result.summary["reconciliation"]["certifications"]
    return found


def differing(result: RunResult) -> list[dict[str, Any]]:
    return table(result.folder / "6_reconcile" / "certification_differences.parquet")


def counted(result: RunResult) -> dict[tuple[str, str], dict[str, int]]:
    """``{(certification, day): numbers}``."""
    rows = table(result.folder / "6_reconcile" / "certifications.parquet")
    return {(row["certification"], row["day"].isoformat()): row for row in rows}
