"""Before a live run: open the target, and refuse to write it until somebody has seen what the writing sets off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrate.acceptance.fit import hidden
from migrate.compiler.plan import Plan
from migrate.connectors.opening import open_target
from migrate.connectors.target import TargetConnector, TargetInfo, Warned
from migrate.errors import ConfigurationError, Problem
from migrate.ledger import Ledger, open_ledger
from migrate.live.rollback import place_of
from migrate.said import number_of
from migrate.workspace import Workspace

OTHER_TARGET = "LEDGER-OTHER-TARGET"


@dataclass(frozen=True)
class Looked:
    """What a live run would be told of its target."""

    target: TargetInfo
    warned: tuple[Warned, ...]


def look(workspace: Workspace, plan: Plan) -> Looked:
    """Open the live target and ask it what :func:`open_live` asks; nothing is written, and no ledger is made.

    Raises ConfigurationError where the workspace names no live target or it cannot be opened.
    """
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=True)
    try:
        connector = open_target(workspace)
        try:
            return Looked(connector.info, tuple(_warned(connector, workspace, plan, ledger)))
        finally:
            connector.close()
    finally:
        if ledger is not None:
            ledger.close()


def open_live(workspace: Workspace, plan: Plan, ledger: Ledger) -> tuple[TargetConnector, list[Warned]]:
    """The connector of the live target, and everything it warns of.

    Raises ConfigurationError while a warning that blocks is not acknowledged in the workspace.
    """
    connector = open_target(workspace)
    try:
        warned = _warned(connector, workspace, plan, ledger)
        demand_acknowledged(workspace, warned)
    except BaseException:
        connector.close()
        raise
    return connector, warned


def _warned(connector: TargetConnector, workspace: Workspace, plan: Plan, ledger: Ledger | None) -> list[Warned]:
    entities = list(dict.fromkeys(plan.pair.mappings[name].target_name for name in plan.names))
    target = workspace.target.model.target
    assert target is not None
    warned = [Warned(effect.code, effect.message, effect.avoid) for effect in target.side_effects]
    warned += [w for w in connector.preflight(entities) if w.code not in {known.code for known in warned}]
    warned += _irreversible(connector, entities)
    warned += _blind(connector, plan, workspace)
    return warned + (_elsewhere(connector, ledger) if ledger is not None else [])


def _irreversible(connector: TargetConnector, entities: list[str]) -> list[Warned]:
    """What a rollback of this run could not take back, said before it is done."""
    without = [entity for entity in entities if not connector.ability(entity).remove]
    warned = []
    if without:
        names = ", ".join(without)
        warned.append(Warned("TARGET-NO-WAY-BACK", f"no rollback can remove what is created of: {names}", "take a backup first"))
    for entity in entities:
        if cascades := connector.ability(entity).cascades:
            message = f"a rollback that removes {entity} also removes: {cascades}"
            warned.append(
                Warned(f"TARGET-CASCADE-{entity.upper().replace('_', '-')}", message, "take a backup first", blocking=False)
            )
    return warned


def _blind(connector: TargetConnector, plan: Plan, workspace: Workspace) -> list[Warned]:
    """Acceptance tests that this run could not judge, and that its approval would wait for."""
    unseen: dict[str, set[str]] = {}
    for mapping in (plan.pair.mappings[name] for name in plan.names):
        entity = mapping.target_name
        unseen.setdefault(entity, set()).update(mapping.model.fields.keys() & {*connector.ability(entity).unseen})
    wanted = [one for suite in workspace.expectations for one in suite.wanted if one.model.stands_in_the_way(live=True)]
    found = {one.code: columns for one in wanted if (columns := hidden(one, unseen))}
    if not found:
        return []
    fields = ", ".join(dict.fromkeys(f"{column.entity}.{column.field}" for columns in found.values() for column in columns))
    message = f"the target does not show {fields}, so no live run can judge {', '.join(found)}"
    return [Warned("TARGET-HIDES-EXPECTED", message, "write gate: rehearsal where it is enough that a rehearsal passed", False)]


def _elsewhere(connector: TargetConnector, ledger: Ledger) -> list[Warned]:
    """What the ledger knows of one target is wrong of any other: records would count as written that are not there."""
    last, address = ledger.last_target(), connector.info.address
    if last is None or place_of(last) == place_of(address):
        return []
    message = f"the runs in this ledger wrote {last}, and this one would write {address}"
    return [Warned(OTHER_TARGET, message, "correct target: {url: ...}, or name a new ledger: for another target")]


def demand_acknowledged(workspace: Workspace, warned: Iterable[Warned]) -> None:
    """Raise ConfigurationError while a warning that blocks is not acknowledged in the workspace."""
    acknowledged = workspace.settings.target.acknowledge
    place = workspace.document.place("target", "acknowledge") if acknowledged else workspace.document.place("target")
    problems = [
        Problem(
            f"{w.code}: {w.message}", place, hint=f"{w.next}; then target: {{acknowledge: {{{w.code}: who saw it, and why}}}}"
        )
        for w in warned
        if w.blocking and not acknowledged.get(w.code, "").strip()
    ]
    if problems:
        what, verb = number_of(len(problems), "side effect"), "is" if len(problems) == 1 else "are"
        raise ConfigurationError(f"{what} of a live run {verb} not acknowledged", problems=problems)
