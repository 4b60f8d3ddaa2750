"""What changed since somebody signed, and how many records of the rehearsal it touches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from migrate import __version__
from migrate.approvals import differences, reach
from migrate.approvals.kept import kept
from migrate.approvals.rehearsals import Rehearsed
from migrate.approvals.signed import Approval
from migrate.decisions.file import FILE as DECISIONS_FILE
from migrate.fingerprints import Part, part_files
from migrate.located_yaml import parse
from migrate.mapping.load import PAIR_FILE
from migrate.said import number_of
from migrate.workspace import Workspace

SHOWN = 8
WITHOUT_EFFECT = {
    "settings": {"label", "memory", "spark", "report", "approvals", "gates"},
    "mapping": {"note", "tests", "charts"},
    "contracts": {"label"},
}
"""Keys that change no record. They change the hash all the same: what was signed is the file."""
CROSSWALK_COLUMNS = ("target", "status")
DECISION_COLUMNS = ("decision", "new_value")


@dataclass(frozen=True)
class Change:
    """One file that is not what was signed."""

    part: str
    file: str
    path: Path | None
    what: str
    """What changed in it."""
    rows: int | None
    """Records that it touches; None where nobody can say."""
    counted: str
    """What the number counts."""

    def __str__(self) -> str:
        number = "nobody can say how many records it touches" if self.rows is None else f"it touches {self.rows:,} {self.counted}"
        return f"{self.part}: {self.file} changed since it was approved ({self.what}); {number}"


def changes(workspace: Workspace, approval: Approval, parts: Mapping[str, Part], rehearsal: Rehearsed | None) -> list[Change]:
    """Every file that differs from what was signed, by part."""
    found = []
    paths = part_files(workspace)
    folder = workspace.runs / approval.run
    for part, now in parts.items():
        signed = approval.signed.files.get(part, {})
        for file in dict.fromkeys((*signed, *now.files)):
            old, new = signed.get(file), now.files.get(file)
            if old != new:
                path = paths[part].get(file)
                before = kept(folder, part, file, old) if old is not None else None
                found.append(_Changed(workspace, rehearsal, part, file, path, old is None, before).change())
    if (version := approval.signed.tool_version) != __version__:
        what = f"version {version}, now {__version__}"
        rows = _all(rehearsal)
        found.append(Change("tool", "lms-migrate", None, what, rows, "records of all mappings"))
    return found


def _all(rehearsal: Rehearsed | None) -> int | None:
    return None if rehearsal is None else reach.records(rehearsal.summary, rehearsal.summary["entities"])


@dataclass(frozen=True)
class _Changed:
    workspace: Workspace
    rehearsal: Rehearsed | None
    part: str
    file: str
    path: Path | None
    new: bool
    before: bytes | None

    def change(self) -> Change:
        by_part: dict[str, Callable[[], Change]] = {
            "mapping": self._mapping, "crosswalks": self._crosswalk, "contracts": self._contract, "decisions": self._decisions,
            "settings": self._settings, "privacy": self._privacy, "expectations": self._expectations,
        }  # fmt: skip
        return by_part[self.part]()

    def _change(self, what: str, rows: int | None, counted: str) -> Change:
        return Change(self.part, self.file, self.path, what, rows, counted)

    def _of(self, what: str, mappings: list[str]) -> Change:
        rows = None if self.rehearsal is None else reach.records(self.rehearsal.summary, mappings)
        return self._change(what, rows, f"records of {', '.join(mappings) or 'no mapping'}")

    def _everything(self, what: str) -> Change:
        return self._change(what, _all(self.rehearsal), "records of all mappings")

    def _keys(self) -> tuple[str, list[tuple[str, ...]] | None]:
        """What changed in words, and the keys that matter; None where nobody can say."""
        if self.new or self.path is None:
            return ("it is new" if self.new else "it is gone"), None
        changed = differences.keys(self.before, self.path.read_bytes()) if self.before is not None else None
        if changed is None:
            return "what was signed is not here to compare with", None
        named = [".".join(keys) for keys in changed]
        what = ", ".join(named[:SHOWN]) + (f" and {len(named) - SHOWN} more" if len(named) > SHOWN else "")
        silent = WITHOUT_EFFECT.get(self.part, set())
        return what or "comments or layout only", [keys for keys in changed if not keys or keys[0] not in silent]

    def _settings(self) -> Change:
        what, keys = self._keys()
        return self._everything(what) if keys is None or keys else self._change(what, 0, "records")

    def _mapping(self) -> Change:
        what, keys = self._keys()
        if self.file == PAIR_FILE:
            return self._everything(what) if keys is None or keys else self._change(what, 0, "records")
        mappings = [m.name for m in self.workspace.pair.mappings.values() if m.document.file.name == self.file]
        if keys == []:
            return self._change(what, 0, "records")
        if self.new:  # the rehearsal did not have it
            return self._change(what, None, "")
        return self._of(what, mappings or [self._old_name()])

    def _old_name(self) -> str:
        """The mapping of a file that is gone."""
        data = parse(self.before.decode("utf-8-sig"), Path(self.file)).data if self.before is not None else {}
        return str(data.get("entity") or Path(self.file).stem)

    def _contract(self) -> Change:
        what, keys = self._keys()
        if keys is None or any(key[0] != "entities" or len(key) < 2 for key in keys):
            return self._everything(what)
        if not keys:
            return self._change(what, 0, "records")
        side = self.file.partition("/")[0]
        return self._of(what, reach.readers(self.workspace.pair, side, {key[1] for key in keys}))

    def _crosswalk(self) -> Change:
        used = reach.users_of(self.workspace.pair, Path(self.file).stem)
        fields = ", ".join(f"{mapping}.{field}" for mapping, names in used.items() for field in names) or "no field"
        changed = None
        if self.before is not None and self.path is not None:
            changed = differences.entries(self.before, self.path.read_bytes(), "source", CROSSWALK_COLUMNS)
        if changed is None or self.rehearsal is None:
            what = "it is new" if self.new else "it is gone" if self.path is None else "nobody can say which entries"
            return self._of(what, list(used))
        named = [repr(value) for value in changed]
        what = f"entries {', '.join(named[:SHOWN])}" if named else "no target and no status"
        what += f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
        rows = reach.rows_with(self.rehearsal.folder, used, changed)
        if rows is None:
            return self._of(what, list(used))
        return self._change(what, rows, f"records whose value they are in {fields}")

    def _decisions(self) -> Change:
        now = self.path.read_bytes() if self.path is not None else b""
        header = b"item,decision,new_value,rows\n"
        before = header if self.new else self.before
        changed = None
        if before is not None:
            changed = differences.entries(before, now or header, "item", DECISION_COLUMNS)
        if changed is None:
            return self._change("nobody can say which decisions", None, "")
        rows = [max((_number(row.get("rows", "")) for row in both), default=0) for both in changed.values()]
        listed = list(changed)
        what = f"{number_of(len(listed), 'decision')}: {', '.join(listed[:SHOWN])}{' ...' if len(listed) > SHOWN else ''}"
        where = f"records of the items in {DECISIONS_FILE}"
        return self._change(what if listed else "no decision and no value", sum(rows), where)

    def _expectations(self) -> Change:
        what, _ = self._keys()  # what is expected changes no record
        return self._change(what, 0, "records")

    def _privacy(self) -> Change:
        what, keys = self._keys()
        return self._change(what, 0, "records") if keys == [] else self._everything(what)


def _number(text: str) -> int:
    return int(text) if text.strip().isdecimal() else 0
