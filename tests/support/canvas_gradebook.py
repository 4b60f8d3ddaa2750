"""Assignments and submissions of the stand-in account."""

from __future__ import annotations

import itertools
from typing import Any

from canvas_account import Account


class Answer(Exception):
    """An HTTP status and a body that end the request."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status, self.body = status, body


NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}
UNAUTHORIZED = {"status": "unauthorized", "errors": [{"message": "user not authorized to perform that action"}]}


class Gradebook:
    """By the numbers of assignments and people."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.assignments: dict[int, dict[str, Any]] = {}
        self.submissions: dict[tuple[int, int], dict[str, Any]] = {}
        self.bulk_calls: list[int] = []
        self.sets_sis_ids = True
        """Without the right to manage SIS data, sis ids of assignments are dropped without a word."""
        self._ids = itertools.count(5000)

    def course(self, ref: str) -> dict[str, Any]:
        for key, course in self.account.tables["course"].items():
            if course["state"] != "deleted" and ref in (f"sis_course_id:{key}", str(course["id"])):
                return {**course, "key": key}
        raise Answer(404, NOT_FOUND)

    def assignment(self, course: dict[str, Any], ref: str) -> dict[str, Any]:
        found = self.assignments.get(int(ref)) if ref.isdigit() else None
        if found is None or found["deleted"] or found["course"] != course["key"]:
            raise Answer(404, NOT_FOUND)
        return found

    def shown(self, assignment: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in assignment.items() if name not in ("course", "deleted")}

    def listed(self, course: dict[str, Any]) -> list[dict[str, Any]]:
        return [self.shown(a) for a in self.assignments.values() if a["course"] == course["key"] and not a["deleted"]]

    def save(self, course: dict[str, Any], given: dict[str, Any], ref: str | None = None) -> dict[str, Any]:
        if course["state"] == "completed":
            raise Answer(401, UNAUTHORIZED)
        if not self.sets_sis_ids:
            given = {name: value for name, value in given.items() if name != "sis_assignment_id"}
        if ref is None and not given.get("name"):
            raise Answer(400, {"errors": {"name": [{"attribute": "name", "message": "is too short"}]}})
        if (given.get("points_possible") or 0) < 0:
            raise Answer(400, {"errors": {"points_possible": [{"message": "must be greater than or equal to 0"}]}})
        taken = [
            a for a in self.assignments.values() if a["sis_assignment_id"] == given.get("sis_assignment_id") and not a["deleted"]
        ]
        if ref is None and given.get("sis_assignment_id") and taken:
            raise Answer(400, {"errors": {"sis_assignment_id": [{"message": "is already in use"}]}})
        if ref is None:
            number = next(self._ids)
            self.assignments[number] = {
                "id": number, "course": course["key"], "deleted": False, "sis_assignment_id": None, "name": "",
                "points_possible": None, "grading_type": "points", "submission_types": ["none"], "published": False,
                "omit_from_final_grade": False, "due_at": None,
            }  # fmt: skip
        assignment = self.assignments[number] if ref is None else self.assignment(course, ref)
        assignment.update({name: value for name, value in given.items() if name in assignment})
        return self.shown(assignment)

    def delete(self, course: dict[str, Any], ref: str) -> dict[str, Any]:
        assignment = self.assignment(course, ref)
        assignment["deleted"] = True
        return self.shown(assignment)

    # Submissions ------------------------------------------------------------------------------------------------------

    def people(self, course: dict[str, Any], concluded: bool) -> dict[int, str]:
        """Students of the course: number to sis id. Lists and bulk calls do not see those whose enrolment is concluded."""
        states = {"active", "inactive", "completed"} if concluded else {"active", "inactive"}
        found: dict[int, str] = {}
        for e in self.account.tables["enrollment"].values():
            if e["course"] == course["key"] and e["role"] == "student" and e["state"] in states:
                found[self.account.tables["user"][e["user"]]["person"]] = e["user"]
        return found

    def person(self, course: dict[str, Any], ref: str, concluded: bool) -> int | None:
        for number, key in self.people(course, concluded).items():
            if ref in (str(number), f"sis_user_id:{key}"):
                return number
        return None

    def submission(self, assignment: dict[str, Any], person: int) -> dict[str, Any]:
        key = (assignment["id"], person)
        if key not in self.submissions:
            self.submissions[key] = {
                "id": next(self._ids), "user_id": person, "assignment_id": assignment["id"], "score": None, "entered_score": None,
                "grade": None, "excused": False, "late_policy_status": None, "workflow_state": "unsubmitted",
                "submission_comments": [],
            }  # fmt: skip
        return self.submissions[key]

    def with_user(self, course: dict[str, Any], submission: dict[str, Any]) -> dict[str, Any]:
        sis = self.people(course, concluded=True).get(submission["user_id"])
        return {**submission, "user": {"id": submission["user_id"], "sis_user_id": sis}}

    def grade(self, assignment: dict[str, Any], person: int, given: dict[str, Any], comment: str | None) -> dict[str, Any]:
        held = self.submission(assignment, person)
        if "posted_grade" in given:
            text = str(given["posted_grade"])
            try:
                score = None if text == "" else float(text)
            except ValueError:
                raise Answer(400, {"errors": [{"message": "invalid grade"}]}) from None
            held.update(score=score, entered_score=score, grade=text or None, excused=False)
            held["workflow_state"] = "graded" if text else "unsubmitted"
        if "excuse" in given:
            held["excused"] = given["excuse"] in (True, "true", "1")
            if held["excused"]:
                held.update(score=None, entered_score=None, grade=None)
        if "late_policy_status" in given:
            held["late_policy_status"] = given["late_policy_status"] or None
        if comment:
            held["submission_comments"].append({"id": next(self._ids), "comment": comment})
        return held

    def bulk(self, course: dict[str, Any], data: dict[str, dict[str, dict[str, Any]]]) -> str:
        """Writes what it can; gives the message that makes the Progress fail, or nothing."""
        missing = []
        for ref, people in data.items():
            assignment = self.assignment(course, ref)
            for who, given in people.items():
                person = self.person(course, who, concluded=False)
                if person is None:
                    missing.append(who)
                    continue
                self.grade(
                    assignment,
                    person,
                    {k: v for k, v in given.items() if k in ("posted_grade", "excuse")},
                    given.get("text_comment"),
                )
        self.bulk_calls.append(sum(len(people) for people in data.values()))
        ids = ", ".join(f"'{who}'" for who in missing)
        return f"Couldn't find User(s) with API ids {ids}" if missing else ""
