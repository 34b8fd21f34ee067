"""
A shared file's text made sound: what botocore refuses and what readers read differently, without another meaning.

Knows how each repair is spelled, and proves them together; not which are wanted, nor where the file lies.

Every repair keeps what JS and Go read, which take the last value of what stands twice and pass over what is no
setting. Where they would not agree on that, nothing is mended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.configfiles.document import DEFAULTS, Document
from awsprof.configfiles.scanning import COMMENT, HEADER, OPTION
from awsprof.doctor.lenient import INLINE_COMMENT, Block, FaultKind, Reading
from awsprof.errors import AwsprofError, UnparsableFileError
from awsprof.readers.files import js_sections

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.doctor.lenient import Setting

_LINE = re.compile(r"(?P<indent>\s*+)(?P<key>[^=:]*+)(?P<delimiter>[=:])(?P<after>[^\S\r\n]*+)(?P<value>.*)", re.DOTALL)


class CannotMendError(AwsprofError):
    """What a person has to decide before anything in the file is mended."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}; nothing in this file was mended")
        self.line = line


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What is to change beyond the faults of the file as a whole.

    Args:
        headers: Better headers, by the ones there are.
        values: New values by section and key; None takes a setting out.
        untouched: Keys in whose values a comment is left as it is.
        kept: Sections whose keys and comments stay as they are spelled.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    untouched: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()


def mended(reading: Reading, wishes: Wishes) -> bytes:
    """
    Return the bytes of the file as they should be.

    Raises:
        CannotMendError: A fault that takes a decision, or an outcome that could not be proven.
    """
    path = reading.path
    for fault in reading.faults:
        if fault.kind in (FaultKind.UNPARSABLE, FaultKind.KEY_WITHOUT_VALUE) and not fault.can_go:
            raise CannotMendError(path, fault.line, fault.what)
    text = _in_utf8(reading)
    text = _merged(path, text)
    text = _without_faults(path, text)
    text = _without_doubles(path, text)
    text = _spelled(path, text, wishes)
    data = text.encode()
    if data != reading.data:
        _prove(reading, text, wishes)
    return data


def decoded(reading: Reading, number: int) -> str | None:
    """Return a line whose stray bytes are read as Windows and Latin-1 have them; None where that is not safe."""
    line = reading.lines[number - 1]
    text = line.strip()
    if not text.startswith(COMMENT):
        match = OPTION.match(text)
        if HEADER.match(text) or (match is not None and _has_strays(match["option"])):
            return None
    try:
        found = _cured(line)
    except UnicodeDecodeError:
        return None
    return found if all(char.isprintable() for char, was in zip(found, line, strict=True) if char != was) else None


def _has_strays(text: str) -> bool:
    return any("\udc80" <= char <= "\udcff" for char in text)


def _cured(text: str) -> str:
    return "".join(
        bytes([ord(char) - 0xDC00]).decode("cp1252") if "\udc80" <= char <= "\udcff" else char for char in text
    )


def _in_utf8(reading: Reading) -> str:
    """Return the text with its stray bytes decoded; the byte-order mark is gone already."""
    lines = list(reading.lines)
    for fault in reading.faults:
        if fault.kind is FaultKind.NOT_UTF8:
            cured = decoded(reading, fault.line)
            if cured is None:
                raise CannotMendError(reading.path, fault.line, fault.what)
            lines[fault.line - 1] = cured
    return "".join(lines)


def _without_faults(path: str, text: str) -> str:
    """
    Make comments of lines that are no settings.

    After merging, where one above a header would be taken for the header's own.
    """
    reading = Reading(path, text.encode())
    lines = list(reading.lines)
    for fault in reading.faults:
        if fault.can_go:
            line = lines[fault.line - 1]
            body = line.lstrip()
            lines[fault.line - 1] = f"{line[: len(line) - len(body)]}# {body}"
    return "".join(lines)


