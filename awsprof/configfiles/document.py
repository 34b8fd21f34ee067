"""
A shared file as spans of lines: read by configparser's own rules, edited without touching any other byte.

Knows the file format; not what profiles, keys or values mean.

The rules are those of ``configparser.RawConfigParser``, which botocore reads these files with, and a file that
botocore would refuse is refused here with the line. Edits splice lines and are then proven with configparser
itself: the intended change inside the one section, and equal bytes everywhere else.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import RefusedNameError, SharedFileError, UnparsableFileError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HEADER = re.compile(r"\[(?P<header>.+)\]")
_OPTION = re.compile(r"(?P<option>.*?)\s*[=:]\s*(?P<value>.*)$")
_COMMENT = ("#", ";")
_BOM = "\ufeff"
DEFAULTS = "DEFAULT"

# A file of plain lines needs no rule of configparser's but these: headers, settings and comments that begin in the
# first column, and blank lines. What is written otherwise is read line by line.
_PLAIN_LINE = r"[^\s\[=:#;][^\n=:]*[=:][^\n]*(?:\n|\Z)|[#;][^\n]*(?:\n|\Z)|[ \t\r]*\n"
_PLAIN_SECTION = re.compile(rf"\[[^\n]*(?:\n|\Z)(?:{_PLAIN_LINE})*+", re.ASCII)
_PLAIN_HEADER = re.compile(r"(?m)^\[(.+)\][^\n]*$")
_PLAIN_KEY = re.compile(r"(?m)^([^\s\[=:#;][^\n=:]*)[=:]")
_PLAIN_PAIR = re.compile(r"(?m)^([^\s\[=:#;][^\n=:]*)[=:]([^\n]*)")
_INDENTED_BRACKET = re.compile(r"(?m)^[^\S\n]+\[")

_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_SECTION = re.compile(r"[\w@+.%:/ -]+")


@dataclass(slots=True)
class Option:
    """One key of a section and the lines it stands on, counted from the section's header: *first* to before *end*."""

    value: str
    first: int
    end: int


class Section:
    """One section: the text from its header to before the next one's, read closer when that is needed."""

    __slots__ = ("_document", "_options", "_plain", "end", "line", "name", "start")

    def __init__(self, document: Document, name: str, line: int, start: int, end: int, *, plain: bool) -> None:
        """
        Args:
            line: The header's line in the file, from 1.
            start: Where the header's line begins in the file's text; *end* is where the next header's begins.
            plain: Whether it is made of plain lines only.
        """
        self._document = document
        self._options: dict[str, Option] | None = None
        self._plain = plain
        self.name = name
        self.line = line
        self.start = start
        self.end = end

    @property
    def text(self) -> str:
        return self._document.text[self.start : self.end]

    @property
    def options(self) -> dict[str, Option]:
        if self._options is None:
            self._options = _scan_options(self._document.path, self.name, self.text, self.line)
        return self._options

    @property
    def settings(self) -> dict[str, str]:
        if self._plain and self._options is None:
            return {key.rstrip().lower(): value.strip() for key, value in _PLAIN_PAIR.findall(self.text)}
        return {key: option.value for key, option in self.options.items()}

    def check(self) -> None:
        """Raise UnparsableFileError when botocore would stumble over one of its lines."""
        if self._plain:
            keys = _PLAIN_KEY.findall(self.text)
            if len(set(map(str.lower, map(str.rstrip, keys)))) == len(keys):
                return
        # Says which line it is.
        _ = self.options


