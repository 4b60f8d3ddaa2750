"""What the two JSON files of a run say before its first row."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from migrate import __version__
from migrate.acceptance.run import waiting
from migrate.approvals.settings import GateSettings
from migrate.approvals.signed import Approval
from migrate.charted import charted
from migrate.compiler.plan import Plan
from migrate.connectors.source import SourceInfo
from migrate.environment import commit_of, machine
from migrate.fingerprints import Part
from migrate.matching.lists import PeopleList
from migrate.privacy.classes import personal_of_mappings
from migrate.reconciliation.dispositions import DISPOSITIONS
from migrate.run_folder import STAGES, RunFolder
from migrate.schemas import SUMMARY
from migrate.workspace import Workspace

LIBRARIES = (
    "duckdb",
    "sqlalchemy",
    "connectorx",
    "pandera",
    "polars",
    "pandas",
    "pyarrow",
    "sqlglot",
    "jinja2",
    "click",
)


def begin(
    folder: RunFolder, workspace: Workspace, plan: Plan, source: SourceInfo, *, live: bool, started: dt.datetime, as_of: str,
    parts: Mapping[str, Part], approvals: Sequence[Approval], lists: Mapping[str, PeopleList],
) -> None:  # fmt: skip
    """Fill the summary and the facts of a run folder. Both say that the run failed, until it ends.

    ``approvals`` are those that let it start, ``lists`` the lists of people that it matches with.
    """
    contract_source, contract_target = workspace.source.model, workspace.target.model
    folder.summary = {
        "schema": SUMMARY,
        "run": folder.id,
        "mode": "live" if live else "rehearsal",
        "verdict": "fail",
        "balanced": False,
        "entities": {},
        "findings": {},
        "worklist": {},
        "loss_register": [],
        "reconciliation": {"rows": {}, "excused": 0, "references": 0, "dangling": 0, "checks": {}},
        "timings": {},
    }
    for mapping in plan.names:
        folder.summary["entities"][mapping] = {
            "source": 0,
            "dispositions": dict.fromkeys(DISPOSITIONS, 0),
            "references": {},
            "compared": 0,
            "missing": 0,
            "extra": 0,
            "differences": {},
        }
    if (waits := waiting(workspace.expectations, live=live)) is not None:
        folder.summary["acceptance"] = waits
    folder.facts = {
        "label": workspace.settings.label,
        "workspace": workspace.folder.resolve().name,
        "source": {
            "system": contract_source.system,
            "label": contract_source.label,
            "version": source.version,
            "address": source.address,
            "server": source.server,
        },
        "target": {
            "system": contract_target.system,
            "label": contract_target.label,
            "package": contract_target.target.package if contract_target.target else None,
        },
        "tool_version": __version__,
        "environment": machine(),
        "commit": commit_of(workspace.folder),
        "libraries": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "started": started.isoformat(timespec="seconds"),
        "ended": None,
        "as_of": as_of.replace(" ", "T") + "+00:00",
        "stopped_at": STAGES[0],
        "failure": None,
        "mask": workspace.settings.report.mask,
        "pii": personal_of_mappings(plan),
        "archive": {},
        "extract": {},
        "extracted": {"first": None, "last": None},
        "codes": {},
        "entities": {
            name: {
                "from": plan.pair.mappings[name].model.source,
                "to": plan.pair.mappings[name].model.to,
                "key": list(plan.pair.mappings[name].source.key),
                "target_key": list(plan.pair.mappings[name].target.key),
                "left_out": _reasons(plan, name),
                "excused": {},
                "charts": charted(plan.pair, name),
            }
            for name in plan.names
        },
        "parts": {name: part.hash for name, part in parts.items()},
        "gates": [],
        "gates_declared": workspace.settings.gates != GateSettings(),
        "approval_roles": list(workspace.settings.approvals.roles),
        "approvals": [
            {
                "entry": a.entry,
                "hash": a.hash,
                "rehearsal": a.run,
                "role": a.signed.role,
                "name": a.signed.name,
                "at": a.signed.at,
            }
            for a in approvals
        ],
        "inputs": {name: digest for part in parts.values() for name, digest in part.files.items()}
        | {f"matching/{name}": given.digest for name, given in lists.items()}
        | source.inputs,
    }


def _reasons(plan: Plan, name: str) -> dict[str, str]:
    """The reason behind each code by which a record of a mapping is excluded or merged."""
    model = plan.pair.mappings[name].model
    joined = {rule.code: rule.reason for rule in (model.merge, model.match, model.fold) if rule}
    return dict(plan.rows[name].exclusions) | joined
