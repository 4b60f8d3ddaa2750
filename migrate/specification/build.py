"""From a workspace to the :class:`~reports.documents.specification.Specification` that both renderings draw from."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from migrate import __version__, losses
from migrate.artefacts import sha256
from migrate.compiler.plan import Plan, make_plan
from migrate.decisions.model import Decision
from migrate.errors import Place
from migrate.fingerprints import Part, described, fingerprints
from migrate.inline_tests.run import AS_OF
from migrate.lineage import Lineage, Link, trace
from migrate.lineage.links import MEANING
from migrate.specification.decided import decided, masker_of
from migrate.specification.mapping_part import MappingContext, mapping_part
from migrate.test_plan.policy import read_policy
from migrate.workspace import Workspace
from reports.documents.specification import NotCarried, PartHash, Reach, Specification, System


def specification(workspace: Workspace, now: dt.datetime, role: str | None = None) -> Specification:
    """The specification of a workspace as it is now, as ``role`` of ``privacy.yaml`` may see what people decided.

    Raises ConfigurationError where its files do not fit together, KeyError where there is no such role.
    """
    plan = make_plan(workspace.pair, workspace.settings.as_of or AS_OF)
    lineage, policy = trace(plan), read_policy(workspace)
    parts = fingerprints(workspace)
    if policy is not None:  # it says how grave each line is
        parts["test plan"] = Part("test plan", {policy.file.name: sha256(policy.file)})
    masker = masker_of(workspace, plan, role)
    by_mapping: dict[str, list[Decision]] = defaultdict(list)
    for one in workspace.decisions.values():
        by_mapping[one.entity if one.entity in plan.pair.mappings else ""].append(one)
    context = MappingContext(workspace, plan, lineage, policy, lambda place: shown(workspace, place))
    return Specification(
        label=workspace.settings.label,
        workspace=workspace.folder.resolve().name,
        date=now.strftime("%Y-%m-%d"),
        tool_version=__version__,
        describes=described({name: part.hash for name, part in parts.items()}),
        systems=tuple(_systems(workspace)),
        parts=tuple(PartHash(part.name, part.hash, tuple(sorted(part.files.items()))) for part in parts.values()),
        parameters=tuple((n, workspace.pair.parameter(n), p.about) for n, p in workspace.pair.model.parameters.items()),
        mappings=tuple(
            replace(mapping_part(context, name), decisions=tuple(decided(by_mapping[name], masker))) for name in plan.names
        ),
        reach=tuple(_reach(plan, lineage)),
        not_carried=tuple(
            NotCarried(loss.source, loss.treatment, loss.reason, loss.code or "", loss.archive or "")
            for loss in losses.register(plan)
        ),
        idle=tuple(f"{entity}.{field}" for entity, field in lineage.idle),
        kinds=tuple(MEANING.items()),
        classed=policy is not None,
        decisions=tuple(decided(by_mapping[""], masker)),
    )


def shown(workspace: Workspace, place: Place) -> str:
    """A place as ``file:line``, the file as seen from the workspace."""
    folder = workspace.folder.resolve()
    file = place.file.resolve()
    name = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name
    return f"{name}:{place.line}"


def _systems(workspace: Workspace) -> Iterator[System]:
    for side, contract in (("source", workspace.source), ("target", workspace.target)):
        probe = contract.model.source.version if side == "source" and contract.model.source else None
        yield System(side, contract.model.system, contract.model.label, probe.known if probe else ())


def _reach(plan: Plan, lineage: Lineage) -> Iterator[Reach]:
    """Source fields in the order of the contract."""
    by_field: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in lineage.links:
        by_field[(link.entity, link.source)].append(link)
    for entity, model in plan.pair.source.model.entities.items():
        for field in model.fields:
            if links := by_field.get((entity, field)):
                targets = tuple((link.to, link.kind, ", ".join(link.path)) for link in links)
                yield Reach(f"{entity}.{field}", model.sql is not None, targets)
