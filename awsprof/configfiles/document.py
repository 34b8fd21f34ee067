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
from dataclasses import dataclass, field
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

_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_SECTION = re.compile(r"[\w@+.%:/ -]+")


@dataclass(slots=True)
class Option:
    """One key of a section and the lines it stands on: from *first* to before *end*."""

    value: str
    first: int
    end: int


@dataclass(slots=True)
class Section:
    """One section and its lines: *start* is its introducing comment or its header, *end* is behind its last content."""

    name: str
    start: int
    header: int
    end: int
    options: dict[str, Option] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        return {key: option.value for key, option in self.options.items()}


class Document:
    """The text of one shared file, taken apart into sections."""

    def __init__(self, path: Path | str, data: bytes) -> None:
        """
        Scan *data*, the bytes of *path*.

        Raises:
            UnparsableFileError: botocore would refuse the file; has the line.
        """
        self.path = str(path)
        self._lines = io.StringIO(self._decoded(data), newline="").readlines()
        self.sections: dict[str, Section] = {}
        self._scan()

    def to_bytes(self) -> bytes:
        return "".join(self._lines).encode("utf-8")

    @property
    def defaults(self) -> dict[str, str]:
        """The settings of ``[DEFAULT]``, which botocore lends to every section."""
        section = self.sections.get(DEFAULTS)
        return {} if section is None else section.settings

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
            lines = self._appended(section, {key: value for key, value in changes.items() if value is not None})
            first, old_end = len(self._lines), len(self._lines)
        else:
            lines = self._changed(found, changes)
            first, old_end = found.header, found.end
        self._prove(section, changes, lines, first, old_end)
        return "".join(lines).encode("utf-8")

    def without_section(self, section: str) -> bytes:
        """Return the bytes without one section, the comment that introduces it, and the blank lines behind it."""
        found = self.sections[section]
        end = found.end
        while end < len(self._lines) and not self._lines[end].strip():
            end += 1
        return "".join(self._lines[: found.start] + self._lines[end:]).encode("utf-8")

    def with_renamed_section(self, section: str, name: str) -> bytes:
        """
        Return the file's bytes with one header changed and everything else as it was.

        Raises:
            RefusedNameError: *name* cannot stand in a header.
        """
        check_section_name(name)
        lines = list(self._lines)
        number = self.sections[section].header
        line = lines[number]
        start = line.index("[") + 1
        lines[number] = f"{line[:start]}{name}{line[start + len(section) :]}"
        return "".join(lines).encode("utf-8")

    def line_of(self, section: str) -> int:
        """Return the number, from 1, of the line with a section's header."""
        return self.sections[section].header + 1

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
        """Find sections and options as ``RawConfigParser._read`` does, whose names and order of tests it keeps."""
        section: Section | None = None
        option: Option | None = None
        values: list[str] = []
        indent = comments_from = 0
        seen: set[tuple[str, str]] = set()
        for number, line in enumerate(self._lines):
            text = line.strip()
            if not text or text.startswith(_COMMENT):
                if not text:
                    comments_from = number + 1
                    if option is not None:
                        values.append("")
                continue
            line_indent = len(line) - len(line.lstrip())
            if option is not None and line_indent > indent:
                values.append(text)
                option.end = comments_from = number + 1
                continue
            indent = line_indent
            if option is not None and section is not None:
                self._finish(option, values)
            option = None
            header = _HEADER.match(text)
            if header:
                section = self._open_section(header["header"], number, comments_from, section)
            elif section is None:
                raise UnparsableFileError(self.path, number + 1, "a setting before the first section")
            else:
                key, option, values = self._open_option(section, text, number)
                if (section.name, key) in seen:
                    raise UnparsableFileError(
                        self.path, number + 1, f"'{printable(key)}' stands twice in [{printable(section.name)}]"
                    )
                seen.add((section.name, key))
            comments_from = number + 1
        if option is not None:
            self._finish(option, values)
        if section is not None:
            self._close_section(section, len(self._lines))

    def _open_section(self, name: str, number: int, comments_from: int, before: Section | None) -> Section:
        if before is not None:
            self._close_section(before, comments_from)
        if name in self.sections and name != DEFAULTS:
            raise UnparsableFileError(self.path, number + 1, f"section [{printable(name)}] stands twice")
        section = Section(name, comments_from, number, number + 1)
        if name == DEFAULTS and name in self.sections:
            section.options = self.sections[name].options
        self.sections[name] = section
        return section

    def _close_section(self, section: Section, limit: int) -> None:
        """Let *section* end behind its last option, and the comments that follow without a blank line."""
        end = max([section.header + 1, *(option.end for option in section.options.values())])
        while end < limit and self._lines[end].strip():
            end += 1
        section.end = end

    def _open_option(self, section: Section, text: str, number: int) -> tuple[str, Option, list[str]]:
        match = _OPTION.match(text)
        if match is None:
            unclosed = text.startswith("[")
            raise UnparsableFileError(
                self.path,
                number + 1,
                "a section header without its closing bracket" if unclosed else "a setting without '='",
            )
        key = match["option"].rstrip().lower()
        if not key:
            raise UnparsableFileError(self.path, number + 1, "a value without a key")
        option = Option(match["value"].strip(), number, number + 1)
        if key not in section.options:
            section.options[key] = option
        return key, option, [option.value]

    def _finish(self, option: Option, values: list[str]) -> None:
        """Join a value's lines; one that begins on the next line is a nested block, whose lines all need a ``=``."""
        option.value = "\n".join(values).rstrip()
        if not option.value.startswith("\n"):
            return
        for number in range(option.first + 1, option.end):
            text = self._lines[number].strip()
            if text and not text.startswith(_COMMENT) and "=" not in text:
                raise UnparsableFileError(self.path, number + 1, "a nested line without '='")

    def _appended(self, section: str, settings: Mapping[str, str]) -> list[str]:
        lines = list(self._lines)
        end = _line_end(lines[-1]) or _line_end(lines[0]) or "\n" if lines else "\n"
        if lines and not _line_end(lines[-1]):
            lines[-1] += end
        if lines and lines[-1].strip():
            lines.append(end)
        lines.append(f"[{section}]{end}")
        return lines + [f"{key} = {value}{end}" for key, value in settings.items()]

    def _changed(self, section: Section, changes: Mapping[str, str | None]) -> list[str]:
        """Splice the changed lines of one section; a new key goes behind its last one, indented as they are."""
        lines: list[str | None] = list(self._lines)
        end = _line_end(self._lines[section.header]) or "\n"
        # The last key's indentation: deeper, the new key would become a continuation of its value.
        final = max(section.options.values(), key=lambda option: option.end, default=None)
        last = section.header if final is None else final.end - 1
        indent = "" if final is None else _indentation(self._lines[final.first])
        added = []
        for key, value in changes.items():
            option = section.options.get(key)
            if option is None:
                added += [] if value is None else [f"{indent}{key} = {value}"]
                continue
            lines[option.first : option.end] = [None] * (option.end - option.first)
            if value is not None:
                line = self._lines[option.first]
                lines[option.first] = _up_to_value(line) + value + _line_end(self._lines[option.end - 1])
        tail = [line for line in lines[: last + 1] if line is not None]
        if added:
            closing = _line_end(self._lines[last])
            if not _line_end(tail[-1]):
                tail[-1] += end
            tail += [line + end for line in added[:-1]] + [added[-1] + closing]
        return tail + [line for line in lines[last + 1 :] if line is not None]

    def _prove(
        self, section: str, changes: Mapping[str, str | None], lines: list[str], first: int, old_end: int
    ) -> None:
        """Refuse the edit unless it is the intended change of *section* and nothing else."""
        new_end = len(lines) - (len(self._lines) - old_end)
        before = "".join(self._lines[first:old_end])
        after = "".join(lines[first:new_end])
        old = _read_section(before, section) if before else {}
        wanted = {**old, **changes}
        holds = (
            # Behind the last line of all, a line end and a blank line may have come before a new section.
            "".join(lines[:first]).rstrip("\r\n") == "".join(self._lines[:first]).rstrip("\r\n")
            and lines[new_end:] == self._lines[old_end:]
            and _read_section(after, section) == {key: value for key, value in wanted.items() if value is not None}
        )
        if not holds:
            raise SharedFileError(
                f"{self.path}, line {first + 1}: [{printable(section)}] is written in a way awsprof cannot edit "
                "safely; nothing was written",
                hint="Change that section by hand, or write its settings one on a line as 'key = value'.",
            )


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
