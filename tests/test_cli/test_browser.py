"""``awsprof browser``, and how ``rename`` and ``remove`` of a profile take its browser profile along."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from awsprof.browsers.directories import Directories
from awsprof.browsers.installed import KINDS, Browser
from awsprof.browsers.look import look_of
from awsprof.configfiles.profiles import ProfileFiles
from awsprof.places import Places
from awsprof.settings import Settings
from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import everything, write_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME, PROD = "autochart_dev_paul", "autochart_prod_paul"
CONFIG = f"""\
[profile {NAME}]
region = eu-west-1
aws_account_id = 444455556666

[profile {PROD}]
region = eu-west-1
aws_account_id = 111122223333
"""


@pytest.fixture
def used(home: Path) -> Callable[..., Path]:
    """Two profiles, and browser profiles as their first use leaves them."""
    write_config(home, CONFIG)

    def use(name: str, kind: str = "chromium") -> Path:
        places = Places.from_environ(os.environ)
        profile = ProfileFiles(places, Settings(), None).get(name)
        browser = Browser(next(one for one in KINDS if one.name == kind), (kind,))
        return Directories(places, os.environ).prepare(browser, look_of(profile, [], region="eu-west-1"))[0]

    return use


@pytest.fixture
def run() -> Iterator[Callable[[Path], None]]:
    """Let a Chromium run on a directory, as far as its lock and its command line tell."""
    started = []

    def start(directory: Path) -> None:
        process = subprocess.Popen(
            ["/bin/sh", "-c", "read line", f"--user-data-dir={directory}"], stdin=subprocess.PIPE
        )
        started.append(process)
        (directory / "SingletonLock").symlink_to(f"{socket.gethostname()}-{process.pid}")

    yield start
    for process in started:
        process.communicate()


def test_list(awsprof: CommandLine, used: Callable[..., Path], run: Callable[[Path], None]) -> None:
    """Each with its browser, size, place, and whether it runs."""
    dev, prod, other = used(NAME), used(PROD), used(NAME, "firefox")
    run(prod)
    (dev / "cookies").write_bytes(b"x" * 1_500_000)
    outcome = awsprof("browser", "list")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout == (
        "PROFILE              BROWSER   SIZE    RUNNING  PATH\n"
        f"{NAME}   chromium  1.5 MB  no       {dev}\n"
        f"{PROD}  chromium  0.0 MB  yes      {prod}\n"
        f"{NAME}   firefox   0.0 MB  no       {other}\n"
    )
    table = json.loads(awsprof("browser", "list", "--json").stdout)
    assert table["version"] == 1
    sizes = [one.pop("size") for one in table["browser_profiles"]]
    assert 1_500_000 < sizes[0] < 1_510_000
    assert table["browser_profiles"] == [
        {"profile": NAME, "browser": "chromium", "path": str(dev), "running": False},
        {"profile": PROD, "browser": "chromium", "path": str(prod), "running": True},
        {"profile": NAME, "browser": "firefox", "path": str(other), "running": False},
    ]


def test_list_of_none(awsprof: CommandLine) -> None:
    """Says how one comes about."""
    assert awsprof("browser", "list") == Outcome(
        0, "", "No browser profiles yet: 'awsprof console SELECTOR' makes one.\n"
    )
    assert json.loads(awsprof("browser", "list", "--json").stdout) == {"version": 1, "browser_profiles": []}


@pytest.mark.parametrize("verb", ["reset", "remove"])
def test_goes_with_all_that_is_in_it(awsprof: CommandLine, used: Callable[..., Path], verb: str) -> None:
    """After a yes; another account's stays."""
    dev, prod = used(NAME), used(PROD)
    again = "; the next use makes it anew" if verb == "reset" else ""
    assert awsprof("browser", verb, "dev", answers=["y"]) == Outcome(
        0, f"Removed the browser profile of {NAME} (Chromium){again}.\n", ""
    )
    assert awsprof.terminal.questions == [f"{verb.capitalize()} the browser profile of {NAME}: Chromium (0.0 MB)?"]
    assert (dev.exists(), prod.exists()) == (False, True)


def test_no_is_no(awsprof: CommandLine, used: Callable[..., Path]) -> None:
    """Any other answer, and none, leaves it."""
    dev = used(NAME)
    assert awsprof("browser", "remove", "dev", answers=["n"]) == Outcome(1, "", "Nothing was removed.\n")
    assert awsprof("browser", "remove", "dev").status == 2
    assert dev.exists()


