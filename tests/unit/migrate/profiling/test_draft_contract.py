"""Drafts of contracts: what is there becomes words, guesses are called so, and the draft is a source."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from migrate.cli import cli
from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract
from migrate.errors import ConfigurationError, SourceRefused
from migrate.profiling.contract_draft.draft import draft_contract
from migrate.profiling.contract_draft.sniffing import sniff
from migrate.profiling.run import profile


def drafted(source: Path | str, folder: Path, **words: Any) -> Contract:
    out = folder / "systems" / "own.yaml"
    draft_contract(str(source), out, "own", **words)
    return load_contract(out).model


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder of files of several kinds."""
    folder = tmp_path / "source"
    folder.mkdir()
    people = "Person ID;Name;E-Mail;Hired;Rate;Password;2nd\n" + "".join(
        f"{n:05};{'Añ'}a {n};p{n}@example.org;{1 + n % 28:02}/0{1 + n % 9}/2020;{n},5;s3cret{n};x\n" for n in range(1, 41)
    )
    (folder / "people.csv").write_bytes(people.encode("cp1252"))
    for year in (2019, 2020):
        text = "person_id,course,done_on,points,passed\n" + "".join(
            f"{1 + (n * 7) % 40:05},C{n % 12},{year}-0{1 + n % 9}-1{n % 9},{n if n % 3 else 'n/a'},{n % 2}\n"
            for n in range(1, 60)
        )
        (folder / f"marks_{year}.csv").write_text(text, "utf-8")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Courses"
    sheet.append(["Code", "Title", "Start", "Hours"])
    for n in range(12):
        sheet.append([f"C{n}", f"Course {n}", dt.datetime(2020, 1, 1 + n), 2.5 + n])
    other = book.create_sheet("Rooms")
    other.append(["Room", "Seats"])
    other.append(["R1", 20])
    book.save(folder / "catalogue.xlsx")
    (folder / ".hidden.csv").write_text("a,b\n", "utf-8")
    return folder


def test_columns_whose_letters_no_name_holds_are_drafted_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "people.csv").write_text("Имя;Größe;Gräße;Größer\nИван;5;6;7\nПётр;8;9;9\n", "utf-8")
    fields = drafted(folder, tmp_path).entities["people"].fields
    assert {field: rule.column for field, rule in fields.items()} == {
        "column_1": "Имя", "column_2": "Größe", "column_3": "Gräße", "gr_er": None,
    }  # fmt: skip


def test_numbers_with_more_digits_than_a_decimal_carries_stay_text(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "paid.csv").write_text("id;point;comma;fits\n1;12345678901234567.89;1,5;1.5\n2;1.5;12345678901234567,89;2.25\n")
    fields = drafted(folder, tmp_path).entities["paid"].fields
    assert {name: field.type for name, field in fields.items()} == {
        "id": "int", "point": "string", "comma": "string", "fits": "decimal",
    }  # fmt: skip


def test_a_point_that_may_be_no_decimal_mark_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "points.csv").write_text("no;total;rate\n1;1.250;0.5\n2;12.500;1.25\n3;7;2\n", "utf-8")
    (folder / "sums.csv").write_text("no;total;rate\n1;1.250;0,5\n2;12.500;1,25\n3;7;2\n", "utf-8")
    entities = drafted(folder, tmp_path).entities
    points, sums = entities["points"].fields, entities["sums"].fields
    assert (points["total"].type, points["rate"].type) == ("decimal", "decimal")
    assert "may part thousands" in points["total"].note
    assert points["rate"].note == ""
    assert (sums["total"].type, sums["rate"].type) == ("string", "decimal")
    assert "numbers with a point" in sums["total"].note


def test_files_in_code_pages_of_their_own_are_no_one_entity(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "people_1.csv").write_bytes("no;name\n1;Müßig\n".encode("cp1252"))
    (folder / "people_2.csv").write_bytes("no;name\n1;Źdźbło\n2;Łęcki\n".encode("cp1250"))
    contract = drafted(folder, tmp_path)
    assert contract.source is not None
    found = {entity.file: (entity.format or contract.source.format).encoding for entity in contract.entities.values()}
    assert found == {"people_1.csv": "cp1252", "people_2.csv": "cp1250"}


