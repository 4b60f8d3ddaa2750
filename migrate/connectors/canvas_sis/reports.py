"""Reports of the account: begun, followed, downloaded; and their lines read as records."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrate.connectors.canvas_sis.http import Faulty, Refused, Service, Unsure
from migrate.connectors.canvas_sis.jobs import pauses
from migrate.connectors.canvas_sis.words import CanvasConnection, CanvasOptions, Report
from migrate.connectors.target import Held, Record
from migrate.contracts.model import Entity, Field
from migrate.errors import TargetLost

FAILED = ("error", "failed", "aborted", "deleted")
FIELD_LIMIT = 64 * 1024 * 1024
TRIES = 3


class Reports:
    """Runs reports, and keeps each file until something is written. The files lie in a private folder until ``close``."""

    def __init__(self, service: Service, words: CanvasConnection, options: CanvasOptions) -> None:
        self._service, self._words, self._options = service, words, options
        self._path = service.path(words.report)
        self._folder = tempfile.TemporaryDirectory(prefix="canvas-reports-")
        self._files: dict[str, Path] = {}
        self._lock = threading.Lock()
        self._made = 0
        csv.field_size_limit(FIELD_LIMIT)

    def forget(self) -> None:
        """What was read is no longer what the target holds."""
        with self._lock:
            for file in self._files.values():
                file.unlink(missing_ok=True)
            self._files.clear()

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()

    def lines(self, parameter: str, needed: set[str]) -> Iterator[dict[str, str]]:
        """The lines of the report of ``parameter``.

        Raises TargetLost where it cannot be had, or lacks one of the columns ``needed``: nothing can be said of who is
        absent from a report that is not what it is taken for.
        """
        with self._lock:
            if parameter not in self._files:
                self._files[parameter] = self._run(parameter)
            file = self._files[parameter].open(encoding="utf-8-sig", newline="")
        with file:
            reader = csv.reader(file)
            header = [name.strip().lower() for name in next(reader, [])]
            if lacking := sorted(needed - set(header)):
                hint = "set the language of the token's owner to English, which the headers of reports follow"
                raise TargetLost(f"the report of {parameter} lacks the columns {', '.join(lacking)}", hint=hint)
            for cells in reader:
                yield dict(zip(header, (cell.strip() for cell in cells), strict=False))

    def _run(self, parameter: str) -> Path:
        wanted = {f"parameters[{name}]": value for name, value in (*self._words.report_parameters.items(), (parameter, True))}
        for _ in range(TRIES):
            try:
                # A report changes nothing: one begun twice does no harm.
                report = self._service.send("POST", self._path, data={k: str(v).lower() for k, v in wanted.items()})
            except (Unsure, Faulty):
                continue
            except Refused as error:
                raise TargetLost(
                    f"Canvas makes no report: {error}", hint="give the token's owner the right to run reports"
                ) from None
            ended = self._follow(str(report["id"]))
            if ended is not None:
                self._made += 1
                file = Path(self._folder.name) / f"{self._made}.csv"
                self._service.download(ended, file)
                with file.open("rb") as stream:
                    if stream.read(2) == b"PK":
                        raise TargetLost("a report of one file came as an archive of several")
                return file
        raise TargetLost(f"Canvas does not finish the report of {parameter}", hint="run again later")

    def _follow(self, number: str) -> str | None:
        """The address of the finished file; None where the report failed."""
        for _ in pauses(self._options, self._options.report_minutes):
            report = self._service.get(f"{self._path}/{number}")
            attachment = report.get("attachment") or {}
            if report.get("status") == "complete" and (address := attachment.get("url") or report.get("file_url")):
                return str(address)
            if report.get("status") in FAILED:
                return None
        raise TargetLost(f"report {number} of Canvas is not finished in {self._options.report_minutes} minutes",
                         hint="raise target: {options: {report_minutes: ...}}")  # fmt: skip


def held(entity: Entity, report: Report, lines: Iterator[dict[str, str]], records: Sequence[Record], root: str) -> Iterator[Held]:
    """The records among ``lines`` that were asked for: by key, or by the target's own ids of what the key refers to.

    ``root`` is the root account's own id.
    """
    by_key = {tuple(_text(record.values.get(field)) for field in entity.key): record for record in records}
    by_links = {key: record for record in records if (key := _linked(entity, report, record)) is not None}
    for line in lines:
        if any(line.get(column) in values for column, values in report.absent.items()):
            continue
        key = tuple(line.get(report.columns.get(f, f), "") if f in _shown(report) else "" for f in entity.key)
        record, through = by_key.get(key), False
        if record is None and by_links:
            seen = tuple(line.get(report.links.get(f) or report.columns.get(f, f), "") for f in entity.key)
            record, through = by_links.get(seen), True
        if record is not None:
            yield _held(entity, report, line, record, through, root)


def _shown(report: Report) -> set[str]:
    return {*report.fields, *report.columns}


def _linked(entity: Entity, report: Report, record: Record) -> tuple[str, ...] | None:
    """The key with the target's own ids in place of references; None where one is not known."""
    if not any(field in report.links for field in entity.key):
        return None
    parts = [record.links.get(f) if f in report.links else _text(record.values.get(f)) for f in entity.key]
    return tuple(str(part) for part in parts) if None not in parts else None


def _held(entity: Entity, report: Report, line: Mapping[str, str], record: Record, through: bool, root: str) -> Held:
    values: dict[str, Any] = {}
    links: dict[str, str] = {}
    for field in _shown(report):
        column = report.columns.get(field, field)
        if through and field in entity.key and field in report.links:
            continue  # it names the same record by another of its names
        if not _applies(report, field, line):
            values[field] = None
        elif column in line:
            values[field] = _value(entity.fields[field], line[column], report.words.get(field, {}), record.values.get(field))
    for field, other in report.filled.items():
        if values.get(field) == values.get(other) and record.values.get(field) is None:
            values[field] = None
    for field, column in report.links.items():
        if field in values:
            continue
        own = line.get(column) if _applies(report, field, line) else ""
        if not own or (field in report.root and own == root):
            values[field] = None
        else:
            links[field] = own
    native = line.get(report.native) or None if report.native else None
    return Held(record.key, native, values, links)


def _applies(report: Report, field: str, line: Mapping[str, str]) -> bool:
    return all(line.get(column) == value for column, value in report.only.get(field, {}).items())


def _value(rule: Field, text: str, words: Mapping[str, tuple[str, ...]], meant: Any) -> Any:
    if text in words:
        if meant in words[text]:
            return meant
        return words[text][0] if text else None
    return typed(rule, text)


def typed(rule: Field, text: str) -> Any:
    """A cell as the value it stands for, of the field's type; text that is of no such type stays as it is."""
    if text == "":
        return None
    try:
        match rule.type:
            case "int":
                return int(text)
            case "decimal":
                return float(text)
            case "flag":
                return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}.get(text.lower(), text)
            case "datetime" | "epoch":
                return instant(text)
            case "date":
                return dt.date.fromisoformat(text[:10])
    except ValueError:
        return text
    return text


def instant(text: str) -> dt.datetime:
    """An ISO 8601 instant in UTC, without zone."""
    read = dt.datetime.fromisoformat(text)
    return read.astimezone(dt.UTC).replace(tzinfo=None) if read.tzinfo else read


def _text(value: Any) -> str:
    return "" if value is None else str(value)
