"""What the stages hand to each other: typed artefacts, each a folder of Parquet with a manifest.

A stage takes the artefact of the stage before it, and only that: a loader cannot be given rows that were not validated,
neither by type nor by file, because the manifest names the stage and the hash of every file and is checked on use.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet as pq

from migrate.compiler.text import literal, name
from migrate.errors import RunFailed
from migrate.run_folder import stage_folder

MANIFEST = "manifest.json"
_VALUE = "to:"
"""How columns begin that hold the value of a target field."""


@dataclass(frozen=True)
class Artefact:
    """A finished stage's folder."""

    stage: ClassVar[str] = ""
    folder: Path

    def parquet(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def rows(self, *names: str) -> int:
        """Rows of some of its Parquet files together, as their footers say."""
        return sum(_rows(self.parquet(name)) for name in names)

    def largest_first(self, names: Iterable[str]) -> list[str]:
        """Names by the rows of their Parquet files. Who sorts several together does well to begin with the largest: with a small
        one first the engine (DuckDB 1.5) holds on to what it has, and has no memory left for the others."""
        return sorted(names, key=self.rows, reverse=True)

    @property
    def manifest(self) -> dict[str, object]:
        try:
            content = json.loads((self.folder / MANIFEST).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RunFailed(f"{self.folder / MANIFEST} cannot be read: {error}", hint="run again") from None
        if not isinstance(content, dict) or not {"stage", "files"} <= content.keys():
            raise RunFailed(f"{self.folder / MANIFEST} is not a manifest", hint="run again")
        return content

    def verify(self) -> None:
        """Raise RunFailed when a file of the artefact is missing or is not what the stage wrote."""
        manifest = self.manifest
        if manifest["stage"] != self.stage:
            raise RunFailed(f"{self.folder} is the artefact of stage {manifest['stage']}, not of {self.stage}")
        files = manifest["files"]
        assert isinstance(files, dict)
        for listed, entry in files.items():
            file = self.folder / listed
            if not file.is_file():
                raise RunFailed(f"{file} is gone", hint="run again")
            if sha256(file) != entry["sha256"]:
                raise RunFailed(f"{file} is not what stage {self.stage} wrote", hint="run again")


class Extracted(Artefact):
    """The rows of the source as they are."""

    stage = "extract"

    @property
    def growing(self) -> dict[str, str]:
        """Entities whose whole key is one number that grows from row to row, with its field."""
        said = self.manifest.get("growing", {})
        assert isinstance(said, dict)
        return said


class Mapped(Artefact):
    """Every source record of every mapping. ``keys`` of the manifest: the fields whose values are target keys as they are;
    ``hashed``: the fields that ``_hash`` is of, in their order."""

    stage = "map"

    def hashed(self, mapping: str) -> list[str] | None:
        """The fields whose values ``_hash`` of a row stands for; None: there is none."""
        hashed = self.manifest.get("hashed", {})
        assert isinstance(hashed, dict)
        return hashed.get(mapping)

    def select(self, mapping: str) -> str:
        """A SELECT of the rows of a mapping, ``_target_key`` included."""
        keys = self.manifest.get("keys", {})
        assert isinstance(keys, dict)
        return with_target_key(self.parquet(mapping), keys.get(mapping))


def with_target_key(file: Path, field: str | None) -> str:
    """A SELECT of the mapped rows of a file, with ``_target_key``, which is the value of ``field`` where one is named."""
    key = f", {name(_VALUE + field)} AS _target_key" if field is not None else ""
    return f"SELECT *{key} FROM read_parquet([{literal(str(file))}])"


class Validated(Artefact):
    """What may load. Rows stand in the artefact of the map stage; here is, per mapping, which of them do not load as they stand
    there: ``_key``, ``_disposition``, ``_code``, and ``to:FIELD`` of references in whose place something else was put."""

    stage = "validate"

    @property
    def mapped(self) -> Mapped:
        """What the rows stand in."""
        return Mapped(self.folder.parent / stage_folder(Mapped.stage))

    def verify(self) -> None:
        """As any artefact; the one that holds the rows has to be what was validated, too."""
        super().verify()
        self.mapped.verify()
        if self.manifest["parent"] != sha256(self.mapped.folder / MANIFEST):
            raise RunFailed(f"{self.mapped.folder} is not what was validated", hint="run again")

    def rows(self, *names: str) -> int:
        """Rows of some mappings together that may load."""
        counts = self.manifest["loading"]
        assert isinstance(counts, dict)
        return sum(int(counts[mapping]) for mapping in names)

    def fields(self, mapping: str) -> list[str]:
        """The target fields of a mapping."""
        return [column.removeprefix(_VALUE) for column in self._values(self.mapped, mapping)]

    def loading(self, mapping: str) -> str:
        """A SELECT of the rows of a mapping that may load: ``_key``, ``_target_key``, and the target fields with their types."""
        replaced = self._replaced(mapping)
        columns = ["m._key", "m._target_key"]
        for column in self._values(self.mapped, mapping):
            own = f"m.{name(column)}"
            value = f"CASE WHEN c._key IS NULL THEN {own} ELSE c.{name(column)} END" if column in replaced else own
            columns.append(f"{value} AS {name(column.removeprefix(_VALUE))}")
        return self._loading(mapping, columns, replaced)

    def hashes(self, mapping: str, fields: Sequence[str]) -> str | None:
        """A SELECT of ``_target_key`` and ``_hash`` of the same rows, the hash that the map stage stored of ``fields``. None
        where it stored that of others, or validation put something in the place of a value."""
        if self.mapped.hashed(mapping) != list(fields) or self._replaced(mapping):
            return None
        return self._loading(mapping, ["m._target_key", "m._hash"], set())

    def _replaced(self, mapping: str) -> set[str]:
        """The columns of values in whose place validation may have put something."""
        return set(self._values(self, mapping)) if _rows(self.parquet(mapping)) else set()

    def _loading(self, mapping: str, columns: Sequence[str], replaced: set[str]) -> str:
        """A SELECT of the rows of a mapping ``m`` that may load, with its changes ``c`` where values are ``replaced``."""
        chosen, changed = f"SELECT {', '.join(columns)} FROM ({self.mapped.select(mapping)}) AS m", self._changed(mapping)
        if not _rows(self.parquet(mapping)):
            return f"{chosen} WHERE m._disposition = 'candidate'"
        if replaced:
            kept = "coalesce(c._disposition, m._disposition) = 'candidate'"
            return f"{chosen} LEFT JOIN {changed} AS c ON c._key = m._key WHERE m._disposition = 'candidate' AND {kept}"
        return f"{chosen} ANTI JOIN {changed} AS c ON c._key = m._key WHERE m._disposition = 'candidate'"

    def dispositions(self, *mappings: str) -> str:
        """A SELECT of where every source record of some mappings stands: ``entity``, ``key``, ``disposition`` (``candidate``: it
        may load), ``target_key`` (of what it was merged into, where it was) and ``code``."""
        selects = []
        for mapping in mappings:
            rows, changed = f"({self.mapped.select(mapping)})", self._changed(mapping)
            merged = f"SELECT _into FROM {rows} AS r WHERE _into IS NOT NULL"
            disposition, code, target_key, joined = "m._disposition", "m._code", "m._target_key", ""
            if _rows(self.parquet(mapping)):
                joined += f" LEFT JOIN {changed} AS c ON c._key = m._key"
                disposition, code = (
                    "coalesce(c._disposition, m._disposition)",
                    "CASE WHEN c._key IS NULL THEN m._code ELSE c._code END",
                )
            if not _all_null(self.mapped.parquet(mapping), "_into"):
                joined += (
                    f" LEFT JOIN (SELECT _key, _target_key FROM {rows} AS r WHERE _key IN ({merged})) AS i ON i._key = m._into"
                )
                target_key = "coalesce(i._target_key, m._target_key)"
            selects.append(
                f"SELECT {literal(mapping)} AS entity, m._key AS key, {disposition} AS disposition, {target_key} AS target_key, "
                f"{code} AS code FROM {rows} AS m{joined}"
            )
        return " UNION ALL ".join(selects)

    def _changed(self, mapping: str) -> str:
        return f"read_parquet({literal(str(self.parquet(mapping)))})"

    @staticmethod
    def _values(artefact: Artefact, mapping: str) -> list[str]:
        return [column for column in pq.read_schema(artefact.parquet(mapping)).names if column.startswith(_VALUE)]


class Loaded(Artefact):
    stage = "load"


class ReadBack(Artefact):
    stage = "read_back"


class Reconciled(Artefact):
    stage = "reconcile"


def _rows(file: Path) -> int:
    return int(pq.read_metadata(file).num_rows)


def _all_null(file: Path, column: str) -> bool:
    """Does the file say of itself that a column holds nothing?"""
    metadata = pq.read_metadata(file)
    at = metadata.schema.names.index(column)
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(at).statistics
        if statistics is None or not statistics.has_null_count or statistics.null_count != metadata.row_group(group).num_rows:
            return False
    return True


def write_manifest(
    kind: type[Artefact], folder: Path, parent: Artefact | None, files: Iterable[Path], **more: Mapping[str, object]
) -> None:
    """Write ``manifest.json``: per file its rows, schema hash and sha256; the hash of the parent's manifest; and ``more``."""
    entries: dict[str, dict[str, object]] = {}
    for file in sorted(files):
        entry: dict[str, object] = {"sha256": sha256(file)}
        if file.suffix == ".parquet":
            metadata = pq.read_metadata(file)
            schema = str(pq.read_schema(file).remove_metadata())
            entry |= {"rows": metadata.num_rows, "schema": hashlib.sha256(schema.encode()).hexdigest()}
        entries[str(file.relative_to(folder))] = entry
    parent_hash = sha256(parent.folder / MANIFEST) if parent else None
    body = {"stage": kind.stage, "parent": parent_hash, "files": entries, **more}
    (folder / MANIFEST).write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", "utf-8")


def sha256(file: Path) -> str:
    """Hex digest of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
