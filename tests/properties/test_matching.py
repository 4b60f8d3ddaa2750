"""Whoever is matched with whom: told a second time in Python, over made-up people and lists, whatever their order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrate.compiler.plan import Plan, make_plan
from migrate.compiler.source import RAW
from migrate.compiler.text import name
from migrate.contracts.load import load_contract
from migrate.engine import session
from migrate.mapper import build_identities, build_source
from migrate.mapping.load import load_pair
from migrate.matching.register import build_lists

FILES = {
    "systems/old.yaml": """\
system: old
label: Old
source: {kind: database}
entities:
  person: {key: id, fields: {id: {type: int}, number: {}, mail: {}, name: {}, born: {}, grp: {}, gone: {type: flag}}}
""",
    "systems/new.yaml": """\
system: new
label: New
target: {kind: files}
entities:
  users: {key: user_id, file: users.csv, fields: {user_id: {required: true}}}
""",
    "mapping/pair.yaml": "{from: old, to: new, label: Old to new}",
    "mapping/users.yaml": """\
from: old.person
to: new.users
exclude: [{code: USR-GONE, when: gone, reason: gone}]
merge: {by: grp, keep: id desc, code: USR-MERGE, reason: one group}
match:
  against: people
  tiers:
    - {name: number, on: {number: number}}
    - {name: mail, on: {mail: mail}}
    - {name: name, on: {name: name, born: born}, confirm: true}
  normalise: {mail: [lower]}
  several: SEVERAL
  keep: id
  code: USR-SAME
  reason: the same
