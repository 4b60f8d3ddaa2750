"""The SQL over a run's evidence. Nothing in here takes text from a run: values only ever are data."""

from __future__ import annotations

from reports.shown_records import SHOWN

COLUMNS = {
    "dispositions": ("entity", "key", "disposition", "target_key", "code"),
    "findings": ("code", "severity", "entity", "key", "field", "value", "message", "root_cause"),
    "differences": ("entity", "key", "target_key", "field", "kind", "expected", "actual"),
    "unread": ("entity", "key"),
    "worklist": (
        "item", "kind", "cause", "code", "severity", "entity", "field", "about", "key", "value", "root_cause", "message",
        "members", "choices", "state", "why", "decision", "new_value", "reason", "by", "at", "first_run", "last_run",
    ),
}  # fmt: skip
MORE = {"findings": ("item",), "worklist": ("times", "rows", "waiting")}
"""Columns that older and stopped runs have not written, and those that are numbers."""

SEVERITY_RANK = """CASE severity WHEN 'fatal' THEN 0 WHEN 'reject' THEN 1 WHEN 'quarantine' THEN 2
    WHEN 'blocked' THEN 3 WHEN 'hold' THEN 4 WHEN 'warn' THEN 6 ELSE 5 END"""

_HOW = r"""CASE
    WHEN kind = 'missing' THEN 'not in the target'
    WHEN kind = 'extra' THEN 'not expected in the target'
    WHEN expected = actual THEN 'equal as text'
    WHEN expected IS NULL AND actual = '' THEN 'null became empty text'
    WHEN expected = '' AND actual IS NULL THEN 'empty text became null'
    WHEN expected IS NULL OR expected = '' THEN 'unexpected value'
    WHEN actual IS NULL OR actual = '' THEN 'value lost'
    WHEN nfc_normalize(expected) = nfc_normalize(actual) THEN 'Unicode form'
    WHEN trim(expected, E' \t\r\n') = trim(actual, E' \t\r\n') THEN 'blanks around it'
    WHEN lower(expected) = lower(actual) THEN 'letter case'
    WHEN regexp_replace(expected, '[\s\p{Z}\p{C}]', '', 'g')
        = regexp_replace(actual, '[\s\p{Z}\p{C}]', '', 'g') THEN 'blanks or invisible characters'
    WHEN try_cast(expected AS DOUBLE) = try_cast(actual AS DOUBLE) THEN 'number written differently'
    WHEN abs(try_cast(expected AS DOUBLE) - try_cast(actual AS DOUBLE))
        <= 1e-6 * greatest(abs(try_cast(expected AS DOUBLE)), abs(try_cast(actual AS DOUBLE)))
        THEN 'number rounded'
    WHEN starts_with(expected, actual) THEN 'cut short'
    WHEN starts_with(actual, expected) THEN 'text added'
    ELSE 'another value' END"""

_RECORDS = """SELECT entity, key, min(row) AS row, min(disposition) AS disposition, min(code) AS code
    FROM d SEMI JOIN ({keys}) AS asked USING (entity, key) GROUP BY entity, key"""

DIFFERENCES = (
    f"""CREATE TEMP TABLE compared AS
    SELECT differences.*, {_HOW} AS how, hidden.entity IS NOT NULL AS masked, records.row AS record
    FROM differences
    LEFT JOIN hidden ON differences.entity = hidden.entity
        AND differences.field IS NOT DISTINCT FROM hidden.field
    LEFT JOIN ({_RECORDS.format(keys="SELECT entity, key FROM differences")}) AS records
        ON differences.entity = records.entity AND differences.key = records.key""",
    """CREATE TEMP TABLE changes AS
    SELECT row_number() OVER (ORDER BY entity, field, n DESC, sample NULLS LAST, how, expected, actual)
            AS change,
        row_number() OVER (PARTITION BY entity, field
            ORDER BY n DESC, sample NULLS LAST, how, expected, actual) AS place, *
    FROM (SELECT entity, field, how, masked,
            CASE WHEN NOT masked THEN expected END AS expected,
            CASE WHEN NOT masked THEN actual END AS actual, count(*) AS n,
            min(key) AS sample, min(target_key) AS sample_target, arg_min(record, key) AS record
        FROM compared WHERE kind = 'different' GROUP BY ALL)""",
    """CREATE TEMP TABLE x AS
    SELECT compared.*, changes.change
    FROM compared
    LEFT JOIN changes ON CASE WHEN compared.kind = 'different' THEN compared.entity END = changes.entity
        AND compared.field IS NOT DISTINCT FROM changes.field AND compared.how = changes.how
        AND (CASE WHEN NOT compared.masked THEN compared.expected END) IS NOT DISTINCT FROM changes.expected
        AND (CASE WHEN NOT compared.masked THEN compared.actual END) IS NOT DISTINCT FROM changes.actual""",
    "DROP TABLE compared",
)

