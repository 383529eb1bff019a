"""Targets of the yearly evaluation, and the figures of the years that were settled."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both."""
    op.create_table(
        "evaluation_target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(length=4), nullable=False),
        sa.Column("indicator", sa.String(length=8), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("set_at", engine.db.Moment(), nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("year", "programme", "indicator"),
    )
    op.create_table(
        "evaluation_year",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("settled_at", engine.db.Moment(), nullable=False),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("year"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("evaluation_year")
    op.drop_table("evaluation_target")
