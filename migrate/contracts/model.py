"""The words of a contract. One contract file describes one system, as a source, as a target, or as both.

The models check shape only; names that have to exist elsewhere are checked in :mod:`migrate.contracts.load`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Len
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator
from pydantic import Field as Default

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$")]
Severity = Literal["fatal", "reject", "quarantine", "blocked", "hold", "warn"]
FieldType = Literal["string", "int", "decimal", "flag", "date", "datetime", "epoch"]


def _one_or_more(given: object) -> object:
    if isinstance(given, str):
        return (given,)
    return tuple(given) if isinstance(given, list) else given


def _steps(given: object) -> object:
    """``a.b.0.c`` as its steps; digits are the place in a list."""
    if isinstance(given, str):
        return tuple(int(step) if step.isdecimal() else step for step in given.split("."))
    return tuple(given) if isinstance(given, list) else given


OneOrMore = Annotated[tuple[Name, ...], BeforeValidator(_one_or_more), Len(min_length=1)]
JsonPath = Annotated[tuple[str | int, ...], BeforeValidator(_steps)]
"""Where a value stands in a JSON object: names of members, and places in lists from 0. Without steps: the object as a whole."""
PiiClass = Literal["name", "email", "login", "identifier", "contact", "free_text", "secret"]


class Words(BaseModel):
    """Base of every model: unknown words are errors, values are not coerced, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, strict=True)


class ReadRule(Words):
    """How the target's own importer reads this field; where it differs from what was written, data is lost."""

    match: Literal["exact", "prefix", "case"] = "exact"
    """``prefix``: a value that merely starts with (or is the start of) an allowed word is taken for it. ``case``: upper and
    lower case are told apart, which the others do not."""
    otherwise: Any = None
    """What the importer stores for a value outside ``enum``; without it the row is refused."""
    unparsable: Literal["empty", "refuse"] = "refuse"
    """A date or number that does not parse: stored empty, or the row is refused."""


class Reference(Words):
    """A field that holds the key of another entity of the same system."""

    entity: Name
    field: Name | None = None
    """The field of ``entity`` that is meant; its key by default."""
    unknown: Literal["refuse", "clear", "keep"] = "refuse"
    """What the importer does with a value that names no record: refuse the row, store nothing, keep the text."""


class Field(Words):
    """One field of an entity."""

    type: FieldType = "string"
    required: bool = False
    unique: bool = False
    enum: tuple[Any, ...] = ()
    min_length: int | None = None
    max_length: int | None = None
    """Characters (code points), not bytes."""
    pattern: str | None = None
    """A regular expression (RE2) the whole value has to match."""
    without: tuple[str, ...] = ()
    """Texts the value may not hold. Those of the file's format are added to them."""
    min: float | str | None = None
    max: float | str | None = None
    formats: tuple[str, ...] = ()
    """strptime formats in which a source writes a date, in order of preference; the target's one format to write."""
    never: tuple[Any, ...] = ()
    """Sentinel values that mean 'no value', such as 0 for an epoch. They read as null and are not counted as data."""
    references: Reference | None = None
    pii: PiiClass | None = None
    """Class of personal data. ``secret`` is never extracted, logged or shown."""
    path: JsonPath | None = None
    """Where the value stands in records that are JSON objects; by default under the name of the field."""
    concept: str | None = None
    """The system-neutral idea that it holds, such as ``person.family_name``; mappings are drafted from it."""
    optional: bool = False
    """The column is missing in some versions of the system; it reads as null there."""
    column: str | None = None
    """For tables and delimited files of a source: the column, where it is called otherwise, as where its name is no name of a
    field."""
    read: ReadRule = ReadRule()
    at_first: dict[str, Any] = {}
    """For live targets: ``{final value: value written until every entity is loaded}``. Such records are written a second
    time at the end of the load, with the final value: an enrolment that is concluded takes no grades any more."""
    note: str = ""
    unconfirmed: str = ""
    """What no source could confirm. It is said wherever the contract is shown, until somebody saw a system that bears it out."""


