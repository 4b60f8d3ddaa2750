"""Rehearse both sample migrations: ``python sample_data/demo.py DIR``. Prints where the reports lie.

The samples hold planted faults, so both rehearsals end with findings that need a person; that is the point of them.
Ends with 0 when both rehearsals balanced, 3 when one failed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import generate_moodle  # noqa: E402

PAIRS = (("moodle", "moodle", "canvas"), ("history", "csv_history", "totara"))
PASSED_OR_ATTENTION = (0, 1)


def main(directory: Path) -> int:
    """Write both workspaces below ``directory`` (in place of those of an earlier demo), run them, and give the exit code."""
    reports = []
    for name, source, target in PAIRS:
        workspace = directory / name
        print(f"\n== {name}: {source} to {target}", flush=True)
        shutil.rmtree(workspace, ignore_errors=True)
        lms_migrate("new", workspace, "--from", source, "--to", target)
        if source == "moodle":
            generate_moodle.generate(workspace / "source.sqlite")
        else:
            shutil.copytree(HERE / "legacy_history", workspace / "source")
        code = lms_migrate("run", workspace)
        if code not in PASSED_OR_ATTENTION:
            return code
        reports.append(max((workspace / "runs").iterdir()) / "report.html")
    print("\nBoth rehearsals balanced. Open the reports in a browser:")
    for report in reports:
        print(f"  {report.resolve()}")
    return 0


def lms_migrate(*arguments: str | Path) -> int:
    """Run the command line as a person would."""
    command = [sys.executable, "-m", "migrate", *map(str, arguments)]
    print("$ lms-migrate", *arguments, flush=True)
    return subprocess.run(command, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo")))
