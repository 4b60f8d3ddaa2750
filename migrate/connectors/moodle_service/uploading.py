"""Records for a Moodle that takes them as CSV files: a person uploads these, or runs Moodle's own command."""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrate.connectors.moodle_service.plan import Plan
from migrate.connectors.moodle_service.upload_cells import Line, Unsayable, make_line, written
from migrate.connectors.moodle_service.upload_words import Upload
from migrate.connectors.target import Outcome, Record, Waiting
from migrate.errors import TargetRefused
from migrate.said import number_of

TOGETHER = "upload files"
FOLDER = "upload"
"""Below the folder of what is handed over: a course backup has its instructions beside it."""
UPLOAD_LIST = "upload.csv"
README = "README.txt"
ROWS = 20_000
"""In one file, so that a command or a page that breaks off does not begin with the first row again."""
_COLUMN = re.compile(r"[A-Za-z0-9_]+")
_INSTRUCTIONS = """\
Files for Moodle's own uploads: {files}, {rows}. They hold people's data.

Give them to Moodle in this order. A folder of an earlier run is out of date: all that waits is in this one. A file that is given
twice does no harm. Do not save a file from a spreadsheet: that changes dates and numbers.

Where there is a command: copy this folder to the Moodle host, set `folder` to where it is, go to the folder of Moodle's code
(from 5.1 on, `public` in it), and run it as the user of the web server. The page named with it does the same.

{steps}
Then run the live run again. It looks for every record and says what it did not find: what a command prints does not count.
{list} names the same for programs. What Moodle does with a row, and what it cannot take, is in the tool's docs/moodle-upload.md.
"""


@dataclass(frozen=True)
class Written:
    """One file."""

    name: str
    upload: Upload
    rows: int

    @property
    def options(self) -> str:
        """Of the command, without the file."""
        return " ".join(f"--{name}={value}" for name, value in self.upload.settings.items())

    def command(self, file: str) -> str:
        """The command for a file, which stands quoted for a shell."""
        return f"php {self.upload.command} --file={file} {self.options}"

    def way(self) -> str:
        """What a person does with it, in a line."""
        return self.command(shlex.quote(self.name)) if self.upload.command else f"upload {self.name} at {self.upload.page}"

    def step(self, number: int) -> Iterator[str]:
        """The same for the instructions."""
        yield f"{number}. {self.name} ({number_of(self.rows, 'row')})"
        if self.upload.needs:
            yield f"   Before: {self.upload.needs}"
        if self.upload.command:
            quoted = f'"$folder/{self.name}"'
            yield f"   {self.command(quoted)}"
        yield f"   Page: {self.upload.page}"
        for label, choice in self.upload.choices.items():
            yield f"   - {label}: {choice}"
        yield ""


class Uploading:
    """Writes the files of what the site does not hold."""

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        self.plans = plans
        """Entities that go so, in the order in which their files are given."""

    def hand_over(self, given: Mapping[str, Sequence[Waiting]], folder: Path) -> dict[str, list[Outcome]]:
        """See :meth:`migrate.connectors.target.HandsOver.hand_over`: all that waits is in the new files. Raises TargetRefused."""
        outcomes: dict[str, list[Outcome]] = {}
        files: list[Written] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for entity, plan in self.plans.items():
                pending = [one.record for one in given.get(entity, ()) if one.standing != "there"]
                outcomes[entity] = list(self._entity(plan, pending, folder, files))
            _write_list(folder, files)
        except OSError as error:
            hint = "see that the folder exists and can be written"
            raise TargetRefused(f"cannot write {error.filename or folder}: {error.strerror}", hint=hint) from error
        return outcomes

    def _entity(self, plan: Plan, records: Sequence[Record], folder: Path, files: list[Written]) -> Iterator[Outcome]:
        upload = plan.upload
        assert upload is not None
        groups: dict[str, list[tuple[Record, Line]]] = {}
        for record in records:
            each = str(record.values[upload.each]) if upload.each is not None else ""
            try:
                if upload.each is not None and not _COLUMN.fullmatch(each):
                    raise Unsayable(f"no column can be called after {upload.each} {each!r}")
                groups.setdefault(each, []).append((record, make_line(plan.entity, upload, record)))
            except Unsayable as reason:
                yield Outcome(record.key, "refused", message=f"its upload file cannot say it: {reason}")
        for each, lines in groups.items():
            for number, start in enumerate(range(0, len(lines), ROWS), 1):
                part = lines[start : start + ROWS]
                name = "-".join(filter(None, (upload.file, each, str(number) if len(lines) > ROWS else ""))) + ".csv"
                header = [column.replace("{each}", each) for column in upload.columns]
                with (folder / name).open("w", encoding="utf-8", newline="") as stream:
                    stream.writelines(written(header, (line for _, line in part)))
                files.append(Written(name, upload, len(part)))
                for record, line in part:
                    yield Outcome(record.key, "handed_over", message="; ".join([files[-1].way(), *line.altered]))


def _write_list(folder: Path, files: Iterable[Written]) -> None:
    """What there is to upload, for programs and for people. Whoever finds a README finds all files whole."""
    files = list(files)
    with (folder / UPLOAD_LIST).open("w", encoding="utf-8", newline="") as stream:
        rows = ((one.name, one.upload.command or one.upload.page, one.options) for one in files)
        csv.writer(stream, lineterminator="\n").writerows(rows)
    steps = "\n".join(line for number, one in enumerate(files, 1) for line in one.step(number))
    text = _INSTRUCTIONS.format(
        files=number_of(len(files), "file"), rows=number_of(sum(one.rows for one in files), "row"), steps=steps, list=UPLOAD_LIST
    )
    (folder / README).write_text(text, "utf-8")
