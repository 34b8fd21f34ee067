"""
The two shared files as bytes, from where each tool looks for them.

Knows paths and variables; not what stands in the files.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG, CREDENTIALS = "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"
_NAMES = {CONFIG: "config", CREDENTIALS: "credentials"}
_JS_BLANKS = " \t\n\r\v\f\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))


@dataclass(frozen=True, slots=True)
class SharedFile:
    """One file: where a tool looks for it, and its bytes; None where it is not there or cannot be read."""

    path: str
    data: bytes | None

    @property
    def text(self) -> str:
        """Its text, with what is no UTF-8 replaced, as lenient readers see it."""
        return (self.data or b"").decode("utf-8", "replace")


def usual_path(environ: Mapping[str, str], variable: str) -> str:
    """Return where a file lies when no variable says otherwise."""
    return os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".aws", _NAMES[variable])


def empty_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the files' variables that are set and empty: to botocore they name no file, to the others the usual."""
    return [variable for variable in (CONFIG, CREDENTIALS) if environ.get(variable) == ""]


def opened(path: str) -> SharedFile:
    """Read a file; a tool that cannot read one goes on without it, or fails in its own way."""
    try:
        # A pipe, or another device, might have no end.
        is_there = path and (path == os.devnull or stat.S_ISREG(os.stat(path).st_mode))
        return SharedFile(path, Path(path).read_bytes() if is_there else None)
    except (OSError, ValueError):
        return SharedFile(path, None)


def js_trim(text: str) -> str:
    """Strip what JavaScript strips, which is more than Python does: a byte-order mark too."""
    return text.strip(_JS_BLANKS)


_JS_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")  # longer ones are as much too large


def js_int(text: str) -> int | None:
    """Return the number a text begins with, as JavaScript's parseInt does; None when it begins with none."""
    found = _JS_NUMBER.match(js_trim(text))
    return None if found is None else int(found[0])


def js_lines(text: str) -> list[str]:
    return re.split(r"\r?\n", text)


_JS_COMMENT = re.compile(rf"(?:^|[{_JS_BLANKS}])[;#].*", re.DOTALL)


def js_statement(line: str) -> str:
    """Return a line without its comment and the blanks around it."""
    return js_trim(_JS_COMMENT.sub("", line, count=1))


def js_sections(text: str, *, nested: bool) -> dict[str, dict[str, str]]:
    """
    Return the settings below each header as it is spelled; one without settings is not there.

    Args:
        nested: Whether keys below an empty value are keys of a block, ``s3.region``, as for version 3; version 2 counts
            them to the section.
    """
    found: dict[str, dict[str, str]] = {}
    section = block = ""
    for line in js_lines(text):
        statement = js_statement(line)
        if statement.startswith("[") and statement.endswith("]"):
            section, block = statement[1:-1], ""
            continue
        key, equals, value = map(js_trim, statement.partition("="))
        if not section or not equals or not key:
            continue
        if not value:
            block = key if nested else ""
            continue
        if line == line.lstrip():
            block = ""
        found.setdefault(section, {})[f"{block}.{key}" if block else key] = value
    return found
