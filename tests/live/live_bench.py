"""The live stage by itself: rows as if they had been validated, a target in memory, a ledger, and the reconciliation.

No source is read and nothing is mapped, so that a run takes a tenth of a second. The pair of systems has two mappings into
one entity, a reference of an entity to itself, one by another field than the key, a key made of references, a value for the
time being, and a field that nothing fills.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from mapped_rows import lay
from world import World, WorldTarget, silent

from migrate.artefacts import Loaded, Mapped, Validated, write_manifest
from migrate.check import check
from migrate.compiler.plan import Plan, make_plan
from migrate.connectors.target import Record
from migrate.findings import write_findings
from migrate.ledger import Ledger, audit, open_ledger
from migrate.live.load import Live
from migrate.live.names import RESULTS_FILE
from migrate.live.rollback import Rollback, RollingBack
from migrate.live.run import predict, read_live, write_live
from migrate.progress import Silent
from migrate.reconciliation.dispositions import DISPOSITIONS
from migrate.run_folder import RunFolder
from migrate.stages.reconcile import reconcile
from migrate.workspace import TargetSettings

Row = Mapping[str, Any]
Rows = Mapping[str, Mapping[str, Row]]
"""``{mapping: {source key: row}}``. ``_kept`` in a row is why it is kept back: its disposition."""
REFERENCES = {"people": {"boss": ("people", "guests")}, "rooms": {"owner": ("people", "guests")},
              "places": {"room": ("rooms",), "person": ("people", "guests")}}  # fmt: skip
TYPES = {"string": pa.string(), "int": pa.int64(), "decimal": pa.float64()}

FILES = {
    "migration.yaml": """\
label: Bench
source: {system: desk, folder: source}
target: {system: hall}
memory: 256MB
""",
    "systems/desk.yaml": """\
system: desk
label: Desk
source: {kind: files}
entities:
  user: {file: user.csv, key: id, fields: {id: {}, person: {}, login: {}, name: {}, status: {},
         boss: {references: {entity: user}}}}
  guest: {file: guest.csv, key: id, fields: {id: {}, person: {}, name: {}}}
  room: {file: room.csv, key: id, fields: {id: {}, room: {type: int}, title: {}, tag: {}, owner: {references: {entity: user}}}}
  place: {file: place.csv, key: id, fields: {id: {}, room: {references: {entity: room}}, person: {references: {entity: user}},
          role: {}, score: {type: decimal}}}
""",
    "systems/hall.yaml": """\
system: hall
label: Hall
target: {kind: files}
entities:
  people:
    key: person
    fields:
      person: {required: true, unique: true}
      login: {}
      name: {}
      status: {at_first: {closed: open}}
      boss: {references: {entity: people}}
      extra: {}
  rooms:
    key: room
    fields:
      room: {type: int, required: true, unique: true}
      title: {}
      tag: {references: {entity: people, field: login, unknown: keep}}
      owner: {references: {entity: people}}
      extra: {}
  places:
    key: [room, person]
    fields:
      room: {type: int, required: true, references: {entity: rooms}}
      person: {required: true, references: {entity: people}}
      role: {}
      score: {type: decimal}
      extra: {}
""",
    "mapping/pair.yaml": "from: desk\nto: hall\nlabel: Desk to Hall\n",
    "mapping/people.yaml": """\
from: desk.user
to: hall.people
fields:
  person: {from: person}
  login: {from: login}
  name: {from: name}
  status: {from: status}
  boss: {ref: people, by: boss, missing: {code: BOSS-GONE, severity: warn, set: null}}
""",
    "mapping/guests.yaml": "from: desk.guest\nto: hall.people\nfields: {person: {from: person}, name: {from: name}}\n",
    "mapping/rooms.yaml": """\
from: desk.room
to: hall.rooms
fields:
  room: {from: room}
  title: {from: title}
  tag: {from: tag}
  owner: {ref: people, by: owner}
""",
    "mapping/places.yaml": """\
from: desk.place
to: hall.places
fields:
  room: {ref: rooms, by: room}
  person: {ref: people, by: person}
  role: {from: role}
  score: {from: score}
