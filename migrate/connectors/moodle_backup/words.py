"""What a contract says of an entity that goes into a backup, and the making of histories from its records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError, model_validator

from migrate.connectors.moodle_backup.history import (
    Activity,
    ActivityCompletion,
    CourseCompletion,
    CourseHistory,
    Grade,
    GradeItem,
    Part,
    Person,
)
from migrate.connectors.target import Record
from migrate.contracts.model import Contract, Name, Words
from migrate.errors import ConfigurationError

_CLASSES: dict[Part, Callable[..., Any]] = {
    "grade_items": GradeItem,
    "grades": Grade,
    "course_completions": CourseCompletion,
    "activities": Activity,
    "activity_completions": ActivityCompletion,
}
_COURSE = "course"
"""The attribute of parts that name their course themselves; the others belong to a record that does."""
_OWNERS: dict[Part, tuple[Part, str]] = {"grades": ("grade_items", "item"), "activity_completions": ("activities", "activity")}


class BackupWords(Words):
    """``write`` of an entity whose records go as a backup.

    .. code-block:: yaml

        write: {route: backup, part: grade_items, names: {itemname: title}}
    """

    route: Literal["backup"]
    part: Part
    names: dict[str, Name] = {}
    """``{attribute: field}`` where a field of the contract has another name than the attribute of the part it fills."""
    find: Any = None
    """This and what follows is how the target shows them, in the words of the connector that asks it."""
    unseen: Any = None
    warns: Any = None

    @model_validator(mode="after")
    def _known(self) -> BackupWords:
        unknown = self.names.keys() - attributes(self.part)
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))}: {self.part} has {', '.join(sorted(attributes(self.part)))}")
        return self


def attributes(part: Part) -> set[str]:
    """What a record of a part can hold."""
    own = {a.name for a in fields(_CLASSES[part])}  # type: ignore[arg-type]
    return own if part in _OWNERS else own | {_COURSE}


def backup_words(contract: Contract) -> dict[str, BackupWords]:
    """The entities of a contract that go as backups, by name. Raises ConfigurationError for words that are not known."""
    found: dict[str, BackupWords] = {}
    for name, entity in contract.entities.items():
        if entity.write.get("route") != "backup":
            continue
        try:
            words = BackupWords.model_validate(entity.write)
        except ValidationError as error:
            problem = error.errors()[0]
            raise ConfigurationError(f"{contract.system}: write of {name}: {problem['loc']}: {problem['msg']}") from None
        named = {words.names.get(attribute, attribute) for attribute in attributes(words.part)}
        extra = sorted(entity.fields.keys() - named)
        if extra:
            raise ConfigurationError(f"{contract.system}: a backup has no place for {name}.{extra[0]}")
        found[name] = words
    return found


@dataclass
class _Course:
    parts: dict[Part, list[Any]] = field(default_factory=dict)
    usernames: set[str] = field(default_factory=set)


def course_histories(
    contract: Contract,
    records: Mapping[str, Iterable[Record]],
    accounts: Mapping[str, Person],
    titles: Mapping[str, str],
    made: datetime,
    names_taken: Mapping[str, Iterable[str]] | None = None,
) -> Iterator[CourseHistory]:
    """One history for each course that a record belongs to, in the order of their short names.

    ``records`` are by entity; grade items and activities have to be among them where a grade or completion refers to them,
    even if the target holds them. ``accounts`` are the target's, by username; ``titles`` the courses' full names, by short
    name. ``names_taken``: names of grade items that courses hold and that are not among the records. Records whose owner is
    not there are under a course of the name ``''``, and end as left out.
    """
    words = backup_words(contract)
    courses: dict[str, _Course] = {}
    owner_course: dict[tuple[Part, str], str] = {}
    for owners_first in (True, False):
        for entity, given in records.items():
            entity_words = words[entity]
            part = entity_words.part
            if (part not in _OWNERS) != owners_first:
                continue
            for record in given:
                values = _values(entity_words, record)
                if part in _OWNERS:
                    owner, attribute = _OWNERS[part]
                    course = owner_course.get((owner, values[attribute]), "")
                else:
                    course = str(values.pop(_COURSE))
                    if "idnumber" in values:
                        owner_course[part, values["idnumber"]] = course
                into = courses.setdefault(course, _Course())
                into.parts.setdefault(part, []).append(_CLASSES[part](**values))
                into.usernames.update(values[who] for who in ("user", "grader") if values.get(who) is not None)
    for shortname in sorted(courses):
        course_ = courses[shortname]
        yield CourseHistory(
            shortname=shortname,
            fullname=titles.get(shortname, shortname),
            made=made,
            people=[accounts[name] for name in sorted(course_.usernames) if name in accounts],
            names_taken=frozenset((names_taken or {}).get(shortname, ())),
            **{str(part): course_.parts[part] for part in sorted(course_.parts)},  # type: ignore[arg-type]
        )


def _values(words: BackupWords, record: Record) -> dict[str, Any]:
    """By attribute; what is empty or absent keeps the attribute's default, where it has one that is not empty."""
    values = {}
    for attribute in attributes(words.part):
        value = record.values.get(words.names.get(attribute, attribute))
        if value is not None:
            values[attribute] = value
    return values
