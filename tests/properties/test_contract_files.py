"""Load files of every system that ships: whatever the gate lets through is read back as it was, by the rules of its contract."""

from __future__ import annotations

import datetime as dt
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.connectors.importer import SCHEMA, Importer
from migrate.connectors.manifest import complete
from migrate.connectors.package import effective_format, file_names, pack, write_file
from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract, Entity, Field
from migrate.engine import session
from migrate.resources import contract_file, known_systems

ARROW = {"flag": pa.bool_(), "date": pa.date32(), "datetime": pa.timestamp("s"), "int": pa.int64(), "decimal": pa.float64()}


@cache
def target(system: str) -> Contract:
    return load_contract(contract_file(system, "target")).model


FILES = [s for s in known_systems() if (t := target(s).target) is not None and (t.kind == "files" or t.package)]
SHORT = {
    *(("totara", "users"), ("blackboard", "courses"), ("canvas", "users"), ("cornerstone", "course_transcripts")),
    *(("brightspace", "users"), ("oneroster11", "users"), ("oneroster12", "results")),
    *(("successfactors", "users"), ("successfactors", "learning_history")),
}
PAIRS = [
    pytest.param(system, name, marks=() if (system, name) in SHORT else pytest.mark.long)
    for system in FILES
    for name, entity in target(system).entities.items()
    if entity.sql is None and not entity.only_live
]


def value(rule: Field) -> st.SearchStrategy[Any]:
    """Values that the gate lets through."""
    if rule.enum:
        return st.sampled_from(rule.enum)
    low, high = rule.min, rule.max
    match rule.type:
        case "flag":
            return st.booleans()
        case "int":
            return st.integers(int(low or 0), int(high or 10**12))
        case "decimal":
            return st.integers(int(float(low or 0)) * 100, int(float(high or 10**7)) * 100).map(lambda n: n / 100)
        case "date":
            return st.dates(dt.date(1971, 1, 1), dt.date(2100, 1, 1))
        case "datetime" | "epoch":
            return st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0))
    if rule.pattern is not None:
        texts = st.from_regex(rule.pattern, fullmatch=True)
    else:
        texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=15)
    most = rule.max_length or 1000
    return texts.filter(
        lambda text: bool(text) and text == text.strip() and len(text) <= most and not any(t in text for t in rule.without)
    )


def row(entity: Entity) -> st.SearchStrategy[dict[str, Any]]:
    """A row: required fields and keys filled, others perhaps."""
    fields = {}
    for field, rule in entity.fields.items():
        must = rule.required or field in entity.key
        fields[field] = value(rule) if must else st.none() if rule.pii == "secret" else st.none() | value(rule)
    return st.fixed_dictionaries(fields)


@cache
def alone(system: str, name: str) -> Contract:
    """The contract with this entity only, and without what it says of others: rules over several rows are tested elsewhere."""
    contract, entity = target(system), target(system).entities[name]
    fields = {f: rule.model_copy(update={"references": None}) for f, rule in entity.fields.items()}
    return contract.model_copy(update={"entities": {name: entity.model_copy(update={"fields": fields, "refuses": ()})}})


@pytest.mark.parametrize(("system", "name"), PAIRS)
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_rows_that_pass_the_gate_are_read_back(system: str, name: str, data: st.DataObject) -> None:
    contract = alone(system, name)
    entity = contract.entities[name]
    assert contract.target is not None
    rows = data.draw(st.lists(row(entity), min_size=1, max_size=3))
    # Keys and unique values once; importers that ignore case of keys are another test's business.
    apart = [entity.key, *((f,) for f, rule in entity.fields.items() if rule.unique)]
    rows = [r for n, r in enumerate(rows) if not any(all(r[f] == o[f] for f in fs) for o in rows[:n] for fs in apart)]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        table = pa.table(
            {f: pa.array([r[f] for r in rows], ARROW.get(rule.type, pa.string())) for f, rule in entity.fields.items()}
        )
        connection.register("arrow", table)
        connection.execute("CREATE TABLE given AS SELECT *, row_number() OVER () AS n FROM arrow")
        files = [
            file
            for file, _ in write_file(
                connection, entity, list(entity.fields), "SELECT * FROM given", "t.n", effective_format(contract, entity),
                file_names(Path(folder), contract.load_file(name)), contract.target.max_rows,
            )
        ]  # fmt: skip
        files = complete(contract, Path(folder), files)
        if contract.target.package:
            files = [pack(Path(folder), files, contract.target.package)]
        with session() as engine:
            seen = Importer(engine, contract).run(files)
            assert [one.problem for one in seen if one.problem] == []
            columns = ", ".join(f't."{f}"' for f in entity.fields)
            found = engine.execute(f'SELECT {columns} FROM {SCHEMA}."{name}" AS t ORDER BY _line').fetchall()
            refused = engine.execute("SELECT reason FROM refused").fetchall()
    assert refused == []
    assert found == [tuple(r[f] for f in entity.fields) for r in rows]
