"""
What follows a profile when it gets another name or goes: its browser profiles and its launcher.

Knows both; not the profile's own files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.browsers.launchers import left_alone
from awsprof.errors import AwsprofError
from awsprof.naming import printable
from awsprof.storage.lock import LockHeldError

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.browsers.directories import BrowserProfile, Directories
    from awsprof.browsers.launchers import Launcher, Launchers
    from awsprof.model import Profile


# By now the profile itself has its new name or is gone: nothing that stays behind may keep the rest from following.
_STAYS_BEHIND = (AwsprofError, OSError, LockHeldError)


@dataclass(frozen=True, slots=True)
class Followers:
    """What belongs to one profile."""

    browser_profiles: tuple[BrowserProfile, ...]
    launcher: Launcher | None

    def __str__(self) -> str:
        """Name them as in a question: ``browser profile and launcher``; empty where there are none."""
        words = ["browser profile" + "s" * (len(self.browser_profiles) > 1)] * bool(self.browser_profiles)
        return " and ".join([*words, *["launcher"] * (self.launcher is not None)])


class Following:
    """Takes along what belongs to profiles; what cannot come is left, and said."""

    def __init__(self, *, directories: Directories, launchers: Launchers, find_launcher: Callable[[], str]) -> None:
        """
        Args:
            find_launcher: The absolute path of awsprof, for launchers to name.
        """
        self._directories = directories
        self._launchers = launchers
        self._find_launcher = find_launcher

    def of(self, profile: str) -> Followers:
        return Followers(tuple(self._directories.of(profile)), self._launchers.of(profile))

    def remove(self, profile: str) -> list[str]:
        """Remove what belongs to *profile*; returns a sentence for each thing that was left."""
        followers, left = self.of(profile), []
        for one in followers.browser_profiles:
            try:
                self._directories.remove(one)
            except _STAYS_BEHIND as error:
                left.append(_left(one, error))
        if followers.launcher is not None:
            left += self._launcher_removed(followers.launcher)
        return left

    def rename(self, profile: str, renamed: Profile) -> list[str]:
        """Give what belongs to *profile* to its new name; returns a sentence for each thing that was left."""
        followers, left = self.of(profile), []
        for one in followers.browser_profiles:
            try:
                self._directories.rename(one, renamed.name)
            except _STAYS_BEHIND as error:
                left.append(_left(one, error))
        if followers.launcher is None:
            return left
        if stays := self._launcher_removed(followers.launcher):
            return [*left, *stays]
        try:
            self._launchers.install(renamed, launcher=self._find_launcher())
        except _STAYS_BEHIND as error:
            left.append(f"The launcher was not written anew: {_reason(error)}")
        return left

    def _launcher_removed(self, launcher: Launcher) -> list[str]:
        """Remove a launcher; returns a sentence where it was left."""
        try:
            return [] if self._launchers.remove(launcher) else [left_alone(launcher)]
        except _STAYS_BEHIND as error:
            later = f"'awsprof launcher remove {printable(launcher.profile)}' removes it later"
            return [f"The launcher was left: {_reason(error)}; {later}"]


def _left(one: BrowserProfile, error: AwsprofError | OSError | LockHeldError) -> str:
    return f"{_reason(error)}; 'awsprof browser remove {printable(one.profile)}' removes it later"


def _reason(error: AwsprofError | OSError | LockHeldError) -> str:
    if isinstance(error, AwsprofError):
        return error.message
    if isinstance(error, LockHeldError):
        return f"Another process holds a lock for too long: {error.holder}"
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or type(error).__name__}"
