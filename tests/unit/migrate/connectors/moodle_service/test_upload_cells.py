"""What Moodle reads is what was meant, or the record is refused: cells of upload files."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrate.connectors.moodle_service.upload_cells import Line, Unsayable, make_line, written
from migrate.connectors.moodle_service.upload_words import Column, Upload
from migrate.connectors.target import Record
from migrate.contracts.model import Entity, Field, Reference

START = dt.datetime(2020, 9, 1, 6, 30, 17)
ENTITY = Entity(
    key=("name",),
    fields={
        "name": Field(required=True), "text": Field(), "other": Field(references=Reference(entity="others")), "role": Field(),
        "start": Field(type="epoch"), "end": Field(type="epoch"), "flag": Field(type="flag"), "needed": Field(required=True),
    },
)  # fmt: skip
TEXT = st.text(st.sampled_from("ab\\\" \t\n\r,=+-@'é🎓0;"), max_size=8)


def upload(trims: bool = True, **columns: Column) -> Upload:
    return Upload(file="f", columns=columns, trims=trims, page="a page")


def line(values: dict[str, Any], trims: bool = True, links: dict[str, str] | None = None, **column: Any) -> Line:
    """The line of a record in a file of one column."""
    words = column or {"field": next(iter(values))}
    return make_line(ENTITY, upload(trims, c=Column(**words)), Record("k", values, links=links or {}))


def cell(*given: Any, **words: Any) -> str:
    (found,) = line(*given, **words).cells
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [({"flag": True}, "1"), ({"flag": False}, "0"), ({"flag": None}, ""), ({"text": "007"}, "007"), ({"text": "0"}, "0"),
     ({"text": None}, ""), ({"start": START}, "\t@1598941817"), ({"start": dt.datetime(1969, 12, 31)}, "\t@-86400")],
)  # fmt: skip
def test_values_as_cells(values: dict[str, Any], expected: str) -> None:
    assert cell(values) == expected


def test_what_is_empty_or_not_mapped_has_the_blank() -> None:
    assert cell({"text": None}, field="text", blank="99") == "99"
    assert cell({}, field="text", blank="99") == "99"
    assert cell({}, const=1) == "1"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(START, START + dt.timedelta(days=1), "1"), (START, START + dt.timedelta(days=400), "400"),
     (None, dt.datetime(2031, 1, 1), "22280"), (START, None, "-1")],
)  # fmt: skip
def test_an_end_is_said_in_days(start: dt.datetime | None, end: dt.datetime | None, expected: str) -> None:
    found = cell({"start": start, "end": end}, trims=False, field="end", days_after="start", blank="-1")
    assert found == expected


@pytest.mark.parametrize(
    ("start", "end", "part"),
    [(START, START + dt.timedelta(hours=36), "no whole number of days after start (2020-09-01 06:30:17)"),
     (START, START, "no whole number"), (START, START - dt.timedelta(days=2), "no whole number"),
     (None, START, "after 1970 (there is no start)")],
)  # fmt: skip
def test_an_end_that_days_cannot_say(start: dt.datetime | None, end: dt.datetime, part: str) -> None:
    with pytest.raises(Unsayable) as reason:
        line({"start": start, "end": end}, field="end", days_after="start")
    assert part in str(reason.value)


@pytest.mark.parametrize("text", ["=1+1", "+49 1", "-x", "@me"])
def test_a_formula_is_kept_from_spreadsheets_only_where_moodle_takes_the_tab_away(text: str) -> None:
    assert cell({"text": text}) == f"\t{text}"
    assert cell({"text": text}, trims=False) == text


def test_what_a_reader_would_alter_is_said() -> None:
    assert line({"text": " a\r\nb\rc "}) == Line(
        ("a\nb\nc",), ("text: its line ends become line feeds", "text: blanks at its ends are cut off")
    )
    assert line({"text": " a "}, trims=False) == Line((" a ",), ())
    assert line({"text": "\u00a0a"}) == Line(("\u00a0a",), ())  # which PHP does not take for a blank


@pytest.mark.parametrize(
    ("values", "part"),
    [({"text": 'a\\"b'}, "backslash"), ({"text": "C:\\"}, "backslash"), ({"text": "a\0b"}, "no CSV file can hold"),
     ({"text": "\ud800"}, "no CSV file can hold"), ({"name": " a"}, "would be read as 'a'"),
     ({"other": "a\r\nb"}, "would be read"), ({"text": "C:\\ "}, "backslash"), ({"name": "0"}, "takes for none"),
     ({"other": "0"}, "takes for none"), ({"needed": "\t "}, "needed is blank"),
     ({"needed": None}, "needed is blank")],
)  # fmt: skip
def test_what_the_file_cannot_say(values: dict[str, Any], part: str) -> None:
    with pytest.raises(Unsayable, match=part):
        line(values)


def test_a_number_that_moodle_takes_for_an_id() -> None:
    assert cell({"other": "12"}, links={"other": "7"}, field="other", number_is_id=True) == "7"
    assert cell({"other": "012"}, links={"other": "7"}, field="other", number_is_id=True) == "012"
    with pytest.raises(Unsayable, match="hand others over first"):
        line({"other": "12"}, field="other", number_is_id=True)
    with pytest.raises(Unsayable, match="takes for an id"):
        line({"role": "5"}, field="role", number_is_id=True)


@settings(max_examples=300)
@given(texts=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4), trims=st.booleans())
@example(texts=[("a\\", "b"), ("c", "d")], trims=True)
@example(texts=[("a", "\\ ")], trims=True)
@example(texts=[('=a""', "\t"), ("", "")], trims=True)
def test_moodle_reads_what_was_meant(texts: list[tuple[str, str]], trims: bool) -> None:
    import moodle_upload

    upload_ = upload(trims, a=Column(field="text"), b=Column(field="role"), z=Column(const="end"))
    lines, meant = [], []
    for one, other in texts:
        try:
            made = make_line(ENTITY, upload_, Record("k", {"text": one, "role": other}))
        except Unsayable:
            continue
        lines.append(made)
        meant.append((one, other, made.altered))
    header, rows = moodle_upload._rows("".join(written(upload_.columns, lines)))
    assert header == ["a", "b", "z"]
    assert len(rows) == len(lines)
    for (*said, altered), (*read, end) in zip(meant, rows, strict=True):
        read = [text.strip(" \t\n\r\0\x0b") if trims else text for text in read]
        assert end == "end"
        for text, found, field in zip(said, read, ("text", "role"), strict=True):
            assert found == text or any(change.startswith(f"{field}: ") for change in altered)
