"""Access: consents, meeting items, secrecy told, promotions, conflicts, overrides, notices; whom a record concerns."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and one column; older code neither reads nor needs them."""
    op.create_table(
        "district_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=40), nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("since", engine.db.Moment(), nullable=False),
        sa.Column("until", engine.db.Moment(), nullable=False),
        sa.Column("ended_at", engine.db.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency"],
            ["agency.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("district_view", schema=None) as batch_op:
        batch_op.create_index("district_view_by_agency", ["agency", "until"], unique=False)

    op.create_table(
        "secrecy_told",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("noted_by", sa.Integer(), nullable=True),
        sa.Column("noted_at", engine.db.Moment(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("staff_id", "told_on"),
    )
    with op.batch_alter_table("secrecy_told", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_secrecy_told_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("particulars", sa.JSON(), nullable=False),
        sa.Column("at", engine.db.Moment(), nullable=False),
        sa.Column("due_at", engine.db.Moment(), nullable=True),
        sa.Column("done_at", engine.db.Moment(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency"],
            ["agency.code"],
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index("alert_by_agency", ["agency", "done_at"], unique=False)

    op.create_table(
        "conflict_of_interest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("declared_by", sa.Integer(), nullable=True),
        sa.Column("declared_at", engine.db.Moment(), nullable=False),
        sa.Column("lifted_by", sa.Integer(), nullable=True),
        sa.Column("lifted_at", engine.db.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("conflict_of_interest", schema=None) as batch_op:
        batch_op.create_index("conflict_by_staff", ["staff_id", "lifted_at"], unique=False)

    op.create_table(
        "meeting_item",
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("function", sa.String(length=1), nullable=False),
        sa.Column("proposed", sa.String(length=20), nullable=False),
        sa.Column("persons", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", engine.db.Moment(), nullable=False),
        sa.Column("settled_at", engine.db.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["case_file.id"],
        ),
        sa.PrimaryKeyConstraint("item"),
    )
    with op.batch_alter_table("meeting_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_item_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_item_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "override_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=2), nullable=False),
        sa.Column("without_consent", sa.String(length=20), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("opened_at", engine.db.Moment(), nullable=False),
        sa.Column("until", engine.db.Moment(), nullable=False),
        sa.Column("closed_at", engine.db.Moment(), nullable=True),
        sa.Column("review_by", engine.db.Moment(), nullable=False),
        sa.Column("reviewed_at", engine.db.Moment(), nullable=True),
        sa.Column("reviewed_by", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_review", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("override_view", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_override_view_case_id"), ["case_id"], unique=False)
        batch_op.create_index("override_by_staff", ["staff_id", "case_id"], unique=False)

    op.create_table(
        "sharing_basis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("ground", sa.String(length=2), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("since", engine.db.Moment(), nullable=False),
        sa.Column("until", engine.db.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency"],
            ["agency.code"],
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("sharing_basis", schema=None) as batch_op:
        batch_op.create_index("basis_by_case", ["case_id", "agency"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("agency", sa.String(length=40), nullable=True),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=1), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("proxy", sa.String(length=40), nullable=False),
        sa.Column("witnessed", sa.Boolean(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("noted_by", sa.Integer(), nullable=True),
        sa.Column("since", engine.db.Moment(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("ended_at", engine.db.Moment(), nullable=True),
        sa.Column("ended_how", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency"],
            ["agency.code"],
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index("consent_by_case", ["case_id", "ended_at"], unique=False)

    op.create_table(
        "promotion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("from_record", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("ground", sa.String(length=2), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_for", sa.String(length=40), nullable=False),
        sa.Column("asked_at", engine.db.Moment(), nullable=False),
        sa.Column("agreed_by", sa.Integer(), nullable=True),
        sa.Column("agreed_at", engine.db.Moment(), nullable=True),
        sa.Column("refused_at", engine.db.Moment(), nullable=True),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["from_record"],
            ["record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["source"],
            ["agency.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("promotion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_promotion_item"), ["item"], unique=False)
        batch_op.create_index(batch_op.f("ix_promotion_source"), ["source"], unique=False)

    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_column("about")

    with op.batch_alter_table("promotion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_promotion_source"))
        batch_op.drop_index(batch_op.f("ix_promotion_item"))

    op.drop_table("promotion")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index("consent_by_case")

    op.drop_table("consent")
    with op.batch_alter_table("sharing_basis", schema=None) as batch_op:
        batch_op.drop_index("basis_by_case")

    op.drop_table("sharing_basis")
    with op.batch_alter_table("override_view", schema=None) as batch_op:
        batch_op.drop_index("override_by_staff")
        batch_op.drop_index(batch_op.f("ix_override_view_case_id"))

    op.drop_table("override_view")
    with op.batch_alter_table("meeting_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_item_meeting_id"))
        batch_op.drop_index(batch_op.f("ix_meeting_item_case_id"))

    op.drop_table("meeting_item")
    with op.batch_alter_table("conflict_of_interest", schema=None) as batch_op:
        batch_op.drop_index("conflict_by_staff")

    op.drop_table("conflict_of_interest")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_index("alert_by_agency")

    op.drop_table("alert")
    with op.batch_alter_table("secrecy_told", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_secrecy_told_staff_id"))

    op.drop_table("secrecy_told")
    with op.batch_alter_table("district_view", schema=None) as batch_op:
        batch_op.drop_index("district_view_by_agency")

    op.drop_table("district_view")
