"""Receipts of many records at once say what they share in one row, and identities refer to what they were written as.

There is no way back: no ledger is brought to an earlier version.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SHARED = {"run": 64, "entity": 100, "mapping": 100, "action": 16, "state": 16, "intended": 32}


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "batches",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("run", sa.String(64), sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("entity", sa.String(100), nullable=False),
        sa.Column("mapping", sa.String(100), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("intended", sa.String(32), nullable=False),
        sa.Column("settled", sa.String(32)),
    )
    for index in ("receipts_run", "receipts_state", "receipts_key"):
        op.drop_index(index, "receipts")
    with op.batch_alter_table("receipts") as receipts:
        receipts.add_column(sa.Column("batch", number, sa.ForeignKey("batches.id", name="receipts_batch"), nullable=True))
        for column, length in _SHARED.items():
            receipts.alter_column(column, existing_type=sa.String(length), nullable=True)
    alone, together = sa.text("batch IS NULL"), sa.text("batch IS NOT NULL")
    for index, columns, where in (
        ("receipts_run", ["run", "entity"], alone),
        ("receipts_state", ["state"], alone),
        ("receipts_key", ["entity", "key"], alone),
        ("receipts_of_batch", ["batch", "key"], together),
    ):
        op.create_index(index, "receipts", columns, sqlite_where=where, postgresql_where=where)
    op.drop_index("identities_native", "identities")
    op.add_column("identities", sa.Column("receipt", number))
