"""The header for an auditor: what ran, on what, by whom, made of what, and who signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from migrate.approvals.noted import read_notes
from reports.overview.model import Signature
from reports.parts import Fact

ROLES = ("data_owner", "quality")
"""Who signs where a run does not say which roles its workspace asks for."""
DIGITS = 16
"""Of a hash, in the header. The whole ones stand under the inputs."""
Json = Mapping[str, Any]
_NO_FILES = hashlib.sha256(b"").hexdigest()


def read_header(summary: Json, run: Json, more: Iterable[Fact] = ()) -> tuple[Fact, ...]:
    """Lines of the header, then those of ``more`` that it does not have. What an older run does not say is said to be not
    recorded, so that nobody takes it for blank."""
    own = [Fact(fact.label, fact.value or "not recorded", fact.code) for fact in _facts(summary, run)]
    labels = {fact.label for fact in own} | {"Source address"}
    return (*own, *(fact for fact in more if fact.value and fact.label not in labels))


def _facts(summary: Json, run: Json) -> Iterator[Fact]:
    source, target, live = (_mapping(run, word) for word in ("source", "target", "live"))
    where, extracted, operator = (_mapping(run, word) for word in ("environment", "extracted", "operator"))
    yield Fact("Run", _text(summary.get("run")), code=True)
    yield Fact("Mode", " ".join(filter(None, (_text(summary.get("mode")), f"only {run['only']}" if run.get("only") else ""))))
    yield Fact("Operator", _listed(operator.get("name"), f"account {operator['account']}" if operator.get("account") else ""))
    yield Fact("How far it ran", f"to {run['stopped_at']}, where it stopped" if run.get("stopped_at") else "to its end")
    yield Fact("Started", _text(run.get("started")))
    yield Fact("Ended", _text(run.get("ended")))
    yield Fact("First table read", _text(extracted.get("first")))
    yield Fact("Last table read", _text(extracted.get("last")))
    yield Fact("As of", _text(run.get("as_of")))
    yield Fact("Source", _listed(source.get("label"), source.get("version")))
    yield Fact("Source database", _listed(source.get("server"), source.get("address")), code=True)
    address = _mapping(live, "target")
    yield Fact("Target", _listed(target.get("label"), address.get("address"), address.get("version")))
    processors = f"{where['processors']} processors" if where.get("processors") else ""
    yield Fact("Machine", _listed(where.get("system"), where.get("machine"), processors))
    yield Fact("Python", _text(where.get("python") or _mapping(run, "libraries").get("python")))
    yield Fact("lms-migrate", _text(run.get("tool_version")), code=True)
    yield Fact("Workspace at commit", _text(run.get("commit")) or "no git repository was found", code=True)
    parts = _mapping(run, "parts")
    for name in ("mapping", "contracts", "crosswalks", "decisions", "settings", "privacy"):
        if parts.get(name):
            digest = _text(parts[name])
            yield Fact(f"Hash of {name}", "no file" if digest == _NO_FILES else digest[:DIGITS], code=True)
    inputs = _mapping(run, "inputs")
    yield Fact("Inputs", f"{len(inputs)} files, together {_together(inputs)}" if inputs else "", code=True)


def _together(inputs: Json) -> str:
    """One hash over the names and hashes of the inputs."""
    lines = "".join(f"{name}\0{digest}\n" for name, digest in sorted(inputs.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:DIGITS]


def read_signatures(folder: Path, run: Json) -> tuple[Signature, ...]:
    """A box for each role that has to sign, with who did: of a rehearsal as far as its folder knows, of a live run with whose
    approval it was started."""
    listed = run.get("approval_roles")
    roles = [str(role) for role in listed] if isinstance(listed, list) else list(ROLES)
    signed = {each.role: each for each in (*_started_with(run), *_noted(folder))}
    return tuple(signed.get(role, Signature(role)) for role in dict.fromkeys((*roles, *signed)))


def _started_with(run: Json) -> Iterator[Signature]:
    for one in run.get("approvals") or ():
        if isinstance(one, Mapping) and one.get("role"):
            yield Signature(str(one["role"]), _text(one.get("name")), _text(one.get("at")), _text(one.get("rehearsal")))


def _noted(folder: Path) -> Iterator[Signature]:
    notes = [one for one in read_notes(folder).listed if isinstance(one, Mapping)]
    withdrawn = {one["of"] for one in notes if "of" in one}
    for one in notes:
        if one.get("role") and "of" not in one and one.get("entry") not in withdrawn:
            yield Signature(str(one["role"]), _text(one.get("name")), _text(one.get("at")))


def _mapping(facts: Json, word: str) -> Json:
    found = facts.get(word)
    return found if isinstance(found, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _listed(*parts: object) -> str:
    return ", ".join(_text(part) for part in parts if part)
