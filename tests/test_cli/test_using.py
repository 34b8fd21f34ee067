"""``awsprof exec``, ``export`` and ``whoami``: a profile's credentials handed on, and whose they are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import DEV, OTHER, REGION, session_file, write_config, write_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey
    from tests.test_cli.conftest import Identity

NAME = "autochart_dev_paul"
NO_SESSION = Outcome(8, "", f"Error: {NAME} has no live session.\nRun 'awsprof login {NAME}'.\n")

TAKEN_OUT = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SESSION_EXPIRATION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_SOMETHING_NEW",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
]
TAKEN_OUT_BY_EXEC = [
    "AWS_DEV_PROFILE",
    "AWS_PROD_ACCESS_KEY_ID",
    "AWS_PROD_SECRET_ACCESS_KEY",
    "AWS_PROD_EU_SESSION_TOKEN",
]
KEPT = ["AWS_CONFIG_FILE", "AWS_CA_BUNDLE", "AWS_MAX_ATTEMPTS", "AWS_PROFILE_NOTE", "MY_AWS_PROFILE", "AWSPROF_VAULT"]


def handed_over(home: Path, name: str = NAME) -> dict[str, str]:
    """What a command finds set, by the session in the cache."""
    answer = json.loads(session_file(home, name).read_text().splitlines()[1])
    product, env, user = name.split("_")
    return {
        "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
        "AWS_SESSION_TOKEN": answer["SessionToken"],
        "AWS_CREDENTIAL_EXPIRATION": answer["Expiration"],
        "AWS_SESSION_EXPIRATION": answer["Expiration"],
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWSPROF_PROFILE": name,
        "AWSPROF_PRODUCT": product,
        "AWSPROF_ENV": env,
        "AWSPROF_USER": user,
    }


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """An environment in which everything is set that could lead a tool elsewhere."""
    for name in [*TAKEN_OUT, *TAKEN_OUT_BY_EXEC, *KEPT]:
        monkeypatch.setenv(name, f"stale {name}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / ".aws" / "config"))
    monkeypatch.setenv("AWS_PROFILE", NAME)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWSPROF_PROFILE", "AWSPROF_PRODUCT", "AWSPROF_ENV"):
        monkeypatch.setenv(name, "stale")


# exec.


def test_exec_makes_the_environment(awsprof: CommandLine, logged_in: Identity, home: Path, crowded: None) -> None:
    """The command gets the profile's credentials, nothing that leads elsewhere, and all the rest as it was."""
    assert awsprof("exec", NAME, "--", "sls", "deploy") == Outcome(0, "", "")
    ((command, environ),) = awsprof.became
    out = {*TAKEN_OUT, *TAKEN_OUT_BY_EXEC}
    rest = {name: value for name, value in os.environ.items() if name not in out}
    assert command == ["sls", "deploy"]
    assert environ == {**rest, **handed_over(home)}


def test_exec_without_mfa_hands_over_the_keys(
    awsprof: CommandLine, without_mfa: AccessKey, crowded: None, home: Path, aws: LocalAWS
) -> None:
    """A profile without MFA gives its keys: no token, no expiration, no call."""
    assert awsprof("exec", "autochart_legacy_paul", "--", "true").status == 0
    ((_, environ),) = awsprof.became
    set_here = {name: value for name, value in environ.items() if os.environ.get(name) != value}
    assert set_here == {
        "AWS_ACCESS_KEY_ID": without_mfa.id,
        "AWS_SECRET_ACCESS_KEY": without_mfa.secret,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWSPROF_PROFILE": "autochart_legacy_paul",
        "AWSPROF_PRODUCT": "autochart",
        "AWSPROF_ENV": "legacy",
        "AWSPROF_USER": "paul",
    }
    assert not set(environ).intersection(TAKEN_OUT[2:])
    assert aws.calls == []


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["dev", "--", "make", "deploy"], ["make", "deploy"]),
        (["dev", "--", "make", "--", "-x"], ["make", "--", "-x"]),
        (
            ["dev", "--", "make", "--product", "x", "--help", "--json", "--debug"],
            ["make", "--product", "x", "--help", "--json", "--debug"],
        ),
        (["--product", "autochart", "dev", "--user", "paul", "--", "make"], ["make"]),
        (["--exact", NAME, "--", "make"], ["make"]),
        (["dev", "make", "-j", "--exact"], ["make", "-j", "--exact"]),
        (["dev", "--", ""], [""]),
    ],
    ids=" ".join,
)
def test_exec_leaves_the_commands_words_alone(
    awsprof: CommandLine, logged_in: Identity, words: list[str], command: list[str]
) -> None:
    """What stands behind -- is the command's, options and all."""
    assert awsprof("exec", *words).status == 0
    assert [became for became, _ in awsprof.became] == [command]


