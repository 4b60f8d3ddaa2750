"""The connector: a Moodle that is written through its web services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from migrate.connectors.moodle_backup import backup_words
from migrate.connectors.moodle_service.asking import Asking
from migrate.connectors.moodle_service.calls import Answer, Lost, Refused, at
from migrate.connectors.moodle_service.client import Client
from migrate.connectors.moodle_service.finding import Finder, counted, doubted
from migrate.connectors.moodle_service.handing import TOGETHER, Handing
from migrate.connectors.moodle_service.options import Options, read_options
from migrate.connectors.moodle_service.plan import Plan, make_connection, make_plans
from migrate.connectors.moodle_service.uploading import FOLDER, Uploading
from migrate.connectors.moodle_service.uploading import TOGETHER as UPLOADED
from migrate.connectors.moodle_service.words import Call, Connection, Empty
from migrate.connectors.moodle_service.writing import Dispatch, Effect, Outcomes, warning_text, with_id
from migrate.connectors.target import Ability, Action, Held, Outcome, Record, TargetInfo, Waiting, Warned
from migrate.contracts.load import LoadedContract
from migrate.contracts.model import Contract
from migrate.errors import TargetLost, TargetRefused
from migrate.said import number_of

_ADD = "add them in Site administration > Server > Web services > External services > Functions"
_UPLOAD_FIRST = f"""\
NOT YET: the files in {FOLDER}/ come first. Give them to Moodle as {FOLDER}/README.txt says, and run the live run again. Then
restore its files, and of these here only those of courses that get none there. What is restored now lacks the grades and
completions of people who are not there yet: a placeholder that exists takes no more completions, and grades of a second file
may not arrive."""


class MoodleTarget:
    """A Moodle site. See :class:`migrate.connectors.target.TargetConnector`."""

    def __init__(
        self, client: Client, plans: Mapping[str, Plan], connection: Connection, options: Options, about: Any, contract: Contract
    ) -> None:
        self._client, self._plans, self._connection, self._options, self._about = client, plans, connection, options, about
        together = connection.together
        self._asking = Asking(client, together if together is not None and together.call in _allowed(about) else None)
        self._finder = Finder(client, self._asking, plans, connection.errors, connection.files)
        self._dispatch = Dispatch(client, self._finder, options, connection.errors)
        self._handing = Handing(contract, plans, self._finder, options.find_batch)
        self._uploading = Uploading({name: plan for name, plan in plans.items() if name in options.by_file})
        self._confirmed: set[tuple[str, Any]] = set()
        self.info = TargetInfo(client.address, at(about, "release"))

    @classmethod
    def open(cls, contract: LoadedContract, url: str, token: SecretStr, options: Mapping[str, Any]) -> MoodleTarget:
        """Open a site. Raises TargetRefused (address, token, protocol), ConfigurationError (words of the contract)."""
        if not token.get_secret_value():
            raise TargetRefused("the target has no token", hint="give it as target: {token: ...}, from a variable")
        connection = make_connection(contract)
        files = [name for name, entity in contract.model.entities.items() if "upload" in entity.write]
        checked = read_options(options, connection.tables, files)
        tables = {name: {**table, **checked.tables.get(name, {})} for name, table in connection.tables.items()}
        plans = make_plans(contract, connection, tables)
        client = Client(url, token, connection, checked)
        try:
            about = _opened(client, connection)
        except BaseException:
            client.close()
            raise
        me = at(about, "userid")
        plans = {
            name: replace(plan, sender=replace(plan.sender, me=None if me is None else str(me))) for name, plan in plans.items()
        }
        return cls(client, plans, connection, checked, about, contract.model)

    @staticmethod
    def handed_over(contract: Contract, options: Mapping[str, Any]) -> Iterable[str]:
        """Entities that go as course backups, or as files for an upload page. Raises ConfigurationError where words are wrong."""
        named = options.get("by_file") or ()  # whether the options are right is said when the site is opened
        return [*backup_words(contract), *(entity for entity in contract.entities if entity in named)]

    def __repr__(self) -> str:
        return f"MoodleTarget({self.info.address!r})"

    def preflight(self, entities: Sequence[str]) -> list[Warned]:
        """One call: the token, the version, and that its service has every function. Raises TargetRefused."""
        self._about = _opened(self._client, self._connection)
        plans = [self._plan(entity) for entity in entities if entity in self._plans or entity not in self._handing.words]
        allowed = _allowed(self._about)
        needed = {function for plan in plans for function in plan.functions(reading=plan.name in self._uploading.plans)}
        missing = sorted(needed - allowed)
        if missing:
            raise TargetRefused(
                f"the token's service lacks {number_of(len(missing), 'function')}: {', '.join(missing)}", hint=_ADD
            )
        warned = list(self._site_warnings(plans))
        for plan in plans:
            by_file = plan.upload if plan.name in self._uploading.plans else None
            warns = plan.write.warns if by_file is None else by_file.warns
            warned += [Warned(one.code, one.message, one.next, one.blocking) for one in warns]
        return list(dict.fromkeys(warned))

    def _site_warnings(self, plans: Sequence[Plan]) -> Iterable[Warned]:
        release = str(self.info.version or "")
        if self._connection.releases and not release.startswith(self._connection.releases):
            tried = ", ".join(self._connection.releases)
            yield Warned(
                "MOODLE-VERSION-UNTRIED", f"the site is version {release or 'unknown'}; tried were {tried}",
                "try the migration on a copy of the site first",
            )  # fmt: skip
        for table in sorted({table for plan in plans for table in plan.tables() if plan.name not in self._uploading.plans}):
            if table not in self._options.tables:
                known = ", ".join(f"{name}: {number}" for name, number in self._connection.tables[table].items())
                yield Warned(
                    "MOODLE-IDS-ASSUMED",
                    f"the site does not tell the ids of its {table}; those of a new site are taken ({known})",
                    f"look them up on the site, and give them as options: {{tables: {{{table}: {{NAME: ID}}}}}}",
                )  # fmt: skip

    def ability(self, entity: str) -> Ability:
        """What can be done with records of ``entity``."""
        if entity in self._handing.words:
            found = self._plans.get(entity)
            return Ability(
                create=True, update=False, remove=False, find=found is not None, unseen=found.write.unseen if found else (),
                batch=self._options.find_batch, find_batch=self._options.find_batch, parallel=self._options.parallel,
                together=TOGETHER, find_near=found.write.find.near or "" if found else "",
            )  # fmt: skip
        plan = self._plan(entity)
        write = plan.write
        if entity in self._uploading.plans and plan.upload is not None:
            filled = {column.field for column in plan.upload.columns.values()} | {plan.upload.each}
            return Ability(
                create=True, update=False, remove=False, find=True, unseen=write.unseen,
                unwritable=tuple(name for name in plan.entity.fields if name not in filled), batch=self._options.find_batch,
                find_batch=self._options.find_batch, parallel=self._options.parallel, together=UPLOADED,
                find_near=write.find.near or "",
            )  # fmt: skip
        return Ability(
            create=bool(write.create), update=bool(write.update), remove=bool(write.remove), find=True,
            unwritable=write.unwritable, unseen=write.unseen, batch=self._options.batch,
            find_batch=self._options.find_batch, parallel=self._options.parallel, cascades=write.cascades,
            defaults=write.defaults or "", find_near=write.find.near or "",
        )  # fmt: skip

    def find(self, entity: str, records: Sequence[Record]) -> Iterable[Held]:
        """What the site holds of these records at this moment."""
        return list(self._finder.find(self._plan(entity), records))

    def write(self, entity: str, action: Action, records: Sequence[Record]) -> list[Outcome]:
        """Write records; those that refer to others of the same batch come after them."""
        plan = self._plan(entity)
        calls = plan.write.create if action == "create" else plan.write.update
        if entity in self._uploading.plans:
            return [Outcome(one.key, "refused", one.native, f"{entity} goes by file (options.by_file)") for one in records]
        if not calls:
            return [Outcome(one.key, "refused", one.native, f"Moodle has no function to {action} {entity}") for one in records]
        outcomes: Outcomes = {}
        left = list(records)
        while left:
            keys = {record.key for record in left}
            now = [record for record in left if not _waits(plan, record, keys)] or left
            outcomes |= self._written(plan, action, calls, now)
            left = [record for record in left if record.key not in outcomes]
        return [outcomes[record.key] for record in records]

    def _written(self, plan: Plan, action: Action, calls: Sequence[Call], records: Sequence[Record]) -> Outcomes:
        try:
            active, missing = self._finder.resolve(plan, records)
            outcomes: Outcomes = {key: Outcome(key, "refused", None, text) for key, text in missing.items()}
            if action == "update":
                active, gone = self._identified(plan, active)
                outcomes |= {one.key: Outcome(one.key, "refused", None, "the target does not hold it") for one in gone}
        except TargetLost as lost:
            return {record.key: Outcome(record.key, "failed", record.native, lost.message) for record in records}
        for number, call in enumerate(calls):
            taking = [record for record in active if plan.sender.is_where(record, call.where)]
            effect: Effect = "creates" if action == "create" and number == 0 else "changes"
            results = self._dispatch.send(plan, call, taking, effect) if taking else {}
            for key, result in results.items():
                if result.result != "done":
                    outcomes[key] = _half_done(call, result) if number and action == "create" else result
            self._confirm(plan, call, [one for one in taking if results[one.key].result == "done"])
            active = [with_id(one, results[one.key]) if one.key in results else one for one in active if one.key not in outcomes]
        return outcomes | {one.key: Outcome(one.key, "done", one.native) for one in active}

    def _confirm(self, plan: Plan, call: Call, written: Sequence[Record]) -> None:
        """Does a number from a table of the connection mean on this site what the contract says? The first record that was
        written with it is read back. Raises TargetRefused before more is written with a wrong one."""
        for value in (value for values in call.parameters.values() for value in values if value.table is not None):
            for record in written:
                name = str(record.values.get(str(value.field)))
                if (str(value.table), name) in self._confirmed:
                    continue
                try:
                    held = list(self._finder.find(plan, [record]))
                except TargetLost:
                    return  # the next batch asks again
                seen = [one.values.get(str(value.field)) for one in held]
                if name not in seen:
                    number = plan.sender.tables[str(value.table)][name]
                    raise TargetRefused(
                        f"the site took {number} for {value.field} {name!r}, and shows {seen[0] if seen else None!r}",
                        hint=f"look up the ids of {value.table} on the site, give them as options: {{tables: {{{value.table}: "
                        f"{{{name}: ID}}}}}}, and take back what the last batch of {plan.name} wrote",
                    )  # fmt: skip
                self._confirmed.add((str(value.table), name))

    def _identified(self, plan: Plan, records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
        """Records with their ids where the entity has such, and those that the site does not hold."""
        if plan.write.find.native is None or all(record.native is not None for record in records):
            return list(records), []
        held = self._finder.by_key(plan, [record for record in records if record.native is None])
        known = [one if one.native is not None else replace(one, native=held[one.key].native)
                 for one in records if one.native is not None or one.key in held]  # fmt: skip
        return known, [one for one in records if one.native is None and one.key not in held]

    def remove(self, entity: str, records: Sequence[Record]) -> list[Outcome]:
        """Remove records that are there."""
        plan = self._plan(entity)
        if not plan.write.remove:
            return [Outcome(one.key, "refused", one.native, f"Moodle has no function to remove {entity}") for one in records]
        if not records:
            return []
        try:
            held = self._finder.by_key(plan, records)
            resolved, _ = self._finder.resolve(plan, records)
        except TargetLost as lost:
            return [Outcome(one.key, "failed", one.native, lost.message) for one in records]
        there = [
            replace(one, native=held[one.key].native, links={**one.links, **held[one.key].links})
            for one in resolved
            if one.key in held
        ]
        outcomes: Outcomes = {one.key: Outcome(one.key, "done", one.native) for one in records if one.key not in held}
        while there:
            inner = {one.links.get(field) for one in there for field in _own_references(plan)}
            now = [one for one in there if one.native not in inner] or there
            outcomes |= self._removed(plan, now)
            there = [one for one in there if one.key not in outcomes]
        return [outcomes[one.key] for one in records]

    def _removed(self, plan: Plan, records: Sequence[Record]) -> Outcomes:
        """What becomes of records that are there, and that no other one of the batch stands in."""
        outcomes: Outcomes = {}
        for words in plan.write.only_empty:
            outcomes |= self._holding(plan, words, [one for one in records if one.key not in outcomes])
        active = [one for one in records if one.key not in outcomes]
        for call in plan.write.remove:
            results = self._dispatch.send(plan, call, active, "removes") if active else {}
            outcomes |= {key: result for key, result in results.items() if result.result != "done"}
            active = [one for one in active if one.key not in outcomes]
        return outcomes | {one.key: Outcome(one.key, "done", one.native) for one in active}

    def _holding(self, plan: Plan, words: Empty, records: Sequence[Record]) -> Outcomes:
        """Outcomes of those that must not be removed: what they still hold, or that nobody could say."""
        outcomes: Outcomes = {}
        questions = [plan.sender.row(one, words.parameters) for one in records]
        answers = self._asking.ask(words.call, questions, words.together)
        for number, one in enumerate(records, 1):
            try:
                reason = _holds(words, next(answers))
            except TargetLost as lost:
                outcomes[one.key] = Outcome(one.key, "failed", one.native, lost.message)
                answers = self._asking.ask(words.call, questions[number:], words.together)
            else:
                if reason is not None:
                    outcomes[one.key] = Outcome(one.key, "refused", one.native, reason)
        return outcomes

    def hand_over(self, given: Mapping[str, Sequence[Waiting]], folder: Path) -> Mapping[str, Sequence[Outcome]]:
        """Write files that a person uploads, or the history of courses as backups that a person restores."""
        if given.keys() <= self._uploading.plans.keys():
            return self._uploading.hand_over(given, folder / FOLDER)
        uploads = (folder / FOLDER).is_dir()  # of this run: what refers to other files comes after them
        return self._handing.hand_over(given, folder, _UPLOAD_FIRST if uploads else "")

    def count(self, entity: str) -> int | None:
        """Unknown: Moodle's web services count nothing without listing it all."""
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _plan(self, entity: str) -> Plan:
        if entity not in self._plans:
            hint = f"entities that can be written: {', '.join(self._plans)}"
            raise TargetRefused(f"the contract does not say how {entity} is written to a Moodle", hint=hint)
        return self._plans[entity]


