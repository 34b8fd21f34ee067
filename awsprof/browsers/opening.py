"""
Opening a page in a profile's own browser profile.

Knows when a browser has taken a page; not what the page is for.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from awsprof.browsers.directories import DRESSERS, Directories
from awsprof.browsers.installed import choose
from awsprof.browsers.look import look_of
from awsprof.errors import BrowserError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from awsprof.browsers.installed import Browser
    from awsprof.browsers.look import Look
    from awsprof.browsers.occupancy import Occupant
    from awsprof.model import Profile

_URL = re.compile(r"(https://|file:///|http://(127\.0\.0\.1|localhost|\[::1\])[:/])[!-~]*")
# Secrets of a shell that uses another profile, and what would keep Firefox from the directory it is given.
_KEPT_BACK = re.compile(r"AWS.*|MOZ_(NO_REMOTE|NEW_INSTANCE)|XRE_PROFILE_.*")
_STARTING_LIMIT_S = 20.0
_HANDOVER_LIMIT_S = 30.0
_SETTLING_S = 0.5
_POLL_S = 0.05


def check_url(url: str) -> str:
    """
    Return a page's address, as one argument that no browser takes for an option.

    Raises:
        UsageError: Neither https nor a file nor a page of this machine, or with characters that no address has.
    """
    if not _URL.fullmatch(url):
        raise UsageError("A browser opens https: and file: addresses only, and that is none")
    return url


class Launched(Protocol):
    """A browser's process while its start is watched."""

    def status(self) -> int | None:
        """Return its exit status; None while it runs."""
        ...

    def end(self) -> None:
        """End it, since it will not do what it was started for."""
        ...


class Detached:
    """A process that outlives this one: no terminal to get a Ctrl-C from, and no file of ours left open."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        nothing = subprocess.DEVNULL
        flags = 0
        if sys.platform == "win32":
            # Reasoned from the documentation, not run.
            flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        self._process = subprocess.Popen(
            list(command),
            env=dict(environ),
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            start_new_session=True,
            creationflags=flags,
        )

    def status(self) -> int | None:
        return self._process.poll()

    def end(self) -> None:
        self._process.terminate()

    def __del__(self) -> None:
        # It is meant to outlive us; Python would warn of a process that nobody waited for.
        if hasattr(self, "_process"):
            self._process.returncode = self._process.returncode or 0


@dataclass(frozen=True, slots=True)
class Times:
    """How long a browser may take, in seconds: to start, to take a page over, and to fail once it has started."""

    starting_s: float = _STARTING_LIMIT_S
    handover_s: float = _HANDOVER_LIMIT_S
    settling_s: float = _SETTLING_S


class Browsers:
    """The browser profiles of all profiles, and the browsers that show them."""

    def __init__(
        self,
        *,
        find: Callable[[], Sequence[Browser]],
        directories: Directories,
        environ: Mapping[str, str],
        launch: Callable[[Sequence[str], Mapping[str, str]], Launched],
        browser: str | None,
        services: Sequence[str],
        platform: str = sys.platform,
        times: Times | None = None,
    ) -> None:
        """
        Args:
            find: The browsers there are, the one to be preferred first.
            browser: The setting of that name.
            services: AWS's short names of those that get a bookmark.
        """
        self._find = find
        self._directories = directories
        self._environ = environ
        self._launch = launch
        self._browser = browser
        self._services = services
        self._platform = platform
        self._times = times or Times()

    def open(self, profile: Profile, url: str, *, browser: str | None = None) -> None:
        """
        Open *url* in the profile's own browser profile, and return once the browser has it.

        The address is seen by every process of the machine, so it must not be a secret.

        Args:
            browser: A browser's name; None for the setting, or else the first one found.

        Raises:
            UsageError: No address of a page, or no name of a browser.
            BrowserError: No browser, no display, a browser profile that is in use elsewhere, or a browser that fails.
        """
        check_url(url)
        self._check_display()
        chosen = self._choose(browser)
        look = self._look(profile)
        environ = {name: value for name, value in self._environ.items() if not _KEPT_BACK.fullmatch(name)}
        # Until the browser holds the directory itself, nobody else may start another on it.
        with self._directories.starting(chosen, profile.name):
            directory, occupant = self._directories.prepare(chosen, look)
            command = self._command(chosen, directory, look, url)
            try:
                process = self._launch(command, environ)
            except OSError as error:
                raise BrowserError(f"{chosen.kind.title} cannot be started: {error.strerror}") from None
            self._watch(process, chosen, directory, occupant, command)

    def directory(self, profile: Profile, *, browser: str | None = None) -> Path:
        """Return the browser profile's own directory, of mode 0700, made in its look when there is none."""
        return self._directories.prepare(self._choose(browser), self._look(profile))[0]

    def has_directory(self, profile: Profile) -> bool:
        """Whether there is a directory under the browser profile's name; raises BrowserError where no browser is."""
        return os.path.lexists(self._directories.path(self._choose(None), profile.name))

    def command(self, profile: Profile, url: str, *, browser: str | None = None) -> list[str]:
        """Return the words that `open` would run; makes nothing."""
        chosen = self._choose(browser)
        path = self._directories.path(chosen, profile.name)
        return self._command(chosen, path, self._look(profile), check_url(url))

    def _watch(
        self,
        process: Launched,
        browser: Browser,
        directory: Path,
        occupant: Occupant | None,
        command: Sequence[str],
    ) -> None:
        """Wait until the browser holds its directory, or has handed the page to the one that does."""
        title, dresser = browser.kind.title, DRESSERS[browser.kind.family]
        limit_s = self._times.starting_s if occupant is None else self._times.handover_s
        deadline = time.monotonic() + limit_s
        settled = None
        while time.monotonic() < deadline:
            status = process.status()
            if status == 0:
                return
            if status is not None:
                raise BrowserError(
                    f"{title} ended at once with status {status}",
                    hint=f"To see why: {shlex.join(command[:-1])}",
                )
            if settled is not None and time.monotonic() >= settled:
                return
            if occupant is None and settled is None and dresser.occupant(directory):
                settled = time.monotonic() + self._times.settling_s
            time.sleep(_POLL_S)
        if occupant is not None:
            process.end()
            raise BrowserError(
                f"{title} runs on this browser profile already, and does not take the page: it hangs, or is another "
                "version",
                hint="Close its windows, then try again.",
            )

    def _command(self, browser: Browser, directory: Path, look: Look, url: str) -> list[str]:
        dresser = DRESSERS[browser.kind.family]
        return [*browser.command, *dresser.arguments(directory, look, url, platform=self._platform)]

    def _choose(self, name: str | None) -> Browser:
        return choose(name or self._browser, self._find())

    def _look(self, profile: Profile) -> Look:
        return look_of(profile, self._services, region=profile.region_for_calls(self._environ))

    def _check_display(self) -> None:
        if self._platform in ("darwin", "win32") or any(map(self._environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))):
            return
        raise BrowserError(
            "There is no display to open a browser on: neither DISPLAY nor WAYLAND_DISPLAY is set",
            hint="'awsprof console --print' prints the address, to be opened elsewhere.",
        )
