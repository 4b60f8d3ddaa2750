"""Pairs of columns that identify rows are told against what chance would give."""

from __future__ import annotations

import random
from typing import Any

import pytest

from migrate.profiling import keys

CONTRACT = """
source: {kind: database}
entities:
  e:
    key: id
    fields: {id: {type: int}, person: {type: int}, course: {type: int}, term: {type: int}, grade: {type: decimal}}
"""


def rows(surplus: int) -> list[dict[str, Any]]:
    draw = random.Random(7)
    pairs = [(p, c) for p in range(60) for c in range(30) if (p * 7 + c * 3) % 5]
    pairs += pairs[:surplus]
    return [
        {"id": n, "person": p, "course": c, "term": draw.randrange(40), "grade": float(draw.randrange(10_000))}
        for n, (p, c) in enumerate(pairs)
    ]


@pytest.mark.parametrize("sample", [keys._SAMPLE, 200])
@pytest.mark.parametrize("surplus", [0, 9])
def test_a_pair_that_identifies_rows_is_told(profiled: Any, monkeypatch: pytest.MonkeyPatch, surplus: int, sample: int) -> None:
    monkeypatch.setattr(keys, "_SAMPLE", sample)
    declared, pair = profiled(CONTRACT, {"e": rows(surplus)}).entities[0].keys
    assert (declared.fields, declared.declared, declared.surplus) == (("id",), True, 0)
    assert (set(pair.fields), pair.declared, pair.repeated, pair.surplus) == ({"person", "course"}, False, surplus, surplus)
    assert len(pair.examples) == min(surplus, 5)


def test_what_is_unique_by_chance_is_not(profiled: Any) -> None:
    draw = random.Random(3)
    made = [{"id": n, "person": draw.randrange(90), "course": draw.randrange(90), "term": 1, "grade": 1.5} for n in range(100)]
    (declared,) = profiled(CONTRACT, {"e": made}).entities[0].keys
    assert declared.declared


def test_too_many_duplicates_make_no_key(profiled: Any) -> None:
    (declared,) = profiled(CONTRACT, {"e": [row | {"term": 1} for row in rows(200)]}).entities[0].keys
    assert declared.declared