_UNDECIDED = ", ".join(
    f'CAST(NULL AS VARCHAR) AS "{word}"'
    for word in (
        "members",
        "choices",
        "state",
        "why",
        "decision",
        "new_value",
        "reason",
        "by",
        "at",
        "first_run",
        "last_run",
        "times",
    )
)
WORKLIST = {
    # With the run's worklist, its items; without, those that can be told from the findings alone.
    True: """CREATE TEMP TABLE listed AS
    SELECT * REPLACE (coalesce(try_cast(rows AS BIGINT), 0) AS rows, coalesce(try_cast(waiting AS BIGINT), 0) AS waiting,
            coalesce(try_cast(times AS BIGINT), 0) AS times),
        state IN ('open', 'expired', 'returned') AS needs FROM worklist""",
    False: f"""CREATE TEMP TABLE listed AS
    SELECT CAST(NULL AS BIGINT) AS row, item, kind, cause, code, severity, entity, field, about, key, value, root_cause, message,
        {_UNDECIDED}, rows, waiting, severity IS DISTINCT FROM 'warn' AS needs FROM items""",
}
TOLD = {
    True: "SELECT * EXCLUDE (own, kind), given AS item FROM told",
    False: "SELECT * EXCLUDE (kind) FROM finding_items",
}
FINDINGS = (
    """CREATE TEMP TABLE members AS
    SELECT item, entity, unnest(CASE kind WHEN 'merge' THEN string_split(members, ', ') ELSE [key] END) AS key FROM listed""",
    # Every finding with its item and the record it blames: itself, or the first in the chain of those that wait.
    """CREATE TEMP TABLE faults AS
    SELECT blaming.*, root_cause IS NULL OR root_cause = coalesce(entity || '/' || key, '') AS own,
        CASE WHEN own THEN coalesce(root_cause, entity || '/' || key) ELSE coalesce(top, root_cause) END AS root
    FROM blaming LEFT JOIN tops
        ON CASE WHEN root_cause IS DISTINCT FROM entity || '/' || key THEN root_cause END = tops.blamed""",
    f"""CREATE TEMP TABLE records AS
    {
        _RECORDS.format(
            keys='''SELECT entity, key FROM faults
        UNION SELECT split_part(root, '/', 1), substr(root, instr(root, '/') + 1) FROM faults
        UNION SELECT split_part(root_cause, '/', 1), substr(root_cause, instr(root_cause, '/') + 1) FROM listed
        UNION SELECT entity, key FROM members'''
        )
    }""",
    """CREATE TEMP TABLE w AS
    WITH about AS (
        SELECT item, string_agg(records.row, ' ' ORDER BY records.row) AS records
        FROM members JOIN records USING (entity, key) GROUP BY item)
    SELECT listed.*, about.records, origin.row AS root_record, origin.disposition AS root_ended
    FROM listed LEFT JOIN about USING (item)
    LEFT JOIN records AS origin ON split_part(root_cause, '/', 1) = origin.entity
        AND substr(root_cause, instr(root_cause, '/') + 1) = origin.key""",
    """CREATE TEMP TABLE f AS
    SELECT faults.* EXCLUDE (item), held.row AS record, origin.row AS root_record, w.row AS item, w.state, w.cause,
        coalesce(w.needs, faults.severity IS DISTINCT FROM 'warn') AS needs
    FROM faults
    LEFT JOIN records AS held ON faults.entity = held.entity AND faults.key = held.key
    LEFT JOIN records AS origin ON split_part(root, '/', 1) = origin.entity
        AND substr(root, instr(root, '/') + 1) = origin.key
    LEFT JOIN w ON faults.item = w.item""",
    "DROP TABLE faults",
)

HISTORY = (
    # What the run before knew of a finding or an item, and where it left a record: filled in where there is one to compare with.
    "CREATE TEMP TABLE news (row BIGINT, history VARCHAR)",
    "CREATE TEMP TABLE item_news (item VARCHAR, history VARCHAR)",
    # A record of a bucket that holds the same records as then, each where it ended then, has no row of its own.
    "CREATE TEMP TABLE ended_before (entity VARCHAR, key VARCHAR, was VARCHAR)",
    "CREATE TEMP TABLE as_before (bucket UBIGINT)",
    # Codes of records that a rehearsal compared although it says that a live run would hold them; none of a live run.
    "CREATE TEMP TABLE predicted (code VARCHAR)",
    "CREATE TEMP MACRO bucket_of(entity, key) AS hash(entity, key) % 131072",
)

