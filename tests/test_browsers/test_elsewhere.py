"""The variable BROWSER: what it says to Python's webbrowser, and that no name adds a word to it."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awsprof.browsers.elsewhere import browser_variable
from awsprof.errors import AwsprofError
from awsprof.model import Kind, Profile
from tests.browsers import FakeBrowsers

URL = "https://corp.awsapps.com/start"
DISPLAY = {"DISPLAY": ":9"}


def variable(name: str, browsers: FakeBrowsers, environ: dict[str, str] = DISPLAY) -> tuple[str | None, list[str]]:
    said: list[str] = []
    profile = Profile(name, None, Kind.SSO, None, protected=False, settings={})
    return browser_variable(profile, browsers=lambda: browsers, environ=environ, tell=said.append), said


def commands(text: str, url: str) -> list[list[str]]:
    """The commands that webbrowser makes of the variable."""
    return [[word.replace("%s", url) for word in shlex.split(part)] for part in text.split(os.pathsep) if "%s" in part]


def test_webbrowser_reads_our_command(tmp_path: Path) -> None:
    """This very program, the profile by its full name, and the page where no option is read any more."""
    text, said = variable("corp", FakeBrowsers(tmp_path))
    assert text is not None
    python = [sys.executable, "-P", "-m", "awsprof"]
    assert commands(text, URL) == [[*python, "console", "--exact", f"--url={URL}", "--", "corp"]]
    assert said == []


@given(name=st.text(min_size=1, max_size=20))
def test_no_name_adds_a_word(name: str) -> None:
    """Each name of a hand-edited file is one word of the command, or there is no command."""

    class Anywhere(FakeBrowsers):
        def directory(self, profile: Profile, *, browser: str | None = None) -> Path:
            return Path("/")

    text, said = variable(name, Anywhere(Path("/")))
    if text is None:
        assert len(said) == 1
    else:
        (command,) = commands(text, URL)
        assert command[-3:] == [f"--url={URL}", "--", name]


@pytest.mark.parametrize("name", ["a:b", "100%s", "two\nlines"])
def test_a_name_that_cannot_be_said(tmp_path: Path, name: str) -> None:
    """What webbrowser would part or fill in: no command, and a word of warning."""
    text, said = variable(name, FakeBrowsers(tmp_path))
    assert text is None
    assert "mind in which one" in said[0]


def test_no_display_no_word(tmp_path: Path) -> None:
    """Whoever has no display, and perhaps a BROWSER that does without, is left alone."""
    assert variable("corp", FakeBrowsers(tmp_path), {}) == (None, [])
    assert variable("corp", FakeBrowsers(tmp_path), {"WAYLAND_DISPLAY": "wayland-0"})[0] is not None


@pytest.mark.parametrize("failure", [AwsprofError("There is no browser"), OSError(28, "No space left on device")])
def test_no_browser_is_said(tmp_path: Path, failure: Exception) -> None:
    """With a display and no browser, the page may open in any window: that is said."""

    class Broken(FakeBrowsers):
        def directory(self, profile: Profile, *, browser: str | None = None) -> Path:
            raise failure

    text, said = variable("corp", Broken(tmp_path))
    assert text is None
    assert said[0].startswith("corp gets no browser window of its own (")
