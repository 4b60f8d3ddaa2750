"""Making a pack: gather, mask, list, sign, write, and check what was written as a stranger would."""

from __future__ import annotations

import errno
import filecmp
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
from jinja2 import Environment, PackageLoader, StrictUndefined

from migrate import __version__
from migrate.artefacts import sha256
from migrate.errors import ConfigurationError, OutOfSpace, Problem, RunFailed
from migrate.evidence import archive, keys, masking
from migrate.evidence.gather import ROLLBACKS, TRAIL, Gathered, Item, gather, run_folder
from migrate.evidence.manifest import Manifest, Original, Packed, Signer, TrailHead, Withheld
from migrate.evidence.opening import safe
from migrate.ledger import open_ledger
from migrate.workspace import Workspace, open_workspace
from reports.build import build
from reports.html import page
from reports.masking import Masker

DAMAGED = "it is not what a run writes, so no masked copy could be made"
TOO_PERSONAL = "it holds personal data; make the pack with personal data to have it"


@dataclass(frozen=True)
class Made:
    """A pack that was written."""

    file: Path
    manifest: Manifest

    @property
    def changed(self) -> dict[str, list[str]]:
        """Files of the workspace that are not those of the run any more, by part."""
        return {part: files.changed for part, files in self.manifest.parts.items() if files.changed}


def make(workspace_folder: Path, run: str | None = None, *, out: Path | None = None, personal: bool = False) -> Made:
    """Write the pack of a run, by default of the latest one; ``personal`` packs data of people as it lies in the run folder.

    Raises ConfigurationError where the run, the key or the place for the pack cannot be used, and where another pack has its
    name.
    """
    workspace = open_workspace(workspace_folder)
    folder = run_folder(workspace, run)
    key = keys.signing_key(workspace)
    trail = _trail(workspace)
    found = gather(workspace, folder, trail or ())
    place = out or workspace.folder / "evidence"
    try:
        file = out or _own_place(place, folder.name, personal)
        file.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".evidence-", dir=file.parent) as scratch:
            packing = _Packing(found, personal, Path(scratch))
            packing.all(trail, signed=key is not None)
            signer = Signer(algorithm=keys.ALGORITHM, fingerprint=keys.fingerprint(key.public_key())) if key else None
            manifest = _manifest(packing, trail, signer)
            members = packing.members | {archive.MANIFEST: manifest.as_bytes()}
            if key is not None:
                members[archive.SIGNATURE] = key.sign(manifest.as_bytes())
                members[archive.PUBLIC_KEY] = keys.public_pem(key.public_key())
            members[archive.SUMS] = sums(members)
            whole = Path(scratch) / "pack.zip"
            with whole.open("wb") as stream:
                archive.write_archive(members, found.facts.get("started"), stream)
            if file.exists() and not (file.is_file() and filecmp.cmp(whole, file, shallow=False)):
                problem = Problem("another pack has this name; none is overwritten", value=str(file), hint="--out FILE")
                raise ConfigurationError("the pack was not written", problems=[problem])
            whole.chmod(0o600 if personal else 0o644)
            whole.replace(file)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfSpace(
                f"the disk is full: {error.filename or place}", hint="free space, then make the pack again"
            ) from None
        raise ConfigurationError(f"the pack cannot be made: {error.filename or place}: {error.strerror or error}") from None
    return Made(file, manifest)


def _own_place(folder: Path, run: str, personal: bool) -> Path:
    """Where packs of a workspace lie, out of git's sight."""
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n", "utf-8")
    return folder / f"{run}{'-personal' if personal else ''}.zip"


def sums(members: Mapping[str, bytes | Path]) -> bytes:
    """``SHA256SUMS`` over the members, as ``sha256sum -c`` takes it."""
    return archive.sum_lines({name: _digest(content)[0] for name, content in members.items()})


