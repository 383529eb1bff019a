"""Alembic's entry: runs on the connection that `engine.migrations` hands in."""

from typing import Any

from alembic import context

from engine.db import Base


def ours(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Leave tables alone that are not ours (a job runner may keep its own beside them)."""
    return not (kind == "table" and reflected and compared is None)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    include_object=ours,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
