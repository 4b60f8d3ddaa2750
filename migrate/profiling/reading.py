"""The rows that are profiled: every table of the contract as Parquet, or what a run has extracted of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrate.connectors.source import SourceConnector
from migrate.contracts.model import Contract
from migrate.errors import ConfigurationError
from migrate.privacy.reading import Reading
from migrate.progress import Progress
from migrate.raw_rows import written


@dataclass(frozen=True)
class Extract:
    """What was read."""

    folder: Path
    present: frozenset[str]
    """Tables that are there."""
    unknown: dict[str, dict[str, int]]
    """``{table: {column the contract does not know: rows that hold data}}``."""
    undeclared: dict[str, int]

    def file(self, entity: str) -> Path:
        """The Parquet file of a table."""
        return self.folder / f"{entity}.parquet"


def read_source(
    source: SourceConnector, contract: Contract, folder: Path, progress: Progress, reading: Reading | None = None
) -> Extract:
    """Extract every table and file of the contract, with all fields but secrets, as a run would. Erased people are left out where
    the workspace has a suppression list. Raises SourceLost."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = [entity for entity, model in contract.entities.items() if model.sql is None]
    present = frozenset(entity for entity in tables if source.present(entity))
    unknown: dict[str, dict[str, int]] = {}
    for entity in reading.order(tables) if reading else tables:
        if entity not in present:
            continue
        model = contract.entities[entity]
        there = {column.lower() for column in source.columns(entity)}
        fields = [field for field, rule in model.fields.items() if rule.pii != "secret" and field.lower() in there]
        with progress.task("extract", entity) as task:
            wanted = reading.fields(entity, fields) if reading else fields
            batches = source.rows(entity, [field for field in wanted if field.lower() in there])
            if reading is not None:
                batches = reading.rows(entity, batches, fields)
            for rows in written(batches, fields, folder / f"{entity}.parquet"):
                task.advance(rows)
        known = {field.lower() for field in model.fields}
        others = [column for column in source.columns(entity) if column.lower() not in known]
        if others:
            unknown[entity] = source.holding_data(entity, dict.fromkeys(others, ()))
    return Extract(folder, present, unknown, source.undeclared(contract))


def read_run(run: Path, contract: Contract) -> Extract:
    """What a run extracted: the fields that its mapping needs. Raises ConfigurationError where there is nothing."""
    folder = run / "1_extract"
    found = frozenset(e for e, model in contract.entities.items() if model.sql is None and (folder / f"{e}.parquet").is_file())
    if not found:
        raise ConfigurationError(f"{folder} holds no rows of {contract.label}", hint="leave out --run to read the source")
    return Extract(folder, found, {}, {})
