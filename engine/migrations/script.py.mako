"""${message}."""

import sqlalchemy as sa
from alembic import op

import engine.db
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Drop all tables."""
    ${downgrades if downgrades else "pass"}
