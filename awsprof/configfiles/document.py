"""
A shared file as spans of lines, read by configparser's own rules.

Knows the file format; not what profiles, keys or values mean.

The rules are those of ``configparser.RawConfigParser``, which botocore reads these files with, and a file that
botocore would refuse is refused here with the line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from awsprof.configfiles.scanning import (
    COMMENT,
    PLAIN_KEY,
    PLAIN_PAIR,
    PLAIN_SECTION,
    Option,
    exact_headers,
    fault_of,
    line_ends,
    lines_of,
    plain_headers,
    scan_options,
    twice,
)
from awsprof.errors import UnparsableFileError
from awsprof.naming import printable

if TYPE_CHECKING:
    from pathlib import Path

_BOM = "\ufeff"
DEFAULTS = "DEFAULT"


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
    def path(self) -> str:
        return self._document.path

    def lines(self, key: str) -> list[str]:
        """Return the lines a setting stands on, with their ends."""
        option = self.options[key]
        return lines_of(self.text)[option.first : option.end]

    @property
    def options(self) -> dict[str, Option]:
        if self._options is None:
            self._options = scan_options(self._document.path, self.name, self.text, self.line)
        return self._options

    @property
    def settings(self) -> dict[str, str]:
        if self._plain and self._options is None:
            return {key.rstrip().lower(): value.strip() for key, value in PLAIN_PAIR.findall(self.text)}
        return {key: option.value for key, option in self.options.items()}

    def check(self) -> None:
        """Raise UnparsableFileError when botocore would stumble over one of its lines."""
        if self._plain:
            keys = PLAIN_KEY.findall(self.text)
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
        self.all_sections: list[Section] = []
        self._scan()

    def to_bytes(self) -> bytes:
        return self.text.encode("utf-8")

    @property
    def defaults(self) -> dict[str, str]:
        """The settings of ``[DEFAULT]``, which botocore lends to every section and lets stand more than once."""
        lent: dict[str, str] = {}
        for section in self.default_sections:
            lent.update(section.settings)
        return lent

    @property
    def default_sections(self) -> list[Section]:
        there = DEFAULTS in self.sections
        return [section for section in self.all_sections if section.name == DEFAULTS] if there else []

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
        headers = plain_headers(self.text)
        self.is_plain = headers is not None
        if headers is None:
            headers = exact_headers(self.text)
        first = headers[0][1] if headers else len(self.text)
        for number, line in enumerate(lines_of(self.text[:first]), 1):
            if line.strip() and not line.strip().startswith(COMMENT):
                raise UnparsableFileError(
                    self.path, number, fault_of(line.strip(), "a setting before the first section")
                )
        number, at = 1, 0
        for index, (name, start) in enumerate(headers):
            end = headers[index + 1][1] if index + 1 < len(headers) else len(self.text)
            number += line_ends(self.text, at, start)
            at = start
            match = PLAIN_SECTION.match(self.text, start, end) if self.is_plain else None
            plain = match is not None and match.end() == end
            self._add(Section(self, name, number, start, end, plain=plain))

    def _add(self, section: Section) -> None:
        if section.name in self.sections and section.name != DEFAULTS:
            raise UnparsableFileError(self.path, section.line, f"section [{printable(section.name)}] stands twice")
        section.check()
        if section.name == DEFAULTS:
            for earlier in self.all_sections:
                both = set(earlier.options) & set(section.options) if earlier.name == DEFAULTS else set()
                if both:
                    key = min(both, key=lambda key: section.options[key].first)
                    raise twice(self.path, section.line + section.options[key].first, key, DEFAULTS)
        self.sections[section.name] = section
        self.all_sections.append(section)
