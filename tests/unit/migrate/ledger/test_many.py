"""What is written with many others is known, open, taken back and superseded as what is written by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_twins import CHANGES, KEYS, as_written, at_first, at_second, both, goes_on, table

from migrate.errors import LedgerLost
from migrate.ledger import Ledger, many, open_ledger


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Ledger]]:
    folder = tmp_path_factory.mktemp("ledgers")
    first, second = open_ledger("sqlite:///together.sqlite", folder), open_ledger("sqlite:///alone.sqlite", folder)
    assert first is not None
    assert second is not None
    yield first, second
    first.close()
    second.close()


def emptied(ledgers: tuple[Ledger, Ledger]) -> tuple[Ledger, Ledger]:
    for ledger in ledgers:
        with ledger.engine.begin() as connection:
            for name in ("identities", "natives", "receipts", "batches", "audit", "runs"):
                connection.execute(sa.text(f"DELETE FROM {name}"))
    return ledgers


@settings(deadline=None, max_examples=15)
@given(
    state=st.sampled_from(["done", "unknown", "void", "open"]),
    changes=st.lists(st.tuples(st.sampled_from(CHANGES), st.sampled_from(KEYS)), max_size=6),
)
def test_columns_and_records_are_remembered_alike(
    files: tuple[Ledger, Ledger], state: str, changes: list[tuple[str, str]]
) -> None:
    if state == "void":
        changes = [(what, key) for what, key in changes if what not in ("found", "void", "taken back", "forgotten")]
    both(emptied(files), state, changes)


def test_two_mappings_are_two_batches(tmp_path: Path) -> None:
    ledger = open_ledger("sqlite:///ledger.sqlite", tmp_path)
    assert ledger is not None
    ledger.begin("run-1", "live", "memory")
    together = ledger.intend_table("run-1", "person", pa.concat_tables([table(("a", "b")), table(("c",), "others")]))
    ledger.settle_table(together, "done", {"c": "n-c"})
    with ledger.engine.connect() as connection:
        found = connection.execute(sa.text("SELECT key, mapping, native FROM identities ORDER BY key")).all()
    assert (len(together.batches), [tuple(row) for row in found]) == (
        2,
        [("a", "people", None), ("b", "people", None), ("c", "others", "n-c")],
    )
    ledger.close()


@pytest.mark.parametrize("earlier", [at_first, at_second])
def test_a_ledger_of_an_earlier_version_goes_on(tmp_path: Path, earlier: Callable[[sa.Engine], None]) -> None:
    earlier(sa.create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}"))
    goes_on(open_ledger("sqlite:///ledger.sqlite", tmp_path))


def test_what_is_known_comes_back_as_it_was_written(tmp_path: Path) -> None:
    ledger = open_ledger("sqlite:///ledger.sqlite", tmp_path)
    assert ledger is not None
    as_written(ledger)
    ledger.close()


def test_no_question_about_a_batch_reads_the_receipts_of_others(tmp_path: Path) -> None:
    ledger = open_ledger("sqlite:///ledger.sqlite", tmp_path)
    assert ledger is not None
    steps: list[str] = []

    def explained(connection: sa.Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "INSERT INTO identities")):
            plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps.extend(row[3] for row in plan)

    ledger.begin("run-1", "live", "memory")
    sa.event.listen(ledger.engine, "after_cursor_execute", explained)
    together = ledger.intend_table("run-1", "person", table(("a", "b")))
    ledger.open_receipts("person")
    ledger.settle_table(together, "done", {"a": "n-a"})
    ledger.receipts("run-1", "person")
    ledger.known_as("person", ["n-a"])
    assert "SEARCH receipts USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in steps
    assert not [step for step in steps if step == "SCAN receipts"]
    ledger.close()


def test_identities_lie_in_the_order_of_their_keys(tmp_path: Path) -> None:
    ledger = open_ledger("sqlite:///ledger.sqlite", tmp_path)
    assert ledger is not None
    with ledger.engine.connect() as connection:
        made = connection.execute(sa.text("SELECT sql FROM sqlite_master WHERE name = 'identities'")).scalar_one()
    assert made.rstrip().endswith("WITHOUT ROWID")
    ledger.close()


def test_a_table_that_went_away_is_a_ledger_lost_also_for_what_asks_the_driver(tmp_path: Path) -> None:
    ledger = open_ledger("sqlite:///ledger.sqlite", tmp_path)
    assert ledger is not None
    with ledger.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE identities"))
    with pytest.raises(LedgerLost, match="run again"):
        list(ledger.identities("person"))
    ledger.close()


def test_natives_of_a_transaction_that_broke_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = open_ledger("sqlite:///ledger.sqlite", tmp_path)
    assert ledger is not None
    ledger.begin("run-1", "live", "memory")
    together = ledger.intend_table("run-1", "person", table(("a", "b")))
    with monkeypatch.context() as patched, pytest.raises(LedgerLost):
        patched.setattr(many, "update", lambda _: sa.update(sa.table("gone", sa.column("native"))))
        ledger.settle_table(together, "done", {"a": "n-1", "b": "n-2"})
    ledger.settle_table(together, "done", {"a": "n-3"})
    assert {key: one.native for key, one in ledger.known("person").items()} == {"a": "n-3", "b": None}
    ledger.close()
