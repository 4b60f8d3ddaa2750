"""The ledger: receipts, identities, the audit trail, and tables that are brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from migrate.errors import ConfigurationError, LedgerLost
from migrate.ledger import Intent, Ledger, Settled, audit, open_ledger
from migrate.ledger.tables import AUDIT, METADATA


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = open_ledger("sqlite:///ledger.sqlite", tmp_path)
    assert found is not None
    found.begin("run-1", "live", "memory")
    yield found
    found.close()


def intent(key: str, action: str = "create", fingerprint: str = "f") -> Intent:
    return Intent(key, action, fingerprint, "people", f"s-{key}", before={"values": {"n": "ä"}, "links": {}})  # type: ignore[arg-type]


def put(ledger: Ledger, run: str, one: Intent, state: str = "done", native: str | None = "7") -> int:
    (receipt,) = ledger.intend(run, "person", [one])
    ledger.settle(run, "person", [Settled(receipt, one, state, native)])
    return receipt


def test_the_migrations_make_the_tables_that_the_code_knows(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_receipt_is_open_until_it_is_settled(ledger: Ledger) -> None:
    numbers = ledger.intend("run-1", "person", [intent("a"), intent("b")])
    assert [receipt.key for receipt in ledger.open_receipts("person")] == ["a", "b"]
    assert ledger.known("person") == {}
    ledger.settle("run-1", "person", [Settled(numbers[0], intent("a"), "done", "7"), Settled(numbers[1], intent("b"), "unknown")])
    assert [receipt.key for receipt in ledger.open_receipts("person")] == ["b"]
    assert ledger.known("person").keys() == {"a"}
    assert (ledger.known("person")["a"].native, ledger.known("person")["a"].origin) == ("7", "created")


@pytest.mark.parametrize("state", ["refused", "failed", "unknown"])
def test_what_did_not_happen_makes_no_identity(ledger: Ledger, state: str) -> None:
    put(ledger, "run-1", intent("a"), state)
    assert ledger.known("person") == {}


def test_an_update_keeps_where_a_record_comes_from(ledger: Ledger) -> None:
    put(ledger, "run-1", intent("a"))
    put(ledger, "run-1", intent("b", "adopt"))
    ledger.saw("person", [("a", "seen")])
    ledger.begin("run-2", "live", "memory")
    for key in "ab":
        put(ledger, "run-2", intent(key, "update", "g"), native=None)
    known = ledger.known("person")
    assert {key: (one.origin, one.fingerprint, one.run) for key, one in known.items()} == {
        "a": ("created", "g", "run-2"), "b": ("adopted", "g", "run-2"),
    }  # fmt: skip
    assert known["a"].seen is None


def test_what_is_removed_is_known_as_removed_and_may_come_back(ledger: Ledger) -> None:
    put(ledger, "run-1", intent("a"))
    put(ledger, "run-1", intent("a", "remove", ""))
    assert ledger.known("person")["a"].state == "removed"
    put(ledger, "run-1", intent("a"), native="8")
    assert (ledger.known("person")["a"].state, ledger.known("person")["a"].native) == ("held", "8")


def told(ledger: Ledger, entity: str, key: str) -> tuple[str, str | None, str, str | None] | None:
    """State, id in the target, fingerprint and what was seen last of a record."""
    known = ledger.known(entity).get(key)
    return None if known is None else (known.state, known.native, known.fingerprint, known.seen)


@pytest.mark.parametrize(
    ("what", "keys", "then"),
    [
        ("gone", ["a"], ("removed", None, "", None)),
        ("missed", ["a"], ("missed", None, "", None)),
        ("doubt", ["a"], ("held", "7", "", None)),
        ("renumber", [("a", "8")], ("held", "8", "f", "s")),
        ("saw", [("a", "t")], ("held", "7", "f", "t")),
        ("relabel", [("a", "staff", "s-9")], ("held", "7", "f", "s")),
        ("rename", [("a", "c")], None),
    ],
)
def test_what_is_said_of_a_record_is_said_of_no_other(ledger: Ledger, what: str, keys: list[Any], then: tuple[Any, ...]) -> None:
    """Not of another key, nor of the same key in another entity."""
    for entity in ("person", "course"):
        for key in "ab":
            (receipt,) = ledger.intend("run-1", entity, [intent(key)])
            ledger.settle("run-1", entity, [Settled(receipt, intent(key), "done", "7", seen="s")])
    before = ("held", "7", "f", "s")
    assert {told(ledger, entity, key) for entity in ("person", "course") for key in "ab"} == {before}
    getattr(ledger, what)("person", keys)
    assert told(ledger, "person", "a") == then
    assert {told(ledger, "person", "b"), told(ledger, "course", "a"), told(ledger, "course", "b")} == {before}
    assert told(ledger, "person", "c") == (("held", "7", "", None) if what == "rename" else None)
    rows = {row["key"]: row for batch in ledger.identities("person") for row in batch.to_pylist()}
    assert {(row["mapping"], row["source_key"]) for key, row in rows.items() if key in "ac"} == {
        ("staff", "s-9") if what == "relabel" else ("people", "s-a")
    }
    assert (rows["b"]["mapping"], rows["b"]["source_key"]) == ("people", "s-b")


def test_a_new_name_takes_the_place_of_what_was_known_by_it(ledger: Ledger) -> None:
    put(ledger, "run-1", intent("a"))
    put(ledger, "run-1", intent("b"), native="8")
    ledger.rename("person", [("a", "b")])
    assert {key: one.native for key, one in ledger.known("person").items()} == {"b": "7"}


def test_what_a_rollback_met_is_nobody_s_again(ledger: Ledger) -> None:
    for key in "ab":
        put(ledger, "run-1", intent(key, "adopt"))
    ledger.take_back("run-1", "person", [], [], ["a"])
    assert ledger.known("person").keys() == {"b"}


def test_an_update_that_is_told_no_id_keeps_the_one_it_was_meant_for(ledger: Ledger) -> None:
    put(ledger, "run-1", intent("a"))
    put(ledger, "run-1", replace(intent("a", "update", "g"), native="7"), native=None)
    assert told(ledger, "person", "a") == ("held", "7", "g", None)


def test_unfinished_is_what_failed_since_a_run_came_to_its_end(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rollbacks are none of these, and none of those that end them."""
    clock = (f"2999-01-01T00:00:{second:02}" for second in range(60))
    monkeypatch.setattr("migrate.ledger.ledger._now", lambda: next(clock))
    assert ledger.unfinished() == []
    runs = [("old", "live", "failed"), ("well", "live", "finished"), ("one", "live", "failed"), ("two", "delta", "failed")]
    for run, kind, state in [*runs, ("back", "rollback", "finished"), ("stuck", "rollback", "failed")]:
        ledger.begin(run, kind, "memory")
        ledger.end(run, state, {})  # type: ignore[arg-type]
    assert ledger.unfinished() == ["one", "two"]
    ledger.begin("last", "live", "memory")
    assert ledger.unfinished() == ["one", "two"]
    ledger.end("last", "finished", {})
    assert ledger.unfinished() == []


