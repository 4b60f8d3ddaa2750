"""Pieces of SQL text shared by the compiler's parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from sqlglot import exp

from migrate.expressions import parse_expression, tables_read

Resolver = Callable[[str, str], str]
"""Gives the SQL of a column by (qualifier or '', name)."""


@cache
def name(*parts: str) -> str:
    """A quoted identifier, dotted when several parts are given."""
    return ".".join(exp.to_identifier(part, quoted=True).sql(dialect="duckdb", copy=False) for part in parts)


def literal(value: object) -> str:
    """A SQL literal of a YAML scalar."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    return _string(str(value))


@cache
def _string(value: str) -> str:
    return exp.Literal.string(value).sql(dialect="duckdb", copy=False)


def key_text(parts: Iterable[str]) -> str:
    """The text of a key. One part: its text. Several: joined by '|', with '\\' and '|' inside them escaped."""
    parts = list(parts)
    if len(parts) == 1:
        return f"CAST({parts[0]} AS VARCHAR)"
    escaped = [f"replace(replace(coalesce(CAST({part} AS VARCHAR), ''), '\\', '\\\\'), '|', '\\|')" for part in parts]
    return "(" + " || '|' || ".join(escaped) + ")"


def value_text(sql: str) -> str:
    """Text by which value maps and crosswalks are looked up: booleans as 1 and 0, as databases export them."""
    return f"CASE WHEN typeof({sql}) = 'BOOLEAN' THEN CAST(TRY_CAST({sql} AS INTEGER) AS VARCHAR) ELSE CAST({sql} AS VARCHAR) END"


def row_hash(values: Iterable[str]) -> str:
    """One hash of all values of a row, never null. Who compares two has to give the same values in the same order and types."""
    return f"hash({', '.join(values) or '0'})"


def place_tables(tree: exp.Expression, schema: str) -> None:
    """Put every table that a query reads into ``schema``."""
    for table in tables_read(tree):
        alias = table.alias or table.name
        table.set("db", exp.to_identifier(schema, quoted=True))
        table.set("this", exp.to_identifier(table.name, quoted=True))
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))


def translate(tree: exp.Expression, resolve: Resolver, as_of: str) -> str:
    """The DuckDB SQL of a vocabulary expression: columns resolved, casts made total, own functions written out. The tree is used
    up by that."""

    def rewrite(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column):
            return _parsed(resolve(node.table, node.name)).copy()
        if type(node) is exp.Cast:
            return exp.TryCast(this=node.this, to=node.args["to"])
        if isinstance(node, exp.Anonymous):
            written = _own_function(node, as_of)
            if written is not None:
                return _parsed(written).copy()
        return node

    return _bottom_up(tree, rewrite).sql(dialect="duckdb", copy=False)


@cache
def _parsed(sql: str) -> exp.Expression:
    return exp.maybe_parse(sql, dialect="duckdb")


@cache  # a plan is compiled for `check` and for the run, and most of its expressions are the same
def translate_text(text: str, resolved: frozenset[tuple[tuple[str, str], str]], as_of: str) -> str:
    """The same for the text of an expression; ``resolved`` are pairs of a column and its SQL."""
    columns = dict(resolved)
    return translate(parse_expression(text), lambda qualifier, column: columns[qualifier, column], as_of)


def _bottom_up(node: exp.Expression, rewrite: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
    for child in list(node.iter_expressions()):
        replacement = _bottom_up(child, rewrite)
        if replacement is not child:
            child.replace(replacement)
    return rewrite(node)


def _own_function(node: exp.Anonymous, as_of: str) -> str | None:
    arguments = [argument.sql(dialect="duckdb") for argument in node.expressions]
    match node.name.lower():
        case "as_of":
            return f"CAST({literal(as_of)} AS TIMESTAMP)"
        case "key":
            return key_text(arguments)
        case "occurrences":
            x = arguments[0]
            return f"CASE WHEN {x} IS NULL THEN NULL ELSE COUNT(*) OVER (PARTITION BY {x}) END"
        case "uuid5":
            return _uuid5(*arguments)
    return None


def _uuid5(namespace: str, named: str) -> str:
    """SQL of RFC 9562's version 5: the first 16 bytes of a SHA-1, with version and variant put in."""
    space = f"replace(lower(CAST({namespace} AS VARCHAR)), '-', '')"
    bytes_ = f"unhex(CASE WHEN regexp_full_match({space}, '[0-9a-f]{{32}}') THEN {space} END)"
    whole = f"sha1({bytes_} || encode(CAST({named} AS VARCHAR)))"
    parts = (
        "substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-5' || substr(h, 14, 3) || '-' || "
        "translate(substr(h, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || substr(h, 18, 3) || '-' || substr(h, 21, 12)"
    )
    return f"list_transform([{whole}], lambda h: {parts})[1]"
