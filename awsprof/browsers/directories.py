"""
The browser profiles of all accounts on disk: made, found, moved and removed, and never one that awsprof did not make.

Knows directories and the mark in each of ours; what a browser keeps there is its family's business.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from awsprof.browsers.chromium import Chromium
from awsprof.browsers.firefox import Firefox
from awsprof.browsers.installed import KINDS, Browser, Family, Kind, Packaging
from awsprof.errors import BrowserError
from awsprof.fastpath import file_name, read_private_file
from awsprof.naming import printable
from awsprof.storage.lock import lock_path, locked
from awsprof.storage.private import make_private_directory, write_private_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from awsprof.browsers.look import Look
    from awsprof.browsers.occupancy import Occupant
    from awsprof.places import Places

MARK = ".awsprof"
_TEMP_PREFIX = ".awsprof-"
_STALE_S = 600
_LOCK_LIMIT_S = 20.0
_START_LIMIT_S = 40.0


class Dresser(Protocol):
    """What is different from family to family."""

    @property
    def folder(self) -> str:
        """The name of the directory in a browser profile that `dress` writes to."""
        ...

    def dress(self, directory: Path, look: Look, *, worn: Sequence[str] | None) -> None: ...

    def arguments(self, directory: Path, look: Look, url: str, *, platform: str) -> list[str]: ...

    def occupant(self, directory: Path) -> Occupant | None: ...


DRESSERS: Mapping[Family, Dresser] = {Family.CHROMIUM: Chromium(), Family.FIREFOX: Firefox()}


@dataclass(frozen=True, slots=True)
class BrowserProfile:
    """One browser profile that awsprof made, for the profile of that name."""

    profile: str
    kind: Kind
    path: Path

    @property
    def occupant(self) -> Occupant | None:
        return DRESSERS[self.kind.family].occupant(self.path)

    @property
    def size_bytes(self) -> int:
        """How much lies in it; what changes while it is counted is counted as it comes."""
        return sum(_sizes(self.path))


class Directories:
    """The browser profiles of one user."""

    def __init__(self, places: Places, environ: Mapping[str, str]) -> None:
        self._places = places
        self._home = Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())

    def path(self, browser: Browser, profile: str) -> Path:
        """Return where the browser profile lies, or will: a package in a sandbox may write to its own place only."""
        return self._root(browser.kind, browser.packaging) / file_name(profile)

    def starting(self, browser: Browser, profile: str) -> contextlib.AbstractContextManager[None]:
        """Hold off every other start of a browser on a browser profile while the block runs."""
        place = f"{os.fspath(self.path(browser, profile))}/starting"
        return locked(lock_path(self._places.locks, place), limit_s=_START_LIMIT_S)

    def prepare(self, browser: Browser, look: Look) -> tuple[Path, Occupant | None]:
        """
        Return a browser profile's directory, made when there is none, in its look unless it is in use.

        Raises:
            BrowserError: It is not one of ours, in use by another machine, or leads elsewhere by a link.
            OSError: It cannot be made; then nothing of it is left.
        """
        path = self.path(browser, look.profile)
        dresser = DRESSERS[browser.kind.family]
        with self._lock(path):
            if not os.path.lexists(path):
                self._make(path, dresser, look)
                return path, None
            mark = self._check_ours(path, look.profile)
            occupant = _foreign_refused(path, dresser.occupant(path))
            if occupant is None and (mark != _mark(look) or browser.kind.family is Family.FIREFOX):
                _check_inside(path / dresser.folder)
                make_private_directory(path)
                worn = mark.get("label")
                dresser.dress(path, look, worn=worn if isinstance(worn, list) else [])
                _write_mark(path, look)
            return path, occupant

    def all(self) -> list[BrowserProfile]:
        """Return every browser profile of ours, whether its browser is still installed or not."""
        found = []
        for kind in KINDS:
            for packaging in Packaging:
                root = self._root(kind, packaging)
                self._sweep(root)
                for path in sorted(root.iterdir()) if root.is_dir() else []:
                    profile = _read_mark(path).get("profile")
                    if isinstance(profile, str) and file_name(profile) == path.name:
                        found.append(BrowserProfile(profile, kind, path))
        return found

    def of(self, profile: str) -> list[BrowserProfile]:
        return [one for one in self.all() if one.profile == profile]

    def remove(self, one: BrowserProfile) -> None:
        """
        Remove a browser profile with all that is in it; links in it go, what they lead to stays.

        Raises:
            BrowserError: It is running, not ours, or holds what cannot be removed; that stays, under its name.
        """
        with self._lock(one.path):
            self._sweep(one.path.parent)
            self.check_free(one)
            mark = _read_mark(one.path)
            gone = self._temp(one.path)
            try:
                os.utime(one.path)  # else one that was long unused would be swept by others while it goes
                # Out of the way first: a browser started meanwhile must not find half of it.
                one.path.rename(gone)
                shutil.rmtree(gone)
            except OSError as error:
                self._put_back(gone, one.path, mark)
                kept = gone if os.path.lexists(gone) else one.path
                raise BrowserError(
                    f"The browser profile {kept} was not removed whole: {_reason(error)}",
                    hint="What is left of it is still there; see who owns it, and whether it is locked.",
                ) from error

    def rename(self, one: BrowserProfile, profile: str) -> BrowserProfile:
        """
        Give a browser profile to the profile's new name; it gets its new look when it is next opened.

        Raises:
            BrowserError: It is running, there is one of that name, or it cannot be moved; then it keeps its own.
        """
        path = one.path.with_name(file_name(profile))
        with self._lock(one.path), self._lock(path):
            self.check_free(one)
            if os.path.lexists(path):
                raise BrowserError(f"{path} exists already", hint=_removal(profile))
            mark = _read_mark(one.path)
            try:
                one.path.rename(path)
                write_private_file(path / MARK, json.dumps({**mark, "profile": profile}).encode("ascii"))
            except OSError as error:
                self._put_back(path, one.path, mark)
                raise BrowserError(f"The browser profile {one.path} was not renamed: {_reason(error)}") from error
        return BrowserProfile(profile, one.kind, path)

    def check_free(self, one: BrowserProfile) -> None:
        """Refuse what must not be moved or removed: raises BrowserError for one that is running, or is not ours."""
        self._check_ours(one.path, one.profile)
        if _foreign_refused(one.path, one.occupant) is not None:
            raise BrowserError(
                f"{one.kind.title} is running on the browser profile of {printable(one.profile)}, so it was left alone",
                hint="Close its windows, then try again.",
            )

    def _make(self, path: Path, dresser: Dresser, look: Look) -> None:
        """Make it beside its place, so that nobody sees half of it and a failure leaves nothing."""
        make_private_directory(path.parent)
        self._sweep(path.parent)
        temp = self._temp(path)
        try:
            temp.mkdir(mode=0o700)
            dresser.dress(temp, look, worn=None)
            _write_mark(temp, look)
            temp.rename(path)
        except BaseException:
            shutil.rmtree(temp, ignore_errors=True)
            raise

    @staticmethod
    def _put_back(moved: Path, path: Path, mark: Mapping[str, object]) -> None:
        """Give what could not go its place and mark again, as far as possible, so that commands still find it."""
        with contextlib.suppress(OSError):
            moved.rename(path)
            if not os.path.lexists(path / MARK):
                write_private_file(path / MARK, json.dumps(mark).encode("ascii"))

    @staticmethod
    def _temp(path: Path) -> Path:
        return path.with_name(f"{_TEMP_PREFIX}{os.urandom(8).hex()}")

    @staticmethod
    def _sweep(root: Path) -> None:
        """Remove what a killed process left half made or half removed; no FILE begins with a dot."""
        with contextlib.suppress(OSError):
            for path in root.glob(f"{_TEMP_PREFIX}*"):
                if time.time() - path.lstat().st_mtime > _STALE_S and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)

    @staticmethod
    def _check_ours(path: Path, profile: str) -> dict[str, object]:
        mark = _read_mark(path)
        if mark.get("profile") != profile:
            raise BrowserError(
                f"{path} was not made by awsprof, so it is left alone",
                hint="Move it elsewhere if nobody needs it there.",
            )
        return mark

    def _root(self, kind: Kind, packaging: Packaging) -> Path:
        if packaging is Packaging.SNAP:
            return self._home / "snap" / kind.name / "common" / "awsprof"
        if packaging is Packaging.FLATPAK:
            return self._home / ".var" / "app" / (kind.flatpak or kind.name) / "data" / "awsprof"
        return self._places.browsers / kind.name

    def _lock(self, path: Path) -> contextlib.AbstractContextManager[None]:
        return locked(lock_path(self._places.locks, os.fspath(path)), limit_s=_LOCK_LIMIT_S)


def _foreign_refused(path: Path, occupant: Occupant | None) -> Occupant | None:
    if occupant is not None and occupant.host is not None:
        raise BrowserError(
            f"The browser profile {path} is in use on another machine, {printable(occupant.host)}",
            hint=f"Close the browser there; if none runs there, remove {occupant.lock}.",
        )
    return occupant


def _check_inside(folder: Path) -> None:
    """Refuse a link, by which what is meant for a browser profile would be written over files elsewhere."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(status.st_mode) or (os.name == "posix" and status.st_uid != os.geteuid()):
        raise BrowserError(
            f"{folder} is a link, or no directory of yours, so nothing was written to the browser profile",
            hint="Move it elsewhere; the next start makes it anew.",
        )


