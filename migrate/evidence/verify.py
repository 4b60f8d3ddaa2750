"""Verifying a pack on any machine: without the workspace, the ledger or the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from migrate.evidence import archive
from migrate.evidence.checks import accepted, answered, both_sides, certified, people, run, sealed
from migrate.evidence.checks.checking import Check, Context, Status, guarded
from migrate.evidence.keys import named_key
from migrate.evidence.manifest import Manifest, read_manifest
from migrate.evidence.opening import PackRefused, open_pack

SEALED = (("files", sealed.files), ("archive", sealed.written))
CONTENT = (
    ("run", run.statement),
    ("report", run.report),
    ("stages", run.stages),
    ("sums", run.sums),
    ("findings", run.findings),
    ("differences", run.differences),
    ("both_sides", both_sides.both_sides),
    ("certifications", certified.certifications),
    ("worklist", run.worklist),
    ("decisions", answered.decisions),
    ("acceptance", accepted.acceptance),
    ("parts", people.parts),
    ("trail", people.trail),
    ("approvals", people.approvals),
)


@dataclass(frozen=True)
class Verification:
    """What was found. ``manifest`` is None where the file is no pack."""

    checks: tuple[Check, ...]
    manifest: Manifest | None = None

    @property
    def status(self) -> Status:
        """The worst of all checks."""
        found = {check.status for check in self.checks}
        return "fail" if "fail" in found else "open" if "open" in found else "pass"


def verify(file: Path, key: str | None = None) -> Verification:
    """Check a pack; ``key`` is the fingerprint, or the file of the public key, of who has to have signed it.

    Raises ConfigurationError where there is no such file, or where ``key`` is none.
    """
    fingerprint = None if key is None else named_key(key)
    try:
        with TemporaryDirectory(prefix="evidence-") as scratch, open_pack(file) as pack:
            try:
                manifest = read_manifest(pack.read(archive.MANIFEST))
            except PackRefused as error:
                return Verification((Check("manifest", "fail", error.message),))
            context = Context(pack, manifest, Path(scratch))
            return Verification(tuple(_checks(context, fingerprint)), manifest)
    except PackRefused as error:
        return Verification((Check("archive", "fail", error.message),))


def _checks(context: Context, key: str | None) -> Iterator[Check]:
    for name, check in SEALED:
        yield from guarded(name, check, context)
    yield from guarded("signature", lambda given: sealed.signature(given, key), context)
    for name, check in CONTENT:
        yield from guarded(name, check, context)
