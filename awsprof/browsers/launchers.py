"""
Launchers on the desktop's menu, one for each account: written, recorded, and taken away whole.

Knows what was written and whether it still is so; a desktop's format is its own module's.
"""

from __future__ import annotations

import enum
import hashlib
import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from awsprof.browsers.colours import colour_of
from awsprof.browsers.desktop_entry import console_words, desktop_entry, icon
from awsprof.browsers.look import window_class
from awsprof.errors import AwsprofError, ExistsError
from awsprof.fastpath import file_name, read_private_file
from awsprof.naming import printable
from awsprof.storage.private import remove_file, write_private_file
from awsprof.storage.replace import edit_shared_file

if TYPE_CHECKING:
    from awsprof.model import Profile
    from awsprof.places import Places


class State(enum.StrEnum):
    """What has become of a launcher since it was written."""

    OK = "ok"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Launcher:
    """A launcher that awsprof wrote: the desktop entry, its icon, and what both were when they were written."""

    profile: str
    entry: Path
    icon: Path
    sha256: str
    icon_sha256: str

    @property
    def state(self) -> State:
        if self.changed is not None:
            return State.CHANGED
        return State.OK if os.path.lexists(self.entry) else State.MISSING

    @property
    def changed(self) -> Path | None:
        """The file of it that is there, and not as awsprof wrote it."""
        files = ((self.entry, self.sha256), (self.icon, self.icon_sha256))
        return next((path for path, sha256 in files if _sha256(path) not in (sha256, None)), None)


def _sha256(path: Path) -> str | None:
    """Return what tells a file's content; None where there is no file, and no content's where it is something else."""
    if not os.path.lexists(path):
        return None
    try:
        return "a link" if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "unreadable"


def runs_launchers(platform: str) -> bool:
    """Whether launchers can be written there; elsewhere the line to put into one is all there is yet."""
    return platform not in ("darwin", "win32")


def command_line(profile: Profile, *, launcher: str, platform: str) -> str:
    """Return the command line for a launcher made by hand; reasoned from the systems' rules for the others."""
    words = console_words(launcher, profile)
    return subprocess.list2cmdline(words) if platform == "win32" else shlex.join(words)


class Launchers:
    """The launchers of one user's desktop."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def install(self, profile: Profile, *, launcher: str) -> Launcher:
        """
        Write the launcher of *profile*, or write it anew.

        Args:
            launcher: The absolute path of awsprof.

        Raises:
            ExistsError: A file of that name is not awsprof's, or was changed by hand since.
            RefusedNameError: A name that no launcher can hold.
            AwsprofError: A file cannot be written.
        """
        try:
            return self._install(profile, launcher)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise AwsprofError(f"The launcher of {printable(profile.name)} was not written: {reason}") from error

    def _install(self, profile: Profile, launcher: str) -> Launcher:
        name = file_name(profile.name)
        entry = self._places.applications / f"awsprof-{name}.desktop"
        picture = self._places.icons / f"{name}.svg"
        known = self.of(profile.name)
        text = desktop_entry(profile, launcher=launcher, icon=picture, window_class=window_class(profile.name))
        data = text.encode("utf-8")
        letters = profile.parts.env if profile.parts else profile.name
        drawn = icon(colour_of(profile), letters).encode("utf-8")
        made = Launcher(profile.name, entry, picture, *(hashlib.sha256(each).hexdigest() for each in (data, drawn)))
        # Without a record, a file as it would be written now is one that a killed command wrote.
        theirs = (known or made).changed
        if theirs is not None:
            raise ExistsError(
                f"{theirs} is there already, and "
                + ("was changed since awsprof wrote it" if known else "was not written by awsprof"),
                hint="Move it elsewhere, or remove it, then run the command again.",
            )
        write_private_file(picture, drawn)
        # Before the entry itself: killed in between, the record names a file that is not there, which does no harm.
        self._record(made)
        edit_shared_file(entry, lambda _: data, locks=self._places.locks, most_mode=None, new_mode=0o666)
        return made

    def all(self) -> list[Launcher]:
        """Return every launcher that was written and not taken away since, by its profile's name."""
        records = self._places.launcher_record("x").parent
        found = map(_read, sorted(records.iterdir()) if records.is_dir() else [])
        return [launcher for launcher in found if launcher is not None]

    def of(self, profile: str) -> Launcher | None:
        return _read(self._places.launcher_record(profile))

    def remove(self, launcher: Launcher) -> bool:
        """Take a launcher away with its icon and record; False where it was changed by hand, and is left with both."""
        if launcher.state is State.CHANGED:
            return False
        remove_file(launcher.entry)
        remove_file(launcher.icon)
        remove_file(self._places.launcher_record(launcher.profile))
        return True

    def _record(self, launcher: Launcher) -> None:
        table = {
            "version": 1,
            "profile": launcher.profile,
            "entry": str(launcher.entry),
            "icon": str(launcher.icon),
            "sha256": launcher.sha256,
            "icon_sha256": launcher.icon_sha256,
        }
        path = self._places.launcher_record(launcher.profile)
        write_private_file(path, json.dumps(table).encode("ascii"))


def _read(record: Path) -> Launcher | None:
    try:
        table = json.loads(read_private_file(str(record)) or b"")
        picture = Path(table["icon"])
        # A record from before icons were in it: whatever the icon is now counts as awsprof's.
        drawn = table.get("icon_sha256") or _sha256(picture) or ""
        return Launcher(str(table["profile"]), Path(table["entry"]), picture, str(table["sha256"]), str(drawn))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def left_alone(launcher: Launcher) -> str:
    """Say that a launcher was changed by hand."""
    changed = printable(str(launcher.changed or launcher.entry))
    return f"{changed} was changed since awsprof wrote it, so it was left; remove it by hand"
