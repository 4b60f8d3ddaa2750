"""The target's own ids of batches stand by themselves; identities lie, and keys are sorted, by the bytes of the key.

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
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("identities", recreate="always", table_kwargs={"sqlite_with_rowid": False}):
            pass  # the same columns in a table of another kind
        return
    for table in ("identities", "receipts"):
        op.alter_column(table, "key", existing_type=sa.Text, type_=sa.Text(collation="C"), existing_nullable=False)
