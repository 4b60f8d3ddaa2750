"""Live runs of the small pair into databases, and into the stand-ins of web services."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "e2e" / "support"))
sys.path.insert(0, str(Path(__file__).parents[1] / "databases"))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import database_servers as servers
from live_bench import Bench, bench_plan, small_hall
from live_school import LiveSchool

from migrate.compiler.plan import Plan


@pytest.fixture(
    params=[pytest.param("sqlite", marks=pytest.mark.long), "postgresql", pytest.param("mariadb", marks=pytest.mark.long)]
)
def school(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveSchool]:
    """A workspace whose live target is an empty database of each kind."""
    if request.param == "sqlite":
        yield LiveSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}")
        return
    with servers.server(request.param).database() as database:
        url = database.server.engine(database.name).url.render_as_string(hide_password=False)
        yield LiveSchool(tmp_path / "school", url)


@pytest.fixture
def small(tmp_path: Path) -> LiveSchool:
    """The same into SQLite, for what does not depend on the database."""
    return LiveSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}")


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The pair of systems of the bench."""
    return bench_plan(tmp_path_factory.mktemp("bench"))


@pytest.fixture
def bench(tmp_path: Path, plan: Plan) -> Iterator[Bench]:
    """The live stage by itself, over a small hall that was never written."""
    bench = Bench(tmp_path / "bench", plan)
    small_hall(bench)
    yield bench
    bench.ledger.close()


LONG = {
    "test_columns.py",
    "test_cut_off.py",
    "test_deletions.py",
    "test_faulty_connectors.py",
    "test_handed_over.py",
    "test_history_moodle.py",
    "test_keys.py",
    "test_killed.py",
    "test_ledgers.py",
    "test_live_both_sides.py",
    "test_live_canvas.py",
    "test_live_decisions.py",
    "test_live_matches.py",
    "test_live_report.py",
    "test_only_live.py",
    "test_profile_defaults.py",
    "test_taking_back.py",
    "test_uploads.py",
}
"""What these look at at length, test_live_runs, test_faults, test_rollback and test_story go through once."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.name in LONG:
            item.add_marker(pytest.mark.long)
