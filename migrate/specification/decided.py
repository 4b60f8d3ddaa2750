"""Decisions in force as a specification lists them: beside the mapping they are about, and masked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from migrate.compiler.plan import Plan
from migrate.decisions.model import MEANING, Decision
from migrate.privacy.classes import personal_of_mappings
from migrate.workspace import Workspace
from reports.answers import mask_new_value, mask_reason
from reports.documents.specification import Decided
from reports.masking import Masker, masker_for


def decided(decisions: Iterable[Decision], masker: Masker) -> Iterator[Decided]:
    """One for all decisions that say the same of one rule and field; the rule about which most was decided goes first."""
    alike: dict[tuple[str, ...], list[Decision]] = defaultdict(list)
    for one in decisions:
        alike[one.code, one.field, one.decision, one.new_value, one.reason, one.by, one.entity].append(one)
    for (code, field, verb, value, reason, by, entity), same in sorted(alike.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        days = sorted(one.at[:10] for one in same)
        yield Decided(
            code=code,
            field=field,
            decision=verb,
            meaning=MEANING[same[0].decision],
            new_value=mask_new_value(masker, entity, field, verb, value) or "",
            reason=mask_reason(masker, entity, field, reason, value) or "",
            by=by,
            when=days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}",
            items=len(same),
            records=sum(int(one.rows or 0) for one in same),
            item=min(one.item for one in same),
        )


def masker_of(workspace: Workspace, plan: Plan, role: str | None) -> Masker:
    """How ``role`` sees what people wrote; without one as ``report: {mask: ...}`` says. Raises KeyError for a role that
    ``privacy.yaml`` does not name."""
    mappings = plan.pair.mappings
    described: Mapping[str, Any] = {
        name: {
            "from": m.model.source, "to": m.model.to, "key": list(m.source.key), "target_key": list(m.target.key),
        }
        for name, m in mappings.items()
    }  # fmt: skip
    roles = workspace.privacy.model.roles if workspace.privacy is not None else {}
    run = {"mask": workspace.settings.report.mask, "roles": roles, "pii": personal_of_mappings(plan), "entities": described}
    return masker_for(run, role)
