from __future__ import annotations

import pytest

from migrate.errors import RunFailed
from migrate.spark.types import comes_back, quoted, spark_text, spark_type, spark_value, written_out


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("VARCHAR", "STRING"),
        ("TIMESTAMP", "TIMESTAMP_NTZ"),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NTZ"),
        ("TIME", "STRING"),
        ("HUGEINT", "DECIMAL(38, 0)"),
        ("DECIMAL(18,4)", "DECIMAL(18, 4)"),
        ("VARCHAR[]", "ARRAY<STRING>"),
        ('STRUCT("a b" INTEGER, c VARCHAR[])', "STRUCT<`a b`: INT, `c`: ARRAY<STRING>>"),
    ],
)
def test_every_type_has_its_name_in_spark(duckdb: str, spark: str) -> None:
    assert spark_type(duckdb) == spark


@pytest.mark.parametrize("kind", ["TIMESTAMP_NS", "INTERVAL", "UUID"])
def test_a_type_that_spark_lacks_is_refused(kind: str) -> None:
    with pytest.raises(RunFailed, match="has no type for"):
        spark_type(kind)


def test_wide_integers_come_back_as_decimals() -> None:
    assert comes_back("BIGINT[]")
    assert not comes_back("HUGEINT")


def test_names_and_texts_are_escaped() -> None:
    assert quoted("a`b") == "`a``b`"
    assert spark_text("O'N\\n") == "'O\\'N\\\\n'"
    assert spark_text("\x0012") == "'\\u000012'", "no octal number"


def test_a_few_values_are_written_into_the_statement() -> None:
    assert [spark_value(value) for value in ("a'b", None, True, -7)] == ["'a\\'b'", "NULL", "TRUE", "-7"]
    assert written_out("VARCHAR")
    assert not written_out("DOUBLE"), "its text is not its value"
