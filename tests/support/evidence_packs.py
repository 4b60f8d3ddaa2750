"""Evidence packs taken apart and put together again, as a forger would who knows how they are made."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from migrate.evidence import archive, keys
from migrate.evidence.gather import TRAIL
from migrate.evidence.verify import Verification, verify
from migrate.ledger import audit

Members = dict[str, bytes]
Change = Callable[[Members], None]


def members(pack: Path) -> Members:
    """The content of a pack, by name, in its order."""
    with zipfile.ZipFile(pack) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def manifest(pack: Path) -> dict[str, Any]:
    """Its manifest."""
    found: dict[str, Any] = json.loads(members(pack)[archive.MANIFEST])
    return found


def read_key(file: Path) -> Ed25519PrivateKey:
    found = load_pem_private_key(file.read_bytes(), None)
    assert isinstance(found, Ed25519PrivateKey)
    return found


def forge(pack: Path, out: Path, change: Change, key: Ed25519PrivateKey | None = None) -> Path:
    """The pack after ``change``, with every hash made right again; signed with ``key``, or with nothing."""
    content = members(pack)
    change(content)
    told = json.loads(content[archive.MANIFEST])
    known = {file["path"]: file for file in told["files"]}
    names = sorted(set(content) - set(archive.UNLISTED))
    told["files"] = [
        {
            "original": None,
            "purpose": "",
            **known.get(name, {}),
            "path": name,
            "size": len(content[name]),
            "sha256": sha256(content[name]),
        }
        for name in names
    ]
    told["signer"] = None
    for name in (archive.SIGNATURE, archive.PUBLIC_KEY, archive.SUMS):
        content.pop(name, None)
    if key is not None:
        told["signer"] = {"algorithm": keys.ALGORITHM, "fingerprint": keys.fingerprint(key.public_key())}
    content[archive.MANIFEST] = (json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    if key is not None:
        content[archive.SIGNATURE] = key.sign(content[archive.MANIFEST])
        content[archive.PUBLIC_KEY] = keys.public_pem(key.public_key())
    content[archive.SUMS] = archive.sum_lines({name: sha256(one) for name, one in content.items()})
    with out.open("wb") as stream:
        archive.write_archive(content, told["run"]["started"], stream)
    return out


def edit(name: str, change: Callable[[dict[str, Any]], None]) -> Change:
    """A change of a JSON file of the pack."""

    def apply(content: Members) -> None:
        told = json.loads(content[name])
        change(told)
        content[name] = json.dumps(told).encode()

    return apply


def table(name: str, change: Callable[[pa.Table], pa.Table]) -> Change:
    """A change of a Parquet file of the pack."""

    def apply(content: Members) -> None:
        out = io.BytesIO()
        pq.write_table(change(pq.read_table(io.BytesIO(content[name]))), out)
        content[name] = out.getvalue()

    return apply


def with_value(column: str, row: int, value: object) -> Callable[[pa.Table], pa.Table]:
    """A table with another value in one place."""

    def apply(given: pa.Table) -> pa.Table:
        values = given.column(column).to_pylist()
        values[row] = value
        at = given.column_names.index(column)
        return given.set_column(at, given.field(column), pa.array(values, given.field(column).type))

    return apply


def replaced(name: str, old: bytes, new: bytes) -> Change:
    """A change of some bytes of a file that have to be there."""

    def apply(content: Members) -> None:
        assert old in content[name]
        content[name] = content[name].replace(old, new)

    return apply


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def failed(found: Verification) -> set[str]:
    """Names of the checks that failed."""
    return {check.name for check in found.checks if check.status == "fail"}


def told(found: Verification, name: str) -> str:
    """What a check said."""
    return "\n".join(check.detail for check in found.checks if check.name == name)


def failures(pack: Path, key: str | None = None) -> set[str]:
    """Names of the checks of a pack that fail."""
    return failed(verify(pack, key))


def chained(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries of an audit trail, numbered and hashed as the ledger does it; ``detail`` may be a dict."""
    found, previous = [], audit.START
    for number, entry in enumerate(entries, 1):
        detail = entry["detail"] if isinstance(entry["detail"], str) else json.dumps(entry["detail"], sort_keys=True)
        own = audit.digest(number, entry["at"], entry["run"], entry["event"], detail, previous)
        found.append({**entry, "id": number, "detail": detail, "previous": previous, "hash": own})
        previous = own
    return found


def with_trail(entries: list[dict[str, Any]]) -> Change:
    """A pack with another audit trail, whose end is noted everywhere."""

    def apply(content: Members) -> None:
        content[TRAIL] = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries).encode()
        head = {"entries": len(entries), "hash": entries[-1]["hash"]}
        edit("run/run.json", lambda facts: facts.update(trail=head))(content)
        edit(archive.MANIFEST, lambda told: told.update(trail=head))(content)

    return apply