def test_exec_on_the_active_profile(awsprof: CommandLine, logged_in: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no selector it is AWS_PROFILE."""
    assert awsprof("exec", "--", "make").status == 2
    monkeypatch.setenv("AWS_PROFILE", NAME)
    assert awsprof("exec", "--", "make").status == 0


@pytest.mark.parametrize("words", [["dev"], ["dev", "--"], ["--"], [], ["dev", "prod", "--", "x"]], ids=" ".join)
def test_exec_needs_one_selector_and_a_command(awsprof: CommandLine, logged_in: Identity, words: list[str]) -> None:
    """Anything else is exit 2, and nothing is started."""
    assert awsprof("exec", *words).status == 2
    assert awsprof.became == []


@pytest.mark.parametrize("command", [["exec", NAME, "--", "make"], ["export", NAME], ["whoami", NAME]])
def test_needs_a_session(awsprof: CommandLine, dev: Identity, aws: LocalAWS, command: list[str]) -> None:
    """With no session and no terminal it is exit 8 with the command to run, and nothing is started."""
    assert awsprof(*command) == NO_SESSION
    assert awsprof.became == []
    assert aws.calls == []


@pytest.mark.parametrize("command", [["exec", "dev", "--", "make"], ["export", "dev"], ["whoami", "dev"]])
def test_logs_in_first_at_a_terminal(awsprof: CommandLine, dev: Identity, command: list[str]) -> None:
    """At a terminal the code is asked for first."""
    outcome = awsprof(*command, answers=[dev.device.code()])
    assert (outcome.status, outcome.stderr) == (0, "")
    assert awsprof.terminal.questions == [f"MFA code for {NAME}: "]


def test_exec_warns_of_a_protected_profile_without_mfa(
    awsprof: CommandLine, without_mfa: AccessKey, home: Path
) -> None:
    """A protected env that only a key protects is one line on stderr."""
    write_settings(home, 'protected_envs = ["legacy"]\n')
    outcome = awsprof("exec", "legacy", "--", "make")
    assert (outcome.status, outcome.stdout) == (0, "")
    assert outcome.stderr.startswith("Warning: autochart_legacy_paul is protected")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["exec", "export"])
def test_read_only_is_for_roles(awsprof: CommandLine, logged_in: Identity, command: str) -> None:
    """--read-only on anything but a role is exit 2: GetSessionToken takes no policy."""
    assert awsprof(command, "--read-only", "dev", *(["--", "make"] if command == "exec" else [])).status == 2
    assert awsprof.became == []


@pytest.fixture
def really(logged_in: Identity, home: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line as a process, which finds the session in the cache."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "awsprof", *words]
        environ = {**os.environ, "PYTHONPATH": os.getcwd()}
        return subprocess.run(program, env=environ, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.mark.parametrize(
    ("script", "status", "stdout"),
    [
        ("echo $AWSPROF_PROFILE; exit 3", 3, f"{NAME}\n"),
        ("kill -TERM $$", -signal.SIGTERM, ""),
        ("kill -PIPE $$", -signal.SIGPIPE, ""),
        ('printf "%s|" "$0" "$@"', 0, "a b|$HOME|*||"),
    ],
    ids=["status", "TERM", "PIPE", "words"],
)
def test_exec_becomes_the_command(
    really: Callable[..., subprocess.CompletedProcess[str]], script: str, status: int, stdout: str
) -> None:
    """Exit status, signals and output are the command's own, and its words reach it unchanged."""
    done = really("exec", "dev", "--", "sh", "-c", script, "a b", "$HOME", "*", "")
    assert (done.returncode, done.stdout, done.stderr) == (status, stdout, "")


@pytest.mark.parametrize(
    ("command", "status"),
    [("no-such-command", 127), ("./missing/command", 127), ("./plain", 126), (".", 126), ("./plain/x", 127)],
)
def test_exec_that_cannot_start(
    really: Callable[..., subprocess.CompletedProcess[str]], home: Path, command: str, status: int
) -> None:
    """A command that is not there is 127, one that cannot be run 126, and it is named."""
    (home / "plain").write_text("no program")
    done = really("exec", "dev", "--", command)
    assert (done.returncode, done.stdout) == (status, "")
    assert f"'{command}'" in done.stderr


# export.

# What every shell must be kept from reading as its own.
NASTY = "it's \"$(touch oops)\" `touch oops` \\ %PATH% ! & | < > ~ * $HOME \\' \u2019"


@pytest.fixture
def nasty(awsprof: CommandLine, logged_in: Identity, home: Path) -> str:
    write_config(home, awsprof.config.replace(f"region = {REGION}", f"region = {NASTY}"))
    return NASTY


def test_export_prints_sh(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """Without --format it is sh: what must not stay is unset, the rest exported."""
    lines = awsprof("export", "dev").stdout.splitlines()
    unset = [line.split(" ")[1] for line in lines if line.startswith("unset ")]
    exported = [line for line in lines if line.startswith("export ")]
    assert len(lines) == len(unset) + len(exported)
    assert exported == [f"export {name}={value}" for name, value in handed_over(home).items()]
    fixed = [name for name in TAKEN_OUT if name not in handed_over(home) and name != "AWS_CONTAINER_SOMETHING_NEW"]
    assert sorted(unset) == sorted(fixed)


@pytest.mark.parametrize(
    ("shell", "style", "words"),
    [
        ("sh", "sh", ["-euc", 'eval "$(cat code)"; exec "$0" dump']),
        ("bash", "sh", ["-euo", "pipefail", "-c", 'source ./code; exec "$0" dump']),
        ("zsh", "sh", ["-fec", 'source ./code; exec "$0" dump']),
        ("fish", "fish", ["--no-config", "-c", "source code; exec $argv[1] dump"]),
    ],
)
def test_shells_take_it_in(
    awsprof: CommandLine,
    nasty: str,
    crowded: None,
    home: Path,
    tool: Callable[[str], str],
    shell: str,
    style: str,
    words: list[str],
) -> None:
    """The real shell ends up with exactly these variables, whatever is in a value, and without those taken out."""
    outcome = awsprof("export", NAME, "--format", style)
    assert (outcome.status, outcome.stderr) == (0, "")
    (home / "code").write_text(outcome.stdout)
    (home / "dump").write_text("import json, os; print(json.dumps(dict(os.environ)))")
    done = subprocess.run([tool(shell), *words, sys.executable], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    environ = json.loads(done.stdout)
    wanted = {**handed_over(home), "AWS_REGION": nasty, "AWS_DEFAULT_REGION": nasty}
    assert {name: environ[name] for name in wanted} == wanted
    assert not set(environ).intersection(TAKEN_OUT).difference(wanted)
    assert not (home / "oops").exists()


def test_export_prints_json(awsprof: CommandLine, nasty: str, home: Path) -> None:
    """json holds what is set, as one object."""
    outcome = awsprof("export", "dev", "--format", "json")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout) == {**handed_over(home), "AWS_REGION": nasty, "AWS_DEFAULT_REGION": nasty}


def test_export_prints_dotenv(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """dotenv holds what is set, in single quotes, in which its readers know no escapes."""
    expected = "".join(f"{name}='{value}'\n" for name, value in handed_over(home).items())
    assert awsprof("export", "dev", "--format", "dotenv") == Outcome(0, expected, "")


def test_export_prints_powershell(awsprof: CommandLine, nasty: str, home: Path) -> None:
    """PowerShell takes single quotes, of which it knows five, doubled."""
    lines = awsprof("export", "dev", "--format", "powershell").stdout.splitlines()
    quoted = nasty.replace("'", "''").replace("\u2019", "\u2019\u2019")
    assert f"$Env:AWS_REGION = '{quoted}'" in lines
    assert "Remove-Item -ErrorAction Ignore Env:AWS_PROFILE" in lines
    assert f"$Env:AWS_ACCESS_KEY_ID = '{handed_over(home)['AWS_ACCESS_KEY_ID']}'" in lines


def test_export_prints_cmd(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """cmd.exe takes plain values only."""
    lines = awsprof("export", "dev", "--format", "cmd").stdout.splitlines()
    assert [line for line in lines if not line.endswith('="')] == [
        f'set "{name}={value}"' for name, value in handed_over(home).items()
    ]
    assert 'set "AWS_PROFILE="' in lines


@pytest.mark.parametrize("style", ["cmd", "dotenv"])
def test_export_refuses_what_a_format_cannot_hold(awsprof: CommandLine, nasty: str, style: str) -> None:
    """A value that a format has no safe spelling for is exit 2, and nothing is printed."""
    outcome = awsprof("export", "dev", "--format", style)
    assert (outcome.status, outcome.stdout) == (2, "")


def test_export_refuses_an_unknown_format(awsprof: CommandLine, logged_in: Identity) -> None:
    """An unknown format is exit 2 with those there are."""
    outcome = awsprof("export", "dev", "--format", "tcsh")
    assert outcome.status == 2
    assert "powershell" in outcome.stderr


# whoami.


@pytest.mark.parametrize("alias", ["autochart-dev", None])
def test_whoami_as_json(awsprof: CommandLine, aws: LocalAWS, logged_in: Identity, alias: str | None) -> None:
    """``whoami`` asks STS for account and ARN, and IAM for the alias; where IAM says no, it is null."""
    if alias is None:
        deny = {"Effect": "Deny", "Action": "iam:ListAccountAliases", "Resource": "*"}
        logged_in.user.put_policy("deny", {"Version": "2012-10-17", "Statement": [deny]})
    outcome = awsprof("whoami", "dev", "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    table = json.loads(outcome.stdout)
    assert table.pop("user_id").startswith("AIDA")
    assert table == {"version": 1, "profile": NAME, "account_id": DEV, "alias": alias, "arn": logged_in.user.arn}


def test_whoami_in_words(awsprof: CommandLine, logged_in: Identity, without_mfa: AccessKey) -> None:
    """A person gets a line; an account without an alias shows its id alone."""
    arn = logged_in.user.arn
    assert awsprof("whoami", "dev") == Outcome(0, f"{NAME}: account {DEV} (autochart-dev), {arn}\n", "")
    assert awsprof("whoami", "legacy") == Outcome(
        0, f"autochart_legacy_paul: account {OTHER}, arn:aws:iam::{OTHER}:user/paul\n", ""
    )


def test_whoami_teaches_the_alias(awsprof: CommandLine, logged_in: Identity) -> None:
    """An alias once learned is shown by the commands that ask nobody."""
    awsprof("whoami", "dev")
    assert json.loads(awsprof("show", "dev", "--json").stdout)["profile"]["alias"] == "autochart-dev"
    assert f"{DEV} (autochart-dev)" in awsprof("list").stdout


def test_whoami_of_a_session_that_aws_no_longer_takes(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """A session that AWS refuses is exit 7."""
    aws.fail("GetCallerIdentity", status=403, code="ExpiredToken", times=9)
    outcome = awsprof("whoami", "dev")
    assert (outcome.status, outcome.stdout) == (7, "")
    assert "expired" in outcome.stderr
