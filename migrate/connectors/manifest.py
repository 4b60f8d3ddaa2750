"""What a package of load files has beside them, and lacks: its manifest, and files without rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path, PurePath

from migrate.connectors.json_records import texts
from migrate.connectors.package import effective_format
from migrate.connectors.records import records
from migrate.contracts.model import Contract, FileFormat, Manifest


def complete(contract: Contract, folder: Path, files: list[Path]) -> list[Path]:
    """The files that belong into the package: without those that hold no row, where the contract leaves them out, and with
    the manifest that the contract describes."""
    target = contract.target
    assert target is not None
    if target.empty_files == "leave_out":
        empty = [file for file in files if not any(_column(contract, file, None))]
        for file in empty:
            file.unlink()
        files = [file for file in files if file not in empty]
    return files if target.manifest is None else [*files, _write_manifest(contract, target.manifest, folder, files)]


def _write_manifest(contract: Contract, words: Manifest, folder: Path, files: list[Path]) -> Path:
    there = {file.name: file for file in files}
    rows = list(words.rows.items())
    names = {entity: contract.load_file(entity) for entity, model in contract.entities.items() if model.sql is None}
    for file_name in sorted({*names.values(), *words.others}):
        value = words.absent
        if file_name in there:
            changed = next(iter(_column(contract, there[file_name], words.changes_by)), "")
            value = words.changes if changed else words.whole
        rows.append((words.property.replace("{file}", PurePath(file_name).stem), value))
    assert contract.target is not None
    format_, file = contract.target.format, folder / words.file
    with file.open("w", encoding=format_.encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=format_.delimiter, quotechar=format_.quote, lineterminator=format_.line_end)
        writer.writerows([words.header, *rows])
    return file


def _column(contract: Contract, file: Path, field: str | None) -> Iterator[str]:
    """The cells of a column of a file that was written; without a name, those of the first one, marked as being there."""
    entity = next((e for n, e in contract.entities.items() if contract.load_file(n) == file.name), None)
    format_ = effective_format(contract, entity) if entity else FileFormat()
    with file.open(encoding=format_.encoding, newline="") as stream:
        if format_.json_:
            yield from ("row" for _ in texts(stream, format_))
            return
        rows = records(stream, format_, strict=True)
        _, header = next(rows)
        place = header.index(field) if field in header else None
        for _, cells in rows:
            yield "row" if field is None else cells[place] if place is not None and place < len(cells) else ""
