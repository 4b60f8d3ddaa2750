"""Evidence packs: whatever is done to one is found, and what is the same is written the same."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from evidence_packs import forge, members
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_pair import GOOD_ROWS

from migrate.evidence import archive
from migrate.evidence.keys import new_key
from migrate.evidence.make import make
from migrate.evidence.verify import Verification, verify

if TYPE_CHECKING:
    from small_pair import Bench

SOME = settings(max_examples=20)


@dataclass(frozen=True)
class Sealed:
    """A signed pack, the fingerprint of its key, and a place for copies that were tampered with."""

    pack: Path
    key: str
    copy: Path

    def of(self, content: bytes) -> Verification:
        self.copy.write_bytes(content)
        return verify(self.copy, self.key)

    def again(self, change: Callable[[dict[str, bytes]], None]) -> Verification:
        """The members after a change, written as packs are; what describes them stays as it was."""
        content = members(self.pack)
        change(content)
        with self.copy.open("wb") as out:
            archive.write_archive(content, started(self.pack), out)
        return verify(self.copy, self.key)


@pytest.fixture(scope="module")
def sealed(database: Bench, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    folder = tmp_path_factory.mktemp("evidence")
    fingerprint, _ = new_key(folder / "key.pem")
    workspace = shutil.copytree(database.folder, folder / "school")
    settings_ = workspace / "migration.yaml"
    settings_.write_text(settings_.read_text("utf-8") + "evidence: {key: '${EVIDENCE_KEY}'}\n", "utf-8")
    from small_pair import Bench

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVIDENCE_KEY", str(folder / "key.pem"))
        Bench.of(workspace).run(GOOD_ROWS)
        made = make(workspace, out=folder / "pack.zip")
        again = make(workspace, out=folder / "again.zip")
    assert made.file.read_bytes() == again.file.read_bytes()
    return Sealed(made.file, fingerprint, folder / "copy.zip")


def started(pack: Path) -> str:
    found: str = json.loads(members(pack)[archive.MANIFEST])["run"]["started"]
    return found


def names(sealed: Sealed) -> list[str]:
    return list(members(sealed.pack))


def test_what_was_made_passes(sealed: Sealed) -> None:
    found = verify(sealed.pack, sealed.key)
    assert {check.status for check in found.checks} == {"pass"}
    assert verify(sealed.pack).status == "open"


@SOME
@given(data=st.data())
def test_a_byte_that_is_another_is_found(sealed: Sealed, data: st.DataObject) -> None:
    content = bytearray(sealed.pack.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    assert sealed.of(bytes(content)).status == "fail"


@pytest.mark.long
def test_a_byte_of_each_member_and_of_all_that_is_around_them_is_found(sealed: Sealed) -> None:
    """One byte in each file, in each header before it, in the directory at the end, and at both ends of the archive."""
    whole = sealed.pack.read_bytes()
    with zipfile.ZipFile(sealed.pack) as packed:
        places = [info.header_offset + step for info in packed.infolist() for step in (0, 6, 10, 29, 35)]
        places += [packed.start_dir + step for step in range(0, 46, 5)]
        places += [info.header_offset + 30 + len(info.filename.encode()) for info in packed.infolist()]
    for at in (*places, len(whole) - 1):
        content = bytearray(whole)
        content[at] ^= 0x10
        assert sealed.of(bytes(content)).status == "fail", at


@given(cut=st.integers(1, 5000), more=st.binary(min_size=1, max_size=50))
@example(cut=1, more=b"\0")
def test_a_pack_that_is_cut_or_has_something_around_it_is_found(sealed: Sealed, cut: int, more: bytes) -> None:
    whole = sealed.pack.read_bytes()
    for content in (whole[:-cut], whole[cut:], whole + more, more + whole, whole + whole):
        assert sealed.of(content).status == "fail"


def test_each_file_that_is_dropped_is_found(sealed: Sealed) -> None:
    for name in names(sealed):
        found = sealed.again(lambda content, name=name: content.pop(name))  # type: ignore[misc]
        assert found.status == "fail", name


@given(data=st.data())
def test_a_file_that_is_renamed_is_found(sealed: Sealed, data: st.DataObject) -> None:
    there = names(sealed)
    name = data.draw(st.sampled_from(there))
    new = data.draw(st.sampled_from([*(other for other in there if other != name), "run/other.json", name + "x"]))
    assert sealed.again(lambda content: content.update({new: content.pop(name)})).status == "fail"


@given(
    name=st.sampled_from(["a", "run/x.parquet", "workspace/mapping/more.yaml", "z/z", "../a", "README.md/x"]), content=st.binary()
)
def test_a_file_that_is_added_is_found(sealed: Sealed, name: str, content: bytes) -> None:
    assert sealed.again(lambda there: there.update({name: content})).status == "fail"


@given(data=st.data())
def test_files_in_another_order_are_found(sealed: Sealed, data: st.DataObject) -> None:
    content = members(sealed.pack)
    order = data.draw(st.permutations(list(content)).filter(lambda order: order != list(content)))
    with zipfile.ZipFile(sealed.pack) as packed, zipfile.ZipFile(sealed.copy, "w") as out:
        for name in order:
            out.writestr(packed.getinfo(name), content[name])
    assert verify(sealed.copy, sealed.key).status == "fail"


def test_a_pack_that_somebody_made_anew_is_not_signed_by_the_key_that_was_named(sealed: Sealed) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    for key in (None, Ed25519PrivateKey.generate()):
        forge(sealed.pack, sealed.copy, lambda _: None, key)
        assert verify(sealed.copy, sealed.key).status == "fail"
        assert verify(sealed.copy).status == "open"  # nothing tells it from one that was made so
