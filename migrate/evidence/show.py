"""What a pack holds, in lines for a reader. The manifest is taken at its word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from migrate.evidence import archive
from migrate.evidence.checks.people import Entry, read_trail
from migrate.evidence.gather import APPROVED, WITHDRAWN
from migrate.evidence.manifest import Manifest, read_manifest
from migrate.evidence.opening import open_pack
from migrate.said import number_of
from reports.visible import plain


def lines(file: Path) -> list[str]:
    """Raises ConfigurationError where there is no such file, PackRefused where it is no pack."""
    with open_pack(file) as pack:
        signed = [entry for entry in read_trail(pack) if entry.event in (APPROVED, WITHDRAWN)]
        return [*_lines(read_manifest(pack.read(archive.MANIFEST))), *_approvals(signed)]


def _lines(manifest: Manifest) -> Iterator[str]:
    run = manifest.run
    words = {
        "run": run.get("run"), "mode": run.get("mode"), "verdict": run.get("verdict"),
        "balanced": "yes" if run.get("balanced") else "no", "label": run.get("label"),
        "source": _system(run.get("source")), "target": _system(run.get("target")),
        "started": run.get("started"), "ended": run.get("ended") or "never said", "stopped at": run.get("stopped_at"),
        "failure": run.get("failure"), "made with": ", ".join(f"{name} {v}" for name, v in manifest.tool.items()),
        "people's data": "masked" if manifest.masked else "in clear",
        "pseudonyms": "in place of people's names and addresses: the run used --mask" if run.get("pseudonyms") else None,
        "signed by": manifest.signer.fingerprint if manifest.signer else "nobody",
        "audit trail": f"{manifest.trail.entries} entries" if manifest.trail else "none",
    }  # fmt: skip
    yield from (f"{word + ':':<15}{plain(' '.join(str(value).split()))}" for word, value in words.items() if value is not None)
    yield ""
    yield "parts of the workspace, as the run found them:"
    for name, part in manifest.parts.items():
        changed = f"; not in the pack: {plain(', '.join(part.changed))}" if part.changed else ""
        yield f"  {plain(name):<13}{plain(part.hash)}  {number_of(len(part.files), 'file')}{changed}"
    yield ""
    yield "files:"
    width = max((len(one.path) for one in manifest.files), default=0)
    for one in manifest.files:
        masked = " (masked copy)" if one.original else ""
        yield f"  {plain(one.path):<{width}}  {one.size:>11,}  {plain(one.purpose)}{masked}"
    for title, rest in (("not there", manifest.absent), ("not in the pack, known by hash", manifest.withheld)):
        if rest:
            yield ""
            yield f"{title}:"
            yield from (f"  {plain(one.path)}: {plain(one.why)}" for one in rest)


def _approvals(signed: list[Entry]) -> Iterator[str]:
    """Printed name, time and meaning of each signature, as it has to stand beside what was signed."""
    if signed:
        yield ""
        yield "signatures in the audit trail:"
    for entry in signed:
        told = entry.told
        who = f"{told.get('name')} as {told.get('role')}, {told.get('at') or entry.at}"
        yield f"  {entry.id}: {entry.event}: " + plain(f"{who}, rehearsal {entry.run}")
        yield from (f"     {word}: {plain(str(told[word]))}" for word in ("meaning", "reason", "expires", "of") if told.get(word))


def _system(given: object) -> str | None:
    if not isinstance(given, dict):
        return None
    return " ".join(str(given[word]) for word in ("label", "version", "address") if given.get(word))
