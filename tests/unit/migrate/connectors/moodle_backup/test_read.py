"""The reader against files that were made to break it."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrate.connectors.moodle_backup import BackupRefused, Limits, read_backup

Change = Callable[[bytes], bytes]


@pytest.fixture
def contents(write: Any, file: Path) -> dict[str, bytes]:
    write()
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(file: Path, contents: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return file


def tarred(file: Path, contents: dict[str, bytes], *more: tarfile.TarInfo) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return file


def test_a_tar_reads_as_the_zip_does(contents: dict[str, bytes], file: Path, tmp_path: Path) -> None:
    assert read_backup(tarred(tmp_path / "tar.mbz", contents)) == read_backup(file)


@pytest.mark.parametrize("name", ["users.xml", "gradebook.xml", "completion.xml", "moodle_backup.xml", "course/inforef.xml"])
@pytest.mark.parametrize(
    "prolog",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]>',
        b'<?php echo "x" ?>',
    ],
)
def test_document_types_and_entities_are_refused(contents: dict[str, bytes], file: Path, name: str, prolog: bytes) -> None:
    head, line, rest = contents[name].partition(b"?>\n")
    contents[name] = head + line + prolog + rest
    with pytest.raises(BackupRefused, match="document type"):
        read_backup(packed(file, contents))


@pytest.mark.parametrize("name", ["../outside.xml", "/etc/outside.xml", "a/../../x.xml", "C:\\x.xml", "..\\x.xml"])
@pytest.mark.parametrize("pack", [packed, tarred])
def test_members_that_point_outside_are_refused(
    contents: dict[str, bytes], file: Path, name: str, pack: Callable[..., Path]
) -> None:
    with pytest.raises(BackupRefused, match="points outside"):
        read_backup(pack(file, {**contents, name: b"x"}))
    assert not (file.parent.parent / "outside.xml").exists()


def test_links_are_refused(contents: dict[str, bytes], file: Path) -> None:
    link = tarfile.TarInfo("link.xml")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(BackupRefused, match="a link"):
        read_backup(tarred(file, contents, link))
    with zipfile.ZipFile(file, "w") as archive:
        info = zipfile.ZipInfo("link.xml")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(BackupRefused, match="a link"):
        read_backup(file)


@pytest.mark.parametrize("pack", [packed, tarred])
@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(unpacked=5_000), "would unpack"),
        (Limits(small=1_000, ratio=1), "would unpack"),
        (Limits(members=3), "more than 3 members"),
    ],
)
def test_limits_hold(contents: dict[str, bytes], file: Path, limits: Limits, says: str, pack: Callable[..., Path]) -> None:
    with pytest.raises(BackupRefused, match=says):
        read_backup(pack(file, contents), limits)


@pytest.mark.parametrize("pack", [packed, tarred])
def test_a_bomb_is_refused_before_it_is_unpacked(contents: dict[str, bytes], file: Path, pack: Callable[..., Path]) -> None:
    with pytest.raises(BackupRefused, match="would unpack"):
        read_backup(pack(file, {**contents, "zeros.xml": bytes(32 << 20)}))


def test_a_member_that_stands_twice_is_refused(contents: dict[str, bytes], file: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("users.xml", b"<users/>")
    with pytest.raises(BackupRefused, match="twice"):
        read_backup(file)


@pytest.mark.parametrize("data", [b"", b"PK", b"hello", b"\x1f\x8bhello", b"PK\x03\x04hello", b"\x00" * 1000])
def test_what_is_no_archive_is_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(BackupRefused):
        read_backup(file)


def test_a_file_that_is_not_there_is_refused(file: Path) -> None:
    with pytest.raises(BackupRefused, match="cannot be read"):
        read_backup(file)


@pytest.mark.parametrize("pack", [packed, tarred])
def test_a_file_cut_short_is_refused(contents: dict[str, bytes], file: Path, pack: Callable[..., Path]) -> None:
    whole = pack(file, contents).read_bytes()
    for keep in range(0, len(whole) - 30, 211):
        file.write_bytes(whole[:keep])
        with pytest.raises(BackupRefused):
            read_backup(file)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("gradebook.xml", lambda d: d[:-30], "not well-formed"),
        ("gradebook.xml", lambda d: d.replace(b"42.50000", b"42,5"), "is no number"),
        ("gradebook.xml", lambda d: d.replace(b"<hidden>1</hidden>", b"<hidden>yes</hidden>"), "is no whole number"),
        ("completion.xml", lambda d: d.replace(b"<timestarted>", b"<timestarted>99999999999"), "are no instant"),
        ("completion.xml", lambda d: d.replace(b"</timestarted>", b"\xff</timestarted>"), "not well-formed"),
        ("users.xml", lambda d: d + b"<more/>", "not well-formed"),
        ("users.xml", lambda d: d.replace(b"<users>", b"<users>" + b"<a>" * 99), "nests more"),
        ("moodle_backup.xml", lambda d: d.replace(b"<type>course", b"<type>activity"), "no backup of a course"),
        ("moodle_backup.xml", lambda d: d.replace(b"<modulename>page", b"<modulename>quiz"), "which is not read"),
        (
            "moodle_backup.xml",
            lambda d: d.replace(b"<name>userscompletion</name>\n<value>1", b"<name>userscompletion</name>\n<value>0"),
            "without its setting 'userscompletion'",
        ),
    ],
)
def test_broken_contents_are_refused_with_the_place(
    contents: dict[str, bytes], file: Path, name: str, change: Change, says: str
) -> None:
    changed = change(contents[name])
    assert changed != contents[name]
    with pytest.raises(BackupRefused, match=says) as refused:
        read_backup(packed(file, {**contents, name: changed}))
    assert file.name in str(refused.value)


@pytest.mark.parametrize("name", ["users.xml", "gradebook.xml", "completion.xml", "activities/label_1/completion.xml"])
def test_a_member_that_lacks_is_refused(contents: dict[str, bytes], file: Path, name: str) -> None:
    del contents[name]
    with pytest.raises(BackupRefused, match=f"holds no {name}"):
        read_backup(packed(file, contents))


@pytest.mark.parametrize("change", ["users.xml", "course/inforef.xml"])
def test_records_of_people_who_are_not_called_for_are_dropped_as_restore_does_and_said(
    contents: dict[str, bytes], file: Path, change: str
) -> None:
    before = read_backup(file)
    contents[change] = contents[change].replace(b'id="2"', b'id="9"').replace(b"<id>2</id>", b"<id>9</id>")
    after = read_backup(packed(file, contents))
    lost = sum(len(rows) for rows in before.rows.values()) - sum(len(rows) for rows in after.rows.values())
    assert lost == len(after.unresolved) == 4
    assert not [row for rows in after.rows.values() for row in rows if row.get("user") == "learner.two"]


def test_an_activity_that_is_not_to_be_restored_has_no_rows(contents: dict[str, bytes], file: Path) -> None:
    name = "moodle_backup.xml"
    on, off = b"<name>label_1_included</name>\n<value>1", b"<name>label_1_included</name>\n<value>0"
    assert on in contents[name]
    backup = read_backup(packed(file, {**contents, name: contents[name].replace(on, off)}))
    assert [row["idnumber"] for row in backup.rows["activities"]] == ["notes", "link"]


def test_a_second_item_of_one_name_gives_its_grades_to_the_first(contents: dict[str, bytes], file: Path) -> None:
    name = "gradebook.xml"
    contents[name] = contents[name].replace(b"Total in the earlier system", b"Final exam")
    backup = read_backup(packed(file, contents))
    assert [row["idnumber"] for row in backup.rows["grade_items"]] == ["exam", "words"]
    assert {(row["item"], row["user"]) for row in backup.rows["grades"]} == {
        ("exam", "learner.one"), ("exam", "learner.two"), ("words", "learner.two"),
    }  # fmt: skip
