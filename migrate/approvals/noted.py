"""``approvals.json`` in the folder of a rehearsal: what was signed for it, outside the ledger, where people can read it.

The trail's entries hold one another by unkeyed hashes, so whoever can write the ledger can write a trail that is whole. These
notes hold it from outside: an approval counts only where the folder of its rehearsal knows it by number and hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrate.ledger.audit import Head

NOTE = "approvals.json"


@dataclass(frozen=True)
class Notes:
    """What a folder knows."""

    entries: dict[int, str] = field(default_factory=dict)
    """``{entry of the trail: its hash}``."""
    broken: bool = False
    """Is there a file that is not what this program writes?"""
    listed: list[dict[str, Any]] = field(default_factory=list)
    """Whole, as they stand in the file."""

    def unknown(self, trail: Mapping[int, str]) -> Iterator[tuple[int, str]]:
        """(entry, what is wrong) of those that a trail, ``{entry: hash}``, does not hold as they were signed.

        A trail with another first entry is another ledger. That is never a reason to say nothing: whoever writes a trail anew can
        give it any first entry.
        """
        begins = {int(one["entry"]): one.get("ledger") for one in self.listed}
        for number, digest in self.entries.items():
            if trail.get(number) == digest:
                continue
            first, own = str(begins[number] or ""), trail.get(1, "")
            if first and own and first != own:
                what = f"entry {number} stands in another ledger, which begins with {first[:12]}; this one begins with {own[:12]}"
                yield number, f"{what}. Either it was signed there, or this ledger was written anew from its first entry on"
            elif number not in trail:
                yield number, f"entry {number} is missing"
            else:
                yield number, f"entry {number} is not the one that was signed"


def read_notes(run_folder: Path) -> Notes:
    """The notes of a run folder; none where it has none."""
    file = run_folder / NOTE
    if not file.exists():
        return Notes()
    try:
        listed = json.loads(file.read_text("utf-8"))["entries"]
        return Notes({int(one["entry"]): str(one["hash"]) for one in listed}, listed=listed)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return Notes(broken=True)


def prepare(run_folder: Path, head: Head, event: str, detail: Mapping[str, Any], ledger: str) -> Path:
    """Write the notes with one entry more beside the old ones; :func:`put` makes them count.

    ``ledger`` is the hash of the first entry of its trail, by which one ledger is told from another.

    Raises OSError, and ValueError where the old ones are not what this program writes.
    """
    notes = read_notes(run_folder)
    if notes.broken:
        raise ValueError(f"{NOTE} is broken")
    listed = [*notes.listed, {"entry": head.entries, "hash": head.hash, "ledger": ledger, "event": event, **detail}]
    text = json.dumps({"run": run_folder.name, "entries": listed}, indent=1, ensure_ascii=False) + "\n"
    part = run_folder / f".{NOTE}.part"
    part.write_text(text, "utf-8")
    return part


def put(part: Path) -> None:
    """Put prepared notes in their place. Raises OSError."""
    part.replace(part.parent / NOTE)
