"""A small Canvas to test in: a faculty, a term, a course with a section, people in it, groups, an assignment."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from canvas_state import State

from migrate.connectors.canvas_sis import CanvasTarget
from migrate.contracts.load import LoadedContract, load_contract
from migrate.resources import contract_file

Opener = Callable[..., CanvasTarget]
FILES = [
    "account_id,parent_account_id,name,status\nfaculty,,Faculty of Arts,active\n",
    "term_id,name,status\nautumn,Autumn,active\n",
    "course_id,short_name,long_name,account_id,term_id,status\nart,ART,Art,faculty,autumn,published\n",
    "section_id,course_id,name,status\nart-1,art,Art 1,active\n",
    "user_id,login_id,full_name,status\n"
    + "".join(f"{who},{who},Person {who},active\n" for who in ("ana", "ben", "cid", "dan", "eve")),
    "section_id,user_id,role,status\nart-1,ana,student,active\nart-1,ben,student,inactive\nart-1,dan,student,completed\n"
    "art-1,eve,student,active\n",
    "group_id,name,course_id,status\npainters,Painters,art,available\n",
    "group_id,name,status\nall,Everybody,available\n",
]


@cache
def contract() -> LoadedContract:
    """The contract that ships."""
    return load_contract(contract_file("canvas", "target"))


def seed(state: State) -> None:
    """Put the small world into ``state``."""
    for text in FILES:
        messages, failed = state.account.import_file(text.encode())
        assert not messages
        assert not failed
    course = state.gradebook.course("sis_course_id:art")
    final = {"name": "Final", "sis_assignment_id": "final", "points_possible": 10, "published": True}
    state.gradebook.save(course, final)


def counted(state: State) -> dict[str, int]:
    """How many records of each kind are there."""
    return {kind: sum(one["state"] != "deleted" for one in table.values()) for kind, table in state.account.tables.items()}


def links_of(state: State, **references: tuple[str, str]) -> dict[str, str]:
    """``{field: the stand-in's own id}`` of ``{field: (kind, sis id)}``."""
    found = {}
    for field, (kind, key) in references.items():
        record = state.account.tables[kind][key]
        found[field] = str(record.get("person", record["id"]))
    return found
