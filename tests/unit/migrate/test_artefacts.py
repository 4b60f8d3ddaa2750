"""What stages hand on: only what the stage before wrote, whole and unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.artefacts import (
    Artefact,
    Extracted,
    Loaded,
    Mapped,
    ReadBack,
    Reconciled,
    Validated,
    sha256,
    write_manifest,
)
from migrate.errors import RunFailed


@pytest.fixture
def mapped(tmp_path: Path) -> Mapped:
    folder = tmp_path / "2_map"
    folder.mkdir()
    pq.write_table(pa.table({"a": [1, 2, 3]}), folder / "users.parquet")
    (folder / "notes.txt").write_text("hello")
    write_manifest(Mapped, folder, None, [folder / "users.parquet", folder / "notes.txt"])
    return Mapped(folder)


def test_a_whole_artefact_is_fine(mapped: Mapped) -> None:
    mapped.verify()
    files = mapped.manifest["files"]
    assert isinstance(files, dict)
    assert files["users.parquet"]["rows"] == 3
    assert files["users.parquet"]["sha256"] == sha256(mapped.parquet("users"))
    assert "rows" not in files["notes.txt"]


def test_a_changed_file_is_refused(mapped: Mapped) -> None:
    pq.write_table(pa.table({"a": [1, 2, 4]}), mapped.parquet("users"))
    with pytest.raises(RunFailed, match=r"users\.parquet is not what stage map wrote"):
        mapped.verify()


def test_a_missing_file_is_refused(mapped: Mapped) -> None:
    mapped.parquet("users").unlink()
    with pytest.raises(RunFailed, match=r"users\.parquet is gone"):
        mapped.verify()


@pytest.mark.parametrize("kind", [Extracted, Validated, Loaded, ReadBack, Reconciled])
def test_another_stages_artefact_is_refused(mapped: Mapped, kind: type[Artefact]) -> None:
    with pytest.raises(RunFailed, match=f"stage map, not of {kind.stage}"):
        kind(mapped.folder).verify()


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"stage": "map"}'])
def test_a_manifest_that_is_none_is_refused(mapped: Mapped, content: str | None) -> None:
    manifest = mapped.folder / "manifest.json"
    if content is None:
        manifest.unlink()
    else:
        manifest.write_text(content)
    with pytest.raises(RunFailed):
        mapped.verify()


def test_the_manifest_names_its_parents(mapped: Mapped, tmp_path: Path) -> None:
    folder = tmp_path / "3_validate"
    folder.mkdir()
    write_manifest(Validated, folder, mapped, [])
    child = json.loads((folder / "manifest.json").read_text())
    assert child == {"stage": "validate", "parent": sha256(mapped.folder / "manifest.json"), "files": {}}


def test_manifests_of_equal_content_are_equal(mapped: Mapped) -> None:
    before = (mapped.folder / "manifest.json").read_bytes()
    write_manifest(Mapped, mapped.folder, None, [mapped.folder / "notes.txt", mapped.folder / "users.parquet"])
    assert (mapped.folder / "manifest.json").read_bytes() == before


def test_a_loader_takes_validated_rows_only(mapped: Mapped) -> None:
    from migrate.progress import Silent
    from migrate.stages.load import load

    with pytest.raises(RunFailed, match="takes validated rows, not Mapped"):
        load(mapped, None, None, Silent(), "1GB")  # type: ignore[arg-type]


def test_every_stage_has_a_kind() -> None:
    from migrate.run_folder import STAGES

    assert tuple(k.stage for k in (Extracted, Mapped, Validated, Loaded, ReadBack, Reconciled)) == STAGES


@pytest.fixture
def validated(tmp_path: Path) -> Validated:
    """Five mapped people: 1 and 2 load (2 without its boss), 3 was lost by validation, 4 by the map stage, 5 is one with 1."""
    folders = [tmp_path / "2_map", tmp_path / "3_validate"]
    for folder in folders:
        folder.mkdir()
    said = ["candidate", "candidate", "candidate", "held", "merged"]
    text = pa.string()
    mapped = {
        "_key": ["1", "2", "3", "4", "5"], "_target_key": ["a", "b", "c", "d", "e"], "_disposition": said,
        "_code": pa.array([None, None, None, "P-HELD", "P-ONE"], text), "_into": pa.array([None, None, None, None, "1"], text),
        "_hash": pa.array([11, 12, 13, 14, 15], pa.uint64()),
        "to:name": ["Ana", "Bo", "Cy", "Di", "Ana"], "to:boss": pa.array([None, "3", None, None, None], text),
    }  # fmt: skip
    pq.write_table(pa.table(mapped), folders[0] / "users.parquet")
    changed = {
        "_key": ["2", "3"], "_disposition": ["candidate", "quarantined"], "_code": pa.array([None, "GATE"], text),
        "to:boss": pa.array([None, None], text),
    }  # fmt: skip
    pq.write_table(pa.table(changed), folders[1] / "users.parquet")
    write_manifest(Mapped, folders[0], None, folders[0].glob("*.parquet"), hashed={"users": ["name", "boss"]})
    write_manifest(Validated, folders[1], Mapped(folders[0]), folders[1].glob("*.parquet"), loading={"users": 2})
    return Validated(folders[1])


def test_what_loads_is_what_was_mapped_but_for_what_validation_changed(validated: Validated) -> None:
    rows = duckdb.sql(f"{validated.loading('users')} ORDER BY 1")
    assert rows.columns == ["_key", "_target_key", "name", "boss"]
    assert rows.fetchall() == [("1", "a", "Ana", None), ("2", "b", "Bo", None)]
    assert validated.fields("users") == ["name", "boss"]
    assert validated.rows("users") == 2


def test_the_hashes_of_what_loads_are_those_that_were_stored(validated: Validated) -> None:
    changed = pq.read_table(validated.parquet("users"))
    pq.write_table(changed.drop(["to:boss"]).slice(1), validated.parquet("users"))
    rows = validated.hashes("users", ["name", "boss"])
    assert rows is not None
    assert duckdb.sql(f"{rows} ORDER BY 1").fetchall() == [("a", 11), ("b", 12)]
    assert validated.hashes("users", ["boss", "name"]) is None
    assert validated.hashes("staff", ["name", "boss"]) is None
    pq.write_table(changed.drop(["to:boss"]).slice(0, 0), validated.parquet("users"))
    rows = validated.hashes("users", ["name", "boss"])
    assert duckdb.sql(f"{rows} ORDER BY 1").fetchall() == [("a", 11), ("b", 12), ("c", 13)]


def test_a_hash_does_not_stand_for_what_validation_put_in_a_place(validated: Validated) -> None:
    assert validated.hashes("users", ["name", "boss"]) is None


def test_every_mapped_record_has_a_disposition(validated: Validated) -> None:
    """That of validation goes before that of the map stage; a merged record has the target key of its survivor."""
    assert duckdb.sql(f"{validated.dispositions('users')} ORDER BY 2").fetchall() == [
        ("users", "1", "candidate", "a", None), ("users", "2", "candidate", "b", None),
        ("users", "3", "quarantined", "c", "GATE"), ("users", "4", "held", "d", "P-HELD"), ("users", "5", "merged", "a", "P-ONE"),
    ]  # fmt: skip


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("statistics", [True, False])
def test_where_validation_changed_nothing_all_stands_as_it_was_mapped(
    validated: Validated, merged: bool, statistics: bool
) -> None:
    """Whatever the files say of themselves."""
    for artefact in (validated.mapped, validated):
        file = artefact.parquet("users")
        table = pq.read_table(file)
        if artefact is validated:
            table = table.slice(0, 0)
        elif not merged:
            table = table.slice(0, 4)
        pq.write_table(table, file, write_statistics=statistics, row_group_size=2)
    rows = [
        ("users", "1", "candidate", "a", None), ("users", "2", "candidate", "b", None), ("users", "3", "candidate", "c", None),
        ("users", "4", "held", "d", "P-HELD"), ("users", "5", "merged", "a", "P-ONE"),
    ]  # fmt: skip
    assert duckdb.sql(f"{validated.dispositions('users')} ORDER BY 2").fetchall() == rows[: 5 if merged else 4]
    assert duckdb.sql(f"{validated.loading('users')} ORDER BY 1").fetchall() == [
        ("1", "a", "Ana", None), ("2", "b", "Bo", "3"), ("3", "c", "Cy", None),
    ]  # fmt: skip


def test_validated_rows_are_those_that_were_mapped(validated: Validated) -> None:
    validated.verify()
    rows = pq.read_table(validated.mapped.parquet("users"))
    pq.write_table(rows.slice(1), validated.mapped.parquet("users"))
    with pytest.raises(RunFailed, match="not what stage map wrote"):
        validated.verify()
    write_manifest(Mapped, validated.mapped.folder, None, validated.mapped.folder.glob("*.parquet"))
    with pytest.raises(RunFailed, match="2_map is not what was validated"):
        validated.verify()


def test_a_target_key_that_is_a_field_s_value_is_read_from_there(mapped: Mapped) -> None:
    rows = {"_key": ["1", "2"], "to:login": ["ana", None], "to:name": ["Ana", "Bo"]}
    for mapping, more in (("users", {}), ("staff", {"_target_key": ["s-1", "s-2"]})):
        pq.write_table(pa.table(rows | more), mapped.parquet(mapping))
    write_manifest(Mapped, mapped.folder, None, mapped.folder.glob("*.parquet"), keys={"users": "login"})
    read = {m: duckdb.sql(f"SELECT _key, _target_key FROM ({mapped.select(m)})").fetchall() for m in ("users", "staff")}
    assert read == {"users": [("1", "ana"), ("2", None)], "staff": [("1", "s-1"), ("2", "s-2")]}
