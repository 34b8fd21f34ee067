"""
A unified diff of a shared file for a person to read, with every secret masked.

Knows which settings hold secrets; prints nothing.
"""

from __future__ import annotations

import difflib
import re

from awsprof.naming import printable

_SECRET_LINE = re.compile(
    r"^(?P<head>\s*[#;]*\s*[^=:\s]*(?:secret|token|password|passphrase)[^=:\s]*\s*[=:]\s*)(?P<value>\S.*)$",
    re.IGNORECASE,
)
# What a secret access key or a session token looks like wherever it stands: in a comment, or on a line of its own.
_SECRET_RUN = re.compile(r"[A-Za-z0-9/+]{40,}={0,2}")
_MASK = "********"


def masked(line: str) -> str:
    """Return *line* with every secret in it hidden."""
    match = _SECRET_LINE.match(line)
    if match is not None:
        return f"{match['head']}{_MASK}"
    # A launcher's path may be as long.
    return line if line.lstrip().startswith("credential_process") else _SECRET_RUN.sub(_MASK, line)


def unified(path: str, before: bytes, after: bytes) -> list[str]:
    """Return the lines of a unified diff without line ends; secrets are masked, but a changed one still shows."""
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (before, after))
    lines = difflib.unified_diff(old, new, path, path, lineterm="")
    return [printable(line[:1]) + printable(masked(line[1:])) for line in lines]
