"""Canvas as a live target: SIS imports and reports for what they carry, web service calls for the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from migrate.connectors.canvas_sis.grades import GradesEntity
from migrate.connectors.canvas_sis.http import Refused, Service
from migrate.connectors.canvas_sis.jobs import Imports
from migrate.connectors.canvas_sis.reports import Reports
from migrate.connectors.canvas_sis.rest import RestEntity
from migrate.connectors.canvas_sis.sis import SisEntity
from migrate.connectors.canvas_sis.words import Grades, Rest, SisImport, Spec, read_options, read_words
from migrate.connectors.target import Ability, Action, Held, Outcome, Record, TargetInfo, Warned
from migrate.contracts.load import LoadedContract
from migrate.errors import ConfigurationError, Problem, TargetLost, TargetRefused


class CanvasTarget:
    """The records of one root account. Implements :class:`migrate.connectors.target.TargetConnector`."""

    def __init__(self, contract: LoadedContract, spec: Spec, service: Service, options: Mapping[str, Any]) -> None:
        self._contract, self._spec, self._service = contract, spec, service
        self._options = read_options(options)
        self.info = TargetInfo(service.address)
        words = spec.connection
        self._account = self._opened(words.account_path)
        owner = str(self._opened(words.identity)["id"])
        self._imports = Imports(service, words, self._options, owner)
        self._reports = Reports(service, words, self._options)
        self._entities = self._made()

    def __repr__(self) -> str:
        return f"CanvasTarget({self.info.address!r})"

    @classmethod
    def open(cls, contract: LoadedContract, url: str, token: SecretStr, options: Mapping[str, Any]) -> CanvasTarget:
        """Look whether the account can be reached.

        Raises ConfigurationError for wrong words of the contract or options, TargetRefused where Canvas lets nobody in.
        """
        spec = read_words(contract)
        service = Service(url, token, spec.connection, read_options(options))
        try:
            return cls(contract, spec, service, options)
        except BaseException:
            service.close()
            raise

    def _opened(self, template: str) -> dict[str, Any]:
        path = self._service.path(template)
        try:
            return dict(self._service.get(path))
        except Refused as error:
            hint = "check target: {url, token, options: {account: ...}} and the rights of the token's owner"
            raise TargetRefused(f"Canvas does not show {path}: {error.message}", hint=hint) from None

    def _made(self) -> dict[str, SisEntity | RestEntity | GradesEntity]:
        made: dict[str, SisEntity | RestEntity | GradesEntity] = {}
        model, words, lock = self._contract.model, self._spec.connection, threading.RLock()
        for name, write in self._spec.writes.items():
            entity = model.entities[name]
            if isinstance(write, SisImport):
                made[name] = SisEntity(model, name, write, self._imports, self._reports, lock, str(self._account.get("id")))
            elif isinstance(write, Rest):
                made[name] = RestEntity(entity, write, self._service)
        for name, write in self._spec.writes.items():
            if isinstance(write, Grades):
                reference = model.entities[name].fields[write.assignment].references
                other = made.get(reference.entity) if reference else None
                if not isinstance(other, RestEntity):
                    at = self._contract.document.place("entities", name, "write", "assignment")
                    problem = Problem("the field refers to no entity that is written by calls of its own", at, write.assignment)
                    raise ConfigurationError(f"{self._contract.document.file} cannot be used", problems=[problem])
                made[name] = GradesEntity(model.entities[name], write, other, self._service, words, self._options)
        return made

    def _entity(self, name: str) -> SisEntity | RestEntity | GradesEntity:
        if name not in self._entities:
            at = self._contract.document.place("entities", name)
            problem = Problem("the contract does not say how it is written", at, name, tuple(self._entities))
            raise ConfigurationError(f"{name} cannot be written to Canvas", problems=[problem], hint="add write: to the entity")
        return self._entities[name]

    def ability(self, entity: str) -> Ability:
        """What can be done with records of ``entity``."""
        return self._entity(entity).ability()

    def find(self, entity: str, records: Sequence[Record]) -> Iterable[Held]:
        """What Canvas holds of the records, once no import is running."""
        return self._asked(entity, lambda: self._entity(entity).find(records))

    def write(self, entity: str, action: Action, records: Sequence[Record]) -> list[Outcome]:
        """Write the records."""
        return self._asked(entity, lambda: self._entity(entity).write(action, records))

    def remove(self, entity: str, records: Sequence[Record]) -> list[Outcome]:
        """Remove the records; what Canvas refuses to remove stays and says so."""
        return self._asked(entity, lambda: self._entity(entity).remove(records))

    def _asked(self, entity: str, work: Callable[[], list[Any]]) -> list[Any]:
        try:
            return work()
        except Refused as error:
            hint = "check the rights of the token's owner, and run again"
            raise TargetLost(f"Canvas does not show {entity}: {error.message}", hint=hint) from None
        except TargetRefused as error:  # it let us in when it was opened
            raise TargetLost(error.message, hint=error.hint) from None

    def count(self, entity: str) -> int | None:
        """Not cheap to know."""
        return None

    def close(self) -> None:
        """Let go of connections and of report files."""
        self._reports.close()
        self._service.close()

    # Before the live run ------------------------------------------------------------------------------------------

    def preflight(self, entities: Sequence[str]) -> list[Warned]:
        """Rights, running imports, edited fields that stay, and what the chosen entities set off."""
        found = [*self._account_warnings(), *self._rights(), *self._running()]
        writes = [self._spec.writes[name] for name in entities if name in self._spec.writes]
        if any(isinstance(write, SisImport) for write in writes):
            found.append(self._stickiness())
        effects = {effect.code: effect for write in writes for effect in write.side_effects}
        found += [Warned(effect.code, effect.message, effect.avoid) for effect in effects.values()]
        return found

    def _account_warnings(self) -> Iterable[Warned]:
        if self.info.address.startswith("http:"):
            yield Warned(
                "CANVAS-NOT-ENCRYPTED",
                "the address begins with http:, so the token and people's data can be read on the way",
                "write target: {url: https://...}",
            )
        if self._account.get("root_account_id") is not None:
            yield Warned(
                "CANVAS-NOT-ROOT",
                "the account is not a root account, and SIS imports run at root accounts only",
                "set target: {options: {account: ...}} to the root account's number",
            )

    def _rights(self) -> Iterable[Warned]:
        words = self._spec.connection
        asked = [("permissions[]", permission.name) for permission in words.permissions]
        try:
            allowed = self._service.get(self._service.path(words.permissions_path), asked) if asked else {}
        except Refused as error:
            yield Warned("CANVAS-RIGHTS-UNSEEN", f"Canvas does not tell the token's rights: {error.message}",
                         "make sure that the token belongs to an administrator of the root account", blocking=False)  # fmt: skip
            return
        for permission in words.permissions:
            if allowed.get(permission.name) is False:
                yield Warned(
                    "CANVAS-RIGHT-LACKS",
                    f"the token's owner lacks the right {permission.name}, needed for {permission.needed_for}",
                    "give the right to a role of the owner at the root account",
                )

    def _running(self) -> Iterable[Warned]:
        try:
            jobs = self._imports.running()
        except Refused as error:
            yield Warned("CANVAS-IMPORTS-UNSEEN", f"Canvas does not show its SIS imports: {error.message}",
                         "give the token's owner the right to manage SIS data")  # fmt: skip
            return
        for job in jobs:
            whose = "an earlier run of this token" if self._imports.ours(job) else "somebody else"
            yield Warned("CANVAS-IMPORT-RUNNING", f"SIS import {job['id']} of {whose} is running; Canvas does one at a time",
                         "wait for it, or let the run wait", blocking=False)  # fmt: skip

    def _stickiness(self) -> Warned:
        if self._options.override_sis_stickiness:
            return Warned(
                "CANVAS-STICKY-OVERRIDE",
                "fields that somebody edited in the pages of Canvas will be overwritten (override_sis_stickiness)",
                "take the option out to keep such edits",
            )
        return Warned(
            "CANVAS-STICKY",
            "fields that somebody edited in the pages of Canvas keep their value; the comparison shows them as differences",
            "set target: {options: {override_sis_stickiness: true}} to overwrite them",
            blocking=False,
        )
