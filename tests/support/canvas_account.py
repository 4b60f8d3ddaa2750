"""What a Canvas account does with the rows of a SIS import, and what its reports show: for tests, in memory.

Written from facts about the importer, not from the contract of this repository, so that the two can disagree.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import re
from collections.abc import Callable
from typing import Any

Row = dict[str, str]
Warn = Callable[[str], None]

KINDS: list[tuple[str, Callable[[set[str]], bool]]] = [
    ("account", lambda h: {"account_id", "parent_account_id"} <= h),
    ("term", lambda h: {"term_id", "name"} <= h),
    ("course", lambda h: {"course_id", "short_name"} <= h),
    ("section", lambda h: {"section_id", "name"} <= h),
    ("user", lambda h: {"user_id", "login_id"} <= h and not any(c.startswith("existing_") for c in h)),
    ("login", lambda h: any(c.startswith("existing_") for c in h)),
    ("enrollment", lambda h: bool(h & {"section_id", "course_id"}) and bool(h & {"user_id", "user_integration_id"})),
    ("admin", lambda h: {"account_id", "user_id"} <= h),
    ("group_category", lambda h: {"group_category_id", "category_name"} <= h),
    ("group", lambda h: {"group_id", "name"} <= h),
    ("group_membership", lambda h: {"group_id", "user_id"} <= h),
]
"""Kinds of files by their header, in the order in which an import loads them; the first that fits is taken."""
ROLES = {"student", "teacher", "ta", "observer", "designer"}


class Skipped(Exception):
    """The row is passed over, with this message."""


class Account:
    """The records of a root account, by kind and sis id. ``sticky`` fields keep their value unless overridden."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Any, dict[str, Any]]] = {kind: {} for kind, _ in KINDS if kind != "login"}
        self.sticky: dict[tuple[str, Any], set[str]] = {}
        self._ids = itertools.count(100)
        self.override = False
        self.knows_delete = True
        """Older versions take ``<delete>`` for a bad date."""

    def new_id(self) -> int:
        return next(self._ids)

    def edit(self, kind: str, key: Any, **fields: Any) -> None:
        """An edit in the pages of Canvas: the field is sticky from then on."""
        self.tables[kind][key].update(fields)
        self.sticky.setdefault((kind, key), set()).update(fields)

    # Importing ------------------------------------------------------------------------------------------------------

    def import_file(self, data: bytes, most: int | None = None) -> tuple[list[tuple[str, int | None]], bool]:
        """Apply a file; gives (message, row) of each warning, and whether the file failed as a whole."""
        try:
            text = data.decode("utf-8-sig")
            rows = list(csv.reader(io.StringIO(text), strict=True))
        except UnicodeDecodeError:
            return [("Invalid UTF-8", None)], True
        except csv.Error:
            return [("Malformed CSV", None)], True
        header = [cell.strip().lower() for cell in rows[0]] if rows else []
        kind = next((kind for kind, fits in KINDS if fits(set(header))), None)
        if kind is None:
            return [("Couldn't find Canvas CSV import headers", None)], True
        messages: list[tuple[str, int | None]] = []
        for number, cells in enumerate(rows[1:][:most], start=2):
            row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
            if not any(row.values()):
                continue
            at = number

            def warn(message: str, at: int = at) -> None:
                messages.append((message, at))

            try:
                getattr(self, f"_{kind}")(row, warn)
            except Skipped as skipped:
                messages.append((str(skipped), at))
        return messages, False

    def _put(self, kind: str, key: Any, fields: dict[str, Any]) -> dict[str, Any]:
        record = self.tables[kind].get(key)
        if record is None:
            record = self.tables[kind][key] = {"id": self.new_id()}
        kept = set() if self.override else self.sticky.get((kind, key), set())
        record.update({name: value for name, value in fields.items() if name not in kept})
        return record

    def _live(self, kind: str, key: Any) -> dict[str, Any] | None:
        record = self.tables[kind].get(key)
        return record if record is not None and record["state"] != "deleted" else None

    def _account(self, row: Row, warn: Warn) -> None:
        key, parent = row["account_id"], row.get("parent_account_id", "")
        if not key:
            raise Skipped("No account_id given for an account")
        if parent and parent not in self.tables["account"]:
            raise Skipped(f"Parent account didn't exist for {key}")
        known = key in self.tables["account"]
        if not known and not row.get("name"):
            raise Skipped(f"No name given for account {key}, skipping")
        state = _state(row, "active|deleted", f'Improper status "{row.get("status")}" for account {key}, skipping')
        if state == "deleted" and any(a["parent"] == key and a["state"] == "active" for a in self.tables["account"].values()):
            raise Skipped(f"The account {key} holds active sub-accounts")
        if state == "deleted" and any(c["account"] == key and c["state"] != "deleted" for c in self.tables["course"].values()):
            raise Skipped(f"The account {key} holds active courses")
        self._put("account", key, {"parent": parent, "name": row["name"], "state": state})

    def _term(self, row: Row, warn: Warn) -> None:
        key = row["term_id"]
        if not row.get("name"):
            raise Skipped(f"No name given for term {key}")
        state = _state(row, "active|deleted", f'Improper status "{row.get("status")}" for term {key}')
        dates = self._dates(row, warn, f"Bad date format for term {key}")
        self._put("term", key, {"name": row["name"], "state": state, **dates})

    def _course(self, row: Row, warn: Warn) -> None:
        key = row["course_id"]
        for column in ("short_name", "long_name"):
            if not row.get(column):
                raise Skipped(f"No {column} given for course {key}")
        state = _state(
            row, "active|published|unpublished|completed|deleted", f'Improper status "{row.get("status")}" for course {key}'
        )
        if row.get("account_id") and self._live("account", row["account_id"]) is None:
            raise Skipped(f'Account not found "{row["account_id"]}" for course {key}')
        before = self.tables["course"].get(key, {}).get("state")
        fields: dict[str, Any] = {"short_name": row["short_name"], "name": row["long_name"]}
        if "account_id" in row:
            fields["account"] = row["account_id"]
        elif before is None:
            fields["account"] = ""
        if self._live("term", row.get("term_id", "")) is not None or before is None:
            fields["term"] = row.get("term_id", "") if row.get("term_id") in self.tables["term"] else ""
        if state in ("active", "unpublished"):
            state = {"completed": "available", "deleted": "claimed", None: "claimed"}.get(before, before)
        fields["state"] = {"published": "available"}.get(str(state), state)
        for column in ("integration_id", "course_format"):
            if column in row:
                fields[column] = row[column].replace("not_set", "")
        self._put("course", key, {**fields, **self._dates(row, warn, f"Bad date format for course {key}")})

    def _section(self, row: Row, warn: Warn) -> None:
        key, course = row["section_id"], row.get("course_id", "")
        if not course:
            raise Skipped(f"No course_id given for a section {key}")
        if course not in self.tables["course"]:
            raise Skipped(f"Section {key} references course {course} which doesn't exist")
        state = _state(row, "active|deleted", f'Improper status "{row.get("status")}" for section {key} in course {course}')
        fields = {"course": course, "name": row["name"], "state": state, "integration_id": row.get("integration_id", "")}
        self._put("section", key, {**fields, **self._dates(row, warn, f"Bad date format for section {key}")})

    def _user(self, row: Row, warn: Warn) -> None:
        key, login = row["user_id"], row["login_id"]
        if not login:
            raise Skipped(f"No login_id given for user {key}")
        state = _state(row, "active|suspended|deleted", f"Improper status for user {key}")
        users = self.tables["user"]
        for other, user in users.items():
            if other != key and user["login"].lower() == login.lower() and user["state"] != "deleted":
                claimed = f"has already claimed {key}'s user_id requested login information, skipping"
                raise Skipped(f"An existing Canvas user with the SIS ID {other} {claimed}")
        name = row.get("full_name") or users.get(key, {}).get("name") or login
        fields = {"login": login, "name": name, "state": state}
        for column in ("integration_id", "sortable_name", "short_name"):
            if column in row:
                fields[column] = row[column]
        record = self._put("user", key, fields)
        record.setdefault("person", record["id"])
        if row.get("email"):
            if not re.fullmatch(r"[^@\s]+@[^@\s]+", row["email"]):
                raise Skipped(f"The email address associated with user '{key}' is invalid (email: '{row['email']}')")
            record["email"] = row["email"]
        if state == "deleted" and not any(u["person"] == record["person"] and u["state"] != "deleted" for u in users.values()):
            for table in ("enrollment", "admin", "group_membership"):
                for one in self.tables[table].values():
                    if one["user"] == key:
                        one["state"] = "deleted"

    def _login(self, row: Row, warn: Warn) -> None:
        key, login = row["user_id"], row["login_id"]
        other = self._live("user", row.get("existing_user_id", ""))
        if other is None:
            raise Skipped(f"Could not find the existing user for login with SIS ID {key}, skipping")
        if (taken := self._live("user", key)) is not None:
            if taken["person"] == other["person"] and taken["login"].lower() == login.lower():
                return
            raise Skipped(f"An existing Canvas user with the SIS ID {key} already exists, skipping")
        if any(u["login"].lower() == login.lower() and u["state"] != "deleted" for u in self.tables["user"].values()):
            raise Skipped(f"An existing Canvas user has already claimed {key}'s user_id requested login information, skipping")
        fields = {"login": login, "name": other["name"], "state": "active", "person": other["person"]}
        self._put("user", key, {**fields, "email": row.get("email", "")})

    def _enrollment(self, row: Row, warn: Warn) -> None:
        course, section, user = row.get("course_id", ""), row.get("section_id", ""), row.get("user_id", "")
        state = _state(row, "active|inactive|completed|deleted", f'Improper status "{row.get("status")}" for an enrollment')
        if user not in self.tables["user"]:
            raise Skipped(f"User {user} didn't exist for user enrollment")
        if section not in self.tables["section"] and course not in self.tables["course"]:
            raise Skipped(f"Neither course {course} nor section {section} existed for user enrollment")
        if section and section not in self.tables["section"]:
            raise Skipped(f"An enrollment referenced a non-existent section {section}")
        if course and self.tables["section"][section]["course"] != course:
            raise Skipped("An enrollment listed a section and a course that are unrelated")
        if row.get("role", "").lower() not in ROLES:
            raise Skipped(f'Improper role "{row.get("role")}" for an enrollment')
        if self.tables["user"][user]["state"] == "deleted" and state == "active":
            warn(f"Attempted enrolling of deleted user {user} in course {course}")
            state = "deleted"
        fields = {"course": self.tables["section"][section]["course"], "section": section, "user": user, "state": state}
        fields["limit"] = row.get("limit_section_privileges", "").lower() in ("true", "1")
        self._dates(row, warn, f"Bad date format for user {user} in course {course}")
        self._put("enrollment", (section, user, row["role"].lower()), {**fields, "role": row["role"].lower()})

    def _admin(self, row: Row, warn: Warn) -> None:
        user, account, role = row["user_id"], row["account_id"], row.get("role", "")
        state = _state(row, "active|deleted", f"Invalid status {row.get('status')} for admin")
        if account and self._live("account", account) is None:
            raise Skipped("Invalid account_id given for admin")
        if role not in ("AccountAdmin", "Registrar"):
            raise Skipped(f"Invalid role '{role}' for admin")
        if self._live("user", user) is None:
            raise Skipped(f"Invalid or unknown user_id '{user}' for admin")
        self._put("admin", (user, account, role), {"user": user, "account": account, "role": role, "state": state})

    def _dates(self, row: Row, warn: Warn, message: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for column in ("start_date", "end_date"):
            if column in row:
                text = "" if row[column] == "<delete>" and self.knows_delete else row[column]
                try:
                    found[column] = dt.datetime.fromisoformat(text).astimezone(dt.UTC).isoformat() if text else ""
                except ValueError:
                    warn(message)
                    found[column] = ""
        return found

    def _context(self, row: Row, what: str, end: str = "") -> tuple[str, str]:
        course, account = row.get("course_id", ""), row.get("account_id", "")
        if course and account:
            raise Skipped(f"Only one context is allowed and both course_id and account_id where provided for {what}.")
        if account and self._live("account", account) is None:
            raise Skipped(f'Account with id "{account}" didn\'t exist for {what}{end}')
        if course and self._live("course", course) is None:
            raise Skipped(f'Course with id "{course}" didn\'t exist for {what}{end}')
        return ("Course", course) if course else ("Account", account)

    def _group_category(self, row: Row, warn: Warn) -> None:
        key = row["group_category_id"]
        state = _state(row, "active|deleted", f'Improper status "{row.get("status")}" for group category {key}, skipping')
        context = self._context(row, f"group category {key}")
        self._put("group_category", key, {"name": row["category_name"], "context": context, "state": state})

    def _group(self, row: Row, warn: Warn) -> None:
        key, category = row["group_id"], row.get("group_category_id", "")
        if not row.get("name"):
            raise Skipped(f"No name given for group {key}.")
        state = _state(row, "available|deleted", f'Improper status "{row.get("status")}" for group {key}.')
        context = self._context(row, f"group {key}", ".")
        if category:
            if (held := self._live("group_category", category)) is None:
                raise Skipped(f"Group Category {category} didn't exist for group {key}.")
            context = held["context"]
        self._put("group", key, {"name": row["name"], "category": category, "context": context, "state": state})

    def _group_membership(self, row: Row, warn: Warn) -> None:
        group, user = row["group_id"], row["user_id"]
        state = _state(row, "accepted|deleted", f'Improper status "{row.get("status")}" for a group user')
        if user not in self.tables["user"]:
            raise Skipped(f"User {user} didn't exist for group user")
        if group not in self.tables["group"]:
            raise Skipped(f"Group {group} didn't exist for group user")
        kind, context = self.tables["group"][group]["context"]
        if kind == "Course" and not any(
            e["user"] == user and e["course"] == context and e["state"] != "deleted" for e in self.tables["enrollment"].values()
        ):
            raise Skipped(f"User {user} doesn't have an enrollment in the course of group {group}.")
        self._put("group_membership", (group, user), {"group": group, "user": user, "state": state})


def _state(row: Row, allowed: str, message: str) -> str:
    given = row.get("status", "").lower()
    state = next((word for word in allowed.split("|") if given.startswith(word)), None)
    if state is None:
        raise Skipped(message)
    return state
