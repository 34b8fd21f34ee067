"""
What a launcher on a Linux desktop is made of: a desktop entry and an icon, as text.

Knows the rules of both formats; not where they are written.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from awsprof.errors import RefusedNameError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from awsprof.browsers.colours import Colour
    from awsprof.model import Profile

_LETTERS = 4
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_NO_COLOUR = "757575"


def desktop_entry(profile: Profile, *, launcher: str, icon: Path, window_class: str) -> str:
    """
    Return the desktop entry that opens the console of *profile*.

    Args:
        launcher: The absolute path of awsprof.
        window_class: What its windows have as WM_CLASS, so that the desktop groups them under it.

    Raises:
        RefusedNameError: A name with control characters, which no entry can hold.

    Source: https://specifications.freedesktop.org/desktop-entry-spec/latest/
    """
    for text in (profile.name, launcher, str(icon)):
        if printable(text) != text:
            raise RefusedNameError(f"A launcher cannot hold '{printable(text)}', for its control characters")
    parts = profile.parts
    title = f"AWS {parts.product} {parts.env.upper()} ({parts.user})" if parts else f"AWS {profile.name}"
    account = f"account {profile.account_id}" if profile.account_id else "its account"
    words = ["aws", "console", *([parts.product, parts.env] if parts else []), profile.account_id or ""]
    entry = {
        "Type": "Application",
        "Version": "1.0",
        "Name": _string(title),
        "Comment": _string(printable(f"Open the AWS console of {account} as {profile.name}")),
        "Exec": _exec(console_words(launcher, profile)),
        "TryExec": _string(launcher),
        "Icon": _string(str(icon)),
        "StartupWMClass": _string(window_class),
        "Categories": "Network;WebBrowser;",
        "Keywords": _strings(map(printable, filter(None, words))),
    }
    return "[Desktop Entry]\n" + "".join(f"{key}={value}\n" for key, value in entry.items())


def console_words(launcher: str, profile: Profile) -> list[str]:
    """Return the words that open the console of *profile*, and of no other that its name might select."""
    return [launcher, "console", "--exact", *(["--"] * profile.name.startswith("-")), profile.name]


def _string(text: str) -> str:
    escaped = "".join(_ESCAPES.get(char, char) for char in text)
    # Blanks behind the equals sign are not read as part of the value.
    return f"\\s{escaped[1:]}" if escaped.startswith(" ") else escaped


def _strings(texts: Iterable[str]) -> str:
    return "".join(f"{_string(text).replace(';', chr(92) + ';')};" for text in texts)


def _exec(words: Sequence[str]) -> str:
    """Quote words by the rules of Exec, which a desktop reads after those of strings; it runs no shell."""
    return _string(" ".join(map(_word, words)))


def _word(text: str) -> str:
    if text.isascii() and text.replace("-", "").isalnum():
        return text
    return '"' + "".join(f"\\{char}" if char in '"`$\\' else char for char in text).replace("%", "%%") + '"'


def icon(colour: Colour, letters: str) -> str:
    """Return an SVG of the account's colour with the first letters of its env on it."""
    shown = "".join(char for char in letters.upper() if char.isalnum())[:_LETTERS] or "AWS"
    size = {1: 64, 2: 56, 3: 46}.get(len(shown), 38)
    text = colour.text if colour.hex else "FFFFFF"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128" viewBox="0 0 128 128">\n'
        f'<rect x="4" y="4" width="120" height="120" rx="24" fill="#{colour.hex or _NO_COLOUR}"/>\n'
        f'<text x="64" y="66" fill="#{text}" font-family="sans-serif" font-size="{size}" font-weight="bold" '
        f'text-anchor="middle" dominant-baseline="central">{html.escape(shown)}</text>\n'
        "</svg>\n"
    )
