"""What is measured, against plain Python over the same rows."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrate.contracts.model import Contract, Entity, Field, Source
from migrate.engine import session
from migrate.profiling import frequencies
from migrate.profiling.make import Making
from migrate.profiling.model import EntityProfile
from migrate.profiling.reading import Extract

TEXTS = st.one_of(
    st.none(), st.sampled_from(("", "  ", "a", "b", " a ", "é", "007", "12", "-3", "n/a", "Ã©", "1.5")), st.text(max_size=6)
).filter(lambda text: text is None or (text.isprintable() and "\x00" not in text))
NUMBERS = st.one_of(st.none(), st.integers(-50, 50), st.just(0))
ENTITY = Entity(key=("n",), fields={"n": Field(type="int", never=(0,)), "t": Field(), "i": Field(type="int")})
CONTRACT = Contract(system="s", label="S", source=Source(kind="files"), entities={"e": ENTITY})
Row = tuple[int | None, str | None]


def profile(rows: list[Row]) -> EntityProfile:
    columns = {
        "n": pa.array([n for n, _ in rows], pa.int64()), "t": pa.array([t for _, t in rows], pa.string()),
        "i": pa.array([t for _, t in rows], pa.string()), "_row": pa.array(range(len(rows)), pa.int64()),
        "_fault": pa.nulls(len(rows), pa.string()), "_fault_value": pa.nulls(len(rows), pa.string()),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, session() as connection:
        pq.write_table(pa.table(columns), Path(folder) / "e.parquet")
        making = Making(connection, CONTRACT, Extract(Path(folder), frozenset({"e"}), {}, {}), "2026-01-01 00:00:00")
        return making.entities()[0]


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(NUMBERS, TEXTS), min_size=1, max_size=30))
@example(rows=[(0, " "), (None, None), (3, "+7"), (3, "x")])
def test_counts_are_those_of_plain_python(rows: list[Row]) -> None:
    number, text, integer = profile(rows).fields
    held = [n for n, _ in rows if n not in (None, 0)]
    assert (number.nulls, number.never, number.holding) == (
        sum(n is None for n, _ in rows),
        sum(n == 0 for n, _ in rows),
        len(held),
    )
    assert number.distinct == len(set(held))
    assert number.distinct_exact
    assert {one.value: one.rows for one in number.values} == {str(n): c for n, c in Counter(held).items()}
    if held:
        assert number.numbers is not None
        assert (number.numbers.smallest, number.numbers.largest) == (str(min(held)), str(max(held)))
        assert number.numbers.mean == pytest.approx(sum(held) / len(held), abs=1e-6)  # it is told with six places
    texts = [t for _, t in rows if t is not None]
    said = [t for t in texts if t.strip(" ")]
    assert (text.nulls, text.blanks, text.holding) == (len(rows) - len(texts), len(texts) - len(said), len(said))
    assert {one.value: one.rows for one in text.values} == Counter(said)
    lengths = [len(t.strip(" ")) for t in said]
    assert (text.shortest, text.longest) == (min(lengths, default=None), max(lengths, default=None))
    assert text.texts is not None
    assert text.texts.non_ascii == sum(not t.isascii() for t in said)
    assert text.texts.edges == sum(t != t.strip(" ") for t in said)
    assert integer.nulls + integer.blanks + integer.never + integer.unreadable + integer.holding == len(rows)
    assert integer.unreadable == sum(not _whole(t) for t in said)


def _whole(text: str) -> bool:
    bare = text.strip(" ").removeprefix("-") if text.strip(" ").startswith("-") else text.strip(" ").removeprefix("+")
    return bare.isascii() and bare.isdigit()


def test_beyond_the_limit_values_are_estimated_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequencies, "EXACT", 20)
    rows: list[Row] = [(n, f"value {n}") for n in range(1, 400)] + [(n, "often") for n in range(400, 700)]
    _, text, _ = profile(rows).fields
    assert not text.distinct_exact
    assert text.distinct == pytest.approx(400, rel=0.1)
    assert not text.values_exact
    assert (text.values[0].value, text.values[0].rows) == ("often", 300)
    assert not text.values_complete
