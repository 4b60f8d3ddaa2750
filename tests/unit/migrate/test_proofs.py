"""What inline tests have proved holds for the very mapping and tool they ran with."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migrate import proofs
from migrate.proofs import Proof

PROOF = Proof(ran=3, unexercised={"users": ["USR-001"]})
FIELDS = "name: {from: name}"


def test_what_is_kept_is_known_again(bench: Any, own_cache: Path) -> None:
    pair = bench.users("", FIELDS)
    assert proofs.known(pair) is None
    proofs.keep(pair, PROOF)
    assert proofs.known(bench.users("", FIELDS)) == PROOF
    assert [file.suffix for file in own_cache.rglob("*") if file.is_file()] == [".json"]


@pytest.mark.parametrize("other", ["name: {from: name, do: [trim]}", "name: {from: mail}"])
def test_another_mapping_is_not_proved(bench: Any, own_cache: Path, other: str) -> None:
    proofs.keep(bench.users("", FIELDS), PROOF)
    assert proofs.known(bench.users("", other)) is None


def test_another_contract_is_not_proved(bench: Any, own_cache: Path) -> None:
    pair = bench.users("", FIELDS)
    proofs.keep(pair, PROOF)
    for contract in (pair.source, pair.target):
        contract.document.data["more"] = 1
        assert proofs.known(pair) is None
        del contract.document.data["more"]
    assert proofs.known(pair) == PROOF


@pytest.mark.parametrize("package", ["migrate", "validators"])
def test_the_code_of_both_packages_is_part_of_the_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    (tmp_path / package).mkdir()
    file = tmp_path / package / "__init__.py"
    file.write_text("")
    mine = SimpleNamespace(__file__=str(file))
    monkeypatch.setattr(proofs, "PACKAGES", tuple(mine if p.__name__ == package else p for p in proofs.PACKAGES))
    before = proofs._tool.__wrapped__()
    (tmp_path / package / "new.py").write_text("x = 1")
    assert proofs._tool.__wrapped__() != before


def test_another_tool_has_proved_nothing(bench: Any, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = bench.users("", FIELDS)
    proofs.keep(pair, PROOF)
    monkeypatch.setattr(proofs, "_tool", lambda: "another")
    assert proofs.known(pair) is None


@pytest.mark.parametrize("found", ["", "{", "[]", '{"ran": "3", "unexercised": {}}', '{"ran": 3}', "\xff"])
def test_what_cannot_be_read_is_no_proof(bench: Any, own_cache: Path, found: str) -> None:
    pair = bench.users("", FIELDS)
    proofs.keep(pair, PROOF)
    (file,) = own_cache.rglob("*.json")
    file.write_text(found, encoding="latin-1")
    assert proofs.known(pair) is None


def test_a_cache_that_cannot_be_written_is_no_error(bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(proofs.VARIABLE, str(tmp_path / "file"))
    pair = bench.users("", FIELDS)
    proofs.keep(pair, PROOF)
    assert proofs.known(pair) is None
