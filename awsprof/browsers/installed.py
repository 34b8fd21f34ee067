"""
Which browsers there are, by the names and paths they usually have on Linux, macOS and Windows.

Knows where programs lie; starts none of them. The machine is handed in, so that each system's answer can be had on any.
"""

from __future__ import annotations

import difflib
import enum
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Protocol

from awsprof.errors import BrowserError, UsageError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SNAPS = ("/snap/bin/", "/var/lib/snapd/snap/bin/")
_SCRIPT_BYTES = 4096


class Family(enum.StrEnum):
    """Whose command line and files a browser has."""

    CHROMIUM = "chromium"
    FIREFOX = "firefox"


class Packaging(enum.StrEnum):
    """How a browser was installed, since some packages may write to directories of their own only."""

    NATIVE = "native"
    SNAP = "snap"
    FLATPAK = "flatpak"


class Probe(Protocol):
    """What is asked about the machine's files."""

    def which(self, program: str) -> str | None: ...

    def is_file(self, path: str) -> bool: ...

    def head(self, path: str) -> bytes:
        """Return the first bytes of a file; b"" where it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One make of browser: its names on every system."""

    name: str
    title: str
    family: Family
    programs: tuple[str, ...]
    paths: tuple[str, ...] = ()
    macos: str | None = None
    windows: str | None = None
    flatpak: str | None = None


