"""Changing what is known of the records of an entity, within a transaction of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, delete, func, select, update
from sqlalchemy import insert as insert_into

from migrate.ledger.entries import Settled, as_json
from migrate.ledger.tables import IDENTITIES, RECEIPTS

AT_ONCE = 500
"""Keys in one statement: databases bound the number of parameters."""
_CHANGING = ("mapping", "source_key", "native", "fingerprint", "seen", "meant", "receipt", "state", "run", "origin")


def known(entity: str, columns: Sequence[str]) -> Select[Any]:
    """What is known of the records of an entity; ``columns`` of the identities."""
    meant = func.coalesce(IDENTITIES.c.meant, RECEIPTS.c.meant).label("meant")
    selected = select(*(meant if column == "meant" else IDENTITIES.c[column] for column in columns))
    joined = selected.join_from(IDENTITIES, RECEIPTS, RECEIPTS.c.id == IDENTITIES.c.receipt, isouter=True)
    return joined.where(IDENTITIES.c.entity == entity)


def remember(connection: Connection, run: str, entity: str, settled: Sequence[Settled]) -> None:
    """Bring identities up to date after what was done. The key exists or not: update first, insert what was not there."""
    gone(connection, entity, [one.intent.key for one in settled if one.intent.action == "remove"], run=run)
    kept = [one for one in settled if one.intent.action != "remove"]
    if not kept:
        return
    there = {row.key: row for row in rows(connection, entity, [one.intent.key for one in kept])}
    entries = [
        {
            "entity": entity, "key": one.intent.key, "mapping": one.intent.mapping, "source_key": one.intent.source_key,
            "native": one.native or one.intent.native, "fingerprint": one.intent.fingerprint, "seen": one.seen,
            "meant": as_json(one.intent.meant), "receipt": None,
            "state": "handed_over" if one.state == "handed_over" else "held",
            "origin": _origin(one, there.get(one.intent.key)), "run": run,
        }
        for one in kept
    ]  # fmt: skip
    fresh = [entry for entry in entries if entry["key"] not in there]
    if fresh:
        connection.execute(insert_into(IDENTITIES), fresh)
    changed = [{"k": e["key"], **{f"v_{c}": e[c] for c in _CHANGING}} for e in entries if e["key"] in there]
    if changed:
        connection.execute(
            update(IDENTITIES).where(_at(entity)).values({c: bindparam(f"v_{c}") for c in _CHANGING}),
            changed,
        )


def _origin(one: Settled, before: Row[Any] | None) -> str:
    """What came after a record was removed and is not of a run is somebody else's."""
    if one.intent.action == "create":
        return "created"
    return "adopted" if before is None or before.state == "removed" else str(before.origin)


def rows(connection: Connection, entity: str, keys: Sequence[str]) -> Iterator[Row[Any]]:
    """Identities of these keys."""
    for start in range(0, len(keys), AT_ONCE):
        part = keys[start : start + AT_ONCE]
        yield from connection.execute(select(IDENTITIES).where(IDENTITIES.c.entity == entity, IDENTITIES.c.key.in_(part)))


def gone(connection: Connection, entity: str, keys: Iterable[str], *, run: str | None = None) -> None:
    """These records are in the target no more."""
    values = {"state": "removed", "fingerprint": "", "seen": None, "native": None} | ({"run": run} if run else {})
    _each(connection, entity, keys, values)


def missed(connection: Connection, entity: str, keys: Iterable[str]) -> None:
    """These records were said to be written, and the target does not show them: the next run looks and writes them again."""
    _each(connection, entity, keys, {"state": "missed", "fingerprint": "", "seen": None, "native": None})


def doubt(connection: Connection, entity: str, keys: Iterable[str]) -> None:
    """Nobody knows what these records look like now: the next run asks the target."""
    _each(connection, entity, keys, {"fingerprint": "", "seen": None})


def forget(connection: Connection, entity: str, keys: Iterable[str]) -> None:
    """Know nothing of these records any more: they were in the target before any run, and stay there."""
    parameters = [{"k": key} for key in keys]
    if parameters:
        connection.execute(delete(IDENTITIES).where(_at(entity)), parameters)


def saw(connection: Connection, entity: str, seen: Iterable[tuple[str, str]]) -> None:
    """Remember (key, fingerprint) of records as the target shows them."""
    parameters = [{"k": key, "s": fingerprint} for key, fingerprint in seen]
    if parameters:
        connection.execute(update(IDENTITIES).where(_at(entity)).values(seen=bindparam("s")), parameters)


def renumber(connection: Connection, entity: str, natives: Iterable[tuple[str, str]]) -> None:
    """Remember (key, native) of records that have another id in the target now."""
    parameters = [{"k": key, "n": native} for key, native in natives]
    if parameters:
        connection.execute(update(IDENTITIES).where(_at(entity)).values(native=bindparam("n")), parameters)


def relabel(connection: Connection, entity: str, labels: Iterable[tuple[str, str, str]]) -> None:
    """Remember (key, mapping, source key) of records that another source record stands behind now."""
    parameters = [{"k": key, "m": mapping, "o": source_key} for key, mapping, source_key in labels]
    if parameters:
        connection.execute(
            update(IDENTITIES).where(_at(entity)).values(mapping=bindparam("m"), source_key=bindparam("o")), parameters
        )


def rename(connection: Connection, entity: str, names: Iterable[tuple[str, str]]) -> None:
    """Records (old key, new key) that somebody renamed in the target. What is known of a new key by itself gives way."""
    parameters = [{"k": old, "n": new} for old, new in names]
    if parameters:
        connection.execute(delete(IDENTITIES).where(_at(entity)), [{"k": one["n"]} for one in parameters])
        connection.execute(
            update(IDENTITIES).where(_at(entity)).values(key=bindparam("n"), fingerprint="", seen=None), parameters
        )


def _at(entity: str) -> ColumnElement[bool]:
    return and_(IDENTITIES.c.entity == entity, IDENTITIES.c.key == bindparam("k"))


def _each(connection: Connection, entity: str, keys: Iterable[str], values: dict[str, Any]) -> None:
    parameters = [{"k": key} for key in keys]
    if parameters:
        connection.execute(update(IDENTITIES).where(_at(entity)).values(**values), parameters)
