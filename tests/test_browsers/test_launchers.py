"""Launchers: what is written passes the desktop's own check, and goes whole unless somebody changed it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from awsprof.browsers.desktop_entry import desktop_entry
from awsprof.browsers.launchers import Launchers, State, command_line, left_alone
from awsprof.errors import ExistsError, RefusedNameError
from tests.test_browsers.conftest import make_profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from awsprof.model import Profile
    from awsprof.places import Places

LAUNCHER = "/home/paul/.local/bin/awsprof"


@pytest.fixture
def launchers(places: Places) -> Launchers:
    return Launchers(places)


def test_the_entry(launchers: Launchers, prod: Profile, home: Path, tool: Callable[[str], str]) -> None:
    """One entry and one icon, as the desktop's own validator wants them."""
    made = launchers.install(prod, launcher=LAUNCHER)
    share = home / ".local" / "share"
    assert made.entry == share / "applications" / "awsprof-autochart_prod_paul.desktop"
    assert made.entry.read_text() == (
        "[Desktop Entry]\n"
        "Type=Application\n"
        "Version=1.0\n"
        "Name=AWS autochart PROD (paul)\n"
        "Comment=Open the AWS console of account 111122223333 as autochart_prod_paul\n"
        f'Exec="{LAUNCHER}" console --exact "autochart_prod_paul"\n'
        f"TryExec={LAUNCHER}\n"
        f"Icon={share}/awsprof/icons/autochart_prod_paul.svg\n"
        "StartupWMClass=awsprof-autochart_prod_paul\n"
        "Categories=Network;WebBrowser;\n"
        "Keywords=aws;console;autochart;prod;111122223333;\n"
    )
    assert made.icon.read_text() == (
        '<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128" viewBox="0 0 128 128">\n'
        '<rect x="4" y="4" width="120" height="120" rx="24" fill="#B71C1C"/>\n'
        '<text x="64" y="66" fill="#FFFFFF" font-family="sans-serif" font-size="38" font-weight="bold" '
        'text-anchor="middle" dominant-baseline="central">PROD</text>\n'
        "</svg>\n"
    )
    validated(made.entry, tool)


