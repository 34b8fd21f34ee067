"""``awsprof launcher``, and how ``rename`` and ``remove`` of a profile take its launcher along."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from awsprof.cli.main import main
from awsprof.cli.world import World
from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import everything, write_config

if TYPE_CHECKING:
    from pathlib import Path

NAME, PROD, OLD = "autochart_dev_paul", "autochart_prod_paul", "Old one"
CONFIG = f"[profile {NAME}]\naws_account_id = 444455556666\n[profile {PROD}]\n[default]\n[profile '{OLD}']\n"


@pytest.fixture(autouse=True)
def entries(home: Path) -> Path:
    """Three profiles and a default; where launchers go."""
    write_config(home, CONFIG)
    return home / ".local" / "share" / "applications"


def test_install_and_list(awsprof: CommandLine, entries: Path, launcher: Path) -> None:
    """One for a profile, or for each but the default; each starts awsprof by its lasting path."""
    dev, old, prod = (entries / f"awsprof-{name}.desktop" for name in (NAME, "%4Fld%20one", PROD))
    assert awsprof("launcher", "install", "dev") == Outcome(0, f"Wrote {dev}\n", "")
    assert f'Exec="{launcher}" console --exact "{NAME}"\n' in dev.read_text()
    assert "Name=AWS autochart DEV (paul)\n" in dev.read_text()
    assert awsprof("launcher", "install", "--all") == Outcome(0, f"Wrote {dev}\nWrote {prod}\nWrote {old}\n", "")
    dev.unlink()
    prod.write_text("mine")
    assert awsprof("launcher", "list").stdout == (
        "PROFILE              STATE    PATH\n"
        f"Old one              ok       {old}\n"
        f"{NAME}   missing  {dev}\n"
        f"{PROD}  changed  {prod}\n"
    )
    icons = entries.parent / "awsprof" / "icons"
    assert json.loads(awsprof("launcher", "list", "--json").stdout) == {
        "version": 1,
        "launchers": [
            {"profile": OLD, "path": str(old), "icon": f"{icons}/%4Fld%20one.svg", "state": "ok"},
            {"profile": NAME, "path": str(dev), "icon": f"{icons}/{NAME}.svg", "state": "missing"},
            {"profile": PROD, "path": str(prod), "icon": f"{icons}/{PROD}.svg", "state": "changed"},
        ],
    }


def test_list_of_none(awsprof: CommandLine) -> None:
    """Says how one comes about."""
    assert awsprof("launcher", "list") == Outcome(
        0, "", "No launchers yet: 'awsprof launcher install SELECTOR' writes one.\n"
    )


def test_remove(awsprof: CommandLine, entries: Path, home: Path) -> None:
    """Nothing of it is left, not in any directory."""
    before = everything(awsprof)
    awsprof("launcher", "install", "--all")
    dev = entries / f"awsprof-{NAME}.desktop"
    assert awsprof("launcher", "remove", "dev") == Outcome(0, f"Removed {dev}\n", "")
    assert awsprof("launcher", "remove", "dev") == Outcome(
        1, "", f"Error: {NAME} has no launcher.\n'awsprof launcher list' shows them.\n"
    )
    assert awsprof("launcher", "remove", "--all").status == 0
    left = {path: what for path, what in everything(awsprof).items() if path not in before}
    assert [path for path, what in left.items() if what[1] != "directory"] == []  # type: ignore[index]


def test_remove_leaves_what_was_changed(awsprof: CommandLine, entries: Path) -> None:
    """Exit 1, said with its path; the others go."""
    awsprof("launcher", "install", "--all")
    prod = entries / f"awsprof-{PROD}.desktop"
    prod.write_text("mine")
    outcome = awsprof("launcher", "remove", "--all")
    assert (outcome.status, outcome.stderr) == (
        1,
        f"Warning: {prod} was changed since awsprof wrote it, so it was left; remove it by hand.\n",
    )
    assert [path.name for path in entries.iterdir()] == [prod.name]


def test_install_leaves_what_is_not_ours(awsprof: CommandLine, entries: Path) -> None:
    """Exit 4, and the file stays as it is."""
    entries.mkdir(parents=True)
    theirs = entries / f"awsprof-{NAME}.desktop"
    theirs.write_text("theirs")
    assert awsprof("launcher", "install", "dev") == Outcome(
        4,
        "",
        f"Error: {theirs} is there already, and was not written by awsprof.\n"
        "Move it elsewhere, or remove it, then run the command again.\n",
    )
    assert theirs.read_text() == "theirs"


def test_install_of_all_goes_on(awsprof: CommandLine, entries: Path, home: Path) -> None:
    """Each that cannot be written is said, the others are, and the status is the first failure's."""
    long = "a" * 260
    write_config(home, f"[profile {long}]\n{CONFIG}")
    entries.mkdir(parents=True)
    dev, old, prod = (entries / f"awsprof-{name}.desktop" for name in (NAME, "%4Fld%20one", PROD))
    dev.write_text("theirs")
    too_long = f"Warning: The launcher of {long} was not written: File name too long.\n"
    assert awsprof("launcher", "install", "--all") == Outcome(
        4,
        f"Wrote {prod}\nWrote {old}\n",
        f"Warning: {dev} is there already, and was not written by awsprof.\n{too_long}",
    )
    dev.unlink()
    assert awsprof("launcher", "install", "--all") == Outcome(1, f"Wrote {dev}\nWrote {prod}\nWrote {old}\n", too_long)


