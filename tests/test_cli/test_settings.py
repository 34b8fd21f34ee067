"""``awsprof settings``: what config.toml may hold, and how it is changed without losing a comment."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import write_settings

if TYPE_CHECKING:
    from pathlib import Path

DEFAULTS = {
    "user": None,
    "region": None,
    "protected_envs": [],
    "session_store": "file",
    "session_duration": "12h",
    "protected_session_duration": "1h",
    "mfa_command": [],
    "vault": "auto",
    "browser": None,
    "console_services": [],
    "release": True,
    "prompt_format": None,
    "prompt_ascii": False,
}


def test_lists_them_all(awsprof: CommandLine) -> None:
    """``list`` prints every setting with its value or default."""
    assert json.loads(awsprof("settings", "list", "--json").stdout) == {"version": 1, "settings": DEFAULTS}
    assert awsprof("settings", "list") == Outcome(
        0,
        "user =\n"
        "region =\n"
        "protected_envs = []\n"
        "session_store = file\n"
        "session_duration = 12h\n"
        "protected_session_duration = 1h\n"
        "mfa_command = []\n"
        "vault = auto\n"
        "browser =\n"
        "console_services = []\n"
        "release = true\n"
        "prompt_format =\n"
        "prompt_ascii = false\n",
        "",
    )


@pytest.mark.parametrize(
    ("key", "words", "line", "shown"),
    [
        ("user", ["paul"], 'user = "paul"', "paul"),
        ("region", ["eu-west-1"], 'region = "eu-west-1"', "eu-west-1"),
        ("protected_envs", ["legacy", "qa"], 'protected_envs = ["legacy", "qa"]', '["legacy", "qa"]'),
        ("session_store", ["vault"], 'session_store = "vault"', "vault"),
        ("session_duration", ["8h"], 'session_duration = "8h"', "8h"),
        ("protected_session_duration", ["90m"], 'protected_session_duration = "90m"', "90m"),
        (
            "mfa_command",
            ["--", "op", "--otp", 'a "b"'],
            """mfa_command = ["op", "--otp", "a \\"b\\""]""",
            '["op", "--otp", "a \\"b\\""]',
        ),
        ("vault", ["keyring"], 'vault = "keyring"', "keyring"),
        ("browser", ["firefox"], 'browser = "firefox"', "firefox"),
        ("console_services", ["s3"], 'console_services = ["s3"]', '["s3"]'),
        ("release", ["no"], "release = false", "false"),
        ("prompt_format", ["{env} "], 'prompt_format = "{env} "', "{env} "),
        ("prompt_ascii", ["true"], "prompt_ascii = true", "true"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
def test_sets_gets_and_unsets(
    awsprof: CommandLine, home: Path, key: str, words: list[str], line: str, shown: str
) -> None:
    """What is set stands in config.toml in TOML's words, is shown by ``get``, and goes with --unset."""
    path = home / ".config" / "awsprof" / "config.toml"
    assert awsprof("settings", "set", key, *words) == Outcome(0, "", "")
    assert path.read_text() == f"{line}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert awsprof("settings", "get", key) == Outcome(0, f"{shown}\n", "")
    assert awsprof("settings", "set", key, "--unset").status == 0
    assert json.loads(awsprof("settings", "list", "--json").stdout)["settings"] == DEFAULTS


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("user", ["Paul"]),
        ("user", ["default"]),
        ("user", ["paul", "petra"]),
        ("user", [""]),
        ("user", []),
        ("region", ["Mars"]),
        ("protected_envs", ["Legacy"]),
        ("protected_envs", ["default"]),
        ("protected_envs", []),
        ("session_store", ["memory"]),
        ("session_duration", ["5m"]),
        ("session_duration", ["37h"]),
        ("protected_session_duration", ["soon"]),
        ("vault", ["plain"]),
        ("browser", [""]),
        ("release", ["maybe"]),
        ("release", ["yes", "no"]),
        ("prompt_ascii", [""]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_refuses_bad_values(awsprof: CommandLine, home: Path, key: str, words: list[str]) -> None:
    """A value that cannot be is exit 2 and names the key; the file stays as it is."""
    path = write_settings(home, '# mine\nregion = "eu-west-1"\n')
    outcome = awsprof("settings", "set", key, *words)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert path.read_text() == '# mine\nregion = "eu-west-1"\n'


@pytest.mark.parametrize(
    "words", [["get", "regoin"], ["set", "regoin", "x"], ["set", "regoin", "--unset"]], ids=" ".join
)
def test_refuses_an_unknown_key(awsprof: CommandLine, home: Path, words: list[str]) -> None:
    """An unknown setting is exit 2 with the nearest name."""
    assert awsprof("settings", *words) == Outcome(
        2, "", "Error: There is no setting 'regoin'.\nDid you mean 'region'?\n"
    )
    assert not (home / ".config").exists()


def test_lists_the_keys_where_none_is_near(awsprof: CommandLine) -> None:
    """With no name near, all are named."""
    outcome = awsprof("settings", "get", "zzz")
    assert outcome.status == 2
    assert all(key in outcome.stderr for key in DEFAULTS)


def test_keeps_the_rest_of_the_file(awsprof: CommandLine, home: Path) -> None:
    """Comments, order and spacing of config.toml stay."""
    text = '# mine\n\nuser   =  "paul"  # me\n\n# where\nregion = "eu-west-1"\nprotected_envs = [\n  "qa",  # ours\n]\n'
    path = write_settings(home, text)
    assert awsprof("settings", "set", "region", "eu-north-1").status == 0
    assert path.read_text() == text.replace("eu-west-1", "eu-north-1")
    assert awsprof("settings", "set", "release", "no").status == 0
    assert path.read_text() == text.replace("eu-west-1", "eu-north-1") + "release = false\n"
    assert awsprof("settings", "set", "release", "--unset").status == 0
    assert path.read_text() == text.replace("eu-west-1", "eu-north-1")


def test_keeps_a_link_a_link(awsprof: CommandLine, home: Path) -> None:
    """A linked config.toml, as from a dotfiles repository, stays a link."""
    link = write_settings(home, "release = false\n")
    target = home / "dotfiles.toml"
    link.rename(target)
    link.symlink_to(target)
    assert awsprof("settings", "set", "release", "yes").status == 0
    assert link.is_symlink()
    assert target.read_text() == "release = true\n"


def test_keeps_windows_line_ends(awsprof: CommandLine, home: Path) -> None:
    """A file with CRLF keeps it."""
    path = write_settings(home, "")
    path.write_bytes(b'# mine\r\nregion = "eu-west-1"\r\n')
    assert awsprof("settings", "set", "region", "eu-north-1").status == 0
    assert path.read_bytes() == b'# mine\r\nregion = "eu-north-1"\r\n'


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("user = paul\n", ["config.toml", "line 1"]),
        ("release = true\nrelease = false\n", ["config.toml", "line 2"]),
        ('\nregoin = "eu-west-1"\n', ["regoin", "Did you mean 'region'?"]),
        ('region = "Mars"\n', ["config.toml", "region", "Mars"]),
        ("release = 1\n", ["config.toml", "release is true or false"]),
        ('protected_envs = "qa"\n', ["config.toml", "protected_envs is a list"]),
        ("session_duration = 12\n", ["config.toml", "session_duration"]),
        ("[user]\n", ["config.toml", "user"]),
    ],
)
@pytest.mark.parametrize(
    "command", [["list"], ["settings", "list"], ["settings", "set", "user", "petra"]], ids=" ".join
)
def test_refuses_a_bad_file(
    awsprof: CommandLine, home: Path, text: str, sentences: list[str], command: list[str]
) -> None:
    """A config.toml that cannot be read is exit 2, says where, and is not written over."""
    path = write_settings(home, text)
    outcome = awsprof(*command)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert all(sentence in outcome.stderr for sentence in sentences)
    assert path.read_text() == text


