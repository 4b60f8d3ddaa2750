"""The target's importer: what it drops, clears or misreads without a word has to show when the files are read back."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.connectors import importer, records
from migrate.connectors.batches import portions
from migrate.connectors.importer import SCHEMA, Importer
from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract
from migrate.engine import session
from migrate.errors import RunFailed
from migrate.resources import contract_file


class Imported:
    def __init__(self, folder: Path, contract: Contract, files: dict[str, str | bytes], package: bool = False) -> None:
        paths = []
        for name, content in files.items():
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
            paths.append(folder / name)
        if package:
            with zipfile.ZipFile(folder / "p.zip", "w") as archive:
                for path in paths:
                    archive.write(path, path.name)
            paths = [folder / "p.zip"]
        with session() as connection:
            importer = Importer(connection, contract)
            self.files = importer.run(paths)
            self.tables = {}
            for entity, model in contract.entities.items():
                fields = ", ".join(f'"{f}"' for f in model.fields)
                cursor = connection.execute(f'SELECT {fields} FROM {SCHEMA}."{entity}" ORDER BY ALL')
                self.tables[entity] = [dict(zip(model.fields, row, strict=True)) for row in cursor.fetchall()]
            self.refused = connection.execute("SELECT entity, key, reason FROM refused ORDER BY ALL").fetchall()

    def column(self, entity: str, field: str) -> list[Any]:
        return [row[field] for row in self.tables[entity]]

    @property
    def problems(self) -> dict[str, str | None]:
        return {file.name: file.problem for file in self.files}


@pytest.fixture(scope="module")
def canvas() -> Contract:
    return load_contract(contract_file("canvas", "target")).model


@pytest.fixture(scope="module")
def totara() -> Contract:
    return load_contract(contract_file("totara", "target")).model


USERS = "user_id,login_id,status\n"


# Canvas ----------------------------------------------------------------------------------------------------------


def test_canvas_tells_files_by_their_header(tmp_path: Path, canvas: Contract) -> None:
    found = Imported(tmp_path, canvas, {
        "x.csv": USERS + "u1,a,active\n", "users.csv": "account_id,parent_account_id,name,status\nA,,Top,active\n",
        "y.csv": "colour,size\nred,1\n",
    })  # fmt: skip
    assert [(f.name, f.entity, f.rows) for f in found.files] == [
        ("x.csv", "users", 1),
        ("users.csv", "accounts", 1),
        ("y.csv", None, 0),
    ]
    assert "colour, size" in (found.problems["y.csv"] or "")
    assert found.column("users", "user_id") == ["u1"]


def test_a_stray_column_turns_a_file_into_another_kind(tmp_path: Path, canvas: Contract) -> None:
    found = Imported(tmp_path, canvas, {"users.csv": "user_id,login_id,status,existing_user_id\nu1,a,active,\n"})
    assert [f.entity for f in found.files] != ["users"]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("active", "active"),
        ("ACTIVE", "active"),
        ("susp", "suspended"),
        ("suspended!", "suspended"),
        ("d", "deleted"),
        ("gone", "active"),
        ("a", "active"),
        (" deleted ", "deleted"),
    ],
)
def test_canvas_takes_the_start_of_a_status_for_it(tmp_path: Path, canvas: Contract, given: str, stored: str) -> None:
    assert Imported(tmp_path, canvas, {"users.csv": USERS + f"u1,a,{given}\n"}).column("users", "status") == [stored]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2024-02-29T10:00:00Z", "2024-02-29 10:00:00"),
        ("2024-02-29", "2024-02-29 00:00:00"),
        ("29/02/2024", None),
        ("soon", None),
        ("2024-02-30", None),
        ("", None),
    ],
)
def test_a_date_that_does_not_parse_is_stored_empty(tmp_path: Path, canvas: Contract, given: str, stored: str | None) -> None:
    found = Imported(tmp_path, canvas, {"terms.csv": f"term_id,name,status,start_date\nT,Term,active,{given}\n"})
    assert [None if v is None else str(v) for v in found.column("terms", "start_date")] == [stored]
    assert found.refused == []


def test_cells_are_stripped_and_blank_rows_skipped(tmp_path: Path, canvas: Contract) -> None:
    found = Imported(tmp_path, canvas, {"users.csv": USERS + "\n u1 ,\ta , active\n,,\n  , ,\n"})
    assert found.tables["users"][0]["user_id"] == "u1"
    assert found.tables["users"][0]["login_id"] == "a"
    assert (len(found.tables["users"]), found.refused) == (1, [])


def test_headers_are_read_without_case_blanks_or_a_byte_order_mark(tmp_path: Path, canvas: Contract) -> None:
    content = "\ufeffUser_ID , LOGIN_ID,status\nu1,a,active\n"
    assert Imported(tmp_path, canvas, {"users.csv": content}).column("users", "user_id") == ["u1"]


def test_the_last_of_two_rows_counts(tmp_path: Path, canvas: Contract) -> None:
    found = Imported(tmp_path, canvas, {"users.csv": USERS + "u1,a,active\nu2,b,active\nu1,c,deleted\n"})
    assert [(r["user_id"], r["login_id"]) for r in found.tables["users"]] == [("u1", "c"), ("u2", "b")]
    assert [(e, k) for e, k, _ in found.refused] == [("users", "u1")]


def test_parts_of_one_entity_are_read_together(tmp_path: Path, canvas: Contract) -> None:
    files = {"users.csv": USERS + "u1,a,active\nu1,b,active\n", "users_2.csv": USERS + "u2,c,active\nu3,d,active\n"}
    found = Imported(tmp_path, canvas, files, package=True)
    assert found.column("users", "user_id") == ["u1", "u2", "u3"]
    assert [(e, k) for e, k, _ in found.refused] == [("users", "u1")]


def test_what_is_required_or_too_long_is_refused(tmp_path: Path, canvas: Contract) -> None:
    found = Imported(
        tmp_path, canvas, {"users.csv": USERS + f"u1,,active\nu2,b,\nu3,{'x' * 101},active\nu4,{'👍' * 100},active\n"}
    )
    assert found.column("users", "user_id") == ["u4"]
    assert [(k, r) for _, k, r in found.refused] == [
        ("u1", "login_id: a value is required"),
        ("u2", "status: a value is required"),
        ("u3", "login_id: the value is too long"),
    ]


ACCOUNTS = "account_id,parent_account_id,name,status\n"


def test_unknown_references_are_refused_or_cleared(tmp_path: Path, canvas: Contract) -> None:
    found = Imported(
        tmp_path,
        canvas,
        {
            "accounts.csv": ACCOUNTS + "A,,Top,active\nB,A,Sub,active\nC,Z,Lost,active\n",
            "terms.csv": "term_id,name,status\nT,Term,active\n",
            "courses.csv": "course_id,short_name,long_name,account_id,term_id,status\n"
            "1,a,a,A,T,active\n2,b,b,Q,T,active\n3,c,c,A,Q,active\n",
        },
    )
    assert found.column("accounts", "account_id") == ["A", "B"]
    assert [(r["course_id"], r["term_id"]) for r in found.tables["courses"]] == [("1", "T"), ("3", None)]
    assert {(e, k) for e, k, _ in found.refused} == {("accounts", "C"), ("courses", "2")}


def test_references_into_files_that_are_not_there_are_not_judged(tmp_path: Path, canvas: Contract) -> None:
    courses = "course_id,short_name,long_name,account_id,term_id,status\n1,a,a,A,T,active\n"
    assert Imported(tmp_path, canvas, {"courses.csv": courses}).column("courses", "course_id") == ["1"]


def test_rules_over_several_rows(tmp_path: Path, canvas: Contract) -> None:
    found = Imported(
        tmp_path,
        canvas,
        {
            "users.csv": USERS + "u1,Ana,active\nu2,ANA,active\nu3,bo,active\n",
            "accounts.csv": ACCOUNTS + "A,A,Own,active\n",
        },
    )
    assert found.column("users", "user_id") == ["u1", "u3"]
    assert found.column("accounts", "account_id") == []
    assert ("users", "u2", "the login name belongs to another person, whatever its case") in found.refused


# Totara ----------------------------------------------------------------------------------------------------------


def row(contract: Contract, entity: str, **given: str) -> str:
    return ",".join(given.get(field, "") for field in contract.entities[entity].fields) + "\n"


def head(contract: Contract, entity: str) -> str:
    return ",".join(contract.entities[entity].fields) + "\n"


ORG = {"idnumber": "O1", "timemodified": "0", "deleted": "0", "fullname": "Org", "frameworkidnumber": "F"}


def test_totara_tells_files_by_their_name(tmp_path: Path, totara: Contract) -> None:
    content = head(totara, "organisations") + row(totara, "organisations", **ORG)
    assert Imported(tmp_path, totara, {"org.csv": content}).column("organisations", "idnumber") == ["O1"]
    assert [f.entity for f in Imported(tmp_path, totara, {"organisation.csv": content}).files] == [None]


def test_totara_refuses_a_file_with_other_columns(tmp_path: Path, totara: Contract) -> None:
    content = head(totara, "organisations").replace("\n", ",extra\n") + row(totara, "organisations", **ORG)
    found = Imported(tmp_path, totara, {"org.csv": content})
    assert "extra" in (found.problems["org.csv"] or "")
    assert found.tables["organisations"] == []
    less = Imported(tmp_path, totara, {"org.csv": "idnumber,fullname\nO1,Org\n"})
    assert "timemodified" in (less.problems["org.csv"] or "")


def test_totara_refuses_blank_rows(tmp_path: Path, totara: Contract) -> None:
    content = head(totara, "organisations") + row(totara, "organisations", **ORG) + row(totara, "organisations")
    found = Imported(tmp_path, totara, {"org.csv": content})
    assert found.column("organisations", "idnumber") == ["O1"]
    assert len(found.refused) == 1


@pytest.mark.parametrize("field", ["timemodified", "deleted"])
def test_values_that_cannot_be_read_are_refused(tmp_path: Path, totara: Contract, field: str) -> None:
    content = head(totara, "organisations") + row(totara, "organisations", **{**ORG, field: "soon"})
    found = Imported(tmp_path, totara, {"org.csv": content})
    assert [(k, r) for _, k, r in found.refused] == [("O1", f"{field}: the value cannot be read")]


def test_totara_refuses_a_completion_without_a_grade(tmp_path: Path, totara: Contract) -> None:
    base = {"username": "ana", "courseshortname": "C1", "courseidnumber": "C1", "completiondate": "2024-02-29"}
    content = head(totara, "course_completions")
    content += row(totara, "course_completions", **base, grade="80") + row(
        totara, "course_completions", **{**base, "completiondate": "2024-03-01"}
    )
    found = Imported(tmp_path, totara, {"course_completion.csv": content})
    assert any("grade" in reason for _, _, reason in found.refused)


def test_totara_refuses_a_circle_of_organisations(tmp_path: Path, totara: Contract) -> None:
    content = head(totara, "organisations")
    content += row(totara, "organisations", **{**ORG, "parentidnumber": "O2"})
    content += row(totara, "organisations", **{**ORG, "idnumber": "O2", "parentidnumber": "O1"})
    content += row(totara, "organisations", **{**ORG, "idnumber": "O3"})
    found = Imported(tmp_path, totara, {"org.csv": content})
    assert found.column("organisations", "idnumber") == ["O3"]


# Any target ------------------------------------------------------------------------------------------------------


def small(**words: Any) -> Contract:
    return Contract.model_validate_json(
        json.dumps(
            {
                "system": "t",
                "label": "t",
                "target": {"kind": "files", **words},
                "entities": {
                    "first": {
                        "key": "id",
                        "file": "first.csv",
                        "fields": {
                            "id": {"required": True},
                            "later": {"references": {"entity": "second", "unknown": "clear"}},
                            "kept": {"references": {"entity": "second", "unknown": "keep"}},
                            "n": {"type": "int", "read": {"unparsable": "empty"}},
                            "d": {"type": "decimal"},
                        },
                    },
                    "second": {
                        "key": "id",
                        "file": "second.csv",
                        "duplicates": "keep",
                        "fields": {"id": {}, "up": {"references": {"entity": "first"}}},
                    },
                    "third": {
                        "key": "id",
                        "file": "third.csv",
                        "fields": {"id": {}, "enum": {"enum": ["a", "b"]}, "up": {"references": {"entity": "second"}}},
                        "refuses": [{"code": "T-X", "message": "no x", "sql": "select t.id from third as t where t.id = 'x'"}],
                    },
                    "fourth": {
                        "key": "id",
                        "file": "fourth.csv",
                        "fields": {"id": {}, "up": {"references": {"entity": "third"}}},
                    },
                },
            }
        )
    )


def test_a_reference_into_a_later_file(tmp_path: Path) -> None:
    found = Imported(tmp_path, small(), {"first.csv": "id,later,kept\n1,s,q\n2,q,q\n", "second.csv": "id\ns\n"})
    assert [(r["id"], r["kept"]) for r in found.tables["first"]] == [("1", "q"), ("2", "q")]


def test_duplicates_can_be_kept_and_words_outside_a_list_are_refused(tmp_path: Path) -> None:
    found = Imported(tmp_path, small(), {"second.csv": "id\ns\ns\n", "third.csv": "id,enum\n1,a\n2,c\n3,A\n4,\n1,b\n"})
    assert found.column("second", "id") == ["s", "s"]
    assert [(r["id"], r["enum"]) for r in found.tables["third"]] == [("1", "a"), ("3", "a"), ("4", None)]
    assert [k for _, k, _ in found.refused] == ["1", "2"]


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", " b", "B", "ä", "10", "9", ""]), max_size=4), min_size=1, max_size=3),
    st.booleans(),
)
def test_of_each_key_one_row_is_taken_in_whatever_order_they_come(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str]], ordered: bool
) -> None:
    """Rows that come in the order of their keys are not counted, so that others in that order must not be lost or doubled."""
    if ordered:
        rows = sorted((key for file in files for key in file), key=lambda key: key.strip().encode())
        files = [[rows.pop(0) for _ in file] for file in files]
    texts = {f"third{f'_{at + 1}' if at else ''}.csv": "id,enum\n" + "".join(f"{key},a\n" for key in file)
             for at, file in enumerate(files)}  # fmt: skip
    found = Imported(tmp_path_factory.mktemp("files"), small(blank_rows="skip", strip=True), texts)
    keys = [key.strip() for file in files for key in file]
    assert found.column("third", "id") == sorted(set(keys) - {""}, key=str.encode) + ([None] if "" in keys else [])
    assert len(found.refused) == len(keys) - len(set(keys))


@pytest.mark.parametrize(
    ("third", "ordered"),
    [
        ("a,a\nb,a\n", True),
        ("b,a\na,a\n", False),
        ("a,a\na,a\n", False),
        ("a,a\nb,c\n", False),
        ("a,a\nx,a\n", False),
        ("", False),
    ],
)
def test_what_is_in_the_order_of_keys_is_known(third: str, ordered: bool, tmp_path: Path) -> None:
    (tmp_path / "third.csv").write_text("id,enum\n" + third)
    with session(ordered=True) as connection:
        read = Importer(connection, small())
        read.run([tmp_path / "third.csv"])
        assert read.in_order("third") is ordered
        assert not read.in_order("first")


def test_many_rows_stay_in_the_order_of_their_keys(tmp_path: Path) -> None:
    """With more rows than the engine keeps together, and more than one thread."""
    keys = [f"{n:07}" for n in range(400_000)]
    (tmp_path / "third.csv").write_text("id,enum\n" + "".join(f"{key},a\n" for key in keys))
    with session(ordered=True, threads=4) as connection:
        read = Importer(connection, small())
        read.run([tmp_path / "third.csv"])
        assert read.in_order("third")
        found = connection.execute(f'SELECT id FROM {SCHEMA}."third"').to_arrow_table().column("id").to_pylist()
    assert found == keys


@pytest.mark.parametrize("each", [1, 2, 5])
def test_a_reader_that_fails_stores_nothing_and_says_why(each: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whichever statement it fails; what was read of other files stays."""
    monkeypatch.setattr(importer, "gathered", lambda batches: batches)
    monkeypatch.setattr(importer, "portions", lambda batches: portions(batches, each))
    (tmp_path / "third.csv").write_text("id,enum\n1,a\n2,b\n")

    def rows(number: int) -> Iterator[list[pa.Array]]:
        for at in range(number):
            yield [pa.array([f"k{at}"]), pa.array(["a"]), pa.array([None], pa.string())]

    def odd() -> Iterator[list[pa.Array]]:
        yield from rows(3)
        raise RunFailed("the 12th row is odd")

    with session() as connection:
        read = Importer(connection, small())
        read.run([tmp_path / "third.csv"])
        with pytest.raises(RunFailed, match="the 12th row is odd"):
            read._store("third", ["id", "enum", "up"], odd())
        assert connection.execute(f'SELECT id FROM {SCHEMA}."third" ORDER BY 1').fetchall() == [("1",), ("2",)]
        assert read._store("third", ["id", "enum", "up"], rows(7)) == 7
        assert connection.execute(f'SELECT count(*), count(DISTINCT _line) FROM {SCHEMA}."third"').fetchall() == [(9, 9)]


