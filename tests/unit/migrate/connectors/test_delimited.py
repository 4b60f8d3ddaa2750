"""Folders of delimited files: nothing is thrown away, and what cannot be read is named with file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from migrate.artefacts import sha256
from migrate.connectors.delimited import DelimitedSource, field_name
from migrate.contracts.model import Contract
from migrate.errors import SourceRefused


def contract(format_: dict[str, Any] | None = None, file: str = "people*.csv", **fields: Any) -> Contract:
    text = {
        "system": "s",
        "label": "S",
        "source": {"kind": "files", "format": format_ or {}},
        "entities": {
            "people": {"key": "id", "file": file, "fields": fields or {"id": {}, "name": {}, "note": {}}},
            "marks": {"key": "id", "file": "marks.csv", "optional": True, "fields": {"id": {}}},
        },
    }
    return Contract.model_validate_json(json.dumps(text))


def source(folder: Path, content: str | bytes, format_: dict[str, Any] | None = None, **words: Any) -> DelimitedSource:
    (folder / "people.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return DelimitedSource(folder, contract(format_, **words))


def rows(opened: DelimitedSource, fields: tuple[str, ...] = ("id", "name", "note")) -> list[dict[str, Any]]:
    return [row for batch in opened.rows("people", list(fields)) for row in batch.to_pylist()]


def cells(opened: DelimitedSource) -> list[tuple[Any, ...]]:
    return [(r["id"], r["name"], r["note"]) for r in rows(opened)]


def test_a_plain_file(tmp_path: Path) -> None:
    opened = source(tmp_path, "id,name,note\n1,Ana,\n2,,x\n")
    assert opened.columns("people") == ["id", "name", "note"]
    assert opened.count("people") == 2
    assert rows(opened) == [
        {"id": "1", "name": "Ana", "note": "", "_row": 1, "_fault": None, "_fault_value": None},
        {"id": "2", "name": "", "note": "x", "_row": 2, "_fault": None, "_fault_value": None},
    ]
    assert opened.present("people")
    assert not opened.present("marks")
    assert len(opened.info.inputs["people.csv"]) == 64


def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    for year, note in (("2024", ""), ("2025", ",too,many")):
        (tmp_path / year).mkdir()
        (tmp_path / year / "people.csv").write_text(f"id,name,note\n{year},Ana,x{note}\n")
    opened = DelimitedSource(tmp_path, contract(file="*/people.csv"))
    assert opened.info.inputs == {f"{year}/people.csv": sha256(tmp_path / year / "people.csv") for year in ("2024", "2025")}
    assert opened.count("people") == 2
    (fault,) = [row["_fault_value"] for row in rows(opened) if row["_fault"]]
    assert fault.startswith("2025/people.csv:2: 5 cells, 3 columns")
    (tmp_path / "2025/people.csv").write_text("id,other\n1,2\n")
    assert DelimitedSource(tmp_path, contract(file="*/people.csv")).lacking("people", ["name"]) == ["2025/people.csv: name"]
    (tmp_path / "2025/people.csv").write_text("id,id\n1,2\n")
    with pytest.raises(SourceRefused, match=r"^2025/people\.csv:1: the column 'id' stands twice"):
        DelimitedSource(tmp_path, contract(file="*/people.csv")).columns("people")


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-8-sig", "utf_8"),
        ("cp1252", "cp1252"),
        ("latin-1", "latin-1"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, declared: str) -> None:
    opened = source(tmp_path, "id,name,note\n1,Núñez,ç\n".encode(encoding), {"encoding": declared})
    assert opened.columns("people") == ["id", "name", "note"]
    assert cells(opened) == [("1", "Núñez", "ç")]
    assert rows(opened)[0]["_fault"] is None


def test_scripts_outside_western_europe(tmp_path: Path) -> None:
    assert cells(source(tmp_path, "id,name,note\n1,山田,👍\n2,محمد,\u200f\n")) == [
        ("1", "山田", "👍"),
        ("2", "محمد", "\u200f"),
    ]


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        ('id;name;note\r\n1;"a;b";"x ""y"" z"\r\n', {"delimiter": ";"}),
        ('id\tname\tnote\n1\ta;b\t"x ""y"" z"\n', {"delimiter": "\t"}),
        ('id,name,note\r1,a;b,"x ""y"" z"\r', {}),
        ("id|name|note\n1|a;b|'x \"y\" z'\n", {"delimiter": "|", "quote": "'"}),
    ],
)
def test_delimiters_quotes_and_line_ends(tmp_path: Path, content: str, format_: dict[str, Any]) -> None:
    assert cells(source(tmp_path, content, format_)) == [("1", "a;b", 'x "y" z')]


def test_without_quotes_a_quotation_mark_is_text(tmp_path: Path) -> None:
    assert cells(source(tmp_path, 'id,name,note\n1,"a,5" screen\n', {"quote": ""})) == [("1", '"a', '5" screen')]


def test_line_breaks_inside_cells(tmp_path: Path) -> None:
    opened = source(tmp_path, 'id,name,note\n1,"a\nb","c\r\n\r\nd"\n2,x\n')
    assert cells(opened)[0] == ("1", "a\nb", "c\r\n\r\nd")
    assert rows(opened)[1]["_fault_value"].startswith("people.csv:6:")
    assert opened.count("people") == 2


def test_ragged_rows_are_kept_with_their_fault(tmp_path: Path) -> None:
    found = rows(source(tmp_path, "id,name,note\n1,a\n2,b,c,d\n3,e,f\n   \n"))
    assert [r["_fault"] for r in found] == ["SRC-SHAPE", "SRC-SHAPE", None, "SRC-SHAPE"]
    assert [(r["id"], r["note"]) for r in found] == [("1", None), ("2", "c"), ("3", "f"), ("   ", None)]
    assert "people.csv:3: 4 cells, 3 columns" in found[1]["_fault_value"]
    assert "'d'" in found[1]["_fault_value"]


WIDE: dict[str, Any] = {"id": {}, "name": {}, "day": {}, "note": {}}


@pytest.mark.parametrize(
    "lines",
    [
        ['1,a,2024-01-01,"open', "2,b,2024-01-02,", '3,c,2024-01-03,shut"'],
        ['1,"open,2024-01-01,x', '2,shut",2024-01-02,y'],
    ],
)
def test_rows_that_an_open_quotation_mark_took_in_are_marked(tmp_path: Path, lines: list[str]) -> None:
    opened = source(tmp_path, "\r\n".join(["id,name,day,note", *lines, "9,z,2024-01-09,"]) + "\r\n", **WIDE)
    first, last = rows(opened, ("id", "name", "day", "note"))
    assert (first["_fault"], last["id"], last["_fault"]) == ("SRC-SWALLOWED", "9", None)
    assert first["_fault_value"].startswith("people.csv:2: ")
    assert lines[1][:5] in first["_fault_value"]


def test_text_of_several_lines_is_no_row(tmp_path: Path) -> None:
    content = 'id,name,day,note\n1,a,2024-01-01,"late; said:\nbus, again"\n2,b,2024-01-02,"x,y,z,w"\n'
    assert [r["_fault"] for r in rows(source(tmp_path, content, **WIDE), ("id", "name", "day", "note"))] == [None, None]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8-sig", "cp1252"), ("utf-8-sig", "utf-16"), ("utf-16", "utf-8"), ("utf-16", "cp1252"), ("utf-32", "utf-16")],
)
def test_a_byte_order_mark_that_contradicts_the_contract_is_refused(tmp_path: Path, encoding: str, declared: str) -> None:
    opened = source(tmp_path, "id,name,note\n1,Éva,x\n".encode(encoding), {"encoding": declared})
    with pytest.raises(SourceRefused, match="byte order mark") as caught:
        opened.columns("people")
    assert declared in str(caught.value)
    assert encoding.removesuffix("-sig") in caught.value.hint


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    opened = source(tmp_path, "id,name\n1,a\n")
    assert opened.lacking("people", ["id", "name", "note"]) == ["people.note"]
    (tmp_path / "people_2.csv").write_text("id,note\n2,n\n")
    assert source(tmp_path, "id,name\n1,a\n").lacking("people", ["id", "name", "note"]) == [
        "people.csv: note",
        "people_2.csv: name",
    ]
    (found,) = source(tmp_path, "id;name;note\n1;a;b\n", file="people.csv").lacking("people", ["id", "name", "note"])
    assert found.startswith("people.csv: every column")


def test_a_row_without_shape_does_not_show_a_secret(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"id": {}, "name": {}, "note": {"pii": "secret"}}
    (found,) = rows(source(tmp_path, "id,name,note\n1,a,b,X123\n", **fields), ("id", "name"))
    assert (found["_fault"], found["_fault_value"]) == ("SRC-SHAPE", "people.csv:2: 4 cells, 3 columns")


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    opened = source(tmp_path, "id,name,note\n\n1,a,b\n\n\n2,c,d\n\n")
    assert (opened.count("people"), [r["_row"] for r in rows(opened)]) == (2, [1, 2])


@pytest.mark.parametrize(
    ("content", "encoding", "shown"),
    [
        (b"id,name,note\n1,caf\xe9,x\n2,ok,y\n", "utf-8", "caf\\xe9"),
        (b"id,name,note\n1,a\x81b,x\n2,ok,y\n", "cp1252", "a\\x81b"),
        (b"id,name,note\n1,a\xc3,x\n2,ok,y\n", "utf-8", "a\\xc3"),
        (b"id,name,note\n1,\x80,x\n2,ok,y\n", "ascii", "\\x80"),
    ],
)
def test_bytes_outside_the_encoding_are_shown_and_marked(tmp_path: Path, content: bytes, encoding: str, shown: str) -> None:
    first, second = rows(source(tmp_path, content, {"encoding": encoding}))
    assert (first["name"], first["_fault"]) == (shown, "SRC-ENCODING")
    assert f"people.csv:2: name: {shown}" in first["_fault_value"]
    assert (second["name"], second["_fault"]) == ("ok", None)


def test_half_a_character_of_utf_16_is_marked(tmp_path: Path) -> None:
    content = "id,name,note\n1,a".encode("utf-16-le") + b"\x00\xd8" + ",x\n2,b,y\n".encode("utf-16-le")
    found = rows(source(tmp_path, content, {"encoding": "utf-16-le"}))
    assert [r["_fault"] for r in found] == ["SRC-ENCODING", None]


def test_an_unclosed_quotation_mark_names_the_line_it_starts_on(tmp_path: Path) -> None:
    opened = source(tmp_path, 'id,name,note\n1,a,b\n2,"open,c\n3,d,e\n')
    with pytest.raises(SourceRefused, match=r"people\.csv:3") as caught:
        rows(opened)
    assert "quotation mark" in caught.value.hint
    with pytest.raises(SourceRefused):
        opened.count("people")


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="the column 'id' stands twice"):
        source(tmp_path, "id,id\n1,2\n").columns("people")
    with pytest.raises(SourceRefused, match="two columns of the header have no name"):
        source(tmp_path, "id,,\n1,2,3\n").columns("people")


def test_columns_that_are_read_alike_are_refused_until_the_contract_tells_them_apart(tmp_path: Path) -> None:
    text = "id,Größe,Gräße\n1,5,6\n"
    with pytest.raises(SourceRefused, match="the columns 'Größe' and 'Gräße' would both be read as 'gr_e'") as caught:
        source(tmp_path, text).columns("people")
    assert "{column: Größe}" in caught.value.hint
    opened = source(tmp_path, text, id={}, name={"column": "Größe"}, note={"column": "Gräße"})
    assert cells(opened) == [("1", "5", "6")]


def test_a_column_in_another_script_is_read_by_its_name_and_told_by_it(tmp_path: Path) -> None:
    opened = source(tmp_path, "\ufeffИмя, № ,id\nИван,7,1\n", id={}, name={"column": "Имя"})
    assert opened.columns("people") == ["name", "№", "id"]
    unknown = source(tmp_path, "\ufeffИмя, № ,id\nИван,7,1\n")
    assert unknown.holding_data("people", dict.fromkeys(unknown.columns("people"), ())) == {"имя": 1, "№": 1, "id": 1}
    assert opened.lacking("people", ["id", "name"]) == []
    assert opened.holding_data("people", {"name": (), "id": ()}) == {"name": 1, "id": 1}
    assert rows(opened, ("id", "name"))[0]["name"] == "Иван"


def test_an_empty_file_is_refused_and_a_header_alone_is_no_rows(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="not even a header"):
        source(tmp_path, "").columns("people")
    opened = source(tmp_path, "id,name,note\n")
    assert (opened.count("people"), rows(opened), opened.columns("people")) == (0, [], ["id", "name", "note"])
    assert source(tmp_path, "id,name,note").count("people") == 0


def test_several_files_of_one_entity(tmp_path: Path) -> None:
    (tmp_path / "people_2.csv").write_text("note,id,extra\nn,2,e\n")
    opened = source(tmp_path, "id,name,note\n1,a,b\n")
    assert opened.columns("people") == ["id", "name", "note", "extra"]
    assert [(r["id"], r["name"], r["note"], r["_row"]) for r in rows(opened)] == [
        ("1", "a", "b", 1),
        ("2", None, "n", 2),
    ]
    assert set(opened.info.inputs) == {"people.csv", "people_2.csv"}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Emp ID", "emp_id"),
        (" E-Sig  Meaning ", "e_sig_meaning"),
        ("name", "name"),
        ("Score %", "score"),
        ("__a__", "a"),
        ("\ufeffid", "id"),
        ("A.B/C", "a_b_c"),
    ],
)
def test_field_names(header: str, field: str) -> None:
    assert field_name(header) == field


def test_lines_of_delimiters_alone_are_no_records(tmp_path: Path) -> None:
    opened = source(tmp_path, "id,name,note\n1,a,b\n,,\n2,, \n,,\n,,\n")
    assert opened.count("people") == 2
    assert [row["id"] for batch in opened.rows("people", ["id"]) for row in batch.to_pylist()] == ["1", "2"]


def test_what_holds_data(tmp_path: Path) -> None:
    opened = source(tmp_path, "id,name,note\n1,,-\n2, ,x\n3,a,-\n4\n")
    assert opened.holding_data("people", {"id": (), "name": (), "note": ("-",), "gone": ()}) == {
        "id": 4,
        "name": 1,
        "note": 1,
        "gone": 0,
    }


def test_no_folder_and_no_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="no folder"):
        DelimitedSource(tmp_path / "none", contract())
    with pytest.raises(SourceRefused, match="none of the files"):
        DelimitedSource(tmp_path, contract())


def test_files_nobody_described(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x.csv").write_bytes(b"a,b\n1,2\n3,\xff\n")
    (tmp_path / "memo.txt").write_text("hello\u2028there")
    (tmp_path / "nothing.csv").write_text("")
    opened = source(tmp_path, "id,name,note\n")
    found = opened.undeclared(contract())
    assert sorted(found) == ["memo.txt", "sub/x.csv"]
    for table, count in found.items():
        lines = [row["line"] for batch in opened.undeclared_rows(table) for row in batch.to_pylist()]
        assert len(lines) == count
    assert "\\xff" in "".join(r["line"] for b in opened.undeclared_rows("sub/x.csv") for r in b.to_pylist())


def test_many_rows_come_in_batches(tmp_path: Path) -> None:
    opened = source(tmp_path, "id,name,note\n" + "".join(f"{n},a,b\n" for n in range(45_000)))
    sizes = [batch.num_rows for batch in opened.rows("people", ["id"])]
    assert sum(sizes) == 45_000
    assert len(sizes) == 3


def test_a_long_cell(tmp_path: Path) -> None:
    assert len(cells(source(tmp_path, "id,name,note\n1,a," + "x" * 300_000 + "\n"))[0][2]) == 300_000
