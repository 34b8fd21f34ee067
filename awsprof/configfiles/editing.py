"""
A shared file's text with some of its sections changed, and not one other byte.

Edits splice lines and are then proven with configparser itself: the intended change inside the one section, and what
was read everywhere else.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from awsprof.configfiles.document import DEFAULTS, Document
from awsprof.configfiles.scanning import introduction, line_ends, lines_of
from awsprof.configfiles.splicing import Carried, changed, line_end, new_lines, value_of
from awsprof.errors import RefusedNameError, SharedFileError, UnparsableFileError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from awsprof.configfiles.document import Section
    from awsprof.configfiles.splicing import SectionEdit

_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_SECTION = re.compile(r"[\w@+.%:/ -]+")


def with_settings(document: Document, section: str, changes: Mapping[str, str | None], *, apart: bool = True) -> bytes:
    """
    Return the file's bytes with some settings of one section changed; a missing section is made at the end.

    Args:
        changes: Values by key; None takes a key out.
        apart: Put a blank line before a section that is made.

    Raises:
        RefusedNameError: A name, key or value that must not be written.
        SharedFileError: The edit could not be proven; says where.
    """
    if section not in document.sections:
        check_section_name(section)
    for key, value in changes.items():
        check_setting(key, value)
    found = document.sections.get(section)
    if found is None:
        before, head, after, tail = "", *_appended(document.text, section, changes, apart=apart), ""
        line = line_ends(document.text, 0, len(document.text)) + 1
    else:
        before, head, tail = found.text, document.text[: found.start], document.text[found.end :]
        after, line = changed(found, found.text, changes), found.line
    _prove(document, section, changes, before, after, line=line)
    text = f"{head}{after}{tail}"
    _prove_others(document, text, {section}, line)
    return text.encode()


def without_sections(document: Document, is_its: Callable[[str], bool]) -> bytes:
    """
    Return the bytes without some sections, each with the comment that introduces it and the blank lines behind it.

    Args:
        is_its: Whether a section of that name is to go.

    Raises:
        SharedFileError: What is left would not be what stays; says where.
    """
    pieces, at = [], 0
    gone = [section for section in document.all_sections if is_its(section.name)]
    for section in gone:
        start = section.start - len(introduction(document.text[at : section.start]))
        pieces.append(document.text[at:start])
        at = section.end - len(_left_of(document, section))
    text = "".join([*pieces, document.text[at:]])
    _prove_others(document, text, {section.name for section in gone}, gone[0].line if gone else 1)
    return text.encode()


def without_lines_of(document: Document, section: str) -> bytes:
    """
    Return the bytes without one section's lines, from its header to its last setting, and without no other line.

    Raises:
        SharedFileError: What is left would not be what stays.
    """
    found = document.sections[section]
    lines = lines_of(found.text)
    end = max([1, *(option.end for option in found.options.values())])
    text = f"{document.text[: found.start]}{''.join(lines[end:])}{document.text[found.end :]}"
    _prove_others(document, text, {section}, found.line)
    return text.encode()


def without_section(document: Document, section: str) -> bytes:
    return without_sections(document, lambda name: name == section)


def with_renamed_section(document: Document, section: str, name: str) -> bytes:
    """
    Return the file's bytes with one header changed and everything else as it was.

    Raises:
        RefusedNameError: *name* cannot stand in a header.
    """
    check_section_name(name)
    found = document.sections[section]
    start = document.text.index("[", found.start) + 1
    text = f"{document.text[:start]}{name}{document.text[start + len(section) :]}"
    _prove_others(document, text, {section, name}, found.line)
    return text.encode()


def with_edits(document: Document, edits: Mapping[str, SectionEdit | None]) -> bytes:
    """
    Return the bytes after several sections' edits in one go, as if each were made by itself.

    Args:
        edits: By section; None takes it out as `without_section` does, and one that is not there is made.

    Raises:
        RefusedNameError: A name, key or value that must not be written.
        SharedFileError: An edit could not be proven; says where.
    """
    pieces, at, line = [], 0, 1
    for section in document.all_sections:
        if section.name not in edits:
            continue
        edit = edits[section.name]
        if edit is None:
            start = section.start - len(introduction(document.text[at : section.start]))
            pieces.append(document.text[at:start])
            at = section.end - len(_left_of(document, section))
        elif section is document.sections[section.name]:
            pieces += [document.text[at : section.start], edited(document, section, edit)]
            at = section.end - len(_next_introduction(document, section))
        line = section.line if line == 1 else line
    text = "".join([*pieces, document.text[at:]])
    for name, edit in edits.items():
        if edit is not None and name not in document.sections:
            text = "".join(_appended(text, name, _checked(document, name, edit), apart=True))
    _prove_whole(document, text, edits, line)
    return text.encode()


def edited(document: Document, section: Section, edit: SectionEdit) -> str:
    """
    Return one section's text after *edit*, without what introduces the next one.

    Raises:
        RefusedNameError: A name, key or value that must not be written.
        SharedFileError: The edit could not be proven; says where.
    """
    changes = _checked(document, section.name, edit)
    before = section.text.removesuffix(_next_introduction(document, section))
    after = changed(section, before, changes) if changes else before
    if edit.name != section.name:
        start = after.index("[") + 1
        after = f"{after[:start]}{edit.name}{after[start + len(section.name) :]}"
    _prove(document, section.name, changes, before, after, line=section.line, name=edit.name)
    return after


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


def _checked(document: Document, section: str, edit: SectionEdit) -> Mapping[str, str | Carried | None]:
    if edit.name != section or section not in document.sections:
        check_section_name(edit.name)
    for key, value in edit.changes.items():
        if not isinstance(value, Carried):
            check_setting(key, value)
    return edit.changes


def _prove_whole(document: Document, text: str, edits: Mapping[str, SectionEdit | None], line: int) -> None:
    """Refuse edits after which the file would not read as it did, but for them."""
    wanted = []
    for section in document.all_sections:
        edit = edits.get(section.name) if section is document.sections[section.name] else None
        if edit is not None:
            wanted.append((edit.name, _after(section.settings, edit)))
        elif section.name not in edits or edits[section.name] is not None:
            wanted.append((section.name, section.settings))
    wanted += [(name, _after({}, edit)) for name, edit in edits.items() if edit and name not in document.sections]
    try:
        after = Document(document.path, text.encode())
    except UnparsableFileError:
        raise _unsafe(document, line) from None
    if [(section.name, section.settings) for section in after.all_sections] != wanted:
        raise _unsafe(document, line)


def _next_introduction(document: Document, section: Section) -> str:
    """Return the comment directly above the next header, which is that one's."""
    return introduction(section.text) if section.end < len(document.text) else ""


