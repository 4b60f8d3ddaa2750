"""Which records go into the file: each is tried, made ready to write, and what cannot be restored as meant is left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from migrate.connectors.moodle_backup.elements import Value
from migrate.connectors.moodle_backup.history import (
    Activity,
    ActivityCompletion,
    Altered,
    CourseCompletion,
    CourseHistory,
    Grade,
    GradeItem,
    LeftOut,
    Part,
    Person,
)
from migrate.connectors.moodle_backup.kinds import KINDS
from migrate.connectors.moodle_backup.values import CannotHold, Trial, hidden, number, seconds, seconds_or_null, text

Ready = dict[str, Value]
"""Element names and values of one record, in the order they are written."""
ALL_PARTS: tuple[Part, ...] = ("grade_items", "grades", "course_completions", "activities", "activity_completions")


@dataclass(frozen=True)
class Placed:
    """An activity, ready to be written."""

    kind: str
    title: str
    idnumber: str
    added: int
    visible: bool
    values: Ready
    """Of the kind's own file."""


@dataclass
class Sifted:
    """Records ready to be written, by the synthetic numbers that they have in this file alone."""

    people: dict[str, int] = field(default_factory=dict)
    accounts: list[Person] = field(default_factory=list)
    items: list[Ready] = field(default_factory=list)
    grades: list[list[Ready]] = field(default_factory=list)
    """By place of the item in ``items``."""
    completions: list[Ready] = field(default_factory=list)
    activities: list[Placed] = field(default_factory=list)
    states: list[list[Ready]] = field(default_factory=list)
    """By place of the activity in ``activities``."""
    views: list[list[Ready]] = field(default_factory=list)
    counts: dict[Part, int] = field(default_factory=lambda: dict.fromkeys(ALL_PARTS, 0))
    left_out: list[LeftOut] = field(default_factory=list)
    altered: list[Altered] = field(default_factory=list)

    @contextmanager
    def trying(self, part: Part, key: str) -> Iterator[Trial]:
        """What raises CannotHold is left out, with its words as the reason."""
        trial = Trial()
        try:
            yield trial
        except CannotHold as error:
            reason = f"{trial.field}: {error}" if trial.field else str(error)
            self.left_out.append(LeftOut(part, key, reason))
        else:
            self.altered.extend(Altered(part, key, name, what) for name, what in trial.altered)
            self.counts[part] += 1


_UNSEEN = ("Cc", "Cf")


def same_name(name: str) -> str:
    """Names that some database of Moodle's takes for equal are equal here.

    MariaDB's utf8mb4_unicode_ci makes no difference between cases, accents, forms of a character and outer blanks, nor
    between any two characters above U+FFFF, such as emoji; it passes over control and format characters.
    """
    bare = (
        c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c) and unicodedata.category(c) not in _UNSEEN
    )
    return "".join("\ufffd" if c > "\uffff" else c for c in bare).casefold().strip()


def record_key(*parts: str) -> str:
    """The text of a composite key, as :func:`migrate.compiler.text.key_text` has it."""
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def sift(course: CourseHistory) -> Sifted:
    """Reads the iterables of ``course`` once."""
    sifted = Sifted()
    for person in sorted(course.people, key=lambda person: person.username):
        if person.username not in sifted.people:
            sifted.people[person.username] = len(sifted.accounts) + 1
            sifted.accounts.append(person)
    items = _items(sifted, course.grade_items, {same_name(name) for name in course.names_taken})
    _grades(sifted, items, course.grades)
    _completions(sifted, course.shortname, course.course_completions)
    activities = _activities(sifted, course.activities)
    _states(sifted, activities, course.activity_completions)
    return sifted


def _known(known: dict[str, int], key: str, what: str) -> int:
    if key not in known:
        raise CannotHold(what)
    return known[key]


def _once(seen: set[str], key: str) -> None:
    if key in seen:
        raise CannotHold("there is another record of this key")
    seen.add(key)


_NOBODY = "the target has no account of this username"


