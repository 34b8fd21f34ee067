"""
The ``.env`` files that a service with ``useDotenv`` loads.

Knows their form as far as names and plain values go; not what the variables mean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from awsprof.storage.small import read_small_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAX_BYTES = 65_536
_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[\w.-]+)[ \t]*[=:][ \t]*"
    r"(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<plain>[^#\r\n]*))",
    re.MULTILINE,
)
_REFERENCE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")


def read_dotenv(directory: Path, stage: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of ``.env.<stage>``, or of ``.env`` where there is none."""
    for name in (f".env.{stage}", ".env"):
        data = read_small_file(directory / name, _MAX_BYTES)
        if data is None:
            continue
        text = data.decode("utf-8", "replace")
        found: dict[str, str] = {}
        for match in _LINE.finditer(text):
            plain = (
                match["single"] if match["single"] is not None else match["double"] or (match["plain"] or "").strip()
            )
            known = {**found, **environ}
            found[match["name"]] = (
                plain
                if match["single"] is not None
                else _REFERENCE.sub(lambda one, known=known: known.get(one[1], ""), plain)
            )
        return found
    return {}
