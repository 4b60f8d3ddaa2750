"""The certification rules of the contracts that ship, on a few records whose days can be told by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from migrate.compiler.source import SOURCE, SQL_TYPES, query_needs, query_sql
from migrate.compiler.text import name
from migrate.contracts.certifications import certification_states
from migrate.contracts.load import load_contract
from migrate.engine import session
from migrate.reconciliation.certification_sql import days_sql, pieces_sql

SYSTEMS = Path(__file__).parents[3] / "mappings" / "systems"
Row = Mapping[str, Any]


def states(file: str, tables: Mapping[str, Sequence[Row]], zone: str = "UTC") -> dict[str, dict[str, str]]:
    """``{person and certification: {first day: state}}`` by the contract in ``file``."""
    contract = load_contract(SYSTEMS / file).model
    rule = certification_states(contract)
    assert rule is not None
    with session(threads=1) as connection:
        view = contract.entities[rule.entity].sql
        wanted = [*(query_needs(contract, view) if view else ()), *query_needs(contract, rule.sql)]
        for entity in dict.fromkeys(wanted):
            if entity == rule.entity and view:
                continue
            fields = contract.entities[entity].fields
            columns = ", ".join(f"{name(field)} {SQL_TYPES[its.type]}" for field, its in fields.items())
            connection.execute(f"CREATE TABLE {name(SOURCE, entity)} ({columns})")
            for row in tables.get(entity, ()):
                assert set(row) <= set(fields), entity
                cells = ", ".join(map(name, row))
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {name(SOURCE, entity)} ({cells}) VALUES ({marks})", list(row.values()))
        if view:
            connection.execute(f"CREATE VIEW {name(SOURCE, rule.entity)} AS {query_sql(view, SOURCE)}")
        query = query_sql(rule.sql, SOURCE)
        types = {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE {query}").fetchall()}
        rows = connection.execute(pieces_sql(days_sql(query, rule, types, zone, windows=True))).fetchall()
    found: dict[str, dict[str, str]] = {}
    for person, certification, state, first, _ in sorted(rows, key=lambda row: row[3]):
        found.setdefault(f"{person} {certification}", {})[first.isoformat()] = state
    return found


# Totara, as its uploads make it ---------------------------------------------------------------------------------------


def uploaded(completion: str, due: str | None = None, basis: int = 1, period: str = "12 month", window: str = "1 month") -> Any:
    completions = {"username": "a", "certificationshortname": "K", "certificationidnumber": "K"}
    completions |= {"completiondate": completion, "duedate": due}
    kind = {"shortname": "K", "idnumber": "K", "recertifydatetype": basis, "activeperiod": period, "windowperiod": window}
    return states("totara.yaml", {"certification_completions": [completions], "certifications": [kind]})["a K"]


@pytest.mark.parametrize(
    ("given", "days"),
    [
        # The days are those that PHP's strtotime gives.
        ({"completion": "2026-03-01"}, ("2027-02-01", "2027-03-01")),
        ({"completion": "2022-08-31", "period": "6 month"}, ("2023-02-03", "2023-03-03")),
        ({"completion": "2024-02-29", "period": "2 year"}, ("2026-02-01", "2026-03-01")),
        ({"completion": "2023-01-31", "period": "1 month", "window": "1 week"}, ("2023-02-24", "2023-03-03")),
        ({"completion": "2025-05-31", "window": "1 month"}, ("2026-05-01", "2026-05-31")),
        ({"completion": "2025-03-31", "window": "1 month"}, ("2026-03-03", "2026-03-31")),
        ({"completion": "2025-05-10", "period": "52 week", "window": "90 day"}, ("2026-02-08", "2026-05-09")),
        # The due date counts where it was kept, else the completion.
        ({"completion": "2025-05-10", "due": "2025-06-15", "basis": 2}, ("2026-05-15", "2026-06-15")),
        ({"completion": "2025-07-01", "due": "2025-06-15", "basis": 2}, ("2026-06-01", "2026-07-01")),
        ({"completion": "2025-05-10", "basis": 2}, ("2026-04-10", "2026-05-10")),
        ({"completion": "2025-05-10", "due": "2025-06-15", "basis": 1}, ("2026-04-10", "2026-05-10")),
    ],
)
def test_totara_counts_as_php_does(given: dict[str, Any], days: tuple[str, str]) -> None:
    found = uploaded(**given)
    assert found == {given["completion"]: "certified", days[0]: "window open", days[1]: "expired"}


@pytest.mark.parametrize("given", [{"basis": 3}, {"period": "soon"}, {"period": ""}])
def test_what_totara_will_make_is_not_guessed(given: dict[str, Any]) -> None:
    assert uploaded("2025-05-10", **given) == {"2025-05-10": "unknown"}


def test_a_window_that_cannot_be_read_leaves_the_expiry() -> None:
    assert uploaded("2025-05-10", window="a month") == {"2025-05-10": "unknown", "2026-05-10": "expired"}


# Totara's own database -------------------------------------------------------------------------------------------------


def utc(day: str, time: str = "00:00") -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day} {time}")


def cycle(number: int, user: int, status: int, renewal: int, *days: str | None, **more: Any) -> Row:
    opens, expires, completed = (None if day is None else utc(day) for day in (*days, None, None, None)[:3])
    row = {"id": number, "certifid": 1, "userid": user, "status": status, "renewalstatus": renewal}
    return {**row, "timewindowopens": opens, "timeexpires": expires, "timecompleted": completed, **more}


def test_each_state_of_totara_is_told() -> None:
    days = ("2026-12-01", "2027-03-01", "2025-03-01")
    old = ("2023-12-01", "2024-03-01", "2022-03-01")
    found = states(
        "totara.source.yaml",
        {
            "certif_completion": [
                cycle(1, 1, 1, 0),
                cycle(2, 2, 3, 0, *days),
                cycle(3, 3, 3, 1, *days),
                cycle(4, 4, 2, 1, *days),
                cycle(5, 5, 4, 2),
                cycle(6, 6, 2, 2),
            ],
            "certif_completion_history": [
                cycle(1, 3, 3, 0, *days, unassigned=False),
                cycle(2, 5, 3, 0, *old, unassigned=False),
                cycle(3, 7, 3, 0, *days, unassigned=True),
                cycle(4, 2, 3, 0, *old, unassigned=False),
            ],
            "certif": [{"id": 1}],
            "prog": [{"id": 9, "certifid": 1}],
        },
    )
    current = {"2025-03-01": "certified", "2026-12-01": "window open", "2027-03-01": "expired"}
    past = {"2022-03-01": "certified", "2023-12-01": "window open", "2024-03-01": "expired"}
    assert found == {
        "2 1": past | current,
        "3 1": current,
        "4 1": current,
        "5 1": {"0001-01-01": "expired"} | past,
        "6 1": {"0001-01-01": "expired"},
    }, "who is only assigned has no state, and who was taken off the certification has none any more"


def test_instants_count_as_days_of_the_site() -> None:
    completion = {
        "id": 1,
        "certifid": 1,
        "userid": 1,
        "status": 3,
        "renewalstatus": 0,
        "timewindowopens": utc("2026-12-01", "22:59"),
    }
    completion |= {"timeexpires": utc("2027-02-28", "23:00"), "timecompleted": utc("2025-06-30", "22:00")}
    tables = {"certif_completion": [completion]}
    berlin = {"2025-07-01": "certified", "2026-12-01": "window open", "2027-03-01": "expired"}
    assert states("totara.source.yaml", tables, "Europe/Berlin") == {"1 1": berlin}, "summer time, winter time, a minute before"
    assert set(states("totara.source.yaml", tables)["1 1"]) == {"2025-06-30", "2026-12-01", "2027-02-28"}


# A training history ----------------------------------------------------------------------------------------------------


def test_a_history_has_the_expiry_that_was_granted_and_counts_the_window() -> None:
    award = {"emp_id": " 000007", "cert_code": "K ", "cycle": 1}
    found = states(
        "csv_history.yaml",
        {
            "certification": [
                {"cert_code": "K", "period": 12, "period_unit": "M", "renewal_window": 2, "renewal_window_unit": "m"},
                {"cert_code": "D", "period": 12, "period_unit": "M", "renewal_window": 90, "renewal_window_unit": "D"},
                {"cert_code": "X", "renewal_window": 1, "renewal_window_unit": "Q"},
            ],
            "certification_award": [
                {**award, "award_no": "1", "completed": "2025-04-30", "expires": "2026-04-30", "status": "Active"},
                {**award, "award_no": "2", "completed": "2026-02-01", "expires": "2027-02-01", "status": "revoked"},
                {**award, "award_no": "3", "cert_code": "D", "completed": "2024-03-01", "expires": "2027-03-01", "status": None},
                {
                    **award,
                    "award_no": "4",
                    "cert_code": "X",
                    "completed": "2024-03-01",
                    "expires": "2027-03-01",
                    "status": "Active",
                },
                {**award, "award_no": "5", "cert_code": "D", "emp_id": "8", "completed": "2024-03-01", "status": "Active"},
            ],
        },
    )
    assert found == {
        "000007 K": {"2025-04-30": "certified", "2026-02-28": "window open", "2026-04-30": "expired"},
        "000007 D": {"2024-03-01": "certified", "2026-12-01": "window open", "2027-03-01": "expired"},
        "000007 X": {"2024-03-01": "unknown", "2027-03-01": "expired"},
        "8 D": {"2024-03-01": "unknown"},
    }
