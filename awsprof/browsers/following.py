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

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.browsers.directories import BrowserProfile, Directories
    from awsprof.browsers.launchers import Launcher, Launchers
    from awsprof.model import Profile


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
            except AwsprofError as error:
                left.append(_left(one, error))
        if followers.launcher is not None and not self._launchers.remove(followers.launcher):
            left.append(left_alone(followers.launcher))
        return left

    def rename(self, profile: str, renamed: Profile) -> list[str]:
        """Give what belongs to *profile* to its new name; returns a sentence for each thing that was left."""
        followers, left = self.of(profile), []
        for one in followers.browser_profiles:
            try:
                self._directories.rename(one, renamed.name)
            except AwsprofError as error:
                left.append(_left(one, error))
        if followers.launcher is None:
            return left
        if not self._launchers.remove(followers.launcher):
            return [*left, left_alone(followers.launcher)]
        try:
            self._launchers.install(renamed, launcher=self._find_launcher())
        except AwsprofError as error:
            left.append(f"The launcher was not written anew: {error.message}")
        return left


def _left(one: BrowserProfile, error: AwsprofError) -> str:
    return f"{error.message}; 'awsprof browser remove {printable(one.profile)}' removes it later"
