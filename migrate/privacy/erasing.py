"""Taking what is personal out of the rows of erased people, before anything is written down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter

import pyarrow as pa
import pyarrow.compute as pc

from migrate.contracts.model import Contract, Entity
from migrate.privacy.about import About
from migrate.privacy.settings import SUPPRESSED, Suppression
from migrate.privacy.suppression import Suppressed

FAULT, FAULT_VALUE = "_fault", "_fault_value"
SHIFTED = ("SRC-SHAPE", "SRC-SWALLOWED")
"""Faults of rows whose cells may stand in the wrong columns, so that a name may stand in a key."""
_PARTS = re.compile(r"[,;|\t\"\s<>]+")


class Erasing:
    """Marks the rows of erased people, and those about them, and takes what is personal out of them.

    A marked row keeps its key and what it refers to, so that it is counted: its ``_fault`` is ``PRV-SUPPRESSED``.
    """

    def __init__(self, contract: Contract, suppressed: Suppressed, settings: Suppression) -> None:
        self.contract, self.suppressed, self.settings = contract, suppressed, settings
        self.kinds: dict[str, dict[str, list[str]]] = {}
        """``{entity: {field: kinds}}``."""
        for kind, given in settings.kinds.items():
            for entity, fields in given.items():
                for field in fields:
                    self.kinds.setdefault(entity, {}).setdefault(field, []).append(kind)
        self.gone: dict[tuple[str, str], set[str]] = {}
        """``{(entity, field): texts}`` of marked rows, by the fields by which others refer to them."""
        self.counts: dict[str, int] = {}
        """Rows marked or left out, by table."""
        self.about = About(contract, tuple(self.kinds), settings.about)
        self.asked = lru_cache(1 << 16)(self._asked)

    def order(self, entities: Iterable[str]) -> list[str]:
        """The order in which tables are read: people first, then each after those it refers to, as far as there is one."""
        graph = {entity: self._parents(entity) for entity in entities}
        while True:
            try:
                order = [entity for entity in TopologicalSorter(graph).static_order() if entity in graph]
                return sorted(order, key=lambda entity: entity not in self.kinds)
            except CycleError as error:
                graph[error.args[1][1]].discard(error.args[1][0])

    def needs(self, entity: str) -> list[str]:
        """Fields that have to be read to know whose the rows are."""
        model = self.contract.entities[entity]
        return [*self.kinds.get(entity, {}), *(field for field, _ in self._fields_about(entity, model))]

    def _parents(self, entity: str) -> set[str]:
        """Tables that a row may belong to: where nothing says whom it is about, it is about whom they are about."""
        references = (rule.references for rule in self.contract.entities[entity].fields.values())
        return {r.entity for r in references if r and r.entity != entity}

    def rows(self, entity: str, batches: Iterator[pa.RecordBatch], keep: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows with erased people marked, and only the columns of ``keep`` beside the engine's own."""
        model = self.contract.entities[entity]
        personal = [f for f, rule in model.fields.items() if rule.pii and f not in model.key and rule.references is None]
        personal += [f for f in self.kinds.get(entity, {}) if f not in model.key and f not in personal]
        for batch in batches:
            marks = self._marks(entity, model, batch)
            yield self._marked(entity, model, batch, marks, personal).select(
                [n for n in batch.schema.names if n in keep or n.startswith("_")]
            )

    def undeclared(self, table: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The rows of a table that no contract describes, without those about erased people."""
        for batch in batches:
            names = [name for name in batch.schema.names if not name.startswith("_")]
            marks = [False] * batch.num_rows
            if (found := self.about.column(table, names)) is not None:
                gone = self.gone.get((found[1], self.contract.entities[found[1]].key[0]), set())
                for at, value in enumerate(batch.column(found[0]).to_pylist()):
                    marks[at] = value is not None and str(value).strip() in gone
            for name in names:
                for at, value in enumerate(batch.column(name).to_pylist()):
                    marks[at] |= isinstance(value, str) and self.asked(value)
            if any(marks):
                self.counts[table] = self.counts.get(table, 0) + sum(marks)
                batch = batch.filter(pa.array([not mark for mark in marks], pa.bool_()))
            yield batch

    def _asked(self, text: str) -> bool:
        """Is the text, or a part of it as files of rows are written, an identifier on the list?"""
        return any(self.suppressed.holds(self.settings.kinds, part) for part in {text, *_PARTS.split(text)})

    def _marks(self, entity: str, model: Entity, batch: pa.RecordBatch) -> list[bool]:
        marks = [False] * batch.num_rows
        for field, kinds in self.kinds.get(entity, {}).items():
            if field in batch.schema.names:
                known: dict[object, bool] = {}
                for at, value in enumerate(batch.column(field).to_pylist()):
                    if value not in known:
                        known[value] = self.suppressed.holds(kinds, value)
                    marks[at] |= known[value]
        if entity in self.kinds:
            self._look_into_broken_rows(entity, batch, marks)
        for field, gone in self._fields_about(entity, model):
            for at, value in enumerate(batch.column(field).to_pylist() if gone and field in batch.schema.names else ()):
                marks[at] |= value is not None and str(value).strip() in gone
        return marks

    def _fields_about(self, entity: str, model: Entity) -> Iterator[tuple[str, set[str]]]:
        """Each field that makes a row one about an erased person, with the values that do."""
        about = self.about.field(entity)
        if about is None and (entity in self.kinds or entity in self.settings.about):
            return
        for field in [about] if about is not None else model.fields:
            reference = model.fields[field].references
            if reference is None or (about is None and reference.entity in self.kinds):
                continue  # who changed or approved a row is not whom it is about
            key = reference.field or self.contract.entities[reference.entity].key[0]
            yield field, self.gone.get((reference.entity, key), set())

    def _look_into_broken_rows(self, entity: str, batch: pa.RecordBatch, marks: list[bool]) -> None:
        """A row that could not be read whole may have the identifier in any of its cells."""
        kinds = {kind for given in self.kinds[entity].values() for kind in given}
        faults = batch.column(FAULT)
        for at in pc.indices_nonzero(pc.is_valid(faults)).to_pylist() if faults.null_count < batch.num_rows else ():
            cells = [cell for column in batch.columns if isinstance(cell := column[at].as_py(), str)]
            marks[at] |= any(self.suppressed.holds(kinds, cell) for cell in cells)

    def _marked(
        self, entity: str, model: Entity, batch: pa.RecordBatch, marks: list[bool], personal: Sequence[str]
    ) -> pa.RecordBatch:
        if not any(marks):
            return batch
        self.counts[entity] = self.counts.get(entity, 0) + sum(marks)
        mask = pa.array(marks, pa.bool_())
        for field in {model.key[0], *self._referred(entity)} & set(batch.schema.names):
            texts = batch.column(field).filter(mask).to_pylist()
            self.gone.setdefault((entity, field), set()).update(str(text).strip() for text in texts if text is not None)
        columns = {name: batch.column(name) for name in batch.schema.names}
        for field, where in self._to_empty(model, columns, mask, personal):
            columns[field] = pc.if_else(where, pa.scalar(None, columns[field].type), columns[field])
        columns[FAULT] = pc.if_else(mask, pa.scalar(SUPPRESSED, pa.string()), columns[FAULT])
        return pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)

    @staticmethod
    def _to_empty(
        model: Entity, columns: dict[str, pa.Array], mask: pa.Array, personal: Sequence[str]
    ) -> Iterator[tuple[str, pa.Array]]:
        """(column, rows in which it is emptied). Of a row that could not be read whole no text stays, for any may be a name;
        where its cells may stand in the wrong columns, that goes for its key, too."""
        broken = pc.and_(mask, pc.is_valid(columns[FAULT]))
        shifted = pc.and_(mask, pc.is_in(columns[FAULT], pa.array(SHIFTED)))
        for name, column in columns.items():
            if name in personal or name == FAULT_VALUE:
                yield name, mask
            elif not name.startswith("_") and pa.types.is_string(column.type):
                rule = model.fields.get(name)
                kept = name in model.key or (rule is not None and rule.references is not None)
                yield name, shifted if kept else broken

    def _referred(self, entity: str) -> set[str]:
        return {
            rule.references.field
            for other in self.contract.entities.values()
            for rule in other.fields.values()
            if rule.references and rule.references.entity == entity and rule.references.field
        }
