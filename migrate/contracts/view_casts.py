"""Casts of text in a view: what they cannot read is null there, and no record is at hand that could be told of it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from migrate.contracts.model import Contract, FieldType
from migrate.expressions import parse_query, read_query, tables_read

_TYPES: dict[FieldType, str] = {
    "string": "varchar", "int": "bigint", "decimal": "double", "flag": "boolean", "date": "date", "datetime": "timestamp",
    "epoch": "timestamp",
}  # fmt: skip


def text_casts(contract: Contract, sql: str) -> Iterator[str]:
    """The casts of a view that make something else of text, as they stand there. ``try_cast`` says that null is meant.

    Of what a contract does not say the type of, nothing is said.
    """
    if not any(_may_fail(cast) for cast in read_query(sql).find_all(exp.Cast)):
        return
    tree = parse_query(sql)
    read = {table.name for table in tables_read(tree) if table.name in contract.entities}
    fields: dict[str, object] = {n: {f: _TYPES[rule.type] for f, rule in contract.entities[n].fields.items()} for n in read}
    schema = MappingSchema(fields, dialect="duckdb")
    try:
        qualified = qualify(tree, schema=schema, dialect="duckdb", validate_qualify_columns=False, quote_identifiers=False)
        typed = annotate_types(qualified, schema=schema, dialect="duckdb")
    except SqlglotError:
        return  # a column that is not there is told where the view is made
    for cast in typed.find_all(exp.Cast):
        if _may_fail(cast) and cast.this.is_type(*exp.DataType.TEXT_TYPES):
            yield cast.sql(dialect="duckdb")


def _may_fail(cast: exp.Cast) -> bool:
    return type(cast) is exp.Cast and not cast.to.is_type(*exp.DataType.TEXT_TYPES) and cast.this.find(exp.Column) is not None