def validated(entry: Path, tool: Callable[[str], str]) -> None:
    done = subprocess.run([tool("desktop-file-validate"), str(entry)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


ODD = [
    "a b",
    "100% of `this` $HOME \"and\" 'that'; \\ x",
    "%f%U%%",
    "[Desktop Entry]",
    "Exec=/bin/sh",
    "-rf",
    "--exact",
    "ünïcode 東京",
    "<svg>&amp;",
    " leading",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_come_back_as_one_argument(launchers: Launchers, name: str, tool: Callable[[str], str]) -> None:
    """Read by the desktop's rules, the command line is awsprof's, with the name as its last word."""
    made = launchers.install(make_profile(name, aws_account_id="1;2%3"), launcher="/home/paul o'neil/$x/awsprof")
    words = ["/home/paul o'neil/$x/awsprof", "console", "--exact", *(["--"] * name.startswith("-")), name]
    values = dict(line.split("=", 1) for line in made.entry.read_text().splitlines()[1:])
    assert len(values) == 10
    assert as_desktops_read(values["Exec"]) == words
    validated(made.entry, tool)


def as_desktops_read(value: str) -> list[str]:
    """Read an Exec line: the escapes of strings first, then quotes, then field codes; an independent reading."""
    text = ""
    chars = iter(value)
    for char in chars:
        text += {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}[next(chars)] if char == "\\" else char
    words, word, quoted = [], "", False
    chars = iter(text)
    for char in chars:
        if char == '"':
            quoted = not quoted
        elif quoted and char == "\\":
            word += next(chars)
        elif not quoted and char == " ":
            words.append(word)
            word = ""
        elif not quoted:
            assert char.isalnum() or char == "-", "a reserved character outside quotes"
            word += char
        elif char == "%":
            assert next(chars) == "%", "a field code"
            word += "%"
        else:
            word += char
    assert not quoted
    return [*words, word]


@pytest.mark.parametrize("name", ["a\nExec=/bin/sh", "a\tb", "a\x1bb", "a\x00b", "a\u2028b"])
def test_control_characters_are_refused(launchers: Launchers, home: Path, name: str) -> None:
    """No entry can hold them, so none is written."""
    with pytest.raises(RefusedNameError):
        launchers.install(make_profile(name), launcher=LAUNCHER)
    assert list(home.rglob("*.desktop")) == []


def test_an_account_cannot_add_keys(home: Path) -> None:
    """What stands in other fields of a hand-edited file is escaped too."""
    profile = make_profile("autochart_dev_paul", aws_account_id="1\nExec=/bin/sh\n")
    text = desktop_entry(profile, launcher=LAUNCHER, icon=home / "x.svg", window_class="x")
    assert text.count("\n") == 11
    assert "\nExec=/bin/sh" not in text


def test_removed_whole(launchers: Launchers, prod: Profile, home: Path) -> None:
    """Entry, icon and record go."""
    made = launchers.install(prod, launcher=LAUNCHER)
    assert (launchers.all(), launchers.of(prod.name), made.state) == ([made], made, State.OK)
    assert launchers.remove(made)
    assert list(home.rglob("*autochart_prod*")) == []
    assert launchers.all() == []


def test_what_was_changed_by_hand_stays(launchers: Launchers, prod: Profile) -> None:
    """Neither removed nor written over."""
    made = launchers.install(prod, launcher=LAUNCHER)
    made.entry.write_text(made.entry.read_text() + "NoDisplay=true\n")
    assert made.state is State.CHANGED
    assert not launchers.remove(made)
    with pytest.raises(ExistsError, match="was changed since awsprof wrote it"):
        launchers.install(prod, launcher=LAUNCHER)
    assert "NoDisplay" in made.entry.read_text()
    assert made.icon.exists()


@pytest.mark.parametrize("recorded", [True, False])
def test_an_icon_of_ones_own_stays(launchers: Launchers, places: Places, prod: Profile, recorded: bool) -> None:
    """As the entry: neither removed nor written over, and named."""
    made = launchers.install(prod, launcher=LAUNCHER)
    made.icon.write_text("<svg/>")
    if recorded:
        assert made.state is State.CHANGED
        assert not launchers.remove(made)
        assert left_alone(made).startswith(f"{made.icon} was changed since")
    else:
        made.entry.unlink()
        places.launcher_record(prod.name).unlink()
    with pytest.raises(ExistsError, match="was changed since awsprof" if recorded else "was not written by") as caught:
        launchers.install(prod, launcher=LAUNCHER)
    assert caught.value.message.startswith(str(made.icon))
    assert made.icon.read_text() == "<svg/>"


@pytest.mark.parametrize("what", ["file", "link"])
def test_what_is_not_ours_stays(launchers: Launchers, prod: Profile, home: Path, what: str) -> None:
    """A file of that name from elsewhere is not written over, nor what a link there leads to."""
    entry = home / ".local/share/applications/awsprof-autochart_prod_paul.desktop"
    entry.parent.mkdir(parents=True)
    theirs = home / "theirs"
    theirs.write_text("theirs")
    entry.symlink_to(theirs) if what == "link" else entry.write_text("theirs")
    with pytest.raises(ExistsError, match="was not written by awsprof"):
        launchers.install(prod, launcher=LAUNCHER)
    assert entry.read_text() == theirs.read_text() == "theirs"


def test_written_anew(launchers: Launchers, prod: Profile) -> None:
    """As after an upgrade that moved awsprof; one that somebody deleted is written again."""
    launchers.install(prod, launcher="/old/awsprof")
    made = launchers.install(prod, launcher=LAUNCHER)
    assert f"TryExec={LAUNCHER}\n" in made.entry.read_text()
    made.entry.unlink()
    assert made.state is State.MISSING
    assert launchers.install(prod, launcher=LAUNCHER).state is State.OK


@pytest.mark.parametrize(
    ("platform", "name", "line"),
    [
        ("darwin", "autochart_dev_paul", "/opt/aws prof/awsprof' console --exact autochart_dev_paul"),
        ("darwin", "old $(x)", "/opt/aws prof/awsprof' console --exact 'old $(x)'"),
        ("win32", "autochart_dev_paul", '/opt/aws prof/awsprof" console --exact autochart_dev_paul'),
        ("win32", 'old "x"', '/opt/aws prof/awsprof" console --exact "old \\"x\\""'),
    ],
)
def test_lines_for_other_systems(platform: str, name: str, line: str) -> None:
    """Quoted as macOS's shell and Windows' programs read it."""
    found = command_line(make_profile(name), launcher="/opt/aws prof/awsprof", platform=platform)
    assert found[1:] == line
