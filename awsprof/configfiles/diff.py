"""
A unified diff of a shared file for a person to read, with every secret masked.

Knows which settings hold secrets; prints nothing.
"""

from __future__ import annotations

import difflib
import re

from awsprof.naming import printable

_SECRET_LINE = re.compile(
    r"^(?P<head>\s*[^=:\s]*(?:secret|token|password|passphrase)[^=:\s]*\s*[=:]\s*)(?P<value>\S.*)$", re.IGNORECASE
)


def masked(line: str) -> str:
    """Return *line* with its value hidden, if it is a setting that holds a secret."""
    match = _SECRET_LINE.match(line)
    return line if match is None else f"{match['head']}********"


def unified(path: str, before: bytes, after: bytes) -> list[str]:
    """Return the lines of a unified diff without line ends; secrets are masked, but a changed one still shows."""
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (before, after))
    lines = difflib.unified_diff(old, new, path, path, lineterm="")
    return [printable(line[:1]) + printable(masked(line[1:])) for line in lines]
