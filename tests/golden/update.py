"""Write the golden files anew: `python tests/golden/update.py [PAIR]`. Look at the difference before committing it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

GOLDEN = Path(__file__).parent


def main() -> None:
    sys.path.insert(0, str(GOLDEN.parent / "e2e" / "support"))
    from golden_files import golden_form
    from sample_runs import PAIRS, sample_run

    for pair in sys.argv[1:] or PAIRS:
        form = golden_form(sample_run(pair).folder)
        shutil.rmtree(GOLDEN / pair, ignore_errors=True)
        for name, content in form.items():
            file = GOLDEN / pair / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        print(f"{pair}: {len(form)} files, {sum(map(len, form.values())):,} bytes")


if __name__ == "__main__":
    main()