FILE_ENDINGS = {None: "csv", "lines": "jsonl", "array": "json"}
"""Of a load file that the contract gives no name, by :attr:`FileFormat.json_`."""


class FileFormat(Words):
    """How a file is written or read. ``line_end`` is what stands after each record when writing."""

    json_: Literal["lines", "array"] | None = Default(default=None, alias="json")
    """Records are JSON objects: one on each line, or all in one list. Without it the file is delimited."""
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    record_end: str = ""
    """Text that ends every record, the header too. Line breaks before it belong to a value, and the one after it to nothing."""
    line_end: str = "\n"
    without: tuple[str, ...] = ()
    """Texts that no value of a target's file may hold. Without quotes, what would end a cell or a record is among them."""
    capital_months: bool = False
    """Names of months (``%b``, ``%B``) are written in capitals."""
    datetime: str = "%Y-%m-%dT%H:%M:%SZ"
    """strftime format of instants, written in UTC."""
    date: str = "%Y-%m-%d"
    true: str = "1"
    false: str = "0"
    decimal: str = "."
    """The decimal mark."""

    @property
    def refused(self) -> tuple[str, ...]:
        """All texts that no value may hold."""
        if self.quote or self.json_:
            return self.without
        return tuple(dict.fromkeys((*self.without, self.delimiter, *((self.record_end,) if self.record_end else ("\n", "\r")))))


