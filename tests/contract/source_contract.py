"""What every source connector has to do: one suite, run against each by a subclass that gives ``subject``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pyarrow as pa

from migrate.connectors.source import SourceConnector
from migrate.contracts.model import Contract

MANY = 60_000
"""More than one batch of any connector."""
LARGEST_BATCH = 100_000
EXTRA = ["_row", "_fault", "_fault_value"]

FIELDS: dict[str, Any] = {
    "id": {"type": "int", "required": True},
    "name": {},
    "score": {"type": "decimal"},
    "seen": {"type": "int", "never": [0]},
    "note": {"never": ["", "none"]},
}
ENTITIES: dict[str, Any] = {
    "person": {"key": "id", "fields": FIELDS},
    "nobody": {"key": "id", "fields": {"id": {"type": "int"}, "name": {}}},
    "gone": {"key": "id", "optional": True, "fields": {"id": {"type": "int"}}},
}
NAMES = (
    "Ana Núñez",
    "شيماء",
    "🎓 Zoë 👩🏽‍🔬",
    'O\'Brien, "Bob"',
    "two\nlines; a | b\tc",
    "\\N \\ %s %(x)s",
    "e\u0301",
    "NULL",
    "007",
)
NOTES = (None, "", "   ", "none", "text", " text ")

Row = tuple[int, str, str | None, int, str | None]


def rows(number: int = MANY) -> Iterator[Row]:
    """``(id, name, score, seen, note)``."""
    for n in range(1, number + 1):
        score = None if n % 3 == 0 else f"{n % 100}.{n % 7}5"
        yield n, NAMES[n % len(NAMES)], score, 0 if n % 4 == 0 else 1_700_000_000 + n, NOTES[n % len(NOTES)]


@dataclass
class Subject:
    """A connector over the rows of this module, opened."""

    connector: SourceConnector
    contract: Contract
    has_null: bool = True
    """False where absent and empty are one."""
    undeclared: dict[str, int] = field(default_factory=dict)
    """What lies there that the contract does not describe, and is not internal."""
    archived: dict[str, int] = field(default_factory=dict)
    """What is internal by the contract and lies in ``cache_pages``."""
    secret: str = "not-in-the-address"  # noqa: S105
    faults: dict[str, str] = field(default_factory=dict)
    """Entity to the fault that its second row has."""


def cells(batches: Iterator[pa.RecordBatch]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.to_pylist()]


class SourceContract:
    """Subclass it as ``Test...`` and give a fixture ``subject``."""

    def test_it_says_what_it_is(self, subject: Subject) -> None:
        info = subject.connector.info
        assert info.address
        assert subject.secret not in info.address
        assert info.version is None
        assert info.version_known

    def test_it_knows_what_is_there(self, subject: Subject) -> None:
        assert [entity for entity in ENTITIES if subject.connector.present(entity)] == ["person", "nobody"]
        assert subject.connector.columns("person") == list(FIELDS)
        assert subject.connector.columns("nobody") == ["id", "name"]

    def test_counts_are_those_of_the_rows(self, subject: Subject) -> None:
        assert subject.connector.count("person") == MANY
        assert subject.connector.count("nobody") == 0
        assert sum(batch.num_rows for batch in subject.connector.rows("person", ["id"])) == MANY
        assert sum(batch.num_rows for batch in subject.connector.rows("nobody", ["id", "name"])) == 0

    def test_every_cell_arrives(self, subject: Subject) -> None:
        found = cells(subject.connector.rows("person", list(FIELDS)))
        by_id = {int(row["id"]): row for row in found}
        assert len(by_id) == MANY
        for number, name, score, seen, note in rows():
            row = by_id[number]
            assert row["name"] == name
            assert int(row["seen"]) == seen
            read = (row["score"], row["note"]) if subject.has_null else (row["score"] or None, row["note"] or None)
            assert (read[0] is None) == (score is None)
            assert read[1] == (note if subject.has_null else note or None)
            assert score is None or float(row["score"]) == float(score)
            assert row["_fault"] is None
            assert row["_fault_value"] is None

    def test_fields_come_as_they_were_asked_for(self, subject: Subject) -> None:
        for asked in (["name", "id"], ["id"], ["note", "seen", "id"]):
            batch = next(subject.connector.rows("person", asked))
            assert batch.schema.names == [*asked, *EXTRA]
            assert [batch.schema.field(name).type for name in EXTRA] == [pa.int64(), pa.string(), pa.string()]

    def test_a_column_that_is_not_there_is_no_value(self, subject: Subject) -> None:
        batch = next(subject.connector.rows("person", ["id", "of_another_version"]))
        assert "id" in batch.schema.names
        if "of_another_version" in batch.schema.names:
            assert batch.column(batch.schema.names.index("of_another_version")).null_count == batch.num_rows

    def test_rows_are_numbered_from_one(self, subject: Subject) -> None:
        assert [row["_row"] for row in cells(subject.connector.rows("person", ["id"]))] == list(range(1, MANY + 1))

    def test_rows_stream_in_batches_of_one_shape(self, subject: Subject) -> None:
        sizes, shapes = [], set()
        for batch in subject.connector.rows("person", list(FIELDS)):
            sizes.append(batch.num_rows)
            shapes.add(str(batch.schema))
        assert len(sizes) > 1
        assert max(sizes) <= LARGEST_BATCH
        assert len(shapes) == 1

    def test_reading_again_gives_the_same(self, subject: Subject) -> None:
        first, second = (
            {str(row["id"]): row["name"] for row in cells(subject.connector.rows("person", ["id", "name"]))} for _ in range(2)
        )
        assert first == second

    def test_reading_may_be_given_up(self, subject: Subject) -> None:
        reading = subject.connector.rows("person", ["id"])
        assert len(list(islice(reading, 1))) == 1
        reading.close()  # type: ignore[attr-defined]
        assert subject.connector.count("person") == MANY

    def test_what_holds_data_is_counted(self, subject: Subject) -> None:
        """By hand: not null, not blank, not listed."""
        never = {name: tuple(rule.get("never", ())) for name, rule in FIELDS.items()}
        by_hand = {
            "id": MANY,
            "name": MANY,
            "score": sum(score is not None for _, _, score, _, _ in rows()),
            "seen": sum(seen != 0 for _, _, _, seen, _ in rows()),
            "note": sum(bool(note and note.strip() and note != "none") for *_, note in rows()),
        }
        assert subject.connector.holding_data("person", never) == by_hand
        assert subject.connector.holding_data("nobody", {"id": (), "name": ()}) == {"id": 0, "name": 0}
        assert subject.connector.holding_data("person", {}) == {}

    def test_what_nobody_declared_is_named_and_read(self, subject: Subject) -> None:
        assert subject.connector.undeclared(subject.contract) == subject.undeclared
        for table, number in subject.undeclared.items():
            found = cells(subject.connector.undeclared_rows(table))
            assert len(found) == number
            assert "kept" in str(found)

    def test_what_is_archived_is_named_though_it_is_internal(self, subject: Subject) -> None:
        both = subject.connector.undeclared(subject.contract, ["cache_p*", "nowhere_*"])
        assert both == {**subject.undeclared, **subject.archived}

    def test_what_cannot_be_read_is_marked(self, subject: Subject) -> None:
        for entity, fault in subject.faults.items():
            fields = list(subject.contract.entities[entity].fields)
            found = cells(subject.connector.rows(entity, fields))
            assert subject.connector.count(entity) == len(found) == 3
            assert [row["_fault"] for row in found] == [None, fault, None]
            assert found[1]["_fault_value"]
            assert str(found[1]["id"]) == "2"

    def test_it_can_be_closed_twice(self, subject: Subject) -> None:
        subject.connector.close()
        subject.connector.close()
