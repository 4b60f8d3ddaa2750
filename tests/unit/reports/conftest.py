"""A run folder to draw reports from: varied, with hostile text and differences nobody sees."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.worklist.build import SCHEMA
from migrate.worklist.items import build_items, prepare

SCRIPT = "<script>window.attacked = 1</script>"
CLOSING = "</script><img src=x onerror='window.attacked = 1'>"
BIDI = "user\u202egnp.exe"
FORMULA = '=HYPERLINK("http://attacker.example","click")'
HOSTILE = (SCRIPT, CLOSING, BIDI, FORMULA)

PEOPLE = (
    # id, full name, e-mail, login, user_id
    ("7", "Ana Lúcia Ferreira", "ana.ferreira@school.example.org", "ana.ferreira", "E-100007"),
    ("8", "Jürgen Schäfer", "juergen@school.example.org", "jschaefer", "E-100008"),
    ("9", "شيماء محمود", "shaimaa@school.example.org", "shaimaa.m", "E-100009"),
    ("10", SCRIPT, "script@school.example.org", "scripter", "E-100010"),
)

DISPOSITION_COLUMNS = ("entity", "key", "disposition", "target_key", "code")
FINDING_COLUMNS = ("code", "severity", "entity", "key", "field", "value", "message", "root_cause")
DIFFERENCE_COLUMNS = ("entity", "key", "target_key", "field", "kind", "expected", "actual")

CODES = {
    "USR-001": {"severity": "quarantine", "title": "two people would get the same user_id"},
    "USR-002": {"severity": "hold", "title": "sign-in method without a confirmed counterpart"},
    "USR-004": {"severity": "warn", "title": "e-mail address is not valid"},
    "USR-GUEST": {"severity": "warn", "title": "built-in account"},
    "USR-MERGE": {"severity": "warn", "title": "same person, two accounts"},
    "CRS-001": {"severity": "quarantine", "title": f"short name is not usable {SCRIPT}"},
    "REF-BLOCKED": {"severity": "blocked", "title": "waits for another record"},
    "LOAD-REFUSED": {"severity": "reject", "title": "refused by the target"},
}

Rows = list[tuple[str | None, ...]]
Change = Callable[[dict[str, Any], dict[str, Any]], None]


def rows_of_a_run() -> tuple[Rows, Rows, Rows, dict[str, Any]]:
    """Dispositions, findings, differences, and the reference sums that go with them."""
    ended: Rows = [("users", key, "excluded", None, "USR-GUEST") for key in ("1", "2")]
    told: Rows = []
    unequal: Rows = []
    for key, name, email, login, user_id in PEOPLE:
        ended.append(("users", key, "created", user_id, None))
        told.append(("USR-004", "warn", "users", key, "email", email, f"e-mail '{email}' is odd", None))
        unequal.append(("users", key, user_id, "full_name", "different", name, name[::-1]))
        unequal.append(("users", key, user_id, "login_id", "different", login, login + " "))
    ended.append(("users", "11", "merged", "E-100007", "USR-MERGE"))
    for key in ("20", "21"):
        ended.append(("users", key, "quarantined", None, "USR-001"))
        told.append(("USR-001", "quarantine", "users", key, "user_id", "E-100007", "'E-100007' is taken by 7", None))
    for at in range(30, 36):
        ended.append(("users", str(at), "held", None, "USR-002"))
        method = "ldap" if at < 34 else FORMULA
        told.append(("USR-002", "hold", "users", str(at), "auth", method, "no counterpart", None))
    ended.append(("users", "40", "failed", None, "LOAD-REFUSED"))
    told.append(("LOAD-REFUSED", "reject", "users", "40", None, None, "login Bob@corp.example refused", None))

    for at in range(1, 41):
        ended.append(("courses", str(at), "created", f"course-{at}", None))
    unequal += [
        ("courses", "1", "course-1", "name", "different", "Jose\u0301", "José"),
        ("courses", "2", "course-2", "name", "different", "Chemistry", "Chemistry\u200b"),
        ("courses", "3", "course-3", "name", "different", SCRIPT, CLOSING),
        ("courses", "4", "course-4", "name", "different", BIDI, "user"),
        ("courses", "5", "course-5", "name", "different", "  two  blanks ", "two blanks"),
        ("courses", "6", "course-6", "idnumber", "different", "007", "7"),
        ("courses", "7", "course-7", "idnumber", "different", "", None),
        ("courses", "8", "course-8", "credit", "different", "0.1", "0.10000000000000001"),
        ("courses", "9", "course-9", "credit", "different", "0.1", "0.10000000149011612"),
        ("courses", "10", "course-10", None, "missing", None, None),
        ("courses", None, "course-900", None, "extra", None, None),
        ("courses", None, CLOSING, None, "extra", None, None),
    ]
    for at in range(11, 36):
        unequal.append(("courses", str(at), f"course-{at}", "score", "different", None, "0.0"))
    ended.append(("courses", CLOSING, "quarantined", None, "CRS-001"))
    message = f"cannot be used: {FORMULA}"
    told.append(("CRS-001", "quarantine", "courses", CLOSING, "name", SCRIPT, message, None))

    for at in range(1, 101):
        ended.append(("enrolments", f"7|{at}", "created" if at <= 60 else "unchanged", f"enr-{at}", None))
    blocked: Counter[str] = Counter()
    for at in range(12):
        ended.append(("enrolments", f"20|{at}", "blocked", None, "REF-BLOCKED"))
        told.append(("REF-BLOCKED", "blocked", "enrolments", f"20|{at}", "user_id", "20", "waits", "users/20"))
        blocked["user_id"] += 1
    for at in range(5):
        ended.append(("enrolments", f"8|{CLOSING}{at}", "blocked", None, "REF-BLOCKED"))
        told.append(
            ("REF-BLOCKED", "blocked", "enrolments", f"8|{CLOSING}{at}", "course_id", CLOSING, "waits",
             f"courses/{CLOSING}")
        )  # fmt: skip
        blocked["course_id"] += 1
    ended.append(("enrolments", "999|1", "blocked", None, "REF-BLOCKED"))
    told.append(("REF-BLOCKED", "blocked", "enrolments", "999|1", "user_id", "999", "waits", "users/999"))
    blocked["user_id"] += 1
    references = {
        field: {"resolved": 118 - blocked[field] - 3, "empty": 3, "blocked": blocked[field]} for field in ("user_id", "course_id")
    }
    return ended, told, unequal, {"enrolments": references}


def write_run(folder: Path, *, change: Change | None = None) -> Path:
    """Write a finished run; ``change`` may alter summary and run before they are written."""
    ended, told, unequal, references = rows_of_a_run()
    return write_rows(folder, ended, told, unequal, references, change)


def write_rows(
    folder: Path,
    ended: Rows,
    told: Rows,
    unequal: Rows,
    references: dict[str, Any],
    change: Change | None = None,
) -> Path:
    """Write a run folder whose summary is counted from these rows."""
    (folder / "6_reconcile").mkdir(parents=True, exist_ok=True)
    _parquet(folder / "dispositions.parquet", DISPOSITION_COLUMNS, ended)
    _parquet(folder / "findings.parquet", FINDING_COLUMNS, told)
    _parquet(folder / "6_reconcile" / "differences.parquet", DIFFERENCE_COLUMNS, unequal)
    summary, run = _summary(ended, told, unequal, references), _run()
    if change:
        change(summary, run)
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    return folder


def write_worklist(folder: Path, change: Callable[[dict[str, Any]], None] | None = None, *more: dict[str, Any]) -> Path:
    """End a run folder with a worklist of its findings; ``change`` may alter each item, ``more`` are items without a finding."""
    with duckdb.connect() as connection:
        prepare(connection, {}, {})
        connection.execute("INSERT INTO worklist.kinds VALUES ('users', 'USR-002', 'auth', 'crosswalk', 'auth')")
        build_items(connection, f"(SELECT *, row_number() OVER () AS row FROM '{folder / 'findings.parquet'}')")
        found = connection.execute("SELECT * FROM items ORDER BY rows + waiting DESC, item").to_arrow_table().to_pylist()
        columns = ", ".join(FINDING_COLUMNS)
        told = connection.execute(f"SELECT {columns}, item FROM finding_items ORDER BY row").fetchall()
    _parquet(folder / "findings.parquet", (*FINDING_COLUMNS, "item"), told)
    items = []
    for each in (*found, *more):
        run = "2031-05-04T0910Z-a1"
        verbs = "confirm reject waive return" if each["kind"] == "crosswalk" else "accept override map exclude waive return"
        known = {"state": "open", "why": "", "choices": verbs, "first_run": run, "last_run": run, "times": 1}
        item = dict.fromkeys(SCHEMA.names) | known | each
        if change:
            change(item)
        items.append(item)
    pq.write_table(pa.Table.from_pylist(items, SCHEMA), folder / "worklist.parquet")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    summary["worklist"] = dict(Counter(item["state"] for item in items))
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def decided(item: dict[str, Any], state: str, decision: str, reason: str, **more: Any) -> None:
    """Let an item be decided."""
    at = "2031-05-03T16:00:00+00:00"
    item.update(state=state, decision=decision, reason=reason, by="R. Okafor", at=at, new_value="")
    item.update(more)


def decide_some(item: dict[str, Any]) -> None:
    """One cause waived, one mixed of what expired and what was returned, one decided; the others stay open."""
    if item["code"] == "USR-004":
        decided(item, "waived", "waive", "the faculty 'ana.ferreira@school.example.org' knows it")
    elif item["code"] == "USR-001" and item["key"] == "20":
        why = "the source value is another one now"
        decided(item, "expired", "override", f"was given {SCRIPT}", new_value="E-100008", why=why)
    elif item["code"] == "USR-001":
        decided(item, "returned", "return", "the registry looks into it")
    elif item["code"] == "CRS-001":
        decided(item, "decided", "accept", f"{FORMULA} {BIDI}")


def _parquet(file: Path, columns: tuple[str, ...], rows: Rows) -> None:
    arrays = [pa.array([row[at] for row in rows], pa.string()) for at in range(len(columns))]
    pq.write_table(pa.table(dict(zip(columns, arrays, strict=True))), file)


def _summary(ended: Rows, told: Rows, unequal: Rows, references: dict[str, Any]) -> dict[str, Any]:
    words = (
        "created", "updated", "unchanged", "merged", "excluded", "quarantined", "blocked", "held", "failed",
    )  # fmt: skip
    entities = {}
    for entity in dict.fromkeys(str(row[0]) for row in ended):
        counts = Counter(row[2] for row in ended if row[0] == entity)
        kinds = Counter(row[4] for row in unequal if row[0] == entity)
        fields = Counter(row[3] for row in unequal if row[0] == entity and row[4] == "different")
        loaded = sum(counts[word] for word in words[:3])
        entities[entity] = {
            "source": sum(counts.values()),
            "dispositions": {word: counts[word] for word in words},
            "references": references.get(entity, {}),
            "compared": loaded - kinds["missing"],
            "missing": kinds["missing"],
            "extra": kinds["extra"],
            "differences": dict(fields),
        }
    return {
        "run": "2031-05-04T0910Z-a1",
        "mode": "rehearsal",
        "verdict": "attention",
        "balanced": True,
        "entities": entities,
        "findings": dict(Counter(row[0] for row in told)),
        "loss_register": [
            {"source": "user.theme", "rows": 312, "treatment": "dropped", "code": None,
             "reason": "themes of the old site", "archive": None},
            {"source": "user.moodlenetprofile", "rows": 4, "treatment": "undeclared", "code": None,
             "reason": "", "archive": None},
            {"source": "forum_posts", "rows": 1840, "treatment": "archived", "code": "ARC-FORUM",
             "reason": f"no counterpart {SCRIPT}", "archive": "archive/forum_posts.parquet"},
        ],
        "timings": {"extract": 4.21, "map": 12.9, "validate": 3.2, "load": 61.4, "read back": 8.8},
    }  # fmt: skip


def _run() -> dict[str, Any]:
    return {
        "label": "Riverside college: Moodle to Canvas",
        "workspace": "riverside",
        "source": {"system": "moodle", "label": "Moodle", "version": "4.5", "address": "postgresql://reader@db/moodle"},
        "target": {"system": "canvas", "label": "Canvas", "package": "canvas-sis.zip"},
        "tool_version": "1.0.0",
        "libraries": {"duckdb": "1.5.6", "pyarrow": "26.0.1", "sqlglot": "30.30.0"},
        "started": "2031-05-04T09:10:00Z",
        "ended": "2031-05-04T09:11:33Z",
        "as_of": "2031-05-04T09:00:00Z",
        "stopped_at": None,
        "failure": None,
        "mask": True,
        "pii": {
            "users": {"full_name": "name", "email": "email", "login_id": "login", "user_id": "identifier",
                      "password": "secret"},
        },
        "archive": {
            "forums": {"code": "ARC-FORUM", "reason": "no counterpart", "tables": {
                "forum_posts": {"source": 1840, "archived": 1840, "file": "archive/forum_posts.parquet"},
                "forum_ratings": {"source": 12, "archived": 11, "file": "archive/forum_ratings.parquet"}}},
        },
        "extract": {
            "user": {"before": 16, "after": 16, "rows": 16},
            "course": {"before": 41, "after": 41, "rows": 41},
            "user_enrolments": {"before": 118, "after": 121, "rows": 118},
        },
        "codes": CODES,
        "entities": {
            "users": {"from": "moodle.user", "to": "canvas.users", "key": ["id"], "target_key": ["user_id"],
                      "left_out": {"USR-GUEST": "Moodle's built-in account"}, "excused": {}},
            "courses": {"from": "moodle.course", "to": "canvas.courses", "key": ["id"],
                        "target_key": ["course_id"], "left_out": {},
                        "excused": {"credit": {"decimals: 2": 14, "blank is null": 0}}},
            "enrolments": {"from": "moodle.user_enrolments", "to": "canvas.enrollments",
                           "key": ["userid", "courseid"], "target_key": ["id"], "left_out": {},
                           "excused": {}},
        },
        "inputs": {"mapping/users.yaml": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                   "crosswalks/auth.csv": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"},
    }  # fmt: skip


def lay(
    runs: Path, name: str, told: Rows, ended: Rows | None = None, *, summary: dict[str, Any] | None = None, **facts: Any
) -> Path:
    """Write a run among others: ``name`` is its id and tells its start. ``summary`` and ``facts`` go before what it would say."""

    def change(said: dict[str, Any], run: dict[str, Any]) -> None:
        day, clock = name[:8], name[9:15]
        started = f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}+00:00"
        said.update({"run": name} | (summary or {}))
        run.update({"started": started, "ended": started} | facts)

    records = ended if ended is not None else [("users", "7", "created", "E-7", None)]
    return write_rows(runs / name, records, told, [], {}, change)


@pytest.fixture
def lay_run(tmp_path: Path) -> Callable[..., Path]:
    """Write a run into the runs of a workspace."""

    def write(name: str, told: Rows, ended: Rows | None = None, **more: Any) -> Path:
        return lay(tmp_path / "workspace" / "runs", name, told, ended, **more)

    return write


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A finished rehearsal that needs a person."""
    return write_run(tmp_path / "run")


@pytest.fixture
def decided_run(run_folder: Path) -> Path:
    """The same with a worklist, of which some items are decided."""
    return write_worklist(run_folder, decide_some)


@pytest.fixture
def list_work() -> Callable[..., Path]:
    """Give a run folder a worklist."""
    return write_worklist


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Write a run folder after changing its summary and description."""

    def make(change: Change | None = None) -> Path:
        return write_run(tmp_path / "changed", change=change)

    return make