def _merged(path: str, text: str) -> str:
    """Make one section of all that have the same name, in the place of the first."""
    reading = Reading(path, text.encode())
    if not any(fault.kind is FaultKind.DUPLICATE_SECTION for fault in reading.faults):
        return text
    for block in reading.blocks:
        if block.tail:
            # For JS it is no header, and where its settings belong, only a person can say.
            raise CannotMendError(path, block.line, "a header with more than a comment behind its bracket")
    lines = reading.lines
    end = next((line[len(line.rstrip("\r\n")) :] for line in lines if line.rstrip("\r\n") != line), "\n")
    begins = [_begin(lines, block) for block in reading.blocks]
    head = lines[: begins[0]]
    bodies: dict[str, list[str]] = {}
    order: list[tuple[str, list[str]]] = []
    for index, block in enumerate(reading.blocks):
        stop = begins[index + 1] if index + 1 < len(begins) else len(lines)
        above = lines[begins[index] : block.line - 1]
        body = lines[block.line : stop]
        if block.name in bodies and block.name != DEFAULTS:
            kept = bodies[block.name]
            blanks = _trailing_blanks(kept)
            del kept[len(kept) - len(blanks) :]
            added = [*above, *_outdented(lines, block, stop)]
            added = added[: len(added) - len(_trailing_blanks(added))]
            kept += [*(_closed(line, end) for line in added), *blanks]
            if kept and not kept[0].endswith(("\n", "\r")):
                kept[0] = _closed(kept[0], end)
            continue
        bodies[block.name] = kept = [_closed(line, end) for line in body]
        order.append((block.name, [_closed(line, end) for line in [*above, lines[block.line - 1]]]))
        if block.name == DEFAULTS:
            # It may stand more than once, each with its own lines.
            order[-1][1].extend(kept)
            bodies[block.name] = []
    pieces = [*head]
    for name, opening in order:
        pieces += [*opening, *bodies[name]]
    return "".join(pieces)


def _begin(lines: list[str], block: Block) -> int:
    """Return where a section begins, with the comment lines that introduce it."""
    start = block.line - 1
    while start and lines[start - 1].strip().startswith(COMMENT):
        start -= 1
    return start


def _trailing_blanks(lines: list[str]) -> list[str]:
    count = 0
    while count < len(lines) and not lines[-1 - count].strip():
        count += 1
    return lines[len(lines) - count :]


def _outdented(lines: list[str], block: Block, stop: int) -> list[str]:
    """Return a section's lines with its keys in the first column, where none can be taken for part of a value."""
    keys = {setting.line for setting in block.settings}
    return [lines[at].lstrip(" \t") if at + 1 in keys else lines[at] for at in range(block.line, stop)]


def _closed(line: str, end: str) -> str:
    return line if line.endswith(("\n", "\r")) else f"{line}{end}"


def _without_doubles(path: str, text: str) -> str:
    """Of a key that stands twice in a section, leave the last; comments stay."""
    reading = Reading(path, text.encode())
    gone: set[int] = set()
    lent: list[Setting] = []
    for block in reading.blocks:
        settings = block.settings
        if block.name == DEFAULTS:
            lent += settings
            settings = lent
        by_key: dict[str, list[Setting]] = {}
        for setting in settings:
            by_key.setdefault(setting.key, []).append(setting)
        for rows in by_key.values():
            if len(rows) > 1:
                _check_agreement(path, rows)
            for row in rows[:-1]:
                gone.update(number for number in range(row.line, row.end) if not _is_comment(reading.lines[number - 1]))
    return "".join(line for number, line in enumerate(reading.lines, 1) if number not in gone)


def _is_comment(line: str) -> bool:
    return line.strip().startswith(COMMENT)


def _check_agreement(path: str, rows: list[Setting]) -> None:
    """Refuse to choose where JS, which knows lower-case keys, '=' and values that are not empty, differs from Go."""
    last = rows[-1]
    values = {row.plain_value for row in rows}
    # In what stands below a value, JS sees settings of the profile.
    if any(row.end > row.line + 1 for row in rows):
        raise CannotMendError(path, last.line, f"'{last.shown.lower()}' stands twice, with more lines below")
    if len(values) == 1:
        return
    exact = [row for row in rows if row.spelled == row.key and row.delimiter == "="]
    if not last.plain_value or (exact and exact[-1] is not last):
        raise CannotMendError(
            path, last.line, f"'{last.shown.lower()}' stands twice, and JS and Go take different values"
        )


