"""The suppression list beside what the audit trail knows of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrate.privacy.noted_list import ACCEPTED, ADDED, REMOVED, strayed

LIST = b"hash,kind,reason,by,at\nkey,key check,,,\na,email,r,b,t\n"


@dataclass(frozen=True)
class Entry:
    event: str
    detail: str
    at: str = "2026-03-01T10:00:00.000+00:00"


def noted(event: str, content: bytes | None, entries: int = 1) -> Entry:
    told: dict[str, Any] = {"entries": entries, "sha256": hashlib.sha256(content).hexdigest() if content is not None else None}
    return Entry(event, json.dumps(told))


@pytest.mark.parametrize("event", [ADDED, REMOVED, ACCEPTED])
def test_the_newest_entry_about_the_list_counts(tmp_path: Path, event: str) -> None:
    file = tmp_path / "suppressed.csv"
    file.write_bytes(LIST)
    trail = [noted(ADDED, b"before"), noted(event, LIST), Entry("approved", "{}")]
    assert strayed(tmp_path, trail) is None
    assert strayed(tmp_path, [*trail, noted(ADDED, b"after", 7)]) is not None
    file.unlink()
    gone = strayed(tmp_path, trail)
    assert gone is not None
    assert "had 1 identifiers on 2026-03-01T10:00:00, and now it is gone" in gone.message
    assert strayed(tmp_path, [noted(event, None, 0)]) is None


def test_a_trail_that_knows_no_list_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "suppressed.csv").write_bytes(LIST)
    assert strayed(tmp_path, [Entry("approved", "no json")]) is None


@pytest.mark.parametrize("detail", ["no json", "[]", "{}", '{"sha256": 7}'])
def test_an_entry_that_somebody_else_wrote_knows_no_list(tmp_path: Path, detail: str) -> None:
    assert strayed(tmp_path, [Entry(ADDED, detail)]) is not None
