"""Packs are written in one way only, and read as if somebody hostile had written them."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.errors import ConfigurationError
from migrate.evidence.archive import write_archive
from migrate.evidence.opening import MOST_MEMBERS, PackRefused, open_pack, safe

STARTED = "2026-03-01T13:00:01+01:00"
Entry = tuple[str, bytes, Callable[[zipfile.ZipInfo], None]]


def same(_: zipfile.ZipInfo) -> None:
    """Nothing is changed."""


def written(members: dict[str, bytes | Path], started: str | None = STARTED) -> bytes:
    out = io.BytesIO()
    write_archive(members, started, out)
    return out.getvalue()


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"two")
    one = written({"b": b"two", "manifest.json": b"{}", "README.md": b"r", "a/ü": b"one"})
    other = written({"a/ü": b"one", "README.md": b"r", "b": tmp_path / "file", "manifest.json": b"{}"})
    assert one == other
    with zipfile.ZipFile(io.BytesIO(one)) as packed:
        assert packed.namelist() == ["README.md", "manifest.json", "a/ü", "b"]
        assert {info.date_time for info in packed.infolist()} == {(2026, 3, 1, 12, 0, 0)}
        assert {info.compress_type for info in packed.infolist()} == {zipfile.ZIP_STORED}
        assert {stat.S_IMODE(info.external_attr >> 16) for info in packed.infolist()} == {0o644}


@pytest.mark.parametrize("started", [None, "", "yesterday", "1812-01-01T00:00:00", "3000-01-01T00:00:00Z"])
def test_an_instant_that_no_zip_can_hold_is_the_oldest(started: str | None) -> None:
    with zipfile.ZipFile(io.BytesIO(written({"a": b""}, started))) as packed:
        assert packed.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def hostile(file: Path, *entries: Entry) -> Path:
    with zipfile.ZipFile(file, "w") as packed:
        for name, content, change in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name
            change(info)
            packed.writestr(info, content)
    return file


def link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def packed_small(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_DEFLATED


NAMES = ("../a", "/etc/passwd", "a/../../b", "a\\b", "C:b", "a//b", "./a", "a/", "a\x1b[2J", "a\u202eb", "x" * 500)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    assert not safe(name)
    with pytest.raises(PackRefused, match="not safe") as caught, open_pack(hostile(tmp_path / "z", (name, b"", same))):
        pass
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([("a", b"/etc/passwd", link)], "a link"),
        ([("a", b"0" * 10_000_000, packed_small)], "packed in another way"),
        ([("a", b"1", same), ("a", b"2", same)], "twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_links_bombs_and_doubles_are_refused(entries: list[Entry], words: str, tmp_path: Path) -> None:
    with pytest.raises(PackRefused, match=words), open_pack(hostile(tmp_path / "z", *entries)):
        pass


def test_a_size_that_is_a_lie_is_refused(tmp_path: Path) -> None:
    content = written({"a": b"12345678"})
    lie = content.replace((8).to_bytes(4, "little") * 2, (1 << 31).to_bytes(4, "little") * 2)
    (tmp_path / "z").write_bytes(lie)
    with pytest.raises(PackRefused), open_pack(tmp_path / "z"):
        pass


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(PackRefused, match="members"),
        open_pack(hostile(tmp_path / "z", *((str(number), b"", same) for number in range(MOST_MEMBERS + 1)))),
    ):
        pass


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_zip_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "z").write_bytes(content)
    try:
        with open_pack(tmp_path / "z") as pack:
            pack.read("manifest.json")
    except PackRefused:
        return
    pytest.fail("it was read")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no file"), open_pack(tmp_path):
        pass