def _left_of(document: Document, section: Section) -> str:
    """Return what stays of a section's text when it goes: comments parted from it, and the next one's."""
    lines = lines_of(section.text)
    limit = len(lines) - len(lines_of(_next_introduction(document, section)))
    end = max([1, *(option.end for option in section.options.values())])
    while end < limit and lines[end].strip():
        end += 1
    while end < len(lines) and not lines[end].strip():
        end += 1
    return "".join(lines[end:])


def _prove(
    document: Document,
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
        raise _unsafe(document, line)


def _prove_others(document: Document, text: str, touched: Collection[str], line: int) -> None:
    """
    Refuse an edit after which another section would read otherwise than before.

    Where every header begins in the first column none can be taken for part of a value, so nothing need be read.
    """
    if document.is_plain:
        return
    others = [(section.name, section.settings) for section in document.all_sections if section.name not in touched]
    try:
        after = Document(document.path, text.encode())
    except UnparsableFileError:
        raise _unsafe(document, line) from None
    left = [(section.name, section.settings) for section in after.all_sections if section.name not in touched]
    if left != others:
        raise _unsafe(document, line)


def _unsafe(document: Document, line: int) -> SharedFileError:
    return SharedFileError(
        f"{document.path}, line {line}: what stands there cannot be edited safely; nothing was written",
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
