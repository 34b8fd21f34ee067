"""
Taking an edit back from a file that may have changed elsewhere since.

Works on lines; knows no file format.
"""

from __future__ import annotations

import difflib


def taken_back(before: bytes, after: bytes, current: bytes) -> bytes | None:
    """
    Undo the edit *before* → *after* in *current*.

    Returns:
        *current* without that edit; None when it has changed in the same place since.
    """
    if current == after:
        return before
    old, new, now = (text.splitlines(keepends=True) for text in (before, after, current))
    kept = _kept_lines(new, now)
    result = list(now)
    for b1, b2, a1, a2 in reversed(_hunks(old, new)):
        place = _place(kept, a1, a2, len(new), len(now))
        if place is None:
            return None
        result[place : place + (a2 - a1)] = old[b1:b2]
    return b"".join(result)


def _hunks(old: list[bytes], new: list[bytes]) -> list[tuple[int, int, int, int]]:
    """Return the changed ranges of lines, in both texts."""
    head, tail = _common_ends(old, new)
    matcher = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    return [
        (b1 + head, b2 + head, a1 + head, a2 + head) for tag, b1, b2, a1, a2 in matcher.get_opcodes() if tag != "equal"
    ]


def _kept_lines(new: list[bytes], now: list[bytes]) -> dict[int, int]:
    """Return where each line of *new* that is still there stands in *now*."""
    head, tail = _common_ends(new, now)
    kept = {line: line for line in range(head)}
    kept.update((len(new) - 1 - line, len(now) - 1 - line) for line in range(tail))
    matcher = difflib.SequenceMatcher(None, new[head : len(new) - tail], now[head : len(now) - tail], autojunk=False)
    for block in matcher.get_matching_blocks():
        kept.update((block.a + head + line, block.b + head + line) for line in range(block.size))
    return kept


def _common_ends(one: list[bytes], other: list[bytes]) -> tuple[int, int]:
    """Return how many lines two texts share at their beginnings and, behind those, at their ends."""
    most = min(len(one), len(other))
    head = 0
    while head < most and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < most - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    return head, tail


def _place(kept: dict[int, int], first: int, end: int, length: int, length_now: int) -> int | None:
    """Return where the lines from *first* to before *end* stand now, if they and their surroundings are unchanged."""
    if first < end:
        places = [kept.get(line) for line in range(first, end)]
        start = places[0]
        return start if start is not None and places == list(range(start, start + end - first)) else None
    # Lines were taken out between two others: these must still be neighbours.
    above = -1 if first == 0 else kept.get(first - 1)
    below = length_now if first == length else kept.get(first)
    if above is None or (first == length and above + 1 > length_now):
        return None
    return above + 1 if first == length or below == above + 1 else None
