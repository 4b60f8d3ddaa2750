"""The samples that are reports are the same each time, hold what their lists say, and nobody in them is real."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[3] / "sample_data"
NAMES = ("cornerstone", "successfactors", "brightspace")
MODULES = {name: importlib.import_module(f"generate_{name}") for name in NAMES}
WORLDS = {name: module.build() for name, module in MODULES.items()}
ORDINARY = {name: module.build_company() for name, module in MODULES.items()}
FAULTS = [pytest.param(name, fault, id=f"{name}: {fault.what}") for name, module in MODULES.items() for fault in module.FAULTS]
each = pytest.mark.parametrize("name", NAMES)


@each
@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_writes_the_same_bytes(name: str, tmp_path: Path, hash_seed: str) -> None:
    MODULES[name].generate(tmp_path / "here")
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Pacific/Auckland"}
    command = [sys.executable, str(SAMPLES / f"generate_{name}.py"), str(tmp_path / "there")]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    here, there = ({f.name: f.read_bytes() for f in (tmp_path / side).iterdir()} for side in ("here", "there"))
    assert here == there
    assert len(here) > 5


@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_each_fault_is_planted_as_often_as_listed(name: str, fault: Any) -> None:
    assert fault.probe(WORLDS[name]) == fault.rows > 0


@pytest.mark.parametrize(("name", "fault"), [param for param in FAULTS if param.values[1].plant])
def test_the_ordinary_company_lacks_what_is_planted(name: str, fault: Any) -> None:
    assert fault.probe(ORDINARY[name]) == 0


@each
def test_the_list_is_up_to_date(name: str) -> None:
    assert (SAMPLES / f"{name}.md").read_text("utf-8") == MODULES[name].fault_table()


@each
def test_nobody_in_it_is_real(name: str, tmp_path: Path) -> None:
    MODULES[name].generate(tmp_path / "sample")
    text = "".join(file.read_bytes().decode("utf-8", "replace") for file in sorted((tmp_path / "sample").iterdir()))
    addresses = re.findall(r"[^\s,;|\"@]+@[^\s,;|\"@]+", text)
    assert addresses
    assert {address.rpartition("@")[2].lower() for address in addresses} == {"example.org"}


@each
def test_every_column_of_the_contract_is_in_the_sample(name: str, tmp_path: Path) -> None:
    """Optional ones too: a sample that lacks one would prove nothing about it."""
    from migrate.contracts.load import load_contract
    from migrate.resources import contract_file

    MODULES[name].generate(tmp_path)
    contract = load_contract(contract_file(name, "source")).model
    headers: dict[str, set[str]] = {}
    for entity, about in contract.entities.items():
        if about.file:
            (file, *_) = sorted(tmp_path.glob(about.file))
            first = re.split(
                r"[\r\n]", file.read_bytes().decode(about.format.encoding if about.format else "utf-8-sig", "replace")
            )[0]
            headers[entity] = {
                re.sub("[^a-z0-9]+", "_", cell.strip('"').lower()).strip("_") for cell in re.split("[,;|\t]", first)
            }
            assert {field.lower() for field in about.fields} <= headers[entity], entity
    assert headers
