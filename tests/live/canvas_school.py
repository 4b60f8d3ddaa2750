"""A small school whose people have grades, and how it goes to Canvas: one class is over, half of the places are."""

from __future__ import annotations

import sqlite3
from pathlib import Path

SYSTEM = """
system: old
label: Old
source: {kind: database}
entities:
  person: {key: id, fields: {id: {type: int}, login: {}, name: {pii: name}}}
  class: {key: id, fields: {id: {type: int}, title: {}, done: {type: int}}}
  place:
    key: id
    fields:
      id: {type: int}
      class: {type: int, references: {entity: class}}
      person: {type: int, references: {entity: person}}
      done: {type: int}
  item: {key: id, fields: {id: {type: int}, class: {type: int, references: {entity: class}}, title: {}, top: {type: decimal}}}
  mark:
    key: id
    fields:
      id: {type: int}
      item: {type: int, references: {entity: item}}
      class: {type: int, references: {entity: class}}
      person: {type: int, references: {entity: person}}
      points: {type: decimal}
      remark: {}
"""
MAPPINGS = {
    "pair": "{from: old, to: canvas, label: Old to Canvas}",
    "users": """
from: old.person
to: canvas.users
fields:
  user_id: {expr: "'p-' || cast(id as text)"}
  login_id: {from: login}
  full_name: {from: name}
  status: {const: active}
""",
    "courses": """
from: old.class
to: canvas.courses
fields:
  course_id: {expr: "'c-' || cast(id as text)"}
  short_name: {from: title}
  long_name: {from: title}
  status: {from: done, values: {0: published, 1: completed}}
""",
    "sections": """
from: old.class
to: canvas.sections
fields:
  section_id: {expr: "'s-' || cast(id as text)"}
  course_id: {ref: courses, by: id}
  name: {from: title}
  status: {const: active}
drop: {done: it is the course that is done}
""",
    "enrollments": """
from: old.place
to: canvas.enrollments
fields:
  course_id: {ref: courses, by: class}
  section_id: {ref: sections, by: class}
  user_id: {ref: users, by: person}
  role: {const: student}
  status: {from: done, values: {0: active, 1: completed}}
""",
    "assignments": """
from: old.item
to: canvas.assignments
fields:
  assignment_id: {expr: "'item-' || cast(id as text)"}
  course: {ref: courses, by: class}
  name: {from: title}
  points_possible: {from: top}
  submission_types: {const: none}
  published: {const: true}
""",
    "grades": """
from: old.mark
to: canvas.grades
fields:
  assignment: {ref: assignments, by: item}
  user: {ref: users, by: person}
  course: {ref: courses, by: class}
  score: {from: points}
  comment: {from: remark}
""",
}
SETTINGS = """
label: School to Canvas
approvals: {{roles: []}}
source: {{system: old, url: "sqlite:///school.sqlite"}}
target:
  system: canvas
  url: {url}
  token: ${{CANVAS_TOKEN}}
  options: {{poll_ms: 5, retry_seconds: 20}}
  existing: {{courses: update, enrollments: update}}
  acknowledge: {{CANVAS-NOT-ENCRYPTED: on this machine, CANVAS-MAIL-GRADES: nobody is written to}}
"""
PEOPLE, CLASSES = 8, 2
GRADES = PEOPLE * CLASSES


def write_school(folder: Path, url: str) -> Path:
    """A workspace with its source, whose live target is at ``url``."""
    for name in ("systems", "mapping", "crosswalks"):
        (folder / name).mkdir(parents=True)
    (folder / "systems/old.yaml").write_text(SYSTEM, "utf-8")
    (folder / "migration.yaml").write_text(SETTINGS.format(url=url), "utf-8")
    for name, text in MAPPINGS.items():
        (folder / f"mapping/{name}.yaml").write_text(text, "utf-8")
    people = [(n, f"p{n}", f"Person {n}") for n in range(1, PEOPLE + 1)]
    places = [(c, n) for c in range(1, CLASSES + 1) for n in range(1, PEOPLE + 1)]
    with sqlite3.connect(folder / "school.sqlite") as database:
        database.execute("CREATE TABLE person (id INTEGER, login TEXT, name TEXT)")
        database.execute("CREATE TABLE class (id INTEGER, title TEXT, done INTEGER)")
        database.execute("CREATE TABLE place (id INTEGER, class INTEGER, person INTEGER, done INTEGER)")
        database.execute("CREATE TABLE item (id INTEGER, class INTEGER, title TEXT, top REAL)")
        database.execute("CREATE TABLE mark (id INTEGER, item INTEGER, class INTEGER, person INTEGER, points REAL, remark TEXT)")
        database.executemany("INSERT INTO person VALUES (?, ?, ?)", people)
        database.executemany("INSERT INTO class VALUES (?, ?, ?)", [(1, "Class 1", 0), (2, "Class 2", 1)])
        database.executemany("INSERT INTO place VALUES (?, ?, ?, ?)", [(100 * c + n, c, n, n % 2) for c, n in places])
        database.executemany("INSERT INTO item VALUES (?, ?, 'Final grade', 10)", [(c, c) for c in range(1, CLASSES + 1)])
        marks = [(100 * c + n, c, c, n, n + 0.25, "well done" if n % 3 == 0 else None) for c, n in places]
        database.executemany("INSERT INTO mark VALUES (?, ?, ?, ?, ?, ?)", marks)
    database.close()
    return folder