def _reason(error: OSError) -> str:
    """Say what failed; where a directory is removed, the system names files without it."""
    what = error.strerror or type(error).__name__
    return f"{what} ({printable(Path(error.filename).name)})" if isinstance(error.filename, str) else what


def _removal(profile: str) -> str:
    return f"'awsprof browser remove {printable(profile)}' removes it."


def _mark(look: Look) -> dict[str, object]:
    return {"version": 1, "profile": look.profile, "label": list(look.label), "colour": look.colour.name}


def _write_mark(directory: Path, look: Look) -> None:
    write_private_file(directory / MARK, json.dumps(_mark(look)).encode("ascii"))


def _read_mark(directory: Path) -> dict[str, object]:
    """Return the mark of a directory of ours; nothing where it is a link, or no directory of ours."""
    try:
        status = directory.lstat()
    except OSError:
        return {}
    if not stat.S_ISDIR(status.st_mode):
        return {}
    try:
        table = json.loads(read_private_file(str(directory / MARK)) or b"")
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}


def _sizes(path: Path) -> Iterator[int]:
    try:
        entries = list(os.scandir(path))
    except OSError:
        return
    for entry in entries:
        with contextlib.suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                yield from _sizes(Path(entry.path))
            else:
                yield entry.stat(follow_symlinks=False).st_size
