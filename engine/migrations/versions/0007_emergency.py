"""Disasters with their emergency mode, the households to be found, shortcuts taken."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the register of disasters and what hangs on it."""
    op.create_table(
        "disaster",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("districts", sa.JSON(), nullable=False),
        sa.Column("shortcuts", sa.JSON(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.Boolean(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("since", engine.db.Moment(), nullable=False),
        sa.Column("until", engine.db.Moment(), nullable=True),
        sa.Column("ended_at", engine.db.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tag"),
    )
    op.create_table(
        "safety_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("disaster_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("district", sa.String(length=40), nullable=False),
        sa.Column("condition", sa.String(length=40), nullable=False),
        sa.Column("ground", sa.String(length=4), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.String(length=4), nullable=False),
        sa.Column("lane", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answered_at", engine.db.Moment(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.ForeignKeyConstraint(["disaster_id"], ["disaster.id"]),
        sa.ForeignKeyConstraint(["team"], ["agency.code"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("disaster_id", "mark"),
    )
    op.create_table(
        "shortcut_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("disaster_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("shortcut", sa.String(length=40), nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("at", engine.db.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["agency"], ["agency.code"]),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.ForeignKeyConstraint(["disaster_id"], ["disaster.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_disaster_case_id", "disaster", ["case_id"])
    op.create_index("safety_by_team", "safety_row", ["disaster_id", "team", "place"])
    op.create_index("ix_safety_row_case_id", "safety_row", ["case_id"])
    op.create_index("ix_shortcut_use_disaster_id", "shortcut_use", ["disaster_id"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("shortcut_use")
    op.drop_table("safety_row")
    op.drop_table("disaster")
