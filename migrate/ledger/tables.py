"""The ledger's tables. What they look like in a database is decided by the migrations; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text, and_

METADATA = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")
_KEY = Text().with_variant(Text(collation="C"), "postgresql")  # sorted by its bytes, as the engine and SQLite sort

RUNS = Table(
    "runs",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),  # live, delta, rollback
    Column("of_run", String(64)),  # of a rollback: the run that it takes back
    Column("target", Text, nullable=False),  # address without secrets
    Column("started", String(32), nullable=False),
    Column("ended", String(32)),
    Column("state", String(16), nullable=False),  # running, finished, failed
)

IDENTITIES = Table(
    "identities",
    METADATA,
    Column("entity", String(100), primary_key=True),
    Column("key", _KEY, primary_key=True),
    Column("mapping", String(100), nullable=False),
    Column("source_key", Text, nullable=False),
    Column("native", Text),  # the target's own id
    Column("fingerprint", String(64), nullable=False),  # of the row as it was meant; blank: not what is meant
    Column("receipt", _ID),  # the receipt that has what was meant, of what was written with many others and not touched since
    Column("meant", Text),  # JSON of the values as they were written; null where there is a receipt that has it
    Column("seen", Text),  # of the fields of the row as the target last showed it; null: nobody looked since it was written
    Column("state", String(16), nullable=False),  # held, handed_over, removed; missed: said to be written, and not found
    Column("origin", String(16), nullable=False),  # created, adopted
    Column("run", String(64), ForeignKey("runs.id"), nullable=False),  # that wrote it last
    sqlite_with_rowid=False,  # the rows lie in the order of their keys: one tree to fill, and one to read
)

BATCHES = Table(  # what the receipts of many records have in common; the columns are as those of receipts
    "batches",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("run", String(64), ForeignKey("runs.id"), nullable=False),
    Column("entity", String(100), nullable=False),
    Column("mapping", String(100), nullable=False),
    Column("action", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("message", Text),
    Column("intended", String(32), nullable=False),
    Column("settled", String(32)),
    Column("first_receipt", _ID, nullable=False),  # between this and the last lie its receipts: no index has to say which
    Column("last_receipt", _ID, nullable=False),
)

RECEIPTS = Table(
    "receipts",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("batch", _ID, ForeignKey("batches.id", name="receipts_batch")),  # null: the receipt has been written by itself
    Column("run", String(64), ForeignKey("runs.id")),  # this, entity, mapping, action, intended: null where the batch has it
    Column("entity", String(100)),
    Column("key", _KEY, nullable=False),
    Column("mapping", String(100)),
    Column("source_key", Text, nullable=False),
    Column("action", String(16)),  # create, update, adopt, remove
    # intended, done, refused, failed, unknown, handed_over; void: it never took effect; undone: a rollback took it back.
    # Null, like message and settled: as the batch says
    Column("state", String(16)),
    Column("native", Text),  # null where `natives` has it
    Column("fingerprint", String(64), nullable=False),
    Column("meant", Text),  # JSON of the values as they are to be written; once it is settled, with the identity or for it
    Column("before", Text),  # JSON of what the target held before
    Column("message", Text),
    Column("intended", String(32)),
    Column("settled", String(32)),
)
_ALONE = RECEIPTS.c.batch.is_(None)
for _name, _columns in (("receipts_run", ("run", "entity")), ("receipts_state", ("state",)), ("receipts_key", ("entity", "key"))):
    Index(_name, *(RECEIPTS.c[one] for one in _columns), sqlite_where=_ALONE, postgresql_where=_ALONE)
# With `+ 0` SQLite does not look up the batch of every receipt there is, but the receipts of every batch that is asked for.
OF_BATCH = and_(RECEIPTS.c.id.between(BATCHES.c.first_receipt, BATCHES.c.last_receipt), RECEIPTS.c.batch == BATCHES.c.id + 0)
"""A receipt is one of a batch."""

NATIVES = Table(  # the ids that the target gave to records of batches: added to, where changing the receipts wrote them twice
    "natives",
    METADATA,
    Column("receipt", _ID, primary_key=True, autoincrement=False),
    Column("native", Text, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("run", String(64)),
    Column("event", String(64), nullable=False),
    Column("detail", Text, nullable=False),  # JSON, without people's data
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),  # of this entry and `previous`
)