def _spelled(path: str, text: str, wishes: Wishes) -> str:
    """Spell headers, keys and delimiters as every reader takes them, move comments off values, and set new values."""
    reading = Reading(path, text.encode())
    lines: list[str | None] = list(reading.lines)
    taken = {block.name for block in reading.blocks}
    for block in reading.blocks:
        better = wishes.headers.get(block.name)
        if better is not None and better not in taken:
            taken.add(better)
            line = reading.lines[block.line - 1]
            lines[block.line - 1] = line.replace(f"[{block.name}]", f"[{better}]", 1)
        for setting in block.settings:
            wish = (block.name, setting.key)
            if wish in wishes.values and wishes.values[wish] is None:
                for number in range(setting.line, setting.end):
                    lines[number - 1] = reading.lines[number - 1] if _is_comment(reading.lines[number - 1]) else None
                continue
            if wish in wishes.values and setting.end == setting.line + 1:
                match = _LINE.match(reading.lines[setting.line - 1])
                assert match is not None  # the reading found a setting there
                lines[setting.line - 1] = (
                    f"{match['indent']}{setting.key} = {wishes.values[wish]}{_end(match['value'])}"
                )
                continue
            if block.name in wishes.kept:
                continue
            lines[setting.line - 1] = _setting_line(reading, setting, wishes)
            if setting.is_nested:
                for number in range(setting.line + 1, setting.end):
                    lines[number - 1] = _off_value(reading.lines[number - 1], 0)
    return "".join(line for line in lines if line is not None)


def _setting_line(reading: Reading, setting: Setting, wishes: Wishes) -> str:
    line = reading.lines[setting.line - 1]
    if setting.is_secret:
        return line
    if setting.spelled != setting.key or setting.delimiter == ":":
        match = _LINE.match(line)
        assert match is not None  # the reading found a setting there
        spaced = match["key"][len(match["key"].rstrip()) :], match["after"]
        before, after = (" ", " ") if setting.delimiter == ":" else spaced
        line = f"{match['indent']}{setting.key}{before}={after}{match['value']}"
    if setting.key in wishes.untouched or (setting.end > setting.line + 1 and not setting.is_nested):
        return line
    return _off_value(line, line.index("=") + 1)


def _off_value(line: str, start: int) -> str:
    """Put the comment behind a value above its line; *start* is where the value may begin."""
    if _is_comment(line):
        return line
    match = INLINE_COMMENT.search(line, start)
    if match is None:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    end = _end(line)
    comment, setting = line[match.start() :].strip(), line[: match.start()].rstrip()
    if setting.endswith("=") or setting.partition("=")[2].lstrip().startswith(("'", '"')):
        # An empty value hides the other file's from Go, and in quotes a comment is none to a person.
        return line
    return f"{indent}{comment}{end or chr(10)}{setting}{end}"


def _end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _prove(before: Reading, text: str, wishes: Wishes) -> None:
    """Refuse an outcome that botocore would not take, or that says anything else than was read before."""
    try:
        document = Document(before.path, text.encode())
    except UnparsableFileError as error:
        raise CannotMendError(before.path, error.line, error.reason) from None
    after = {name: block.plain_values() for name, block in Reading(before.path, document.to_bytes()).sections().items()}
    wanted: dict[str, dict[str, str]] = {}
    there = before.sections()
    for name, block in there.items():
        better = wishes.headers.get(name, name)
        values = {key: _cured(value) for key, value in block.plain_values().items()}
        for key in [key for key in values if (name, key) in wishes.values]:
            value = wishes.values[name, key]
            values[key] = "" if value is None else value
        wanted[name if better in there or better in wanted else better] = values
    if _full(after) != _full(wanted):
        line = next((there[name].line for name in there if _full(after).get(name) != _full(wanted).get(name)), 1)
        raise CannotMendError(before.path, line, "what stands there cannot be mended safely")
    for nested in (True, False):
        wrong = _lost_on_javascript(before, text, wishes, nested=nested)
        if wrong is not None:
            line = next((block.line for block in before.blocks if block.name == wrong), 1)
            raise CannotMendError(before.path, line, "JS reads that section in its own way, and would read another")


def _lost_on_javascript(before: Reading, text: str, wishes: Wishes, *, nested: bool) -> str | None:
    """Return a section of which an SDK for JavaScript would not read what it read before; None where there is none."""
    was = js_sections(before.data.decode("utf-8", "replace"), nested=nested)
    now = js_sections(text, nested=nested)
    known = {name: block.values() for name, block in Reading(before.path, text.encode()).sections().items()}
    for name, values in was.items():
        better = name if name in now else wishes.headers.get(name, name)
        for key, value in values.items():
            # Keys that are not lower-case mean nothing there, and a byte that is no UTF-8 is another character.
            passing = key != key.lower() or "\ufffd" in value or (name, key) in wishes.values
            if not passing and now.get(better, {}).get(key) != value:
                return name
    for name, values in now.items():
        if any(key not in was.get(name, {}) and "." not in key and key not in known.get(name, {}) for key in values):
            return name
    return None


def _full(sections: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Leave out empty values, which a comment alone may have been."""
    return {name: {key: value for key, value in values.items() if value} for name, values in sections.items()}
