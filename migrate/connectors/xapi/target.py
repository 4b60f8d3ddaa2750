"""A learning record store as a live target: statements are stored once, never changed, and taken back by voiding them."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from migrate.connectors.json_shape import Shape, json_value, strict_loads, typed_value
from migrate.connectors.target import Ability, Action, Held, Outcome, Record, TargetInfo, Warned
from migrate.connectors.xapi.http import Lrs, Refused
from migrate.connectors.xapi.reading import Unreadable, read_all
from migrate.connectors.xapi.sending import Sender
from migrate.connectors.xapi.spool import Spool
from migrate.connectors.xapi.words import Spec, Statements, XapiOptions, read_options, read_words
from migrate.contracts.load import LoadedContract
from migrate.errors import ConfigurationError, Problem, TargetLost, TargetRefused

FEW = 8
"""Records that are asked for one by one; for more, what was stored since the run began is read as a list first."""
CLOCKS = dt.timedelta(minutes=5)
_SECOND = dt.timedelta(seconds=1)


class XapiTarget:
    """The statements of one store. Implements :class:`migrate.connectors.target.TargetConnector`."""

    def __init__(self, contract: LoadedContract, spec: Spec, lrs: Lrs, options: XapiOptions) -> None:
        self._contract, self._spec, self._lrs, self._options = contract, spec, lrs, options
        words = spec.connection
        self._shapes = {name: Shape(contract.model.entities[name].fields) for name in spec.writes}
        try:
            self._versions = lrs.about()
            first = next(lrs.pages(limit="1"))
        except Refused as error:
            raise TargetRefused(
                f"{lrs.address} does not show its statements: {error.message}", hint="check target: {url: ...}"
            ) from None
        except TargetLost as error:
            raise TargetRefused(error.message, hint=error.hint) from None
        self._was_empty = not first
        self.info = TargetInfo(lrs.address, ", ".join(self._versions) or None)
        self._from = (lrs.clock or dt.datetime.now(dt.UTC)) - 2 * _SECOND
        self._lock = threading.RLock()
        self._listed: Spool | None = None
        self._read_to = self._from
        self._wrote: dt.datetime | None = None
        """From when on, by the store's clock, all that was written can be read; None while nothing was written."""
        self._stale = False
        self._voids: set[str] | None = None
        batch = min(options.batch or words.batch, words.batch)
        self._sender = Sender(lrs, batch, options.batch_bytes or words.batch_bytes, lambda id_: id_.lower() in self._voided())

    def __repr__(self) -> str:
        return f"XapiTarget({self.info.address!r})"

    @classmethod
    def open(cls, contract: LoadedContract, url: str, token: SecretStr, options: Mapping[str, Any]) -> XapiTarget:
        """Look whether the store lets us in.

        Raises ConfigurationError for wrong words of the contract or options, TargetRefused where the store lets nobody in.
        """
        spec, chosen = read_words(contract), read_options(options)
        if token.get_secret_value():
            hint = "write target: {url: https://KEY:${LRS_SECRET}@...} and take token away"
            raise TargetRefused("a learning record store takes key and secret, and no token", hint=hint)
        lrs = Lrs(url, spec.connection, chosen.retry_seconds, chosen.poll_ms / 1000, TargetRefused, TargetLost)
        try:
            return cls(contract, spec, lrs, chosen)
        except BaseException:
            lrs.close()
            raise

    def ability(self, entity: str) -> Ability:
        """Statements cannot be changed. Those that are removed are voided: the store keeps them, and shows them no more."""
        self._write(entity)
        words = self._spec.connection
        return Ability(
            update=False, unwritable=self._write(entity).stamped, batch=min(self._options.batch or words.batch, words.batch),
            find_batch=1000, parallel=self._options.parallel,
        )  # fmt: skip

    def _write(self, entity: str) -> Statements:
        if entity not in self._spec.writes:
            at = self._contract.document.place("entities", entity)
            problem = Problem("the contract does not say that it is statements", at, entity, tuple(self._spec.writes))
            raise ConfigurationError(
                f"{entity} cannot be written to a store", problems=[problem], hint="add write: to the entity"
            )
        return self._spec.writes[entity]

    # Looking -----------------------------------------------------------------------------------------------------

    def find(self, entity: str, records: Sequence[Record]) -> Iterable[Held]:
        """What the store holds of the records, but for what is voided."""
        self._write(entity)
        with self._answering(entity):
            return [self._held(entity, record, found) for record, found in self._found(records) if found is not None]

    def _found(self, records: Sequence[Record]) -> Iterator[tuple[Record, dict[str, Any] | None]]:
        if not records:
            return
        listed = self._list() if self._wrote is not None and len(records) > FEW else None
        voided = self._voided()
        for record in records:
            id_ = _id(record)
            if id_ in voided:
                yield record, None
                continue
            yield record, (listed.get(id_) if listed is not None else None) or self._asked(id_)

    def _asked(self, id_: str) -> dict[str, Any] | None:
        """One statement. That there is none counts once the store can show what it took before."""
        pause, waited = self._options.poll_ms / 1000, 0.0
        while (found := self._lrs.statement(id_)) is None and not self._shows_all():
            if waited >= self._options.consistent_seconds:
                raise TargetLost(
                    f"after {waited:g} seconds the store does not show yet what it took (X-Experience-API-Consistent-Through)",
                    hint="run again later, or raise target: {options: {consistent_seconds: ...}}",
                )
            self._lrs.wait(pause)
            waited += pause
        return found

    def _shows_all(self) -> bool:
        return self._wrote is None or self._lrs.consistent is None or self._lrs.consistent >= self._wrote

    def _list(self) -> Spool:
        """What was stored since this connector was opened. It is read on where something was written since."""
        with self._lock:
            self._listed = self._listed or Spool()
            if self._stale:
                self._stale = False
                try:
                    self._read_to = read_all(self._lrs, self._listed, since=self._read_to - _SECOND) or self._read_to
                except Unreadable as error:
                    raise TargetLost(str(error), hint="run again") from None
            return self._listed

    def _voided(self) -> set[str]:
        """Ids of all statements that were taken back, by whomever."""
        with self._lock:
            if self._voids is None:
                spool, verb = Spool(), self._voiding()["verb"]["id"]
                try:
                    read_all(self._lrs, spool, verb=verb)
                    self._voids = set()
                    for text in spool.texts():
                        self._voids |= _voids(strict_loads(text), verb)
                except Unreadable as error:
                    raise TargetLost(str(error), hint="run again") from None
                finally:
                    spool.close()
            return self._voids

    def _held(self, entity: str, record: Record, found: Mapping[str, Any]) -> Held:
        shape = self._shapes[entity]
        values = {field: typed_value(shape.fields[field], value) for field, value in shape.values(found).items()}
        return Held(record.key, str(found["id"]), {**values, self._write(entity).id: record.key})

    def count(self, entity: str) -> int | None:
        """None at all, where the store was empty; other numbers are not cheap to know."""
        return 0 if self._was_empty and self._wrote is None else None

    # Writing -----------------------------------------------------------------------------------------------------

    def write(self, entity: str, action: Action, records: Sequence[Record]) -> list[Outcome]:
        """Have statements stored. What is there already in the same words is done, in other words refused."""
        self._write(entity)
        if action != "create":
            return [Outcome(record.key, "refused", record.native, "a statement never changes") for record in records]
        with self._answering(entity):
            return self._sent([(record.key, self._statement(entity, record)) for record in records])

    def _sent(self, statements: Sequence[tuple[str, dict[str, Any]]]) -> list[Outcome]:
        if not statements:
            return []
        outcomes = self._sender.send(statements)
        with self._lock:
            # Its clock is cut to seconds, so that what it took is of the second after at the latest.
            self._wrote, self._stale = (self._lrs.clock or dt.datetime.now(dt.UTC)) + _SECOND, True
        return outcomes

    def _statement(self, entity: str, record: Record) -> dict[str, Any]:
        shape, write = self._shapes[entity], self._write(entity)
        target = self._contract.model.target
        assert target is not None
        format_ = self._contract.model.entities[entity].format or target.format
        values = {
            field: json_value(shape.fields[field], value, format_)
            for field, value in record.values.items()
            if field in shape.fields and field not in write.stamped
        }
        return shape.build({**values, write.id: _id(record)})

    def remove(self, entity: str, records: Sequence[Record]) -> list[Outcome]:
        """Void the statements that are there."""
        self._write(entity)
        with self._answering(entity):
            there = [record for record, found in self._found(records) if found is not None]
            sent = [(record.key, self._voiding(_id(record))) for record in there]
            outcomes = {outcome.key: outcome for outcome in self._sent(sent)}
            for record in there:
                if outcomes[record.key].result == "done":
                    self._voided().add(_id(record))
                    if self._listed is not None:
                        self._listed.forget(_id(record))
        return [outcomes.get(record.key, Outcome(record.key, "done", record.native)) for record in records]

    def _voiding(self, id_: str = "") -> dict[str, Any]:
        """The statement that voids another. It has no time of its own, so that a repetition says the same."""
        words = self._spec.connection.voiding
        assert words is not None
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.info.address}#voided/{id_}")),
            "actor": _filled(words.actor, self.info.address),
            "verb": {"id": words.verb},
            "object": {"objectType": "StatementRef", "id": id_},
        }

    @contextmanager
    def _answering(self, entity: str) -> Iterator[None]:
        try:
            yield
        except Refused as error:
            raise TargetLost(f"the store does not show {entity}: {error.message}", hint="check the rights of the key") from None
        except TargetRefused as error:  # it let us in when it was opened
            raise TargetLost(error.message, hint=error.hint) from None

    def close(self) -> None:
        """Let go of connections and of what was read."""
        if self._listed is not None:
            self._listed.close()
            self._listed = None
        self._lrs.close()

    # Before the live run -----------------------------------------------------------------------------------------

    def preflight(self, entities: Sequence[str]) -> list[Warned]:
        """How the store is reached, what it speaks, its clock, and what statements set off."""
        found: list[Warned] = []
        if self.info.address.startswith("http:"):
            found.append(Warned(
                "XAPI-NOT-ENCRYPTED", "the address begins with http:, so the secret and people's data can be read on the way",
                "write target: {url: https://...}",
            ))  # fmt: skip
        spoken = self._spec.connection.version
        if self._versions and not any(version.split(".")[:2] == spoken.split(".")[:2] for version in self._versions):
            found.append(Warned(
                "XAPI-VERSION", f"the store speaks {', '.join(self._versions)}, and statements are sent as {spoken}",
                "ask the operator of the store whether it takes them", blocking=False,
            ))  # fmt: skip
        apart = abs((self._lrs.clock or dt.datetime.now(dt.UTC)) - dt.datetime.now(dt.UTC))
        if apart > CLOCKS:
            found.append(Warned(
                "XAPI-CLOCK", f"the clock of the store and that of this machine are {apart.total_seconds():.0f} seconds apart",
                "set the clock that is wrong; a store may refuse what lies in its future", blocking=False,
            ))  # fmt: skip
        effects = {e.code: e for name in entities if name in self._spec.writes for e in self._spec.writes[name].side_effects}
        return [*found, *(Warned(effect.code, effect.message, effect.avoid) for effect in effects.values())]


def _id(record: Record) -> str:
    return record.key.lower()


def _voids(statement: Mapping[str, Any], verb: str) -> set[str]:
    said, what = statement.get("verb"), statement.get("object")
    if not isinstance(said, dict) or not isinstance(what, dict) or said.get("id") != verb:
        return set()
    return {str(what.get("id")).lower()} if what.get("objectType") == "StatementRef" else set()


def _filled(part: Any, address: str) -> Any:
    if isinstance(part, dict):
        return {name: _filled(inner, address) for name, inner in part.items()}
    return part.replace("{address}", address) if isinstance(part, str) else part
