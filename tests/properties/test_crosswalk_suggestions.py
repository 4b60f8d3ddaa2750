"""Proposals hang neither on the order of lines nor on how often they are asked for, and never touch what people said."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from migrate.contracts.load import load_contract
from migrate.crosswalks.census import Census, Use
from migrate.crosswalks.file import COLUMNS, STATUSES, Crosswalk, Entry
from migrate.crosswalks.suggestions import Suggested, suggest
from migrate.mapping.load import LoadedPair, load_pair

PAIR = "{from: old, to: new, label: x, crosswalks: {kinds: {targets: {student: Student, teacher: Teacher, ta: Assistant}}}}"
SYSTEM = "system: {0}\nlabel: x\n{1}\nentities: {{things: {{key: id, fields: {{id: {{}}, kind: {{}}}}{2}}}}}\n"
MAPPING = "from: old.things\nto: new.things\nfields: {id: {from: id}, kind: {from: kind, crosswalk: kinds}}\n"
WORDS = ("student", "Students", "teacher", "Teacher 2", "ta", "assistant teacher", "guest", 'x,"y"', "a\nb", "c\rd", "=1+1", "é")
text = st.sampled_from(WORDS) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=6
)
label = st.just("") | st.sampled_from(WORDS)


@st.composite
def lines(draw: st.DrawFn) -> list[Entry]:
    entries = []
    for source in draw(st.lists(text, max_size=6, unique=True)):
        status = draw(st.sampled_from(STATUSES))
        row = (source, draw(label), str(draw(st.integers(0, 9))), draw(st.sampled_from(("student", "teacher", "other"))), "wider",
               "0.5", status, "ana", "2025-01-01", "why")  # fmt: skip
        entries.append(dict(zip(COLUMNS, row, strict=True)))
    return entries


uses = st.dictionaries(text, st.builds(Use, label, st.integers(1, 99)), max_size=8)


def pair(folder: Path) -> LoadedPair:
    for name, words in {
        "old.yaml": SYSTEM.format("old", "source: {kind: database}", ""),
        "new.yaml": SYSTEM.format("new", "target: {kind: files}", ", file: things.csv"),
        "mapping/pair.yaml": PAIR,
        "mapping/things.yaml": MAPPING,
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(words, "utf-8")
    return load_pair(folder / "mapping", load_contract(folder / "old.yaml"), load_contract(folder / "new.yaml"))


def asked(loaded: LoadedPair, entries: list[Entry], found: dict[str, Use], today: str) -> tuple[Suggested, list[Entry]]:
    """The suggestions, and the lines of the crosswalk afterwards, read back from the text."""
    file = Path("kinds.csv")
    frame = pd.DataFrame([list(e.values()) for e in entries], columns=list(COLUMNS), dtype=str)
    made = suggest(
        loaded, {"kinds": Crosswalk("kinds", file, frame)}, Census({"kinds": found}, frozenset({"kinds"})), ["kinds"], today
    )
    if file not in made.texts:
        return made, entries
    return made, [dict(row) for row in csv.DictReader(io.StringIO(made.texts[file], newline=""))]


def test_suggestions(tmp_path_factory: Any) -> None:
    loaded = pair(tmp_path_factory.mktemp("pair"))

    @given(lines(), uses, st.randoms(use_true_random=False))
    def check(entries: list[Entry], found: dict[str, Use], random: Any) -> None:
        made, after = asked(loaded, entries, found, "2025-06-30")
        again, same = asked(loaded, after, found, "2030-01-01")
        assert (again.added, again.refreshed, same) == ((), (), after)
        said = [entry for entry in entries if entry["status"] != "proposed"]
        assert [entry for entry in after if entry["status"] != "proposed"] == said
        assert [entry["source"] for entry in after[: len(entries)]] == [entry["source"] for entry in entries]
        assert all(entry["status"] == "proposed" and entry["target"] for _, entry in made.added)
        listed = {entry["source"] for entry in after}
        assert set(found) <= listed | {left.source for left in made.left}
        shuffled, other = random.sample(entries, len(entries)), list(found.items())
        random.shuffle(other)
        mixed, _ = asked(loaded, shuffled, dict(other), "2025-06-30")
        assert (mixed.added, mixed.left) == (made.added, made.left)

    check()