""",
}  # fmt: skip


class Killed(BaseException):
    """The process is gone at this moment."""


def person(key: str, **more: Any) -> Row:
    """A row of people."""
    return {"person": key, "login": f"l-{key}", "name": f"N {key}", "status": "open", "boss": None} | more


def room(number: int, **more: Any) -> Row:
    """A row of rooms."""
    return {"room": number, "title": f"R{number}", "tag": None, "owner": None} | more


def place(in_room: int, who: str, **more: Any) -> Row:
    """A row of places."""
    return {"room": in_room, "person": who, "role": "s", "score": 0.5} | more


def small_hall(bench: Bench) -> None:
    """Three people, one of them closed and below another, a guest, two rooms, three places."""
    bench.rows["people"] = {"1": person("p1"), "2": person("p2", status="closed", boss="p1"), "3": person("p3")}
    bench.rows["guests"] = {"1": {"person": "g1", "name": "G"}}
    bench.rows["rooms"] = {"1": room(1, owner="p2", tag="l-p1"), "2": room(2)}
    bench.rows["places"] = {"1": place(1, "p1"), "2": place(1, "g1"), "3": place(2, "p3")}


def once(world: World, moment: str, what: str, entity: str, error: BaseException) -> None:
    """Have the next call of a kind go wrong ``before`` or ``after`` its effect."""

    def hook(when: str, called: str, of: str, records: Sequence[Record]) -> None:
        if (when, called, of) == (moment, what, entity):
            world.hook = silent
            raise error

    world.hook = hook


def clean(bench: Bench, **options: Any) -> None:
    """A run that has nothing to do, and says so."""
    before = len(bench.world.writes())
    ended = bench.live(**options)
    assert set(ended.results.values()) <= {"unchanged"}, ended.results
    assert ended.findings == []
    assert bench.world.writes()[before:] == []
    assert bench.open_receipts() == []
    assert bench.trail_is_whole()


def bench_plan(folder: Path, only: list[str] | None = None, **changed: str) -> Plan:
    """The plan of the pair; ``changed`` are other texts of mappings, by name, and none where a mapping is left out."""
    files = dict(FILES) | {f"mapping/{name}.yaml": text for name, text in changed.items()}
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        if text:
            file.write_text(text, "utf-8")
    (folder / "source").mkdir(exist_ok=True)
    plan = check(folder).plan
    return make_plan(plan.pair, plan.as_of, only) if only else plan


def key_text(parts: Iterable[Any]) -> str:
    """The text of a key."""
    texts = ["" if part is None else str(part) for part in parts]
    return texts[0] if len(texts) == 1 else "|".join(t.replace("\\", "\\\\").replace("|", "\\|") for t in texts)


@dataclass
class Ended:
    """What a run left."""

    id: str
    results: dict[tuple[str, str], str]
    """``{(mapping, source key): disposition}``."""
    findings: list[tuple[str, str, str]]
    """(code, mapping, source key)."""
    lost: str | None
    codes: set[str] = field(default_factory=set)
    messages: dict[tuple[str, str, str], str] = field(default_factory=dict)
    already: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    """What live runs since the rehearsal had written: ``{mapping: {as predicted: {as it ended: records}}}``."""


@dataclass
class Bench:
    """A workspace whose ledger lies in ``folder``."""

    folder: Path
    plan: Plan
    world: World = field(init=False)
    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: {"people": {}, "guests": {}, "rooms": {}, "places": {}})
    settings: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    url: str = "sqlite:///ledger.sqlite"
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.world = World(self.plan.pair.target.model)
        self.open()

    def open(self) -> None:
        """As a new process would."""
        found = open_ledger(self.url, self.folder)
        assert found is not None
        self.ledger = found

    def reopen(self) -> None:
        """The process died, and another one starts."""
        self.ledger.close()
        self.open()

    def live(self, plan: Plan | None = None, *, delta: bool = False, apply_deletions: bool = False, read: bool = True) -> Ended:
        """One live run, to its end or to where it dies."""
        plan = plan or self.plan
        run = self._run()
        validated = self._validated(run, plan)
        connector = WorldTarget(self.world)
        settings = TargetSettings(system="hall", **self.settings)
        live = Live(connector, self.ledger, settings, delta, apply_deletions)
        with self.ledger.locked():
            self.ledger.begin(run.id, "delta" if delta else "live", connector.info.address)
            folder = run.stage("load")
            whole = len(plan.names) == len(plan.pair.mappings)
            write_live(validated, plan, run, Silent(), "256MB", live, folder, whole=whole)
            write_manifest(Loaded, folder, validated, [folder / RESULTS_FILE])
            loaded = Loaded(folder)
            if not read:
                return self._ended(run, None)
            back = read_live(loaded, validated, plan, run, Silent(), "256MB", live)
            reconcile(validated, loaded, back, plan, run, Silent(), "256MB")
            lost = run.facts["live"]["lost"]
            self.ledger.end(run.id, "failed" if lost else "finished", {})
        return self._ended(run, lost)

    def rehearsed(self, hours_ago: int = 0) -> None:
        """Lay down the folder of a rehearsal that came to its end."""
        run, began = self._run(), dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours_ago)
        run.summary |= {"mode": "rehearsal"}
        run.facts |= {"started": began.isoformat(), "stopped_at": None, "failure": None, "only": None}
        run.save()

    def predict(self, plan: Plan | None = None) -> dict[tuple[str, str], str]:
        """What a rehearsal says: {(entity, key): result}."""
        plan, run = plan or self.plan, self._run()
        folder = run.stage("load")
        predict(self._validated(run, plan), plan, run, "256MB", self.ledger, folder, whole=True)
        return {(r["entity"], r["key"]): r["result"] for r in pq.read_table(folder / RESULTS_FILE).to_pylist()}

    def rollback(self, run: str, *, execute: bool = True, unverified: bool = False, plan: Plan | None = None) -> Rollback:
        """Take a run back."""
        connector = WorldTarget(self.world)
        with self.ledger.locked():
            rolling = RollingBack(plan or self.plan, connector, self.ledger, run, unverified=unverified)
            found = rolling.plan(Silent())
            if not execute:
                return found
            self.number += 1
            name = f"r{self.number:05}"
            self.ledger.begin(name, "rollback", connector.info.address, of_run=run)
            done = rolling.execute(found, name, Silent())
            self.ledger.end(name, "failed" if done.failed else "finished", {})
        return done

    def open_receipts(self) -> list[Any]:
        return [r for entity in self.plan.pair.target.model.entities for r in self.ledger.open_receipts(entity)]

    def trail_is_whole(self) -> bool:
        with self.ledger.engine.connect() as connection:
            return audit.broken(connection) is None

    # Rows --------------------------------------------------------------------------------------------------------

    def candidates(self) -> dict[str, dict[str, dict[str, Any]]]:
        """``{mapping: {source key: row}}`` of what validation would let through: what refers to nothing is blocked."""
        rows = {m: {k: dict(r) for k, r in own.items() if not r.get("_kept")} for m, own in self.rows.items()}
        while True:
            keys = {m: {self.key_of(m, r) for r in own.values()} for m, own in rows.items()}
            gone = [
                (m, k)
                for m, fields in REFERENCES.items()
                for k, row in rows[m].items()
                for f, others in fields.items()
                if row.get(f) is not None and str(row[f]) not in set().union(*(keys[o] for o in others))
            ]
            if not gone:
                return rows
            for m, k in set(gone):
                del rows[m][k]

    def key_of(self, mapping: str, row: Row) -> str:
        """The key of a row in the target."""
        return key_text(row[f] for f in self.plan.pair.mappings[mapping].target.key)

    def _validated(self, run: RunFolder, plan: Plan) -> Validated:
        """As the map stage would leave the rows, with nothing that validation changed."""
        mapped, folder = run.stage("map"), run.stage("validate")
        candidates = self.candidates()
        for mapping in plan.names:
            loaded = plan.pair.mappings[mapping]
            fields = [f for f in loaded.target.fields if f in loaded.model.fields]
            rows = sorted(self.rows[mapping].items(), key=lambda item: self.key_of(mapping, item[1]))
            words = ["candidate" if k in candidates[mapping] else str(row.get("_kept") or "blocked") for k, row in rows]
            own = {"_key": [k for k, _ in rows], "_target_key": [self.key_of(mapping, row) for _, row in rows]}
            columns = {column: pa.array(cells, pa.string()) for column, cells in own.items()}
            for f in fields:
                columns[f] = pa.array([row.get(f) for _, row in rows], TYPES[loaded.target.fields[f].type])
            lay(mapped, folder, mapping, pa.table(columns), words)
            run.summary["entities"][mapping] = {"source": len(rows), "references": {}}
            run.facts["entities"][mapping] = {}
        write_findings([], folder / "findings.parquet")
        write_manifest(Mapped, mapped, None, mapped.glob("*.parquet"))
        loading = {mapping: len(candidates[mapping]) for mapping in plan.names}
        write_manifest(Validated, folder, Mapped(mapped), folder.glob("*.parquet"), loading=loading)
        return Validated(folder)

    def _run(self) -> RunFolder:
        self.number += 1
        run = RunFolder(self.folder / "runs" / f"r{self.number:05}")
        run.path.mkdir(parents=True)
        run.summary |= {"entities": {}, "findings": {}}
        run.facts |= {"entities": {}, "started": dt.datetime.now(dt.UTC).isoformat()}
        return run

    def _ended(self, run: RunFolder, lost: str | None) -> Ended:
        if not (run.path / "dispositions.parquet").exists():
            return Ended(run.id, {}, [], lost)
        rows = pq.read_table(run.path / "dispositions.parquet").to_pylist()
        found = pq.read_table(run.path / "findings.parquet").to_pylist()
        results = {(r["entity"], r["key"]): r["disposition"] for r in rows}
        assert len(results) == len(rows)
        assert set(results.values()) <= set(DISPOSITIONS)
        return Ended(
            run.id, results, sorted((f["code"], f["entity"], f["key"] or "") for f in found), lost,
            {f["code"] for f in found}, {(f["code"], f["entity"], f["key"] or ""): f["message"] for f in found},
            run.facts.get("live", {}).get("already", {}),
        )  # fmt: skip
