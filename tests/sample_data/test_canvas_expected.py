"""What Moodle should hold after the Canvas sample, worked out again in plain Python from the files and from what people were
told, without the contract, the mapping or SQL. A fault of the mapping would otherwise agree with itself."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from run_reading import cells, load_files
from sample_runs import AS_OF, sample_run

PAIR = "canvas_to_moodle"
NOW = datetime.fromisoformat(AS_OF).replace(tzinfo=UTC)
ROLES = {"student": "student", "teacher": "editingteacher", "ta": "teacher", "designer": "editingteacher"}
METHODS = {"saml": "saml2", "canvas": "manual", "ldap": "ldap", "": "manual"}
RIGHTS = ("TeacherEnrollment", "TaEnrollment", "DesignerEnrollment", "StudentEnrollment", "ObserverEnrollment")
OPEN, OVER = ("active", "invited"), ("concluded",)
Row = dict[str, str]


def report(folder: Path, pattern: str) -> list[Row]:
    """The rows of a report that can be read whole."""
    (file,) = folder.glob(pattern)
    header, *rows = csv.reader(io.StringIO(file.read_text("utf-8", errors="surrogateescape")))
    whole = [row for row in rows if len(row) == len(header) and not re.search("[\udc80-\udcff]", "".join(row))]
    return [dict(zip(header, row, strict=True)) for row in whole]


def instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def written(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def plain(text: str) -> str:
    """No markup, no marks that turn text, single blanks, composed letters."""
    text = re.sub(r"<[^<>]*>", "", text)
    text = "".join(c for c in text if c not in "\u202a\u202b\u202c\u202d\u202e")
    return unicodedata.normalize("NFC", " ".join(text.split()))


class Expected:
    """The people, courses and places that should be in Moodle, each by its Canvas number."""

    def __init__(self, folder: Path) -> None:
        self.tables = {file.stem.partition("_csv")[0]: report(folder, file.name) for file in folder.glob("*.csv")}
        self.terms = {row["canvas_term_id"]: row for row in self.tables["terms"]}
        self.sections = {row["canvas_section_id"]: row for row in self.tables["sections"]}
        for row in self.tables["xlist"]:
            self.sections[row["canvas_section_id"]]["canvas_course_id"] = row["canvas_xlist_course_id"]
        self.states = {row["canvas_course_id"]: row for row in self.tables["courses"]}
        self.categories = self._categories()
        self.courses = self._courses()
        self.users = self._users()
        self.enrolments, self.further = self._enrolments()
        self.groups = self._groups()

    def _categories(self) -> dict[str, Row]:
        found = {row["canvas_account_id"]: row for row in self.tables["accounts"]}
        made = {"1": {"idnumber": "canvas-account-1", "name": "Root account", "parent": ""}}
        for number, row in found.items():
            if row["status"] == "active" and (row["canvas_parent_id"] == "1" or row["canvas_parent_id"] in found):
                made[number] = {"idnumber": row["account_id"] or f"canvas-account-{number}", "name": row["name"]}
        for number in set(made) - {"1"}:
            above = found[number]["canvas_parent_id"]
            made[number]["parent"] = "" if above == "1" else made[above]["idnumber"]
        return made

    def _courses(self) -> dict[str, Row]:
        rows = [row for row in self.states.values() if row["status"] != "deleted"]
        uses = Counter(row["short_name"].lower() for row in rows)
        named: dict[str, str] = {}
        with_term = {
            row["canvas_course_id"]: f"{row['short_name']} ({self.terms[row['canvas_term_id']]['name']})" for row in rows
        }
        for row in rows:
            number = row["canvas_course_id"]
            if uses[row["short_name"].lower()] == 1:
                named[number] = row["short_name"]
            elif row["canvas_term_id"] != "1":
                named[number] = with_term[number]
            else:
                named[number] = f"{row['short_name']} ({row['course_id'] or 'canvas-' + number})"
        taken = Counter(named.values())
        limited = {row["canvas_course_id"] for row in self.tables["enrollments"] if row["limit_section_privileges"] == "true"}
        made = {}
        for row in rows:
            number, term = row["canvas_course_id"], self.terms[row["canvas_term_id"]]
            dates = row if row["start_date"] or row["end_date"] else term
            start, end = instant(dates["start_date"]), instant(dates["end_date"])
            idnumber = row["course_id"] or f"canvas-{number}"
            unread = bool(row["start_date"]) and instant(row["start_date"]) is None
            if taken[named[number]] > 1 or unread or len(idnumber) > 100 or row["canvas_account_id"] not in self.categories:
                continue
            made[number] = {
                "shortname": plain(named[number]), "fullname": plain(row["long_name"])[:254].strip(),
                "category": self.categories[row["canvas_account_id"]]["idnumber"], "idnumber": idnumber, "format": "topics",
                "startdate": written(start), "enddate": "" if start and end and end < start else written(end),
                "visible": "0" if row["status"] == "unpublished" else "1", "groupmode": "1" if number in limited else "0",
            }  # fmt: skip
        return made

    def _users(self) -> dict[str, Row]:
        logins: dict[str, list[Row]] = defaultdict(list)
        for row in self.tables["users"]:
            logins[row["canvas_user_id"]].append(row)
        order = ("active", "suspended", "deleted")
        best = {
            number: min(rows, key=lambda r: (order.index(r["status"]), not r["user_id"], r["login_id"]))
            for number, rows in logins.items()
        }
        took_part = {
            row["canvas_user_id"] for row in self.tables["enrollments"] if row["status"] in ("active", "inactive", "concluded")
        }
        took_part |= {row["student id"] for row in self.tables["grade_export"]}
        best = {number: row for number, row in best.items() if row["status"] != "deleted" or number in took_part}
        names, addresses = Counter[str](), Counter[str]()
        made = {}
        for number, row in best.items():
            gone = row["status"] == "deleted"
            login = f"canvas-deleted-{number}" if gone else re.sub("[^a-z0-9._@-]", "", row["login_id"].lower())
            mail = "" if gone or "@" not in row["email"] else row["email"].lower()
            mail = mail or f"canvas-{number}@no-mail.invalid"
            names[login] += 1
            addresses[mail] += 1
            whole = f"{row['first_name'].strip()} {row['last_name'].strip()}".strip()
            other = next((name for name in (row["short_name"], row["full_name"]) if name.strip() and name.strip() != whole), "")
            made[number] = {
                "username": login, "firstname": plain(row["first_name"]), "lastname": plain(row["last_name"]), "email": mail,
                "auth": METHODS.get("canvas" if gone else row["authentication_provider_id"], "?"),
                "idnumber": row["user_id"] or next((r["user_id"] for r in logins[number] if r["user_id"]), ""),
                "alternatename": plain(other), "suspended": "0" if row["status"] == "active" else "1",
            }  # fmt: skip
        return {
            number: row
            for number, row in made.items()
            if names[row["username"]] == 1 and addresses[row["email"]] == 1 and row["auth"] != "?"
            and row["firstname"] and row["lastname"] and row["username"] not in ("", "admin", "guest")
        }  # fmt: skip

    def _enrolments(self) -> tuple[dict[tuple[str, str], Row], set[tuple[str, str, str]]]:
        places: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.tables["enrollments"]:
            course = self.sections[row["canvas_section_id"]]["canvas_course_id"]
            linked = row["base_role_type"] == "ObserverEnrollment" and row["canvas_associated_user_id"]
            begun = row["status"] not in ("deleted", "rejected") and not linked and row["role"] in ROLES
            if begun and course in self.courses and row["canvas_user_id"] in self.users:
                places[course, row["canvas_user_id"]].append(row)
        made: dict[tuple[str, str], Row] = {}
        further: set[tuple[str, str, str]] = set()
        for (course, user), rows in places.items():
            rows.sort(key=lambda r: (0 if r["status"] in OPEN else 1 if r["status"] == "inactive" else 2,
                                     RIGHTS.index(r["base_role_type"])))  # fmt: skip
            ranked = [self._place(course, row) for row in rows]
            first = ranked[0]
            made[course, user] = {"course": self.courses[course]["shortname"], "user": self.users[user]["username"], **first}
            further |= {
                (course, user, ROLES[row["role"]]) for row in rows[1:] if row["status"] in OPEN and row["role"] != rows[0]["role"]
            }
        return made, further

    def _place(self, course: str, row: Row) -> Row:
        section, state = self.sections[row["canvas_section_id"]], self.states[course]
        start = end = None
        student = row["base_role_type"] in ("StudentEnrollment", "ObserverEnrollment")
        if student:
            dates = next(d for d in (section, state, self.terms[state["canvas_term_id"]])
                         if d["start_date"] or d["end_date"] or d is self.terms[state["canvas_term_id"]])  # fmt: skip
            start, end = instant(dates["start_date"]), instant(dates["end_date"])
        over = row["status"] in OVER or (student and state["status"] == "concluded" and row["status"] in OPEN)
        never = bool(start and end and end < start)
        if never or (over and not (end and end <= NOW)):
            end = None
        shut = over or never or row["status"] == "inactive"
        return {
            "role": ROLES[row["role"]],
            "timestart": written(start),
            "timeend": written(end),
            "suspended": "1" if shut else "0",
        }

    def _groups(self) -> dict[str, Row]:
        """By ``section-N`` or ``group-N``."""
        places = Counter(row["canvas_course_id"] for row in self.sections.values() if row["status"] != "deleted")
        sets = {row["canvas_group_category_id"]: row["name"] for row in self.tables["group_categories"]}
        rows = [
            (f"section-{n}", row["section_id"], row["canvas_course_id"], row["name"], "section")
            for n, row in self.sections.items()
            if row["status"] != "deleted" and places[row["canvas_course_id"]] > 1
        ]
        rows += [
            (
                f"group-{g['canvas_group_id']}",
                g["group_id"],
                g["canvas_course_id"],
                g["name"],
                sets[g["canvas_group_category_id"]],
            )
            for g in self.tables["groups"]
            if g["status"] != "deleted" and g["canvas_course_id"]
        ]
        numbers = Counter(row["section_id"] for row in self.sections.values()) + Counter(
            g["group_id"] for g in self.tables["groups"]
        )
        names = Counter((course, name.lower()) for _, _, course, name, _ in rows)
        made = {}
        for key, number, course, name, within in rows:
            if course in self.courses:
                shown = name if names[course, name.lower()] == 1 else f"{name} ({within})"
                idnumber = number if number and numbers[number] == 1 else f"canvas-{key}"
                made[key] = {"idnumber": idnumber, "course": self.courses[course]["shortname"], "name": shown}
        first: dict[tuple[str, str], str] = {}
        for key, row in sorted(made.items(), key=lambda item: item[1]["idnumber"]):
            first.setdefault((row["course"], row["name"]), key)
        return {key: row for key, row in made.items() if first[row["course"], row["name"]] == key}

    def items(self) -> dict[str, Row]:
        """By the number of the course: one for each in which somebody who is still enrolled has a total."""
        graded = {row["course id"] for row in self.totals()}
        return {
            number: {
                "idnumber": f"canvas-final-{number}", "course": self.courses[number]["shortname"],
                "itemname": "Final score (Canvas)", "gradetype": "1", "grademax": "100", "grademin": "0", "counts": "0",
            }
            for number in graded & self.courses.keys()
        }  # fmt: skip

    def grades(self) -> dict[tuple[str, str], Row]:
        """By course and person."""
        made = {}
        for row in self.totals():
            number, person, so_far = row["course id"], row["student id"], row["current score"]
            if number in self.courses and person in self.users:
                other = so_far and float(so_far) != float(row["final score"] or -1)
                words = [row["final grade"], f"Without ungraded work: {so_far.removesuffix('.0')} %" if other else ""]
                feedback = ". ".join(word for word in words if word)
                made[number, person] = {
                    "item": f"canvas-final-{number}", "user": self.users[person]["username"],
                    "finalgrade": f"{Decimal(row['final score']).normalize():f}" if row["final score"] else "",
                    "feedback": feedback, "feedbackformat": "2" if feedback else "",
                }  # fmt: skip
        return made

    def totals(self) -> list[Row]:
        rows = [row for row in self.tables["grade_export"] if row["enrollment state"] != "deleted"]
        return [row for row in rows if row["final score"] or row["current score"] or row["final grade"]]

    def members(self) -> set[tuple[str, str]]:
        found = set()
        for row in self.tables["enrollments"]:
            key, course = f"section-{row['canvas_section_id']}", self.sections[row["canvas_section_id"]]["canvas_course_id"]
            linked = row["base_role_type"] == "ObserverEnrollment" and row["canvas_associated_user_id"]
            here = (course, row["canvas_user_id"]) in self.enrolments
            if key in self.groups and here and row["status"] not in ("deleted", "rejected") and not linked:
                found.add((self.groups[key]["idnumber"], self.users[row["canvas_user_id"]]["username"]))
        courses = {g["canvas_group_id"]: g["canvas_course_id"] for g in self.tables["groups"]}
        for row in self.tables["group_membership"]:
            key, course = f"group-{row['canvas_group_id']}", courses.get(row["canvas_group_id"], "")
            if key in self.groups and row["status"] == "accepted" and (course, row["canvas_user_id"]) in self.enrolments:
                found.add((self.groups[key]["idnumber"], self.users[row["canvas_user_id"]]["username"]))
        return found


@pytest.fixture(scope="module")
def expected() -> Expected:
    return Expected(sample_run(PAIR).workspace / "source")


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[Row]]:
    files = load_files(sample_run(PAIR).folder / "4_load")
    tables = {name.removesuffix(".csv"): cells(content) for name, content in files.items()}
    return {name: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for name, rows in tables.items()}


def same(found: list[Row], wanted: list[Row]) -> None:
    assert sorted(map(_in_order, found)) == sorted(map(_in_order, wanted))


def _in_order(row: Row) -> list[tuple[str, str]]:
    return sorted(row.items())


@pytest.mark.parametrize("entity", ["categories", "courses", "users", "enrolments", "groups"])
def test_moodle_gets_what_the_reports_say(expected: Expected, loaded: dict[str, list[Row]], entity: str) -> None:
    same(loaded[entity], list(getattr(expected, entity).values()))


def test_final_scores(expected: Expected, loaded: dict[str, list[Row]]) -> None:
    remarks = {row.pop("iteminfo") for row in (dict(item) for item in loaded["grade_items"])}
    assert len(remarks) == 1
    same([{k: v for k, v in row.items() if k != "iteminfo"} for row in loaded["grade_items"]], list(expected.items().values()))
    same(loaded["grades"], list(expected.grades().values()))
    assert len(loaded["grades"]) > 600


def test_scores_that_only_look_odd_arrive(loaded: dict[str, list[Row]]) -> None:
    found = {row["user"]: (row["finalgrade"], row["feedback"]) for row in loaded["grades"] if row["item"] == "canvas-final-912"}
    assert found == {"u919": ("84.5", "B"), "u920": ("0", "F. Without ungraded work: 90.25 %"), "u921": ("", "Pass")}


def test_members_of_groups(expected: Expected, loaded: dict[str, list[Row]]) -> None:
    assert {(row["group"], row["user"]) for row in loaded["group_members"]} == expected.members()
    assert len(loaded["group_members"]) == len(expected.members()) > 1000


def test_further_roles(expected: Expected, loaded: dict[str, list[Row]]) -> None:
    wanted = {(expected.courses[c]["shortname"], expected.users[u]["username"], role) for c, u, role in expected.further}
    assert {(row["course"], row["user"], row["role"]) for row in loaded["role_assignments"]} == wanted != set()


def test_cohorts_and_pronouns(expected: Expected, loaded: dict[str, list[Row]]) -> None:
    same(loaded["cohorts"], [
        {"idnumber": "CLUB-CHESS", "name": "Chess club", "category": ""},
        {"idnumber": "canvas-group-802", "name": "Lab safety officers", "category": "SCI"},
    ])  # fmt: skip
    cohorts = {"801": "CLUB-CHESS", "802": "canvas-group-802"}
    wanted = {
        (cohorts[row["canvas_group_id"]], expected.users[row["canvas_user_id"]]["username"])
        for row in expected.tables["group_membership"]
        if row["canvas_group_id"] in cohorts and row["canvas_user_id"] in expected.users
    }
    assert {(row["cohort"], row["user"]) for row in loaded["cohort_members"]} == wanted
    pronouns = {row["canvas_user_id"]: row["pronouns"] for row in expected.tables["users"] if row["pronouns"]}
    stated = {(expected.users[user]["username"], "pronouns", text) for user, text in pronouns.items() if user in expected.users}
    assert {(row["user"], row["field"], row["value"]) for row in loaded["profile_values"]} == stated != set()


def test_the_archive_of_totals_names_people_and_courses_of_moodle(expected: Expected) -> None:
    (header, *rows) = cells((sample_run(PAIR).folder / "archive" / "grade_export.csv").read_bytes())
    totals = [dict(zip(header, row, strict=True)) for row in rows]
    assert len(totals) == len(expected.tables["grade_export"]) > 500
    for total in totals:
        assert total["student_id__target"] == expected.users[total["student_id"]]["username"]
        if total["course_id"] == "903":
            assert total["course_id__disposition"] == "excluded"
        else:
            assert total["course_id__target"] == expected.courses[total["course_id"]]["shortname"]
    ended = Counter(total["record__disposition"] for total in totals)
    assert ended == {"created": len(expected.grades()), "excluded": 3, "merged": 1}


ODD_PEOPLE = {"913": "paula.upper", "918": "u918", "919": "u919", "920": "u920", "921": "u921", "922": "u922", "923": "u923",
              "924": "u924", "925": "u925"}  # fmt: skip


@pytest.mark.parametrize(("number", "username"), ODD_PEOPLE.items())
def test_people_who_only_look_odd_arrive_unharmed(
    expected: Expected, loaded: dict[str, list[Row]], number: str, username: str
) -> None:
    (source,) = [row for row in expected.tables["users"] if row["canvas_user_id"] == number]
    (found,) = [row for row in loaded["users"] if row["username"] == username]
    for name, column in (("firstname", "first_name"), ("lastname", "last_name")):
        assert found[name] == unicodedata.normalize("NFC", source[column].strip())
    assert found["idnumber"] == source["user_id"]


def test_a_cross_listed_section_is_a_group_of_the_course_it_is_taught_in(loaded: dict[str, list[Row]]) -> None:
    (group,) = [row for row in loaded["groups"] if row["name"] == "PHYS105 with MATH220"]
    assert group["course"] == "MATH220 (Fall 2025)"
    assert [row["course"] for row in loaded["enrolments"] if row["user"] == "u918"] == ["MATH220 (Fall 2025)"]
