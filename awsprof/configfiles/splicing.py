"""
One section's text with some of its settings changed, line by line.

Knows where settings stand; whether the result is what was meant is for the caller to prove.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.configfiles.scanning import lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.configfiles.document import Section


@dataclass(frozen=True, slots=True)
class Carried:
    """A setting that comes from another section as it stands there: nested, empty, or with what no edit would write."""

    value: str
    lines: tuple[str, ...] = field(repr=False)

    def at(self, indent: str, end: str) -> str:
        """Return its lines for a section whose settings are indented by *indent*, without the last line's end."""
        return end.join(f"{indent}{line}" if line else "" for line in self.lines)


@dataclass(slots=True)
class SectionEdit:
    """What becomes of one section: its header, where that changes, and some of its settings; None takes one out."""

    name: str
    changes: dict[str, str | Carried | None] = field(default_factory=dict)


def carried(section: Section, key: str) -> Carried:
    """Return a setting with its lines, as deep as its first one stands in the first column."""
    option = section.options[key]
    lines = [line.rstrip("\r\n") for line in lines_of(section.text)[option.first : option.end]]
    indent = _indentation(lines[0])
    return Carried(option.value, tuple(line.removeprefix(indent) if line.strip() else "" for line in lines))


def value_of(setting: str | Carried | None) -> str | None:
    return setting.value if isinstance(setting, Carried) else setting


def changed(section: Section, text: str, changes: Mapping[str, str | Carried | None]) -> str:
    """
    Splice the changed lines of one section; a new key goes behind its last one, indented as they are.

    Args:
        text: The section's, without comments at its end that are the next one's.
    """
    old = lines_of(text)
    lines: list[str | None] = list(old)
    end = line_end(old[0]) or "\n"
    # The last key's indentation: deeper, the new key would become a continuation of its value.
    final = max(section.options.values(), key=lambda option: option.end, default=None)
    last = 0 if final is None else final.end - 1
    indent = "" if final is None else _indentation(old[final.first])
    added = []
    for key, value in changes.items():
        option = section.options.get(key)
        if option is None:
            added += [] if value is None else [new_lines(key, value, indent, end)]
            continue
        lines[option.first : option.end] = [None] * (option.end - option.first)
        if isinstance(value, Carried):
            lines[option.first] = value.at(_indentation(old[option.first]), end) + line_end(old[option.end - 1])
        elif value is not None:
            lines[option.first] = _up_to_value(old[option.first]) + value + line_end(old[option.end - 1])
    kept = [line for line in lines[: last + 1] if line is not None]
    if added:
        closing = line_end(old[last])
        if not line_end(kept[-1]):
            kept[-1] += end
        kept += [line + end for line in added[:-1]] + [added[-1] + closing]
    return "".join(kept + [line for line in lines[last + 1 :] if line is not None])


def new_lines(key: str, value: str | Carried, indent: str, end: str) -> str:
    return value.at(indent, end) if isinstance(value, Carried) else f"{indent}{key} = {value}"


def line_end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _up_to_value(line: str) -> str:
    """Return a setting's line up to its value: indentation, key, delimiter, and the spacing around it."""
    match = re.match(r"\s*.*?\s*[=:][^\S\r\n]*", line)
    assert match is not None  # the scanner found an option on this line
    start = match[0]
    return start if start[-1] not in "=:" or line[len(start) :].strip() else f"{start} "
