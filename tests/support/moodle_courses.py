"""More functions of the stand-in: categories, courses and groups."""

from __future__ import annotations

import datetime as dt
from typing import Any

from moodle_functions import function, get, optional, warning
from moodle_php import MoodleError, Spec, invalid
from moodle_site import Row, Site

CATEGORY: Spec = {"name": "text", "parent": "int=0", "idnumber": "raw?", "description": "raw?"}


def _category_name(name: str) -> None:
    if not name:
        raise MoodleError("categorynamerequired", "Category name is required")
    if len(name) > 255:
        raise MoodleError("categorytoolong", "Category name is too long")


@function({"categories": [CATEGORY]})
def core_course_create_categories(site: Site, given: dict[str, Any]) -> list[Row]:
    made = []
    for one in given["categories"]:
        if one["parent"] and one["parent"] not in site.tables["categories"]:
            raise MoodleError("unknowcategory", "error/unknowcategory")
        _category_name(one["name"])
        if one.get("idnumber") and site.by("categories", "idnumber", one["idnumber"]):
            raise MoodleError("categoryidnumbertaken", "ID number is already used for another category")
        number = site.insert("categories", {"idnumber": None, "description": "", **one})
        made.append({"id": number, "name": one["name"]})
    return made


@function({"categories": [{"id": "int", **optional(CATEGORY)}]})
def core_course_update_categories(site: Site, given: dict[str, Any]) -> None:
    for one in given["categories"]:
        row = _category(site, one["id"])
        if one.get("parent") and one["parent"] not in site.tables["categories"]:
            raise MoodleError("unknowncategory", "Unknown category")
        site.put("categories", row["id"], {**row, **one})


def _category(site: Site, number: int) -> Row:
    row = site.tables["categories"].get(number)
    if row is None:
        raise MoodleError("unknowncategory", f'Unknown category with category ID number "{number}"')
    return row


@function({"categories": [{"id": "int", "newparent": "int?", "recursive": "bool=0"}]})
def core_course_delete_categories(site: Site, given: dict[str, Any]) -> None:
    for one in given["categories"]:
        _category(site, one["id"])
        if not one["recursive"]:
            raise MoodleError("movecatcontentstoroot", "You can't move category contents to root")
        _delete_category(site, one["id"])


def _delete_category(site: Site, number: int) -> None:
    for inner in [row["id"] for row in site.tables["categories"].values() if row["parent"] == number]:
        _delete_category(site, inner)
    for course in [row["id"] for row in site.tables["courses"].values() if row["categoryid"] == number]:
        _delete_course(site, course)
    site.drop("categories", number)


@function({"criteria": ({"key": "raw", "value": "raw"},), "addsubcategories": "bool=1"})
def core_course_get_categories(site: Site, given: dict[str, Any]) -> list[Row]:
    rows = list(site.tables["categories"].values())
    for one in given.get("criteria", []):
        match one["key"]:
            case "ids":
                wanted = one["value"].split(",")
                rows = [row for row in rows if str(row["id"]) in wanted]
            case "id" | "parent" | "idnumber" | "name" as key:
                rows = [row for row in rows if str(row[key]) == one["value"]]
            case key:
                raise MoodleError("criteriaerror", f"You can not search on this criteria: {key}")
    return rows


COURSE: Spec = {
    "fullname": "text", "shortname": "text", "categoryid": "int", "idnumber": "raw?", "summary": "raw?", "format": "raw=topics",
    "startdate": "int?", "enddate": "int?", "visible": "int?", "groupmode": "int=0", "enablecompletion": "int=1", "lang": "raw?",
    "courseformatoptions": ({"name": "raw", "value": "raw"},),
}  # fmt: skip


def _automatic_end(row: Row) -> Row:
    """Weekly courses count their end from the start, unless an option says that they do not."""
    options = {one["name"]: one["value"] for one in row.pop("courseformatoptions", [])}
    if row["format"] != "weeks" or options.get("automaticenddate") == "0":
        return row
    return {**row, "enddate": row["startdate"] + 7 * 86_400}