def test_whoever_refers_to_a_refused_row_is_refused_too(tmp_path: Path) -> None:
    found = Imported(tmp_path, small(), {"third.csv": "id\nx\ny\n", "fourth.csv": "id,up\n1,x\n2,y\n"})
    assert found.column("third", "id") == ["y"]
    assert found.column("fourth", "id") == ["2"]


def family() -> Contract:
    """Nodes that stand under other nodes, of which ``x`` is refused, and leaves that hang on them: one kind is refused with its
    node, the other stays without it. Hooks hang on what the last refer to."""
    up: dict[str, Any] = {"key": "id", "fields": {"id": {"required": True}, "up": {"references": {"entity": "node"}}}}
    loose = {"key": "id", "fields": {"id": {"required": True}, "up": {"references": {"entity": "leaf", "unknown": "clear"}}}}
    rule = {"code": "T-X", "message": "no x", "sql": "select t.id from node as t where t.id = 'x'"}
    hook = {"key": "id", "fields": {"id": {"required": True}, "up": {"references": {"entity": "loose", "field": "up"}}}}
    entities = {"node": up | {"refuses": [rule]}, "leaf": up, "loose": loose, "hook": hook}
    entities = {entity: about | {"file": f"{entity}.csv"} for entity, about in entities.items()}
    return Contract.model_validate_json(
        json.dumps({"system": "t", "label": "t", "target": {"kind": "files"}, "entities": entities})
    )


