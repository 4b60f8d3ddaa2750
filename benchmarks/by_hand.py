"""The job of the campus mapping as an engineer would write it by hand for DuckDB: the limit that the compiler is held against.

    python benchmarks/by_hand.py EXTRACTED OUT

Reads the Parquet files of a run's extract stage. Writes the rows that may load as Parquet and CSV, what became of every row, and
the findings: what map, validate and load of lms-migrate write for this mapping.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

EMAIL = (
    r"^[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$"
)
MOMENT = "CASE WHEN {0} <> 0 THEN make_timestamp({0} * 1000000) END"
SQUEEZE = r"regexp_replace(trim({0}), '\s+', ' ', 'g')"

USERS = f"""CREATE TABLE users AS SELECT id AS key, coalesce(nullif(trim(idnumber), ''), 'campus-' || id) AS user_id,
    lower(trim(username)) AS login, {SQUEEZE.format("nfc_normalize(firstname || ' ' || lastname)")} AS full_name,
    CASE WHEN regexp_full_match(trim(email), '{EMAIL[1:-1]}') THEN trim(email) END AS email, nullif(trim(email), '') AS given,
    CASE suspended WHEN 0 THEN 'active' WHEN 1 THEN 'suspended' END AS status, nullif(trim(lang), '') AS locale,
    {MOMENT.format("timecreated")} AS created,
    CASE WHEN deleted = 1 THEN 'excluded' WHEN coalesce(login, '') = '' OR length(login) > 100 OR length(user_id) > 60
        OR coalesce(full_name, '') = '' OR length(full_name) > 200 OR status IS NULL THEN 'quarantined'
        WHEN count(*) OVER (PARTITION BY deleted = 1, user_id) > 1 THEN 'quarantined' ELSE 'created' END AS disposition,
    CASE disposition WHEN 'excluded' THEN 'USR-DELETED' WHEN 'quarantined' THEN 'GATE' END AS code
    FROM read_parquet('{{users}}')"""
COURSES = f"""CREATE TABLE courses AS SELECT id AS key, 'campus-' || id AS course_id,
    {SQUEEZE.format("fullname || ' (' || shortname || ')'")} AS name,
    CASE visible WHEN 1 THEN 'available' WHEN 0 THEN 'hidden' END AS status,
    CAST({MOMENT.format("startdate")} AS DATE) AS starts, CAST({MOMENT.format("enddate")} AS DATE) AS ends,

    CASE WHEN coalesce(name, '') = '' OR length(name) > 200 OR status IS NULL THEN 'quarantined'
        ELSE 'created' END AS disposition,
    CASE disposition WHEN 'quarantined' THEN 'GATE' END AS code FROM read_parquet('{{courses}}')"""
REFERRED = """LEFT JOIN (SELECT key AS uk, user_id, disposition AS ud FROM users) ON uk = r.userid
    LEFT JOIN (SELECT key AS ck, course_id, disposition AS cd FROM courses) ON ck = r.courseid"""
DISPOSED = """CASE WHEN ud = 'excluded' THEN 'excluded' WHEN ud IS DISTINCT FROM 'created'
        OR cd IS DISTINCT FROM 'created' THEN 'blocked' {more} ELSE 'created' END AS disposition,
    CASE disposition WHEN 'excluded' THEN 'USER-EXCLUDED' WHEN 'blocked' THEN 'REF-ORPHAN' WHEN 'held' THEN 'ENR-ROLE'
        WHEN 'quarantined' THEN 'GRD-RANGE' END AS code"""
ENROLMENTS = f"""CREATE TABLE enrolments AS SELECT r.id AS key, 'campus-' || r.id AS enrolment_id, user_id, course_id,
    CASE r.role WHEN 'student' THEN 'student' WHEN 'editingteacher' THEN 'teacher' WHEN 'teacher' THEN 'teacher'
        WHEN 'guest' THEN 'observer' END AS held_role, CASE r.status WHEN 0 THEN 'active' WHEN 1 THEN 'inactive' END AS state,
    {MOMENT.format("r.timestart")} AS starts, {MOMENT.format("r.timeend")} AS ends, r.userid AS given,
    {DISPOSED.format(more="WHEN held_role IS NULL THEN 'held' WHEN state IS NULL THEN 'quarantined'")}
    FROM read_parquet('{{enrolments}}') AS r {REFERRED}"""
FAULTY_GRADE = "WHEN coalesce(title, '') = '' OR length(title) > 100 OR percent NOT BETWEEN 0 AND 100 THEN 'quarantined'"
GRADES = f"""CREATE TABLE grades AS SELECT r.id AS key, 'campus-' || r.id AS grade_id, user_id, course_id, trim(r.item) AS title,
    round(100 * TRY_CAST(r.rawgrade AS DOUBLE) / nullif(TRY_CAST(r.grademax AS DOUBLE), 0), 4) AS percent,
    {MOMENT.format("r.timemodified")} AS graded, r.userid AS given,
    {DISPOSED.format(more=FAULTY_GRADE)}
    FROM read_parquet('{{grades}}') AS r {REFERRED}"""
COMPLETIONS = f"""CREATE TABLE completions AS SELECT r.id AS key, 'campus-' || r.id AS completion_id, user_id, course_id,
    CAST({MOMENT.format("r.timecompleted")} AS DATE) AS completed, TRY_CAST(r.credits AS DOUBLE) AS points, r.userid AS given,
    {DISPOSED.format(more="WHEN completed IS NULL OR points < 0 THEN 'quarantined'")}
    FROM read_parquet('{{completions}}') AS r {REFERRED}"""
JOB = {"users": USERS, "courses": COURSES, "enrolments": ENROLMENTS, "grades": GRADES, "completions": COMPLETIONS}
OWN = ("key", "given", "disposition", "code")
PARQUET = "(FORMAT parquet, COMPRESSION zstd)"


def main(extracted: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    settings = {"memory_limit": "1GB", "temp_directory": str(out / "spill"), "preserve_insertion_order": False}
    with duckdb.connect(config=settings) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table, select in JOB.items():
            connection.execute(select.replace("{" + table + "}", str(extracted / f"{table}.parquet")))
        for table in JOB:
            columns = [d[0] for d in connection.execute(f"SELECT * FROM {table} LIMIT 0").description]
            wanted = ", ".join(c for c in columns if c not in OWN)
            rows = f"SELECT {wanted} FROM {table} WHERE disposition = 'created' ORDER BY {columns[1]}"
            connection.execute(f"COPY ({rows}) TO '{out / table}.parquet' {PARQUET}")
            connection.execute(f"COPY (FROM '{out / table}.parquet') TO '{out / table}.csv' (HEADER, FORCE_QUOTE *)")
        every = " UNION ALL ".join(f"SELECT '{t}' AS entity, key, disposition, code FROM {t}" for t in JOB)
        connection.execute(f"COPY ({every} ORDER BY ALL) TO '{out / 'dispositions.parquet'}' {PARQUET}")
        found = " UNION ALL ".join(
            f"SELECT code, '{t}' AS entity, key, CAST(given AS VARCHAR) AS value FROM {t} "
            "WHERE code IS NOT NULL AND disposition <> 'excluded'"
            for t in JOB
            if t != "courses"
        )
        warned = "SELECT 'USR-EMAIL', 'users', key, given FROM users "
        warned += "WHERE email IS NULL AND given IS NOT NULL AND disposition = 'created'"
        connection.execute(f"COPY ({found} UNION ALL {warned}) TO '{out / 'findings.parquet'}' {PARQUET}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
