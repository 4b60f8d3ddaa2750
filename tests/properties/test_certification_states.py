"""States that the engine counts, held against a plain model in Python; and what shifting one date does."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from migrate.contracts.certifications import CertificationStates, certification_states
from migrate.contracts.model import Contract
from migrate.engine import session
from migrate.located_yaml import parse
from migrate.models import build
from migrate.reconciliation.certification_judging import judge
from migrate.reconciliation.certification_sql import days_sql, pieces_sql

FIRST, LAST = dt.date(2018, 1, 1), dt.date(2034, 12, 31)
CONTRACT = """\
system: made_up
label: Made up
source: {{kind: files}}
entities:
  awards:
    key: id
    certification:
      certification: kind
      certified: earned
      expires: {{from: "coalesce(due, earned)", period: definition.valid, months: {months}, through: {through}}}
      window_opens: {{period: definition.n, unit: definition.u, units: {{D: day, W: week, M: month, Y: year}}, months: {months}}}
      expired: gone
    fields:
      id: {{}}
      person: {{concept: certification_award.person}}
      kind: {{references: {{entity: kinds}}}}
      earned: {{type: date}}
      due: {{type: date}}
      gone: {{type: flag}}
  kinds: {{key: code, fields: {{code: {{}}, valid: {{}}, n: {{type: int}}, u: {{}}}}}}
