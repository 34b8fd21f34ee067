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
from typing import TYPE_CHECKING

from awsprof.configfiles.scanning import (
    COMMENT,
    PLAIN_KEY,
    PLAIN_PAIR,
    PLAIN_SECTION,
    Option,
    exact_headers,
    fault_of,
    introduction,
    line_ends,
    lines_of,
    plain_headers,
    scan_options,
    twice,
)
from awsprof.configfiles.splicing import Carried, changed, line_end, new_lines, value_of
from awsprof.errors import RefusedNameError, SharedFileError, UnparsableFileError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from awsprof.configfiles.splicing import SectionEdit

_BOM = "\ufeff"
DEFAULTS = "DEFAULT"


_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_SECTION = re.compile(r"[\w@+.%:/ -]+")


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
        self._all_sections: list[Section] = []
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
        return [section for section in self._all_sections if section.name == DEFAULTS] if there else []

    def with_settings(self, section: str, changes: Mapping[str, str | None], *, apart: bool = True) -> bytes:
        """
        Return the file's bytes with some settings of one section changed; a missing section is made at the end.

        Args:
            changes: Values by key; None takes a key out.
            apart: Put a blank line before a section that is made.

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
            before, head, after, tail = "", *_appended(self.text, section, changes, apart=apart), ""
            line = line_ends(self.text, 0, len(self.text)) + 1
        else:
            before, head, tail = found.text, self.text[: found.start], self.text[found.end :]
            after, line = changed(found, found.text, changes), found.line
        self._prove(section, changes, before, after, line=line)
        text = f"{head}{after}{tail}"
        self._prove_others(text, {section}, line)
        return text.encode()

    def without_sections(self, is_its: Callable[[str], bool]) -> bytes:
        """
        Return the bytes without some sections, each with the comment that introduces it and the blank lines behind it.

        Args:
            is_its: Whether a section of that name is to go.

        Raises:
            SharedFileError: What is left would not be what stays; says where.
        """
        pieces, at = [], 0
        gone = [section for section in self._all_sections if is_its(section.name)]
        for section in gone:
            start = section.start - len(introduction(self.text[at : section.start]))
            pieces.append(self.text[at:start])
            at = section.end - len(self._left_of(section))
        text = "".join([*pieces, self.text[at:]])
        self._prove_others(text, {section.name for section in gone}, gone[0].line if gone else 1)
        return text.encode()

    def without_lines_of(self, section: str) -> bytes:
        """
        Return the bytes without one section's lines, from its header to its last setting, and without no other line.

        Raises:
            SharedFileError: What is left would not be what stays.
        """
        found = self.sections[section]
        lines = lines_of(found.text)
        end = max([1, *(option.end for option in found.options.values())])
        text = f"{self.text[: found.start]}{''.join(lines[end:])}{self.text[found.end :]}"
        self._prove_others(text, {section}, found.line)
        return text.encode()

    def without_section(self, section: str) -> bytes:
        return self.without_sections(lambda name: name == section)

    def with_edits(self, edits: Mapping[str, SectionEdit | None]) -> bytes:
        """
        Return the bytes after several sections' edits in one go, as if each were made by itself.

        Args:
            edits: By section; None takes it out as `without_section` does, and one that is not there is made.

        Raises:
            RefusedNameError: A name, key or value that must not be written.
            SharedFileError: An edit could not be proven; says where.
        """
        pieces, at, line = [], 0, 1
        for section in self._all_sections:
            if section.name not in edits:
                continue
            edit = edits[section.name]
            if edit is None:
                start = section.start - len(introduction(self.text[at : section.start]))
                pieces.append(self.text[at:start])
                at = section.end - len(self._left_of(section))
            elif section is self.sections[section.name]:
                pieces += [self.text[at : section.start], self.edited(section, edit)]
                at = section.end - len(self._next_introduction(section))
            line = section.line if line == 1 else line
        text = "".join([*pieces, self.text[at:]])
        for name, edit in edits.items():
            if edit is not None and name not in self.sections:
                text = "".join(_appended(text, name, self._checked(name, edit), apart=True))
        self._prove_whole(text, edits, line)
        return text.encode()

    def edited(self, section: Section, edit: SectionEdit) -> str:
        """
        Return one section's text after *edit*, without what introduces the next one.

        Raises:
            RefusedNameError: A name, key or value that must not be written.
            SharedFileError: The edit could not be proven; says where.
        """
        changes = self._checked(section.name, edit)
        before = section.text.removesuffix(self._next_introduction(section))
        after = changed(section, before, changes) if changes else before
        if edit.name != section.name:
            start = after.index("[") + 1
            after = f"{after[:start]}{edit.name}{after[start + len(section.name) :]}"
        self._prove(section.name, changes, before, after, line=section.line, name=edit.name)
        return after

    def _checked(self, section: str, edit: SectionEdit) -> Mapping[str, str | Carried | None]:
        if edit.name != section or section not in self.sections:
            check_section_name(edit.name)
        for key, value in edit.changes.items():
            if not isinstance(value, Carried):
                check_setting(key, value)
        return edit.changes

    def _prove_whole(self, text: str, edits: Mapping[str, SectionEdit | None], line: int) -> None:
        """Refuse edits after which the file would not read as it did, but for them."""
        wanted = []
        for section in self._all_sections:
            edit = edits.get(section.name) if section is self.sections[section.name] else None
            if edit is not None:
                wanted.append((edit.name, _after(section.settings, edit)))
            elif section.name not in edits or edits[section.name] is not None:
                wanted.append((section.name, section.settings))
        wanted += [(name, _after({}, edit)) for name, edit in edits.items() if edit and name not in self.sections]
        try:
            after = Document(self.path, text.encode())
        except UnparsableFileError:
            raise self._unsafe(line) from None
        if [(section.name, section.settings) for section in after._all_sections] != wanted:
            raise self._unsafe(line)

    def _next_introduction(self, section: Section) -> str:
        """Return the comment directly above the next header, which is that one's."""
        return introduction(section.text) if section.end < len(self.text) else ""

    def _left_of(self, section: Section) -> str:
        """Return what stays of a section's text when it goes: comments parted from it, and the next one's."""
        lines = lines_of(section.text)
        limit = len(lines) - len(lines_of(self._next_introduction(section)))
        end = max([1, *(option.end for option in section.options.values())])
        while end < limit and lines[end].strip():
            end += 1
        while end < len(lines) and not lines[end].strip():
            end += 1
        return "".join(lines[end:])

    def with_renamed_section(self, section: str, name: str) -> bytes:
        """
        Return the file's bytes with one header changed and everything else as it was.

        Raises:
            RefusedNameError: *name* cannot stand in a header.
        """
        check_section_name(name)
        found = self.sections[section]
        start = self.text.index("[", found.start) + 1
        text = f"{self.text[:start]}{name}{self.text[start + len(section) :]}"
        self._prove_others(text, {section, name}, found.line)
        return text.encode()

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
        self._plain = headers is not None
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
            match = PLAIN_SECTION.match(self.text, start, end) if self._plain else None
            plain = match is not None and match.end() == end
            self._add(Section(self, name, number, start, end, plain=plain))

    def _add(self, section: Section) -> None:
        if section.name in self.sections and section.name != DEFAULTS:
            raise UnparsableFileError(self.path, section.line, f"section [{printable(section.name)}] stands twice")
        section.check()
        if section.name == DEFAULTS:
            for earlier in self._all_sections:
                both = set(earlier.options) & set(section.options) if earlier.name == DEFAULTS else set()
                if both:
                    key = min(both, key=lambda key: section.options[key].first)
                    raise twice(self.path, section.line + section.options[key].first, key, DEFAULTS)
        self.sections[section.name] = section
        self._all_sections.append(section)

    def _prove(
        self,
        section: str,
        changes: Mapping[str, str | Carried | None],
        before: str,
        after: str,
        *,
        line: int,
        name: str | None = None,
    ) -> None:
        """Refuse an edit of one section's text unless it makes the intended change and no other."""
        old = _read_section(before, section) if before else {}
        wanted = {**old, **{key: value_of(value) for key, value in changes.items()}}
        kept = {key: value for key, value in wanted.items() if value is not None}
        if _read_section(after, name or section) != kept:
            raise self._unsafe(line)

    def _prove_others(self, text: str, touched: Collection[str], line: int) -> None:
        """
        Refuse an edit after which another section would read otherwise than before.

        Where every header begins in the first column none can be taken for part of a value, so nothing need be read.
        """
        if self._plain:
            return
        others = [(section.name, section.settings) for section in self._all_sections if section.name not in touched]
        try:
            after = Document(self.path, text.encode())
        except UnparsableFileError:
            raise self._unsafe(line) from None
        left = [(section.name, section.settings) for section in after._all_sections if section.name not in touched]
        if left != others:
            raise self._unsafe(line)

    def _unsafe(self, line: int) -> SharedFileError:
        return SharedFileError(
            f"{self.path}, line {line}: what stands there cannot be edited safely; nothing was written",
            hint="Change it by hand, or let headers and settings begin in the first column.",
        )