CAUSES = """WITH told AS (
        SELECT cause, count(*) AS n, count(DISTINCT (entity, key, CASE WHEN key IS NULL THEN row END)) AS affected
        FROM f WHERE needs GROUP BY cause)
    SELECT cause, arg_min(severity, place), arg_min(code, place), arg_min(entity, place), arg_min(field, place),
        arg_min(about, place), arg_min(message, place), bool_and(kind = 'root'),
        CASE WHEN count(DISTINCT coalesce(root_ended, '')) = 1 THEN min(coalesce(root_ended, '')) END,
        CASE WHEN bool_and(kind = 'root') THEN count(*) FILTER (needs) ELSE sum(rows) FILTER (needs) END,
        coalesce(any_value(affected), sum(rows + waiting) FILTER (needs)), any_value(n), bool_or(needs)
    FROM (SELECT *, row_number() OVER (ORDER BY NOT needs, {rank}, rows DESC, item) AS place FROM w) AS w
    LEFT JOIN told USING (cause)
    WHERE state IS DISTINCT FROM 'closed' GROUP BY cause ORDER BY cause""".replace("{rank}", SEVERITY_RANK)

CAUSE_STATES = """SELECT cause, state, count(*) FROM w WHERE state <> 'closed' GROUP BY cause, state"""

CAUSE_ANSWERS = """SELECT cause, entity, field, state, decision, new_value, reason, "by", min("at"), max("at"), why,
        count(*) AS n, count(*) OVER (PARTITION BY cause) AS answers
    FROM w WHERE decision IS NOT NULL AND state <> 'closed'
    GROUP BY cause, entity, field, state, decision, new_value, reason, "by", why
    QUALIFY row_number() OVER (PARTITION BY cause ORDER BY n DESC, state, reason, new_value, "by", entity) <= {listed}
    ORDER BY cause, n DESC, state, reason, new_value, "by", entity"""

CAUSE_ENTITIES = """SELECT cause, entity, count(DISTINCT key) AS n FROM f
    WHERE needs AND cause IS NOT NULL AND key IS NOT NULL GROUP BY cause, entity ORDER BY cause, n DESC, entity"""

CAUSE_ROOTS = """SELECT cause, root, min(root_record), count(DISTINCT (entity, key)) AS n,
        count(*) OVER (PARTITION BY cause) AS roots
    FROM f WHERE needs AND cause IS NOT NULL AND root IS NOT NULL GROUP BY cause, root
    QUALIFY row_number() OVER (PARTITION BY cause ORDER BY n DESC, root) <= {listed}
    ORDER BY cause, n DESC, root"""

CAUSE_VALUES = """SELECT cause, value, count(*) AS n, count(*) OVER (PARTITION BY cause) AS values
    FROM f LEFT JOIN hidden ON f.entity = hidden.entity AND f.field IS NOT DISTINCT FROM hidden.field
    WHERE needs AND cause IS NOT NULL AND own AND hidden.entity IS NULL AND f.field IS NOT NULL GROUP BY cause, value
    QUALIFY row_number() OVER (PARTITION BY cause ORDER BY n DESC, value) <= {listed}
    ORDER BY cause, n DESC, value"""

UNEXPLAINED = """SELECT entity, disposition, code, count(*) AS n
    FROM d ANTI JOIN (SELECT record AS row FROM f WHERE severity IS DISTINCT FROM 'warn') AS told USING (row)
    WHERE disposition IN ('quarantined', 'blocked', 'held', 'failed')
    GROUP BY entity, disposition, code ORDER BY n DESC, entity, disposition, code"""

UNTOLD = """SELECT x.entity, x.kind, count(*) FROM x ANTI JOIN f ON f.needs AND f.entity = x.entity
        AND (f.key = x.key AND (x.kind <> 'different' OR f.field = x.field)
            OR x.kind = 'extra' AND f.key IS NULL AND f.value = x.target_key)
    GROUP BY x.entity, x.kind"""

LOOKED_AT = """CREATE OR REPLACE TEMP TABLE looked_at AS
    SELECT record AS row, entity, code AS why FROM f WHERE record IS NOT NULL
    UNION ALL SELECT root_record, split_part(root, '/', 1), 'root' FROM f WHERE root_record IS NOT NULL
    UNION ALL SELECT record, entity, concat_ws(' ', kind, field) FROM x WHERE record IS NOT NULL
    UNION ALL SELECT TRY_CAST(unnest(string_split(records, ' ')) AS BIGINT), entity, concat_ws(' ', 'item', code, decision)
        FROM w WHERE records IS NOT NULL"""
# Some of every rule first, and the same ones each time.
TROUBLED = """CREATE OR REPLACE TEMP TABLE troubled AS
    SELECT row, row_number() OVER (ORDER BY turn, row) AS place FROM (
        SELECT row, min(turn) AS turn FROM (
            SELECT row, row_number() OVER (PARTITION BY entity, why ORDER BY row) AS turn FROM looked_at)
        WHERE row IS NOT NULL GROUP BY row ORDER BY turn, row LIMIT {limit})"""