"""


@dataclass(frozen=True)
class Kind:
    valid: str
    n: int
    u: str


@dataclass(frozen=True)
class Award:
    person: str
    earned: dt.date | None
    due: dt.date | None = None
    gone: bool = False


def plus(day: dt.date, n: int, unit: str, months: str, sign: int = 1) -> dt.date:
    """A period after a day, in the two ways of counting months."""
    if unit in ("day", "week"):
        return day + dt.timedelta(days=sign * n * (7 if unit == "week" else 1))
    year, month = divmod(day.year * 12 + day.month - 1 + sign * n * (12 if unit == "year" else 1), 12)
    if months == "run_over":
        return dt.date(year, month + 1, 1) + dt.timedelta(days=day.day - 1)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def model(awards: Iterable[Award], kind: Kind, months: str, day: dt.date, *, through: bool) -> str:
    """The state on a day, told as a person would tell it: take the record that counts, and look at its three days."""
    own = [award for award in awards if award.earned is None or award.earned <= day]
    if not own:
        return "none"
    number, _, unit = kind.valid.partition(" ")
    units = {"D": "day", "W": "week", "M": "month", "Y": "year"}

    def ends(award: Award) -> dt.date | None:
        base = award.due or award.earned
        return plus(base, int(number), unit.removesuffix("s"), months) if base and unit and number.isdigit() else None

    def order(award: Award) -> tuple[dt.date, bool, dt.date]:
        return award.earned or dt.date.min, award.gone, ends(award) or dt.date.min

    award = max(own, key=order)
    end = ends(award)
    if award.gone:
        return "expired"
    if award.earned is None or end is None:
        return "unknown"
    opens = plus(end, kind.n, units[kind.u], months, -1)
    end += dt.timedelta(days=through)
    return "expired" if day >= end else "window open" if day >= opens else "certified"


DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2024, 12, 31)) | st.sampled_from(
    [dt.date(2020, 2, 29), dt.date(2023, 1, 31), dt.date(2023, 8, 31), dt.date(2024, 2, 29), dt.date(2024, 12, 31)]
)
KINDS = st.builds(
    Kind,
    st.sampled_from(["6 month", "12 months", "1 year", "2 year", "52 week", "90 day", "18 month", "soon", "0 day", "1.5 year"]),
    st.integers(0, 100),
    st.sampled_from("DW"),
) | st.builds(Kind, st.sampled_from(["12 month", "2 year", "3 years"]), st.integers(0, 30), st.sampled_from("MY"))
AWARDS = st.lists(
    st.builds(Award, st.sampled_from("ab"), st.none() | DAYS, st.none() | DAYS, st.sampled_from([False, False, False, True])),
    max_size=7,
)


@cache
def told(months: str, through: bool) -> CertificationStates:
    text = CONTRACT.format(months=months, through=str(through).lower())
    rule = certification_states(build(Contract, parse(text, Path("made_up.yaml"))))
    assert rule is not None
    return rule


@contextmanager
def states(awards: Iterable[Award], kind: Kind, months: str, *, through: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session with the states of awards in ``pieces``, as those of the source."""
    rule = told(months, through)
    with session(threads=1) as connection:
        connection.execute("CREATE TABLE awards (id VARCHAR, person VARCHAR, kind VARCHAR, earned DATE, due DATE, gone BOOLEAN)")
        connection.execute("CREATE TABLE kinds (code VARCHAR, valid VARCHAR, n BIGINT, u VARCHAR)")
        connection.execute("INSERT INTO kinds VALUES ('K', ?, ?, ?)", [kind.valid, kind.n, kind.u])
        for number, a in enumerate(awards):
            row = [str(number), a.person, "K", a.earned, a.due, a.gone]
            connection.execute("INSERT INTO awards VALUES (?, ?, ?, ?, ?, ?)", row)
        types = {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE {rule.sql}").fetchall()}
        pieces = pieces_sql(days_sql(rule.sql, rule, types, "UTC", windows=True))
        connection.execute(
            "CREATE TABLE pieces AS SELECT 'source' AS side, *, CAST(NULL AS VARCHAR) AS part, CAST(NULL AS VARCHAR) AS code, "
            f"CAST([] AS VARCHAR[]) AS explains FROM ({pieces})"
        )
        yield connection


def spelled(connection: duckdb.DuckDBPyConnection, person: str) -> dict[dt.date, str]:
    """``{first day: state}`` of a person."""
    rows = connection.execute("SELECT first, state FROM pieces WHERE person = ? ORDER BY first", [person]).fetchall()
    assert len({first for first, _ in rows}) == len(rows), "one state on each day"
    return dict(rows)


@pytest.mark.parametrize("months", ["last_day", "run_over"])
@given(awards=AWARDS, kind=KINDS, through=st.booleans(), days=st.lists(st.dates(FIRST, LAST), min_size=1, max_size=20))
@example(awards=[Award("a", dt.date(2020, 2, 29))], kind=Kind("2 year", 2, "M"), through=False, days=[dt.date(2022, 2, 28)])
@example(awards=[Award("a", dt.date(2022, 8, 31))], kind=Kind("6 month", 4, "W"), through=False, days=[dt.date(2023, 3, 1)])
def test_the_state_on_a_day_is_that_of_a_plain_model(
    months: str, awards: list[Award], kind: Kind, through: bool, days: list[dt.date]
) -> None:
    with states(awards, kind, months, through=through) as connection:
        for person in "ab":
            own = [award for award in awards if award.person == person]
            found = spelled(connection, person)
            edges = {first + dt.timedelta(days=n) for first in found if first.year > 1 for n in (-1, 0, 1)}
            for day in {*days, *edges}:
                first = max((first for first in found if first <= day), default=None)
                said = found[first] if first else "none"
                assert said == model(own, kind, months, day, through=through), (person, day, found)


def judged(connection: duckdb.DuckDBPyConnection, target: Iterable[Award], kind: Kind) -> dict[str, tuple[str, int | None]]:
    """``{person: (kind, days)}`` of what differs where ``target`` is what the target holds."""
    with states(target, kind, "last_day", through=False) as other:
        rows = other.execute("SELECT person, certification, state, first, record FROM pieces").fetchall()
    connection.execute("DELETE FROM pieces WHERE side <> 'source'")
    connection.execute("INSERT INTO pieces SELECT 'expected', * EXCLUDE (side) FROM pieces")
    for row in rows:
        connection.execute("INSERT INTO pieces VALUES ('target', ?, ?, ?, ?, ?, NULL, NULL, [])", list(row))
    judge(connection, FIRST.isoformat())
    found = connection.execute("SELECT outcome, person, kind, days FROM differences").fetchall()
    assert {outcome for outcome, *_ in found} <= {"different"}
    return {person: (way, days) for _, person, way, days in found}


DATED = st.lists(st.builds(Award, st.sampled_from("abcd"), DAYS), min_size=1, max_size=6, unique_by=lambda award: award.person)
VALID = st.builds(Kind, st.sampled_from(["6 month", "1 year", "52 week"]), st.integers(1, 60), st.just("D"))


@given(awards=DATED, kind=VALID, shift=st.integers(1, 400), earlier=st.booleans(), which=st.integers(0, 5))
def test_one_shifted_date_is_exactly_that_persons_difference(
    awards: list[Award], kind: Kind, shift: int, earlier: bool, which: int
) -> None:
    with states(awards, kind, "last_day", through=False) as connection:
        assert judged(connection, awards, kind) == {}, "equal sides tell nothing"
        at = which % len(awards)
        due = awards[at].earned or FIRST
        moved = due - dt.timedelta(days=shift) if earlier else due + dt.timedelta(days=shift)
        shifted = [replace(award, due=moved) if number == at else award for number, award in enumerate(awards)]
        found = judged(connection, shifted, kind)
        before, after = (model([a], kind, "last_day", due, through=False) for a in (awards[at], shifted[at]))
        number, _, unit = kind.valid.partition(" ")
        ends = [max(plus(day, int(number), unit, "last_day"), due) for day in (due, moved)]
        if ends[0] == ends[1]:  # two days of one month's end, or both before it was earned
            assert set(found) <= {awards[at].person}, (before, after)
            return
        assert set(found) == {awards[at].person}
        way, days = found[awards[at].person]
        assert (way, days) == ("earlier" if ends[1] < ends[0] else "later", abs((ends[1] - ends[0]).days))


@given(awards=DATED, kind=VALID, which=st.integers(0, 5))
def test_a_missing_person_is_exactly_that_persons_difference(awards: list[Award], kind: Kind, which: int) -> None:
    with states(awards, kind, "last_day", through=False) as connection:
        gone = awards[which % len(awards)]
        assert judged(connection, [a for a in awards if a != gone], kind) == {gone.person: ("missing", None)}
        assert judged(connection, [*awards, Award("z", gone.earned)], kind) == {"z": ("invented", None)}
