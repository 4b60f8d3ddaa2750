"""Entities that are written by the SIS import and read through reports."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from migrate.connectors.canvas_sis.csv_file import ordered, write_csv
from migrate.connectors.canvas_sis.http import Refused, Unsure
from migrate.connectors.canvas_sis.jobs import Ended, Imports, Said, TimeUp
from migrate.connectors.canvas_sis.keys import stands, with_key
from migrate.connectors.canvas_sis.reports import Reports, held
from migrate.connectors.canvas_sis.words import SisImport
from migrate.connectors.target import Ability, Action, Held, Outcome, Record, Result
from migrate.contracts.model import Contract
from migrate.errors import TargetLost

Judge = Callable[[Record, Held | None, Ended, list[Said], list[Said]], Outcome]


class SisEntity:
    """One entity of the SIS import. One import runs at a time, for all entities of an account."""

    def __init__(
        self,
        contract: Contract,
        name: str,
        write: SisImport,
        imports: Imports,
        reports: Reports,
        lock: threading.RLock,
        root: str,
    ) -> None:
        self._contract, self._name, self._entity, self._write = contract, name, contract.entities[name], write
        self._imports, self._reports, self._lock, self._root = imports, reports, lock, root
        self._shown = (*write.report.fields, *write.report.columns)
        key = {write.report.columns.get(f, f) if f in self._shown else write.report.links[f] for f in self._entity.key}
        self._needed = key | set(write.report.absent) | ({write.report.native} if write.report.native else set())

    def ability(self) -> Ability:
        """All records at once, both ways: a file is one import, and a report is the whole account."""
        shown = {*self._shown, *self._write.report.links}
        unseen = tuple(field for field in self._entity.fields if field not in shown)
        return Ability(unseen=unseen, batch=None, find_batch=None, parallel=1, cascades=self._write.cascades)

    def find(self, records: Sequence[Record]) -> list[Held]:
        """What the report shows of the records, once no import is running."""
        if not records:
            return []
        with self._lock:
            try:
                self._imports.wait_until_idle()
            except TimeUp as error:
                raise TargetLost(f"nothing can be found while {error}", hint="run again when the import has ended") from None
            return self._found(records)

    def _found(self, records: Sequence[Record]) -> list[Held]:
        named = [with_key(self._entity, record) for record in records]
        report = self._write.report
        return list(held(self._entity, report, self._reports.lines(report.parameter, self._needed), named, self._root))

    def write(self, action: Action, records: Sequence[Record]) -> list[Outcome]:
        """Import the records as one file."""
        if not records:
            return []
        lines = ordered(self._name, self._entity, [with_key(self._entity, record) for record in records])
        with self._lock:
            return self._import(self._name, lines, self._write.clear if action == "update" else {}, self._written)

    def remove(self, records: Sequence[Record]) -> list[Outcome]:
        """Import the records with the values that remove them; those that are not there need nothing."""
        if not records:
            return []
        with self._lock:
            there = {one.key: one for one in self.find(records)}
            lines = [
                replace(record, values={**self._filled(there[record.key]), **record.values, **self._write.removed})
                for record in (with_key(self._entity, record) for record in records)
                if record.key in there
            ]
            gone = [Outcome(record.key, "done", record.native) for record in records if record.key not in there]
            # Children go before their parents.
            lines = ordered(self._name, self._entity, lines)[::-1]
            return gone + self._import(self._write.removed_as or self._name, lines, {}, self._removed)

    def _filled(self, one: Held) -> dict[str, object]:
        """What a line needs although nobody gave it: the required fields as they stand."""
        return {f: v for f, v in one.values.items() if self._entity.fields[f].required and v is not None}

    # The import and what became of each line ------------------------------------------------------------------------

    def _import(self, file_of: str, lines: list[Record], clear: dict[str, str], judge: Judge) -> list[Outcome]:
        if not lines:
            return []
        try:
            self._imports.wait_until_idle()
        except TimeUp as error:
            return [Outcome(line.key, "failed", line.native, str(error)) for line in lines]
        self._reports.forget()
        with tempfile.TemporaryDirectory(prefix="canvas-import-") as folder:
            file = write_csv(self._contract, file_of, lines, Path(folder), clear)
            try:
                ended = self._imports.run(file)
            except Refused as error:
                return [Outcome(line.key, "refused", line.native, error.message) for line in lines]
            except (TimeUp, Unsure) as error:
                return [Outcome(line.key, "unknown", line.native, str(error)) for line in lines]
            finally:
                with suppress(OSError):
                    file.unlink()
        found = {one.key: one for one in self._found(lines)}
        about: dict[int, list[Said]] = {}
        whole = [said for said in ended.messages if said.row is None or said.row >= len(lines)]
        for said in ended.messages:
            if said.row is not None:
                about.setdefault(said.row, []).append(said)
        return [judge(line, found.get(line.key), ended, about.get(n, []), whole) for n, line in enumerate(lines)]

    def _written(self, line: Record, there: Held | None, ended: Ended, said: list[Said], whole: list[Said]) -> Outcome:
        unlike = [f for f in self._shown if there and not stands(line, there, [f])]
        holds = there is not None and not unlike
        native = there.native if there else line.native
        meanings = {one.means for one in said}
        if "refused" in meanings:
            return Outcome(line.key, "refused", native, _text(said))
        # Without a word about the row it was taken; with words that no pattern knows it was if it stands there.
        taken = ended.read and meanings <= {"imported"} and (bool(said) or not whole)
        if holds or (there is not None and taken):
            kept = f"Canvas keeps its own {', '.join(unlike)}" if unlike and not said else ""
            return Outcome(line.key, "done", native, _text(said) or kept)
        said = said or self._about(line, whole)
        return Outcome(line.key, self._why(ended, said, whole), native, _text(said) or _text(whole) or _unexplained(ended))

    def _about(self, line: Record, whole: list[Said]) -> list[Said]:
        """Of the messages without a row those that name the line best: with the most parts of its key."""
        parts = [re.compile(rf"(?<!\w){re.escape(str(part))}(?!\w)") for f in self._entity.key if (part := line.values.get(f))]
        named = [(sum(bool(part.search(one.text)) for part in parts), one) for one in whole]
        most = max((number for number, _ in named), default=0)
        return [one for number, one in named if number == most > 0]

    def _why(self, ended: Ended, said: list[Said], whole: list[Said]) -> Result:
        """What it means that a line does not stand in the target."""
        meanings = {one.means for one in said or whole}
        if "failed" in meanings:
            return "failed"
        if said or (whole and "refused" in meanings):
            return "refused"  # also by a message that no pattern knows: the target says why, and it is not there
        if ended.read and not whole:
            return "unknown"  # not a word, and yet it is not shown: reports may be behind
        return "refused" if ended.read else "failed"

    def _removed(self, line: Record, there: Held | None, ended: Ended, said: list[Said], whole: list[Said]) -> Outcome:
        if there is None:
            return Outcome(line.key, "done", line.native, _text(said))
        said = said or self._about(line, whole)
        result: Result = "refused" if said and not any(one.means == "failed" for one in said) else self._why(ended, said, whole)
        return Outcome(line.key, result, there.native, _text(said) or _text(whole) or _unexplained(ended))


def _text(said: list[Said]) -> str:
    return "; ".join(dict.fromkeys(one.text for one in said[:5]))


def _unexplained(ended: Ended) -> str:
    return f"the import ended as {ended.state}, and the report does not show what was meant"