def test_what_other_runs_wrote_before_and_after(ledger: Ledger) -> None:
    put(ledger, "run-1", intent("a"))
    put(ledger, "run-1", intent("b"))
    ledger.begin("run-2", "delta", "memory")
    second = put(ledger, "run-2", intent("a", "update"))
    ledger.begin("back", "rollback", "memory", of_run="run-2")
    put(ledger, "back", intent("a", "update"))
    assert ledger.others("run-1", later=True) == {("person", "a"): "run-2"}
    assert ledger.others("run-2", later=False) == {("person", "a"): "run-1"}
    ledger.take_back("back", "person", [], [second], [])
    assert ledger.others("run-1", later=True) == {}
    assert [receipt.state for receipt in ledger.receipts("run-2")] == ["undone"]


@pytest.mark.long
def test_more_keys_than_a_database_takes_at_once(ledger: Ledger) -> None:
    many = [intent(f"k{n}") for n in range(40_000)]
    numbers = ledger.intend("run-1", "person", many)
    assert numbers == sorted(numbers)
    ledger.settle("run-1", "person", [Settled(n, one, "done", None) for n, one in zip(numbers, many, strict=True)])
    assert sum(batch.num_rows for batch in ledger.identities("person")) == 40_000


def test_a_run_that_never_ended_is_marked_when_the_next_begins(ledger: Ledger) -> None:
    ledger.begin("run-2", "live", "memory")
    ledger.end("run-2", "finished", {"people": {"created": 1}})
    assert [(run.id, run.state) for run in ledger.runs()] == [("run-1", "failed"), ("run-2", "finished")]