def test_years_of_two_digits_are_a_guess(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "people.csv").write_text("no;born;hired\n1;31.12.55;28/02/99\n2;01.02.71;13/12/05\n3;07.06.68;01/01/68\n", "utf-8")
    fields = drafted(folder, tmp_path).entities["people"].fields
    assert (fields["born"].formats, fields["hired"].formats) == (("%d.%m.%y",), ("%d/%m/%y",))
    assert all("00 to 68 as 2000 to 2068" in fields[field].note for field in ("born", "hired"))


def test_a_folder_of_files(exports: Path, tmp_path: Path) -> None:
    contract = drafted(exports, tmp_path)
    assert list(contract.entities) == ["catalogue_courses", "catalogue_rooms", "marks", "people"]
    people, marks = contract.entities["people"], contract.entities["marks"]
    assert people.key == ("person_id",)
    assert people.format is not None
    assert (people.format.encoding, people.format.delimiter, people.format.decimal) == ("cp1252", ";", ",")
    assert list(people.fields) == ["person_id", "name", "e_mail", "hired", "rate", "password", "column_7"]
    assert {f: (r.type, r.formats, r.pii) for f, r in people.fields.items()} == {
        "person_id": ("string", (), None),
        "name": ("string", (), None),
        "e_mail": ("string", (), "email"),
        "hired": ("date", ("%d/%m/%Y",), None),
        "rate": ("decimal", (), None),
        "password": ("string", (), "secret"),
        "column_7": ("string", (), None),
    }
    assert "unconfirmed: encoding cp1252" in people.note
    assert people.fields["column_7"].column == "2nd"
    assert marks.file == "marks_*.csv"
    assert marks.fields["person_id"].references is not None
    assert marks.fields["person_id"].references.entity == "people"
    assert {f: r.type for f, r in marks.fields.items()} == {
        "person_id": "string", "course": "string", "done_on": "date", "points": "int", "passed": "flag",
    }  # fmt: skip
    assert "'n/a' looks like none" in marks.fields["points"].note
    courses = contract.entities["catalogue_courses"]
    assert (courses.file, courses.sheet, courses.key) == ("catalogue.xlsx", "Courses", ("code",))
    assert {f: r.type for f, r in courses.fields.items()} == {
        "code": "string",
        "title": "string",
        "start": "date",
        "hours": "decimal",
    }
    assert "s3cret" not in (tmp_path / "systems" / "own.yaml").read_text("utf-8")


def test_a_draft_is_a_source(exports: Path, tmp_path: Path) -> None:
    drafted(exports, tmp_path)
    (tmp_path / "migration.yaml").write_text(
        "label: L\nsource: {system: own, folder: source}\ntarget: {system: canvas}\n", "utf-8"
    )
    made, _ = profile(tmp_path)
    assert {entity.entity: entity.rows for entity in made.entities} == {
        "catalogue_courses": 12, "catalogue_rooms": 1, "marks": 118, "people": 40,
    }  # fmt: skip
    start = made.field("catalogue_courses", "start")
    assert start is not None
    assert start.numbers is not None
    assert (start.numbers.smallest, start.numbers.largest, start.unreadable) == ("2020-01-01", "2020-01-12", 0)


