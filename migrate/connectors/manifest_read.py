"""What a package's manifest says against what is in the package. Nothing here knows how it is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from migrate.contracts.model import Contract, Manifest


def disagreement(contract: Contract, words: Manifest, table: Sequence[Sequence[str]], files: Collection[str]) -> str | None:
    """Why an importer would not believe the manifest; None where it agrees with the package.

    ``table`` holds its cells, header and all, and is empty where there is no manifest. ``files`` are the names of the others.
    """
    if not table:
        return "the package has none"
    if tuple(table[0]) != words.header or any(len(row) != len(words.header) for row in table):
        return f"it is no table of {' and '.join(words.header)}"
    said = {row[0]: row[1] for row in table[1:]}
    wrong = [
        f"{row} is {said.get(row, 'not there')}, and has to be {value}"
        for row, value in words.rows.items()
        if said.get(row) != value
    ]
    there = {PurePosixPath(name).stem for name in files}
    known = {contract.load_file(name) for name, entity in contract.entities.items() if entity.sql is None}
    for stem in sorted(PurePosixPath(name).stem for name in {*known, *words.others}):
        row = words.property.replace("{file}", stem)
        allowed = (words.whole, words.changes) if stem in there else (words.absent,)
        if said.get(row) not in allowed:
            wrong.append(f"{row} is {said.get(row, 'not there')}, and has to be {' or '.join(allowed)}")
    return "; ".join(wrong) or None
