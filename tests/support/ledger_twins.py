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


def at_first(engine: sa.Engine) -> None:
    """A ledger as the first version left it: one record written, one of which nobody knows."""
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "migrate.ledger:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.text("INSERT INTO runs VALUES ('run-1', 'live', NULL, 'memory', '2026', NULL, 'failed')"))
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


def goes_on(ledger: Ledger | None) -> None:
    assert ledger is not None
    assert (ledger.known("person")["a"].meant, ledger.known("person")["a"].native) == ('{"n": 1}', "7")
    assert [(row.key, row.meant) for row in ledger.open_receipts("person")] == [("b", "{}")]
    together(ledger, "run-1", "person", ("c",), "done")
    assert [row.key for row in ledger.receipts("run-1")] == ["a", "b", "c"]
    ledger.close()
