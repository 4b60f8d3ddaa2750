"""The words of mappings together, over made-up rows: both engines say the same of every row."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from every_word import write_every_word
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_up_rows import SCHOOLS, WRECKS
from small_pair import Bench
from test_whole_run import files_that_differ, use

from migrate.mapping.model import FieldRule, Fold, Joined, Lookup, Mapping, Match, MatchTier, Merge, Pivot

UNTOLD = {
    Mapping: {"entity", "note", "undecided", "drop", "tests"},
    FieldRule: {"note"},
    Merge: set(),
    Fold: set(),
    Match: {"optional"},
    MatchTier: set(),
    Lookup: set(),
    Pivot: set(),
    Joined: {"message", "set", "others_only"},
}
"""Words of each part of a mapping that no statement comes from, or that choose no other kind of statement."""


def test_no_word_is_left_out(tmp_path: Path) -> None:
    """A word that is new has to be said in the mappings of the test below, or to be listed above."""
    folder = tmp_path / "workspace"
    write_every_word(folder)
    written = "\n".join(file.read_text("utf-8") for file in (folder / "mapping").glob("*.yaml"))
    missing = {
        (of.__name__, word)
        for of, untold in UNTOLD.items()
        for word in (field.alias or name for name, field in of.model_fields.items())
        if word not in untold and f"{word}:" not in written
    }
    assert not missing


@pytest.mark.long
@pytest.mark.usefixtures("on_spark")
@given(rows=st.one_of(SCHOOLS, WRECKS))
@settings(max_examples=2, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_the_words_of_mappings_agree(rows: Any, spark_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("words")
    write_every_word(workspace := folder / "workspace")
    use(spark_settings, workspace)
    bench = Bench.of(workspace)
    expected = bench.run(rows, stop_after="validate")
    shutil.copytree(expected.folder, kept := folder / "duckdb")
    got = bench.run(engine="spark", stop_after="validate")
    assert str(got.failure) == str(expected.failure)
    assert files_that_differ(kept, got.folder) == []
