"""Reading lists of people, and what is said of those that cannot be read."""

from __future__ import annotations

import datetime as dt
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from migrate.errors import ConfigurationError, Problem
from migrate.matching.lists import PeopleList, read_lists
from migrate.workspace import open_workspace

SETTINGS = """\
label: Old to new
source: {system: old, url: "sqlite:///source.sqlite"}
target: {system: new}
matching:
  people: WORDS
"""
MATCH = """\
match:
  against: people
  tiers: [{name: e-mail, on: {mail: mail}}, {name: name and birth, on: {name: name, born: born}, confirm: true}]
  code: USR-SAME
  reason: the same person
"""


@pytest.fixture
def read(bench: Any) -> Any:
    """Reads the list of a workspace whose words under ``matching: people:`` are given."""

    def call(words: str) -> PeopleList:
        bench.users(MATCH, "name: {from: name}")
        bench.file("migration.yaml", SETTINGS.replace("WORDS", words))
        (bench.folder / "crosswalks").mkdir(exist_ok=True)
        workspace = open_workspace(bench.folder)
        return read_lists(workspace, ["users"])["people"]

    return call


def rows(given: PeopleList) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in ("key", "mail", "name", "born")) for row in given.rows.to_pylist()]


def test_a_delimited_file(bench: Any, read: Any) -> None:
    bench.file("hr.csv", "E-Mail;PERSON ID;Full name;Born;Salary\nana@x.org;007;Núñez;1990-01-02;1\n", "cp1252")
    given = read("{file: hr.csv, delimiter: ';', encoding: cp1252, key: person_id, columns: {mail: E-Mail, name: Full name}}")
    assert rows(given) == [("007", "ana@x.org", "Núñez", "1990-01-02")]
    assert given.rows.column_names == ["key", "mail", "name", "born"], "nothing else is read"
    assert len(given.digest) == 64
    assert given.there


def test_a_file_with_a_byte_order_mark(bench: Any, read: Any) -> None:
    bench.file("hr.csv", "key,mail,name,born\na,b,c,d\n", "utf-8-sig")
    assert rows(read("{file: hr.csv}")) == [("a", "b", "c", "d")]


def test_an_excel_file(bench: Any, read: Any) -> None:
    book = openpyxl.Workbook()
    book.active.append(["nothing"])
    sheet = book.create_sheet("Staff")
    sheet.append(["key", "mail", "name", "born"])
    sheet.append([7, None, "Ana", dt.datetime(1990, 1, 2)])
    sheet.append([None, None, None, None])
    sheet.append(["008", "bo@x.org", "Bo", dt.date(1991, 3, 4)])
    book.save(bench.folder / "hr.xlsx")
    assert rows(read("{file: hr.xlsx, sheet: Staff, there: false}")) == [
        ("7", None, "Ana", "1990-01-02"),
        ("008", "bo@x.org", "Bo", "1991-03-04"),
    ]
    with pytest.raises(ConfigurationError, match="it has no sheet"):
        read("{file: hr.xlsx, sheet: People}")


def test_a_query(bench: Any, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(bench.folder / "hr.sqlite")) as database:
        database.executescript("create table staff (id int, mail text, born text); insert into staff values (7, 'a@x.org', null)")
    words = '{url: "sqlite:///${HR}.sqlite", query: "select id as key, mail, \'Ana\' as name, born from staff"}'
    with pytest.raises(ConfigurationError, match="a secret is missing"):
        read(words)
    monkeypatch.setenv("HR", "hr")
    assert rows(read(words)) == [("7", "a@x.org", "Ana", None)]
    for query, message in (("delete from staff", "readonly"), ("select 1 from nobody", "no such table")):
        with pytest.raises(ConfigurationError, match=message):
            read(f'{{url: "sqlite:///hr.sqlite", query: "{query}"}}')


@pytest.mark.parametrize(
    ("content", "message", "value"),
    [
        ("key,mail,name\na,b,c\n", "the column is not in the list", "born"),
        ("key,mail,name,born,Mail\na,b,c,d,e\n", "the column stands twice in the list", "mail"),
        ("key,mail,name,born\na,b\n", "line 2 has 2 cells", "hr.csv"),
        ("", "it has not even a header", "hr.csv"),
        ('key,mail,name,born\n"a,b,c,d\n', "the list cannot be read", "hr.csv"),
        ("key,mail,name,born\nà,b,c,d\n", "the list cannot be read", "hr.csv"),
    ],
)
def test_a_file_that_cannot_be_used(bench: Any, read: Any, content: str, message: str, value: str) -> None:
    bench.file("hr.csv", content, "cp1252")
    with pytest.raises(ConfigurationError) as caught:
        read("{file: hr.csv}")
    problem: Problem = caught.value.problems[0]
    assert message in problem.message
    assert problem.value == value
    assert problem.place is not None
    assert (problem.place.file.name, problem.place.line) == ("migration.yaml", 5)


def test_excel_files_that_are_none(bench: Any, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (bench.folder / "hr.xlsx").write_bytes(b"PK nothing")
    with pytest.raises(ConfigurationError, match="no Excel file"):
        read("{file: hr.xlsx}")
    with zipfile.ZipFile(bench.folder / "hr.xlsx", "w") as archive:
        archive.writestr("other", "text")
    with pytest.raises(ConfigurationError, match="no Excel file"):
        read("{file: hr.xlsx}")
    monkeypatch.setattr("migrate.matching.lists._LARGEST", 2)
    with pytest.raises(ConfigurationError, match="too large"):
        read("{file: hr.xlsx}")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("{}", "a list is in a file or in a database"),
        ("{file: a.csv, url: 'sqlite:///b', query: select 1}", "a list is in a file or in a database"),
        ("{url: 'sqlite:///b'}", "url and query belong together"),
        ("{url: 'mysql://a:secret@b/c', query: select 1}", "a password stands in migration.yaml"),
        ("{file: a.csv, delimiter: ';;'}", "a delimiter is one character"),
        ("{file: a.csv, encoding: latin-99}", "there is no such encoding"),
        ("{file: a.csv, sheet: S}", "sheet is for .xlsx files"),
        ("{file: a.csv, fil: b}", "unknown word 'fil'"),
        ("{file: a.csv, columns: {mial: b}}", "no tier compares this field"),
        ("{file: nowhere.csv}", "there is no such file"),
    ],
)
def test_words_that_do_not_fit(bench: Any, read: Any, words: str, message: str) -> None:
    bench.file("a.csv", "key,mail,name,born\n")
    with pytest.raises(ConfigurationError) as caught:
        read(words)
    assert any(message in problem.message for problem in caught.value.problems), caught.value
    assert all(problem.place is not None and problem.place.line == 5 for problem in caught.value.problems)
    assert "secret" not in str(caught.value).replace("secrets", "")


def test_a_list_that_no_mapping_matches_with(bench: Any, read: Any) -> None:
    bench.file("a.csv", "key,mail,name,born\n")
    with pytest.raises(ConfigurationError) as caught:
        read("{file: a.csv}\n  peple: {file: a.csv}")
    (problem,) = caught.value.problems
    assert (problem.value, problem.allowed) == ("peple", ("people",))


def test_without_the_list_nothing_is_read(bench: Any, read: Any) -> None:
    bench.users(MATCH, "name: {from: name}")
    bench.file("migration.yaml", SETTINGS.replace("matching:\n  people: WORDS\n", ""))
    assert read_lists(open_workspace(Path(bench.folder)), ["users"]) == {}
