"""A profile in some lines for a terminal."""

from __future__ import annotations

import textwrap
from collections import defaultdict

from migrate.codes import TITLES
from migrate.profiling.model import Profile, Remark
from migrate.profiling.remarks import CODES
from reports.visible import plain

MOST = 3


def profile_text(profile: Profile, width: int) -> str:
    """What stands out, by code, with the largest of each."""
    there = [entity for entity in profile.entities if entity.present]
    tables = f"{len(there)} tables, {profile.rows:,} rows"
    lines = [f"{profile.label}: {tables}, {profile.seconds:.1f} s", f"  schema sha256:{profile.fingerprint[:16]}"]
    by_code: dict[str, list[Remark]] = defaultdict(list)
    for remark in profile.remarks:
        by_code[remark.code].append(remark)
    for code in CODES:
        if found := by_code.get(code):
            lines.append(f"  {code}: {TITLES[code]}, {len(found)}")
            for remark in found[:MOST]:
                place = remark.entity + (f".{remark.field}" if remark.field else "")
                rows = f" {remark.rows:,} rows," if remark.rows else ""
                lines += [textwrap.shorten(plain(f"{place}:{rows} {remark.text}"), max(width - 6, 40), placeholder=" ...")]
                lines[-1] = f"      {lines[-1]}"
            if len(found) > MOST:
                lines.append(f"      and {len(found) - MOST} more")
    return "\n".join(lines) + "\n"
