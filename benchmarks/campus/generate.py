"""The tables of the campus as Parquet files, and in PostgreSQL. Values are hashes of their row's number: no seed can be lost."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg

POSTGRESQL = {
    "users": "id bigint primary key, username text, idnumber text, firstname text, lastname text, email text, "
    "suspended smallint, deleted smallint, lang text, timecreated bigint",
    "courses": "id bigint primary key, shortname text, fullname text, visible smallint, startdate bigint, enddate bigint",
    "enrolments": "id bigint primary key, userid bigint, courseid bigint, role text, status smallint, timestart bigint, "
    "timeend bigint",
    "grades": "id bigint primary key, userid bigint, courseid bigint, item text, rawgrade double precision, "
    "grademax double precision, timemodified bigint",
    "completions": "id bigint primary key, userid bigint, courseid bigint, timecompleted bigint, credits double precision",
}
TABLES = tuple(POSTGRESQL)


@dataclass(frozen=True)
class Size:
    """Rows by table. The proportions are those of a school: 25 enrolments and 25 grades for each user."""

    users: int

    @property
    def courses(self) -> int:
        return max(self.users // 50, 10)

    @property
    def enrolments(self) -> int:
        return self.users * 25

    @property
    def grades(self) -> int:
        return self.users * 25

    @property
    def completions(self) -> int:
        return self.users * 5

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(getattr(self, table) for table in TABLES)


def _hash(salt: str, most: int) -> str:
    return f"CAST(hash('{salt}', n) % {most} AS BIGINT)"


def _one_in(salt: str, many: int) -> str:
    return f"hash('{salt}', n) % {many} = 0"


def selects(size: Size) -> dict[str, str]:
    """``{table: SELECT}`` of the made-up rows. About one row in a hundred has a fault that the mapping has to meet."""
    start = 1_400_000_000
    person = f"1 + {_hash('person', size.users)}"
    course = f"1 + {_hash('course', size.courses)}"
    orphan = f"CASE WHEN {_one_in('orphan', 700)} THEN {size.users} + 1 + n % 50 ELSE {person} END"
    return {
        "users": f"""SELECT n AS id, 'User.' || n AS username,
            CASE WHEN {_one_in("no number", 5)} THEN '' ELSE ' P' || lpad(CAST(n AS VARCHAR), 9, '0') END AS idnumber,
            list_extract(['Ana', 'Björn', 'Chloë', '  Dilek', 'Émile', 'فاطمة', '伟', 'Grażyna'],
                1 + {_hash("first", 8)}) AS firstname,
            'Name  ' || {_hash("last", 50_000)} AS lastname,
            CASE WHEN {_one_in("bad mail", 200)} THEN 'nobody at example' WHEN {_one_in("no mail", 50)} THEN ' '
                ELSE 'user' || n || '@example.org' END AS email,
            CAST({_one_in("suspended", 20)} AS SMALLINT) AS suspended, CAST({_one_in("deleted", 100)} AS SMALLINT) AS deleted,
            list_extract(['en', 'de', 'fr', ''], 1 + {_hash("lang", 4)}) AS lang,
            CASE WHEN {_one_in("never", 30)} THEN 0 ELSE {start} + {_hash("created", 300_000_000)} END AS timecreated
            FROM range(1, {size.users} + 1) AS r(n)""",
        "courses": f"""SELECT n AS id, 'C' || n AS shortname, 'Course  number ' || n AS fullname,
            CAST(NOT ({_one_in("hidden", 10)}) AS SMALLINT) AS visible, {start} + {_hash("starts", 300_000_000)} AS startdate,
            CASE WHEN {_one_in("open", 2)} THEN 0 ELSE {start} + 300000000 + {_hash("ends", 9_000_000)} END AS enddate
            FROM range(1, {size.courses} + 1) AS r(n)""",
        "enrolments": f"""SELECT n AS id, {orphan} AS userid, {course} AS courseid,
            CASE WHEN {_one_in("odd role", 900)} THEN 'auditor' ELSE list_extract(['student', 'student', 'student', 'student',
                'student', 'student', 'editingteacher', 'teacher', 'guest', 'student'], 1 + {_hash("role", 10)}) END AS role,
            CAST({_one_in("inactive", 15)} AS SMALLINT) AS status, {start} + {_hash("from", 300_000_000)} AS timestart,
            CASE WHEN {_one_in("no end", 3)} THEN 0 ELSE {start} + 310000000 + {_hash("to", 9_000_000)} END AS timeend
            FROM range(1, {size.enrolments} + 1) AS r(n)""",
        "grades": f"""SELECT n AS id, {orphan} AS userid, {course} AS courseid, 'Quiz ' || {_hash("item", 12)} AS item,
            CASE WHEN {_one_in("too much", 400)} THEN 11.5 ELSE {_hash("grade", 1001)} / 100.0 END AS rawgrade,
            CAST(10 AS DOUBLE) AS grademax, {start} + {_hash("graded", 300_000_000)} AS timemodified
            FROM range(1, {size.grades} + 1) AS r(n)""",
        "completions": f"""SELECT n AS id, {orphan} AS userid, {course} AS courseid,
            CASE WHEN {_one_in("no date", 800)} THEN 0 ELSE {start} + {_hash("done", 300_000_000)} END AS timecompleted,
            {_hash("credits", 40)} / 4.0 AS credits
            FROM range(1, {size.completions} + 1) AS r(n)""",
    }


def as_parquet(size: Size, folder: Path) -> dict[str, Path]:
    """Write ``TABLE.parquet`` files into ``folder``; gives ``{table: file}``."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {table: folder / f"{table}.parquet" for table in TABLES}
    with duckdb.connect() as connection:
        for table, select in selects(size).items():
            connection.execute(f"COPY ({select}) TO '{files[table]}' (FORMAT parquet, COMPRESSION zstd)")
    return files


def into_postgresql(files: dict[str, Path], url: str) -> None:
    """Make the tables anew in the database ``url`` names, and fill them from the files."""
    with psycopg.connect(url, autocommit=True) as server, duckdb.connect() as connection:
        for table, columns in POSTGRESQL.items():
            server.execute(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({columns})")
            with tempfile.TemporaryDirectory() as folder:
                csv = Path(folder) / "rows.csv"
                connection.execute(f"COPY (FROM '{files[table]}') TO '{csv}' (HEADER false, NULLSTR '\\N')")
                into = f"COPY {table} FROM STDIN (FORMAT csv, NULL '\\N')"
                with csv.open("rb") as rows, server.cursor() as cursor, cursor.copy(into) as copy:
                    while part := rows.read(1 << 20):
                        copy.write(part)
            server.execute(f"ANALYZE {table}")