NODES = st.sampled_from("abcdefx")
EDGES = st.dictionaries(NODES, st.none() | NODES | st.just("nobody"), max_size=7)


@given(EDGES, EDGES, EDGES, EDGES)
def test_references_hold_however_long_the_chain_of_what_is_refused(
    tmp_path_factory: pytest.TempPathFactory,
    nodes: dict[str, str | None],
    leaves: dict[str, str | None],
    loose: dict[str, str | None],
    hooks: dict[str, str | None],
) -> None:
    """Against the plain way: look at all of them again until nothing goes any more."""
    texts = {
        f"{entity}.csv": "id,up\n" + "".join(f"{key},{up or ''}\n" for key, up in rows.items())
        for entity, rows in (("node", nodes), ("leaf", leaves), ("loose", loose), ("hook", hooks))
    }
    found = Imported(tmp_path_factory.mktemp("family"), family(), texts)
    left = {key: up for key, up in nodes.items() if key != "x"}
    while gone := [key for key, up in left.items() if up is not None and up not in left]:
        left = {key: up for key, up in left.items() if key not in gone}
    hanging = {key: up for key, up in leaves.items() if up is None or up in left}
    assert found.column("node", "id") == sorted(left)
    assert found.column("leaf", "id") == sorted(hanging)
    cleared = {key: up if up in hanging else None for key, up in loose.items()}
    assert {row["id"]: row["up"] for row in found.tables["loose"]} == cleared
    assert found.column("hook", "id") == sorted(key for key, up in hooks.items() if up is None or up in cleared.values())


