"""Gates from ``run.json``, rules from the findings; what is personal is masked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from reports.answers import mask_reason
from reports.evidence import Evidence
from reports.gates import judged_gates
from reports.masking import Masker
from reports.queries import SEVERITY_RANK
from reports.rules.model import Checked, RuleRow, Sample, Settled

SAMPLES = 3
SETTLED = 3

# The findings of a rule, and the records that its causes hold back, wherever those are.
_RULES = f"""WITH causes AS (SELECT DISTINCT entity, code, cause FROM f WHERE own AND cause IS NOT NULL),
    spread AS (
        SELECT causes.entity, causes.code, count(DISTINCT (f.entity, f.key)) AS affected
        FROM causes JOIN f ON f.cause = causes.cause WHERE f.needs AND f.key IS NOT NULL GROUP BY ALL)
    SELECT f.entity, f.code, arg_min(f.severity, {SEVERITY_RANK.replace("severity", "f.severity")}), count(*),
        count(*) FILTER (f.needs), coalesce(any_value(spread.affected), count(DISTINCT f.key) FILTER (f.needs))
    FROM f LEFT JOIN spread ON f.entity IS NOT DISTINCT FROM spread.entity AND f.code = spread.code
    WHERE f.code IS NOT NULL GROUP BY f.entity, f.code ORDER BY f.entity NULLS FIRST, f.code"""
_STATES = """SELECT entity, code, state, count(*) AS n FROM f WHERE state IS NOT NULL GROUP BY ALL ORDER BY n DESC, state"""
_SAMPLES = f"""SELECT entity, code, field, key, value, message, CASE WHEN NOT own THEN root END AS root FROM f
    QUALIFY row_number() OVER (PARTITION BY entity, code ORDER BY NOT needs, row) <= {SAMPLES} ORDER BY NOT needs, row"""
_SETTLED = f"""SELECT * FROM (
        SELECT f.entity, f.code, w.entity AS about, w.field, w.state, decision, reason, new_value, "by", count(*) AS n
        FROM f JOIN w ON f.item = w.row WHERE NOT f.needs AND decision IS NOT NULL GROUP BY ALL)
    QUALIFY row_number() OVER (PARTITION BY entity, code ORDER BY n DESC, state, reason, new_value, "by") <= {SETTLED}
    ORDER BY n DESC, state, reason, new_value, "by" """

Rule = tuple[str | None, str]


def read_checked(run: Mapping[str, Any], evidence: Evidence, masker: Masker, titles: Mapping[str, str]) -> Checked:
    """What a run was held against, and what it found."""
    states: dict[Rule, list[tuple[str, int]]] = defaultdict(list)
    for entity, code, state, n in evidence.ask(_STATES):
        states[entity, code].append((state, n))
    samples: dict[Rule, list[Sample]] = defaultdict(list)
    for entity, code, *finding in evidence.ask(_SAMPLES):
        samples[entity, code].append(_sample(masker, entity, *finding))
    settled: dict[Rule, list[Settled]] = defaultdict(list)
    for entity, code, about, field, state, decision, reason, value, by, n in evidence.ask(_SETTLED):
        settled[entity, code].append(Settled(state, decision, mask_reason(masker, about, field, reason, value), by, n))
    rules = tuple(
        RuleRow(
            entity, code, severity or "unknown", titles.get(code, code), findings, needing, affected,
            tuple(states[entity, code]), tuple(samples[entity, code]), tuple(settled[entity, code]),
        )
        for entity, code, severity, findings, needing, affected in evidence.ask(_RULES)
    )  # fmt: skip
    return Checked(tuple(judged_gates(run)), rules)


def _sample(
    hide: Masker,
    entity: str | None,
    field: str | None,
    key: str | None,
    value: str | None,
    message: str | None,
    root: str | None,
) -> Sample:
    shown, shown_key, shown_root = hide.value(entity, field, value), hide.key(entity, key), hide.root(root)
    told = hide.message(entity, field, message, (value, shown), (key, shown_key), (root, shown_root))
    return Sample(shown_key, field, shown, told, shown_root)