def _items(sifted: Sifted, items: Iterable[GradeItem], names: set[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for item in items:
        with sifted.trying("grade_items", item.idnumber) as say:
            _once(set(places), item.idnumber)
            if same_name(item.itemname) in names:
                raise CannotHold("the course has another item of this name, and restore would put both into one")
            if not item.itemname.strip():
                raise CannotHold("an item without a name")
            if item.gradetype not in (1, 3):
                raise CannotHold(f"grade type {item.gradetype}; 1 (number) and 3 (text) can be restored")
            low, high = number(item.grademin, say.of("grademin")), number(item.grademax, say.of("grademax"))
            ready: Ready = {
                "categoryid": None,
                "itemname": text(item.itemname, say.of("itemname"), 255),
                "itemtype": "manual",
                "itemmodule": None,
                "iteminstance": None,
                "itemnumber": None,
                "iteminfo": None if item.iteminfo is None else text(item.iteminfo, say.of("iteminfo")),
                "idnumber": text(item.idnumber, say.of("idnumber"), 255),
                "calculation": None,
                "gradetype": item.gradetype,
                "grademax": high,
                "grademin": low,
                "scaleid": None,
                "outcomeid": None,
                "gradepass": number(item.gradepass, say.of("gradepass")),
                "multfactor": "1.00000",
                "plusfactor": "0.00000",
                "aggregationcoef": "0.00000",
                "aggregationcoef2": "0.00000",
                "weightoverride": 0 if item.counts else 1,
                # Far behind the items that a course has of its own.
                "sortorder": 10_000 + len(places),
                "display": 0,
                "decimals": None,
                "hidden": hidden(item.hidden, item.hiddenuntil, say.of("hiddenuntil")),
                "locked": seconds(item.locked, say.of("locked")),
                "locktime": seconds(item.locktime, say.of("locktime")),
                "needsupdate": 0,
                "timecreated": seconds_or_null(item.timecreated, say.of("timecreated")),
                # Moodle sets it to the instant at which it works out the weights.
                "timemodified": None,
            }
            names.add(same_name(item.itemname))
            places[item.idnumber] = len(sifted.items)
            sifted.items.append(ready)
            sifted.grades.append([])
    return places


def _grades(sifted: Sifted, items: dict[str, int], grades: Iterable[Grade]) -> None:
    seen: set[str] = set()
    for grade in grades:
        key = record_key(grade.item, grade.user)
        with sifted.trying("grades", key) as say:
            _once(seen, key)
            place = _known(items, grade.item, "its item is not in the file")
            user = _known(sifted.people, grade.user, _NOBODY)
            item = sifted.items[place]
            final = None if grade.finalgrade is None else number(grade.finalgrade, say.of("finalgrade"))
            if item["gradetype"] == 3 and final is not None:
                raise CannotHold("a number, for an item that takes text only")
            ready: Ready = {
                "userid": user,
                "rawgrade": None,
                "rawgrademax": item["grademax"],
                "rawgrademin": item["grademin"],
                "rawscaleid": None,
                "usermodified": None if grade.grader is None else sifted.people.get(grade.grader),
                "finalgrade": final,
                "hidden": hidden(grade.hidden, grade.hiddenuntil, say.of("hiddenuntil")),
                "locked": seconds(grade.locked, say.of("locked")),
                "locktime": seconds(grade.locktime, say.of("locktime")),
                "exported": 0,
                "overridden": seconds(grade.overridden, say.of("overridden")),
                "excluded": seconds(grade.excluded, say.of("excluded")),
                "feedback": None if grade.feedback is None else text(grade.feedback, say.of("feedback")),
                "feedbackformat": grade.feedbackformat,
                "information": None,
                "informationformat": 0,
                "timecreated": seconds_or_null(grade.timecreated, say.of("timecreated")),
                "timemodified": seconds_or_null(grade.timemodified, say.of("timemodified")),
                "aggregationstatus": "unknown",
                "aggregationweight": None,
            }
            if grade.grader is not None and grade.grader not in sifted.people:
                say.of("grader")("left empty: the target has no account of this username")
            sifted.grades[place].append(ready)


def _completions(sifted: Sifted, course: str, completions: Iterable[CourseCompletion]) -> None:
    seen: set[str] = set()
    for completion in completions:
        with sifted.trying("course_completions", record_key(course, completion.user)) as say:
            _once(seen, completion.user)
            sifted.completions.append(
                {
                    "userid": _known(sifted.people, completion.user, _NOBODY),
                    "course": 1,
                    "timeenrolled": seconds(completion.timeenrolled, say.of("timeenrolled")),
                    "timestarted": seconds(completion.timestarted, say.of("timestarted")),
                    "timecompleted": seconds_or_null(completion.timecompleted, say.of("timecompleted")),
                    # Not 0: the completion task would work the row out again.
                    "reaggregate": 0,
                }
            )


def _activities(sifted: Sifted, activities: Iterable[Activity]) -> dict[str, int]:
    places: dict[str, int] = {}
    for activity in activities:
        with sifted.trying("activities", activity.idnumber) as say:
            _once(set(places), activity.idnumber)
            if activity.kind not in KINDS:
                raise CannotHold(f"kind {activity.kind!r}; there are {', '.join(sorted(KINDS))}")
            added = seconds(activity.added, say.of("added"))
            values = KINDS[activity.kind](activity, added, say)
            placed = Placed(
                kind=activity.kind,
                title=str(values["name"]),
                idnumber=text(activity.idnumber, say.of("idnumber"), 100),
                added=added,
                visible=activity.visible,
                values=values,
            )
            places[activity.idnumber] = len(sifted.activities)
            sifted.activities.append(placed)
            sifted.states.append([])
            sifted.views.append([])
    return places


def _states(sifted: Sifted, activities: dict[str, int], completions: Iterable[ActivityCompletion]) -> None:
    seen: set[str] = set()
    for completion in completions:
        key = record_key(completion.activity, completion.user)
        with sifted.trying("activity_completions", key) as say:
            _once(seen, key)
            place = _known(activities, completion.activity, "its activity is not in the file, and restore adds to no other")
            user = _known(sifted.people, completion.user, _NOBODY)
            if completion.completionstate not in (0, 1, 2, 3):
                raise CannotHold(f"state {completion.completionstate}; there are 0, 1, 2 and 3")
            state: Ready = {
                "userid": user,
                "completionstate": completion.completionstate,
                "timemodified": seconds(completion.timemodified, say.of("timemodified")),
            }
            viewed = seconds(completion.timeviewed, say.of("timeviewed"))
            sifted.states[place].append(state)
            if viewed:
                sifted.views[place].append({"userid": user, "timecreated": viewed})
