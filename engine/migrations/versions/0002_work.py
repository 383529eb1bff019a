"""Work: kinds with versions, lanes, one job of a case at a time, workers seen, incidents of jobs."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns, indexes and the workers' table; everything new has a default for older code."""
    op.create_table(
        "worker_pulse",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("started_at", engine.db.Moment(), nullable=False),
        sa.Column("seen_at", engine.db.Moment(), nullable=False),
        sa.Column("stopped_at", engine.db.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("job_id", sa.Integer(), nullable=True))
        batch_op.alter_column("case_id", existing_type=sa.Integer(), nullable=True)
        batch_op.create_index(batch_op.f("ix_incident_job_id"), ["job_id"], unique=False)
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.add_column(sa.Column("needs", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("lane", sa.String(length=80), server_default="", nullable=False))
        batch_op.create_index("job_by_lane", ["lane", "status"], unique=False)
    # A worker of before may have left several running jobs of a case behind; they are taken up again one by one.
    op.execute("UPDATE job SET status = 'due', lease_until = NULL WHERE status = 'running'")
    running, suspect = sa.text("status = 'running'"), sa.text("status = 'running' AND deaths > 0")
    op.create_index("job_one_a_case", "job", ["case_id"], unique=True, sqlite_where=running, postgresql_where=running)
    op.create_index("job_one_suspect", "job", ["status"], unique=True, sqlite_where=suspect, postgresql_where=suspect)
