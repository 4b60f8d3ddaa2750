"""Do the numbers of the run add up, counted again from what is in the pack, and does one stage lead to the next?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrate.compiler.text import name as quoted
from migrate.engine import scan, session
from migrate.evidence.archive import MANIFEST
from migrate.evidence.checks.checking import Check, Context, verdict
from migrate.evidence.gather import STAGE_FOLDERS
from migrate.evidence.masking import RECORD
from migrate.reconciliation.dispositions import DISPOSITIONS
from migrate.verdict import verdict as comes_to

DISPOSITIONS_FILE, FINDINGS_FILE = "run/dispositions.parquet", "run/findings.parquet"
WORKLIST_FILE, DIFFERENCES_FILE = "run/worklist.parquet", "run/6_reconcile/differences.parquet"
_RECONCILED = ("differences", "excused", "unread", "both_sides", "accounting")
_CERTIFIED = ("certifications", "certification_states", "certification_differences")
HELD_BY_STAGE = {
    "4_load": ("results.parquet",),
    "6_reconcile": tuple(f"{name}.parquet" for name in (*_RECONCILED, *_CERTIFIED)),
}
"""Files of stages that a pack knows: their hashes stand in the stage's own manifest as well."""


def statement(context: Context) -> Iterator[Check]:
    """The manifest says of the run what the run's own files say, and these come to the verdict that they claim."""
    said, summary, facts = context.manifest.run, context.summary, context.facts
    own = {word: summary.get(word) for word in ("run", "mode", "verdict", "balanced")}
    own |= {word: facts.get(word) for word in said.keys() - own.keys()}
    wrong = [f"the manifest says {word} = {said.get(word)!r}, and the run {value!r}" for word, value in own.items()]
    wrong = [text for text, word in zip(wrong, own, strict=True) if said.get(word) != own[word]]
    wrong += _claimed(summary, facts)
    tool = {"lms-migrate": str(facts.get("tool_version")), **(facts.get("libraries") or {})}
    wrong += ["the manifest names other versions than run.json"] if tool != context.manifest.tool else []
    wrong += ["the manifest names other inputs than run.json"] if context.manifest.inputs != (facts.get("inputs") or {}) else []
    ended = f"it stopped at {own.get('stopped_at')}" if own.get("stopped_at") else "it came to its end"
    well = f"run {own['run']}, {own['mode']}, verdict {own['verdict']}: {ended}"
    well += "; people had pseudonyms in it (--mask)" if facts.get("pseudonyms") else ""
    unsure = [] if facts.get("ended") else [f"{well}; it never said when it ended: it was killed, or is still going"]
    yield verdict("run", wrong, well, unsure)