@pytest.mark.parametrize("given", ["nan", "inf", "1_000", "1e400", "1,5"])
def test_what_is_no_number_is_refused(tmp_path: Path, given: str) -> None:
    found = Imported(tmp_path, small(), {"first.csv": f'id,d\n1,"{given}"\n'})
    assert found.tables["first"] == []


def test_numbers(tmp_path: Path) -> None:
    found = Imported(tmp_path, small(), {"first.csv": "id,n,d\n1,7,1.5\n2,x,\n3,1.5,2\n"})
    assert [(r["n"], r["d"]) for r in found.tables["first"]] == [(7, 1.5), (None, None), (None, 2.0)]


def test_long_cells_are_read(tmp_path: Path) -> None:
    before = csv.field_size_limit(131_072)
    try:
        found = Imported(tmp_path, small(), {"second.csv": "id\n" + "x" * 300_000 + "\n"})
    finally:
        csv.field_size_limit(before)
    assert len(found.tables["second"][0]["id"]) == 300_000


def test_a_file_of_another_encoding_is_refused_whole(tmp_path: Path) -> None:
    found = Imported(tmp_path, small(), {"second.csv": b"id\ncaf\xe9\n"})
    assert "not utf-8 at byte 6" in (found.problems["second.csv"] or "")


def test_a_file_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "CHUNK", 3)
    good = "id\n" + "".join(f"é{n}\n" for n in range(500))
    assert len(Imported(tmp_path, small(), {"second.csv": good.encode()}).tables["second"]) == 500
    found = Imported(tmp_path, small(), {"second.csv": good.encode() + b"\xe9\n"})
    assert found.problems["second.csv"] == f"not utf-8 at byte {len(good.encode())}"
    assert found.tables["second"] == []