def _appended(text: str, section: str, changes: Mapping[str, str | Carried | None], *, apart: bool) -> tuple[str, str]:
    """Return the file's text, closed by a line end, and the text of a new section."""
    head = text
    lines = lines_of(head[-4096:])
    end = (line_end(lines[-1]) or line_end(lines_of(head[:4096])[0])) if lines else ""
    end = end or "\n"
    if lines and not line_end(lines[-1]):
        head += end
    if apart and lines and lines[-1].strip():
        head += end
    settings = [new_lines(key, value, "", end) + end for key, value in changes.items() if value is not None]
    return head, f"[{section}]{end}{''.join(settings)}"


def _read_section(text: str, section: str) -> dict[str, str]:
    import configparser

    parser = configparser.RawConfigParser(default_section=None if section == DEFAULTS else DEFAULTS)  # type: ignore[arg-type]
    try:
        parser.read_file(io.StringIO(text, newline=None))
        return dict(parser.items(section)) if parser.sections() == [section] else {"": ""}
    except configparser.Error:
        return {"": ""}


def _after(settings: Mapping[str, str], edit: SectionEdit) -> dict[str, str]:
    wanted = {**settings, **{key: value_of(value) for key, value in edit.changes.items()}}
    return {key: value for key, value in wanted.items() if value is not None}


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
