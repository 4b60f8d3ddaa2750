"""The words in which a contract says how a record is written, found and removed by a Moodle's web services.

They stand under ``target.connection`` and ``entities.NAME.write``. Names of parameters are dotted paths: ``categorytype.type`` is
sent as ``cohorts[0][categorytype][type]``. Paths into replies are dotted as well.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from migrate.contracts.model import Code, Name, Words


def _short_value(given: object) -> object:
    """``username`` is short for ``{field: username}``; one value is short for a list of one."""
    values = given if isinstance(given, list) else [given]
    return tuple({"field": value} if isinstance(value, str) else _tuples(value) for value in values)


def _short_shown(given: object) -> object:
    """``username`` is short for ``{at: username}``."""
    return {"at": given} if isinstance(given, str) else _tuples(given)


def _expression(given: str) -> str:
    """A regular expression, or ValueError."""
    try:
        re.compile(given)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return given


def _tuples(given: object) -> object:
    """Lists as tuples, which the models hold: what passed through here is checked as Python, no more as JSON."""
    if isinstance(given, dict):
        return {key: _tuples(value) for key, value in given.items()}
    return tuple(_tuples(value) for value in given) if isinstance(given, list) else given


class Value(Words):
    """What is sent for one parameter. Exactly one of field, link, own, me, const, made says where it comes from."""

    field: Name | None = None
    """The value of this field: epochs as seconds, flags as 1 and 0."""
    link: Name | None = None
    """Moodle's own id of the record that this field refers to."""
    own: bool = False
    """Moodle's own id of the record itself."""
    me: bool = False
    """Moodle's own id of the user of the token."""
    piece: int | None = None
    """With ``link`` or ``own``: of an id that is several, divided by ``/``, this one; the first is 0."""
    const: str | int | None = None
    """Always this."""
    made: Literal["password"] | None = None
    """A random password that meets the usual rules; it is sent once and kept nowhere."""
    table: Name | None = None
    """With ``field``: what is sent is what the connection's table of this name has for the value."""
    blank: str | int | None = None
    """Sent where the value is empty. Without it an empty value is not sent."""
    default: str | int | None = None
    """Sent where no mapping fills the field, and where the value is empty and there is no ``blank``."""
    given: Name | None = None
    """Only where this field has a value."""
    where: dict[Name, tuple[Any, ...]] = {}
    """Only where each of these fields (its default, if it is empty) has one of the values."""

    @model_validator(mode="after")
    def _one_source(self) -> Value:
        sources = (self.field, self.link, self.own or None, self.me or None, self.const, self.made)
        if sum(source is not None for source in sources) != 1:
            raise ValueError("exactly one of field, link, own, me, const and made belongs here")
        if self.piece is not None and self.link is None and not self.own:
            raise ValueError("piece goes with link or own")
        if self.table is not None and self.field is None:
            raise ValueError("table goes with field")
        return self


Values = Annotated[tuple[Value, ...], BeforeValidator(_short_value)]
"""The first that applies is sent; where none applies, the parameter is left out."""


class Ids(Words):
    """How the reply to a call gives the ids of new records."""

    at: str = ""
    """Path of the list in the reply; blank: the reply is the list."""
    native: str = "id"
    match: dict[Name, str] = {}
    """``{field: path}`` by which a row is paired with its record; empty: rows come in the order in which records were sent."""


class Warnings(Words):
    """How the reply to a call warns of single records it did not write."""

    at: str = "warnings"
    match: str | None = None
    """Path in a warning of the id of the record (that which ``own`` or ``about`` sent). Without it the records are asked for."""
    about: Name | None = None
    """The warning's id is that of the record this field refers to, in place of the record's own."""


class Call(Words):
    """A function that writes records."""

    call: str
    list: str
    """The parameter that takes the records."""
    parameters: dict[str, Values] = {}
    item: Values | None = None
    """In place of ``parameters``: the list takes plain values."""
    rows: Literal["all_or_none", "one_by_one"] = "all_or_none"
    """One bad record refuses all that are sent with it, or each is written or warned of by itself."""
    repeatable: bool = False
    """Sending the same again ends the same: it may be repeated when a reply was lost."""
    where: dict[Name, tuple[Any, ...]] = {}
    """Only records whose fields have one of these values take this step."""
    ids: Ids | None = None
    warnings: Warnings | None = None
    verify: Name | None = None
    """Success is not believed: records that have a value in this field are looked for after the call."""

    @model_validator(mode="after")
    def _one_shape(self) -> Call:
        if bool(self.parameters) == (self.item is not None):
            raise ValueError("either parameters or item belongs here")
        return self