def test_a_file_that_cannot_be_taken_apart_is_refused_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FIELD_LIMIT", 1000)
    monkeypatch.setattr(importer, "can_read", lambda _: False)  # whose records are bound by the size of a block
    before = csv.field_size_limit()
    try:
        found = Imported(tmp_path, small(), {"second.csv": "id\n" + "a\n" * 60_000 + '"' + "x\n" * 2000})
    finally:
        csv.field_size_limit(before)
    assert "cannot be taken apart" in (found.problems["second.csv"] or "")
    assert found.tables["second"] == []


@pytest.mark.parametrize("name", ["second_x.csv", "secondary.csv", "second_2.txt", "xsecond.csv", "second_.csv"])
def test_other_files_are_no_parts(tmp_path: Path, name: str) -> None:
    assert [f.entity for f in Imported(tmp_path, small(), {name: "id\n1\n"}).files] == [None]


def test_packages_that_unpack_to_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("second.csv", "id\n" + "a" * 5_000_000)
    monkeypatch.setattr(importer, "LARGE", 1_000_000)
    with session() as connection, pytest.raises(RunFailed, match="more than 200 times"):
        Importer(connection, small()).run([tmp_path / "p.zip"])


def test_what_is_no_zip_is_refused_and_foreign_entries_are_left(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_text("no zip")
    with session() as connection, pytest.raises(RunFailed, match="not a zip"):
        Importer(connection, small()).run([tmp_path / "bad.zip"])
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for name in ("second.csv", "readme.txt", "__MACOSX/._second.csv"):
            archive.writestr(name, "id\n1\n")
    with session() as connection:
        assert [f.name for f in Importer(connection, small()).run([tmp_path / "p.zip"])] == ["second.csv"]


@pytest.mark.parametrize("text", ["", "\n", "\nid\na\n", "\n\n\n"])
def test_a_file_without_a_header_ends_alike_whichever_way_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    for folder in ("columns", "records"):
        (tmp_path / folder).mkdir()
    columns = Imported(tmp_path / "columns", small(), {"second.csv": text})
    monkeypatch.setattr(importer, "can_read", lambda _: False)
    records_ = Imported(tmp_path / "records", small(), {"second.csv": text})
    assert (columns.problems, columns.tables) == (records_.problems, records_.tables)
