"""
Which colour an account's windows have, and what stands out on it.

Knows the console's own colour names, so that browser and console can match; not where a colour is shown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.profiles.setting import COLOURS

if TYPE_CHECKING:
    from awsprof.model import Profile

_HEX = {
    "pink": "F48FB1",
    "purple": "6A1B9A",
    "darkBlue": "0D47A1",
    "lightBlue": "0288D1",
    "teal": "00695C",
    "green": "1B5E20",
    "yellow": "FBC02D",
    "orange": "FB8C00",
    "red": "B71C1C",
}
assert set(_HEX) == set(COLOURS) - {"none"}
PROTECTED = "red"
_BY_ENV = {
    "dev": "green",
    "development": "green",
    "test": "teal",
    "testing": "teal",
    "staging": "orange",
    "stage": "orange",
    "qa": "lightBlue",
    "sandbox": "yellow",
    "demo": "pink",
    "legacy": "purple",
    "ops": "darkBlue",
}
# Never red: that is for what must not be touched by accident.
_OTHERS = tuple(name for name in _HEX if name != PROTECTED)
_WHITE, _BLACK = "FFFFFF", "000000"


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour by the console's name, as six hexadecimal digits; *hex* is None for ``none``."""

    name: str
    hex: str | None

    @property
    def text(self) -> str:
        """White or black, whichever is easier to read on it."""
        if self.hex is None:
            return _BLACK
        return max((_WHITE, _BLACK), key=lambda text: contrast(text, self.hex or _WHITE))


def colour_of(profile: Profile) -> Colour:
    """Return the colour of a profile: the one set for it, else red where it is protected, else its env's own."""
    chosen = profile.settings.get("awsprof_color", "")
    if chosen not in COLOURS:
        chosen = PROTECTED if profile.protected else _of_env(profile.parts.env if profile.parts else profile.name)
    return Colour(chosen, _HEX.get(chosen))


def _of_env(env: str) -> str:
    known = _BY_ENV.get(env)
    if known is not None:
        return known
    # Python's own hash differs from process to process.
    digest = hashlib.sha256(env.encode("utf-8", "surrogateescape")).digest()
    return _OTHERS[digest[0] % len(_OTHERS)]


def contrast(one: str, other: str) -> float:
    """
    Return how well one colour is read on another, from 1 to 21.

    Source: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
