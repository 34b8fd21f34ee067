"""``awsprof`` alone: the three commands to begin with, by what lies on the machine; else the help."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.test_cli.conftest import write_config, write_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.command_line import CommandLine, Outcome

KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
TEAM = 'product = "autochart"\n\n[envs.dev]\naccount_id = "111111111111"\n'
ADD, LOGIN, IMPORT, DOCTOR = "awsprof add PRODUCT ENV USER", "awsprof login ENV", "awsprof import", "awsprof doctor"
INIT = 'eval "$(awsprof init bash)"'


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/bash")


def begin(outcome: Outcome) -> tuple[str, list[str]]:
    """What was found, and the commands that are shown."""
    assert (outcome.status, outcome.stderr) == (0, "")
    lines = outcome.stdout.splitlines()
    assert lines[0].startswith("awsprof keeps access keys in a vault")
    assert lines[-1] == "'awsprof --help' shows all commands."
    return lines[1].removesuffix(". Begin with:"), [
        line.strip().partition("  ")[0] for line in lines if line.startswith("  ")
    ]


def test_nothing_at_all(awsprof: CommandLine) -> None:
    """The whole screen where there is no file yet."""
    assert awsprof().stdout == (
        "awsprof keeps access keys in a vault, and gives every AWS account a profile PRODUCT_ENV_USER.\n"
        "There is no profile yet. Begin with:\n"
        "\n"
        "  awsprof add PRODUCT ENV USER  puts an access key into the vault and writes its profile\n"
        "  awsprof login ENV             one MFA code a session; every AWS tool then just works\n"
        "  eval \"$(awsprof init bash)\"   in your shell's start-up file: prompt, 'use' and TAB\n"
        "\n"
        "'awsprof --help' shows all commands.\n"
    )


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("/usr/bin/zsh", 'eval "$(awsprof init zsh)"'),
        ("/usr/local/bin/fish", "awsprof init fish | source"),
        ("/usr/bin/pwsh", "Invoke-Expression (& awsprof init powershell | Out-String)"),
        ("/bin/tcsh", INIT),
        ("", INIT),
    ],
)
def test_the_users_own_shell(awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch, shell: str, line: str) -> None:
    """The line is for the user's shell, and for bash where there is no integration with it."""
    monkeypatch.setenv("SHELL", shell)
    assert begin(awsprof())[1] == [ADD, LOGIN, line]


def test_keys_in_plain_text(awsprof: CommandLine, home: Path) -> None:
    """Old profiles with keys are named, three of them, and import comes first."""
    write_config(home, "".join(f"[old{number}]\n{KEYS}" for number in range(5)), "credentials")
    found, commands = begin(awsprof())
    assert found == "There are keys in plain text: old0, old1, old2 and 2 more"
    assert commands == [IMPORT, LOGIN, DOCTOR]


def test_profiles_of_other_names(awsprof: CommandLine, home: Path) -> None:
    """A sign-in of Identity Center has no keys, and import renames it."""
    write_config(home, "[profile corp]\nsso_session = corp\n")
    assert begin(awsprof()) == ("There are profiles of other names: corp", [IMPORT, LOGIN, DOCTOR])


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        (f"[default]\n{KEYS}", ["awsprof import default --as PRODUCT ENV USER", LOGIN, "awsprof default"]),
        ("[default]\nregion = eu-west-1\n", ["awsprof default", ADD, LOGIN]),
        ("[DEFAULT]\nregion = eu-west-1\n", ["awsprof default", ADD, LOGIN]),
    ],
    ids=["keys", "region", "lent"],
)
def test_a_default(awsprof: CommandLine, home: Path, text: str, commands: list[str]) -> None:
    """A default is what to be rid of first."""
    path = write_config(home, text)
    found, shown = begin(awsprof())
    assert found == (
        f"There is a default, which every command uses that names no profile: {text.splitlines()[0]} in {path}"
    )
    assert shown == commands