def test_install_of_one_that_cannot_be_written(awsprof: CommandLine, home: Path) -> None:
    """Exit 1, and the sentence names the profile."""
    long = "x" * 260
    write_config(home, f"[profile {long}]\n")
    assert awsprof("launcher", "install", long) == Outcome(
        1, "", f"Error: The launcher of {long} was not written: File name too long.\n"
    )


@pytest.mark.parametrize("verb", ["install", "remove"])
def test_one_or_all(awsprof: CommandLine, verb: str) -> None:
    """A selector beside --all is exit 2; neither takes the active profile, and without one is exit 2 too."""
    assert awsprof("launcher", verb, "dev", "--all").status == 2
    assert awsprof("launcher", verb).status == 2


def test_one_whose_profile_is_gone(awsprof: CommandLine, entries: Path, home: Path) -> None:
    """It goes by its full name."""
    awsprof("launcher", "install", "dev")
    write_config(home, "")
    assert awsprof("launcher", "remove", NAME).status == 0
    assert list(entries.iterdir()) == []


def test_rename_and_remove_take_it_along(awsprof: CommandLine, entries: Path) -> None:
    """A renamed profile's launcher is written anew; a removed one's goes."""
    awsprof("launcher", "install", "dev")
    awsprof("rename", NAME, "autochart", "test", "paul", answers=["n"])
    assert awsprof.terminal.questions == [f"Rename {NAME} to autochart_test_paul, and its launcher along?"]
    assert awsprof("rename", NAME, "autochart", "test", "paul", "--yes").status == 0
    (entry,) = entries.iterdir()
    assert entry.name == "awsprof-autochart_test_paul.desktop"
    assert "Name=AWS autochart TEST (paul)\n" in entry.read_text()
    assert awsprof("remove", "autochart_test_paul", answers=["y"]).status == 0
    assert awsprof.terminal.questions == ["Remove autochart_test_paul with its launcher?"]
    assert list(entries.iterdir()) == []


def test_remove_of_a_profile_leaves_a_launcher_that_was_changed(awsprof: CommandLine, entries: Path) -> None:
    """The profile goes, and what is left is said."""
    awsprof("launcher", "install", "dev")
    entry = entries / f"awsprof-{NAME}.desktop"
    entry.write_text("mine")
    assert awsprof("remove", NAME, "--yes") == Outcome(
        0,
        f"Removed {NAME}.\n",
        f"Warning: {entry} was changed since awsprof wrote it, so it was left; remove it by hand.\n",
    )


@pytest.mark.parametrize(("platform", "quote"), [("darwin", "'"), ("win32", '"')])
def test_other_systems_get_the_line_to_put_into_one(platform: str, quote: str, entries: Path, launcher: Path) -> None:
    """One command line a profile, and nothing written."""
    outcome = CliRunner().invoke(main, ["launcher", "install", "--all"], obj=World(platform=platform))
    assert (outcome.exit_code, outcome.stdout) == (
        0,
        f"{launcher} console --exact {NAME}\n{launcher} console --exact {PROD}\n"
        f"{launcher} console --exact {quote}{OLD}{quote}\n",
    )
    assert not entries.exists()