class Document:
    """The text of one shared file, taken apart into sections."""

    def __init__(self, path: Path | str, data: bytes) -> None:
        """
        Scan *data*, the bytes of *path*.

        Raises:
            UnparsableFileError: botocore would refuse the file; has the line.
        """
        self.path = str(path)
        self.text = self._decoded(data)
        self.sections: dict[str, Section] = {}
        self._all_sections: list[Section] = []
        self._scan()

    def to_bytes(self) -> bytes:
        return self.text.encode("utf-8")

    @property
    def defaults(self) -> dict[str, str]:
        """The settings of ``[DEFAULT]``, which botocore lends to every section and lets stand more than once."""
        lent: dict[str, str] = {}
        if DEFAULTS in self.sections:
            for section in self._all_sections:
                if section.name == DEFAULTS:
                    lent.update(section.settings)
        return lent

    def with_settings(self, section: str, changes: Mapping[str, str | None]) -> bytes:
        """
        Return the file's bytes with some settings of one section changed; a missing section is made at the end.

        Args:
            changes: Values by key; None takes a key out.

        Raises:
            RefusedNameError: A name, key or value that must not be written.
            SharedFileError: The edit could not be proven; says where.
        """
        if section not in self.sections:
            check_section_name(section)
        for key, value in changes.items():
            check_setting(key, value)
        found = self.sections.get(section)
        if found is None:
            before, head, after, tail = "", *self._appended(section, changes), ""
            line = _line_ends(self.text, 0, len(self.text)) + 1
        else:
            before, head, tail = found.text, self.text[: found.start], self.text[found.end :]
            after, line = _changed(found, changes), found.line
        self._prove(section, changes, before, after, line)
        return f"{head}{after}{tail}".encode()

    def without_section(self, section: str) -> bytes:
        """Return the bytes without one section, the comment that introduces it, and the blank lines behind it."""
        found = self.sections[section]
        start = found.start - len(_introduction(self.text[: found.start]))
        lines = _lines(found.text)
        # Directly above the next header a comment introduces that one, and is not this section's.
        followed = found.end < len(self.text)
        limit = len(lines) - (len(_lines(_introduction(found.text))) if followed else 0)
        end = max([1, *(option.end for option in found.options.values())])
        while end < limit and lines[end].strip():
            end += 1
        while end < len(lines) and not lines[end].strip():
            end += 1
        return f"{self.text[:start]}{''.join(lines[end:])}{self.text[found.end :]}".encode()

    def with_renamed_section(self, section: str, name: str) -> bytes:
        """
        Return the file's bytes with one header changed and everything else as it was.

        Raises:
            RefusedNameError: *name* cannot stand in a header.
        """
        check_section_name(name)
        found = self.sections[section]
        start = self.text.index("[", found.start) + 1
        return f"{self.text[:start]}{name}{self.text[start + len(section) :]}".encode()

    def _decoded(self, data: bytes) -> str:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = len(re.findall(rb"\r\n|\r|\n", data[: error.start])) + 1
            raise UnparsableFileError(self.path, line, "a byte that is no UTF-8") from None
        if text.startswith(_BOM):
            raise UnparsableFileError(self.path, 1, "the file starts with a byte-order mark")
        return text

    def _scan(self) -> None:
        headers = self._plain_headers()
        plain_headers = headers is not None
        if headers is None:
            headers = self._exact_headers()
        first = headers[0][1] if headers else len(self.text)
        for number, line in enumerate(_lines(self.text[:first]), 1):
            if line.strip() and not line.strip().startswith(_COMMENT):
                raise UnparsableFileError(
                    self.path, number, _fault_of(line.strip(), "a setting before the first section")
                )
        number, at = 1, 0
        for index, (name, start) in enumerate(headers):
            end = headers[index + 1][1] if index + 1 < len(headers) else len(self.text)
            number += _line_ends(self.text, at, start)
            at = start
            match = _PLAIN_SECTION.match(self.text, start, end) if plain_headers else None
            plain = match is not None and match.end() == end
            self._add(Section(self, name, number, start, end, plain=plain))

    def _add(self, section: Section) -> None:
        if section.name in self.sections and section.name != DEFAULTS:
            raise UnparsableFileError(self.path, section.line, f"section [{printable(section.name)}] stands twice")
        section.check()
        if section.name == DEFAULTS:
            for earlier in self._all_sections:
                twice = set(earlier.options) & set(section.options) if earlier.name == DEFAULTS else set()
                if twice:
                    key = min(twice, key=lambda key: section.options[key].first)
                    raise _twice(self.path, section.line + section.options[key].first, key, DEFAULTS)
        self.sections[section.name] = section
        self._all_sections.append(section)

    def _plain_headers(self) -> list[tuple[str, int]] | None:
        """Return each header's name and place when all that could be one begins in the first column, else None."""
        text = self.text
        if text.count("\r") != text.count("\r\n") or _INDENTED_BRACKET.search(text):
            return None
        headers = [(match[1], match.start()) for match in _PLAIN_HEADER.finditer(text)]
        brackets = text.count("\n[") + text.startswith("[")
        return headers if brackets == len(headers) else None

    def _exact_headers(self) -> list[tuple[str, int]]:
        """Find headers line by line as ``RawConfigParser._read`` does, whose order of tests it keeps."""
        headers = []
        in_option = False
        indent = at = 0
        for line in _lines(self.text):
            text = line.strip()
            start, at = at, at + len(line)
            if not text or text.startswith(_COMMENT):
                continue
            line_indent = len(line) - len(line.lstrip())
            if in_option and line_indent > indent:
                continue
            indent = line_indent
            header = _HEADER.match(text)
            if header:
                headers.append((header["header"], start))
            in_option = header is None and bool(headers)
        return headers

    def _appended(self, section: str, changes: Mapping[str, str | None]) -> tuple[str, str]:
        """Return the file's text, closed by a blank line, and the text of a new section."""
        head = self.text
        lines = _lines(head[-4096:])
        end = (_line_end(lines[-1]) or _line_end(_lines(head[:4096])[0])) if lines else ""
        end = end or "\n"
        if lines and not _line_end(lines[-1]):
            head += end
        if lines and lines[-1].strip():
            head += end
        settings = [f"{key} = {value}{end}" for key, value in changes.items() if value is not None]
        return head, f"[{section}]{end}{''.join(settings)}"

    def _prove(self, section: str, changes: Mapping[str, str | None], before: str, after: str, line: int) -> None:
        """Refuse an edit of one section's text unless it makes the intended change and no other."""
        old = _read_section(before, section) if before else {}
        wanted = {**old, **changes}
        if _read_section(after, section) != {key: value for key, value in wanted.items() if value is not None}:
            raise SharedFileError(
                f"{self.path}, line {line}: [{printable(section)}] is written in a way awsprof cannot edit "
                "safely; nothing was written",
                hint="Change that section by hand, or write its settings one on a line as 'key = value'.",
            )