@pytest.mark.parametrize(("credentials", "third"), [("", INIT), (f"[old]\n{KEYS}", IMPORT)])
def test_a_team_file(awsprof: CommandLine, home: Path, credentials: str, third: str) -> None:
    """In a product's repository joining it comes first."""
    write_config(home, credentials, "credentials")
    (home / ".awsprof.toml").write_text(TEAM)
    found, commands = begin(awsprof())
    assert found == f"{home}/.awsprof.toml says which accounts autochart has"
    assert commands == ["awsprof product join", LOGIN, third]


@pytest.mark.parametrize("name", ["config", "credentials"])
@pytest.mark.parametrize(
    ("data", "line"),
    [(b"[default]\nregion\n", 2), (b"\xef\xbb\xbf[default]\n", 1), (b"# \xff\n", 1), (b"[a]\n[a]\n", 2)],
    ids=["torn", "byte-order mark", "not UTF-8", "twice"],
)
def test_a_broken_file(awsprof: CommandLine, home: Path, name: str, data: bytes, line: int) -> None:
    """What botocore would refuse is for doctor first, also beside a profile of the convention."""
    write_config(home, "[profile autochart_dev_paul]\nregion = eu-west-1\n")
    path = write_config(home, "", name)
    path.write_bytes(data)
    found, commands = begin(awsprof())
    assert found.startswith(f"{path}, line {line}: ")
    assert commands == [DOCTOR, "awsprof doctor --fix", "awsprof"]


def test_a_directory_in_a_files_place(awsprof: CommandLine, home: Path) -> None:
    """What cannot be read is said, and no traceback."""
    (home / ".aws" / "config").mkdir(parents=True)
    found, commands = begin(awsprof())
    assert str(home / ".aws" / "config") in found
    assert commands[0] == DOCTOR


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(awsprof: CommandLine, home: Path) -> None:
    """Nor one that is not to be read."""
    write_config(home, "[default]\n").chmod(0)
    assert begin(awsprof())[1][0] == DOCTOR


@pytest.mark.parametrize("place", ["settings", "team file"])
def test_what_is_unsound_of_awsprofs_own(awsprof: CommandLine, home: Path, place: str) -> None:
    """A setting or a team file that makes no sense is the error that it is for every command, with its line."""
    if place == "settings":
        path = write_settings(home, "\nnothing = 1\n")
    else:
        path = home / ".awsprof.toml"
        path.write_text("\nnothing = 1\n")
    outcome = awsprof()
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.lower().startswith(f"error: {path}, line 2: there is no ".lower())


def test_a_default_is_not_for_import(awsprof: CommandLine, home: Path) -> None:
    """Not even where it has keys and another profile has none."""
    write_config(home, f"[default]\n{KEYS}[profile corp]\nsso_session = corp\n")
    assert begin(awsprof())[0] == "There are profiles of other names: corp"
    (home / ".awsprof.toml").write_text(TEAM)
    assert begin(awsprof())[1][2] == INIT


def test_names_are_shown_escaped(awsprof: CommandLine, home: Path) -> None:
    """What others wrote into files reaches no terminal as it is."""
    write_config(home, f"[\x1b[2J]\n{KEYS}", "credentials")
    assert "\\x1b[2J" in begin(awsprof())[0]


def test_no_secret_is_shown(awsprof: CommandLine, home: Path) -> None:
    """Keys are counted among what there is, and not shown."""
    write_config(home, f"[old]\n{KEYS}", "credentials")
    assert "EXAMPLE" not in awsprof().stdout


def test_help_when_something_is_set_up(awsprof: CommandLine, home: Path) -> None:
    """With one profile of the convention it is the help, beside whatever else there is."""
    write_config(home, "[profile autochart_dev_paul]\nregion = eu-west-1\n")
    write_config(home, f"[old]\n{KEYS}", "credentials")
    outcome = awsprof()
    assert outcome == awsprof("--help")
    assert (outcome.status, outcome.stdout[:6]) == (0, "Usage:")


def test_nothing_is_written(awsprof: CommandLine, home: Path) -> None:
    """Looking leaves no trace."""
    write_config(home, f"[old]\n{KEYS}", "credentials")
    before = sorted(home.rglob("*"))
    awsprof()
    assert sorted(home.rglob("*")) == before