def _course_names(site: Site, row: Row, number: int | None) -> None:
    for name in ("fullname", "shortname"):
        if not row[name].strip():
            raise MoodleError("errorinvalidparam", f"Invalid parameter: {name}")
    other = site.by("courses", "shortname", row["shortname"])
    if other is not None and other["id"] != number:
        raise MoodleError("shortnametaken", f"Short name is already used for another course ({row['shortname']})")
    other = site.by("courses", "idnumber", row["idnumber"]) if row["idnumber"] else None
    if other is not None and other["id"] != number:
        raise MoodleError("courseidnumbertaken", f"ID number is already used for another course ({row['idnumber']})")
    if row["enddate"] and row["enddate"] < row["startdate"]:
        raise MoodleError("enddatebeforestartdate", "The course end date must be after the start date.")
    if row["lang"] and row["lang"] not in site.languages:
        raise MoodleError("errorinvalidparam", "Invalid parameter: lang")


@function({"courses": [COURSE]})
def core_course_create_courses(site: Site, given: dict[str, Any]) -> list[Row]:
    made = []
    midnight = int(dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp())
    for one in given["courses"]:
        if one["categoryid"] not in site.tables["categories"]:
            raise MoodleError("errorcatcontextnotvalid", "You cannot execute functions in the category context")
        start = one.get("startdate", midnight)
        row = {"idnumber": "", "summary": "", "visible": 1, "lang": "", "startdate": start, "enddate": start + 31_536_000, **one}
        _course_names(site, row, None)
        made.append({"id": site.insert("courses", _automatic_end(row)), "shortname": one["shortname"]})
    return made


@function({"courses": [{"id": "int", **optional(COURSE)}]})
def core_course_update_courses(site: Site, given: dict[str, Any]) -> Row:
    warnings = []
    for one in given["courses"]:
        row = site.tables["courses"].get(one["id"])
        try:
            if row is None or row["id"] == 1:
                raise MoodleError("invalidrecord", "Can't find data record in database table course.")
            if one.get("categoryid", row["categoryid"]) not in site.tables["categories"]:
                raise MoodleError("invalidrecord", "Can't find data record in database table course_categories.")
            _course_names(site, {**row, **one}, row["id"])
            site.put("courses", row["id"], _automatic_end({**row, **one}))
        except MoodleError as error:
            warnings.append(warning("course", one["id"], error.code, error.message))
    return {"warnings": warnings}


@function({"courseids": ["int"]})
def core_course_delete_courses(site: Site, given: dict[str, Any]) -> Row:
    warnings = []
    for number in given["courseids"]:
        if number not in site.tables["courses"]:
            warnings.append(warning("course", number, "unknowncourseidnumber", f"Unknown course ID {number}"))
        else:
            _delete_course(site, number)
    return {"warnings": warnings}


def _delete_course(site: Site, number: int) -> None:
    for group in [row["id"] for row in site.tables["groups"].values() if row["courseid"] == number]:
        _delete_group(site, group)
    for table in ("grade_items", "modules"):
        at = "courseid" if table == "grade_items" else "course"
        for row in [row for row in site.tables[table].values() if row[at] == number]:
            site.drop(table, row["id"])
    for table in ("enrolments", "roles", "course_completions"):
        for key in [key for key in site.tables[table] if key[0] == number]:
            site.drop(table, key)
    site.drop("courses", number)


@function({"options": {"ids": ["int"]}})
def core_course_get_courses(site: Site, given: dict[str, Any]) -> list[Row]:
    found = (site.tables["courses"].get(number) for number in given["options"]["ids"])
    return [row for row in found if row is not None]


@function({"field": "raw=", "value": "raw="})
def core_course_get_courses_by_field(site: Site, given: dict[str, Any]) -> Row:
    rows = list(site.tables["courses"].values())
    match given["field"]:
        case "ids":
            found = [site.tables["courses"].get(int(one)) for one in given["value"].split(",") if one.isdigit()]
            if None in found:
                raise MoodleError("Error", 'Attempt to assign property "contextvalidated" on null', kind="Error")
            rows = [row for row in found if row is not None]
        case "shortname":
            row = site.by("courses", "shortname", given["value"])
            rows = [] if row is None else [row]
        case "id" | "category":
            name = "id" if given["field"] == "id" else "categoryid"
            rows = [row for row in rows if str(row[name]) == given["value"]]
    return {"courses": rows, "warnings": []}


# Groups ---------------------------------------------------------------------------------------------------------------