class Each(Words):
    """What is asked for, and how many at a time."""

    of: Values
    list: str | None = None
    """The parameter is a list of values."""
    joined: str | None = None
    """The parameter is one text, the values joined by commas."""
    parameter: str | None = None
    """The parameter takes one value; there is one call for each."""
    also: dict[str, Values] = {}
    """With ``parameter``: further parameters that records of one call share. They are put into each row under their names."""
    rows: dict[str, Values] = {}
    """With ``list``: the list takes rows of these parameters in place of plain values."""
    distinct: bool = False
    """Records that are asked for in one call must not share the value of ``of``."""
    per: int = 100
    """Values in one call."""
    together: int = 1
    """With ``parameter``: so many of its calls go in one, where the site allows it (``connection.together``)."""

    @model_validator(mode="after")
    def _one_shape(self) -> Each:
        if sum(given is not None for given in (self.list, self.joined, self.parameter)) != 1:
            raise ValueError("exactly one of list, joined and parameter belongs here")
        if self.also and self.parameter is None:
            raise ValueError("also goes with parameter")
        if self.together > 1 and self.parameter is None:
            raise ValueError("together goes with parameter")
        return self


class Mark(Words):
    """The same call with further parameters; rows that its answer holds as well are marked."""

    parameters: dict[str, Values]
    by: str
    """Path of the id by which rows are told apart."""


class Then(Words):
    """A second question about each row of an answer, for what the first does not show."""

    call: str
    parameter: str
    of: str
    """Path in the row of what is asked."""
    at: str
    """Path of the answer in the reply."""
    under: Name
    """Name under which the answer is put into the row."""
    needs: str | None = None
    """What the answer always has, unless the user of the token lacks the right to see it."""
    together: int = 1
    """So many questions go in one call, where the site allows it (``connection.together``)."""


class Read(Words):
    """A function that shows records."""

    call: str
    parameters: dict[str, Values] = {}
    each: Each | None = None
    """Without it there is one call, and its answer is all there is."""
    at: str = ""
    """Path of the rows in the reply; blank: the reply is the list."""
    explode: str | None = None
    """Path of a list in each row; each of its elements makes a row of its own."""
    echo: str | None = None
    """The value that was asked for is put into each row under this name (with ``each.parameter``)."""
    match: dict[str, str]
    """``{field: path}``: rows belong to the record whose field has what stands at the path. ``own`` stands for its id, a field
    that refers to another record for the id of that record."""
    without: dict[str, tuple[Any, ...]] = {}
    """``{path: values}``: rows that have one of these values are no records."""
    only: dict[str, tuple[Any, ...]] = {}
    """``{path: values}``: rows that have another value are no records."""
    blank: dict[str, tuple[Any, ...]] = {}
    """``{path: values}``: rows that have one of the values under each path are no records."""
    then: Then | None = None
    marks: dict[Name, Mark] = {}


class Shown(Words):
    """How a field stands in a row of an answer."""

    at: str | None = None
    """Path of the value."""
    among: str | None = None
    """``at`` is a list; the value stands in its elements under this path. The one meant if it is there, else the first."""
    unmarked: Name | None = None
    """A flag: true where the row does not have this mark."""
    between: tuple[Name, Name] | None = None
    """With ``unmarked``: only now and between the dates in these fields does a missing mark say anything."""
    unless: Name | None = None
    """What is shown says nothing where the record has a value in this field."""
    only_meant: bool = False
    """What is shown says nothing of a record that is to have no value: the site puts one of its own."""
    default: str | int | float | None = None
    """What the site puts where there is no value: of a record that is to have none, it is none."""
    empty: tuple[Any, ...] = ("", None)
    """Values that mean that there is none."""
    hides: tuple[Any, ...] = ()
    """Values that the site keeps and does not show: of a record that is to have one, nothing shown says nothing."""


ShownAt = Annotated[Shown, BeforeValidator(_short_shown)]


