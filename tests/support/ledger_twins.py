"""The same records in two ledgers, once in columns and once by themselves, and all that a ledger tells; for its tests."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from migrate.ledger import Intent, Ledger, Settled

KEYS = ("", "a", "b", "c", "ä|1")  # in their order: as a batch enters them
MEANT = {"name": "Ä", "at": None}


def table(keys: tuple[str, ...], mapping: str = "people") -> pa.Table:
    own = {"_key": keys, "_source": [f"s-{key}" for key in keys], "_fingerprint": ["f"] * len(keys)}
    meant = ['{"at": null, "name": "Ä"}'] * len(keys)
    return pa.table({**{c: pa.array(v, pa.string()) for c, v in own.items()}, "_mapping": [mapping] * len(keys), "_meant": meant})


def together(ledger: Ledger, run: str, entity: str, keys: tuple[str, ...], state: str) -> None:
    """In columns; ``open`` is left as it was begun."""
    begun = ledger.intend_table(run, entity, table(keys))
    if state != "open":
        natives = {key: f"n-{key}" for key in keys} if state == "done" else {}
        ledger.settle_table(begun, state, natives, "lost" if state == "unknown" else "")  # type: ignore[arg-type]


def alone(ledger: Ledger, run: str, entity: str, keys: tuple[str, ...], state: str) -> None:
    """One by one."""
    intents = [Intent(key, "create", "f", "people", f"s-{key}", meant=MEANT) for key in keys]
    receipts = ledger.intend(run, entity, intents)
    if state == "void":
        ledger.void(receipts)
    elif state != "open":
        native = "n-{}" if state == "done" else ""
        ends = [Settled(n, i, state, native.format(i.key) or None, "lost" if state == "unknown" else "")
                for n, i in zip(receipts, intents, strict=True)]  # fmt: skip
        ledger.settle(run, entity, ends)


def shown(ledger: Ledger) -> dict[str, Any]:
    """All that the ledger tells, without numbers and times."""

    def told(rows: list[Any]) -> list[tuple[Any, ...]]:
        columns = ("run", "entity", "key", "mapping", "source_key", "action", "state", "native", "fingerprint", "message")
        return [tuple(getattr(row, column) for column in columns) for row in rows]

    runs = [run.id for run in ledger.runs()]
    return {
        "known": {entity: ledger.known(entity) for entity in ("person", "place")},
        "identities": {e: sorted(map(str, pa.Table.from_batches(b).to_pylist())) if (b := list(ledger.identities(e))) else []
                       for e in ("person", "place")},
        "receipts": {run: told(ledger.receipts(run)) for run in runs},
        "of an entity": {run: told(ledger.receipts(run, "place")) for run in runs},
        "open": {e: [(*told([row])[0], row.meant) for row in ledger.open_receipts(e)] for e in ("person", "place")},
        "later": {run: sorted(map(tuple, ledger.later(run, ["person", "place"]))) for run in runs},
        "others": {(run, later): ledger.others(run, later=later) for run in runs for later in (True, False)},
        "created": {e: sorted(created := ledger.created(e), key=lambda key, of=created: of[key]) for e in ("person", "place")},
        "known as": ledger.known_as("person", [f"n-{key}" for key in KEYS]),
        "target": ledger.last_target(),
    }  # fmt: skip


def change(ledger: Ledger, what: str, key: str, run: str) -> None:
    """Something that happens to one record afterwards."""
    number = {row.key: row.id for row in ledger.receipts("run-1", "person")}.get(key)
    if what in ("update", "remove", "adopt"):
        one = Intent(key, what, "g", "others", f"t-{key}", meant={"name": "new"})  # type: ignore[arg-type]
        (receipt,) = ledger.intend(run, "person", [one])
        ledger.settle(run, "person", [Settled(receipt, one, "done", None)])
    elif what == "void" and number is not None:
        ledger.void([number], "nobody means it any more")
    elif what == "found" and number is not None:
        one = Intent(key, "create", "", "people", f"s-{key}", "n-found")
        ledger.settle("run-1", "person", [Settled(number, one, "done", "n-found", "found after a crash")])
    elif what == "taken back" and number is not None:
        ledger.take_back(run, "person", [], [number], [])
    elif what == "forgotten" and number is not None:
        ledger.take_back(run, "person", [], [number], [key])
    elif what == "saw":
        ledger.saw("person", [(key, "seen")])
    elif what == "renamed":
        ledger.rename("person", [(key, "new name")])
    elif what == "renumbered":
        ledger.renumber("person", [(key, "n-99")])
    elif what == "relabelled":
        ledger.relabel("person", [(key, "others", "t-1")])
    else:
        {"gone": ledger.gone, "missed": ledger.missed, "doubt": ledger.doubt}.get(what, lambda *_: None)("person", [key])


CHANGES = (
    "update", "remove", "adopt", "void", "found", "taken back", "forgotten", "saw", "renamed", "renumbered", "relabelled", "gone",
    "missed", "doubt",
)  # fmt: skip


def both(ledgers: tuple[Ledger, Ledger], state: str, changes: list[tuple[str, str]]) -> None:
    told = []
    for ledger, put in zip(ledgers, (together, alone), strict=True):
        ledger.begin("run-1", "live", "memory")
        put(ledger, "run-1", "person", KEYS, state)
        put(ledger, "run-1", "place", KEYS[:2], "done")
        ledger.begin("run-2", "delta", "elsewhere")
        for what, key in changes:
            change(ledger, what, key, "run-2")
        told.append(shown(ledger))
    for what, found in told[0].items():
        assert found == told[1][what], what


def _upgraded(connection: sa.Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "migrate.ledger:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.execute(sa.text("INSERT INTO runs VALUES ('run-1', 'live', NULL, 'memory', '2026', NULL, 'failed')"))


def at_first(engine: sa.Engine) -> None:
    """A ledger as the first version left it: one record written, one of which nobody knows."""
    with engine.begin() as connection:
        _upgraded(connection, "0001")
        receipt = (
            "INSERT INTO receipts (run, entity, key, mapping, source_key, action, state, native, fingerprint, meant, intended) "
            "VALUES ('run-1', 'person', :k, 'people', 's', 'create', :s, NULL, 'f', :m, '2026')"
        )
        connection.execute(sa.text(receipt), [{"k": "a", "s": "done", "m": None}, {"k": "b", "s": "unknown", "m": "{}"}])
        connection.execute(
            sa.text(
                "INSERT INTO identities VALUES "
                "('person', 'a', 'people', 's', '7', 'f', '{\"n\": 1}', NULL, 'held', 'created', 'run-1')"
            )
        )


def at_second(engine: sa.Engine) -> None:
    """A ledger as the second version left it: the same in batches, whose receipts hold what ids the target gave."""
    with engine.begin() as connection:
        _upgraded(connection, "0002")
        for number, key, state in ((1, "a", "done"), (2, "b", "unknown")):
            batch = "VALUES (:n, 'run-1', 'person', 'people', 'create', :s, NULL, '2026', NULL)"
            connection.execute(sa.text(f"INSERT INTO batches {batch}"), {"n": number, "s": state})
            receipt = "(batch, key, source_key, native, fingerprint, meant) VALUES (:n, :k, 's', :i, 'f', :m)"
            values = {"n": number, "k": key, "i": "7" if key == "a" else None, "m": '{"n": 1}' if key == "a" else "{}"}
            connection.execute(sa.text(f"INSERT INTO receipts {receipt}"), values)
        connection.execute(
            sa.text(
                "INSERT INTO identities (entity, key, mapping, source_key, native, fingerprint, receipt, state, origin, run) "
                "SELECT 'person', 'a', 'people', 's', '7', 'f', id, 'held', 'created', 'run-1' FROM receipts WHERE key = 'a'"
            )
        )
        if engine.dialect.name == "postgresql":  # numbers that were given by hand
            connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('batches', 'id'), 2)"))


def goes_on(ledger: Ledger | None) -> None:
    assert ledger is not None
    assert (ledger.known("person")["a"].meant, ledger.known("person")["a"].native) == ('{"n": 1}', "7")
    assert [(row.key, row.meant) for row in ledger.open_receipts("person")] == [("b", "{}")]
    together(ledger, "run-1", "person", ("c",), "done")
    assert [row.key for row in ledger.receipts("run-1")] == ["a", "b", "c"]
    assert ledger.known_as("person", ["7", "n-c"]).keys() >= {"n-c"}
    assert ledger.known("person")["c"].native == "n-c"
    ledger.close()


def as_written(ledger: Ledger) -> None:
    """More records than are objects at one time, with texts that something on the way could take for something else."""
    odd = ["", "007", "1e5", "NULL", "\\N", "\\.", '"', "a,b", "a\nb", "a\r\nb", " a ", "ä|1", "Z", "😀", "nan", "true"]
    keys = tuple(sorted({*odd, *(f"{n:05}" for n in range(2_500))}, key=str.encode))
    natives = {key: key for key in keys if key not in ("007", "Z")}
    ledger.begin("run-1", "live", "memory")
    ledger.settle_table(ledger.intend_table("run-1", "person", table(keys)), "done", natives)
    ledger.saw("person", [("Z", ""), ("a,b", "null")])
    found = {row["key"]: row for batch in ledger.identities("person") for row in batch.to_pylist()}
    assert list(found) == list(keys)
    assert {key: row["native"] for key, row in found.items()} == {key: natives.get(key) for key in keys}
    assert {key: row["seen"] for key, row in found.items() if row["seen"] is not None} == {"Z": "", "a,b": "null"}
    assert {row["source_key"] for row in found.values()} == {f"s-{key}" for key in keys}
    assert {row["meant"] for row in found.values()} == {'{"at": null, "name": "Ä"}'}
    assert {row.key: row.native for row in ledger.receipts("run-1")} == {key: natives.get(key) for key in keys}
    assert not list(ledger.identities("nothing"))
    with ledger.engine.connect() as connection:  # as the stage sorts, and as the index does
        assert list(connection.execute(sa.text("SELECT key FROM identities ORDER BY key")).scalars()) == list(keys)
