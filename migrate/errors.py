"""Every error a person can meet, grouped by what they do next.

MigrateError
+-- ConfigurationError      edit a file or a command line, run `lms-migrate check` again     (exit 2)
|   +-- SourceRefused       the source cannot be opened: address, password, missing table   (exit 2)
|   +-- TargetRefused       the target cannot be opened or written: address, token, rights   (exit 2)
+-- Unconfirmed             people confirm crosswalk entries; until then a live run writes nothing (exit 1)
+-- RunFailed               the run stopped; read the run folder, mend the cause, run again (exit 3)
    +-- SourceLost          the source went away in the middle of an extract
    +-- TargetLost          the target stopped answering; a later run picks up what is left
    +-- LedgerLost          the ledger cannot be written; nothing more is done to the target
    +-- OutOfSpace          the disk is full
    +-- Unbalanced          the sums do not balance: a defect of ours or of a stage's output
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

EXIT_PASS = 0
EXIT_ATTENTION = 1
EXIT_CONFIGURATION = 2
EXIT_FAILED = 3
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, order=True)
class Place:
    """Where in a file something stands. Lines and columns count from 1, as editors count."""

    file: Path
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class CellPlace(Place):
    """A cell of a sheet, named as spreadsheets name it: ``worklist.xlsx:Items!G17``."""

    sheet: str = ""

    def __str__(self) -> str:
        letters, rest = "", self.column
        while rest:
            rest, letter = divmod(rest - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{self.file}:{self.sheet}!{letters}{self.line}"


@dataclass(frozen=True)
class Problem:
    """One thing a person has to mend in a file.

    ``value`` is what stands there, ``allowed`` what could stand there, ``hint`` the next step.
    """

    message: str
    place: Place | None = None
    value: object = None
    allowed: tuple[str, ...] = ()
    hint: str = ""

    def __str__(self) -> str:
        lines = [f"{self.place}: {self.message}" if self.place else self.message]
        if self.value is not None:
            lines.append(f"    value:   {_shorten(str(self.value))}")
        if self.allowed:
            lines.append(f"    allowed: {_shorten(', '.join(self.allowed), 400)}")
        if self.hint:
            lines.append(f"    next:    {self.hint}")
        return "\n".join(lines)


class MigrateError(Exception):
    """The root of the tree. ``exit_code`` is what the command line ends with."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n    next:    {self.hint}" if self.hint else self.message


class ConfigurationError(MigrateError):
    """Something in a workspace, contract, mapping or command line is wrong; carries every problem found."""

    exit_code = EXIT_CONFIGURATION

    def __init__(self, message: str, *, problems: Iterable[Problem] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        listed = "\n".join(str(problem) for problem in self.problems)
        return f"{listed}\n{super().__str__()}" if listed else super().__str__()


class SourceRefused(ConfigurationError):
    """The source cannot be opened or does not hold what the contract names."""


class TargetRefused(ConfigurationError):
    """The target cannot be opened, or the place that takes its load files cannot be written."""


class Unconfirmed(MigrateError):
    """Rows of a live run use crosswalk entries that nobody stands for. Nothing was written."""

    exit_code = EXIT_ATTENTION


class RunFailed(MigrateError):
    """The run stopped before its end. What was written stays readable in the run folder."""

    exit_code = EXIT_FAILED


class SourceLost(RunFailed):
    """The source stopped answering in the middle of an extract."""


class TargetLost(RunFailed):
    """The target stopped answering in the middle of a live load."""


class LedgerLost(RunFailed):
    """The ledger cannot be written, so nothing more may be done to the target."""


class OutOfSpace(RunFailed):
    """The disk filled up."""


class Unbalanced(RunFailed):
    """Some source record ended in no disposition, or in two."""


def _shorten(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 3] + "..."
