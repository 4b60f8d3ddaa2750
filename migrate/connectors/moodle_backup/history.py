"""What one backup carries: the history of one course, typed, by the names that Moodle's own tables have.

Instants are in UTC without zone; None is "not set". Keys are what people know (ID number, username), never numbers of a database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Part = Literal["grade_items", "grades", "course_completions", "activities", "activity_completions"]
Number = Decimal | float | int


@dataclass(frozen=True, slots=True)
class Person:
    """An account as the target holds it. Restore matches username and e-mail (any case); nothing else of it is written."""

    username: str
    email: str


@dataclass(frozen=True, slots=True)
class GradeItem:
    """A manual grade item (column of the gradebook). Restore finds one that exists by its name, not by its ID number."""

    idnumber: str
    itemname: str
    gradetype: int = 1
    """1 a number, 3 text only (the feedback)."""
    grademax: Number = 100
    grademin: Number = 0
    gradepass: Number = 0
    iteminfo: str | None = None
    counts: bool = True
    """Has it weight in the course total? False: weight 0, set by hand, in the aggregations that have weights."""
    hidden: bool = False
    hiddenuntil: datetime | None = None
    locked: datetime | None = None
    locktime: datetime | None = None
    """Locked from this instant on."""
    timecreated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """One person's grade of one item."""

    item: str
    user: str
    finalgrade: Number | None = None
    """None: no grade, which is not 0."""
    feedback: str | None = None
    feedbackformat: int = 1
    """0 Moodle's own, 1 HTML, 2 plain text, 4 Markdown."""
    timecreated: datetime | None = None
    """When the work was submitted."""
    timemodified: datetime | None = None
    """When it was graded."""
    grader: str | None = None
    overridden: datetime | None = None
    excluded: datetime | None = None
    hidden: bool = False
    hiddenuntil: datetime | None = None
    locked: datetime | None = None
    locktime: datetime | None = None


@dataclass(frozen=True, slots=True)
class CourseCompletion:
    """That a person began and completed the course."""

    user: str
    timeenrolled: datetime | None = None
    timestarted: datetime | None = None
    timecompleted: datetime | None = None
    """None: not completed."""


@dataclass(frozen=True, slots=True)
class Activity:
    """A placeholder that says which activity of the earlier system it stands for, and carries its completions."""

    idnumber: str
    name: str
    kind: str = "label"
    """``label`` (text on the course page), ``page`` (text on a page of its own) or ``url`` (a link)."""
    text: str = ""
    """HTML."""
    externalurl: str | None = None
    """Where a ``url`` leads to."""
    visible: bool = False
    """Hidden from learners they cannot tick it off, or take the tick away."""
    added: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActivityCompletion:
    """A person's state in one activity."""

    activity: str
    user: str
    completionstate: int = 1
    """0 not complete, 1 complete, 2 passed, 3 failed."""
    timemodified: datetime | None = None
    """When it came into this state."""
    timeviewed: datetime | None = None


@dataclass(frozen=True)
class CourseHistory:
    """Everything for one backup file. Iterables are read once."""

    shortname: str
    fullname: str
    made: datetime
    """The instant of the run. It is the backup's date; equal input gives equal bytes."""
    people: Iterable[Person]
    """Those whom the records name, as the target holds them. Records of others are left out, and reported."""
    grade_items: Sequence[GradeItem] = ()
    """Also those the target has already, where ``grades`` has new grades for them."""
    grades: Iterable[Grade] = ()
    course_completions: Iterable[CourseCompletion] = ()
    activities: Sequence[Activity] = ()
    activity_completions: Iterable[ActivityCompletion] = ()
    names_taken: Collection[str] = ()
    """Names of grade items that the course has already and that are not among ``grade_items``."""
    section: int = 0
    """Number of the course's section that takes the placeholders; 0 is always there, another is made where it is missing."""


@dataclass(frozen=True, order=True)
class LeftOut:
    """A record that is not in the file."""

    part: Part
    key: str
    """As the contract's record has it, where the contract's keys are those of the parts' own: ``idnumber``, ``[item, user]``,
    ``[course, user]``, ``[activity, user]``."""
    reason: str


@dataclass(frozen=True, order=True)
class Altered:
    """A value that a backup cannot hold as it is, and what was done."""

    part: Part
    key: str
    field: str
    what: str


@dataclass(frozen=True)
class Written:
    """What became of the records: all that is not in ``left_out`` is in the file."""

    counts: dict[Part, int]
    left_out: tuple[LeftOut, ...]
    altered: tuple[Altered, ...]
    sha256: str
    size: int
    """Bytes."""
