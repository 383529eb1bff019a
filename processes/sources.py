"""Files that somebody names, read within bounds: an ordinary file, and never more of it than a check could accept."""

from pathlib import Path

LIMIT = 2 * 1024 * 1024  # bytes; what is larger is refused unread


def source_of(path: Path) -> bytes:
    """The bytes of the file, one more than the limit at most. Raises OSError if it is no ordinary file."""
    if not path.is_file():
        raise FileNotFoundError(path.name)
    with path.open("rb") as file:
        return file.read(LIMIT + 1)
