"""Whose words a record holds (代行入力), and what staff last chose on a page."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A nullable column and a table: older code goes on without them."""
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proxy", sa.LargeBinary(), nullable=True))
    op.create_table(
        "staff_preference",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("staff_id", "page"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("staff_preference")
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_column("proxy")
