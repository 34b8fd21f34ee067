"""What a hostile or merely odd machine offers: each is met with a sentence, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.command_line import Outcome
from tests.test_cli.conftest import write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.command_line import CommandLine
    from tests.test_cli.conftest import Identity

NAME = "autochart_dev_paul"
PROFILE = f"[profile {NAME}]\nregion = eu-west-1\n"


def run_as_process(*words: str, closed: int | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own, with one of its streams closed."""
    redirect = "" if closed is None else f" {closed}>&-"
    return subprocess.run(
        ["/bin/sh", "-c", f'"$@"{redirect}', "sh", sys.executable, "-m", "awsprof", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_pipe_in_a_shared_files_place(awsprof: CommandLine, home: Path, name: str) -> None:
    """A named pipe is neither waited for nor replaced: exit 5."""
    write_config(home, PROFILE)
    (home / ".aws" / name).unlink(missing_ok=True)
    os.mkfifo(home / ".aws" / name)
    for words in (("list",), ("set", NAME, "output=json"), ("remove", NAME, "--yes")):
        outcome = awsprof(*words)
        assert (outcome.status, "is no plain file" in outcome.stderr) == (5, True)
    assert (home / ".aws" / name).is_fifo()


def test_device_in_a_shared_files_place(awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_SHARED_CREDENTIALS_FILE=/dev/null means that there is none; nothing is ever written to a device."""
    write_config(home, PROFILE)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    assert awsprof("list", "--names").stdout == f"{NAME}\n"
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/zero")
    assert awsprof("list").status == 5


@pytest.mark.parametrize("variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_shared_files_variable_that_is_empty(
    awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """It counts as unset; whoever changes something is told that botocore reads nothing there, and others are not."""
    write_config(home, PROFILE)
    monkeypatch.setenv(variable, "")
    assert awsprof("list", "--names") == Outcome(0, f"{NAME}\n", "")
    outcome = awsprof("set", NAME, "output=json")
    warning = f"Warning: {variable} is set and empty: the AWS CLI and boto3 read no file then; 'unset {variable}'.\n"
    assert (outcome.status, outcome.stderr.count(warning)) == (0, 1)
    assert "output = json" in (home / ".aws" / "config").read_text()
    monkeypatch.delenv(variable)
    assert "is set and empty" not in awsprof("set", NAME, "output=text").stderr


def test_pipe_in_the_team_files_place(awsprof: CommandLine, home: Path) -> None:
    """A team file that is a pipe is an error, not a wait."""
    os.mkfifo(home / ".awsprof.toml")
    outcome = awsprof("list")
    assert (outcome.status, "is no plain file" in outcome.stderr) == (2, True)


@pytest.mark.parametrize("text", ["product = " + "[" * 5000, "product = 1" + "1" * 6000])
def test_team_file_made_to_break_a_parser(awsprof: CommandLine, home: Path, text: str) -> None:
    """Deep nesting and endless numbers are errors of the file."""
    (home / ".awsprof.toml").write_text(text)
    assert (awsprof("list").status, awsprof("show", "dev").status) == (2, 2)


@pytest.mark.parametrize("key", ["prod", "product.x", "envs.dev.prod"])
def test_line_of_an_unknown_key_in_a_team_file(awsprof: CommandLine, home: Path, key: str) -> None:
    """The line is that of the key itself, and not of one that begins alike."""
    table, _, name = key.rpartition(".")
    head = f"[{table}]\n" if table.startswith("envs") else ""
    text = f'product = "autochart"\nregion = "eu-west-1"\n{head}{name} = 1\n'
    (home / ".awsprof.toml").write_text(text)
    assert f"line {4 if head else 3}: there is no key '{name}'" in awsprof("list").stderr


def test_output_that_cannot_be_written(home: Path) -> None:
    """A full disk behind stdout: one sentence and exit 1."""
    with open("/dev/full", "w") as full:
        words = [os.path.join(os.path.dirname(sys.executable), "awsprof"), "--version"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, "Error: No space left on device.\n")


def test_set_of_an_identity_drops_its_session(awsprof: CommandLine, logged_in: Identity) -> None:
    """A session of what the profile was is not one of what it is now."""
    assert awsprof("set", "dev", "aws_account_id=333333333333").status == 0
    assert awsprof("status", "dev").status == 8


def test_session_of_another_account_is_none(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """When the profile claims another account by hand, the cached session does not count for exec."""
    write_config(home, awsprof.config.replace("aws_account_id = 111111111111", "aws_account_id = 333333333333"))
    assert awsprof("exec", "dev", "--", "true").status == 8


def test_logout_all_forgets_sessions_of_profiles_that_are_gone(
    awsprof: CommandLine, logged_in: Identity, home: Path
) -> None:
    """A section taken out by hand leaves its session behind, which logout --all finds."""
    write_config(home, "")
    assert NAME in awsprof("logout", "--all").stdout
    assert list((home / ".cache" / "awsprof" / "sessions").iterdir()) == []


def test_delete_key_comes_last(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """Where the file cannot be changed the key at AWS is left alone."""
    (home / ".aws" / "config").chmod(0o400)
    outcome = awsprof("remove", "dev", "--delete-key", "--yes")
    assert (outcome.status, "read-only" in outcome.stderr) == (5, True)
    (home / ".aws" / "config").chmod(0o600)
    assert awsprof("whoami", "dev").status == 0
    assert awsprof("undo", "--list").stdout.count("remove") == 0


def test_rename_keeps_protected_accounts_apart(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """A name that would share a protected env's account is refused, unless forced."""
    write_config(home, awsprof.config + "\n[profile autochart_test_anna]\naws_account_id = 111111111111\n")
    words = ("rename", "autochart_test_anna", "autochart", "live", "anna", "--yes")
    assert awsprof(*words).status == 1
    assert awsprof(*words, "--force").status == 0


def test_closed_stderr_keeps_stdout_clean(home: Path) -> None:
    """What is meant for a closed stderr goes nowhere, least of all into an answer that a tool parses."""
    write_config(home, PROFILE)
    done = run_as_process("list", "--names", "--debug", closed=2)
    assert (done.returncode, done.stdout) == (0, f"{NAME}\n".encode())


def test_state_directory_that_is_a_file(awsprof: CommandLine, home: Path) -> None:
    """A file where the state directory should be is a sentence with its path, and nothing is changed."""
    write_config(home, PROFILE)
    (home / ".local").mkdir()
    (home / ".local" / "state").write_text("")
    for words in (("set", NAME, "output=json"), ("remove", NAME, "--yes")):
        outcome = awsprof(*words)
        assert outcome.status in (1, 5)
        assert "unexpectedly" not in outcome.stderr
    assert awsprof.config == PROFILE


def test_options_behind_the_selector_of_exec(awsprof: CommandLine, home: Path) -> None:
    """Without --, an option behind the selector is not taken for the command."""
    write_config(home, PROFILE)
    assert awsprof("exec", NAME, "--user", "paul", "true").status == 2
