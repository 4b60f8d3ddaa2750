"""Writing and removing records: batches that are split around a bad record, and replies that never came."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from migrate.connectors.moodle_service.calls import Answer, Lost, Refused, TooMany, at, pairs, plain
from migrate.connectors.moodle_service.client import Client
from migrate.connectors.moodle_service.finding import Finder
from migrate.connectors.moodle_service.options import Options
from migrate.connectors.moodle_service.plan import Plan
from migrate.connectors.moodle_service.values import Missing, empty, sent_as
from migrate.connectors.moodle_service.words import Call, Errors
from migrate.connectors.target import Outcome, Record
from migrate.errors import TargetLost

_ATTEMPTS = 3
"""Attempts after an error that may pass although the site answers, such as a dead lock in its database."""
_ROUNDS = 4
"""How often a call is repeated that a site at work answers with a fault; then one of its records is taken to be the cause."""


@dataclass(frozen=True)
class Sent:
    """A record and what is sent for it."""

    record: Record
    item: Any


Outcomes = dict[str, Outcome]
Effect = Literal["creates", "changes", "removes"]


class Dispatch:
    """Sends the records of one call, and finds out what became of each."""

    def __init__(self, client: Client, finder: Finder, options: Options, errors: Errors) -> None:
        self.client, self.finder, self.options, self.errors = client, finder, options, errors

    def send(self, plan: Plan, call: Call, records: Sequence[Record], effect: Effect) -> Outcomes:
        """One outcome for each record. Raises TargetRefused where the token counts no more."""
        outcomes: Outcomes = {}
        ready: list[Sent] = []
        for record in records:
            try:
                if call.item is not None:
                    ready.append(Sent(record, plan.sender.value(record, call.item)))
                else:
                    ready.append(Sent(record, plan.sender.row(record, call.parameters)))
            except Missing as missing:
                outcomes[record.key] = Outcome(record.key, "refused", record.native, str(missing))
        batch = _Batch(self, plan, call, effect)
        for chunk in self.portions(call, ready):
            outcomes |= batch.send(chunk)
        return outcomes

    def portions(self, call: Call, ready: Sequence[Sent]) -> Iterator[list[Sent]]:
        """What fits into a call: records, parameters and bytes."""
        base = len(self.client.form(call.call, {}))
        chunk: list[Sent] = []
        count, size = base, 1_000
        for one in ready:
            parameters = pairs(f"{call.list}[9999]", one.item)
            length = sum(3 * len(name) + 3 * len(value.encode()) + 2 for name, value in parameters)
            full = count + len(parameters) > self.client.max_vars or size + length > self.client.max_bytes
            if chunk and (full or len(chunk) >= self.options.batch):
                yield chunk
                chunk, count, size = [], base, 1_000
            chunk.append(one)
            count, size = count + len(parameters), size + length
        if chunk:
            yield chunk


@dataclass
class _Batch:
    """Sends portions of one call."""

    dispatch: Dispatch
    plan: Plan
    call: Call
    effect: Effect

    @property
    def repeatable(self) -> bool:
        """May the call be sent again without knowing what became of it?"""
        return self.call.repeatable or self.effect == "removes"

    def send(self, chunk: Sequence[Sent], rounds: int = 0) -> Outcomes:
        client = self.dispatch.client
        arguments = {self.call.list: [one.item for one in chunk]}
        tries, faults, happened, at_work = 0, 0, False, False

        def attempt() -> Answer:
            nonlocal tries, faults, happened
            tries += 1
            try:
                return client.once(self.call.call, arguments)
            except Refused as refused:
                if refused.code in self.dispatch.errors.again and tries < _ATTEMPTS:
                    raise Lost(refused.message, happened=False) from None
                raise
            except Lost as lost:
                happened = happened or lost.happened
                faults += lost.happened
                raise

        def again(lost: Lost) -> bool:
            nonlocal at_work
            at_work = lost.happened and faults >= _ROUNDS and client.answers()
            return not at_work and (self.repeatable or not lost.happened)

        try:
            answer = client.patiently(attempt, again)
        except TooMany:
            if len(chunk) == 1:
                return self._all(chunk, "refused", "the record has more parameters than the site takes in one call")
            client.max_vars = max(50, min(client.max_vars, len(client.form(self.call.call, arguments))) // 2)
            return self._halves(chunk, rounds)
        except Refused as refused:
            if len(chunk) > 1:
                return self._halves(chunk, max(rounds, int(happened)))
            return self._refused(chunk, f"{refused.message} ({refused.code})", before=happened or rounds > 0)
        except Lost as lost:
            if lost.happened and not self.repeatable:
                return self._settle(chunk, lost, rounds)
            if at_work and len(chunk) > 1:
                return self._halves(chunk, rounds)
            return self._given_up(chunk, lost) if happened else self._all(chunk, "failed", lost.reason)
        return self._answered(chunk, answer, rounds)

    def _halves(self, chunk: Sequence[Sent], rounds: int) -> Outcomes:
        middle = len(chunk) // 2
        return self.send(chunk[:middle], rounds) | self.send(chunk[middle:], rounds)

    def _all(self, chunk: Sequence[Sent], result: Any, message: str) -> Outcomes:
        return {one.record.key: Outcome(one.record.key, result, one.record.native, message) for one in chunk}

    def _found(self, chunk: Sequence[Sent]) -> Outcomes:
        """Those that are there, as done."""
        held = self.dispatch.finder.by_key(self.plan, [one.record for one in chunk])
        return {key: Outcome(key, "done", found.native) for key, found in held.items()}

    def _given_up(self, chunk: Sequence[Sent], lost: Lost) -> Outcomes:
        """No reply, however often it was sent. Whether records are there or not can still be asked."""
        unknown = self._all(chunk, "unknown", lost.reason)
        if self.effect == "changes" or lost.busy:
            return unknown
        try:
            found = self._found(chunk)
        except TargetLost:
            return unknown
        if self.effect == "creates":
            return unknown | found
        return unknown | self._all([one for one in chunk if one.record.key not in found], "done", "")

    def _refused(self, chunk: Sequence[Sent], message: str, *, before: bool) -> Outcomes:
        """A record alone was refused. It may be there all the same, because an attempt before this one was not without effect."""
        if self.effect == "changes":
            return self._all(chunk, "refused", message)
        try:
            found = self._found(chunk)
        except TargetLost:
            return self._all(chunk, "unknown" if before else "refused", message)
        if self.effect == "removes":
            return self._all(chunk, "refused" if found else "done", message if found else "")
        if found and before:
            return found
        if found:
            message = f"{message}; the target holds a record of this key already"
        return self._all(chunk, "refused", message)

    def _settle(self, chunk: Sequence[Sent], lost: Lost, rounds: int) -> Outcomes:
        """Nobody knows what a call did: the target is asked. What it does not hold is sent again, unless it may be at work."""
        options = self.dispatch.options
        if self.effect != "creates":
            return self._all(chunk, "unknown", lost.reason)
        found: Outcomes = {}
        left = list(chunk)
        for number in range(options.settle):
            time.sleep(min(options.first_pause * 2**number, options.longest_pause) * random.uniform(0.5, 1))  # noqa: S311
            try:
                found |= self._found(left)
            except TargetLost:
                return found | self._all(left, "unknown", lost.reason)
            left = [one for one in left if one.record.key not in found]
            if not left:
                return found
        if not lost.busy and rounds >= _ROUNDS and len(left) > 1:
            return found | self._halves(left, 1)
        if lost.busy or rounds >= _ROUNDS:
            return found | self._all(left, "unknown", f"{lost.reason}; the target does not hold it yet")
        return found | self.send(left, rounds + 1)

    def _answered(self, chunk: Sequence[Sent], answer: Answer, rounds: int) -> Outcomes:
        outcomes: Outcomes = {}
        left = list(chunk)
        if self.call.warnings is not None:
            outcomes, left = self._warned(chunk, answer, rounds)
        if self.call.ids is not None and left:
            outcomes |= self._numbered(left, answer)
        else:
            outcomes |= self._all(left, "done", "")
        if self.call.verify is not None:
            outcomes |= self._verified([one for one in left if outcomes[one.record.key].result == "done"])
        return outcomes

    def _warned(self, chunk: Sequence[Sent], answer: Answer, rounds: int) -> tuple[Outcomes, list[Sent]]:
        """Outcomes of those the answer warns of, and the others."""
        words = self.call.warnings
        assert words is not None
        warnings = at(answer.data, words.at) or []
        if not warnings:
            return {}, list(chunk)
        said = [(str(at(one, words.match)) if words.match else "", warning_text(one)) for one in warnings]
        if len(chunk) == 1:
            everything = "; ".join(text for _, text in said)
            found = {} if words.match else self._found(chunk)
            return (found or self._all(chunk, "refused", everything)), []
        owners: dict[str, list[Sent]] = {}
        for one in chunk if words.match else ():
            of = one.record.links.get(words.about) if words.about else one.record.native
            owners.setdefault(str(of), []).append(one)
        if words.match and all(len(owners.get(number, ())) == 1 for number, _ in said):
            outcomes: Outcomes = {}
            for number, text in said:
                outcomes |= self._all(owners[number], "refused", text)
            return outcomes, [one for one in chunk if one.record.key not in outcomes]
        return self._by_itself(chunk, {number for number, _ in said} if words.match else None, owners, rounds)

    def _by_itself(
        self, chunk: Sequence[Sent], numbers: set[str] | None, owners: dict[str, list[Sent]], rounds: int
    ) -> tuple[Outcomes, list[Sent]]:
        """A warning that does not say which record it means. Those that can be meant are sent once more, each by itself."""
        if numbers is None:
            found = self._found(chunk)
            meant = [one for one in chunk if one.record.key not in found]
            rest = [one for one in chunk if one.record.key in found]
        else:
            meant = [one for number in numbers for one in owners.get(number, chunk)]
            keys = {one.record.key for one in meant}
            rest = [one for one in chunk if one.record.key not in keys]
        outcomes: Outcomes = {}
        for one in {one.record.key: one for one in meant}.values():
            outcomes |= self.send([one], rounds)
        return outcomes, rest

    def _numbered(self, chunk: Sequence[Sent], answer: Answer) -> Outcomes:
        """The ids of new records, from the answer; where it does not tell, by asking."""
        ids = self.call.ids
        assert ids is not None
        rows = at(answer.data, ids.at)
        rows = rows if isinstance(rows, list) else []
        outcomes: Outcomes = {}
        if not ids.match and len(rows) == len(chunk):
            numbers = {one.record.key: at(row, ids.native) for one, row in zip(chunk, rows, strict=True)}
        else:
            by_match = {tuple(str(at(row, path)) for path in ids.match.values()): at(row, ids.native) for row in rows}
            keys = {one.record.key: tuple(_sent(one.record, field) for field in ids.match) for one in chunk}
            numbers = {key: by_match.get(match) for key, match in keys.items()}
        for one in chunk:
            if (number := numbers.get(one.record.key)) is not None:
                outcomes[one.record.key] = Outcome(one.record.key, "done", str(number))
        left = [one for one in chunk if one.record.key not in outcomes]
        if left:
            outcomes |= self._all(left, "unknown", "the target said that it is done, and does not show it")
            outcomes |= self._found(left)
        return outcomes

    def _verified(self, chunk: Sequence[Sent]) -> Outcomes:
        """Refusals of those that the target took without a word and does not hold."""
        field = self.call.verify
        assert field is not None
        meant = [one for one in chunk if not empty(one.record, field)]
        found = self._found(meant) if meant else {}
        return self._all(
            [one for one in meant if one.record.key not in found],
            "refused", "the target took it without a message, and does not hold it",
        )  # fmt: skip


def warning_text(warning: Any) -> str:
    """What a warning in an answer says."""
    return plain(f"{at(warning, 'message') or warning} ({at(warning, 'warningcode')})")


def _sent(record: Record, field: str) -> str:
    if field in record.links:
        return record.links[field]
    value = record.values.get(field)
    return "" if value is None else sent_as(value)


def with_id(record: Record, outcome: Outcome) -> Record:
    """The record with the id that it got."""
    return record if outcome.native is None else replace(record, native=outcome.native)
