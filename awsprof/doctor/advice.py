"""
The commands that mend what was found, in words that can be pasted into a shell.

Knows how a word is quoted; not what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.naming import is_default
from awsprof.shells.quoting import quote

if TYPE_CHECKING:
    from pathlib import Path

    from awsprof.errors import SharedFileError

FIX = "awsprof doctor --fix"


def command(verb: str, name: str, more: str = "") -> str:
    """Return a command of this program's on a profile, whose name may be anything that somebody wrote into a file."""
    dashes = "-- " if name.startswith("-") else ""
    return f"awsprof {verb} {dashes}{quote('bash', name)}{more and f' {more}'}"


def import_of(name: str) -> str:
    """Return the command that takes keys in plain text into the vault."""
    return "awsprof default --rename PRODUCT ENV USER" if is_default(name) else command("import", name)


def chmod(mode: str, path: Path) -> str:
    return f"chmod {mode} {quote('bash', str(path))}"


def for_unreadable(path: Path, error: SharedFileError) -> str:
    """Say what makes a shared file readable: its mode, or a file in the place of what is none."""
    if error.hint is not None:
        return error.hint
    return chmod("u+r", path) if path.is_file() else "Put a plain file in its place, or take it away."
