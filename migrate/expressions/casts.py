"""Casts of an expression that fail: which text each of them could not read, where the expression came so far.

The engine gives null for what cannot be cast, and passes over a part of some that can: what is behind a day or a point, an
offset, and digits that a DOUBLE does not carry. Where that null is what the expression comes to, or decides what it comes to, the
text was lost. It was not where the author asks for it: under ``try_cast``, under ``is null``, in a branch that is not taken, or
before another value of a ``coalesce``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

from sqlglot import exp

from migrate.expressions.numbers import carried
from migrate.expressions.operators import blank_to_null
from migrate.expressions.parse import parse_expression

UNREAD = "unread:"
"""Before the name of a let: the column with the text that a cast in it could not read."""
_ASKED_FOR = (exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ, exp.TryCast)
_DAY = (
    "typeof(x) <> 'VARCHAR' OR regexp_full_match(trim(CAST(x AS TEXT)), "
    "'[0-9]+[-/ ][0-9]+[-/ ][0-9]+([ T][0-9]+:[0-9:.]+ ?(Z|[+-][0-9:]+)?)?')"
)
"""No text, or a day with or without a time of day. The engine's cast passes over anything that stands behind a day."""
_WHOLE = "typeof(x) <> 'VARCHAR' OR coalesce(TRY_CAST(x AS DECIMAL(38, 10)) = TRY_CAST(x AS BIGINT), TRUE)"
"""No text, or a whole number. The engine's cast rounds others."""
_PLAIN = "typeof(x) <> 'VARCHAR' OR NOT regexp_matches(trim(CAST(x AS TEXT)), ':[0-9.]+ ?[+-][0-9:]*[1-9][0-9:]*$')"
"""No text, or an instant whose offset, if it says one, is none. The engine's cast passes over offsets."""
_CARRIED = f"typeof(x) <> 'VARCHAR' OR {carried('TRY_CAST(x AS DOUBLE)', 'CAST(x AS VARCHAR)')}"
_KEPT = {
    exp.DataType.Type.DATE: _DAY, exp.DataType.Type.TIMESTAMPNTZ: _PLAIN, exp.DataType.Type.BIGINT: _WHOLE,
    exp.DataType.Type.DOUBLE: _CARRIED,
}  # fmt: skip
"""Per type what has to hold of an ``x``, so that nothing of it is lost though its cast is not null."""
_Part = exp.Expr
_Guards = tuple[exp.Expr, ...]


def unread_casts(text: str, lets: Collection[str] = ()) -> exp.Expression | None:
    """An expression of the text that a cast in ``text`` cannot read, null where all can be read; None where nothing is cast.

    ``lets``: names with a column ``unread:NAME`` of their own. Raises ExpressionError.
    """
    found = [_when(guards, failed, told) for guards, failed, told in _failing(parse_expression(text), (), frozenset(lets))]
    parts = list({part.sql(dialect="duckdb"): part for part in found}.values())
    return None if not parts else parts[0] if len(parts) == 1 else exp.Coalesce(this=parts[0], expressions=parts[1:])


def _failing(node: _Part, guards: _Guards, lets: frozenset[str]) -> Iterator[tuple[_Guards, exp.Expr, exp.Expr]]:
    """``(what has to hold for the part to count, the condition under which it fails, the text it cannot read)``."""
    if isinstance(node, _ASKED_FOR):
        return
    if isinstance(node, exp.Case):
        yield from _of_case(node, guards, lets)
        return
    if isinstance(node, exp.Coalesce | exp.And | exp.Or):
        guards = (*guards, _is_null(node))
    for child in node.iter_expressions():
        yield from _failing(child, guards, lets)
    if isinstance(node, exp.Column) and not node.table and node.name in lets:
        let = exp.column(UNREAD + node.name, quoted=True)
        yield guards, exp.and_(_is_null(node), exp.not_(_is_null(let)), copy=False), let
    elif type(node) is exp.Cast and not node.to.is_type(*exp.DataType.TEXT_TYPES) and node.this.find(exp.Column):
        told = exp.cast(node.this.copy(), exp.DataType.Type.TEXT, copy=False)
        failed = _is_null(node)
        if (kept := _KEPT.get(node.to.this)) is not None:
            failed = exp.or_(failed, exp.not_(_with(kept, node.this)), copy=False)
        yield guards, exp.and_(failed, exp.not_(_is_null(_with(blank_to_null("x"), told))), copy=False), told


def _of_case(case: exp.Case, guards: _Guards, lets: frozenset[str]) -> Iterator[tuple[_Guards, exp.Expr, exp.Expr]]:
    """A condition that is null because of a cast counts as not met: it decides, too."""
    if case.this is not None:
        yield from _failing(case.this, guards, lets)
    for branch in case.args["ifs"]:
        condition = branch.this if case.this is None else exp.EQ(this=case.this.copy(), expression=branch.this.copy())
        yield from _failing(branch.this, (*guards, _is_null(condition)), lets)
        yield from _failing(branch.args["true"], (*guards, _copied(condition)), lets)
        guards = (*guards, exp.not_(exp.Coalesce(this=_copied(condition), expressions=[exp.false()]), copy=False))
    if (default := case.args.get("default")) is not None:
        yield from _failing(default, guards, lets)


def _when(guards: _Guards, failed: exp.Expr, told: exp.Expr) -> exp.Expression:
    condition = exp.and_(failed, *(guard.copy() for guard in guards), copy=False)  # what seldom holds comes first
    return exp.Case(ifs=[exp.If(this=condition, true=told.copy())])


def _copied(condition: exp.Expr) -> exp.Expr:
    return exp.paren(condition.copy(), copy=False)


def _is_null(node: exp.Expr) -> exp.Expr:
    return exp.Is(this=_copied(node), expression=exp.null())


def _with(sql: str, told: exp.Expr) -> exp.Expr:
    """The SQL of an ``x``, with the text in its place."""
    x = exp.column("x")
    return _parsed(sql).transform(lambda node: told.copy() if node == x else node)


@cache
def _parsed(sql: str) -> exp.Expression:
    return exp.maybe_parse(sql, dialect="duckdb")