def _group_names(site: Site, row: Row, number: int | None) -> None:
    if not row["name"].strip():
        raise invalid("Invalid group name")
    others = [one for one in site.tables["groups"].values() if one["courseid"] == row["courseid"] and one["id"] != number]
    if any(one["name"].lower() == row["name"].lower() for one in others):
        raise invalid("Group with the same name already exists in the course")
    if row["idnumber"] and any(one["idnumber"] == row["idnumber"] for one in others):
        raise MoodleError("idnumbertaken", "This ID number is already in use")


@function({"groups": [{"courseid": "int", "name": "text", "description": "raw", "idnumber": "raw?"}]})
def core_group_create_groups(site: Site, given: dict[str, Any]) -> list[Row]:
    made = []
    for one in given["groups"]:
        if one["courseid"] not in site.tables["courses"]:
            raise MoodleError("errorcoursecontextnotvalid", "You cannot execute functions in the course context")
        row = {"idnumber": "", **one}
        _group_names(site, row, None)
        made.append({**row, "id": site.insert("groups", row)})
    return made


@function({"groups": [{"id": "int", "name": "text", "description": "raw?", "idnumber": "raw?"}]})
def core_group_update_groups(site: Site, given: dict[str, Any]) -> None:
    for one in given["groups"]:
        row = site.tables["groups"].get(one["id"])
        if row is None:
            raise invalid(f"Group {one['id']} does not exist")
        _group_names(site, {**row, **one}, row["id"])
        site.put("groups", row["id"], {**row, **one})


@function({"groupids": ["int"]})
def core_group_delete_groups(site: Site, given: dict[str, Any]) -> None:
    for number in given["groupids"]:
        _delete_group(site, number)


def _delete_group(site: Site, number: int) -> None:
    for key in [key for key in site.tables["group_members"] if key[0] == number]:
        site.drop("group_members", key)
    site.drop("groups", number)


@function({"courseid": "int"})
def core_group_get_course_groups(site: Site, given: dict[str, Any]) -> list[Row]:
    if given["courseid"] not in site.tables["courses"]:
        raise MoodleError("errorcoursecontextnotvalid", "You cannot execute functions in the course context")
    return [row for row in site.tables["groups"].values() if row["courseid"] == given["courseid"]]


MEMBERS: Spec = {"members": [{"groupid": "int", "userid": "int"}]}


@function(MEMBERS)
def core_group_add_group_members(site: Site, given: dict[str, Any]) -> None:
    for one in given["members"]:
        group = get(site, "groups", one["groupid"])
        get(site, "users", one["userid"], name="user")
        if (group["courseid"], one["userid"]) not in site.tables["enrolments"]:
            raise invalid("Only enrolled users may be members of groups")
        site.put("group_members", (one["groupid"], one["userid"]), {})


@function(MEMBERS)
def core_group_delete_group_members(site: Site, given: dict[str, Any]) -> None:
    for one in given["members"]:
        get(site, "groups", one["groupid"])
        get(site, "users", one["userid"], name="user")
        site.drop("group_members", (one["groupid"], one["userid"]))


@function({"groupids": ["int"]})
def core_group_get_group_members(site: Site, given: dict[str, Any]) -> list[Row]:
    members: dict[int, list[int]] = {get(site, "groups", number)["id"]: [] for number in given["groupids"]}
    for group, user in site.tables["group_members"]:
        if group in members:
            members[group].append(user)
    return [{"groupid": group, "userids": users} for group, users in members.items()]


@function({"courseid": "int=0", "userid": "int=0", "groupingid": "int=0"})
def core_group_get_course_user_groups(site: Site, given: dict[str, Any]) -> Row:
    course, user = (get(site, table, given[key], name=key) for table, key in (("courses", "courseid"), ("users", "userid")))
    if not site.manages_groups:
        return {"groups": [], "warnings": [warning("course", course["id"], "cannotmanagegroups", "User 2 cannot manage groups")]}
    enrolled = (course["id"], user["id"]) in site.tables["enrolments"]
    return {
        "groups": [
            {"id": row["id"], "courseid": course["id"], "name": row["name"], "idnumber": row["idnumber"]}
            for row in site.tables["groups"].values()
            if row["courseid"] == course["id"] and (row["id"], user["id"]) in site.tables["group_members"]
        ],
        "warnings": [] if enrolled else [warning("course", course["id"], "notenrolled", "is not enrolled")],
    }
