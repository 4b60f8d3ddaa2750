"""Runs, identities, receipts, audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "runs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("of_run", sa.String(64)),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("started", sa.String(32), nullable=False),
        sa.Column("ended", sa.String(32)),
        sa.Column("state", sa.String(16), nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("entity", sa.String(100), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("mapping", sa.String(100), nullable=False),
        sa.Column("source_key", sa.Text, nullable=False),
        sa.Column("native", sa.Text),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("meant", sa.Text),
        sa.Column("seen", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("run", sa.String(64), sa.ForeignKey("runs.id"), nullable=False),
    )
    op.create_index("identities_native", "identities", ["entity", "state"])
    op.create_table(
        "receipts",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("run", sa.String(64), sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("entity", sa.String(100), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("mapping", sa.String(100), nullable=False),
        sa.Column("source_key", sa.Text, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("native", sa.Text),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("meant", sa.Text),
        sa.Column("before", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("intended", sa.String(32), nullable=False),
        sa.Column("settled", sa.String(32)),
    )
    op.create_index("receipts_run", "receipts", ["run", "entity"])
    op.create_index("receipts_state", "receipts", ["state"])
    op.create_index("receipts_key", "receipts", ["entity", "key"])
    op.create_table(
        "audit",
        sa.Column("id", number, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("run", sa.String(64)),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    for table in ("audit", "receipts", "identities", "runs"):
        op.drop_table(table)
