"""Rows that are meant beside those that were read back: what is missing, and which field differs in which record."""

from __future__ import annotations

from migrate.artefacts import ReadBack
from migrate.compiler.text import literal, name
from migrate.engine import Engine, number, scan
from migrate.live.names import KEPT, UNSHOWN
from migrate.mapping.tolerance import alternatives
from migrate.reconciliation import excused as excuse
from migrate.reconciliation.balance import Balance
from migrate.reconciliation.sides import Sides
from migrate.run_folder import RunFolder


def compare(
    connection: Engine, sides: Sides, back: ReadBack, run: RunFolder, balance: Balance, total: int, rows: tuple[str, str] | None
) -> None:
    """Enter what differs in the tables ``differences`` and ``excused``, and count it.

    ``total`` is the number of rows that were to be found. ``rows`` is SQL of those that are expected and of those that were read
    back which may differ; all others are known to be equal. None: all are.
    """
    mapping = sides.mapping
    counts: dict[str, int] = {}
    excuses: dict[str, dict[str, int]] = {
        f: {rule.label: 0 for rule in rules}
        for f in sides.fields
        if f not in sides.unfilled and (rules := mapping.model.fields[f].compare)
    }
    stays = _stays(sides, back, run)
    missing = 0
    if rows is not None:
        _pair(connection, sides, *rows)
        missing = number(
            connection,
            f"INSERT INTO differences SELECT {literal(mapping.name)}, _key, _target_key, NULL, 'missing', NULL, NULL FROM _pairs "
            "WHERE missing",
        )
        for field in sides.fields:
            _enter(connection, sides, field, stays, back, run, counts, excuses)
    run.summary["entities"][mapping.name] |= {
        "compared": total - missing, "missing": missing, "extra": 0, "differences": counts,
    }  # fmt: skip
    run.facts["entities"][mapping.name]["excused"] = excuses
    _classify(connection, sides, stays, total - missing, balance)


def _stays(sides: Sides, back: ReadBack, run: RunFolder) -> str | None:
    """What was matched with somebody of the target keeps what stands there: the differences are meant, and counted."""
    if run.facts.get("live") is None:
        return None
    return f"_target_key IN (SELECT key FROM {scan(back.parquet(KEPT))} WHERE entity = {literal(sides.mapping.target_name)})"


def _rules(sides: Sides, field: str) -> list[tuple[str, str]]:
    if field in sides.unfilled:
        return []
    return alternatives(sides.mapping.model.fields[field].compare, f"e.{name(field)}", f"a.{name(field)}")


def _pair(connection: Engine, sides: Sides, expected: str, actual: str) -> None:
    """Fill the table ``_pairs`` with the rows that are missing or differ. Raw values first: only rows that differ somewhere are
    looked at field by field, and normalised."""
    columns = ["e._key", "e._target_key", "a._target_key IS NULL AS missing"]
    for f in sides.fields:
        columns += [f"e.{name(f)} AS {name('e_' + f)}", f"a.{name(f)} AS {name('a_' + f)}"]
        columns.append(f"({sides.unequal(f)}) AS {name('u_' + f)}")
        if rules := _rules(sides, f):
            whens = " ".join(f"WHEN {condition} THEN {literal(label)}" for label, condition in rules)
            columns.append(f"CASE WHEN {sides.unequal(f)} THEN CASE {whens} END END AS {name('x_' + f)}")
    anywhere = " OR ".join(sides.unequal(f) for f in sides.fields) or "FALSE"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _pairs AS SELECT {', '.join(columns)} FROM {expected} AS e "
        f"LEFT JOIN {actual} AS a ON a._target_key = e._target_key WHERE a._target_key IS NULL OR {anywhere}"
    )


def _enter(
    connection: Engine,
    sides: Sides,
    f: str,
    stays: str | None,
    back: ReadBack,
    run: RunFolder,
    counts: dict[str, int],
    excuses: dict[str, dict[str, int]],
) -> None:
    """Enter the pairs of ``_pairs`` that differ in a field, as different or as excused, and count them."""
    mapping, live = sides.mapping, run.facts.get("live")
    entity = literal(mapping.name)
    columns = f"{entity}, _key, _target_key, {literal(f)}"
    pair = f"CAST({name('e_' + f)} AS VARCHAR), CAST({name('a_' + f)} AS VARCHAR) FROM _pairs WHERE NOT missing"
    tolerant = bool(_rules(sides, f))
    forgiven = f" AND {name('x_' + f)} IS NULL" if tolerant else ""
    if live is not None and f"{mapping.target_name}.{f}" in live.get("unshown", {}):
        forgiven += (
            f" AND _target_key NOT IN (SELECT key FROM {scan(back.parquet(UNSHOWN))} "
            f"WHERE entity = {literal(mapping.target_name)} AND field = {literal(f)})"
        )
    if stays:
        kept = number(
            connection,
            f"INSERT INTO excused SELECT {columns}, {literal(excuse.MATCHED)}, {pair} AND {name('u_' + f)}{forgiven} AND {stays}",
        )
        if kept > 0:
            excuses[f] = {excuse.MATCHED: kept} | excuses.get(f, {})
        forgiven += f" AND NOT {stays}"
    differing = number(
        connection, f"INSERT INTO differences SELECT {columns}, 'different', {pair} AND {name('u_' + f)}{forgiven}"
    )
    if differing:
        counts[f] = differing
    if tolerant:
        connection.execute(f"INSERT INTO excused SELECT {columns}, {name('x_' + f)}, {pair} AND {name('x_' + f)} IS NOT NULL")
        sql = "SELECT rule, count(*) FROM excused WHERE entity = ? AND field = ? AND rule <> ? GROUP BY rule ORDER BY rule"
        excuses[f] |= {rule: int(n) for rule, n in connection.execute(sql, [mapping.name, f, excuse.MATCHED]).fetchall()}


def _classify(connection: Engine, sides: Sides, stays: str | None, found: int, balance: Balance) -> None:
    """Count each record that was found in one part of the target's balance: the worst that can be said of it."""
    entity = literal(sides.mapping.name)
    different = f"SELECT DISTINCT key FROM differences WHERE entity = {entity} AND kind = 'different'"
    existing = number(
        connection,
        f"SELECT count(*) FROM (SELECT _key, _target_key FROM {sides.expected}) WHERE {stays} AND _key NOT IN "
        f"(SELECT key FROM differences WHERE entity = {entity} AND kind = 'missing')",
    ) if stays else 0  # fmt: skip
    transformed = (
        f"SELECT count(DISTINCT key) FROM excused AS x WHERE entity = {entity} AND rule <> {literal(excuse.MATCHED)} "
        f"AND key NOT IN ({different})"
    )
    if stays:
        transformed += f" AND NOT {stays.replace('_target_key', 'x.target_key', 1)}"
    changed, unequal = number(connection, transformed), number(connection, f"SELECT count(*) FROM ({different})")
    balance.existing += existing
    balance.transformed += changed
    balance.different += unequal
    balance.identical += found - existing - changed - unequal
