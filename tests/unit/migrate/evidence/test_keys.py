"""Keys: made once, read from outside the workspace, and never shown."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from migrate.errors import ConfigurationError, Problem
from migrate.evidence import keys
from migrate.workspace import Workspace, open_workspace

SOURCE = "system: old\nlabel: Old\nsource: {kind: database}\nentities: {person: {key: id, fields: {id: {}}}}\n"
TARGET = "system: new\nlabel: New\ntarget: {kind: files}\nentities: {users: {key: id, file: u.csv, fields: {id: {}}}}\n"
Refused = Callable[..., tuple[Problem, ...]]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    folder = tmp_path / "ws"
    for path, text in {
        "migration.yaml": "label: a\nsource: {system: old, url: 'sqlite:///x'}\ntarget: {system: new}\nevidence: {key: '${K}'}\n",
        "systems/old.yaml": SOURCE, "systems/new.yaml": TARGET, "mapping/pair.yaml": "from: old\nto: new\nlabel: x\n",
        "mapping/users.yaml": "from: old.person\nto: new.users\nfields: {id: {from: id}}\n",
    }.items():  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return open_workspace(folder)


def test_a_pair_is_made_for_its_owner_alone_and_signs(tmp_path: Path, workspace: Workspace, monkeypatch: Any) -> None:
    fingerprint, public = keys.new_key(tmp_path / "key.pem")
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    monkeypatch.setenv("K", str(tmp_path / "key.pem"))
    key = keys.signing_key(workspace)
    assert key is not None
    read = keys.read_public(public.read_bytes())
    assert keys.fingerprint(read) == fingerprint == keys.named_key(str(public))
    assert keys.is_signed(read, key.sign(b"content"), b"content")
    assert not keys.is_signed(read, key.sign(b"content"), b"Content")
    assert not keys.is_signed(read, b"short", b"content")


def test_nothing_is_overwritten(tmp_path: Path, refused: Refused) -> None:
    keys.new_key(tmp_path / "key.pem")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    (problem,) = refused(keys.new_key, tmp_path / "key.pem")
    assert "there already" in problem.message
    (tmp_path / "other.pem").write_text("mine")
    refused(keys.new_key, tmp_path / "other.pem")
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before | {tmp_path / "other.pem": b"mine"}


def test_no_key_is_made_in_a_workspace_or_nowhere(tmp_path: Path, workspace: Workspace, refused: Refused) -> None:
    (problem,) = refused(keys.new_key, workspace.folder / "mapping" / "key.pem")
    assert "workspace" in problem.message
    assert not list(workspace.folder.rglob("key.pem*"))
    (problem,) = refused(keys.new_key, tmp_path / "no" / "key.pem")
    assert "No such file" in problem.message


def test_the_key_may_stand_in_the_environment(workspace: Workspace, monkeypatch: Any) -> None:
    key = Ed25519PrivateKey.generate()
    monkeypatch.setenv("K", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    found = keys.signing_key(workspace)
    assert found is not None
    assert found.public_key() == key.public_key()


def pem(key: Any, lock: Any = None) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption()))


UNUSABLE: dict[str, Callable[[], bytes]] = {
    "no private key": lambda: b"SECRET-WORDS",
    "no private key in PEM": lambda: Ed25519PrivateKey.generate().public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    ),
    "not of the kind": lambda: pem(generate_private_key(SECP256R1())),
    "passphrase": lambda: pem(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"x")),
    "too large": lambda: b"-" * 70_000,
}  # fmt: skip


@pytest.mark.parametrize("why", UNUSABLE)
def test_what_is_no_key_is_refused_and_not_shown(
    why: str, tmp_path: Path, workspace: Workspace, refused: Refused, monkeypatch: Any
) -> None:
    (tmp_path / "k").write_bytes(UNUSABLE[why]())
    monkeypatch.setenv("K", str(tmp_path / "k"))
    (problem,) = refused(keys.signing_key, workspace)
    assert why in problem.message
    assert problem.place is not None
    assert problem.place.line == 4
    assert "SECRET-WORDS" not in str(problem)


def test_a_key_in_the_workspace_or_nowhere_is_refused(workspace: Workspace, refused: Refused, monkeypatch: Any) -> None:
    (workspace.folder / "k").write_bytes(pem(Ed25519PrivateKey.generate()))
    for given, words in (("k", "in the workspace"), ("../none", "cannot be read")):
        monkeypatch.setenv("K", given)
        (problem,) = refused(keys.signing_key, workspace)
        assert words in problem.message
    monkeypatch.delenv("K")
    (problem,) = refused(keys.signing_key, workspace)
    assert "not set" in problem.message


def test_a_key_that_stands_in_the_settings_is_refused(workspace: Workspace, refused: Refused) -> None:
    file = workspace.folder / "migration.yaml"
    file.write_text(file.read_text("utf-8").replace("${K}", "/secret/place"), "utf-8")
    (problem,) = refused(open_workspace, workspace.folder)
    assert "a key stands in migration.yaml" in problem.message
    assert "/secret/place" not in str(problem)


@pytest.mark.parametrize("given", ["", "SHA256:12", "a" * 63, "/none/such"])
def test_what_names_no_key_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="--key cannot be used"):
        keys.named_key(given)


def test_a_fingerprint_may_be_written_in_both_ways() -> None:
    assert keys.named_key("AB" * 32) == keys.named_key(f" sha256:{'ab' * 32} ") == f"SHA256:{'ab' * 32}"