@pytest.mark.parametrize("verb", ["reset", "remove"])
def test_what_runs_stays(
    awsprof: CommandLine, used: Callable[..., Path], run: Callable[[Path], None], verb: str
) -> None:
    """Exit 1, before anybody is asked, also with --yes; none of the profile's others goes either."""
    dev, other = used(NAME), used(NAME, "edge")
    run(other)
    for options in (["--yes"], []):
        outcome = awsprof("browser", verb, "dev", *options, answers=[])
        assert outcome == Outcome(
            1,
            "",
            f"Error: Microsoft Edge is running on the browser profile of {NAME}, so it was left alone.\n"
            "Close its windows, then try again.\n",
        )
    assert (dev.exists(), other.exists()) == (True, True)


@pytest.mark.parametrize("verb", ["reset", "remove"])
def test_what_is_not_ours_stays(awsprof: CommandLine, used: Callable[..., Path], verb: str) -> None:
    """A directory without our mark is not there for awsprof."""
    dev = used(NAME)
    (dev / ".awsprof").unlink()
    outcome = awsprof("browser", verb, "dev", "--yes")
    assert outcome == Outcome(1, "", f"Error: {NAME} has no browser profile.\n'awsprof browser list' shows them.\n")
    assert dev.exists()


def test_one_whose_profile_is_gone(awsprof: CommandLine, used: Callable[..., Path], home: Path) -> None:
    """It goes by its full name."""
    dev = used(NAME)
    write_config(home, "")
    assert awsprof("browser", "reset", NAME, "--yes").status == 3
    assert awsprof("browser", "remove", NAME, "--yes").status == 0
    assert not dev.exists()


# With the profile itself.


def test_remove_takes_it_along(awsprof: CommandLine, used: Callable[..., Path]) -> None:
    """It is named in the question."""
    dev = used(NAME)
    assert awsprof("remove", NAME, answers=["y"]) == Outcome(0, f"Removed {NAME}.\n", "")
    assert awsprof.terminal.questions == [f"Remove {NAME} with its browser profile?"]
    assert not dev.exists()


def test_remove_leaves_what_runs(awsprof: CommandLine, used: Callable[..., Path], run: Callable[[Path], None]) -> None:
    """The profile goes; the browser profile stays, and how to remove it later is said."""
    dev = used(NAME)
    run(dev)
    assert awsprof("remove", NAME, "--yes") == Outcome(
        0,
        f"Removed {NAME}.\n",
        f"Warning: Chromium is running on the browser profile of {NAME}, so it was left alone; "
        f"'awsprof browser remove {NAME}' removes it later.\n",
    )
    assert dev.exists()


def test_rename_takes_it_along(awsprof: CommandLine, used: Callable[..., Path], home: Path) -> None:
    """With cookies and all, whichever browser it is."""
    paths = [used(NAME), used(NAME, "firefox")]
    (paths[0] / "cookies").write_text("theirs")
    awsprof("rename", NAME, "autochart", "test", "paul", answers=["n"])
    assert awsprof.terminal.questions == [f"Rename {NAME} to autochart_test_paul, and its browser profiles along?"]
    outcome = awsprof("rename", NAME, "autochart", "test", "paul", "--yes")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert [path.exists() for path in paths] == [False, False]
    assert (paths[0].with_name("autochart_test_paul") / "cookies").read_text() == "theirs"
    names = [one["profile"] for one in json.loads(awsprof("browser", "list", "--json").stdout)["browser_profiles"]]
    assert names == ["autochart_test_paul", "autochart_test_paul"]


def test_rename_leaves_what_runs(awsprof: CommandLine, used: Callable[..., Path], run: Callable[[Path], None]) -> None:
    """It stays under the old name, and that is said."""
    dev = used(NAME)
    run(dev)
    outcome = awsprof("rename", NAME, "autochart", "test", "paul", "--yes")
    assert (outcome.status, outcome.stderr) == (
        0,
        f"Warning: Chromium is running on the browser profile of {NAME}, so it was left alone; "
        f"'awsprof browser remove {NAME}' removes it later.\n",
    )
    assert dev.exists()


def test_a_dry_run_moves_nothing(awsprof: CommandLine, used: Callable[..., Path]) -> None:
    """It changes nothing at all."""
    used(NAME)
    before = everything(awsprof)
    assert awsprof("rename", NAME, "autochart", "test", "paul", "--dry-run").status == 0
    assert everything(awsprof) == before
