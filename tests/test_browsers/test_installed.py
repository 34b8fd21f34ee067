"""Which browsers are found on which system, and which of them is taken."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from awsprof.browsers.installed import Browser, Packaging, choose, find_browsers
from awsprof.errors import BrowserError, UsageError

LINUX = {"HOME": "/home/paul"}
WINDOWS = {
    "PROGRAMFILES": r"C:\Program Files",
    "PROGRAMFILES(X86)": r"C:\Program Files (x86)",
    "LOCALAPPDATA": r"C:\Users\paul\AppData\Local",
}


@dataclass
class Machine:
    """A machine with these programs on PATH, these files, and these scripts."""

    on_path: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    scripts: dict[str, bytes] = field(default_factory=dict)

    def which(self, program: str) -> str | None:
        return self.on_path.get(program)

    def is_file(self, path: str) -> bool:
        return path in self.files

    def head(self, path: str) -> bytes:
        return self.scripts.get(path, b"\x7fELF")


def words(browsers: list[Browser]) -> list[tuple[str, tuple[str, ...], str]]:
    return [(browser.kind.name, browser.command, str(browser.packaging)) for browser in browsers]


def test_linux_by_the_names_on_path() -> None:
    """Debian's, Ubuntu's and the makers' own names."""
    names = ("chromium", "google-chrome-stable", "microsoft-edge", "brave-browser", "vivaldi", "firefox", "firefox-esr")
    found = find_browsers("linux", LINUX, Machine({name: f"/usr/bin/{name}" for name in names}))
    assert words(found) == [
        ("chromium", ("/usr/bin/chromium",), "native"),
        ("chrome", ("/usr/bin/google-chrome-stable",), "native"),
        ("edge", ("/usr/bin/microsoft-edge",), "native"),
        ("brave", ("/usr/bin/brave-browser",), "native"),
        ("vivaldi", ("/usr/bin/vivaldi",), "native"),
        ("firefox", ("/usr/bin/firefox",), "native"),
        ("firefox-esr", ("/usr/bin/firefox-esr",), "native"),
    ]


def test_linux_beside_path() -> None:
    """What the makers' packages put below /opt is found without PATH."""
    machine = Machine(files=("/opt/google/chrome/google-chrome", "/opt/brave.com/brave/brave-browser"))
    assert words(find_browsers("linux", LINUX, machine)) == [
        ("chrome", ("/opt/google/chrome/google-chrome",), "native"),
        ("brave", ("/opt/brave.com/brave/brave-browser",), "native"),
    ]


@pytest.mark.parametrize(
    "machine",
    [
        Machine({"chromium": "/snap/bin/chromium"}),
        Machine(files=("/snap/bin/chromium",)),
        Machine(
            {"chromium-browser": "/usr/bin/chromium-browser"},
            scripts={"/usr/bin/chromium-browser": b'#!/bin/sh\nexec /snap/bin/chromium "$@"\n'},
        ),
    ],
    ids=["on PATH", "beside PATH", "behind Ubuntu's script"],
)
def test_a_snap_is_known_for_one(machine: Machine) -> None:
    """It may not use hidden directories of the home, so it matters."""
    (found,) = find_browsers("linux", LINUX, machine)
    assert (found.kind.name, found.packaging) == ("chromium", Packaging.SNAP)


def test_a_native_program_goes_before_a_snap() -> None:
    """Of one kind, the first way is taken."""
    machine = Machine({"firefox": "/usr/bin/firefox"}, files=("/snap/bin/firefox",))
    assert words(find_browsers("linux", LINUX, machine)) == [("firefox", ("/usr/bin/firefox",), "native")]


@pytest.mark.parametrize("exports", ["/var/lib/flatpak/exports/bin", "/home/paul/.local/share/flatpak/exports/bin"])
def test_flatpak(exports: str) -> None:
    """It is started by its id, wherever it was installed."""
    machine = Machine({"flatpak": "/usr/bin/flatpak"}, files=(f"{exports}/com.google.Chrome",))
    assert words(find_browsers("linux", LINUX, machine)) == [
        ("chrome", ("/usr/bin/flatpak", "run", "com.google.Chrome"), "flatpak")
    ]


def test_macos() -> None:
    """In /Applications and in the home's own, by the program inside."""
    machine = Machine(
        {"chromium": "/opt/homebrew/bin/chromium"},
        files=(
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/home/paul/Applications/Firefox.app/Contents/MacOS/firefox",
        ),
    )
    assert words(find_browsers("darwin", LINUX, machine)) == [
        ("chrome", ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",), "native"),
        ("firefox", ("/home/paul/Applications/Firefox.app/Contents/MacOS/firefox",), "native"),
    ]


def test_windows() -> None:
    """In both folders of programs and in the user's own."""
    files = (
        r"C:\Users\paul\AppData\Local\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
        r"C:\Program Files\Mozilla Firefox\firefox.exe",
    )
    assert words(find_browsers("win32", WINDOWS, Machine(files=files))) == [
        ("chrome", (files[0],), "native"),
        ("edge", (files[1],), "native"),
        ("firefox", (files[2],), "native"),
    ]
    assert find_browsers("win32", {}, Machine(files=files)) == []


FOUND = find_browsers("linux", LINUX, Machine({"chromium": "/usr/bin/chromium", "firefox": "/usr/bin/firefox"}))


@pytest.mark.parametrize(("name", "kind"), [(None, "chromium"), ("firefox", "firefox"), ("chromium", "chromium")])
def test_choice(name: str | None, kind: str) -> None:
    """The one named, else the first one found."""
    assert choose(name, FOUND).kind.name == kind


def test_no_browser() -> None:
    """Says what to install, and the setting."""
    with pytest.raises(BrowserError) as caught:
        choose(None, [])
    assert caught.value.message == "No browser is found that can have a browser profile for each account"
    assert caught.value.hint == (
        "Install Chromium, Chrome, Edge, Brave, Vivaldi or Firefox; with several, "
        "'awsprof settings set browser NAME' says which."
    )


def test_a_browser_that_is_not_here() -> None:
    """Says which are."""
    with pytest.raises(BrowserError) as caught:
        choose("vivaldi", FOUND)
    assert (caught.value.message, caught.value.hint) == (
        "Vivaldi is not found on this machine",
        "Found: chromium, firefox; 'awsprof settings set browser NAME' says which.",
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Chrom", "Did you mean 'chrome'?"),
        ("/usr/bin/links", "There are: chromium, chrome, edge, brave, vivaldi, firefox, firefox-esr, librewolf."),
    ],
)
def test_a_browser_nobody_knows(name: str, hint: str) -> None:
    """Exit 2, with the nearest name."""
    with pytest.raises(UsageError) as caught:
        choose(name, FOUND)
    assert (caught.value.status, caught.value.hint) == (2, hint)
