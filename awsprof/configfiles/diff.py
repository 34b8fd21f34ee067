"""
A unified diff of a shared file for a person to read, with every secret masked.

Knows hunks and lines; prints nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.configfiles.comparing import changes
from awsprof.configfiles.masking import masked
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CONTEXT = 3


def unified(path: str, before: bytes, after: bytes) -> list[str]:
    """Return the lines of a unified diff without line ends; secrets are masked, but a changed one still shows."""
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (before, after))
    lines = _hunks(old, new)
    head = [f"--- {path}", f"+++ {path}"] if old != new else []
    return [printable(line) for line in head] + [printable(line[:1]) + printable(masked(line[1:])) for line in lines]


def _hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """Yield the hunks of a unified diff, each with three unchanged lines around its changes."""
    groups: list[list[tuple[int, int, int, int]]] = []
    for change in changes(old, new):
        if groups and change[0] - groups[-1][-1][1] <= 2 * _CONTEXT:
            groups[-1].append(change)
        else:
            groups.append([change])
    for group in groups:
        start, end = max(0, group[0][0] - _CONTEXT), min(len(old), group[-1][1] + _CONTEXT)
        new_start, new_end = group[0][2] - (group[0][0] - start), group[-1][3] + (end - group[-1][1])
        yield f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@"
        at = start
        for b1, b2, a1, a2 in group:
            yield from (f" {line}" for line in old[at:b1])
            yield from (f"-{line}" for line in old[b1:b2])
            yield from (f"+{line}" for line in new[a1:a2])
            at = b2
        yield from (f" {line}" for line in old[at:end])


def _range(start: int, end: int) -> str:
    """Write a range of lines as unified diffs do: an empty one by the line above it."""
    length = end - start
    return str(start + 1) if length == 1 else f"{start + bool(length)},{length}"