class Refusal(Words):
    """A rule of the target that needs more than one row: which rows its importer refuses, as a query.

    ``sql`` selects the key fields of the refused rows of this entity from the target's entities (closed vocabulary).
    """

    code: Code
    message: str
    sql: str
    severity: Literal["quarantine", "blocked"] = "quarantine"
    waits_for: Name | None = None
    """The entity whose rows that are not loaded may be why the row is refused."""
    cause: str | None = None
    """With ``waits_for``: the key fields and ``cause`` of refused rows. ``waiting`` holds the rows that are not loaded."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Refusal:
        if (self.waits_for is None) != (self.cause is None):
            raise ValueError("waits_for and cause belong together")
        return self


class CertificationDay(Words):
    """A day of a certification: one that stands in the record (``at``), or one that is counted by a ``period``.

    What counts is an expression over the entity, and over its definition as ``definition.field``.
    """

    at: str | None = None
    """The day, or an instant whose day counts."""
    base: str | None = Default(default=None, alias="from")
    """What the period is counted from. A window is counted back from the expiry."""
    period: str | None = None
    """How long it is: ``12 month``, or a number whose unit is ``unit``."""
    unit: str | None = None
    units: dict[str, Literal["day", "week", "month", "year"]] = {}
    """``{what the system calls a unit: unit}``; case does not count."""
    months: Literal["last_day", "run_over"] | None = None
    """31 January and a month: ``last_day`` ends on the last day of February, ``run_over`` runs over into March."""
    through: bool = False
    """The certification is still valid on this day, and not from it on no more."""
    blank: Literal["unknown", "never"] = "unknown"
    """What no day means: nobody knows, or it never comes."""

    @model_validator(mode="after")
    def _one_way(self) -> CertificationDay:
        counting = [self.base, self.unit, self.months]
        if (self.at is None) == (self.period is None):
            raise ValueError("a day is at, or it is counted by a period")
        if self.at is not None and (any(counting) or self.units):
            raise ValueError("from, unit, units and months have no effect without period")
        if self.period is not None and self.months is None:
            raise ValueError("months says what becomes of the 31st: last_day or run_over")
        if self.unit is None and self.units:
            raise ValueError("units has no effect without unit")
        return self


Day = Annotated[CertificationDay, BeforeValidator(lambda given: {"at": given} if isinstance(given, str) else given)]


class CertificationRule(Words):
    """How the system tells who is certified in what, in which state on which day. What is left out is the field of the concept
    ``certification_award`` of the same name."""

    person: str | None = None
    """Expression: the key of the person."""
    certification: str | None = None
    """Expression: the key of the certification."""
    definition: Name | None = None
    """The entity with the settings of the certification; by default that which the field of ``certification`` refers to."""
    counts: str | None = None
    """Expression: does the record count at all?"""
    certified: str | None = Default(default=None)
    """Expression: the day or the instant from which the person is certified; by default ``certification_award.completed``."""
    expires: Day | None = None
    window_opens: Day | None = None
    """From when the person may renew. Without it and without its concept the system knows no window."""
    expired: str | None = None
    """Expression: the system says that it has expired, and keeps no dates."""
    zone: str = "UTC"
    """The time zone whose days count, where they are read from instants. A workspace sets that of its site."""
    note: str = ""
    unconfirmed: str = ""


class Entity(Words):
    """A set of records: a table, a file, or a view over them.

    Exactly one of these says where the rows are: ``sql`` (a view), ``file`` (a delimited file), or neither, which
    means the database table ``table`` (named as the entity by default).
    """

    label: str = ""
    note: str = ""
    concept: Name | None = None
    """The system-neutral idea that a record of it is, such as ``person``."""
    key: OneOrMore
    fields: dict[Name, Field]
    table: str | None = None
    file: str | None = None
    """File name; as a source it may hold ``*`` and then stands for several files of one shape, read in name order."""
    sheet: str | None = None
    """For sources, of a file that is an Excel workbook: the name of the sheet; the first by default."""
    format: FileFormat | None = None
    """Where this file differs from the system's ``format``."""
    sql: str | None = None
    covers: dict[Name, Name] = {}
    """For views: ``{table: field}``. Every key of ``table`` has to appear in ``field`` of one view that covers it;
    those that do not are reported, so that a join cannot lose records."""
    identified_by: HeaderSignature | None = None
    """Columns by which the target's importer tells the kind of a file from its header."""
    duplicates: Literal["last", "refuse", "keep"] = "refuse"
    """What the importer does with a second row of the same key."""
    newest_first: tuple[Name, ...] = ()
    """For targets: dates by which rows are written, the newest first and no date before all: the importer takes the first
    row of several for the main one."""
    refuses: tuple[Refusal, ...] = ()
    write: dict[Name, Any] = {}
    """For live targets: how a record is written, found and removed, in the words of the target's connector."""
    certification: CertificationRule | None = None
    """For records that certify somebody in something for a time: how the state on a day is told from them."""
    events: bool = False
    """For live targets: a record says what happened. When its source record comes under another key, something else happened:
    that is a record of its own, and the one before is proposed for deletion."""
    only_live: bool = False
    """For targets: nothing that can be delivered carries these records, only a live run does. Without an address of the
    target they are held."""
    optional: bool = False
    """The table or file is missing in some versions or exports; it reads as empty there."""
    unconfirmed: str = ""
    """What no source could confirm of the entity, such as its columns."""


