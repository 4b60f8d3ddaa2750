"""The Moodle sample, live into the stand-in Canvas."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from live_school import dispositions, findings, wait_a_moment
from sample_runs import write_sample_workspace

from migrate.pipeline import run

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

ENTITIES = {"accounts": "account", "terms": "term", "courses": "course", "sections": "section", "enrollments": "enrollment"}


@pytest.mark.long
def test_what_the_sample_writes_is_what_canvas_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from canvas_server import TOKEN, CanvasServer
    from canvas_world import counted

    workspace = write_sample_workspace(tmp_path / "sample", "moodle_to_canvas")
    monkeypatch.setenv("CANVAS_TOKEN", TOKEN)
    with CanvasServer() as canvas:
        file = workspace / "migration.yaml"
        words = f"  url: {canvas.url}\n  token: ${{CANVAS_TOKEN}}\n  options: {{poll_ms: 5}}\n"
        words += "  acknowledge: {CANVAS-NOT-ENCRYPTED: on this machine}\n"
        file.write_text(file.read_text("utf-8").replace("  system: canvas\n", f"  system: canvas\n{words}"), "utf-8")
        first = run(workspace, live=True)
        assert findings(first, "REC", "READ") == []
        assert findings(first, "LIVE-REFUSED", "LIVE-FAILED", "LIVE-UNKNOWN", "LIVE-WARNED") == []
        there = counted(canvas.state)
        created = dispositions(first)
        # Courses and enrolments of which the second pass left the last word open are there too.
        assert {entity: there[kind] for entity, kind in ENTITIES.items() if entity not in ("courses", "enrollments")} == {
            entity: created[entity]["created"] for entity in ENTITIES if entity not in ("courses", "enrollments")
        }
        assert there["course"] >= created["courses"]["created"] > 0
        assert there["enrollment"] >= created["enrollments"]["created"] > 0
        assert canvas.state.begun_while_running == 0
        wait_a_moment()
        second = run(workspace, live=True)
        assert findings(second, "REC", "READ") == []
        assert {name for name, words in dispositions(second).items() if words.get("created")} <= {"enrollments"}
        assert counted(canvas.state)["user"] == there["user"]
