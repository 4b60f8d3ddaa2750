"""SELECTs that look at all mapped rows of a mapping for what is wrong with their references. Rows are many and few have
something wrong, so each looks at all references in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migrate.compiler.shared import MAPPED
from migrate.compiler.text import name

GONE = "('excluded', 'merged')"
LOST, TARGET = "lost", "target"


def referring_to_lost(mapping: str, references: Mapping[str, str], kept: Iterable[str]) -> str:
    """The rows that refer to some lost record: ``key``, ``was`` (the disposition of the map stage), ``ref:field`` of all
    ``references`` (``{field: mapping referred to}``), and ``to:field`` of the fields in ``kept``."""
    columns = [f"m.{name('ref:' + field)}" for field in references] + [f"m.{name('to:' + field)}" for field in kept]
    aliases = {field: f"l{number}" for number, field in enumerate(references)}
    joins = " ".join(
        f"LEFT JOIN {name(LOST, other)} AS {aliases[field]} ON {aliases[field]}.key = m.{name('ref:' + field)}"
        for field, other in references.items()
    )
    some = " OR ".join(f"{alias}.key IS NOT NULL" for alias in aliases.values())
    listed = ", ".join(["m._key AS key", "m._disposition AS was", *columns])
    return f"SELECT {listed} FROM {name(MAPPED, mapping)} AS m {joins} WHERE {some}"


def unknown_to_target(mapping: str, values: Mapping[str, str], known: Mapping[str, str]) -> str:
    """The candidates of which the target would not know some value: ``key``, and for each field ``value:field`` and
    ``unknown:field``. ``values``: SQL of the value of a field in a row ``m``; ``known``: a SELECT of ``v``, each value that it
    may have, once."""
    aliases = {field: f"t{number}" for number, field in enumerate(values)}
    columns = {field: f"s.{name('value:' + field)}" for field in values}
    given = ", ".join(f"{sql} AS {name('value:' + field)}" for field, sql in values.items())
    rows = f"SELECT m._key AS key, {given} FROM {name(MAPPED, mapping)} AS m WHERE m._disposition = 'candidate'"
    unknown = {f: f"({columns[f]} IS NOT NULL AND {alias}.v IS NULL)" for f, alias in aliases.items()}
    joins = " ".join(f"LEFT JOIN ({known[f]}) AS {alias} ON {alias}.v = {columns[f]}" for f, alias in aliases.items())
    found = ", ".join(f"{columns[f]}, {unknown[f]} AS {name('unknown:' + f)}" for f in values)
    return f"SELECT s.key, {found} FROM ({rows}) AS s {joins} WHERE {' OR '.join(unknown.values())}"


def standing(mapping: str, columns: Iterable[str]) -> str:
    """Some columns of the rows that are neither excluded nor merged now."""
    mapped, listed = name(MAPPED, mapping), ", ".join(f"m.{column}" for column in columns)
    return (
        f"SELECT {listed} FROM {mapped} AS m WHERE m._disposition NOT IN {GONE} UNION ALL SELECT {listed} FROM {mapped} AS m "
        f"SEMI JOIN {name(LOST, mapping)} AS l ON l.key = m._key WHERE m._disposition = 'merged'"
    )


def not_in_source(mapping: str, field: str, other: str) -> str:
    """A SELECT of the number of standing rows that refer to a record of ``other`` that the source does not have. The map stage
    raised an issue about each that it neither excluded nor merged, so the others need not be looked up."""
    reference = name("ref:" + field)
    rows = standing(mapping, [reference, "_disposition", "_issues"])
    return (
        f"SELECT count(*) FROM ({rows}) AS s ANTI JOIN {name(MAPPED, other)} AS o ON o._key = s.{reference} "
        f"WHERE s.{reference} IS NOT NULL AND (s._disposition = 'merged' OR len(s._issues) > 0)"
    )
