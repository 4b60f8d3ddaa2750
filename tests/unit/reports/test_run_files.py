"""A run folder whose JSON files are gone or spoiled is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.errors import RunFailed
from reports.build import build
from reports.record_view import read_record


@pytest.mark.parametrize("name", ["summary.json", "run.json"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        (b'{"a', "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b"[]", "not what a run writes"),
        (b'{"entities": "x"}', "not what a run writes"),
    ],
)
def test_what_is_no_run_is_said(run_folder: Path, name: str, content: bytes | None, said: str) -> None:
    file = run_folder / name
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RunFailed, match=said) as refused:
        build(run_folder)
    assert str(file) in str(refused.value)
    assert "next:" in str(refused.value)
    with pytest.raises(RunFailed, match=said):
        read_record(run_folder, row=1)