TEAM = 'product = "autochart"\n'


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("product = \n", [".awsprof.toml", "line 1"]),
        ('[envs.dev]\naccount_id = "111111111111"\n', [".awsprof.toml", "product is missing"]),
        (f'{TEAM}\nregoin = "x"\n', [".awsprof.toml, line 3", "'regoin'", "'region'"]),
        (f"{TEAM}\n[envs.dev]\nprotcted = true\n", [".awsprof.toml, line 4", "'protcted'", "'protected'"]),
        (f'{TEAM}mfa_command = "x"\n', [".awsprof.toml, line 2", "mfa_command"]),
        (f"{TEAM}[envs.dev]\naccount_id = 12\n", ["account id"]),
        (f'{TEAM}[envs.dev]\nprotected = "yes"\n', ["protected"]),
        (f'{TEAM}[envs.dev]\nstages = "dev"\n', ["stages"]),
        (f"{TEAM}[envs.Dev]\n", ["'Dev'", "'dev'"]),
        (f"{TEAM}[envs.default]\n", ["default"]),
        (f'{TEAM}region = "Mars"\n', ["Mars"]),
        ('product = "Auto"\n', ["'auto'"]),
    ],
)
def test_refuses_a_bad_team_file(awsprof: CommandLine, home: Path, text: str, sentences: list[str]) -> None:
    """A team file that says what it may not is exit 2, and says where."""
    (home / ".awsprof.toml").write_text(text)
    outcome = awsprof("list")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert all(sentence in outcome.stderr for sentence in sentences)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_ignores_another_users_team_file(awsprof: CommandLine, home: Path) -> None:
    """Another user's team file is passed over with a warning, whatever it says."""
    path = home / ".awsprof.toml"
    path.write_text("not even TOML")
    os.chown(path, 65_534, -1)
    assert awsprof("list", "--names") == Outcome(0, "", f"Warning: {path} is ignored: it is owned by another user.\n")


def test_a_format_that_cannot_be_filled_is_refused(awsprof: CommandLine) -> None:
    """Else every prompt would fail."""
    for text in ("{foo", "{nothing}"):
        assert awsprof("settings", "set", "prompt_format", text).status == 2
    assert "{foo" not in awsprof("settings", "list").stdout
