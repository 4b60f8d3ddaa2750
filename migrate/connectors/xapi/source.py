"""A learning record store as a source: all statements that it can show at one moment, read once and then taken apart.

A store keeps growing, and never changes what it has. So a run reads what was stored up to the instant up to which the store says
that all can be read; what comes later is for the next run.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from migrate.connectors.json_source import JsonSource
from migrate.connectors.source import SourceInfo
from migrate.connectors.xapi.http import Lrs, Refused
from migrate.connectors.xapi.reading import Unreadable, read_all
from migrate.connectors.xapi.spool import Spool
from migrate.connectors.xapi.words import XapiConnection, read_source_words
from migrate.contracts.model import Contract
from migrate.errors import SourceLost, SourceRefused

PATIENCE, FIRST = 300.0, 1.0
"""Seconds: how long a call is repeated that meets a passing fault, and the first pause."""


class XapiSource:
    """The statements of one store. Implements :class:`migrate.connectors.source.SourceConnector`."""

    def __init__(self, lrs: Lrs, contract: Contract) -> None:
        self._lrs, self._contract = lrs, contract
        try:
            versions = lrs.about()
            next(lrs.pages(limit="1"))
        except Refused as error:
            raise SourceRefused(
                f"{lrs.address} does not show its statements: {error.message}", hint="check the address"
            ) from None
        except SourceLost as error:
            raise SourceRefused(error.message, hint=error.hint) from None
        self._until = lrs.consistent or lrs.clock or dt.datetime.now(dt.UTC)
        known = contract.source.version.known if contract.source and contract.source.version else ()
        spoken = not versions or not known or any(version.startswith(known) for version in versions)
        self.info = SourceInfo(lrs.address, ", ".join(versions) or None, spoken, {})
        self._folder: Path | None = None
        self._read: JsonSource | None = None

    def __repr__(self) -> str:
        return f"XapiSource({self.info.address!r})"

    def present(self, entity: str) -> bool:
        return self._contract.entities[entity].file is not None

    def columns(self, entity: str) -> list[str]:
        return self._statements().columns(entity)

    def lacking(self, entity: str, fields: list[str]) -> list[str]:
        """None: a member that is not there is no value."""
        return []

    def count(self, entity: str) -> int:
        return self._statements().count(entity)

    def rows(self, entity: str, fields: list[str]) -> Iterator[pa.RecordBatch]:
        return self._statements().rows(entity, fields)

    def holding_data(self, entity: str, never: Mapping[str, tuple[object, ...]]) -> dict[str, int]:
        return self._statements().holding_data(entity, never)

    def undeclared(self, contract: Contract, archived: Sequence[str] = ()) -> dict[str, int]:
        """None: documents of the store (states, profiles) are no statements, and are not asked for."""
        return {}

    def undeclared_rows(self, table: str) -> Iterator[pa.RecordBatch]:
        return iter(())

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self._read = None
        self._lrs.close()

    def _statements(self) -> JsonSource:
        """The statements as a file, which is written when it is first asked for."""
        if self._read is None:
            self._folder = Path(tempfile.mkdtemp(prefix="lms-migrate-"))
            spool = Spool()
            try:
                read_all(self._lrs, spool, until=self._until)
                for model in self._contract.entities.values():
                    if model.file:
                        with (self._folder / model.file.replace("*", "all")).open("w", encoding="utf-8", newline="") as stream:
                            stream.writelines(f"{text}\n" for text in spool.texts())
            except Refused as error:
                raise SourceLost(f"the store stopped showing statements: {error.message}", hint="run again") from None
            except Unreadable as error:
                raise SourceLost(str(error), hint="run again; a run reads what was stored before it began") from None
            finally:
                spool.close()
            self._read = JsonSource(self._folder, self._contract, self.info)
        return self._read


def open_statements(url: str, contract: Contract, patience: float = PATIENCE, first: float = FIRST) -> XapiSource:
    """The connector of the store at ``url``; ``patience`` and ``first`` are seconds. Raises SourceRefused."""
    words: XapiConnection = read_source_words(contract)
    lrs = Lrs(url, words, patience, first, SourceRefused, SourceLost)
    try:
        return XapiSource(lrs, contract)
    except BaseException:
        lrs.close()
        raise