def test_a_database(tmp_path: Path) -> None:
    file = tmp_path / "lms.sqlite"
    with sqlite3.connect(file) as database:
        database.executescript("""
            CREATE TABLE lms_user (id INTEGER PRIMARY KEY, email VARCHAR(90) NOT NULL, last_access INTEGER, api_token TEXT);
            CREATE TABLE lms_mark (user_id INTEGER REFERENCES lms_user (id), item INTEGER, score NUMERIC,
                PRIMARY KEY (user_id, item));
            CREATE TABLE lms_note (id INTEGER PRIMARY KEY, userid INTEGER, body TEXT);
            CREATE TABLE other (id INTEGER PRIMARY KEY);
        """)
        database.executemany(
            "INSERT INTO lms_user VALUES (?, ?, ?, ?)",
            [(n, f"u{n}@example.org", 1_600_000_000 + n * 9000 if n % 3 else 0, "t") for n in range(1, 40)],
        )
        database.executemany("INSERT INTO lms_mark VALUES (?, ?, ?)", [(n, n % 5, n / 2) for n in range(1, 40)])
        database.executemany("INSERT INTO lms_note VALUES (?, ?, ?)", [(n, n, "") for n in range(1, 30)])
    contract = drafted(f"sqlite:///{file}", tmp_path, prefix="lms_")
    assert contract.source is not None
    assert contract.source.prefix == "lms_"
    assert list(contract.entities) == ["mark", "note", "user"]
    user, mark, note = (contract.entities[name] for name in ("user", "mark", "note"))
    assert (user.key, mark.key) == (("id",), ("user_id", "item"))
    assert user.fields["email"].required
    assert user.fields["email"].pii == "email"
    assert user.fields["api_token"].pii == "secret"
    assert (user.fields["last_access"].type, user.fields["last_access"].never) == ("epoch", (0,))
    assert mark.fields["user_id"].references is not None
    assert mark.fields["user_id"].note == ""  # the database says so
    assert note.fields["userid"].references is not None
    assert note.fields["userid"].references.entity == "user"
    assert note.fields["userid"].note.startswith("unconfirmed: refers to user by its name")


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter", "header", "doubts"),
    [
        (b"a,b\n1,2\n", "utf-8", ",", ("a", "b"), 0),
        ("\ufeffa;b\n1;2\n".encode(), "utf-8", ";", ("a", "b"), 0),
        ("a\tb\n1\té\n".encode("utf-16"), "utf-16", "\t", ("a", "b"), 0),
        ("a|b\n1|é\n".encode("cp1252"), "cp1252", "|", ("a", "b"), 1),
        ("a\tb\n1\t2\n".encode("utf-16-le"), "utf-16-le", "\t", ("a", "b"), 1),
        (b'a,b;c\n"1,5",b;c\n"2;5",b;c\n', "utf-8", ",", ("a", "b;c"), 0),
        (b"one\nx\ny\n", "utf-8", ",", ("one",), 1),
        (b"a,b\n1,2\n1\n", "utf-8", ",", ("a", "b"), 1),
    ],
)
def test_how_a_file_is_written(
    tmp_path: Path, content: bytes, encoding: str, delimiter: str, header: tuple[str, ...], doubts: int
) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(content)
    found = sniff(file)
    assert (found.encoding, found.delimiter, found.header, len(found.doubts)) == (encoding, delimiter, header, doubts)


def test_two_orders_of_a_date_are_a_doubt(tmp_path: Path) -> None:
    rows = "".join(f"{n},0{1 + n % 9}/0{1 + n % 8}/2020\n" for n in range(1, 30))
    (tmp_path / "x.csv").write_text(f"id,day\n{rows}", "utf-8")
    day = drafted(tmp_path / "x.csv", tmp_path).entities["x"].fields["day"]
    assert (day.type, day.formats) == ("date", ("%d/%m/%Y",))
    assert day.note == "unconfirmed: the values fit %d/%m/%Y and %m/%d/%Y alike"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("no/such/folder", "there is no file or folder"),
        ("mysql://reader:open@127.0.0.1/x", "a password stands on the command line"),
        ("mysql://reader:${NOT_SET_ANYWHERE}@127.0.0.1/x", "a secret is missing"),
    ],
)
def test_what_cannot_be_drafted_is_said(tmp_path: Path, given: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        draft_contract(given, tmp_path / "x.yaml", "x")
    assert not (tmp_path / "x.yaml").exists()


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SourceRefused, match="holds no files that can be read"):
        draft_contract(str(empty), tmp_path / "x.yaml", "x")
    (empty / "x.xlsx").write_bytes(b"no workbook")
    with pytest.raises(SourceRefused, match=r"x\.xlsx is not opened: it is no XLSX file"):
        draft_contract(str(empty), tmp_path / "x.yaml", "x")


def test_the_command_keeps_what_is_there(exports: Path, tmp_path: Path) -> None:
    out = tmp_path / "legacy.yaml"
    done = CliRunner().invoke(
        cli, ["draft-contract", str(exports), "-o", str(out)], catch_exceptions=False, standalone_mode=False
    )
    assert "4 tables, 18 fields" in done.output
    assert f"then: lms-migrate new DIR --from {out} --to SYSTEM" in done.output
    assert load_contract(out).system == "legacy"
    with pytest.raises(ConfigurationError, match="is there already"):
        CliRunner().invoke(cli, ["draft-contract", str(exports), "-o", str(out)], catch_exceptions=False, standalone_mode=False)
    with pytest.raises(ConfigurationError, match="nothing was drafted"):
        CliRunner().invoke(
            cli, ["draft-contract", str(exports), "-o", str(tmp_path / "1x.yaml")], catch_exceptions=False, standalone_mode=False
        )
