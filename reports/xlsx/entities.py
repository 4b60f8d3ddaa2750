"""The sheet of an entity: its balance above, and below it every row about it that needs a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.model import DISPOSITIONS, HELD_BACK, NEEDS_A_PERSON, Report
from reports.parts import EntityRow, Table
from reports.xlsx.book import OVERVIEW, Column, Content, Link, Styled

BALANCE = ("source", *DISPOSITIONS, "balance", "compared", "missing", "extra", "different")
COLUMNS = (
    Column("what", 12), Column("severity", 14), Column("code", 18), Column("disposition", 13), Column("key", 20),
    Column("target key", 20), Column("field", 20), Column("how", 24), Column("value", 30, empty=True),
    Column("mapped", 30, empty=True), Column("read back", 30, empty=True), Column("message", 60), Column("waits for", 24),
    Column("state", 12), Column("decision", 12), Column("new value", 20), Column("reason", 36), Column("by", 18),
    Column("at", 24),
)  # fmt: skip
_DECIDED = ("decision", "new_value", "reason", "by", "at")


class EntityRows:
    """The rows that need a person, by entity. Read once for all sheets."""

    def __init__(self, report: Report) -> None:
        tables = {table.name: table for table in report.tables}
        self._tables: Mapping[str, Mapping[str, list[Any]]] = {name: table.lists for name, table in tables.items()}
        self._findings = _by_entity(tables.get("findings"), _needs)
        self._differences = _by_entity(tables.get("differences"), None)
        told = set(self._column("findings", "record"))
        self._alone = _by_entity(
            tables.get("dispositions"), lambda row: row["disposition"] in HELD_BACK and row["row"] not in told
        )
        self._ended = dict(zip(self._column("dispositions", "row"), self._column("dispositions", "disposition"), strict=True))
        self.whole = all(table.rows == table.total for table in report.tables)

    def number(self, entity: str) -> int:
        """How many rows :meth:`rows` gives."""
        return sum(len(found[entity]) for found in (self._findings, self._differences, self._alone))

    def rows(self, entity: str) -> Iterator[Sequence[Content]]:
        """Findings, differences, and records that stayed behind without a finding, with the columns COLUMNS."""
        for at in self._findings[entity]:
            row = self._row("findings", at)
            yield (
                "finding", row["severity"], row["code"], self._ended.get(row["record"]), row["key"], None, row["field"], None,
                row["value"], None, None, row["message"], row["root"], row["state"], *self._decision(row["item"]),
            )  # fmt: skip
        for at in self._differences[entity]:
            row = self._row("differences", at)
            yield (
                "difference", row["kind"], None, self._ended.get(row["record"]), row["key"], row["target_key"], row["field"],
                row["how"], None, row["expected"], row["actual"], None, None, None, None, None, None, None, None,
            )  # fmt: skip
        for at in self._alone[entity]:
            row = self._row("dispositions", at)
            told = "stayed behind, and no finding says why"
            yield (
                "record", "unknown", row["code"], row["disposition"], row["key"], row["target_key"], None, None, None, None, None,
                told, None, None, None, None, None, None, None,
            )  # fmt: skip

    def _decision(self, item: int | None) -> tuple[str | None, ...]:
        """What was decided about an item, whose number is that of its row."""
        decisions = self._column("worklist", "decision")
        if item is None or not 0 < item <= len(decisions):
            return (None,) * len(_DECIDED)
        return tuple(self._tables["worklist"][word][item - 1] for word in _DECIDED)

    def _column(self, table: str, name: str) -> list[Any]:
        return self._tables[table][name] if table in self._tables else []

    def _row(self, table: str, at: int) -> Mapping[str, Any]:
        return {name: values[at] for name, values in self._tables[table].items()}


def above(row: EntityRow, rows: EntityRows) -> list[list[Content]]:
    """The balance of an entity, over the head of its rows."""
    made = f"{row.made_from} to {row.target}".strip()
    cut = "" if rows.whole else "; the report does not carry all rows, see the sheets of the tables"
    note = f"{made}: {rows.number(row.name):,} rows need a person{cut}"
    numbers: list[Content] = [row.source.n, *(row.dispositions[word].n for word in DISPOSITIONS), balance(row)]
    numbers += [row.compared.n, row.missing.n, row.extra.n, row.differences.n]
    return [
        [Link(OVERVIEW, OVERVIEW), Styled(row.name, "title")],
        [Styled(note, "note")],
        [Styled(word, "head") for word in BALANCE],
        numbers,
    ]


def balance(row: EntityRow) -> Content:
    """Do its sums balance? Blank where the run stopped before that."""
    if row.balanced is None:
        return None
    return Styled("yes", "good") if row.balanced else Styled("NO", "bad")


def _needs(row: Mapping[str, Any]) -> bool:
    return row["state"] in NEEDS_A_PERSON if row["state"] is not None else row["severity"] != "warn"


def _by_entity(table: Table | None, wanted: Any) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    if table is None:
        return found
    names = [name for name in ("entity", "state", "severity", "disposition", "row") if name in table.columns]
    for at, values in enumerate(zip(*(table.lists[name] for name in names), strict=True)):
        row = dict(zip(names, values, strict=True))
        if wanted is None or wanted(row):
            found[row["entity"]].append(at)
    return found
