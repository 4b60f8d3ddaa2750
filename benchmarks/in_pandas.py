"""The job of ``by_hand.py`` as an engineer would write it with pandas: the same rows, dispositions and findings.

python benchmarks/in_pandas.py EXTRACTED OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

EMAIL = (
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
ROLES = {"student": "student", "editingteacher": "teacher", "teacher": "teacher", "guest": "observer"}
CODES = {"excluded": "USER-EXCLUDED", "blocked": "REF-ORPHAN", "held": "ENR-ROLE", "quarantined": "GRD-RANGE"}


def moment(seconds: pd.Series) -> pd.Series:
    """Seconds since 1970 as instants; 0 is none."""
    return pd.to_datetime(seconds.where(seconds != 0), unit="s")


def squeezed(text: pd.Series) -> pd.Series:
    """No blanks at the ends, and one where there are several."""
    return text.str.strip().str.replace(r"\s+", " ", regex=True)


def campus(ids: pd.Series) -> pd.Series:
    """The key that a record has in the target."""
    return "campus-" + ids.astype("string")


def users(given: pd.DataFrame) -> pd.DataFrame:
    """People, with what became of each."""
    number = given["idnumber"].str.strip()
    out = pd.DataFrame({"key": given["id"], "user_id": number.where(number != "", campus(given["id"]))})
    out["login"] = given["username"].str.strip().str.lower()
    out["full_name"] = squeezed((given["firstname"] + " " + given["lastname"]).str.normalize("NFC"))
    mail = given["email"].str.strip()
    out["email"] = mail.where(mail.str.fullmatch(EMAIL).fillna(value=False))
    out["status"] = given["suspended"].map({0: "active", 1: "suspended"})
    language = given["lang"].str.strip()
    out["locale"] = language.where(language != "")
    out["created"] = moment(given["timecreated"])
    out["given"] = mail.where(mail != "")
    deleted = given["deleted"] == 1
    faulty = (out["login"].fillna("") == "") | (out["login"].str.len() > 100) | (out["user_id"].str.len() > 60)
    faulty |= (out["full_name"].fillna("") == "") | (out["full_name"].str.len() > 200) | out["status"].isna()
    faulty |= pd.DataFrame({"d": deleted, "u": out["user_id"]}).duplicated(keep=False)
    out["disposition"] = np.select([deleted, faulty], ["excluded", "quarantined"], "created")
    out["code"] = out["disposition"].map({"excluded": "USR-DELETED", "quarantined": "GATE"})
    return out


def courses(given: pd.DataFrame) -> pd.DataFrame:
    """Courses, with what became of each."""
    out = pd.DataFrame({"key": given["id"], "course_id": campus(given["id"])})
    out["name"] = squeezed(given["fullname"] + " (" + given["shortname"] + ")")
    out["status"] = given["visible"].map({1: "available", 0: "hidden"})
    out["starts"], out["ends"] = moment(given["startdate"]).dt.date, moment(given["enddate"]).dt.date
    faulty = (out["name"].fillna("") == "") | (out["name"].str.len() > 200) | out["status"].isna()
    out["disposition"] = np.where(faulty, "quarantined", "created")
    out["code"] = out["disposition"].map({"quarantined": "GATE"})
    return out


def referring(given: pd.DataFrame, people: pd.DataFrame, taught: pd.DataFrame) -> pd.DataFrame:
    """The rows with the records that they refer to, in the order of the rows."""
    of = people[["key", "user_id", "disposition"]].rename(columns={"key": "userid", "disposition": "ud"})
    at = taught[["key", "course_id", "disposition"]].rename(columns={"key": "courseid", "disposition": "cd"})
    return given.merge(of, how="left", on="userid").merge(at, how="left", on="courseid")


def disposed(out: pd.DataFrame, rows: pd.DataFrame, more: list[tuple[pd.Series, str]]) -> pd.DataFrame:
    """``out`` with what became of each row; the first reason counts."""
    asked = [(rows["ud"] == "excluded", "excluded"), ((rows["ud"] != "created") | (rows["cd"] != "created"), "blocked"), *more]
    out["disposition"] = np.select([condition for condition, _ in asked], [word for _, word in asked], "created")
    out["code"] = out["disposition"].map(CODES)
    return out


def enrolments(rows: pd.DataFrame) -> pd.DataFrame:
    """Enrolments, with what became of each."""
    out = pd.DataFrame({"key": rows["id"], "enrolment_id": campus(rows["id"])})
    out["user_id"], out["course_id"] = rows["user_id"], rows["course_id"]
    out["held_role"], out["state"] = rows["role"].map(ROLES), rows["status"].map({0: "active", 1: "inactive"})
    out["starts"], out["ends"], out["given"] = moment(rows["timestart"]), moment(rows["timeend"]), rows["userid"]
    return disposed(out, rows, [(out["held_role"].isna(), "held"), (out["state"].isna(), "quarantined")])


def grades(rows: pd.DataFrame) -> pd.DataFrame:
    """Grades, with what became of each."""
    out = pd.DataFrame({"key": rows["id"], "grade_id": campus(rows["id"])})
    out["user_id"], out["course_id"], out["title"] = rows["user_id"], rows["course_id"], rows["item"].str.strip()
    most = pd.to_numeric(rows["grademax"], errors="coerce").replace(0, np.nan)
    out["percent"] = (100 * pd.to_numeric(rows["rawgrade"], errors="coerce") / most).round(4)
    out["graded"], out["given"] = moment(rows["timemodified"]), rows["userid"]
    faulty = (out["title"].fillna("") == "") | (out["title"].str.len() > 100)
    faulty |= out["percent"].notna() & ~out["percent"].between(0, 100)
    return disposed(out, rows, [(faulty, "quarantined")])


def completions(rows: pd.DataFrame) -> pd.DataFrame:
    """Completions, with what became of each."""
    out = pd.DataFrame({"key": rows["id"], "completion_id": campus(rows["id"])})
    out["user_id"], out["course_id"] = rows["user_id"], rows["course_id"]
    out["completed"], out["points"] = moment(rows["timecompleted"]).dt.date, pd.to_numeric(rows["credits"], errors="coerce")
    out["given"] = rows["userid"]
    return disposed(out, rows, [(out["completed"].isna() | (out["points"] < 0), "quarantined")])


def main(extracted: Path, out: Path) -> None:
    """Do the whole job."""
    out.mkdir(parents=True, exist_ok=True)

    def read(table: str) -> pd.DataFrame:
        return pd.read_parquet(extracted / f"{table}.parquet")

    made = {"users": users(read("users")), "courses": courses(read("courses"))}
    for table, job in (("enrolments", enrolments), ("grades", grades), ("completions", completions)):
        made[table] = job(referring(read(table), made["users"], made["courses"]))
    became, found = [], []
    for table, rows in made.items():
        wanted = [column for column in rows if column not in ("key", "given", "disposition", "code")]
        loading = rows.loc[rows["disposition"] == "created", wanted].sort_values(wanted[0])
        loading.to_parquet(out / f"{table}.parquet", compression="zstd", index=False)
        loading.to_csv(out / f"{table}.csv", index=False)
        became.append(rows[["key", "disposition", "code"]].assign(entity=table))
        if table != "courses":
            said = rows.loc[rows["code"].notna() & (rows["disposition"] != "excluded"), ["code", "key", "given"]]
            found.append(said.assign(entity=table, given=said["given"].astype("string")))
    people = made["users"]
    bad = people[people["email"].isna() & people["given"].notna() & (people["disposition"] == "created")]
    found.append(bad[["key", "given"]].assign(entity="users", code="USR-EMAIL"))
    pd.concat(became).sort_values(["entity", "key"]).to_parquet(out / "dispositions.parquet", compression="zstd", index=False)
    pd.concat(found).to_parquet(out / "findings.parquet", compression="zstd", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