def _scan_options(path: str, section: str, text: str, line: int) -> dict[str, Option]:
    """
    Read one section's settings line by line, as ``RawConfigParser._read`` does.

    Args:
        text: From the section's header on.
        line: The header's line in the file, from 1.
    """
    lines = _lines(text)
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
        if not text or text.startswith(_COMMENT):
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
        match = _OPTION.match(text)
        key = "" if match is None else match["option"].rstrip().lower()
        if match is None or not key:
            raise UnparsableFileError(path, line + number, _fault_of(text, "a value without a key"))
        if key in options:
            raise _twice(path, line + number, key, section)
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
        if text and not text.startswith(_COMMENT) and "=" not in text:
            raise UnparsableFileError(path, line + number, "a nested line without '='")


def _fault_of(text: str, otherwise: str) -> str:
    if _OPTION.match(text):
        return otherwise
    return "a section header without its closing bracket" if text.startswith("[") else "a setting without '='"


def _twice(path: str, line: int, key: str, section: str) -> UnparsableFileError:
    return UnparsableFileError(path, line, f"'{printable(key)}' stands twice in [{printable(section)}]")


def _changed(section: Section, changes: Mapping[str, str | None]) -> str:
    """Splice the changed lines of one section; a new key goes behind its last one, indented as they are."""
    old = _lines(section.text)
    lines: list[str | None] = list(old)
    end = _line_end(old[0]) or "\n"
    # The last key's indentation: deeper, the new key would become a continuation of its value.
    final = max(section.options.values(), key=lambda option: option.end, default=None)
    last = 0 if final is None else final.end - 1
    indent = "" if final is None else _indentation(old[final.first])
    added = []
    for key, value in changes.items():
        option = section.options.get(key)
        if option is None:
            added += [] if value is None else [f"{indent}{key} = {value}"]
            continue
        lines[option.first : option.end] = [None] * (option.end - option.first)
        if value is not None:
            lines[option.first] = _up_to_value(old[option.first]) + value + _line_end(old[option.end - 1])
    kept = [line for line in lines[: last + 1] if line is not None]
    if added:
        closing = _line_end(old[last])
        if not _line_end(kept[-1]):
            kept[-1] += end
        kept += [line + end for line in added[:-1]] + [added[-1] + closing]
    return "".join(kept + [line for line in lines[last + 1 :] if line is not None])


def _introduction(text: str) -> str:
    """Return the comment lines at the very end of *text*: they belong to the header that follows."""
    lines = _lines(text[-65_536:])
    first = len(lines)
    while first and lines[first - 1].strip().startswith(_COMMENT):
        first -= 1
    return "".join(lines[first:])


def _line_ends(text: str, start: int, end: int) -> int:
    """Count the line ends in a stretch of *text*, each \n, \r\n or \r once."""
    newlines = text.count("\n", start, end)
    returns = text.count("\r", start, end)
    return newlines + returns - text.count("\r\n", start, end) if returns else newlines


def _lines(text: str) -> list[str]:
    """Split into lines with their ends, as a file opened for text does: only \n, \r\n and \r end one."""
    return io.StringIO(text, newline="").readlines()


def _read_section(text: str, section: str) -> dict[str, str]:
    import configparser

    parser = configparser.RawConfigParser(default_section=None if section == DEFAULTS else DEFAULTS)  # type: ignore[arg-type]
    try:
        parser.read_file(io.StringIO(text, newline=None))
        return dict(parser.items(section)) if parser.sections() == [section] else {"": ""}
    except configparser.Error:
        return {"": ""}


def _line_end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _up_to_value(line: str) -> str:
    """Return a setting's line up to its value: indentation, key, delimiter, and the spacing around it."""
    match = re.match(r"\s*.*?\s*[=:][^\S\r\n]*", line)
    assert match is not None  # the scanner found an option on this line
    start = match[0]
    return start if start[-1] not in "=:" or line[len(start) :].strip() else f"{start} "


def check_section_name(name: str) -> None:
    """Raise RefusedNameError unless *name* can stand in a header and no reader makes anything else of it."""
    if not _SECTION.fullmatch(name) or name != name.strip():
        raise RefusedNameError(f"'{printable(name)}' cannot be a section's name")


def check_setting(key: str, value: str | None) -> None:
    """Raise RefusedNameError unless every reader takes *key* and *value* as they are."""
    if not _KEY.fullmatch(key):
        raise RefusedNameError(f"'{printable(key)}' cannot be a key: a-z, 0-9, '_', '.' and '-' only")
    if value is None:
        return
    if not value or value != value.strip() or not value.isprintable() or "#" in value or ";" in value:
        raise RefusedNameError(
            f"The value of {key} is refused: it must not be empty, begin or end with a blank, "
            "or hold '#', ';' or a control character"
        )