@dataclass
class _Packing:
    """The members as they come together."""

    found: Gathered
    personal: bool
    scratch: Path
    members: dict[str, bytes | Path] = field(default_factory=dict)
    listed: list[Packed] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.masker = Masker({**self.found.facts, "mask": not self.personal})

    def all(self, trail: list[dict[str, Any]] | None, *, signed: bool) -> None:
        for item in self.found.items:
            self._take(item)
        if trail is not None:
            lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in trail)
            self._add(TRAIL, lines.encode(), "the audit trail: each entry with the hash of the one before it")
        self._add(archive.README, self._readme(trail is not None, signed), "what this is, and how to check it by hand")

    def _take(self, item: Item) -> None:
        if item.how == "report":
            self._report(item)
        elif self.personal or item.how == "plain" or (item.how == "document" and self.found.facts.get("mask", True)):
            self._add(item.path, item.file, item.purpose)
        elif item.how in ("private", "document"):
            digest, size = _digest(item.file)
            self.withheld.append(Withheld(path=item.path, sha256=digest, size=size, why=TOO_PERSONAL))
        else:
            try:
                copy = self._masked(item)
            except (ValueError, TypeError, AttributeError, RunFailed):  # pyarrow's errors are ValueErrors
                digest, size = _digest(item.file)
                self.withheld.append(Withheld(path=item.path, sha256=digest, size=size, why=DAMAGED))
            else:
                self._add(item.path, copy, item.purpose, item.file)

    def _masked(self, item: Item) -> bytes | Path:
        if item.how == "run":
            own = item.file.parent == self.found.folder
            titles = build(self.found.folder, most_rows=0, mask=True).titles if own else {}
            return masking.masked_run(item.file.read_bytes(), self.masker, titles)
        if item.how == "rollback":
            return masking.masked_rollback(item.file.read_bytes(), self.masker)
        if item.file.suffix == ".csv":
            return masking.masked_csv(item.file.read_bytes(), self.masker)
        copy = self.scratch / f"{len(self.members)}.parquet"
        masking.masked_table(item.file, copy, self.masker, self._records)
        return copy

    @cached_property
    def _records(self) -> Path | None:
        """Where records are numbered; None where the run did not come so far, or the file is damaged."""
        file = self.found.folder / "dispositions.parquet"
        try:
            return file if {"entity", "key"} <= set(pq.read_schema(file).names) else None
        except (OSError, ValueError):
            return None

    def _report(self, item: Item) -> None:
        """Rendered anew, so that it shows what the pack holds and not what somebody made of it since."""
        text = page(build(self.found.folder, mask=None if self.personal else True))
        self._add(item.path, text.encode("utf-8", "replace"), item.purpose, item.file if item.file.is_file() else None)

    def _add(self, path: str, content: bytes | Path, purpose: str, raw: Path | None = None) -> None:
        if not safe(path):
            problem = Problem("a pack holds no file of this name", value=path, hint="give the file a plain name")
            raise ConfigurationError("the pack cannot be made", problems=[problem])
        digest, size = _digest(content)
        original = None
        if raw is not None:
            before, length = _digest(raw)
            original = None if before == digest else Original(sha256=before, size=length)
        self.members[path] = content
        self.listed.append(Packed(path=path, sha256=digest, size=size, purpose=purpose, original=original))

    def _readme(self, trail: bool, signed: bool) -> bytes:
        templates = Environment(
            loader=PackageLoader("reports", "templates/evidence"),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            trim_blocks=True,
            autoescape=False,  # noqa: S701 - Markdown, no page
        )
        taken_back = [item.path.rpartition("/")[0] for item in self.found.items if item.path.startswith(f"{ROLLBACKS}/")]
        facts, summary = self.found.facts, self.found.summary
        text = templates.get_template("README.md.j2").render(
            run=summary.get("run"), mode=summary.get("mode"), verdict=summary.get("verdict"), label=facts.get("label"),
            stopped_at=facts.get("stopped_at"), masked=not self.personal, trail=trail, names=archive, signed=signed,
            taken_back=taken_back,
        )  # fmt: skip
        return text.encode()


def _manifest(packing: _Packing, trail: list[dict[str, Any]] | None, signer: Signer | None) -> Manifest:
    found = packing.found
    summary, facts = found.summary, found.facts
    run = {word: summary.get(word) for word in ("run", "mode", "verdict", "balanced")}
    run |= {
        word: facts.get(word) for word in ("label", "workspace", "source", "target", "started", "ended", "as_of", "pseudonyms")
    }
    run |= {"stopped_at": facts.get("stopped_at"), "failure": packing.masker.free(facts.get("failure"))}
    return Manifest(
        packed_by=__version__,
        masked=not packing.personal,
        run=run,
        tool={"lms-migrate": str(facts.get("tool_version")), **(facts.get("libraries") or {})},
        inputs=facts.get("inputs") or {},
        parts=found.parts,
        stages=found.stages,
        trail=None if trail is None else _head(trail),
        signer=signer,
        absent=sorted(found.absent, key=lambda one: one.path),
        withheld=sorted(packing.withheld, key=lambda one: one.path),
        files=sorted(packing.listed, key=lambda one: one.path),
    )


def _head(trail: list[dict[str, Any]]) -> TrailHead:
    return TrailHead(entries=trail[-1]["id"], hash=trail[-1]["hash"]) if trail else TrailHead(entries=0, hash="0" * 64)


def _trail(workspace: Workspace) -> list[dict[str, Any]] | None:
    """The entries of the audit trail, as they lie in the ledger; None where the workspace has none."""
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=True)
    if ledger is None:
        return None
    try:
        return [dict(row._mapping) for row in ledger.trail()]
    finally:
        ledger.close()


def _digest(content: bytes | Path) -> tuple[str, int]:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    return sha256(content), content.stat().st_size
