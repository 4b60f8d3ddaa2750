"""What was seen of a record is kept field by field, which takes more room."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("identities") as table:
        table.alter_column("seen", existing_type=sa.String(80), type_=sa.Text, existing_nullable=True)


def downgrade() -> None:
    with op.batch_alter_table("identities") as table:
        table.alter_column("seen", existing_type=sa.Text, type_=sa.String(80), existing_nullable=True)