def _claimed(summary: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[str]:
    """A run says that it failed until it ends: one that was killed goes on saying so."""
    said, own = summary["verdict"], comes_to(dict(summary), dict(facts), facts.get("failure"))
    if said != own and (said != "fail" or facts.get("ended")):
        yield f"the summary says verdict = {said!r}, and all that it says comes to {own!r}"


def report(context: Context) -> Iterator[Check]:
    """The page for people is in the pack. That it is the one that was hashed is checked with all files."""
    there = "run/report.html" in context.listed & context.members
    yield verdict("report", [] if there else ["run/report.html is missing"], "run/report.html is the page that was hashed")


def stages(context: Context) -> Iterator[Check]:
    """Each stage's manifest names the hash of the one before; a whole run has all of them."""
    pack, wrong, unsure, held = context.pack, [], [], 0
    before: str | None = None
    missing: str | None = None
    for stage, folder in (*STAGE_FOLDERS.items(), ("archive", "archive")):
        path = f"run/{folder}/{MANIFEST}"
        if path not in context.members:
            if stage != "archive":
                missing = missing or path
            continue
        if missing is not None:
            wrong.append(f"{path} is there, and {missing} is not")
        content = context.json(path)
        if content["stage"] != ("reconcile" if stage == "archive" else stage):
            wrong.append(f"{path} is the manifest of stage {content['stage']}")
        if content["parent"] != before:
            wrong.append(f"{path} does not follow from the stage before it: parent is {content['parent']}")
        for file in HELD_BY_STAGE.get(folder, ()):
            noted, raw = content["files"].get(file, {}).get("sha256"), context.manifest.raw(f"run/{folder}/{file}")
            if raw is not None and raw != noted:
                wrong.append(f"run/{folder}/{file} is not what stage {stage} wrote")
        before, held = pack.sha256(path), held + 1
        now = context.manifest.stages.get(stage)
        if now is None:
            wrong.append(f"nobody says whether the files of stage {stage} were those it wrote")
            continue
        wrong += [f"{folder}/{file} was altered between the run and the pack" for file in now.altered]
        unsure += [f"{folder}/{file} was gone when the pack was made" for file in now.gone]
    if missing is not None and context.facts.get("stopped_at") is None:
        wrong.append(f"{missing} is missing, and the run came to its end")
    count = sum(stage.files for stage in context.manifest.stages.values())
    what = f"{held} manifests hold one another; their {count} files were unaltered when the pack was made"
    yield verdict("stages", wrong, what if held else "the run stopped before a stage was done", unsure)


def sums(context: Context) -> Iterator[Check]:
    """Each source record has one disposition, and the sums are those of the summary."""
    summary, wrong = context.summary, []
    claimed: dict[str, Any] = summary["entities"]
    if DISPOSITIONS_FILE not in context.members:
        wrong += ["the summary says balanced, and there are no dispositions"] if summary["balanced"] else []
        yield verdict("sums", wrong, "the run ended before its sums were made; its summary does not claim that they balance")
        return
    with session(context.scratch / "spill") as connection:
        rows = scan(context.file(DISPOSITIONS_FILE))
        columns = [str(column[0]) for column in connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()]
        key = quoted(RECORD) if RECORD in columns and context.manifest.masked else "key"
        by_entity = f"SELECT entity, count(*), count(DISTINCT {key}) FROM {rows} GROUP BY entity"
        totals = {entity: (total, keys) for entity, total, keys in connection.execute(by_entity).fetchall()}
        by_disposition = f"SELECT entity, disposition, count(*) FROM {rows} GROUP BY ALL"
        counted = {(e, d): n for e, d, n in connection.execute(by_disposition).fetchall()}
    wrong += [f"{entity}: dispositions of an entity that the summary does not know" for entity in totals.keys() - claimed.keys()]
    wrong += [f"{e}: {d!r} is no disposition" for e, d in counted if d not in DISPOSITIONS]
    for entity, numbers in claimed.items():
        total, keys = totals.get(entity, (0, 0))
        if keys != total:
            wrong.append(f"{entity}: {total} dispositions of {keys} records")
        if numbers["source"] != total:
            wrong.append(f"{entity}: {numbers['source']} source records, and {total} dispositions")
        wrong += [
            f"{entity}: the summary says {numbers['dispositions'].get(d)} {d}, and {counted.get((entity, d), 0)} are counted"
            for d in DISPOSITIONS
            if numbers["dispositions"].get(d) != counted.get((entity, d), 0)
        ]
        left = total - counted.get((entity, "excluded"), 0) - counted.get((entity, "merged"), 0)
        wrong += [
            f"{entity}.{field}: {sum(split.values())} references of {left} records"
            for field, split in numbers["references"].items()
            if sum(split.values()) != left
        ]
    if not summary["balanced"]:
        yield Check("sums", "open", "; ".join(["the run itself says that its sums do not balance", *wrong]))
        return
    whole = sum(total for total, _ in totals.values())
    yield verdict("sums", wrong, f"{whole} source records of {len(claimed)} entities, each in one disposition; all sums balance")


def findings(context: Context) -> Iterator[Check]:
    """As many findings of each code as the summary says."""
    yield _by_word(context, "findings", FINDINGS_FILE, "code", "findings")


def worklist(context: Context) -> Iterator[Check]:
    """As many items in each state as the summary says."""
    yield _by_word(context, "worklist", WORKLIST_FILE, "state", "items")


def _by_word(context: Context, name: str, file: str, column: str, what: str) -> Check:
    claimed: dict[str, int] = context.summary.get(name) or {}
    if file not in context.members:
        return verdict(name, [f"{file} is missing"] if claimed else [], "the run made none")
    with session(context.scratch / "spill") as connection:
        query = f"SELECT {quoted(column)}, count(*) FROM {scan(context.file(file))} GROUP BY 1"
        counted = dict(connection.execute(query).fetchall())
    wrong = [
        f"{word}: the summary says {claimed.get(word, 0)}, and {counted.get(word, 0)} are counted"
        for word in sorted(claimed.keys() | counted.keys())
        if claimed.get(word, 0) != counted.get(word, 0)
    ]
    return verdict(name, wrong, f"{sum(counted.values())} {what}, each {column} as often as the summary says")


def differences(context: Context) -> Iterator[Check]:
    """As many differences as the summary says."""
    claimed: dict[str, Any] = context.summary["entities"]
    if DIFFERENCES_FILE not in context.members:
        told = any(numbers["differences"] or numbers["missing"] or numbers["extra"] for numbers in claimed.values())
        yield verdict("differences", [f"{DIFFERENCES_FILE} is missing"] if told else [], "the run did not come to the comparison")
        return
    with session(context.scratch / "spill") as connection:
        rows = scan(context.file(DIFFERENCES_FILE))
        query = f"SELECT entity, kind, field, count(*) FROM {rows} GROUP BY ALL"
        counted = {(entity, kind, field): n for entity, kind, field, n in connection.execute(query).fetchall()}
    said = {(entity, kind, None): int(numbers[kind]) for entity, numbers in claimed.items() for kind in ("missing", "extra")}
    said |= {(e, "different", field): int(n) for e, numbers in claimed.items() for field, n in numbers["differences"].items()}
    wrong = [
        f"{'.'.join(filter(None, one))}: the summary says {said.get(one, 0)}, and {counted.get(one, 0)} are counted"
        for one in sorted(said.keys() | counted.keys(), key=str)
        if said.get(one, 0) != counted.get(one, 0)
    ]
    yield verdict("differences", wrong, f"{sum(counted.values())} differences, as the summary says")
