"""The target's own ids of batches stand by themselves, batches say where their receipts lie, identities lie in the order of keys.

Keys are sorted by their bytes everywhere.

There is no way back: no ledger is brought to an earlier version.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "natives",
        sa.Column("receipt", number, primary_key=True, autoincrement=False),
        sa.Column("native", sa.Text, nullable=False),
    )
    with op.batch_alter_table("batches") as batches:
        for column in ("first_receipt", "last_receipt"):
            batches.add_column(sa.Column(column, number, nullable=False, server_default="0"))
    op.execute(
        "UPDATE batches SET first_receipt = own.first, last_receipt = own.last FROM (SELECT batch, min(id) AS first, "
        "max(id) AS last FROM receipts WHERE batch IS NOT NULL GROUP BY batch) AS own WHERE own.batch = batches.id"
    )
    with op.batch_alter_table("batches") as batches:
        for column in ("first_receipt", "last_receipt"):
            batches.alter_column(column, existing_type=number, existing_nullable=False, server_default=None)
    op.drop_index("receipts_of_batch", "receipts")
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("identities", recreate="always", table_kwargs={"sqlite_with_rowid": False}):
            pass  # the same columns in a table of another kind
        return
    for table in ("identities", "receipts"):
        op.alter_column(table, "key", existing_type=sa.Text, type_=sa.Text(collation="C"), existing_nullable=False)
