"""
Where sections and settings stand in a shared file's text, by configparser's own rules.

Knows lines; not what may be changed in them.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from awsprof.configfiles.masking import shown_key
from awsprof.errors import UnparsableFileError
from awsprof.naming import printable

HEADER = re.compile(r"\[(?P<header>.+)\]")
# Blanks before the delimiter count to the option: looking for them both ways takes a time that grows with their square.
OPTION = re.compile(r"(?P<option>[^=:\n]*+)[=:]\s*+(?P<value>.*)$")
COMMENT = ("#", ";")

# A file of plain lines needs no rule of configparser's but these: headers, settings and comments that begin in the
# first column, and blank lines. What is written otherwise is read line by line.
_PLAIN_LINE = r"[^\s\[=:#;][^\n=:]*[=:][^\n]*(?:\n|\Z)|[#;][^\n]*(?:\n|\Z)|[ \t\r]*\n"
PLAIN_SECTION = re.compile(rf"\[[^\n]*(?:\n|\Z)(?:{_PLAIN_LINE})*+")
_PLAIN_HEADER = re.compile(r"(?m)^\[(.+)\][^\n]*$")
PLAIN_KEY = re.compile(r"(?m)^([^\s\[=:#;][^\n=:]*)[=:]")
PLAIN_PAIR = re.compile(r"(?m)^([^\s\[=:#;][^\n=:]*)[=:]([^\n]*)")
_INDENTED_BRACKET = re.compile(r"(?m)^[^\S\n]+\[")


@dataclass(slots=True)
class Option:
    """One key of a section and the lines it stands on, counted from the section's header: *first* to before *end*."""

    value: str
    first: int
    end: int


def plain_headers(text: str) -> list[tuple[str, int]] | None:
    """Return each header's name and place when all that could be one begins in the first column, else None."""
    if text.count("\r") != text.count("\r\n") or _INDENTED_BRACKET.search(text):
        return None
    headers = [(match[1], match.start()) for match in _PLAIN_HEADER.finditer(text)]
    brackets = text.count("\n[") + text.startswith("[")
    return headers if brackets == len(headers) else None


def exact_headers(text: str) -> list[tuple[str, int]]:
    """Find headers line by line as ``RawConfigParser._read`` does, whose order of tests it keeps."""
    headers = []
    in_option = False
    indent = at = 0
    for line in lines_of(text):
        stripped = line.strip()
        start, at = at, at + len(line)
        if not stripped or stripped.startswith(COMMENT):
            continue
        line_indent = len(line) - len(line.lstrip())
        if in_option and line_indent > indent:
            continue
        indent = line_indent
        header = HEADER.match(stripped)
        if header:
            headers.append((header["header"], start))
        in_option = header is None and bool(headers)
    return headers


def scan_options(path: str, section: str, text: str, line: int) -> dict[str, Option]:
    """
    Read one section's settings line by line, as ``RawConfigParser._read`` does.

    Args:
        text: From the section's header on.
        line: The header's line in the file, from 1.
    """
    lines = lines_of(text)
    options: dict[str, Option] = {}
    option: Option | None = None
    values: list[str] = []
    indent = len(lines[0]) - len(lines[0].lstrip())

    def finish() -> None:
        if option is not None:
            option.value = "\n".join(values).rstrip()
            _check_nested(path, lines, option, line)

    for number, whole in enumerate(lines[1:], 1):
        text = whole.strip()
        if not text or text.startswith(COMMENT):
            if not text and option is not None:
                values.append("")
            continue
        line_indent = len(whole) - len(whole.lstrip())
        if option is not None and line_indent > indent:
            values.append(text)
            option.end = number + 1
            continue
        finish()
        indent = line_indent
        match = OPTION.match(text)
        key = "" if match is None else match["option"].rstrip().lower()
        if match is None or not key:
            raise UnparsableFileError(path, line + number, fault_of(text, "a value without a key"))
        if key in options:
            raise twice(path, line + number, key, section)
        option = options[key] = Option(match["value"].strip(), number, number + 1)
        values = [option.value]
    finish()
    return options


def _check_nested(path: str, lines: list[str], option: Option, line: int) -> None:
    """A value that begins on the next line is a nested block, whose lines all need a ``=``."""
    if not option.value.startswith("\n"):
        return
    for number in range(option.first + 1, option.end):
        text = lines[number].strip()
        # botocore breaks a nested block at more characters than a file is broken at.
        pieces = [] if text.startswith(COMMENT) else text.splitlines()
        if any(piece.strip() and "=" not in piece for piece in pieces):
            raise UnparsableFileError(path, line + number, "a nested line without '='")


def fault_of(text: str, otherwise: str) -> str:
    if OPTION.match(text):
        return otherwise
    return "a section header without its closing bracket" if text.startswith("[") else "a setting without '='"


def twice(path: str, line: int, key: str, section: str) -> UnparsableFileError:
    return UnparsableFileError(path, line, f"'{shown_key(key)}' stands twice in [{printable(section)}]")


def introduction(text: str) -> str:
    """Return the comment lines at the very end of *text*: they belong to the header that follows."""
    lines = lines_of(text[-65_536:])
    first = len(lines)
    while first and lines[first - 1].strip().startswith(COMMENT):
        first -= 1
    return "".join(lines[first:])


def line_ends(text: str, start: int, end: int) -> int:
    """Count the line ends in a stretch of *text*, each \n, \r\n or \r once."""
    newlines = text.count("\n", start, end)
    returns = text.count("\r", start, end)
    return newlines + returns - text.count("\r\n", start, end) if returns else newlines


def lines_of(text: str) -> list[str]:
    """Split into lines with their ends, as a file opened for text does: only \n, \r\n and \r end one."""
    return io.StringIO(text, newline="").readlines()
