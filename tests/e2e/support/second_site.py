"""The Moodle sample as one of several sites that go into another Moodle, rehearsed once per test session."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from run_reading import cells, load_files
from sample_runs import AS_OF, load_generator

from migrate.pipeline import RunResult, run
from migrate.scaffold import new_workspace


def site_workspace(folder: Path, site: str | None = None) -> Path:
    """A new workspace with the sample as its source. ``site`` is the short name of the site, if not the pair's own."""
    new_workspace(folder, "moodle", "moodle")
    settings = folder / "migration.yaml"
    text = settings.read_text("utf-8") + f"as_of: {AS_OF}\n"
    assert 'site: "b"' in text
    settings.write_text(text.replace('site: "b"', f"site: {site}") if site else text, "utf-8")
    load_generator("generate_moodle").generate(folder / "source.sqlite")
    return folder


@cache
def second_site() -> RunResult:
    folder = Path(tempfile.mkdtemp(prefix="lms-migrate-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return run(site_workspace(folder / "second"))


def loaded(result: RunResult) -> dict[str, list[dict[str, str]]]:
    """The rows of the load files, by entity."""
    tables = {name.removesuffix(".csv"): cells(text) for name, text in load_files(result.folder / "4_load").items()}
    return {name: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for name, rows in tables.items()}
