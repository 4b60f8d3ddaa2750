"""A run folder that somebody sent may hold links in the places of reports: none is followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.forms import FILES, form_file, write_forms


@pytest.mark.parametrize("form", FILES)
def test_a_report_is_not_written_to_where_a_link_leads(run_folder: Path, tmp_path: Path, form: str) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine", "utf-8")
    file = form_file(run_folder, form)
    for link in (file, file.with_name(f".{file.name}.part")):
        link.unlink(missing_ok=True)
        link.symlink_to(precious)
    write_forms(run_folder, [form])
    assert precious.read_text("utf-8") == "mine"
    assert file.is_file()
    assert not file.is_symlink()
