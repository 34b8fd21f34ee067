"""
Firefox and its kin: a profile directory for each account that no ``profiles.ini`` knows, in the account's colour.

Knows their command line and their files; not where the directories lie.
"""

from __future__ import annotations

import html
import json
import os
import sys
from typing import TYPE_CHECKING

from awsprof.browsers.occupancy import Occupant, is_shut, runs_here
from awsprof.storage.private import write_private_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from awsprof.browsers.look import Look

# What makes Firefox read userChrome.css, and open no page but the one it was given.
_PREFERENCES: dict[str, bool | str] = {
    "toolkit.legacyUserProfileCustomizations.stylesheets": True,
    "browser.toolbars.bookmarks.visibility": "always",
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "startup.homepage_welcome_url": "",
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "termsofuse.bypassNotification": True,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
# In prefs.js, which is Firefox's own from the first start on, and not in user.js, which is obeyed at each.
_ONCE: dict[str, bool | str] = {"browser.places.importBookmarksHTML": True}
_PLAIN_IN_CSS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ")


class Firefox:
    """How browsers of this family are told what to show."""

    folder = "chrome"

    def dress(self, directory: Path, look: Look, *, worn: Sequence[str] | None) -> None:
        """
        Give a browser profile its look, which Firefox reads at each start.

        Args:
            worn: The label it had before; None for a new browser profile, which gets bookmarks too.
        """
        write_private_file(directory / "user.js", _preferences(_PREFERENCES))
        write_private_file(directory / self.folder / "userChrome.css", _style(look).encode("ascii"))
        if worn is None:
            write_private_file(directory / "prefs.js", _preferences(_ONCE))
            write_private_file(directory / "bookmarks.html", _bookmarks(look).encode("ascii", "xmlcharrefreplace"))

    def arguments(self, directory: Path, look: Look, url: str, *, platform: str) -> list[str]:
        """Return what follows the program's name; a browser that runs already opens *url* in a new tab."""
        # Elsewhere than on X11 and Wayland, Firefox would take what it does not know for a page to open.
        named = [] if platform in ("darwin", "win32") else ["--class", look.window_class, "--name", look.window_class]
        return ["--profile", str(directory), *named, url]

    def occupant(self, directory: Path) -> Occupant | None:
        """
        Return who uses *directory*, by the lock that the system takes back when a process dies.

        The link beside it names an address and a process, and may be one that a crash left behind.

        Source: https://searchfox.org/mozilla-central/source/toolkit/profile/nsProfileLock.cpp
        """
        if sys.platform == "win32":
            lock = directory / "parent.lock"
            return Occupant(lock) if is_shut(lock) else None
        lock = directory / ".parentlock"
        if not _is_held(lock):
            return None
        try:
            host, _, pid = os.readlink(directory / "lock").rpartition(":+")
        except OSError:
            return Occupant(lock)
        here = runs_here(int(pid) if pid.isdecimal() else None, directory)
        return Occupant(lock, None if here else host or "another machine")


if sys.platform != "win32":
    import fcntl

    def _is_held(lock: Path) -> bool:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)  # which lets go of it again
        return False


def _preferences(table: dict[str, bool | str]) -> bytes:
    # JSON's texts and switches are JavaScript's too.
    lines = (f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in table.items())
    return "".join(lines).encode("ascii")


def _style(look: Look) -> str:
    colour = look.colour
    text = f"#{colour.text}" if colour.hex else "inherit"
    painted = (
        "#navigator-toolbox, #TabsToolbar, #nav-bar, #PersonalToolbar {\n"
        f"  background-color: #{colour.hex} !important;\n"
        f"  color: {text} !important;\n"
        "}\n"
    )
    return (
        f"{painted if colour.hex else ''}"
        "#nav-bar::before {\n"
        f"  content: {css_string(' '.join(look.label))};\n"
        f"  color: {text};\n"
        "  align-self: center;\n"
        "  padding: 0 10px;\n"
        "  font-weight: bold;\n"
        "  white-space: nowrap;\n"
        "}\n"
    )


def css_string(text: str) -> str:
    """
    Return *text* as a string of CSS, in which nothing of it can end the string.

    Source: https://www.w3.org/TR/css-syntax-3/#consume-escaped-code-point
    """
    return '"' + "".join(char if char in _PLAIN_IN_CSS else f"\\{ord(char):06x}" for char in text) + '"'


def _bookmarks(look: Look) -> str:
    """Return bookmarks in the form that Firefox imports into its toolbar at the first start."""
    entries = "".join(
        f'<DT><A HREF="{html.escape(bookmark.url)}">{html.escape(bookmark.name)}</A>\n' for bookmark in look.pages
    )
    return (
        "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n"
        '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">\n'
        "<TITLE>Bookmarks</TITLE>\n<H1>Bookmarks Menu</H1>\n<DL><p>\n"
        '<DT><H3 PERSONAL_TOOLBAR_FOLDER="true">Bookmarks Toolbar</H3>\n<DL><p>\n'
        f"{entries}</DL><p>\n</DL><p>\n"
    )
