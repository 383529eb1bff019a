"""Reminders, notices, mail addresses, and what happens by the calendar."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STEPS = (
    ("half", "期限の半ば", 50, None, True, False, False, False),
    ("due", "期限の日", None, 0, True, False, False, False),
    ("late", "期限のあと（1回目）", None, 2, True, True, True, False),
    ("later", "期限のあと（2回目）", None, 5, True, True, True, True),
)
SCHEDULES = (
    ("digest", "1日1回のまとめのメール", "digest", "08:30", True),
    ("housekeeping", "古い下書き・仕事の記録・入退室の片づけ", "housekeeping", "03:00", False),
)


def upgrade() -> None:
    """Add the tables with what the town starts with; open tasks are looked at once by the new rules."""
    step = op.create_table(
        "reminder_step",
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("to_holder", sa.Boolean(), nullable=False),
        sa.Column("to_agency", sa.Boolean(), nullable=False),
        sa.Column("to_sui", sa.Boolean(), nullable=False),
        sa.Column("to_kcho", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    names = ("key", "label", "percent", "days", "to_holder", "to_agency", "to_sui", "to_kcho")
    op.bulk_insert(step, [{**dict(zip(names, row, strict=True)), "active": True} for row in STEPS])
    schedule = op.create_table(
        "schedule",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("process", sa.String(length=60), nullable=False),
        sa.Column("element", sa.String(length=80), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.String(length=5), nullable=False),
        sa.Column("business_days", sa.Boolean(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("next_at", engine.db.Moment(), nullable=True),
        sa.Column("last_at", engine.db.Moment(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    given = ("key", "label", "kind", "at", "business_days")
    op.bulk_insert(
        schedule,
        [{**dict(zip(given, row, strict=True)), "process": "", "element": "", "plan": {}, "active": True} for row in SCHEDULES],
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("made_at", engine.db.Moment(), nullable=False),
        sa.Column("seen_at", engine.db.Moment(), nullable=True),
        sa.Column("mailed_at", engine.db.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("notice_by_staff", ["staff_id", "seen_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_task_id"), ["task_id"], unique=False)
    for table in ("agency", "staff"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("mail", sa.String(length=120), server_default="", nullable=False))
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("remind_at", engine.db.Moment(), nullable=True))
        batch_op.add_column(sa.Column("reminded_at", engine.db.Moment(), nullable=True))
        batch_op.create_index("task_by_reminder", ["remind_at"], unique=False)
    op.execute("UPDATE task SET remind_at = created_at WHERE status = 'open' AND due_at IS NOT NULL")