# Spread over the file by a multiplication that scatters the row numbers.
UNTROUBLED = """CREATE OR REPLACE TEMP TABLE untroubled AS
    SELECT row, row_number() OVER (ORDER BY turn, row) AS place FROM (
        SELECT unnest(first) AS row, generate_subscripts(first, 1) AS turn FROM (
            SELECT arg_min(row, (row * 2654435761) % 4294967296, {each}) AS first
            FROM d ANTI JOIN looked_at USING (row) GROUP BY entity, disposition)
        ORDER BY turn, row LIMIT {limit})"""
PICKED = """SELECT d.row, d.entity, d.key, d.target_key, d.disposition, good FROM d JOIN (
        SELECT row, place, false AS good FROM troubled UNION ALL SELECT row, place, true FROM untroubled) AS picked USING (row)
    ORDER BY good, place"""
UNEQUAL = """SELECT entity, key, field FROM x SEMI JOIN troubled ON x.record = troubled.row
    WHERE kind IN ('different', 'missing') AND key IS NOT NULL"""
RULES = (
    """WITH reached AS (SELECT cause, count(DISTINCT (entity, key)) AS reach FROM f WHERE key IS NOT NULL GROUP BY cause)
    SELECT entity, cause, code, arg_min(severity, """
    + SEVERITY_RANK
    + """), count(*), count(DISTINCT key), count(DISTINCT key) FILTER (own), any_value(reach)
    FROM f LEFT JOIN reached USING (cause) WHERE entity IS NOT NULL GROUP BY entity, cause, code
    ORDER BY entity, min("""
    + SEVERITY_RANK
    + """), count(*) DESC, code, cause"""
)

TITLED = "SELECT DISTINCT code, entity, field FROM findings WHERE code IS NOT NULL ORDER BY ALL"

MOVED = "SELECT DISTINCT entity FROM f WHERE code = 'SRC-MOVED'"

CHANGES = """SELECT entity, field, how, expected, actual, masked, n, change, sample, sample_target, record
    FROM changes WHERE place <= {listed} ORDER BY change"""

COUNTS = {
    "dispositions": "SELECT entity, disposition, count(*) FROM d GROUP BY entity, disposition",
    "doubled": "SELECT entity, count(*) - count(DISTINCT key) FROM d GROUP BY entity",
    "left_out": """SELECT entity, disposition, code, count(*) AS n FROM d
        WHERE disposition IN ('excluded', 'merged')
        GROUP BY entity, disposition, code ORDER BY n DESC, code, entity, disposition""",
    "findings": "SELECT code, count(*) FROM findings GROUP BY code",
    "severities": "SELECT code, severity, count(*) FROM findings GROUP BY code, severity",
    "differences": "SELECT entity, kind, field, count(*) FROM x GROUP BY entity, kind, field",
    "states": "SELECT state, count(*) FROM worklist GROUP BY state",
    "without_item": "SELECT count(*) FROM f WHERE item IS NULL",
    # The field may say that a record loads without such a reference: then it is a warning, and names the record all the same.
    "blocked_references": """SELECT entity, field, count(*) FILTER (severity = 'blocked'), sum(n) FILTER (rooted),
            list(DISTINCT code ORDER BY code) FILTER (rooted)
        FROM (SELECT *, 1 AS n, bool_and(root_cause IS NOT NULL) OVER (PARTITION BY entity, field, code) AS rooted FROM findings)
        WHERE field IS NOT NULL GROUP BY entity, field""",
}

ROWS = {
    "dispositions": SHOWN,
    "findings": """SELECT record, severity, code, entity, key, field, value, message,
            CASE WHEN NOT own THEN root END AS root,
            CASE WHEN NOT own THEN root_record END AS root_record, cause, state, item, history
        FROM (SELECT *, row_number() OVER (PARTITION BY code, cause ORDER BY entity, key, row) AS turn FROM f
            LEFT JOIN news USING (row)
            ORDER BY turn, row LIMIT {limit})
        ORDER BY rank, code, row""",
    "differences": """SELECT record, entity, key, target_key, field, kind, how, expected, actual, change
        FROM (SELECT *,
                row_number() OVER (PARTITION BY kind, entity, field, change ORDER BY key, row) AS turn
            FROM x ORDER BY turn, row LIMIT {limit})
        ORDER BY entity, kind, field, row""",
    "worklist": """SELECT item, kind, cause, state, severity, code, entity, field, about, key, value, message, members,
            root_cause AS root, root_record, records, rows, waiting, choices, why, decision, new_value, reason, "by", "at",
            first_run, last_run, times, history
        FROM w LEFT JOIN item_news USING (item) WHERE row IS NOT NULL ORDER BY row LIMIT {limit}""",
}
