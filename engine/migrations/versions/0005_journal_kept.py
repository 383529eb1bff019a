"""The journal refuses change: triggers on both databases; on PostgreSQL also no right to change.

A migration that rebuilds `journal_entry` or `journal_book` on SQLite (batch mode with
recreate) loses these triggers and must make them again; a test looks for them.
"""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SENTENCE = "the journal is append-only"
GROWS = "NEW.length > OLD.length AND NEW.name = OLD.name"


def upgrade() -> None:
    """Guards on the journal's two tables; the tables of its review; declared relatives."""
    op.create_table(
        "journal_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("drawn_from", sa.Integer(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("made_at", engine.db.Moment(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("signed_at", engine.db.Moment(), nullable=True),
        sa.Column("signed_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("month"),
    )
    op.create_table(
        "kin_trace",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("declared_at", engine.db.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("kin_by_mark", "kin_trace", ["kind", "mark"])
    op.create_index("ix_kin_trace_staff_id", "kin_trace", ["staff_id"])
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    """Take the guards away again."""
    names = (("journal_entry", "journal_entry_unchanged"), ("journal_entry", "journal_entry_undeleted"),
             ("journal_book", "journal_book_grows"), ("journal_book", "journal_book_undeleted"))  # fmt: skip
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, name in names:
        op.execute(f"DROP TRIGGER {name} ON {table}" if postgresql else f"DROP TRIGGER {name}")
    if postgresql:
        for table in ("journal_entry", "journal_book"):
            op.execute(f"DROP TRIGGER {table}_untruncated ON {table}")
            op.execute(f"GRANT UPDATE, DELETE, TRUNCATE ON {table} TO CURRENT_USER")
        op.execute("DROP FUNCTION journal_refuses")
    op.drop_table("kin_trace")
    op.drop_table("journal_review")


def _guard_sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
    op.execute(f"CREATE TRIGGER journal_entry_unchanged BEFORE UPDATE ON journal_entry {refuse}")
    op.execute(f"CREATE TRIGGER journal_entry_undeleted BEFORE DELETE ON journal_entry {refuse}")
    op.execute(f"CREATE TRIGGER journal_book_grows BEFORE UPDATE ON journal_book WHEN NOT ({GROWS}) {refuse}")
    op.execute(f"CREATE TRIGGER journal_book_undeleted BEFORE DELETE ON journal_book {refuse}")


def _guard_postgresql() -> None:
    op.execute(
        f"CREATE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
    )
    refuse = "EXECUTE FUNCTION journal_refuses()"
    op.execute(f"CREATE TRIGGER journal_entry_unchanged BEFORE UPDATE ON journal_entry FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER journal_entry_undeleted BEFORE DELETE ON journal_entry FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER journal_book_grows BEFORE UPDATE ON journal_book FOR EACH ROW WHEN (NOT ({GROWS})) {refuse}")
    op.execute(f"CREATE TRIGGER journal_book_undeleted BEFORE DELETE ON journal_book FOR EACH ROW {refuse}")
    for table in ("journal_entry", "journal_book"):
        op.execute(f"CREATE TRIGGER {table}_untruncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}")
    # The account that owns the tables may give itself the right back: that, too, then shows in the database's own log.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON journal_entry FROM PUBLIC, CURRENT_USER")
    op.execute("REVOKE DELETE, TRUNCATE ON journal_book FROM PUBLIC, CURRENT_USER")
