"""The words in which a contract says how records stand in a CSV file that a person gives to a Moodle.

They stand under ``entities.NAME.write.upload``, and hold what Moodle's own pages and commands want of a file. Which entities go
by file says the workspace (``by_file``).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, model_validator

from migrate.connectors.moodle_service.words import Warn
from migrate.contracts.model import Name, Words


def _short_column(given: object) -> object:
    """``username`` is short for ``{field: username}``."""
    return {"field": given} if isinstance(given, str) else given


class Column(Words):
    """What stands in the cells of a column: epochs as ``@`` and seconds since 1970 UTC, flags as 1 and 0."""

    field: Name | None = None
    """The value of this field."""
    const: str | int | None = None
    """Always this, in place of a field's value."""
    blank: str = ""
    """Where the field is empty, or no mapping fills it."""
    days_after: Name | None = None
    """In place of the date itself, the days from the date in this field (1970, where it is empty) to it. Only whole days can be
    said."""
    number_is_id: bool = False
    """Moodle takes what looks like a number for an id of its own. There the id of the record that the field refers to is
    written; where it is not known, the record is refused."""

    @model_validator(mode="after")
    def _one_source(self) -> Column:
        if (self.field is None) == (self.const is None):
            raise ValueError("either field or const belongs here")
        if self.field is None and (self.days_after is not None or self.number_is_id):
            raise ValueError("days_after and number_is_id go with field")
        return self


class Upload(Words):
    """The file that records of one entity go in, and what a person does with it."""

    file: Name
    """Its name, without ``.csv``."""
    each: Name | None = None
    """There is one file for each value of this field; ``{each}`` in the names of columns stands for the value."""
    columns: dict[str, Annotated[Column, BeforeValidator(_short_column)]]
    trims: bool = False
    """Moodle cuts blanks off both ends of every cell. Then a tab keeps spreadsheets from taking a cell for a formula."""
    page: str
    """Where in Moodle's pages the file is uploaded."""
    choices: dict[str, str] = {}
    """What is chosen there, by label; all else stays as it is."""
    command: str | None = None
    """The command that does the same, below the folder of Moodle's code."""
    settings: dict[str, str | int] = {}
    """Its options, beside ``file``."""
    needs: str = ""
    """What has to be there before, for the instructions."""
    warns: tuple[Warn, ...] = ()
    """In place of the ``warns`` of the entity, where it goes by file."""
