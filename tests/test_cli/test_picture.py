"""The picture of a seed on the terminal, drawn as the terminal would and read back as a phone does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import zxingcpp

from awsprof.cli.picture import drawn, draws_blocks, in_groups, picture_width, seed_uri, show_seed
from tests.command_line import ScriptedTerminal
from tests.localaws.totp import new_seed

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.cli.terminal import Terminal

HOLDER = "autochart_dev_paul@111111111111"
UTF8 = {"TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}
# A background and the colour of text on it, as shades of grey.
DARK, LIGHT = (20, 220), (250, 30)
_COLOURS = {"30": 0, "47": 229}
_CELL = (8, 16)
# The half of a cell that has ink, as rows; '#' as the font of PCs has it.
_HASH = [0x00, 0x00, 0x00, 0x6C, 0x6C, 0xFE, 0x6C, 0x6C, 0x6C, 0xFE, 0x6C, 0x6C, 0x00, 0x00, 0x00, 0x00]
_GLYPHS = {
    " ": [0x00] * 16,
    "\u2580": [0xFF] * 8 + [0x00] * 8,
    "\u2584": [0x00] * 8 + [0xFF] * 8,
    "\u2588": [0xFF] * 16,
    "#": _HASH,
}


def on_screen(text: str, theme: tuple[int, int], *, sharp: bool = True) -> memoryview:
    """
    Draw what a terminal makes of *text*, in grey, cell by cell.

    Args:
        sharp: Every pixel; else two cells side by side run into one grey, as for a camera an arm's length away.
    """
    background, foreground = theme
    lines: list[list[list[int]]] = []
    for line in text.splitlines():
        cells: list[list[int]] = []
        paper, ink = theme
        for escape, char in re.findall(r"\x1b\[([0-9;]*)m|(.)", line):
            if char:
                cells.append([ink if row & 0x80 >> bit else paper for row in _GLYPHS[char] for bit in range(8)])
                continue
            for number in escape.split(";"):
                if number == "0":
                    paper, ink = background, foreground
                elif number == "30":
                    ink = _COLOURS[number]
                else:
                    assert number == "47", f"this terminal does not know SGR {number}"
                    paper = _COLOURS[number]
        assert (paper, ink) == theme, "a line must leave the colours as they were"
        lines.append(cells)
    columns = max(map(len, lines)) + 8
    blank = [background] * (8 * 16)
    grid = (
        [[blank] * columns] * 4
        + [[blank] * 4 + cells + [blank] * (columns - 4 - len(cells)) for cells in lines]
        + [[blank] * columns] * 4
    )
    if not sharp:
        grid = [[_blurred(row[at : at + 2]) for at in range(0, columns, 2) for _ in (0, 1)] for row in grid]
    pixels = bytes(cell[y * 8 + x] for row in grid for y in range(_CELL[1]) for cell in row for x in range(_CELL[0]))
    return memoryview(pixels).cast("B", (len(grid) * _CELL[1], columns * _CELL[0]))


def _blurred(cells: list[list[int]]) -> list[int]:
    grey = sum(map(sum, cells)) // sum(map(len, cells))
    return [grey] * (8 * 16)


def scanned(image: memoryview, *, negative: bool = False) -> list[str]:
    """Read every code in *image* as an app does; *negative* for apps that read light on dark too."""
    return [code.text for code in zxingcpp.read_barcodes(image, try_invert=negative)]


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("holder", [HOLDER, "a_b_c@an-alias", f"{'p' * 32}_{'e' * 32}_{'u' * 32}@{'a' * 63}"])
def test_blocks_can_be_scanned_on_any_background(theme: tuple[int, int], holder: str) -> None:
    """Half blocks in colours of their own read the same on dark and light terminals, and hold the whole URI."""
    uri = seed_uri(holder, new_seed())
    assert scanned(on_screen(drawn(uri, ascii_only=False), theme)) == [uri]


@pytest.mark.parametrize(("theme", "negative"), [(LIGHT, False), (DARK, True)], ids=["light", "dark"])
def test_plain_ascii_can_be_scanned(theme: tuple[int, int], negative: bool) -> None:
    """Two characters a module: on a light background for every app, on a dark one for those that read negatives."""
    uri = seed_uri(HOLDER, new_seed())
    picture = drawn(uri, ascii_only=True)
    assert set(picture) == {"#", " ", "\n"}
    assert scanned(on_screen(picture, theme, sharp=False), negative=negative) == [uri]


@pytest.mark.parametrize("ascii_only", [False, True])
def test_leaves_a_quiet_zone(ascii_only: bool) -> None:
    """Four modules on each side stay light, as the standard asks."""
    lines = drawn(seed_uri(HOLDER, new_seed()), ascii_only=ascii_only).splitlines()
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    rows, columns = (4, 8) if ascii_only else (2, 4)
    dark = set("#\u2580\u2584\u2588")
    for line in plain[:rows] + plain[-rows:]:
        assert not dark.intersection(line)
    for line in plain:
        assert not dark.intersection(line[:columns] + line[-columns:])
    assert {len(line) for line in plain} == {picture_width("\n".join(lines))}


def test_fits_a_usual_terminal() -> None:
    """With a name of usual length it takes no more than 80 columns."""
    assert (
        picture_width(
            drawn(seed_uri("autochart_production_christopher@autochart-production", new_seed()), ascii_only=False)
        )
        <= 80
    )


@pytest.mark.parametrize(
    ("holder", "label"),
    [
        (HOLDER, "AWS:autochart_dev_paul@111111111111"),
        ("a_b_c@x y/z?&#%:\u00e9", "AWS:a_b_c@x%20y%2Fz%3F%26%23%25%3A%C3%A9"),
    ],
)
def test_uri_is_well_formed(holder: str, label: str) -> None:
    """The label is the issuer and whose it is, percent-encoded; the parameters are the seed and the issuer."""
    seed = new_seed()
    uri = seed_uri(holder, seed)
    assert uri == f"otpauth://totp/{label}?secret={seed}&issuer=AWS"
    parts = urlsplit(uri)
    assert unquote(parts.path) == f"/AWS:{holder}"
    assert parse_qs(parts.query) == {"secret": [seed], "issuer": ["AWS"]}


@pytest.mark.parametrize(
    ("environ", "blocks"),
    [
        (UTF8, True),
        ({"TERM": "xterm", "LC_ALL": "C.utf8"}, True),
        ({"TERM": "xterm", "LANG": "C.UTF-8"}, True),
        ({"TERM": "xterm", "LC_CTYPE": "C.UTF-8", "LANG": "de_DE.UTF-8"}, True),
        ({"TERM": "xterm", "LC_CTYPE": "UTF-8"}, True),
        ({**UTF8, "TERM": "dumb"}, False),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"TERM": "xterm"}, False),
        ({**UTF8, "LC_ALL": "C"}, False),
        ({"TERM": "xterm", "LANG": "en_GB.ISO-8859-1"}, False),
        ({"TERM": "xterm", "LC_CTYPE": "C.UTF-8"}, False),
        ({"TERM": "xterm", "LC_CTYPE": "C.UTF-8", "LANG": "C"}, False),
    ],
)
def test_blocks_only_where_they_can_be_shown(environ: dict[str, str], blocks: bool) -> None:
    """A dumb terminal, one that speaks no UTF-8, or one that does not say, gets plain ASCII."""
    assert draws_blocks(environ) == blocks


class Window(ScriptedTerminal):
    """A terminal of some width."""

    def __init__(self, width: int | None) -> None:
        super().__init__()
        self.present = True
        self.width = width

    def columns(self) -> int | None:
        return self.width


def shown(window: Window, environ: dict[str, str], seed: str) -> str:
    show: Callable[..., None] = show_seed
    terminal: Terminal = window  # type: ignore[assignment]  # a fake of it
    show(terminal, environ, holder=HOLDER, seed=seed)
    (text,) = window.written
    return text


@pytest.mark.parametrize("width", [None, 49, 80])
def test_shows_picture_and_seed(width: int | None) -> None:
    """Below the picture the seed stands in groups of four, with whose it is."""
    seed = new_seed()
    text = shown(Window(width), UTF8, seed)
    assert drawn(seed_uri(HOLDER, seed), ascii_only=False) in text
    groups = in_groups(seed)
    assert text.endswith(f"\nOr type the seed as a time-based key of {HOLDER}:\n\n{groups}\n\n")
    assert (groups.replace(" ", ""), {len(group) for group in groups.split()}) == (seed, {4})
    assert len(groups) <= 80


@pytest.mark.parametrize(("environ", "width", "needed"), [(UTF8, 48, 49), ({"TERM": "dumb"}, 80, 98)])
def test_no_picture_where_it_would_be_torn(environ: dict[str, str], width: int, needed: int) -> None:
    """A terminal too narrow for it gets a sentence instead, and the seed to type."""
    seed = new_seed()
    text = shown(Window(width), environ, seed)
    assert f"too narrow for the picture to scan: it takes {needed} columns" in text
    assert not set("#\u2580\u2584\u2588\x1b").intersection(text)
    assert in_groups(seed) in text
