"""A run on a cluster that is found by its URL: a master and a worker of Spark in processes of their own, on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from both_sides_rules import add_rules
from small_pair import Bench, write_rows, write_workspace
from test_whole_run import ODD_ROWS, VARIES, files_that_differ, use

from migrate.spark import limits

HERE = Path(__file__).parent
PATIENCE = 60.0
"""Seconds in which a process has to say where it listens."""
DEPLOY = "org.apache.spark.deploy"


@dataclass(frozen=True)
class Cluster:
    url: str
    logs: Path

    def tasks(self) -> int:
        """How many its executors have finished."""
        return sum(log.read_text("utf-8").count("Finished task") for log in self.logs.glob("work/app-*/*/stderr"))


@pytest.fixture(scope="module")
def cluster(spark_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master with one worker that has two cores."""
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    launcher = Path(spec.origin).parent / "bin" / "spark-class"
    if not launcher.is_file():
        pytest.skip(f"{launcher} is not there: PySpark came without what starts a cluster")
    logs = tmp_path_factory.mktemp("cluster")
    listen = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
    with started([str(launcher), f"{DEPLOY}.master.Master", *listen], logs / "master.log"):
        (url,) = said(r"Starting Spark master at (spark://\S+)", logs / "master.log")
        room = ["--cores", "2", "--memory", "1g", "--work-dir", str(logs / "work")]
        with started([str(launcher), f"{DEPLOY}.worker.Worker", *listen, *room, url], logs / "worker.log"):
            said("Successfully registered with (master)", logs / "worker.log")
            yield Cluster(url, logs)


@contextmanager
def started(command: list[str], log: Path) -> Iterator[None]:
    """A process in a group of its own, which is ended with all that it started."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}  # PySpark finds its own home
    own |= {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -Dspark.master.rest.enabled=false"}
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written, env=own, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def said(pattern: str, log: Path) -> tuple[str, ...]:
    """The groups of a pattern, once a log has it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if (found := re.search(pattern, log.read_text("utf-8"))) is not None:
            return found.groups()
        time.sleep(0.2)
    raise AssertionError(f"no {pattern!r} in {PATIENCE} seconds:\n{log.read_text('utf-8')}")


@pytest.mark.long
@pytest.mark.parametrize(("few", "with_driver"), [(-1, 0), (limits.FEW, 2)], ids=["Spark SQL", "tasks"])
def test_a_cluster_gives_the_same_run(
    few: int, with_driver: int, cluster: Cluster, spark_settings: dict[str, str], tmp_path: Path
) -> None:
    """Its executors have DuckDB and PyArrow, and not this package."""
    without = tmp_path / "without"
    without.mkdir()
    (without / "migrate.py").write_text("raise ImportError('an executor imports this package')\n", "utf-8")
    workspaces = [tmp_path / name / "50% é" for name in ("duckdb", "spark")]
    for folder in workspaces:
        write_workspace(folder)
        add_rules(folder)
        write_rows(folder, ODD_ROWS)
    of_executors = {"memory": "800m", "extraJavaOptions": "-XX:TieredStopAtLevel=1"}
    use(
        {
            **spark_settings,
            **{f"spark.executor.{name}": value for name, value in of_executors.items()},
            "spark.executorEnv.PYTHONPATH": str(without),
        },
        workspaces[1],
    )
    at(cluster.url, workspaces[1])

    expected = Bench.of(workspaces[0]).run()
    before = cluster.tasks()
    ended = on_spark(workspaces[1], few, with_driver)
    assert ended.returncode == expected.exit_code, ended.stderr

    (got,) = (workspaces[1] / "runs").iterdir()
    assert files_that_differ(expected.folder, got) == []
    summaries = [json.loads((run / "summary.json").read_text("utf-8")) for run in (expected.folder, got)]
    assert summaries[1].keys() == summaries[0].keys()
    assert [word for word in summaries[0] if word not in VARIES and summaries[0][word] != summaries[1][word]] == []
    assert cluster.tasks() > before + 10, "the executor computed"


@pytest.mark.long
def test_a_cluster_that_is_none_is_told(spark_settings: dict[str, str], tmp_path: Path) -> None:
    folder = write_workspace(tmp_path / "workspace")
    use(spark_settings, folder)
    at("spark:/nowhere", folder)
    ended = on_spark(folder, -1, 0)
    assert ended.returncode not in (0, 1)
    assert "Spark cannot start" in ended.stderr
    assert "Traceback" not in ended.stderr


def on_spark(workspace: Path, few: int, with_driver: int) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own."""
    paths = os.pathsep.join(str(folder) for folder in (HERE.parents[1], HERE.parent / "e2e" / "support", HERE))
    command = [sys.executable, str(HERE / "own_process.py"), str(workspace), str(few), str(with_driver)]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)


def at(url: str, workspace: Path) -> None:
    """Write the URL of a cluster into a workspace."""
    file = workspace / "migration.yaml"
    written = yaml.safe_load(file.read_text("utf-8"))
    written["spark"]["master"] = url
    file.write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")
