"""
Small files of others that are only looked into.

Knows how to read one without waiting and without taking in more than was asked for; not what is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_small_file(path: Path, most_bytes: int) -> bytes | None:
    """Return the bytes of a plain file; None where there is none, it cannot be read, or it is longer than asked."""
    try:
        # A pipe would be waited for.
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except (OSError, ValueError):
        return None
    return data if len(data) <= most_bytes else None
