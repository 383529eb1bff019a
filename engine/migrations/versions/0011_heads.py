"""The heads of the journal are written out every day."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROW = {
    "key": "heads", "label": "操作履歴の末尾の控え", "kind": "journal.heads", "process": "", "element": "", "at": "04:00",
    "business_days": False, "plan": {}, "active": True,
}  # fmt: skip
KINDS: dict[str, Any] = {"plan": sa.JSON(), "business_days": sa.Boolean(), "active": sa.Boolean()}


def upgrade() -> None:
    """Add the row of the calendar; a worker of before leaves its job to a newer one."""
    schedule = sa.Table("schedule", sa.MetaData(), *(sa.Column(name, KINDS.get(name, sa.String())) for name in ROW))
    op.bulk_insert(schedule, [ROW])


def downgrade() -> None:
    """Take it out again."""
    op.execute("DELETE FROM schedule WHERE key = 'heads'")
