"""What is written for a target is what its importer reads: any valid rows, every contract that can be a target."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.compiler.source import SQL_TYPES
from migrate.compiler.text import name
from migrate.connectors.importer import SCHEMA, Importer
from migrate.connectors.manifest import complete
from migrate.connectors.package import effective_format, file_names, pack, write_file
from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract, Entity, Field
from migrate.resources import contract_file, known_systems

TARGETS = [system for system in known_systems() if load_contract(contract_file(system, "target")).model.target]
WITH_FILES = [s for s in TARGETS if any(e.file for e in load_contract(contract_file(s, "target")).model.entities.values())]
ARROW = {
    "string": pa.string(), "int": pa.int64(), "decimal": pa.float64(), "flag": pa.bool_(), "date": pa.date32(),
    "datetime": pa.timestamp("us"), "epoch": pa.timestamp("us"),
}  # fmt: skip
ODD = st.sampled_from(
    ["a\nb", "a\r\nb", "a\rb", 'a "quoted" b', "a,b;c|d\te", "'=1+1", "\u202eabc", "e\u0301", "🎓 Zoë 👩🏽‍🔬", "NULL", "007",
     "\\N", "a  b", "#", "--", "\ufeffx", "1e5", "true", "0"]
)  # fmt: skip

Row = dict[str, Any]


def texts(rule: Field) -> st.SearchStrategy[str]:
    """Text that the target takes and keeps: nothing around it that it would cut off, and not blank."""
    if rule.pattern:
        # The engine's classes of signs are unknown to Python, which makes these texts: ASCII stands for them.
        made = st.from_regex(rule.pattern.replace(r"\p{Lu}", "A-Z"), fullmatch=True, alphabet=st.characters(codec="ascii"))
    else:
        letters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
        made = st.text(letters, min_size=1, max_size=min(rule.max_length or 40, 40)) | ODD
    return made.filter(lambda text: text == text.strip() != "" and rule.min_length is None).filter(
        lambda text: len(text) <= (rule.max_length or 1_000) and not any(part in text for part in rule.without)
    )


def values(rule: Field) -> st.SearchStrategy[Any]:
    if rule.enum:
        return st.sampled_from(rule.enum)
    low, high = rule.min, rule.max
    match rule.type:
        case "string":
            return texts(rule)
        case "int":
            return st.integers(int(low or -(2**53)), int(high or 2**53))
        case "decimal":
            lowest, highest = float(low if low is not None else -1e12), float(high if high is not None else 1e12)
            return st.floats(lowest, highest, allow_nan=False, allow_subnormal=False).map(lambda x: x + 0.0)
        case "flag":
            return st.booleans()
        case "date":
            start = dt.date.fromisoformat(str(low)) if low else dt.date(1000, 1, 1)
            return st.dates(start, dt.date(9999, 12, 31))
    return st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(9999, 12, 31)).map(lambda x: x.replace(microsecond=0))


@st.composite
def packages(draw: st.DrawFn, contract: Contract) -> dict[str, list[Row]]:
    """Rows of every entity; keys and unique fields do not repeat, references name rows that come before."""
    made: dict[str, list[Row]] = {}
    for entity_name, entity in contract.entities.items():
        made[entity_name] = []
        for _ in range(draw(st.integers(0, 3))):
            row = _row(draw, entity_name, entity, made)
            if row is not None and not _taken(row, entity, made[entity_name]):
                made[entity_name].append(row)
    return made


def _row(draw: st.DrawFn, entity_name: str, entity: Entity, made: dict[str, list[Row]]) -> Row | None:
    row: Row = {}
    for field, rule in entity.fields.items():
        if rule.references is not None:
            other = rule.references
            referred = other.field or (entity if other.entity == entity_name else _entity(other.entity)).key[0]
            choices = [r[referred] for r in made.get(other.entity, []) if r[referred] is not None]
            if not choices:
                if rule.required:
                    return None
                row[field] = None
                continue
            row[field] = draw(st.sampled_from(choices) if rule.required else st.none() | st.sampled_from(choices))
        else:
            must = rule.required or field in entity.key
            row[field] = draw(values(rule) if must else st.none() | values(rule))
    return row


_CURRENT: list[Contract] = []


def _entity(entity_name: str) -> Entity:
    return _CURRENT[-1].entities[entity_name]


def _taken(row: Row, entity: Entity, others: list[Row]) -> bool:
    key = [row[part] for part in entity.key]
    unique = [field for field, rule in entity.fields.items() if rule.unique]
    return any(
        key == [other[part] for part in entity.key] or any(row[u] is not None and row[u] == other[u] for u in unique)
        for other in others
    )


@pytest.mark.parametrize("system", [pytest.param(s, marks=() if s == "canvas" else pytest.mark.long) for s in WITH_FILES])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_is_written_is_what_is_read(system: str, data: st.DataObject) -> None:
    contract = load_contract(contract_file(system, "target")).model
    _CURRENT[:] = [contract]
    written = data.draw(packages(contract))
    with tempfile.TemporaryDirectory() as folder:
        files = write(contract, written, Path(folder))
        read, refused = import_(contract, files)
    messages = {refusal.message for entity in contract.entities.values() for refusal in entity.refuses}
    by_rule = [row for row in refused if row[2] in messages]
    waiting = [row for row in refused if row[2] not in messages]  # they name a record that a rule refused
    assert all(": no " in reason and " has this " in reason for *_, reason in waiting)
    assert by_rule or not waiting
    for entity_name, entity in contract.entities.items():
        if entity.file is None:
            continue
        gone = {key for name_, key, _ in refused if name_ == entity_name}
        expected = [_comparable(row, entity) for row in written[entity_name]]
        missing = [row for row in expected if row not in read[entity_name]]
        assert len(missing) == len(gone), (entity_name, missing, read[entity_name], refused)
        assert [row for row in read[entity_name] if row not in expected] == []
        assert len(read[entity_name]) == len(expected) - len(gone)


def _comparable(row: Row, entity: Entity) -> tuple[Any, ...]:
    return tuple(row[field] for field in entity.fields)


def write(contract: Contract, rows: dict[str, list[Row]], folder: Path) -> list[Path]:
    assert contract.target is not None
    files: list[Path] = []
    with duckdb.connect() as connection:
        for entity_name, entity in contract.entities.items():
            if entity.file is None:
                continue
            columns = {f: pa.array([row[f] for row in rows[entity_name]], ARROW[r.type]) for f, r in entity.fields.items()}
            number = pa.array(range(len(rows[entity_name])), pa.int64())
            connection.register(f"_{entity_name}", pa.table({**columns, "_number": number}))
            typed = ", ".join(f"CAST({name(f)} AS {SQL_TYPES[r.type]}) AS {name(f)}" for f, r in entity.fields.items())
            connection.execute(f"CREATE TABLE {name(entity_name)} AS SELECT {typed}, _number FROM {name('_' + entity_name)}")
            written = write_file(
                connection, entity, list(entity.fields), f"SELECT * FROM {name(entity_name)}", "t._number",
                effective_format(contract, entity), file_names(folder, entity.file), contract.target.max_rows,
            )  # fmt: skip
            files += [file for file, _ in written]
    files = complete(contract, folder, files)
    return [pack(folder, files, contract.target.package)] if contract.target.package else files


def import_(contract: Contract, files: list[Path]) -> tuple[dict[str, list[tuple[Any, ...]]], list[tuple[str, str, str]]]:
    with duckdb.connect() as connection:
        importer = Importer(connection, contract)
        problems = [(seen.name, seen.problem) for seen in importer.run(files) if seen.problem]
        assert not problems
        read = {}
        for entity_name, entity in contract.entities.items():
            listed = ", ".join(name(field) for field in entity.fields)
            read[entity_name] = connection.execute(f"SELECT {listed} FROM {name(SCHEMA, entity_name)}").fetchall()
        return read, connection.execute("SELECT entity, key, reason FROM refused").fetchall()


@pytest.mark.parametrize("system", TARGETS)
def test_equal_rows_give_equal_bytes(system: str, tmp_path: Path) -> None:
    contract = load_contract(contract_file(system, "target")).model
    nothing: dict[str, list[Row]] = {entity: [] for entity in contract.entities}
    found = []
    for attempt in ("one", "two"):
        (tmp_path / attempt).mkdir()
        found.append([(file.name, file.read_bytes()) for file in write(contract, nothing, tmp_path / attempt)])
    assert found[0] == found[1]
    read, refused = import_(contract, write(contract, nothing, tmp_path / "one"))
    assert not refused
    assert not any(read.values())
