"""Statements on their way to a store: in calls of a size that it takes, and taken apart until the one at fault stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from migrate.connectors.json_shape import compact
from migrate.connectors.target import Outcome
from migrate.connectors.xapi.compare import differing
from migrate.connectors.xapi.http import Lrs, Refused, Unsure

Statement = tuple[str, dict[str, Any]]
"""Key of the record, and the statement that is meant."""
TOO_LARGE, CONFLICT, FAULT = 413, 409, 500


class Sender:
    """Sends to one store, and says what became of each statement."""

    def __init__(self, lrs: Lrs, most: int, most_bytes: int, voided: Callable[[str], bool]) -> None:
        self._lrs, self._most, self._most_bytes, self._voided = lrs, most, most_bytes, voided

    def send(self, statements: Sequence[Statement]) -> list[Outcome]:
        """One outcome for each."""
        outcomes: list[Outcome] = []
        fresh: list[Statement] = []
        for key, statement in statements:
            if self._voided(statement["id"]):
                outcomes.append(Outcome(key, "refused", None, "a statement of this id was voided, and none comes back under it"))
            else:
                fresh.append((key, statement))
        for part in self._calls(fresh):
            outcomes += self._call(part)
        return outcomes

    def _calls(self, statements: Sequence[Statement]) -> Iterator[list[Statement]]:
        part: list[Statement] = []
        size = 2
        for key, statement in statements:
            own = len(compact(statement).encode()) + 1
            if part and (len(part) == self._most or size + own > self._most_bytes):
                yield part
                part, size = [], 2
            part.append((key, statement))
            size += own
        if part:
            yield part

    def _call(self, part: list[Statement]) -> list[Outcome]:
        try:
            self._lrs.post(f"[{','.join(compact(statement) for _, statement in part)}]".encode())
        except Unsure as error:
            return [Outcome(key, "unknown", None, str(error)) for key, _ in part]
        except Refused as error:
            if error.status == CONFLICT:
                return self._conflict(part, error)
            if len(part) == 1:
                key, statement = part[0]
                result: Any = "failed" if error.status >= FAULT else "refused"
                size = f"the statement has {len(compact(statement).encode())} bytes: " if error.status == TOO_LARGE else ""
                return [Outcome(key, result, None, f"{size}{error.message}")]
            return self._halves(part)
        return [Outcome(key, "done", statement["id"]) for key, statement in part]

    def _halves(self, part: list[Statement]) -> list[Outcome]:
        middle = len(part) // 2
        return [*self._call(part[:middle]), *self._call(part[middle:])]

    def _conflict(self, part: list[Statement], error: Refused) -> list[Outcome]:
        """Some of the ids are taken. The same words: it is there already. Others: it is refused, and stays as it is."""
        outcomes, rest = [], list[Statement]()
        for key, statement in part:
            held = self._lrs.statement(statement["id"])
            if held is None:
                rest.append((key, statement))
            elif wrong := differing(statement, held):
                said = f"the store has a statement of this id that says something else: {', '.join(wrong)}"
                outcomes.append(Outcome(key, "refused", None, said))
            else:
                outcomes.append(Outcome(key, "done", statement["id"]))
        if not rest:
            return outcomes
        if len(rest) < len(part):
            return [*outcomes, *self._call(rest)]
        if len(rest) == 1:  # taken by a statement that is not shown
            return [*outcomes, Outcome(rest[0][0], "refused", None, f"the id is taken: {error.message}")]
        return [*outcomes, *self._halves(rest)]
