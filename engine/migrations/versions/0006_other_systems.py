"""Other systems: sources and routes, receipts and refusals; subscriptions and deliveries."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables only: older code does not know them."""
    op.create_table(
        "hook_refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_at", engine.db.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("day", "source", "reason"),
    )
    op.create_table(
        "hook_source",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("secret", sa.String(length=60), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "hook_told",
        sa.Column("book", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("book"),
    )
    op.create_table(
        "hook_route",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("does", sa.String(length=10), nullable=False),
        sa.Column("message", sa.String(length=80), nullable=False),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("case_number", sa.String(length=400), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("process", sa.String(length=60), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["desk"],
            ["agency.code"],
        ),
        sa.ForeignKeyConstraint(
            ["source"],
            ["hook_source.name"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "type"),
    )
    op.create_table(
        "hook_subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=400), nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("secret", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("since", engine.db.Moment(), nullable=False),
        sa.Column("stopped_at", engine.db.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency"],
            ["agency.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "hook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("occurred_at", engine.db.Moment(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", engine.db.Moment(), nullable=False),
        sa.Column("tried_at", engine.db.Moment(), nullable=True),
        sa.Column("answer", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["hook_subscription.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subscription_id", "event"),
    )
    with op.batch_alter_table("hook_delivery", schema=None) as batch_op:
        batch_op.create_index("delivery_by_status", ["status", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hook_delivery_case_id"), ["case_id"], unique=False)

    op.create_table(
        "hook_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("taken_at", engine.db.Moment(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("arrived_at", engine.db.Moment(), nullable=True),
        sa.Column("expires_at", engine.db.Moment(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "message_id"),
    )
    with op.batch_alter_table("hook_receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hook_receipt_case_id"), ["case_id"], unique=False)
        batch_op.create_index("receipt_by_status", ["status", "taken_at"], unique=False)


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("hook_receipt", schema=None) as batch_op:
        batch_op.drop_index("receipt_by_status")
        batch_op.drop_index(batch_op.f("ix_hook_receipt_case_id"))

    op.drop_table("hook_receipt")
    with op.batch_alter_table("hook_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hook_delivery_case_id"))
        batch_op.drop_index("delivery_by_status")

    op.drop_table("hook_delivery")
    op.drop_table("hook_subscription")
    op.drop_table("hook_route")
    op.drop_table("hook_told")
    op.drop_table("hook_source")
    op.drop_table("hook_refusal")
