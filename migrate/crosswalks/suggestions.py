"""Targets proposed for values that rows use and no crosswalk lists, by likeness of their texts.

A proposal is no decision: it arrives as ``proposed``, and a person confirms, rejects or waives it. What people said already is
never touched; only ``label`` and ``rows`` of entries that are proposed are brought up to date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.fuzz import ratio, token_set_ratio, token_sort_ratio
from rapidfuzz.utils import default_process

from migrate.crosswalks.census import Census, Use
from migrate.crosswalks.file import Crosswalk, Entry, to_text
from migrate.crosswalks.targets import Targets, targets_of
from migrate.mapping.load import LoadedPair

BY = "lms-migrate"
LEAST = 0.75
"""The confidence below which no target is proposed: nearer to chance than to help."""
_ALMOST, _CONTAINED = 0.99, 0.9


@dataclass(frozen=True)
class Match:
    """The target whose text is most like that of a value. ``confidence`` is 1 where both are the same."""

    target: str
    confidence: float
    equal: bool
    reason: str


@dataclass(frozen=True)
class Left:
    """A value that rows use and for which nothing is proposed."""

    crosswalk: str
    source: str
    rows: int
    why: str


@dataclass(frozen=True)
class Suggested:
    """``texts``: the files that change, whole; ``added``: new lines by crosswalk; ``refreshed``: lines with a new label or
    number of rows."""

    texts: dict[Path, str]
    added: tuple[tuple[str, Entry], ...]
    refreshed: tuple[tuple[str, Entry], ...]
    left: tuple[Left, ...]


def suggest(
    pair: LoadedPair, known: Mapping[str, Crosswalk], census: Census, names: Iterable[str], today: str, least: float = LEAST
) -> Suggested:
    """Look at the crosswalks ``names``; nothing is written. ``today`` is a date, ``least`` between 0 and 1."""
    texts: dict[Path, str] = {}
    added: list[tuple[str, Entry]] = []
    refreshed: list[tuple[str, Entry]] = []
    left: list[Left] = []
    for name in names:
        before = known[name].lines()
        uses = census.uses.get(name, {})
        now = [_refreshed(entry, uses, name in census.whole) for entry in before]
        refreshed += [(name, entry) for entry, was in zip(now, before, strict=True) if entry != was]
        targets, listed = targets_of(pair, name), {entry["source"]: entry for entry in before}
        examples = [entry for entry in before if entry["status"] == "confirmed"]
        for value, use in sorted(uses.items(), key=lambda item: (-item[1].rows, item[0])):
            entry = listed.get(value)
            if entry is not None and entry["status"] != "rejected":
                continue
            refused = entry["target"] if entry is not None else None
            match = nearest(value, use.label, targets, examples, refused)
            if (why := _why_not(value, entry, match, least)) is not None:
                left.append(Left(name, value, use.rows, why))
            elif match is not None:
                line = _line(value, use, match, today)
                now.append(line)
                added.append((name, line))
        if now != before:
            texts[known[name].file] = to_text(now)
    return Suggested(texts, tuple(added), tuple(refreshed), tuple(left))


def nearest(value: str, label: str, targets: Targets, examples: Iterable[Entry], refused: str | None = None) -> Match | None:
    """The target most like ``value``; None where there is nothing to compare with. ``examples`` are confirmed entries."""
    found = [match for match in _matches(value, label, targets, examples) if match.target != refused]
    if not found:
        return None
    best = min(found, key=lambda match: (-match.confidence, not match.equal, match.target, match.reason))
    rivals = sorted({m.target for m in found if m.confidence == best.confidence and m.target != best.target})
    if not rivals:
        return best
    return Match(best.target, best.confidence, best.equal, f"{best.reason}; as near: {', '.join(rivals)}")


def likeness(one: str, other: str) -> float:
    """Between 0 and 1; 1 only for texts that are the same but for case, blanks and punctuation."""
    one, other = default_process(one), default_process(other)
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    score = max(ratio(one, other), token_sort_ratio(one, other), _CONTAINED * token_set_ratio(one, other))
    return min(_ALMOST, round(score / 100, 2))


def _matches(value: str, label: str, targets: Targets, examples: Iterable[Entry]) -> Iterator[Match]:
    own = [text for text in (value, label) if text]
    for target, called in targets.offered.items():
        for text in (target, called):
            for mine in own:
                score = likeness(mine, text)
                yield Match(target, score, score == 1, f"{mine!r} is like the target value {_shown(target, text)}")
    for entry in examples:
        for text in (entry["source"], entry["label"]):
            for mine in own:
                if targets.allows(entry["target"]):
                    reason = f"{mine!r} is like {text!r}, which is confirmed as {entry['target']!r}"
                    yield Match(entry["target"], likeness(mine, text), False, reason)
        if targets.allows(entry["target"]) and entry["target"] not in targets.offered:
            for mine in own:
                score = likeness(mine, entry["target"])
                yield Match(entry["target"], score, score == 1, f"{mine!r} is like the target value {entry['target']!r}")


def _shown(target: str, text: str) -> str:
    return repr(target) if text == target else f"{target!r} ({text})"


def _why_not(value: str, entry: Entry | None, match: Match | None, least: float) -> str | None:
    near = f"nearest is {match.target!r} ({match.confidence:.2f})" if match is not None and match.confidence else ""
    if value == "" or "\0" in value:
        return "a crosswalk cannot list it: the mapping has to make another value of it"
    if entry is not None:
        return "it was rejected; " + (near or "give it another target, or waive it")
    if match is None:
        return "nothing to compare with: neither the target's contract nor pair.yaml lists targets, and no entry is confirmed"
    if match.confidence < least:
        return near or "no target is like it"
    return None


def _line(value: str, use: Use, match: Match, today: str) -> Entry:
    return {
        "source": value,
        "label": use.label,
        "rows": str(use.rows),
        "target": match.target,
        "equivalence": "equal" if match.equal else "inexact",
        "confidence": f"{match.confidence:.2f}",
        "status": "proposed",
        "by": BY,
        "at": today,
        "reason": match.reason,
    }


def _refreshed(entry: Entry, uses: Mapping[str, Use], counted: bool) -> Entry:
    if entry["status"] != "proposed":
        return entry
    use = uses.get(entry["source"])
    label = use.label if use is not None and use.label else entry["label"]
    rows = str(use.rows if use is not None else 0) if counted else entry["rows"]
    return {**entry, "label": label, "rows": rows}
