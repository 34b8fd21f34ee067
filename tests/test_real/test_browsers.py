"""Real browsers on a screen: prod and dev side by side cannot be mistaken, and the user's own browser is left alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.test_real.desktop import PROGRAMS, Desktop, share, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.test_real.machine import Machine

pytestmark = pytest.mark.timeout(300)

CONFIG = """\
[profile autochart_prod_paul]
region = eu-west-1
aws_account_id = 111122223333

[profile autochart_dev_paul]
region = eu-west-1
aws_account_id = 444455556666
"""
ROWS = {"prod": 0, "dev": 1}
WHITE = (255, 255, 255)
PAGES = {"first": (17, 85, 204), "second": (204, 153, 0)}
_OPEN = """
import sys
from awsprof.cli.world import World
world = World()
world.browsers.open(world.files.get(sys.argv[1]), sys.argv[2], browser=sys.argv[3])
"""


@dataclass(frozen=True)
class Family:
    """Where a browser shows what, in pixels from a window's top left, and where it keeps what it has visited."""

    name: str
    program: str
    colours: dict[str, tuple[int, int, int]]
    toolbar: tuple[int, int, int, int]
    label: tuple[int, int, int, int]
    history: tuple[str, str]


# Chromium makes a theme out of one colour, and its toolbar may be a shade of it. Firefox shows it as it is.
CHROMIUM = Family(
    "chromium",
    "chromium",
    {"prod": (0xA7, 0x1C, 0x1C), "dev": (0x1B, 0x5E, 0x20)},
    toolbar=(0, 48, 1100, 110),
    label=(10, 85, 330, 110),
    history=("Default/History", "SELECT url FROM urls"),
)
FIREFOX = Family(
    "firefox",
    "firefox-esr",
    {"prod": (0xB7, 0x1C, 0x1C), "dev": (0x1B, 0x5E, 0x20)},
    toolbar=(0, 44, 1100, 110),
    label=(5, 48, 255, 80),
    history=("places.sqlite", "SELECT url FROM moz_places WHERE visit_count > 0"),
)


@pytest.fixture
def desktop(tmp_path: Path, tool: Callable[[str], str]) -> Iterator[Desktop]:
    for name in PROGRAMS:
        tool(name)
    with Desktop(tmp_path / "desktop") as desktop:
        yield desktop


@dataclass
class Windows:
    """Opens pages as awsprof does, and looks at what comes of it."""

    machine: Machine
    desktop: Desktop
    family: Family

    def directory(self, env: str) -> Path:
        name = f"autochart_{env}_paul"
        return self.machine.home / ".local/share/awsprof/browsers" / self.family.name / name

    def open(self, env: str, page: str) -> None:
        colour = "rgb({}, {}, {})".format(*PAGES[page])
        file = self.machine.home / f"{page}.html"
        file.write_text(f"<!doctype html><title>{page}</title><body style='background: {colour}'>")
        words = (f"autochart_{env}_paul", file.as_uri(), self.family.name)
        outcome = self.machine.run(sys.executable, "-c", _OPEN, *words)
        assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "", "")
        self.desktop.started(self.pid(env))

    def pid(self, env: str) -> int:
        link = "SingletonLock" if self.family is CHROMIUM else "lock"
        return int(os.readlink(self.directory(env) / link).rpartition("-" if self.family is CHROMIUM else "+")[2])

    def shows(self, env: str, page: str) -> None:
        """Wait until *page* fills the window, and hold its toolbar to the account's colour."""
        body, row = (100, 200, 1000, 450), ROWS[env]
        until(
            lambda: share(self.desktop.screenshot(row=row).crop(body), PAGES[page]) > 0.99,
            f"the {page} page in the window of {env}",
        )
        until(lambda: self.is_dressed(env), f"the colour and label of {env}")

    def is_dressed(self, env: str) -> bool:
        """Whether the toolbar is nearly all of the account's colour, and there are words where the label stands."""
        seen = self.desktop.screenshot(row=ROWS[env])
        others = [colour for other, colour in self.family.colours.items() if other != env]
        toolbar, label = seen.crop(self.family.toolbar), seen.crop(self.family.label)
        return (
            share(toolbar, self.family.colours[env]) > 0.4
            and not any(share(toolbar, colour) > 0.001 for colour in others)
            and 0.02 < share(label, WHITE, within=60) < 0.4
        )

    def visited(self, env: str) -> set[str]:
        file, query = self.family.history
        copy = self.machine.home.parent / "history"
        shutil.copy(self.directory(env) / file, copy)
        connection = sqlite3.connect(copy)
        try:
            return {url for (url,) in connection.execute(query)}
        finally:
            connection.close()


def own_browsers(home: Path) -> dict[str, str]:
    """The user's own browser profiles, but for the folders that a crash reporter makes beside them."""
    tops = (home / ".config/chromium", home / ".mozilla", home / ".config/mozilla")
    files = (path for top in tops for path in top.rglob("*") if path.is_file())
    passing = {"Crash Reports", "Pending Pings"}
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if not passing & {*path.parts}}


@pytest.mark.parametrize("family", [CHROMIUM, FIREFOX], ids=lambda family: family.name)
def test_prod_and_dev_side_by_side(
    bare_machine: Machine, desktop: Desktop, family: Family, tool: Callable[[str], str]
) -> None:
    """Colour, label and class are each account's own, at every start; a second page is a tab in the right window."""
    tool(family.program)
    desktop.provide(family.name, family.program)
    machine = bare_machine
    machine.extra = {**desktop.environ, "PATH": f"{desktop.path}:{machine.environ['PATH']}"}
    machine.config_file.parent.mkdir()
    machine.config_file.write_text(CONFIG)
    for theirs in (".config/chromium/Default/Preferences", ".mozilla/firefox/profiles.ini", ".config/mozilla/x"):
        (machine.home / theirs).parent.mkdir(parents=True, exist_ok=True)
        (machine.home / theirs).write_text("theirs")
    before = own_browsers(machine.home)
    windows = Windows(machine, desktop, family)

    for _ in ("first start", "second start"):
        for env, row in ROWS.items():
            windows.open(env, "first")
            window = desktop.window(f"awsprof-autochart_{env}_paul", row=row)
            assert desktop.class_of(window) == f"awsprof-autochart_{env}_paul"
        for env in ROWS:
            windows.shows(env, "first")
        running = {env: windows.pid(env) for env in ROWS}
        windows.open("prod", "second")
        windows.shows("prod", "second")
        windows.shows("dev", "first")
        assert {env: windows.pid(env) for env in ROWS} == running
        assert [len(desktop.windows(f"awsprof-autochart_{env}_paul")) for env in ROWS] == [1, 1]
        for pid in running.values():
            desktop.close(pid)

    # No first-run page, and no page of the other's; what was opened last, a browser may not have written down.
    first, second = ((machine.home / f"{page}.html").as_uri() for page in PAGES)
    assert windows.visited("prod") <= {first, second}
    assert windows.visited("dev") <= {first}
    assert own_browsers(machine.home) == before
