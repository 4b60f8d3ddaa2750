"""Lists in a rehearsal with pseudonyms: the same people get the same ones, and nobody a real name."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from migrate.matching.lists import PeopleList
from migrate.privacy.masking import Masking
from migrate.privacy.pseudonyms import Pseudonyms
from migrate.privacy.reading import Reading

CONTRACT = """
system: old
label: Old
source: {kind: database}
entities:
  person:
    key: id
    fields: {id: {}, name: {pii: name}, mail: {pii: email}, number: {pii: identifier}, born: {type: date, pii: free_text}}
"""


def test_whoever_agreed_agrees_with_pseudonyms(bench: Any) -> None:
    masking = Masking(bench.contract(CONTRACT).model, Pseudonyms(b"k" * 32))
    people = {"name": ["Ana  Núñez", None], "mail": ["Ana@x.example.org", ""], "number": ["0042", "7"]}
    source = pa.RecordBatch.from_pydict({"id": ["1", "2"], **people})
    rows = pa.table({"key": ["ana.n", "bo.l"], **people, "born": ["1990-01-02", None]})
    masked = Reading(masking=masking).people({"people": PeopleList("people", rows, "d", there=True)})["people"]
    (there,) = masking.rows("person", iter([source]))
    for field in people:
        assert masked.rows.column(field).to_pylist() == there.column(field).to_pylist()
    assert masked.rows.column("born").to_pylist() == ["1990-01-02", None]
    assert not set(masked.rows.column("key").to_pylist()) & {"ana.n", "bo.l"}
    assert "Ana" not in str(masked.rows.to_pylist())
    assert (masked.digest, masked.there) == ("d", True)


def test_without_pseudonyms_a_list_is_what_it_was() -> None:
    given = {"people": PeopleList("people", pa.table({"key": ["ana.n"]}), "d", there=False)}
    assert Reading().people(given) == given
