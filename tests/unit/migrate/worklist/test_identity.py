from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.worklist.identity import KINDS, cause_id, cause_sql, item_id, item_sql

PART = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.lists(PART, min_size=1, max_size=4))
def test_the_engine_and_python_give_one_id(kind: str, parts: list[str | None]) -> None:
    with duckdb.connect() as connection:
        sql = item_sql(kind, *(f"${n + 1}" for n in range(len(parts))))  # type: ignore[arg-type]
        row = connection.execute(f"SELECT {sql}", parts).fetchone()
    assert row == (item_id(kind, *parts),)  # type: ignore[arg-type]


@given(PART, PART, PART)
def test_causes_too(entity: str | None, code: str | None, field: str | None) -> None:
    with duckdb.connect() as connection:
        row = connection.execute(f"SELECT {cause_sql('$1', '$2', '$3')}", [entity, code, field]).fetchone()
    assert row == (cause_id(entity, code, field),)


def test_an_id_does_not_change_from_version_to_version() -> None:
    assert item_id("record", "USR-EMAIL", "users", "email", "7") == "W-68ea2b969e6ad0a5"


def test_null_is_not_blank_and_parts_do_not_run_together() -> None:
    assert len({item_id("record", None), item_id("record", ""), item_id("record", "", ""), item_id("value", "")}) == 4
    assert item_id("record", "a", "bc") != item_id("record", "ab", "c")