def _opened(client: Client, connection: Connection) -> Any:
    try:
        return client.read(connection.about, {}).data
    except Refused as refused:
        raise TargetRefused(f"{client.address} refuses the token: {refused.message} ({refused.code})", hint=_ADD) from None
    except (Lost, TargetLost) as lost:
        reason = getattr(lost, "message", str(lost))
        raise TargetRefused(reason, hint="look whether the address opens in a browser on this machine") from None


def _allowed(about: Any) -> set[str]:
    """Functions that the token's service has."""
    return {str(at(one, "name")) for one in at(about, "functions") or []}


def _holds(words: Empty, answer: Answer | Refused) -> str | None:
    """Why a record must not be removed: what it still holds."""
    if isinstance(answer, Refused):
        return f"{words.call} is refused: {answer.message}"
    if said := doubted(words, answer.data):
        return f"{words.call} did not look: {'; '.join(map(warning_text, said))}"
    if rows := counted(words, at(answer.data, words.at)):
        what = number_of(len(rows), words.one or words.holds, words.holds)
        return f"it still holds {what}, which would be removed with it"
    return None


def _own_references(plan: Plan) -> list[str]:
    """Fields that refer to records of the same entity."""
    return [name for name, rule in plan.entity.fields.items() if rule.references and rule.references.entity == plan.name]


def _waits(plan: Plan, record: Record, keys: set[str]) -> bool:
    """Does the record refer to another one that is still to be written?"""
    referred = (record.values.get(field) for field in _own_references(plan) if field not in record.links)
    return any(key in keys and key != record.key for key in referred)


def _half_done(call: Call, result: Outcome) -> Outcome:
    """The record is there, and not as it is meant to be."""
    message = f"it was created; then {call.call} did not succeed: {result.message}"
    return Outcome(result.key, "unknown", result.native, message)
