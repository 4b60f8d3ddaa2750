"""Write the golden profile anew: `python tests/golden/update_profile.py`. Look at the difference before committing it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e" / "support"))

if __name__ == "__main__":
    from golden_profile import GOLDEN, sample_profile

    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(json.dumps(sample_profile(), indent=1, ensure_ascii=False) + "\n", "utf-8")
