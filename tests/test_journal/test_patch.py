"""Taking an edit back, from a file that may have changed elsewhere since."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awsprof.journal.patch import taken_back

_LINES = st.lists(st.sampled_from([b"a\n", b"b\r\n", b"\n", b"[x]\n", b"k = v\n"]), max_size=12).map(b"".join)
_ENDINGS = st.sampled_from([b"", b"last"])
_TEXTS = st.builds(lambda lines, ending: lines + ending, _LINES, _ENDINGS)


@given(before=_TEXTS, after=_TEXTS)
def test_untouched_file_goes_back_to_its_first_bytes(before: bytes, after: bytes) -> None:
    """When nothing else happened, the bytes before come back."""
    assert taken_back(before, after, after) == before


@given(before=_TEXTS, after=_TEXTS, above=st.integers(0, 3), below=st.integers(0, 3))
def test_changes_elsewhere_are_kept(before: bytes, after: bytes, above: int, below: int) -> None:
    """Lines that others added above and below stay when the edit between them is taken back."""
    head, tail = (
        b"".join(b"# above %d\n" % n for n in range(above)),
        b"".join(b"# below %d\n" % n for n in range(below)),
    )
    frame = [b"# top\n", b"# bottom\n"]
    old, new = (text + b"\n" if not text.endswith(b"\n") else text for text in (before, after))
    result = taken_back(frame[0] + old + frame[1], frame[0] + new + frame[1], head + frame[0] + new + frame[1] + tail)
    assert result == head + frame[0] + old + frame[1] + tail


@pytest.mark.parametrize(
    ("before", "after", "current"),
    [
        (b"a\nx = 1\nb\n", b"a\nx = 2\nb\n", b"a\nx = 3\nb\n"),
        (b"a\nx = 1\nb\n", b"a\nx = 2\nb\n", b"a\nb\n"),
        (b"a\n", b"a\nnew\nlines\n", b"a\nnew\nother\nlines\n"),
        (b"a\ngone\nb\n", b"a\nb\n", b"a\nsomething\nb\n"),
        (b"a\ngone\nb\n", b"a\nb\n", b"b\n"),
        (b"a\n", b"a\nnew\n", b""),
    ],
)
def test_change_in_the_same_place_is_a_conflict(before: bytes, after: bytes, current: bytes) -> None:
    """What somebody changed since in that very place is not overwritten."""
    assert taken_back(before, after, current) is None


def test_older_of_two_additions_can_go_first() -> None:
    """A section added before another one can be taken back while the other stays."""
    one, two = b"[a]\nk = 1\n", b"\n[b]\nk = 2\n"
    assert taken_back(b"", one, one + two) == two
    assert taken_back(b"[x]\n", b"[x]\n" + one, b"[x]\n" + one + two) == b"[x]\n" + two


def test_removed_section_comes_back_where_it_was() -> None:
    """A section taken out between two others goes back between them."""
    before = b"[a]\nk = 1\n\n[b]\nk = 2\n\n[c]\nk = 3\n"
    after = b"[a]\nk = 1\n\n[c]\nk = 3\n"
    current = b"# new\n[a]\nk = 1\n\n[c]\nk = 4\n[d]\n"
    assert taken_back(before, after, current) == b"# new\n[a]\nk = 1\n\n[b]\nk = 2\n\n[c]\nk = 4\n[d]\n"


def test_changes_all_over_a_large_file() -> None:
    """A change in a thousand places of a large file comes back, beside a change of somebody else's in between."""
    sections = [f"[profile p{n}]\nregion = eu-west-1\nsource_profile = old\n\n" for n in range(3000)]
    before = "".join(sections).encode()
    edited = [text.replace("= old", "= new") if n % 3 == 0 else text for n, text in enumerate(sections)]
    after = "".join(edited).encode()
    theirs = [text.replace("eu-west-1", "eu-west-2") if n % 3 == 1 else text for n, text in enumerate(edited)]
    expected = [text.replace("eu-west-1", "eu-west-2") if n % 3 == 1 else text for n, text in enumerate(sections)]
    assert taken_back(before, after, "".join(theirs).encode()) == "".join(expected).encode()