fields: {user_id: {expr: "'new-' || cast(id as text)"}}
""",
}
TIERS = (("number",), ("mail",), ("name", "born"))
SEVERAL = ("confirm", "merge")
COLUMNS = ("number", "mail", "name", "born")


def _few(*values: str | None) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, "", *values])


PERSON = {"number": _few("1", "2"), "mail": _few("a@x", "A@x", "b@x"), "name": _few("Ana", "Bo"), "born": _few("1990", "1991")}
PEOPLE = st.lists(st.fixed_dictionaries({**PERSON, "grp": _few("g", "h"), "gone": st.sampled_from([0, 0, 0, 1])}), max_size=7)
LISTED = st.lists(st.fixed_dictionaries({"key": st.sampled_from(["t1", "t2", "t3"]), **PERSON}), max_size=6)


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """The plan of a pair, by what becomes of several records that are one."""
    made = {}
    for several in SEVERAL:
        folder = tmp_path_factory.mktemp("matching")
        for path, text in FILES.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text.replace("SEVERAL", several), "utf-8")
        contracts = [load_contract(Path(folder / f"systems/{system}.yaml")) for system in ("old", "new")]
        made[several] = make_plan(load_pair(folder / "mapping", *contracts), "2026-01-01 00:00:00")
    return made


@dataclass(frozen=True)
class End:
    """What became of a record."""

    disposition: str
    into: str | None
    target: str | None
    state: str | None


def mapped(plan: Plan, people: list[dict[str, Any]], listed: list[dict[str, Any]]) -> dict[str, End]:
    """What the engine makes of it; a record that stands there twice would fail."""
    columns = {c: pa.array([p[c] for p in people], pa.int64() if c in ("id", "gone") else pa.string()) for c in people[0]}
    rows = pa.table({**columns, "_row": pa.array(range(1, len(people) + 1), pa.int64())})
    for column in ("_fault", "_fault_value"):
        rows = rows.append_column(column, pa.nulls(len(people), pa.string()))
    given_list = pa.table({c: pa.array([one[c] for one in listed], pa.string()) for c in ("key", *COLUMNS)})
    with session() as connection:
        connection.register("_given", rows)
        connection.execute(f"CREATE TABLE {name(RAW, 'person')} AS SELECT * FROM _given")
        build_source(connection, plan)
        build_lists(connection, plan, {"people": given_list})
        build_identities(connection, plan)
        found = connection.execute(
            'SELECT _key, _disposition, _into, "to:user_id", _match_state FROM (' + plan.rows["users"].select + ")"
        ).fetchall()
    assert len(found) == len(people)
    return {key: End(disposition, into, target, state) for key, disposition, into, target, state in found}


def told(several: str, people: list[dict[str, Any]], listed: list[dict[str, Any]]) -> dict[str, End]:
    """The same in Python."""

    def comparable(field: str, value: str | None) -> str | None:
        return ((value.lower() if field == "mail" else value) or None) if value is not None else None

    def agree(one: dict[str, Any], other: dict[str, Any], fields: tuple[str, ...]) -> bool:
        pairs = [(comparable(f, one[f]), comparable(f, other[f])) for f in fields]
        return all(mine is not None and mine == theirs for mine, theirs in pairs)

    there = sorted((p for p in people if not p["gone"]), key=lambda p: p["id"])
    groups: dict[str, list[dict[str, Any]]] = {}
    for person in there:
        groups.setdefault(person["grp"] if person["grp"] is not None else f"alone {person['id']}", []).append(person)
    asked: dict[int, tuple[int, set[str]]] = {}
    for members in groups.values():
        for tier, fields in enumerate(TIERS):
            found = {one["key"] for p in members for one in listed if agree(p, one, fields)}
            if found:
                asked[members[-1]["id"]] = (tier, found)
                break
    states, matches = {}, {}
    for root, (tier, found) in asked.items():
        rivals = [r for r, (t, f) in asked.items() if f == found and t < 2] if len(found) == 1 else []
        if len(found) > 1:
            states[root] = "many"
        elif tier == 2:
            states[root] = "confirm"
        elif several == "confirm" and len(rivals) > 1:
            states[root] = "several"
        else:
            states[root], matches[root] = "taken", next(iter(found))
    ends = {str(p["id"]): End("excluded", None, f"new-{p['id']}", None) for p in people if p["gone"]}
    for members in groups.values():
        root = members[-1]["id"]
        match = matches.get(root)
        survivor = min((r for r, m in matches.items() if m == match), default=root) if match else root
        for person in members:
            merged = person["id"] != survivor
            state = "candidate" if states.get(root) in (None, "taken") else "held"
            target = match or f"new-{person['id']}"
            ends[str(person["id"])] = End(
                "merged" if merged else state, str(survivor) if merged else None, target, states.get(root)
            )
    return ends


def _person(**given: Any) -> dict[str, Any]:
    return {**dict.fromkeys(COLUMNS), "grp": None, "gone": 0, **given}


def _one(key: str, **given: Any) -> dict[str, Any]:
    return {"key": key, **dict.fromkeys(COLUMNS), **given}


SHUFFLED = Random(1)
ANA = {"name": "Ana", "born": "1990"}


@settings(max_examples=30)
@example(  # two of one group, found by different tiers
    people=[_person(grp="g", mail="a@x"), _person(grp="g", number="1"), _person(grp="g", **ANA)],
    listed=[_one("t2", mail="a@x"), _one("t1", number="1"), _one("t3", **ANA)],
    several="confirm", shuffled=SHUFFLED,
)  # fmt: skip
@example(  # one is found for certain, the other has to be confirmed
    people=[_person(mail="A@x"), _person(**ANA), _person(mail="b@x")],
    listed=[_one("t1", mail="a@x", **ANA), _one("t2", mail="b@x"), _one("t3", mail="b@x")],
    several="confirm", shuffled=SHUFFLED,
)  # fmt: skip
@example(  # groups that become one
    people=[_person(grp="g"), _person(grp="h", number="2"), _person(grp="g", number="2"), _person(grp="h")],
    listed=[_one("t1", number="2")],
    several="merge", shuffled=SHUFFLED,
)  # fmt: skip
@given(people=PEOPLE.filter(len), listed=LISTED, several=st.sampled_from(SEVERAL), shuffled=st.randoms(use_true_random=False))
def test_the_engine_and_a_second_telling_agree(
    plans: dict[str, Plan], people: list[dict[str, Any]], listed: list[dict[str, Any]], several: str, shuffled: Any
) -> None:
    people = [{"id": number, **person} for number, person in enumerate(people, 1)]
    ends = mapped(plans[several], people, listed)
    assert ends == told(several, people, listed)
    shuffled.shuffle(people)
    shuffled.shuffle(listed)
    assert mapped(plans[several], people, listed) == ends, "the order of neither list matters"
    loading = [end.target for end in ends.values() if end.disposition == "candidate"]
    assert len(loading) == len(set(loading)), "no person of the target twice"
    assert all(ends[end.into].disposition != "merged" for end in ends.values() if end.into), "what is merged has a survivor"
