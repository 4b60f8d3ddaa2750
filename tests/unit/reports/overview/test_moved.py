"""Whatever ended anew, the comparison by sums of hashes counts what looking at every record counts."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.evidence import Evidence
from reports.masking import Masker
from reports.model import DISPOSITIONS, HELD_BACK, LOADED
from reports.overview.history import Past
from reports.overview.moved import read_moved

Ended = dict[tuple[str, str], str]
RECORDS = st.tuples(st.sampled_from(["courses", "users"]), st.sampled_from(["1", "2", "10", "|"]))
RUN = st.dictionaries(RECORDS, st.sampled_from(DISPOSITIONS), max_size=8)


def write(folder: Path, ended: Ended) -> Path:
    folder.mkdir(parents=True)
    rows = [(*record, disposition, None, None) for record, disposition in sorted(ended.items())]
    names = ("entity", "key", "disposition", "target_key", "code")
    columns = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)}
    pq.write_table(pa.table(columns), folder / "dispositions.parquet")
    return folder


def kind(was: str, now: str) -> str:
    if was in HELD_BACK and now in LOADED:
        return "reached"
    if was in LOADED and now in HELD_BACK:
        return "fell_back"
    # Created then and unchanged now: it is where it was.
    return "other" if was != now and not {was, now} <= {*LOADED} else "same"


@settings(max_examples=25, deadline=None)
@given(RUN, RUN)
def test_counts_are_those_of_every_record(before: Ended, now: Ended) -> None:
    with TemporaryDirectory() as name:
        past = Past(write(Path(name) / "before", before), {}, {})
        with Evidence(write(Path(name) / "now", now), Masker({}), 100) as evidence:
            found = read_moved(evidence, past, ["users", "courses"])
            table = evidence.tables()[0].lists
    wanted = {entity for entity, _ in (*before, *now)}
    assert [each.entity for each in found] == [entity for entity in ("users", "courses") if entity in wanted]
    for each in found:
        kinds = [kind(before[record], now[record]) for record in before.keys() & now.keys() if record[0] == each.entity]
        counted = [kinds.count(word) for word in ("reached", "fell_back", "other")]
        assert [each.reached.n, each.fell_back.n, each.other.n] == counted
        assert each.came.n == sum(record[0] == each.entity for record in now.keys() - before.keys())
        assert each.gone == sum(record[0] == each.entity for record in before.keys() - now.keys())
    was = zip(zip(table["entity"], table["key"], strict=True), table["was"], strict=True)
    assert dict(was) == {record: before.get(record) for record in now}
