"""The SQL over a run's evidence. Nothing in here takes text from a run: values only ever are data."""

from __future__ import annotations

COLUMNS = {
    "dispositions": ("entity", "key", "disposition", "target_key", "code"),
    "findings": ("code", "severity", "entity", "key", "field", "value", "message", "root_cause"),
    "differences": ("entity", "key", "target_key", "field", "kind", "expected", "actual"),
    "unread": ("entity", "key"),
}

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
    LEFT JOIN changes ON compared.kind = 'different' AND compared.entity = changes.entity
        AND compared.field IS NOT DISTINCT FROM changes.field AND compared.how = changes.how
        AND (CASE WHEN NOT compared.masked THEN compared.expected END) IS NOT DISTINCT FROM changes.expected
        AND (CASE WHEN NOT compared.masked THEN compared.actual END) IS NOT DISTINCT FROM changes.actual""",
)

FINDINGS = (
    # Every finding with the record it blames: the named root cause, or the record itself.
    f"""CREATE TEMP TABLE told AS
    SELECT findings.*, {SEVERITY_RANK} AS rank, severity IS DISTINCT FROM 'warn' AS needs,
        coalesce(root_cause, entity || '/' || key) AS blamed,
        root_cause IS NULL OR root_cause = coalesce(entity || '/' || key, '') AS own
    FROM findings""",
    # What is wrong with each record at fault: the gravest finding of its own.
    """CREATE TEMP TABLE mains AS
    SELECT blamed AS root, arg_min({'entity': entity, 'code': code, 'field': field},
        (rank, code, coalesce(field, ''))) AS main
    FROM told WHERE needs AND own AND blamed IS NOT NULL GROUP BY blamed""",
    # A record that is blamed, and is itself kept back only because of another, hands the blame on.
    """CREATE TEMP TABLE tops AS
    WITH RECURSIVE up AS (
        SELECT entity || '/' || key AS root, min(blamed) AS next FROM told WHERE needs AND NOT own
        GROUP BY ALL HAVING entity || '/' || key NOT IN (SELECT root FROM mains)),
    climb AS (
        SELECT DISTINCT blamed, blamed AS top, 0 AS depth FROM told WHERE NOT own
        UNION ALL
        SELECT climb.blamed, up.next, depth + 1 FROM climb JOIN up ON climb.top = up.root WHERE depth < 20)
    SELECT blamed, arg_max(top, depth) AS top FROM climb GROUP BY blamed""",
    """CREATE TEMP TABLE faults AS
    SELECT told.*, CASE WHEN own THEN told.blamed ELSE top END AS root
    FROM told LEFT JOIN tops ON NOT own AND told.blamed = tops.blamed""",
    f"""CREATE TEMP TABLE records AS
    {
        _RECORDS.format(
            keys='''SELECT entity, key FROM faults
        UNION SELECT split_part(root, '/', 1), substr(root, instr(root, '/') + 1) FROM faults'''
        )
    }""",
    # A dependent finding belongs to its root's gravest finding, or to what became of a root that has none.
    """CREATE TEMP TABLE grouped AS
    SELECT faults.*, held.row AS record, origin.row AS root_record,
        CASE WHEN own THEN faults.entity WHEN main IS NOT NULL THEN main.entity
            ELSE split_part(root, '/', 1) END AS cause_entity,
        CASE WHEN own THEN faults.code WHEN main IS NOT NULL THEN main.code
            ELSE origin.code END AS cause_code,
        CASE WHEN own THEN field WHEN main IS NOT NULL THEN main.field END AS cause_field,
        NOT own AND main IS NULL AS orphan,
        CASE WHEN NOT own AND main IS NULL THEN origin.disposition END AS root_ended
    FROM faults
    LEFT JOIN mains USING (root)
    LEFT JOIN records AS held ON faults.entity = held.entity AND faults.key = held.key
    LEFT JOIN records AS origin ON split_part(root, '/', 1) = origin.entity
        AND substr(root, instr(root, '/') + 1) = origin.key""",
    """CREATE TEMP TABLE causes AS
    SELECT row_number() OVER (
            ORDER BY affected DESC, rank, n DESC, cause_entity, cause_code, cause_field) AS cause, *
    FROM (SELECT cause_entity, cause_code, cause_field, orphan, root_ended, min(rank) AS rank,
            arg_min(severity, (NOT own, rank)) AS severity, count(*) AS n,
            count(DISTINCT (entity, key, CASE WHEN key IS NULL THEN row END)) AS affected,
            count(DISTINCT coalesce(root, row::VARCHAR)) AS at_fault
        FROM grouped WHERE needs GROUP BY cause_entity, cause_code, cause_field, orphan, root_ended)""",
    """CREATE TEMP TABLE f AS
    SELECT grouped.*, causes.cause
    FROM grouped LEFT JOIN causes ON needs
        AND grouped.cause_entity IS NOT DISTINCT FROM causes.cause_entity
        AND grouped.cause_code IS NOT DISTINCT FROM causes.cause_code
        AND grouped.cause_field IS NOT DISTINCT FROM causes.cause_field
        AND grouped.orphan = causes.orphan AND grouped.root_ended IS NOT DISTINCT FROM causes.root_ended""",
)

CAUSES = """SELECT cause, severity, cause_code, cause_entity, cause_field, orphan, root_ended, at_fault,
    affected, n FROM causes ORDER BY cause"""

CAUSE_ENTITIES = """SELECT cause, entity, count(DISTINCT key) AS n FROM f
    WHERE cause IS NOT NULL AND key IS NOT NULL GROUP BY cause, entity ORDER BY cause, n DESC, entity"""

CAUSE_ROOTS = """SELECT cause, root, min(root_record), count(DISTINCT (entity, key)) AS n,
        count(*) OVER (PARTITION BY cause) AS roots
    FROM f WHERE cause IS NOT NULL AND root IS NOT NULL GROUP BY cause, root
    QUALIFY row_number() OVER (PARTITION BY cause ORDER BY n DESC, root) <= {listed}
    ORDER BY cause, n DESC, root"""

CAUSE_VALUES = """SELECT cause, value, count(*) AS n, count(*) OVER (PARTITION BY cause) AS values
    FROM f LEFT JOIN hidden ON f.entity = hidden.entity AND f.field IS NOT DISTINCT FROM hidden.field
    WHERE cause IS NOT NULL AND own AND hidden.entity IS NULL AND f.field IS NOT NULL GROUP BY cause, value
    QUALIFY row_number() OVER (PARTITION BY cause ORDER BY n DESC, value) <= {listed}
    ORDER BY cause, n DESC, value"""

UNEXPLAINED = """SELECT entity, disposition, code, count(*) AS n
    FROM d ANTI JOIN (SELECT entity, key FROM f WHERE needs) AS told USING (entity, key)
    WHERE disposition IN ('quarantined', 'blocked', 'held', 'failed')
    GROUP BY entity, disposition, code ORDER BY n DESC, entity, disposition, code"""

UNTOLD = """SELECT x.entity, x.kind, count(*) FROM x ANTI JOIN f ON f.needs AND f.entity = x.entity
        AND (f.key = x.key AND (x.kind <> 'different' OR f.field = x.field)
            OR x.kind = 'extra' AND f.key IS NULL AND f.value = x.target_key)
    GROUP BY x.entity, x.kind"""

TITLED = "SELECT DISTINCT code, entity, field FROM findings WHERE code IS NOT NULL ORDER BY ALL"

CHANGES = """SELECT entity, field, how, expected, actual, masked, n, change, sample, sample_target, record
    FROM changes WHERE place <= {listed} ORDER BY change"""

COUNTS = {
    "dispositions": "SELECT entity, disposition, count(*) FROM d GROUP BY entity, disposition",
    "doubled": "SELECT entity, count(*) - count(DISTINCT key) FROM d GROUP BY entity",
    "left_out": """SELECT entity, disposition, code, count(*) AS n FROM d
        WHERE disposition IN ('excluded', 'merged')
        GROUP BY entity, disposition, code ORDER BY n DESC, code""",
    "findings": "SELECT code, count(*) FROM findings GROUP BY code",
    "severities": "SELECT code, arg_min(severity, " + SEVERITY_RANK + ") FROM findings GROUP BY code",
    "differences": "SELECT entity, kind, field, count(*) FROM x GROUP BY entity, kind, field",
    "blocked_references": """SELECT entity, field, count(*) FROM findings
        WHERE severity = 'blocked' AND field IS NOT NULL GROUP BY entity, field""",
}

ROWS = {
    "dispositions": """WITH read_back AS (
            SELECT entity, key, min(CASE kind WHEN 'missing' THEN 'missing' ELSE 'different' END) AS answer
            FROM x WHERE kind IN ('missing', 'different') GROUP BY entity, key),
        told AS (SELECT DISTINCT entity, key FROM findings UNION SELECT entity, key FROM x)
        SELECT row, entity, key, target_key, disposition, code, read_back FROM (
            SELECT d.row, d.entity, d.key, target_key, disposition, code,
                CASE WHEN disposition IN ('created', 'updated', 'unchanged')
                    THEN coalesce(answer, CASE WHEN unread.key IS NULL THEN 'no difference' ELSE 'not read' END) END AS read_back,
                CASE WHEN disposition IN ('quarantined', 'blocked', 'held', 'failed') THEN 0
                    WHEN told.key IS NOT NULL THEN 1 WHEN disposition IN ('excluded', 'merged') THEN 2
                    WHEN disposition = 'updated' THEN 3 ELSE 4 END AS urgency
            FROM d LEFT JOIN read_back ON d.entity = read_back.entity AND d.key = read_back.key
            LEFT JOIN told ON d.entity = told.entity AND d.key = told.key
            LEFT JOIN unread ON d.entity = unread.entity AND d.key = unread.key
            ORDER BY urgency, d.row LIMIT {limit})
        ORDER BY row""",
    "findings": """SELECT record, severity, code, entity, key, field, value, message,
            CASE WHEN NOT own THEN root END AS root,
            CASE WHEN NOT own THEN root_record END AS root_record, cause
        FROM (SELECT *, row_number() OVER (PARTITION BY code, cause ORDER BY entity, key, row) AS turn FROM f
            ORDER BY turn, row LIMIT {limit})
        ORDER BY rank, code, row""",
    "differences": """SELECT record, entity, key, target_key, field, kind, how, expected, actual, change
        FROM (SELECT *,
                row_number() OVER (PARTITION BY kind, entity, field, change ORDER BY key, row) AS turn
            FROM x ORDER BY turn, row LIMIT {limit})
        ORDER BY entity, kind, field, row""",
}
