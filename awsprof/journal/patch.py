"""
Taking an edit back from a file that may have changed elsewhere since.

Works on lines; knows no file format.
"""

from __future__ import annotations

import bisect
import difflib
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Up to this many comparisons difflib is quick; it grows with their square.
_SMALL = 40_000


def taken_back(before: bytes, after: bytes, current: bytes) -> bytes | None:
    """
    Undo the edit *before* → *after* in *current*.

    Returns:
        *current* without that edit; None when it has changed in the same place since.
    """
    if current == after:
        return before
    old, new, now = (text.splitlines(keepends=True) for text in (before, after, current))
    kept = dict(_pairs(new, now))
    result = list(now)
    for b1, b2, a1, a2 in reversed(list(_hunks(old, new))):
        place = _place(kept, a1, a2, len(new), len(now))
        if place is None:
            return None
        result[place : place + (a2 - a1)] = old[b1:b2]
    return b"".join(result)


def _hunks(old: list[bytes], new: list[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the changed ranges of lines, in both texts."""
    for (b0, a0), (b1, a1) in pairwise([(-1, -1), *_pairs(old, new), (len(old), len(new))]):
        if (b1, a1) != (b0 + 1, a0 + 1):
            yield b0 + 1, b1, a0 + 1, a1


def _pairs(one: list[bytes], other: list[bytes]) -> list[tuple[int, int]]:
    """
    Return lines that both texts have, as pairs of their places, both ascending.

    Lines that stand once in each text, as headers do, part large texts into small ones.
    """
    head, tail = _common_ends(one, other)
    end, other_end = len(one) - tail, len(other) - tail
    found = [(line, line) for line in range(head)]
    if (end - head) * (other_end - head) <= _SMALL:
        matcher = difflib.SequenceMatcher(None, one[head:end], other[head:other_end], autojunk=False)
        for block in matcher.get_matching_blocks():
            found += [(block.a + head + line, block.b + head + line) for line in range(block.size)]
    else:
        anchors = _anchors(one[head:end], other[head:other_end])
        # Without anchors there is nothing to go by: what lies between counts as changed.
        for (a0, b0), (a1, b1) in pairwise([(-1, -1), *anchors, (end - head, other_end - head)] if anchors else []):
            gap = _pairs(one[head + a0 + 1 : head + a1], other[head + b0 + 1 : head + b1])
            found += [(head + a0 + 1 + a, head + b0 + 1 + b) for a, b in gap]
            if a1 < end - head:
                found.append((head + a1, head + b1))
    return found + [(end + line, other_end + line) for line in range(tail)]


def _anchors(one: list[bytes], other: list[bytes]) -> list[tuple[int, int]]:
    """Return the places of lines that stand once in each text, as many as keep their order."""
    counts, other_counts = Counter(one), Counter(other)
    places = {line: place for place, line in enumerate(other) if other_counts[line] == 1}
    common = [(a, places[line]) for a, line in enumerate(one) if counts[line] == 1 and line in places]
    # The longest run of ascending places, by patience sorting.
    tops: list[int] = []
    piles: list[int] = []
    previous: list[int] = []
    for index, (_, b) in enumerate(common):
        pile = bisect.bisect_left(tops, b)
        previous.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [b]
        piles[pile : pile + 1] = [index]
    longest = []
    index = piles[-1] if piles else -1
    while index >= 0:
        longest.append(common[index])
        index = previous[index]
    return longest[::-1]


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
