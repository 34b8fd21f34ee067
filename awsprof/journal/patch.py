"""
Taking an edit back from a file that may have changed elsewhere since.

Works on lines; knows no file format.
"""

from __future__ import annotations

from awsprof.configfiles.comparing import changes, common_lines


def taken_back(before: bytes, after: bytes, current: bytes) -> bytes | None:
    """
    Undo the edit *before* → *after* in *current*.

    Returns:
        *current* without that edit; None when it has changed in the same place since.
    """
    if current == after:
        return before
    old, new, now = (text.splitlines(keepends=True) for text in (before, after, current))
    kept = dict(common_lines(new, now))
    result = list(now)
    for b1, b2, a1, a2 in reversed(changes(old, new)):
        place = _place(kept, a1, a2, len(new), len(now))
        if place is None:
            return None
        result[place : place + (a2 - a1)] = old[b1:b2]
    return b"".join(result)


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