KINDS = (
    Kind(
        "chromium",
        "Chromium",
        Family.CHROMIUM,
        programs=("chromium", "chromium-browser"),
        macos="Chromium.app/Contents/MacOS/Chromium",
        windows="Chromium/Application/chrome.exe",
        flatpak="org.chromium.Chromium",
    ),
    Kind(
        "chrome",
        "Google Chrome",
        Family.CHROMIUM,
        programs=("google-chrome", "google-chrome-stable"),
        paths=("/opt/google/chrome/google-chrome",),
        macos="Google Chrome.app/Contents/MacOS/Google Chrome",
        windows="Google/Chrome/Application/chrome.exe",
        flatpak="com.google.Chrome",
    ),
    Kind(
        "edge",
        "Microsoft Edge",
        Family.CHROMIUM,
        programs=("microsoft-edge", "microsoft-edge-stable"),
        paths=("/opt/microsoft/msedge/microsoft-edge",),
        macos="Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        windows="Microsoft/Edge/Application/msedge.exe",
        flatpak="com.microsoft.Edge",
    ),
    Kind(
        "brave",
        "Brave",
        Family.CHROMIUM,
        programs=("brave-browser", "brave"),
        paths=("/opt/brave.com/brave/brave-browser",),
        macos="Brave Browser.app/Contents/MacOS/Brave Browser",
        windows="BraveSoftware/Brave-Browser/Application/brave.exe",
        flatpak="com.brave.Browser",
    ),
    Kind(
        "vivaldi",
        "Vivaldi",
        Family.CHROMIUM,
        programs=("vivaldi", "vivaldi-stable"),
        paths=("/opt/vivaldi/vivaldi",),
        macos="Vivaldi.app/Contents/MacOS/Vivaldi",
        windows="Vivaldi/Application/vivaldi.exe",
        flatpak="com.vivaldi.Vivaldi",
    ),
    Kind(
        "firefox",
        "Firefox",
        Family.FIREFOX,
        programs=("firefox",),
        macos="Firefox.app/Contents/MacOS/firefox",
        windows="Mozilla Firefox/firefox.exe",
        flatpak="org.mozilla.firefox",
    ),
    Kind("firefox-esr", "Firefox ESR", Family.FIREFOX, programs=("firefox-esr",)),
    Kind(
        "librewolf",
        "LibreWolf",
        Family.FIREFOX,
        programs=("librewolf",),
        macos="LibreWolf.app/Contents/MacOS/librewolf",
        windows="LibreWolf/librewolf.exe",
        flatpak="io.gitlab.librewolf-community",
    ),
)
_BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that is there, and the words that start it."""

    kind: Kind
    command: tuple[str, ...]
    packaging: Packaging = field(default=Packaging.NATIVE)


def find_browsers(platform: str, environ: Mapping[str, str], probe: Probe) -> list[Browser]:
    """
    Return one browser of each kind that is there, in the order of `KINDS`.

    Args:
        platform: As in ``sys.platform``.
    """
    ways = {"darwin": _on_macos, "win32": _on_windows}
    way = ways.get(platform, _on_linux)
    return [browser for kind in KINDS if (browser := next(way(kind, environ, probe), None))]


def choose(name: str | None, found: Sequence[Browser]) -> Browser:
    """
    Return the browser of that name, or the first one found.

    Raises:
        UsageError: There is no browser of that name in the world.
        BrowserError: It is not here, or none is.
    """
    if name is not None and name not in _BY_NAME:
        close = difflib.get_close_matches(name.lower(), _BY_NAME, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(_BY_NAME)}."
        raise UsageError(f"awsprof knows no browser '{printable(name)}'", hint=hint)
    if not found:
        raise BrowserError(
            "No browser is found that can have a browser profile for each account",
            hint="Install Chromium, Chrome, Edge, Brave, Vivaldi or Firefox; with several, "
            "'awsprof settings set browser NAME' says which.",
        )
    chosen = next((browser for browser in found if name in (None, browser.kind.name)), None)
    if chosen is None:
        assert name is not None
        raise BrowserError(
            f"{_BY_NAME[name].title} is not found on this machine",
            hint=f"Found: {', '.join(browser.kind.name for browser in found)}; "
            "'awsprof settings set browser NAME' says which.",
        )
    return chosen


def _on_linux(kind: Kind, environ: Mapping[str, str], probe: Probe) -> Iterator[Browser]:
    named = [path for path in map(probe.which, kind.programs) if path]
    for path in [*named, *filter(probe.is_file, kind.paths)]:
        yield Browser(kind, (path,), Packaging.SNAP if _is_snap(path, probe) else Packaging.NATIVE)
    for directory in _SNAPS:
        for program in filter(probe.is_file, (f"{directory}{name}" for name in kind.programs)):
            yield Browser(kind, (program,), Packaging.SNAP)
    flatpak = probe.which("flatpak")
    exports = ("/var/lib/flatpak/exports/bin", f"{environ.get('HOME', '')}/.local/share/flatpak/exports/bin")
    if flatpak and kind.flatpak and any(probe.is_file(f"{directory}/{kind.flatpak}") for directory in exports):
        yield Browser(kind, (flatpak, "run", kind.flatpak), Packaging.FLATPAK)


def _is_snap(path: str, probe: Probe) -> bool:
    if path.startswith(_SNAPS):
        return True
    # Ubuntu's packages of these names are scripts that start the snap.
    head = probe.head(path)
    return head.startswith(b"#!") and any(directory.encode() in head for directory in _SNAPS)


def _on_macos(kind: Kind, environ: Mapping[str, str], probe: Probe) -> Iterator[Browser]:
    for directory in ("/Applications", f"{environ.get('HOME', '')}/Applications"):
        path = f"{directory}/{kind.macos}"
        if kind.macos and probe.is_file(path):
            yield Browser(kind, (path,))


def _on_windows(kind: Kind, environ: Mapping[str, str], probe: Probe) -> Iterator[Browser]:
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        base = environ.get(variable)
        path = str(PureWindowsPath(base or "", kind.windows or ""))
        if base and kind.windows and probe.is_file(path):
            yield Browser(kind, (path,))


class RealProbe:
    """This machine's own files."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._path = environ.get("PATH", os.defpath)

    def which(self, program: str) -> str | None:
        # A relative directory on PATH would make another program of it in another working directory.
        absolute = os.pathsep.join(filter(os.path.isabs, self._path.split(os.pathsep)))
        return shutil.which(program, path=absolute) if absolute else None

    def is_file(self, path: str) -> bool:
        return os.path.isfile(path)

    def head(self, path: str) -> bytes:
        try:
            with Path(path).open("rb") as file:
                return file.read(_SCRIPT_BYTES)
        except OSError:
            return b""
