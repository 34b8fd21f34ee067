"""
Which lines two texts have in common, in a time that grows with their length and not with its square.

Works on lines of any kind; knows no file format.
"""

from __future__ import annotations

import bisect
import difflib
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Line = TypeVar("Line", str, bytes)

# Up to this many comparisons difflib is quick; it grows with their square.
_SMALL = 40_000


def changes(old: Sequence[Line], new: Sequence[Line]) -> list[tuple[int, int, int, int]]:
    """Return the changed ranges of lines: where each begins and ends in the old text, and in the new one."""
    both = [(-1, -1), *common_lines(old, new), (len(old), len(new))]
    return [(b0 + 1, b1, a0 + 1, a1) for (b0, a0), (b1, a1) in pairwise(both) if (b1, a1) != (b0 + 1, a0 + 1)]


def common_lines(one: Sequence[Line], other: Sequence[Line]) -> list[tuple[int, int]]:
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
        anchors: Sequence[tuple[int, int]] = _anchors(one[head:end], other[head:other_end])
        # Without anchors there is nothing to go by: what lies between counts as changed.
        for (a0, b0), (a1, b1) in pairwise([(-1, -1), *anchors, (end - head, other_end - head)] if anchors else []):
            gap = common_lines(one[head + a0 + 1 : head + a1], other[head + b0 + 1 : head + b1])
            found += [(head + a0 + 1 + a, head + b0 + 1 + b) for a, b in gap]
            if a1 < end - head:
                found.append((head + a1, head + b1))
    return found + [(end + line, other_end + line) for line in range(tail)]


def _anchors(one: Sequence[Line], other: Sequence[Line]) -> list[tuple[int, int]]:
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


def _common_ends(one: Sequence[Line], other: Sequence[Line]) -> tuple[int, int]:
    """Return how many lines two texts share at their beginnings and, behind those, at their ends."""
    most = min(len(one), len(other))
    head = 0
    while head < most and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < most - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    return head, tail
