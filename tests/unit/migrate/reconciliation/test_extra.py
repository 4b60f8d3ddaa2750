"""Keys that do not count each other out are found, whichever buckets they share with others."""

from __future__ import annotations

from collections import Counter

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.reconciliation import extra

KEYS = st.lists(st.one_of(st.integers(0, 40).map(str), st.text(max_size=3)), max_size=40)


def surplus(held: list[str], expected: list[str], bucket: str) -> tuple[dict[str, int], int]:
    """What is held more often than expected, of the uneven buckets alone; and how many of those there are."""
    with duckdb.connect() as connection:
        rows = {"k": pa.array([*held, *expected], pa.string()), "n": pa.array([1] * len(held) + [-1] * len(expected), pa.int32())}
        connection.register("rows", pa.table(rows))
        connection.execute(f"CREATE TABLE uneven AS {extra.uneven('SELECT * FROM rows')}")
        query = f"SELECT k, sum(n) FROM rows WHERE {bucket} IN (FROM uneven) GROUP BY k HAVING sum(n) > 0"
        found = {key: int(n) for key, n in connection.execute(query).fetchall()}
        buckets = connection.execute("SELECT count(*) FROM uneven").fetchone()
        return found, buckets[0] if buckets else 0


@pytest.mark.parametrize("bucket", ["hash(k) % 16384", "hash(k) % 2", "0"])
@settings(deadline=None, max_examples=40)
@given(held=KEYS, expected=KEYS)
def test_what_is_held_beyond_what_is_expected(bucket: str, held: list[str], expected: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(extra, "BUCKET", bucket)
        found, buckets = surplus(held, expected, bucket)
    assert found == dict(Counter(held) - Counter(expected))
    assert (buckets == 0) == (Counter(held) == Counter(expected))


def test_one_key_for_another_in_one_bucket_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "BUCKET", "0")
    assert surplus(["a", "b", "x"], ["a", "b", "y"], "0") == ({"x": 1}, 1)
    assert surplus(["a", "a", "b"], ["a", "b", "b"], "0") == ({"a": 1}, 1)
