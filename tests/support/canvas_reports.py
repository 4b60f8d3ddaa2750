"""The provisioning report of the stand-in account: columns and words as Canvas shows them, which differ from the import's."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from canvas_account import Account

COURSE_WORDS = {"claimed": "unpublished", "available": "active", "completed": "concluded", "deleted": "deleted"}
ENROLLMENT_WORDS = {"completed": "concluded"}
GONE_WITHOUT_DELETED = {"deleted", "completed"}
COLUMNS = {
    "accounts": "canvas_account_id,account_id,canvas_parent_id,parent_account_id,name,status,created_by_sis",
    "terms": "canvas_term_id,term_id,name,status,start_date,end_date,created_by_sis",
    "courses": "canvas_course_id,course_id,integration_id,short_name,long_name,canvas_account_id,account_id,canvas_term_id,"
    "term_id,status,start_date,end_date,course_format,blueprint_course_id,created_by_sis",
    "sections": "canvas_section_id,section_id,canvas_course_id,course_id,integration_id,name,status,start_date,end_date,"
    "canvas_account_id,account_id,created_by_sis",
    "users": "canvas_user_id,user_id,integration_id,authentication_provider_id,login_id,first_name,last_name,full_name,"
    "sortable_name,short_name,email,status,created_by_sis",
    "enrollments": "canvas_course_id,course_id,canvas_user_id,user_id,role,role_id,canvas_section_id,section_id,status,"
    "canvas_associated_user_id,associated_user_id,created_by_sis,base_role_type,limit_section_privileges,canvas_enrollment_id",
    "admins": "admin_user_name,canvas_user_id,user_id,canvas_account_id,account_id,role_id,role,status,created_by_sis",
    "group_categories": "canvas_group_category_id,group_category_id,context_id,context_type,name,role,self_signup,group_limit,"
    "auto_leader,status",
    "groups": "canvas_group_id,group_id,canvas_group_category_id,group_category_id,canvas_account_id,account_id,canvas_course_id,"
    "course_id,name,status,created_by_sis,context_id,context_type,max_membership",
    "group_membership": "canvas_group_id,group_id,canvas_user_id,user_id,status,created_by_sis",
}


def report(account: Account, parameter: str, include_deleted: bool) -> bytes:
    """The report of one parameter as CSV."""
    columns = COLUMNS[parameter].split(",")
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for state, line in globals()[f"_{parameter}"](account):
        if include_deleted or state not in GONE_WITHOUT_DELETED:
            writer.writerow({name: "" if value is None else value for name, value in line.items()})
    return out.getvalue().encode()


def _id(account: Account, kind: str, key: str) -> Any:
    return account.tables[kind].get(key, {}).get("id", 1 if kind == "account" else "")


Lines = Iterator[tuple[str, dict[str, Any]]]


def _accounts(account: Account) -> Lines:
    for key, a in account.tables["account"].items():
        line = {"canvas_account_id": a["id"], "account_id": key, "canvas_parent_id": _id(account, "account", a["parent"])}
        yield a["state"], {**line, "parent_account_id": a["parent"], "name": a["name"], "status": a["state"]}


def _terms(account: Account) -> Lines:
    for key, t in account.tables["term"].items():
        line = {"canvas_term_id": t["id"], "term_id": key, "name": t["name"], "status": t["state"]}
        yield t["state"], {**line, "start_date": t.get("start_date"), "end_date": t.get("end_date")}


def _courses(account: Account) -> Lines:
    for key, c in account.tables["course"].items():
        line = {"canvas_course_id": c["id"], "course_id": key, "short_name": c["short_name"], "long_name": c["name"]}
        line |= {"account_id": c["account"], "canvas_account_id": _id(account, "account", c["account"]), "term_id": c["term"]}
        line |= {name: c.get(name) for name in ("integration_id", "start_date", "end_date", "course_format")}
        yield c["state"], {**line, "status": COURSE_WORDS[c["state"]]}


def _sections(account: Account) -> Lines:
    for key, s in account.tables["section"].items():
        line = {"canvas_section_id": s["id"], "section_id": key, "course_id": s["course"], "name": s["name"]}
        line |= {name: s.get(name) for name in ("integration_id", "start_date", "end_date")}
        yield s["state"], {**line, "canvas_course_id": _id(account, "course", s["course"]), "status": s["state"]}


def _users(account: Account) -> Lines:
    for key, u in account.tables["user"].items():
        line = {"canvas_user_id": u["person"], "user_id": key, "login_id": u["login"], "full_name": u["name"]}
        line |= {name: u.get(name) for name in ("integration_id", "sortable_name", "email")}
        yield u["state"], {**line, "short_name": u.get("short_name") or u["name"], "status": u["state"]}


def _enrollments(account: Account) -> Lines:
    for e in account.tables["enrollment"].values():
        line = {"canvas_enrollment_id": e["id"], "course_id": e["course"], "section_id": e["section"], "user_id": e["user"]}
        line |= {"canvas_section_id": _id(account, "section", e["section"]), "role": e["role"]}
        line |= {
            "canvas_user_id": account.tables["user"][e["user"]]["person"],
            "limit_section_privileges": str(e["limit"]).lower(),
        }
        yield e["state"], {**line, "status": ENROLLMENT_WORDS.get(e["state"], e["state"])}


def _admins(account: Account) -> Lines:
    for a in account.tables["admin"].values():
        yield a["state"], {"user_id": a["user"], "account_id": a["account"], "role": a["role"], "status": a["state"]}


def _context(account: Account, context: tuple[str, str]) -> dict[str, Any]:
    kind, key = context
    return {"context_type": kind, "context_id": _id(account, kind.lower(), key)}


def _group_categories(account: Account) -> Lines:
    for key, g in account.tables["group_category"].items():
        line = {"canvas_group_category_id": g["id"], "group_category_id": key, "name": g["name"], "status": g["state"]}
        yield g["state"], line | _context(account, g["context"])


def _groups(account: Account) -> Lines:
    for key, g in account.tables["group"].items():
        kind, of = g["context"]
        line = {"canvas_group_id": g["id"], "group_id": key, "group_category_id": g["category"], "name": g["name"]}
        line |= {"course_id": of if kind == "Course" else "", "account_id": of if kind == "Account" else "at-the-course"}
        yield g["state"], {**line, "status": g["state"]} | _context(account, g["context"])


def _group_membership(account: Account) -> Lines:
    for m in account.tables["group_membership"].values():
        yield m["state"], {"group_id": m["group"], "user_id": m["user"], "status": m["state"]}