class HeaderSignature(Words):
    """A file is of this kind when its header has all of ``all`` and one of ``any`` and none of ``none``."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


class VersionProbe(Words):
    """Where the system keeps its version, and which versions were tried (matched as prefixes)."""

    table: Name
    value: Name
    where: dict[Name, str]
    known: tuple[str, ...]


class Expectation(Words):
    """Rows that every whole export of the system has. Where there are none, something was probably left out of it."""

    code: Code
    message: str
    """What is probably missing, and how to get it."""
    sql: str
    """A SELECT over entities of the system (closed vocabulary) that gives at least one row."""


class ScopeRule(Words):
    """Records that a profile suggests to leave behind, because nothing was done with them."""

    label: str
    """What is suggested, in words for people."""
    entity: Name
    """Whose records."""
    among: str | None = None
    """An expression over the entity: the records that are asked about; all of them without it."""
    activity: str
    """A SELECT (closed vocabulary) of each use of a record: ``record``, its key as text, and ``at``, the instant or null."""
    years: Annotated[int, Default(ge=1)] | None = None
    """A use counts that is not older than so many years, or has no date. Without it any use counts."""
    note: str = ""


class Source(Words):
    """How the system can be read."""

    kind: Literal["database", "files", "xapi"]
    connection: dict[Name, Any] = {}
    """What the connector has to know of every site of this system, in its own words."""
    prefix: str | None = None
    """Default prefix of the table names; None where the system has no such thing."""
    version: VersionProbe | None = None
    format: FileFormat = FileFormat()
    expects: tuple[Expectation, ...] = ()


class SideEffect(Words):
    """Something a live load sets off in the target and that no rollback takes back."""

    code: Code
    message: str
    avoid: str
    """What a person does beforehand so that it does not happen."""


class Manifest(Words):
    """A file of the package that says which files are in it, as a table of two columns."""

    file: str
    header: tuple[str, str]
    rows: dict[str, str] = {}
    """``{property: value}`` that stand first, as they are."""
    property: str
    """What the row of a file is called; ``{file}`` is the name of the file without its ending."""
    whole: str
    """The value of a file that holds all records of its kind."""
    changes: str
    """The value of a file that holds what changed."""
    changes_by: Name
    """The field that is filled in every row of a file of changes, and in no row of a whole one."""
    absent: str
    """The value of a file that is not there."""
    others: tuple[str, ...] = ()
    """Files that the target knows and the contract does not describe; they are absent."""


class Target(Words):
    """How the system can be written, and how its importer reads what was written."""

    kind: Name
    """The connector that writes it; ``files`` leaves the load files in a folder."""
    connection: dict[Name, Any] = {}
    """What the connector has to know of every site of this system, in its own words."""
    side_effects: tuple[SideEffect, ...] = ()
    """A live run asks for each of them to be acknowledged in the workspace."""
    package: str | None = None
    """Name of the zip that holds the files; None: they lie in a plain folder."""
    format: FileFormat = FileFormat()
    identify: Literal["header", "name"] = "name"
    """Does the importer tell files apart by their header row or by their name?"""
    strip: bool = False
    """Blanks around a cell are removed by the importer."""
    blank_rows: Literal["skip", "refuse"] = "refuse"
    max_rows: int | None = None
    """Rows per file; more rows are written to further files."""
    strict_columns: bool | Literal["ordered"] = False
    """Unknown or missing columns refuse the whole file. ``ordered``: columns in another order or another case do, too."""
    empty_files: Literal["write", "leave_out"] = "write"
    """What becomes of an entity without rows: a file with only a header, or none."""
    manifest: Manifest | None = None


class Contract(Words):
    """A system: its entities, and how it is read or written."""

    system: Name
    label: str
    note: str = ""
    unconfirmed: str = ""
    """What no source could confirm of the system as a whole."""
    source: Source | None = None
    target: Target | None = None
    entities: dict[Name, Entity]
    """For a target in load order: records come after those they refer to."""
    internal: dict[str, str] = Default(default_factory=dict)
    """Tables (glob patterns) that hold no records of the organisation, with the reason: caches, logs, sessions."""
    conventions: dict[str, Name] = Default(default_factory=dict)
    """``{column: entity}``: what a column of this name refers to in tables that no entity describes."""
    scope: dict[Name, ScopeRule] = Default(default_factory=dict)
    """``{name: rule}``: what a profile suggests to leave out of the migration."""

    def load_file(self, entity: str) -> str:
        """Name of the file that a rehearsal writes for an entity of a target."""
        own = self.entities[entity]
        format_ = own.format or (self.target.format if self.target else FileFormat())
        return own.file or f"{entity}.{FILE_ENDINGS[format_.json_]}"


Entity.model_rebuild()
