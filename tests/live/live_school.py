"""The small pair with a database as its live target, and ways to look at both and to disturb the target."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import sqlalchemy as sa
from small_pair import GOOD_ROWS, HUB, Rows, write_rows, write_workspace

from migrate.pipeline import RunResult, run

WRITE = {
    "people": "{native: id, by_native: [boss_id]}",
    "courses": "{native: id, by_native: [teacher_id]}",
    "enrolments": "{table: places, by_native: [course_id, person_id]}",
}
CROSSWALK = "source,label,rows,target,equivalence,confidence,status,by,at,reason\n1,,,basic,equal,,confirmed,ana,2026-01-01,\n"


def hub_contract() -> str:
    """The hub's contract, with a database as its target."""
    text = HUB.format(package="null", strip="false")
    text = text.replace("kind: files\n  package: null\n  strip: false\n", "kind: database\n")
    for entity, words in WRITE.items():
        text = text.replace(f"    file: {entity}.csv\n", f"    write: {words}\n")
    return text


def hub_tables(engine: sa.Engine) -> sa.MetaData:
    """Tables as a system of its own would have them: numbers of its own, foreign keys, unique keys."""
    text = sa.String(200).with_variant(sa.String(200, collation="utf8mb4_bin"), "mysql", "mariadb")
    metadata = sa.MetaData()
    sa.Table(
        "people", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("person_id", text, unique=True),
        sa.Column("login", text, sa.CheckConstraint("login <> 'refused'")), sa.Column("name", text), sa.Column("email", text),
        sa.Column("status", text), sa.Column("score", sa.Double), sa.Column("born", sa.DateTime),
        sa.Column("boss_id", sa.Integer, sa.ForeignKey("people.id")), sa.Column("note", text),
        sa.Column("extra", text, server_default="by the target"),
    )  # fmt: skip
    sa.Table(
        "courses", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("course_id", text, unique=True),
        sa.Column("title", text), sa.Column("level", text), sa.Column("teacher_id", sa.Integer, sa.ForeignKey("people.id")),
    )  # fmt: skip
    sa.Table(
        "places", metadata, sa.Column("course_id", sa.Integer, sa.ForeignKey("courses.id"), primary_key=True),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("people.id"), primary_key=True), sa.Column("role", text),
        sa.Column("start", sa.DateTime), sa.Column("end", sa.DateTime),
    )  # fmt: skip
    metadata.create_all(engine)
    return metadata


class LiveSchool:
    """A workspace and its target."""

    def __init__(self, folder: Path, url: str, rows: Rows = GOOD_ROWS) -> None:
        self.folder = write_workspace(folder)
        (folder / "systems/hub.yaml").write_text(hub_contract(), "utf-8")
        (folder / "crosswalks/levels.csv").write_text(CROSSWALK, "utf-8")
        file = folder / "migration.yaml"
        text = file.read_text("utf-8").replace("  # deliver: outbox", f"  url: {url}")
        file.write_text(text, "utf-8")
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.metadata = hub_tables(self.engine)
        self.rows(rows)

    def rows(self, rows: Rows) -> None:
        """Replace what the source holds."""
        write_rows(self.folder, rows)

    def set(self, words: Mapping[str, Any]) -> None:
        """Add words to the target's settings."""
        file = self.folder / "migration.yaml"
        lines = "".join(f"\n  {word}: {json.dumps(value)}" for word, value in words.items())
        file.write_text(file.read_text("utf-8").replace("  system: hub", f"  system: hub{lines}"), "utf-8")

    def rehearse(self) -> RunResult:
        """A rehearsal."""
        return run(self.folder)

    def live(self, **options: Any) -> RunResult:
        """A live run."""
        return run(self.folder, live=True, **options)

    def held(self) -> dict[str, list[dict[str, Any]]]:
        """What the target holds, with the names of records in place of its own numbers."""
        with self.engine.connect() as connection:
            rows = {t.name: [dict(r._mapping) for r in connection.execute(sa.select(t))] for t in self.metadata.sorted_tables}
        people = {row["id"]: row["person_id"] for row in rows["people"]}
        courses = {row["id"]: row["course_id"] for row in rows["courses"]}
        for row in rows["people"]:
            row["boss_id"] = people.get(row["boss_id"])
        for row in rows["courses"]:
            row["teacher_id"] = people.get(row["teacher_id"])
        for row in rows["places"]:
            row["person_id"], row["course_id"] = people[row["person_id"]], courses[row["course_id"]]
        for row in (*rows["people"], *rows["courses"]):
            del row["id"]
        return {name: sorted(table, key=str) for name, table in rows.items()}

    def change(self, sql: str, **values: Any) -> None:
        """Somebody else changes the target."""
        with self.engine.begin() as connection:
            connection.execute(sa.text(sql), values)


def dispositions(result: RunResult) -> dict[str, dict[str, int]]:
    """``{mapping: {disposition: number}}`` without zeros."""
    return {
        name: {word: number for word, number in entity["dispositions"].items() if number}
        for name, entity in result.summary["entities"].items()
    }


def findings(result: RunResult, *codes: str) -> list[tuple[str, str, str]]:
    """(code, entity, key) of the findings whose code starts with one of ``codes``."""
    rows = pq.read_table(result.folder / "findings.parquet").to_pylist()
    return sorted((r["code"], r["entity"], r["key"]) for r in rows if r["code"].startswith(codes or ("LIVE", "REC")))


def different(rows: Rows, table: str, number: int, **values: Any) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The rows with other values in one of them."""
    return {**rows, table: [{**row, **values} if row["id"] == number else row for row in rows[table]]}


def without(rows: Rows, table: str, *numbers: int) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The rows without some of them."""
    return {**rows, table: [row for row in rows[table] if row["id"] not in numbers]}


def wait_a_moment() -> None:
    """Run folders are named by the second."""
    time.sleep(0.01)
