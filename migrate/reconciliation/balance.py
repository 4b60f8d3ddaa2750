"""The target balances too: each row that was read back is identical, equal under a rule, different, there before, or extra."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from migrate.findings import Finding


@dataclass
class Balance:
    """The rows of one target entity that were read back."""

    rows: int = 0
    """All of them."""
    identical: int = 0
    transformed: int = 0
    """Equal under a rule of ``compare`` in at least one field, and different in none."""
    different: int = 0
    existing: int = 0
    """Matched with what the target had before: they keep their values."""
    extra: int = 0
    """Expected by nothing, or second rows of one record."""

    @property
    def accounted(self) -> int:
        """The sum of all parts."""
        return sum(getattr(self, part.name) for part in fields(self) if part.name != "rows")


def uneven(balances: Mapping[str, Balance], of: Mapping[str, str]) -> Iterator[Finding]:
    """A finding for each target entity whose parts are not its rows. ``of`` names a mapping of each."""
    for entity, balance in balances.items():
        if balance.accounted != balance.rows:
            message = f"{balance.rows} rows of {entity} were read back, and {balance.accounted} are accounted for"
            yield Finding("REC-UNEVEN", "hold", of[entity], None, None, str(balance.rows - balance.accounted), message)