class Find(Words):
    """How records are found."""

    known: Read | None = None
    """By Moodle's own id."""
    sought: Read
    """By key."""
    native: str | None = None
    """Path of the record's own id (``course/id``: both together); None: the records of this entity have none that is shown."""
    shows: dict[Name, ShownAt] = {}
    links: dict[Name, ShownAt] = {}
    """Fields that refer to other records and are shown as ids."""
    asked: tuple[Name, ...] = ()
    """Fields that refer to other records and that the question itself fixes."""
    near: Name | None = None
    """Records that share the value of this field are asked for one after the other: one question shows several of them."""


class Doubts(Words):
    """How an answer says that the site did not look: it has such rows."""

    at: str
    blank: dict[str, tuple[Any, ...]] = {}
    """``{path: values}``: rows that have one of the values under each path do not count."""


class Empty(Words):
    """What has to be empty before a record may be removed: the answer of the call has no rows."""

    call: str
    parameters: dict[str, Values]
    at: str = ""
    explode: str | None = None
    """Path of a list in each row; each of its elements makes a row of its own."""
    blank: dict[str, tuple[Any, ...]] = {}
    """``{path: values}``: rows that have one of the values under each path do not count."""
    doubts: Doubts | None = None
    """Rows by which the site says that it did not look: the record is not removed."""
    holds: str
    """What the rows are, for the message."""
    one: str | None = None
    """What it is where there is a single one. Left out: as ``holds``."""
    together: int = 1
    """So many questions go in one call, where the site allows it (``connection.together``)."""


class Warn(Words):
    """What a person should know before records of this entity are written."""

    code: Code
    message: str
    next: str
    blocking: bool = False


class Write(Words):
    """How records of one entity are written, found and removed. What is not said cannot be done."""

    create: tuple[Call, ...] = ()
    update: tuple[Call, ...] = ()
    remove: tuple[Call, ...] = ()
    find: Find
    only_empty: tuple[Empty, ...] = ()
    """A record is removed only where these answers are empty."""
    unwritable: tuple[Name, ...] = ()
    unseen: tuple[Name, ...] = ()
    fixed: tuple[Name, ...] = ()
    """Fields that are written at creation and cannot be changed afterwards."""
    cascades: str = ""
    defaults: Name | None = None
    """A field that refers to a record. Beside one that the same run created, what is shown is the site's own default."""
    warns: tuple[Warn, ...] = ()
    upload: Any = None
    """How they stand in a CSV file that a person gives to the site; in words of its own."""


class Errors(Words):
    """Moodle's own error codes, by what they mean to the connector. All others refuse the record."""

    stop: tuple[str, ...] = ()
    """The token or the service is not as it has to be."""
    wait: tuple[str, ...] = ()
    """The site does not answer now; nothing was done."""
    again: tuple[str, ...] = ()
    """Nothing was done, and a second attempt may end otherwise (dead locks); after a few it refuses the record."""
    absent: tuple[str, ...] = ()
    """In answer to a question: there is no such record."""


class Files(Words):
    """Addresses of files inside of texts: the site keeps a mark, and shows its own address in place of it."""

    mark: str
    """What stands in the text before the name of the file."""
    shown: Annotated[str, AfterValidator(_expression)]
    """Regular expression of what is shown in place of the mark."""


class Together(Words):
    """A function that answers several questions in one call, each as if it had been asked alone, until it refuses one."""

    call: str
    list: str
    """The parameter that takes the questions."""
    function: str
    """In a question: the function that is asked."""
    arguments: str
    """In a question: its parameters, as JSON."""
    settings: dict[str, str | int] = {}
    """In a question: what ``settings`` of the connection says of every call."""
    at: str
    """Path of the answers in the reply."""
    data: str
    """In an answer: what the function gave, as JSON."""


class Connection(Words):
    """What holds for every site."""

    path: str
    """Below the site's address."""
    about: str
    """The function that tells version and allowed functions."""
    settings: dict[str, str | int] = {}
    """Parameters of every call."""
    releases: tuple[str, ...] = ()
    """Versions that were tried, as they begin."""
    max_input_vars: int = 1000
    """PHP's limit of parameters per call; what is over it is cut off."""
    max_post_bytes: int = 8_000_000
    tables: dict[Name, dict[str, str | int]] = {}
    """Values that differ from site to site, with those of a new site. A workspace can give its own as an option."""
    errors: Errors = Errors()
    files: Files | None = None
    """How files inside of texts are shown."""
    together: Together | None = None
    """How several questions are asked in one call. A service without the function is asked one by one."""
