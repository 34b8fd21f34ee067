"""The whole command line: help, errors in words and in JSON, Ctrl-C, and secrets that stay inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

import awsprof as package
from awsprof.cli.main import _COMMANDS, main
from awsprof.errors import VaultError
from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import session_file, store_seed, write_config, write_settings, wrong_code

if TYPE_CHECKING:
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey
    from tests.test_cli.conftest import Identity


@pytest.mark.parametrize("name", _COMMANDS)
def test_help_is_the_commands_own(name: str) -> None:
    """The line in ``--help`` is the first of the command's own help."""
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert _COMMANDS[name].help == (command.help or "").strip().splitlines()[0]


def test_version(awsprof: CommandLine) -> None:
    """--version prints one line."""
    assert awsprof("--version") == Outcome(0, f"awsprof {package.__version__}\n", "")


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_has_the_common_options(awsprof: CommandLine, name: str) -> None:
    """--help works everywhere, and shows --quiet and --debug on all that run."""
    outcome = awsprof(name, "--help")
    assert (outcome.status, outcome.stderr) == (0, "")
    if not isinstance(main.get_command(click.Context(main), name), click.Group):
        assert "--quiet" in outcome.stdout
        assert "--debug" in outcome.stdout


# Errors.


@pytest.mark.parametrize(
    ("words", "status", "message", "hint"),
    [
        (
            ["show", "prod", "--json"],
            3,
            "No profile matches 'prod'",
            "'awsprof list' shows the profiles there are; 'awsprof add PRODUCT ENV USER' makes one.",
        ),
        (
            ["show", "--json"],
            2,
            "No profile is named, and AWS_PROFILE is not set",
            "Name one, as in 'prod'.",
        ),
        (
            ["add", "autochart", "Dev", "paul", "--json"],
            2,
            "'Dev' cannot be an env: a-z, 0-9, '.' and '-' only, a letter or digit at both ends, at most 32 characters",
            "The nearest good spelling is 'dev'.",
        ),
        (["list", "--josn", "--json"], 2, None, "'awsprof list --help' shows how it is used."),
        (["show", "a", "b", "--json"], 2, None, "'awsprof show --help' shows how it is used."),
        (
            ["lst", "--json"],
            2,
            "There is no command 'lst'; did you mean 'list'?",
            "'awsprof --help' shows how it is used.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_errors_as_json(
    awsprof: CommandLine, words: list[str], status: int, message: str | None, hint: str | None
) -> None:
    """Under --json an error is one object on stderr, with the exit status, and stdout stays empty."""
    outcome = awsprof(*words)
    assert (outcome.status, outcome.stdout) == (status, "")
    table = json.loads(outcome.stderr)
    assert table == {
        "version": 1,
        "error": {"status": status, "message": message or table["error"]["message"], "hint": hint},
    }


@pytest.mark.parametrize(
    "words",
    [
        ["login", "dev", "--json"],
        ["status", "dev", "--json", "--product", "Bad"],
        ["whoami", "dev", "--json"],
        ["add", "autochart", "dev", "paul", "--json"],
        ["settings", "list", "--json"],
        ["vault", "status", "--json"],
        ["list", "--json"],
    ],
    ids=" ".join,
)
def test_errors_of_every_kind_as_json(awsprof: CommandLine, dev: Identity, home: Path, words: list[str]) -> None:
    """Every command that prints JSON fails in JSON."""
    if words[0] == "settings":
        write_settings(home, "broken")
    if words[0] == "vault":
        awsprof.vault.status = _refuse  # type: ignore[method-assign]  # the fake's status never fails
    if words[0] == "list":
        write_config(home, "broken")
    outcome = awsprof(*words)
    assert outcome.stdout == ""
    error = json.loads(outcome.stderr)["error"]
    assert error["status"] == outcome.status != 0
    assert sorted(error) == ["hint", "message", "status"]


def _refuse() -> None:
    raise VaultError("The vault is gone")


def test_warnings_do_not_break_json(awsprof: CommandLine, without_mfa: AccessKey, home: Path) -> None:
    """A warning goes to stderr, and stdout is still one object."""
    write_settings(home, 'protected_envs = ["legacy"]\n')
    outcome = awsprof("login", "legacy", "--json")
    assert outcome.stderr.startswith("Warning: ")
    assert json.loads(outcome.stdout)["version"] == 1


@pytest.mark.parametrize(
    ("words", "nearest"),
    [(["lgoin"], "login"), (["stauts"], "status"), (["zzz"], None)],
    ids=["lgoin", "stauts", "zzz"],
)
def test_unknown_commands(awsprof: CommandLine, words: list[str], nearest: str | None) -> None:
    """A command that is not there is exit 2, with the nearest name."""
    outcome = awsprof(*words)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert (f"did you mean '{nearest}'?" in outcome.stderr) == (nearest is not None)


@pytest.mark.parametrize(
    "words",
    [
        ["add", "autochart", "dev", "paul"],
        ["login", "dev"],
        ["exec", "dev", "--", "true"],
        ["export", "dev"],
        ["whoami", "dev"],
        ["credential-process", "autochart_dev_paul"],
        ["remove", "dev"],
    ],
    ids=lambda words: words[0],
)
def test_ctrl_c(awsprof: CommandLine, dev: Identity, words: list[str]) -> None:
    """Ctrl-C at any question is exit 130, with no more than a line end."""
    if words[0] == "add":
        words = [*words[:2], "test", "paul"]
    outcome = awsprof(*words, answers=[])
    assert (outcome.status, outcome.stdout, outcome.stderr) == (130, "", "\n")
    assert awsprof.became == []


# Secrets.


@pytest.mark.parametrize("debug", [["--debug"], []], ids=["debug", "plain"])
def test_no_command_tells_a_secret(
    awsprof: CommandLine, logged_in: Identity, paul_in_prod: Identity, home: Path, debug: list[str], aws: LocalAWS
) -> None:
    """Whatever is run, well or badly, with --debug or without: no key, token or seed in any output or file."""
    store_seed(awsprof, logged_in)
    dev, secret = logged_in, logged_in.key.secret
    answer = json.loads(session_file(home, dev.profile).read_text().splitlines()[1])
    known = [secret, paul_in_prod.key.secret, answer["SecretAccessKey"], answer["SessionToken"], str(dev.device.seed)]
    said = []
    for words, stdin in [
        (["add", "autochart", "prod", "paul", "--from", "-", "--region", "eu-west-1"], paul_in_prod.two_lines),
        (["add", "autochart", "prod", "paul", "--from", "-"], paul_in_prod.two_lines),
        (["add", "autochart", "test", "paul", "--from", "-"], f"{paul_in_prod.key.id}\n{secret}\n"),
        (["add", "autochart", "test", "paul", "--from", "-"], f"{secret}\n{secret}\n"),
        (["add", "autochart", "test", "paul", "--from", "-"], secret),
        (["add", "autochart", "test", "paul", "--from", "-"], f'{{"AccessKeyId": "{secret}"'),
        (["list", "--json"], ""),
        (["show", "dev"], ""),
        (["login", "dev", "--force"], ""),
        (["login", "prod", "--code", wrong_code(paul_in_prod)], ""),
        (["status"], ""),
        (["whoami", "dev"], ""),
        (["exec", "dev", "--", "true"], ""),
        (["settings", "list"], ""),
        (["logout", "dev"], ""),
        (["remove", "prod", "--delete-key", "--yes"], ""),
        (["remove", "dev", "--yes"], ""),
    ]:
        at = words.index("--") if "--" in words else len(words)
        outcome = awsprof(*words[:at], *debug, *words[at:], stdin=stdin)
        said.append(outcome.stdout + outcome.stderr)
    sessions = home / ".cache" / "awsprof" / "sessions"
    said += [path.read_text("latin-1") for path in home.rglob("*") if path.is_file() and sessions not in path.parents]
    assert [text for text in said if any(one in text for one in known)] == []


def test_an_unforeseen_failure_tells_no_secret(
    awsprof: CommandLine, dev: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a fault of ours is one sentence; --debug adds a traceback, and that shows no values."""

    def fail(item: str) -> str:
        raise RuntimeError(f"about {dev.key.secret}")

    awsprof.vault.get = fail  # type: ignore[method-assign]  # no class of ours fails like this
    assert awsprof("login", "dev", "--code", dev.device.code()) == Outcome(
        1, "", "Error: awsprof failed unexpectedly (RuntimeError).\nRun it again with --debug.\n"
    )
    outcome = awsprof("login", "dev", "--code", dev.device.code(), "--debug")
    assert outcome.status == 1
    assert "RuntimeError" in outcome.stderr
    assert dev.key.secret not in outcome.stderr


def test_debug_shows_the_calls(awsprof: CommandLine, dev: Identity) -> None:
    """--debug shows each call with its region and outcome, on stderr."""
    outcome = awsprof("login", "dev", "--code", dev.device.code(), "--debug")
    assert outcome.status == 0
    lines = [line.split(",")[0] for line in outcome.stderr.splitlines()]
    called = ("sts GetSessionToken", "sts GetCallerIdentity", "iam ListAccountAliases")
    assert lines == [f"debug: {call} in eu-west-1: ok" for call in called]


# The real process.


@pytest.mark.parametrize(
    ("words", "status"),
    [(["list"], 0), (["show", "x"], 3), (["remove", "autochart_dev_paul"], 2), (["export", "autochart_dev_paul"], 8)],
    ids=lambda words: words[0] if isinstance(words, list) else "",
)
def test_as_a_process(dev: Identity, words: list[str], status: int) -> None:
    """The program itself ends with the same statuses; without a terminal it asks nobody, though stdin has lines."""
    done = subprocess.run(
        [sys.executable, "-m", "awsprof", *words],
        input="y\n" * 9,
        env=dict(os.environ),
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status


def test_a_reader_that_leaves_is_no_error_message(dev: Identity) -> None:
    """``awsprof list | head -0`` says nothing of broken pipes."""
    program = f"{sys.executable} -c 'import time; time.sleep(1)' | {sys.executable} -m awsprof list --json | :"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
