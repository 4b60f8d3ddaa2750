"""The web service functions of the stand-in, with the checks and the answers of a real 4.5."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from moodle_php import MoodleError, Spec, checked, invalid, no_record
from moodle_site import FOR_COURSES, ROLES, Row, Site, with_files

Function = Callable[[Site, dict[str, Any]], Any]
FUNCTIONS: dict[str, tuple[Spec, Function]] = {}
USER_TEXTS = ("idnumber", "timezone", "country", "city", "institution", "department", "phone1", "phone2", "address",
              "description", "middlename", "alternatename")  # fmt: skip
USER: Spec = {
    "firstname": "notags", "lastname": "notags", "email": "raw", "auth": "raw=manual", "password": "raw?", "lang": "raw=en",
    "createpassword": "bool?", **dict.fromkeys(USER_TEXTS, "raw?"),
    "customfields": ({"type": "raw", "value": "raw"},),
}  # fmt: skip


def function(spec: Spec) -> Callable[[Function], Function]:
    def register(made: Function) -> Function:
        name = made.__name__
        FUNCTIONS[name] = (spec, made)
        return made

    return register


def call(site: Site, name: str, given: dict[str, Any]) -> Any:
    """The result of a function. Raises MoodleError; what a function wrote before is rolled back then."""
    if name not in FUNCTIONS:
        raise MoodleError("accessexception", "Access control exception", kind="webservice_access_exception")
    spec, made = FUNCTIONS[name]
    with site.transaction():
        return made(site, checked(given, spec))


def optional(spec: dict[str, Spec], *required: str) -> dict[str, Spec]:
    """The same, with all but a few left to the caller."""
    return {
        name: kind if name in required or not isinstance(kind, str) else kind.partition("=")[0].removesuffix("?") + "?"
        for name, kind in spec.items()
    }


def get(site: Site, table: str, key: int, code: str = "invalidrecord", name: str = "") -> Row:
    row = site.tables[table].get(key)
    if row is None:
        raise no_record(name or table, code)
    return row


def warning(item: str, number: int, code: str, message: str) -> Row:
    return {"item": item, "itemid": number, "warningcode": code, "message": message}


# People ---------------------------------------------------------------------------------------------------------------


@function({"users": [{"username": "username", **USER}]})
def core_user_create_users(site: Site, given: dict[str, Any]) -> list[Row]:
    made = []
    for user in given["users"]:
        for name in ("username", "firstname", "lastname"):
            if not user[name].strip():
                raise invalid(f"The field {name} cannot be blank")
        if site.by("users", "username", user["username"]):
            raise invalid(f"Username already exists: {user['username']}")
        if user["auth"] not in site.auths:
            raise invalid(f"Invalid authentication type: {user['auth']}")
        if user["lang"] not in site.languages:
            raise invalid(f"Invalid language code: {user['lang']}")
        if user["auth"] in ("manual", "email", "none", "nologin") and not user.get("password") and not user.get("createpassword"):
            raise invalid("Invalid password: you must provide a password, or set createpassword.")
        _check_email(site, user["email"], None)
        if any(len(user[name]) > 100 for name in ("username", "firstname", "lastname", "email")):
            raise MoodleError("dmlwriteexception", "Error writing to database", kind="dml_write_exception")
        row = {name: user[name] for name in ("username", "firstname", "lastname", "email", "auth", "lang")}
        row |= {name: user.get(name, "99" if name == "timezone" else "") for name in USER_TEXTS}
        number = site.insert("users", {**row, "suspended": False, "mailed": bool(user.get("createpassword"))})
        _profile(site, number, user.get("customfields", []))
        made.append({"id": number, "username": user["username"]})
    return made


def _check_email(site: Site, email: str, number: int | None) -> None:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise invalid(f"Email address is invalid: {email}")
    other = site.by("users", "email", email)
    if other is not None and other["id"] != number and not site.shared_email:
        raise invalid(f"Email address already exists: {email}")


def _profile(site: Site, number: int, fields: Iterable[Row]) -> None:
    for field in fields:
        allowed = site.profile_fields.get(field["type"], ())
        if field["type"] not in site.profile_fields:
            continue  # Moodle takes the name of a field that it does not have, and says nothing
        if field["value"] == "" or (allowed is not None and field["value"] not in allowed):
            site.drop("profile", (number, field["type"]))
        else:
            site.put("profile", (number, field["type"]), {"value": field["value"]})


@function({"users": [{"id": "int", "username": "username?", "suspended": "bool?", **optional(USER)}]})
def core_user_update_users(site: Site, given: dict[str, Any]) -> Row:
    warnings = []
    for user in given["users"]:
        number = user["id"]
        row = site.tables["users"].get(number)
        try:
            with site.transaction():
                if row is None:
                    raise MoodleError("invaliduserid", "Invalid user ID")
                if row["username"] == "guest":
                    raise MoodleError("usernotupdatedguest", "Cannot update guest account")
                if user.get("email", row["email"]) != row["email"]:
                    try:
                        _check_email(site, user["email"], number)
                    except MoodleError:
                        raise MoodleError("useremailduplicate", "Duplicate email address") from None
                changed = {name: value for name, value in user.items() if name not in ("id", "customfields", "password")}
                site.put("users", number, {**row, **changed})
                _profile(site, number, user.get("customfields", []))
        except MoodleError as error:
            warnings.append(warning("user", number, error.code, error.message))
    return {"warnings": warnings}


@function({"userids": ["int"]})
def core_user_delete_users(site: Site, given: dict[str, Any]) -> None:
    for number in given["userids"]:
        row = get(site, "users", number, "invaliduser")
        if row["username"] in ("admin", "guest"):
            raise MoodleError("useradminodelete", "Administrator accounts cannot be deleted")
        for table, at in (("profile", 0), ("cohort_members", 1), ("enrolments", 1), ("roles", 1), ("group_members", 1)):
            for key in [key for key in site.tables[table] if key[at] == number]:
                site.drop(table, key)
        site.drop("users", number)


@function({"field": "raw", "values": ["raw"]})
def core_user_get_users_by_field(site: Site, given: dict[str, Any]) -> list[Row]:
    values = given["values"]
    if given["field"] == "id":
        rows = [site.tables["users"].get(int(value)) for value in values]
    else:
        if given["field"] == "username" and any(not re.fullmatch(r"[a-z0-9._@-]*", value) for value in values):
            raise invalid("The field 'username' value is invalid")
        rows = [site.by("users", given["field"], value) for value in values]
    found = {row["id"]: row for row in rows if row is not None}
    return [_details(site, found[number]) for number in sorted(found)]


def _details(site: Site, row: Row) -> Row:
    """Texts that PHP takes for nothing are left out, as Moodle leaves them out."""
    hidden = ("middlename", "alternatename", "mailed")
    shown = {
        name: value for name, value in row.items() if name not in hidden and (value not in ("", "0") or name == "department")
    }
    if "description" in shown:
        shown["description"] = with_files(row["description"], row["id"], "user/profile")
    fields = [{"type": "text", "shortname": field, "name": field, "value": site.tables["profile"][row["id"], field]["value"]}
              for field in site.profile_fields if (row["id"], field) in site.tables["profile"]]  # fmt: skip
    unset = [{"type": "text", "shortname": field, "name": field, "value": value}
             for field, value in site.profile_defaults.items() if (row["id"], field) not in site.tables["profile"]]  # fmt: skip
    return {**shown, "fullname": f"{row['firstname']} {row['lastname']}", "customfields": [*fields, *unset]}


@function({"userlist": [{"userid": "int", "courseid": "int"}]})
def core_user_get_course_user_profiles(site: Site, given: dict[str, Any]) -> list[Row]:
    courses = {one["userid"]: one["courseid"] for one in given["userlist"]}  # of two courses of one person the last counts
    found = [(site.tables["users"][user], course) for user, course in sorted(courses.items()) if user in site.tables["users"]]
    return [{**_details(site, row), "roles": _roles(site, course, row["id"])} for row, course in found]


def _roles(site: Site, course: int, user: int) -> list[Row]:
    return [{"roleid": role, "name": "", "shortname": ROLES[role], "sortorder": 0}
            for role in ROLES if (course, user, role) in site.tables["roles"]]  # fmt: skip


# Cohorts --------------------------------------------------------------------------------------------------------------

COHORT: Spec = {
    "categorytype": {"type": "text", "value": "raw"}, "name": "raw", "idnumber": "raw", "description": "raw?", "visible": "bool?",
}  # fmt: skip


def _cohort_category(site: Site, kind: Row) -> int:
    if kind["type"] == "system":
        return 0
    if kind["type"] != "id" or not kind["value"].isdigit() or int(kind["value"]) not in site.tables["categories"]:
        raise invalid(f"category not exists: category {kind['type']} = {kind['value']}")
    return int(kind["value"])


@function({"cohorts": [COHORT]})
def core_cohort_create_cohorts(site: Site, given: dict[str, Any]) -> list[Row]:
    made = []
    for cohort in given["cohorts"]:
        category = _cohort_category(site, cohort.pop("categorytype"))
        if site.by("cohorts", "idnumber", cohort["idnumber"]):
            raise invalid(f"record already exists: idnumber={cohort['idnumber']}")
        row = {"description": "", "visible": True, **cohort, "category": category}
        made.append({**row, "id": site.insert("cohorts", row)})
    return made


@function({"cohorts": [{"id": "int", **COHORT}]})
def core_cohort_update_cohorts(site: Site, given: dict[str, Any]) -> None:
    for cohort in given["cohorts"]:
        row = get(site, "cohorts", cohort["id"], name="cohort")
        category = _cohort_category(site, cohort.pop("categorytype"))
        site.put("cohorts", row["id"], {**row, **cohort, "category": category})


@function({"cohortids": ["int"]})
def core_cohort_delete_cohorts(site: Site, given: dict[str, Any]) -> None:
    for number in given["cohortids"]:
        get(site, "cohorts", number, name="cohort")
        for key in [key for key in site.tables["cohort_members"] if key[0] == number]:
            site.drop("cohort_members", key)
        site.drop("cohorts", number)


@function({"cohortids": ("int",)})
def core_cohort_get_cohorts(site: Site, given: dict[str, Any]) -> list[Row]:
    wanted = given.get("cohortids") or list(site.tables["cohorts"])
    rows = [site.tables["cohorts"][number] for number in sorted(set(wanted)) if number in site.tables["cohorts"]]
    return [{name: value for name, value in row.items() if name != "category"} for row in rows]


@function({"members": [{"cohorttype": {"type": "raw", "value": "raw"}, "usertype": {"type": "raw", "value": "raw"}}]})
def core_cohort_add_cohort_members(site: Site, given: dict[str, Any]) -> Row:
    warnings = []
    for member in given["members"]:
        cohort, user = member["cohorttype"]["value"], member["usertype"]["value"]
        if not cohort.isdigit() or int(cohort) not in site.tables["cohorts"]:
            warnings.append({"warningcode": "2", "message": f"cohort id={cohort} not exists"})
        elif not user.isdigit() or int(user) not in site.tables["users"]:
            warnings.append({"warningcode": "2", "message": f"user id={user} not exists"})
        elif (int(cohort), int(user)) in site.tables["cohort_members"]:
            warnings.append({"warningcode": "3", "message": f"record already exists: cohort(id={cohort} id={user})"})
        else:
            site.put("cohort_members", (int(cohort), int(user)), {})
    return {"warnings": warnings}


@function({"members": [{"cohortid": "int", "userid": "int"}]})
def core_cohort_delete_cohort_members(site: Site, given: dict[str, Any]) -> None:
    for member in given["members"]:
        get(site, "cohorts", member["cohortid"], name="cohort")
        get(site, "users", member["userid"], name="user")
        site.drop("cohort_members", (member["cohortid"], member["userid"]))


@function({"cohortids": ["int"]})
def core_cohort_get_cohort_members(site: Site, given: dict[str, Any]) -> list[Row]:
    members: dict[int, list[int]] = {get(site, "cohorts", number, name="cohort")["id"]: [] for number in given["cohortids"]}
    for cohort, user in site.tables["cohort_members"]:
        if cohort in members:
            members[cohort].append(user)
    return [{"cohortid": cohort, "userids": users} for cohort, users in members.items()]


# Enrolments and roles --------------------------------------------------------------------------------------------------


@function(
    {
        "enrolments": [
            {"roleid": "int", "userid": "int", "courseid": "int", "timestart": "int?", "timeend": "int?", "suspend": "int?"}
        ]
    }
)
def enrol_manual_enrol_users(site: Site, given: dict[str, Any]) -> None:
    for one in given["enrolments"]:
        if one["courseid"] not in site.tables["courses"]:
            raise MoodleError("requireloginerror", "Course or activity not accessible.", kind="require_login_exception")
        get(site, "users", one["userid"], "invaliduser")
        if one["roleid"] not in FOR_COURSES:
            detail = f"({one['roleid']}) to this user ({one['userid']}) in this course ({one['courseid']})."
            raise MoodleError("wsusercannotassign", f"You don't have the permission to assign this role {detail}")
        times = {"timestart": one.get("timestart", 0), "timeend": one.get("timeend", 0), "suspended": bool(one.get("suspend", 0))}
        site.put("enrolments", (one["courseid"], one["userid"]), times)
        site.put("roles", (one["courseid"], one["userid"], one["roleid"]), {})


@function({"enrolments": [{"userid": "int", "courseid": "int", "roleid": "int?"}]})
def enrol_manual_unenrol_users(site: Site, given: dict[str, Any]) -> None:
    for one in given["enrolments"]:
        course, user = (
            get(site, "courses", one["courseid"], name="course")["id"],
            get(site, "users", one["userid"], "invaliduser")["id"],
        )
        site.drop("enrolments", (course, user))
        for role in ROLES:
            site.drop("roles", (course, user, role))
        for number in [row["id"] for row in site.tables["groups"].values() if row["courseid"] == course]:
            site.drop("group_members", (number, user))
        for item in [row["id"] for row in site.tables["grade_items"].values() if row["courseid"] == course]:
            site.drop("grades", (item, user))


@function({"courseid": "int", "options": ({"name": "raw", "value": "raw"},)})
def core_enrol_get_enrolled_users(site: Site, given: dict[str, Any]) -> list[Row]:
    course = get(site, "courses", given["courseid"], name="course")["id"]
    options = {one["name"]: one["value"] for one in given.get("options", [])}
    users = sorted(user for at, user in site.tables["enrolments"] if at == course)
    if options.get("onlyactive") == "1":
        users = [user for user in users if site.active(course, user)]
    return [{"id": user, "fullname": "", "roles": _roles(site, course, user)} for user in users]


ASSIGNMENT: Spec = {"roleid": "int", "userid": "int", "contextlevel": "raw", "instanceid": "int"}


def _role_context(site: Site, one: Row, verb: str) -> tuple[int, int, int]:
    if one["contextlevel"] != "course" or one["instanceid"] not in site.tables["courses"]:
        raise invalid("The context does not exist.")
    if one["roleid"] not in FOR_COURSES:
        raise invalid(f"Can not {verb} roleid={one['roleid']}")
    return one["instanceid"], one["userid"], one["roleid"]


@function({"assignments": [ASSIGNMENT]})
def core_role_assign_roles(site: Site, given: dict[str, Any]) -> None:
    for one in given["assignments"]:
        key = _role_context(site, one, "assign")
        if one["userid"] not in site.tables["users"]:
            message = "Coding error detected, it must be fixed by a programmer: User ID does not exist or is deleted!"
            raise MoodleError("codingerror", message, kind="core\\exception\\coding_exception")
        site.put("roles", key, {})


@function({"unassignments": [ASSIGNMENT]})
def core_role_unassign_roles(site: Site, given: dict[str, Any]) -> None:
    for one in given["unassignments"]:
        site.drop("roles", _role_context(site, one, "unassign"))
