"""The coordinators' pages (進行管理): processes, their versions and drafts, the editors, decision tables, forms."""

from web.coordinators import desk, editing, library, outlining, publishing, tables  # noqa: F401  # they hang their pages
from web.coordinators.pages import pages

__all__ = ["pages"]
