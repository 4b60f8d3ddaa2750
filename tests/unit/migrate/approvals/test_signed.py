"""What the audit trail holds of approvals."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from migrate.approvals.signed import APPROVED, WITHDRAWN, read_approvals, same_name

BY = {"role": "quality", "name": "Ann", "account": "ann", "at": "2026-03-01T12:00:00+00:00", "meaning": "m", "reason": "r"}
DETAIL = {
    **BY, "expires": "2026-03-15T12:00:00+00:00", "tool_version": "1", "parts": {"mapping": "h"},
    "files": {"mapping": {"a.yaml": "h"}}, "evidence": {"summary.json": "h"},
}  # fmt: skip


def row(number: int, event: str, detail: Any) -> Any:
    text = detail if isinstance(detail, str) else json.dumps(detail)
    return SimpleNamespace(id=number, hash=f"h{number}", run="run-1", event=event, detail=text)


def test_an_approval_and_its_withdrawal() -> None:
    read = read_approvals([row(1, APPROVED, DETAIL), row(2, "live began", {}), row(3, APPROVED, DETAIL),
                           row(4, WITHDRAWN, {**BY, "of": 1})])  # fmt: skip
    assert [(a.entry, a.withdrawn is not None) for a in read.approvals] == [(1, True), (3, False)]
    assert read.malformed == []
    assert read.withdrawals == {4: "run-1"}
    assert read.hashes == {1: "h1", 2: "h2", 3: "h3", 4: "h4"}


@pytest.mark.parametrize(
    "entry",
    [
        row(2, APPROVED, "no json"),
        row(2, APPROVED, {**DETAIL, "more": 1}),
        row(2, APPROVED, {k: v for k, v in DETAIL.items() if k != "evidence"}),
        row(2, APPROVED, {**DETAIL, "expires": "never"}),
        row(2, APPROVED, {**DETAIL, "expires": "2026-03-15T12:00:00"}),
        row(2, APPROVED, []),
        row(2, WITHDRAWN, {**BY, "of": 7}),
        row(2, WITHDRAWN, {**BY, "of": 2}),
        row(2, WITHDRAWN, {**BY, "of": "1"}),
    ],
    ids=lambda entry: entry.detail[:40],
)
def test_an_entry_of_another_shape_is_no_approval(entry: Any) -> None:
    read = read_approvals([row(1, APPROVED, DETAIL), entry])
    assert read.malformed == [2]
    assert [(a.entry, a.withdrawn) for a in read.approvals] == [(1, None)]


@pytest.mark.parametrize("other", ["ann lee", " Ann  LEE ", "Ann\u00a0Lee", "\uff21nn Lee", "Ann\tLee"])
def test_names_that_are_one(other: str) -> None:
    assert same_name(other) == same_name("Ann Lee")


@pytest.mark.parametrize("other", ["Ann Leé", "AnnLee", "Ann L"])
def test_names_that_are_two(other: str) -> None:
    assert same_name(other) != same_name("Ann Lee")


def test_accents_that_are_put_together_in_two_ways_are_one() -> None:
    assert same_name("Ren\u00e9e") == same_name("Rene\u0301e")