SPOILERS = {
    "altered": sa.update(AUDIT).where(AUDIT.c.id == 2).values(detail='{"people": 2}'),
    "removed": sa.delete(AUDIT).where(AUDIT.c.id == 2),
    "removed at the start": sa.delete(AUDIT).where(AUDIT.c.id == 1),
    "another run": sa.update(AUDIT).where(AUDIT.c.id == 2).values(run="run-9"),
}


@pytest.mark.parametrize("spoiler", SPOILERS)
def test_the_audit_trail_shows_what_was_done_to_it(ledger: Ledger, spoiler: str) -> None:
    ledger.note("run-1", "something", {"people": 1})
    ledger.end("run-1", "finished", {})
    with ledger.engine.connect() as connection:
        assert audit.broken(connection) is None
        assert audit.head(connection).entries == 3
    with ledger.engine.begin() as connection:
        connection.execute(SPOILERS[spoiler])
    with ledger.engine.connect() as connection:
        assert audit.broken(connection) == (1 if spoiler == "removed at the start" else 2)


def test_entries_that_changed_places_are_seen(ledger: Ledger) -> None:
    ledger.note("run-1", "one", {})
    ledger.note("run-1", "two", {})
    with ledger.engine.begin() as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(sa.update(AUDIT).where(AUDIT.c.id == old).values(id=new))
    with ledger.engine.connect() as connection:
        assert audit.broken(connection) == 2


def test_a_ledger_of_a_later_version_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="later version"):
        open_ledger("sqlite:///ledger.sqlite", tmp_path)


def test_a_rehearsal_makes_no_ledger(tmp_path: Path) -> None:
    assert open_ledger("sqlite:///ledger.sqlite", tmp_path, must_exist=True) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://u:geheim@h/d", "postgresql://u:geheim@127.0.0.1:1/none", "sqlite:////none/x"]
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_ledger(url, tmp_path)
    assert "geheim" not in str(caught.value)


def test_a_ledger_that_goes_away_is_lost_and_not_a_traceback(ledger: Ledger) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE receipts"))
    with pytest.raises(LedgerLost, match="run again"):
        ledger.intend("run-1", "person", [intent("a")])


def test_two_cannot_hold_it(ledger: Ledger, tmp_path: Path) -> None:
    other = open_ledger("sqlite:///ledger.sqlite", tmp_path)
    assert other is not None
    with ledger.locked(), pytest.raises(ConfigurationError, match="another live run"), other.locked():
        pass
    with other.locked():
        pass


def test_a_database_that_does_not_answer_is_lost_and_not_a_traceback(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "engine", sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    with pytest.raises(LedgerLost, match="run again"), ledger.locked():
        pass


def test_what_some_runs_wrote_is_told_by_how_it_began(ledger: Ledger) -> None:
    put(ledger, "run-1", intent("a"))
    put(ledger, "run-1", intent("a", "update"))
    put(ledger, "run-1", intent("b", "adopt"))
    put(ledger, "run-1", intent("c"), "failed")
    ledger.begin("run-2", "live", "memory")
    put(ledger, "run-2", intent("d", "update"))
    back = put(ledger, "run-2", intent("e"))
    put(ledger, "run-2", intent("f"))
    ledger.begin("back", "rollback", "memory", of_run="run-2")
    ledger.take_back("back", "person", [], [back], [])

    def written(*runs: str) -> dict[str, str]:
        return {row["key"]: row["action"] for batch in ledger.written("person", runs) for row in batch.to_pylist()}

    assert written("run-1") == {"a": "create"}
    assert written("run-1", "run-2") == {"a": "create", "d": "update", "f": "create"}
