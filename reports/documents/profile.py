"""The page of a profile. It draws from the profile alone, in which personal values are masked already."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from migrate.codes import TITLES
from migrate.profiling.model import EntityProfile, Profile, Remark
from migrate.profiling.remarks import CODES
from reports.documents.render import page

SHOWN = 5
"""Values of a field that the page shows; profile.json may have more."""


@dataclass(frozen=True)
class Group:
    """Remarks of one code."""

    code: str
    title: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class Bar:
    """A year and the rows of it; ``width`` of 100."""

    year: str
    rows: int
    width: float


@dataclass(frozen=True)
class Document:
    """What the layout of documents asks for, and the profile."""

    label: str
    describes: str
    profile: Profile
    groups: tuple[Group, ...]
    of_entity: dict[str, tuple[Remark, ...]]

    @property
    def present(self) -> list[EntityProfile]:
        """Tables with rows, the largest first."""
        return sorted((e for e in self.profile.entities if e.rows), key=lambda entity: (-entity.rows, entity.entity))

    @property
    def empty(self) -> list[EntityProfile]:
        """Tables that are there and hold nothing."""
        return [entity for entity in self.profile.entities if entity.present and not entity.rows]

    @property
    def absent(self) -> list[EntityProfile]:
        """Tables that are not there, or that the run did not extract."""
        return [entity for entity in self.profile.entities if not entity.present]


def profile_page(profile: Profile) -> str:
    """The profile as a page that needs nothing but itself."""
    by_code: dict[str, list[Remark]] = defaultdict(list)
    by_entity: dict[str, list[Remark]] = defaultdict(list)
    for remark in profile.remarks:
        by_code[remark.code].append(remark)
        by_entity[remark.entity].append(remark)
    groups = tuple(Group(code, TITLES[code], tuple(by_code[code])) for code in CODES if code in by_code)
    document = Document(
        profile.label, profile.fingerprint, profile, groups, {entity: tuple(found) for entity, found in by_entity.items()}
    )
    return page("profile.html.j2", document=document, bars=bars, shown=SHOWN, classes=_classes, titles=TITLES)


def bars(years: dict[str, int]) -> list[Bar]:
    """Rows by year as bars; a year between the first and the last without rows has one as well."""
    dated = {int(year): rows for year, rows in years.items() if year.lstrip("-").isdigit()}
    most = max(years.values(), default=0) or 1
    span = range(min(dated), max(dated) + 1) if dated and max(dated) - min(dated) <= 60 else sorted(dated)
    found = [Bar(str(year), dated.get(year, 0), round(100 * dated.get(year, 0) / most, 2)) for year in span]
    return found + [
        Bar(year, rows, round(100 * rows / most, 2)) for year, rows in years.items() if not year.lstrip("-").isdigit()
    ]


def _classes(profile: Profile) -> list[tuple[str, str, str, str, str]]:
    """``(table, field, class by the contract, class that was found, what was found)`` of every personal field."""
    return [
        (e.entity, f.field, f.personal.declared or "", f.personal.found or "", f.personal.what)
        for e in profile.entities
        for f in e.fields
        if f.personal is not None and f.holding
    ]
