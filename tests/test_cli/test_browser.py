"""``awsprof browser``, and how ``rename`` and ``remove`` of a profile take its browser profile along."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from awsprof.browsers import directories
from awsprof.browsers.directories import Directories
from awsprof.browsers.installed import KINDS, Browser
from awsprof.browsers.look import look_of
from awsprof.configfiles.profiles import ProfileFiles
from awsprof.places import Places
from awsprof.settings import Settings
from awsprof.storage.lock import lock_path, locked
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


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> str:
    """A file's name that cannot be removed, as one with the attribute "immutable"; prod's launcher cannot either."""
    unlink = os.unlink

    def refuse(path: str, **options: int) -> None:
        if os.path.basename(path) in ("stuck", f"awsprof-{PROD}.desktop"):
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), path)
        unlink(path, **options)

    monkeypatch.setattr(os, "unlink", refuse)
    return "stuck"


def test_remove_says_what_it_could_not_remove(awsprof: CommandLine, used: Callable[..., Path], stuck: str) -> None:
    """What cannot go keeps its name, so that a later command finds it; what follows it still goes."""
    dev, other = used(NAME), used(NAME, "firefox")
    (dev / stuck).touch()
    awsprof("launcher", "install", NAME)
    assert awsprof("remove", NAME, "--yes") == Outcome(
        0,
        f"Removed {NAME}.\n",
        f"Warning: The browser profile {dev} was not removed whole: Operation not permitted (stuck); "
        f"'awsprof browser remove {NAME}' removes it later.\n",
    )
    assert (other.exists(), awsprof("launcher", "list").stdout) == (False, "")
    assert [path.name for path in dev.parent.iterdir()] == [NAME]
    (dev / stuck).rename(dev / "loose")
    assert awsprof("browser", "remove", NAME, "--yes").status == 0
    assert list(dev.parent.iterdir()) == []


def test_remove_of_a_browser_profile_that_cannot_go(
    awsprof: CommandLine, used: Callable[..., Path], stuck: str
) -> None:
    """Exit 1 with its path and what is in the way; it is listed still."""
    dev = used(NAME)
    (dev / stuck).touch()
    outcome = awsprof("browser", "remove", NAME, "--yes")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith(
        f"Error: The browser profile {dev} was not removed whole: Operation not permitted (stuck).\n"
    )
    assert str(dev) in awsprof("browser", "list").stdout


def test_a_launcher_that_cannot_go(awsprof: CommandLine, used: Callable[..., Path], stuck: str) -> None:
    """It is left, and how to remove it later is said; the browser profile goes."""
    prod = used(PROD)
    awsprof("launcher", "install", PROD)
    entry = awsprof.home / f".local/share/applications/awsprof-{PROD}.desktop"
    assert awsprof("remove", PROD, "--yes") == Outcome(
        0,
        f"Removed {PROD}.\n",
        f"Warning: The launcher was left: {entry}: Operation not permitted; "
        f"'awsprof launcher remove {PROD}' removes it later.\n",
    )
    assert (prod.exists(), entry.exists()) == (False, True)


def test_remove_leaves_what_is_locked(
    awsprof: CommandLine, used: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another awsprof has it in hand for too long: the profile is gone by then, so it is said and no more."""
    dev = used(NAME)
    monkeypatch.setattr(directories, "_LOCK_LIMIT_S", 0.05)
    with locked(lock_path(Places.from_environ(os.environ).locks, str(dev)), limit_s=1):
        outcome = awsprof("remove", NAME, "--yes")
    assert (outcome.status, outcome.stdout, dev.exists()) == (0, f"Removed {NAME}.\n", True)
    assert outcome.stderr.startswith("Warning: Another process holds a lock for too long: pid ")
    assert outcome.stderr.endswith(f"; 'awsprof browser remove {NAME}' removes it later.\n")


def test_rename_puts_back_what_cannot_be_marked(
    awsprof: CommandLine, used: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: it stays under its old name, where commands find it."""
    dev = used(NAME)

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(directories, "write_private_file", full)
    outcome = awsprof("rename", NAME, "autochart", "test", "paul", "--yes")
    assert (outcome.status, outcome.stderr) == (
        0,
        f"Warning: The browser profile {dev} was not renamed: No space left on device; "
        f"'awsprof browser remove {NAME}' removes it later.\n",
    )
    assert [path.name for path in dev.parent.iterdir()] == [NAME]


@pytest.mark.parametrize("words", [["browser", "list"], ["browser", "remove", PROD, "--yes"]])
def test_what_a_killed_removal_left_goes(awsprof: CommandLine, used: Callable[..., Path], words: list[str]) -> None:
    """With the next command that looks there, once nobody can be at it any more."""
    dev, _ = used(NAME), used(PROD)
    old, new = (dev.with_name(f".awsprof-{digit * 16}") for digit in "01")
    old.mkdir()
    new.mkdir()
    os.utime(old, (1, 1))
    assert awsprof(*words).status == 0
    assert (old.exists(), new.exists()) == (False, True)


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
