"""``awsprof whoami`` without a selector: which identity each family of tools would use in this shell."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click.testing
import pytest

from awsprof.aws.calls import Aws
from awsprof.cli.main import main
from awsprof.cli.world import World
from tests.command_line import Outcome
from tests.test_cli.conftest import DEV, PROD, write_config
from tests.test_heavy.conftest import ALL
from tests.test_readers.real import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.command_line import CommandLine
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey
    from tests.test_cli.conftest import Identity

ACCOUNT = "444444444444"
PROFILES = (None, "", "good", "missing")
SECTIONS = {
    "no default": ("", ""),
    "default in credentials": ("", "[default]\n{default}"),
    "default in config": ("[default]\n{in-config}", ""),
    "DEFAULT in config": ("[DEFAULT]\n{lent}", ""),
    "profile default in config": ("[profile default]\n{spelled}", ""),
    "both spellings in config": ("[default]\n{in-config}\n[profile default]\n{spelled}", ""),
    "both files": ("[default]\n{in-config}", "[default]\n{default}"),
}
ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
USERS = ("good", "environment", "default", "in-config", "lent", "spelled")


@dataclass(frozen=True)
class Case:
    """One shell: what is set in it, and which default the files have."""

    profile: str | None
    default_profile: str | None
    keys: bool
    default: str
    load_config: bool

    def variables(self, keys: dict[str, AccessKey]) -> dict[str, str]:
        key = keys["environment"]
        wanted = {
            "AWS_PROFILE": self.profile,
            "AWS_DEFAULT_PROFILE": self.default_profile,
            "AWS_ACCESS_KEY_ID": key.id if self.keys else None,
            "AWS_SECRET_ACCESS_KEY": key.secret if self.keys else None,
            "AWS_SDK_LOAD_CONFIG": "1" if self.load_config else None,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def write(self, home: Path, keys: dict[str, AccessKey]) -> None:
        pairs = {
            name: f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n" for name, key in keys.items()
        }
        config, credentials = SECTIONS[self.default]
        files = home / ".aws"
        files.mkdir(parents=True)
        # {name} stands for the two lines of that user's key.
        (files / "config").write_text(f"[profile good]\nregion = eu-west-1\n{config.format_map(pairs)}")
        (files / "credentials").write_text(f"[good]\n{pairs['good']}{credentials.format_map(pairs)}")

    def by_go(self) -> str | None:
        """Whose key the SDK for Go v2 was seen to take, in each of these combinations; the tests build no Go."""
        if self.profile == "missing":
            return None
        if self.keys:
            return "environment"
        name = self.profile or self.default_profile or "default"
        defaults = {
            "default in credentials": "default",
            "default in config": "in-config",
            "profile default in config": "spelled",
            "both spellings in config": "spelled",
            "both files": "default",
        }
        return "good" if name == "good" else defaults.get(self.default) if name == "default" else None


CASES = [Case(*row, load_config=False) for row in itertools.product(PROFILES, PROFILES, (False, True), SECTIONS)]
LOADING = [replace(case, load_config=True) for case in CASES]


@pytest.fixture
def keys(aws: LocalAWS) -> dict[str, AccessKey]:
    """An access key for each place where one may stand, each of a user of its own."""
    return {name: aws.account(ACCOUNT).user(name).access_key() for name in USERS}


@pytest.fixture
def readers(tool: Callable[[str], str]) -> Iterator[list[Reader]]:
    found = [Reader.of_javascript(tool), Reader.of_boto3()]
    yield found
    for reader in found:
        reader.close()


class Shells:
    """Sets up one shell after the other, each in a home of its own."""

    def __init__(self, tmp_path: Path, keys: dict[str, AccessKey]) -> None:
        self._homes = tmp_path / "homes"
        self._keys = keys
        self._made = 0
        self._aws: Aws | None = None

    def environ(self, case: Case) -> dict[str, str]:
        self._made += 1
        home = self._homes / str(self._made)
        case.write(home, self._keys)
        kept = ("AWS_ENDPOINT_URL", "AWS_EC2_METADATA_DISABLED", "PATH")
        region = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
        common = {"HOME": str(home), **region, **{name: os.environ[name] for name in kept}}
        return {**common, **case.variables(self._keys)}

    def whoami(self, environ: dict[str, str]) -> tuple[int, dict[str, Any]]:
        world = World(environ=environ)
        # One for all, since it takes longest to read AWS's description of STS.
        self._aws = world.aws = self._aws or Aws(environ, world.trace)
        done = click.testing.CliRunner().invoke(main, ["whoami", "--json"], obj=world)
        return done.exit_code, json.loads(done.stdout)


@pytest.fixture
def shells(home: Path, tmp_path: Path, keys: dict[str, AccessKey]) -> Shells:
    return Shells(tmp_path, keys)


def arns(table: dict[str, Any]) -> dict[str, str | None]:
    """Who each tool is; None where it has no identity, and then it says why."""
    for row in table["tools"]:
        assert (row["arn"] is None) == (row["error"] is not None) == (row["account_id"] is None)
    return {row["tool"]: row["arn"] for row in table["tools"]}


@pytest.mark.heavy
def test_table_is_what_the_tools_do(shells: Shells, readers: list[Reader]) -> None:
    """In all combinations of AWS_PROFILE, AWS_DEFAULT_PROFILE, keys and defaults, boto3 and both SDKs do as it says."""
    wrong = []
    for case in [*CASES, *(LOADING if ALL else random.Random(8).sample(LOADING, 20))]:
        environ = shells.environ(case)
        status, table = shells.whoami(environ)
        told = arns(table)
        assert told["aws-cli"] == told["boto3"]
        real = {name: answer.get("arn") for reader in readers for name, answer in reader(environ, ask=True).items()}
        if real != {name: told[name] for name in real}:
            wrong.append((case, real, told))
        by_go = case.by_go()
        assert told["go"] == (f"arn:aws:iam::{ACCOUNT}:user/{by_go}" if by_go else None), case
        agree = len(set(told.values())) == 1
        assert table["agree"] == agree
        nothing = all(row["source"] == "none" for row in table["tools"])
        assert status == (8 if nothing else 0 if agree and told["boto3"] else 1)
    assert wrong == []


@pytest.mark.heavy
def test_table_is_what_the_aws_cli_does(shells: Shells) -> None:
    """The same for the real AWS CLI, which is botocore as boto3 is: each sort of case once; all of them with --all."""
    aws = str(Path(sys.executable).parent / "aws")
    chosen: dict[object, Case] = {}
    for case in random.Random(8).sample(CASES, len(CASES)):
        named = case.profile if case.default_profile is None else case.default_profile
        chosen.setdefault(case if ALL else (named, case.keys), case)
    for case in chosen.values():
        environ = shells.environ(case)
        told = arns(shells.whoami(environ)[1])["aws-cli"]
        command = [aws, "sts", "get-caller-identity", "--query", "Arn", "--output", "text"]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert (done.stdout.strip() or None) == told, (case, done.stderr)


# In words, and by other sources than keys.


def rows(text: str) -> dict[str, list[str]]:
    """The table by tool: source, profile, account, and who it is or why nobody."""
    lines = [line.split(maxsplit=4) for line in text.splitlines()]
    return {line[0]: line[1:] for line in lines if line[0] in ("aws-cli", "boto3", "js-v3", "js-v2", "go")}


def test_one_line_when_all_agree(
    awsprof: CommandLine, logged_in: Identity, monkeypatch: pytest.MonkeyPatch, aws: LocalAWS
) -> None:
    """With its session a profile of ours serves every tool; STS is asked once, and nobody for a code."""
    monkeypatch.setenv("AWS_PROFILE", logged_in.profile)
    monkeypatch.setenv("AWS_SDK_LOAD_CONFIG", "1")
    aws.clear_calls()
    outcome = awsprof("whoami", answers=[])
    why = "AWS_PROFILE names it; its credential_process serves it"
    line = f"All tools: account {DEV} (autochart-dev), {logged_in.user.arn} (profile {logged_in.profile}: {why})\n"
    assert outcome == Outcome(0, line, "")
    assert [call.action for call in aws.calls] == ["GetCallerIdentity"]
    assert awsprof.terminal.questions == []


def test_a_tool_that_cannot_use_the_profile(
    awsprof: CommandLine, logged_in: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JavaScript's v2 reads no config file of itself: exit 1, and the table says so."""
    monkeypatch.setenv("AWS_PROFILE", logged_in.profile)
    (awsprof.home / ".aws" / "credentials").touch()
    outcome = awsprof("whoami")
    assert (outcome.status, outcome.stderr) == (1, "")
    table = rows(outcome.stdout)
    assert table["go"] == ["process", logged_in.profile, DEV, f"(autochart-dev)  {logged_in.user.arn}"]
    assert table["js-v2"][:2] == ["error", logged_in.profile]
    way_out = f"'awsprof login {logged_in.profile} --write' puts it there, until the session ends"
    assert f"without AWS_SDK_LOAD_CONFIG=1 it reads no other; {way_out}.\n" in outcome.stdout
    assert "\naws-cli, boto3, js-v3, go: AWS_PROFILE names it; its credential_process serves it.\n" in outcome.stdout
    assert awsprof("login", logged_in.profile, "--write").status == 0
    assert awsprof("whoami").status == 0


def test_a_process_that_ends_in_a_profile_of_ours(
    awsprof: CommandLine, logged_in: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It serves every tool, and so it does here."""
    line = f"credential_process = env awsprof credential-process {logged_in.profile}\n"
    write_config(awsprof.home, f"{awsprof.config}\n[profile wrap]\n{line}")
    monkeypatch.setenv("AWS_PROFILE", "wrap")
    monkeypatch.setenv("AWS_SDK_LOAD_CONFIG", "1")
    outcome = awsprof("whoami")
    assert outcome.status == 0, outcome
    assert outcome.stdout.startswith(f"All tools: account {DEV} (autochart-dev), {logged_in.user.arn} (profile wrap: ")


def test_a_process_that_leads_in_a_circle(awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends, and every tool says so."""
    write_config(home, "[profile loop]\ncredential_process = env awsprof credential-process loop\n")
    monkeypatch.setenv("AWS_PROFILE", "loop")
    monkeypatch.setenv("AWS_SDK_LOAD_CONFIG", "1")
    outcome = awsprof("whoami", "--json")
    assert outcome.status == 1
    errors = {row["error"] for row in json.loads(outcome.stdout)["tools"]}
    assert errors == {"its credential_process fails with status 7"}


def test_no_session_is_said_and_not_asked_for(
    awsprof: CommandLine, dev: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even at a terminal nobody is asked for a code."""
    monkeypatch.setenv("AWS_PROFILE", dev.profile)
    monkeypatch.setenv("AWS_SDK_LOAD_CONFIG", "1")
    outcome = awsprof("whoami", "--json", answers=[])
    assert (outcome.status, outcome.stderr) == (1, "")
    row = {"source": "process", "profile": dev.profile, "account_id": None, "arn": None}
    error = f"no session: awsprof login {dev.profile}"
    tools = ["aws-cli", "boto3", "js-v3", "js-v2", "go"]
    wanted = [{"tool": tool, **row, "error": error} for tool in tools]
    assert json.loads(outcome.stdout) == {"version": 1, "agree": True, "tools": wanted}
    assert awsprof.terminal.questions == []


@pytest.mark.parametrize("words", [("--product", "autochart"), ("--user", "paul"), ("--exact",)])
def test_options_that_narrow_need_a_selector(awsprof: CommandLine, words: tuple[str, ...]) -> None:
    """Without one they would be passed over in silence."""
    assert awsprof("whoami", *words).status == 2


def test_nobody_at_all(awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no keys and no profile it is exit 8; instance metadata would be a tool's last hope, and is not asked."""
    outcome = awsprof("whoami")
    assert (outcome.status, outcome.stdout) == (8, "")
    assert outcome.stderr.startswith("Error: No tool has an identity here: no keys, and no profile 'default'.\n")
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    outcome = awsprof("whoami", "--json")
    assert (outcome.status, outcome.stderr) == (8, "")
    told = json.loads(outcome.stdout)
    assert told["agree"]
    assert {row["source"] for row in told["tools"]} == {"metadata"}
    assert all(row["error"].endswith("instance metadata, not asked") for row in told["tools"])


def test_default_is_told_of(awsprof: CommandLine, aws: LocalAWS, home: Path) -> None:
    """It says the truth about a default too, which awsprof itself never uses."""
    key = aws.account(DEV).user("paul").access_key()
    write_config(home, f"[default]\naws_access_key_id={key.id}\naws_secret_access_key={key.secret}\n", "credentials")
    outcome = awsprof("whoami")
    why = "no profile is named; its keys stand in the credentials file"
    assert outcome == Outcome(
        0, f"All tools: account {DEV}, arn:aws:iam::{DEV}:user/paul (profile default: {why})\n", ""
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_no_file(awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for what may never come; and a team file, which no tool reads, keeps nobody from asking."""
    (home / ".aws").mkdir()
    os.mkfifo(home / ".aws" / "config")
    (home / ".awsprof.toml").write_text("product = [")
    monkeypatch.setenv("AWS_PROFILE", "gone")
    outcome = awsprof("whoami")
    assert (outcome.status, outcome.stderr.count("Warning: ")) == (1, 1)
    assert rows(outcome.stdout)["boto3"][0] == "error"


def test_a_process_that_leaves_a_child(awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds the pipe is ended with the process when its time is over."""
    write_config(home, "[profile bg]\nregion = eu-west-1\ncredential_process = sh -c 'sleep 300 & echo {}'\n")
    monkeypatch.setenv("AWS_PROFILE", "bg")
    monkeypatch.setattr("awsprof.sessions.processes._LIMIT_S", 1)
    started = time.monotonic()
    assert "does not answer within 1 s" in awsprof("whoami").stdout
    assert time.monotonic() - started < 60


def test_a_refused_file(awsprof: CommandLine, logged_in: Identity, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's tools fail on a file that the others read, and the table says at which line."""
    monkeypatch.setenv("AWS_PROFILE", logged_in.profile)
    config = home / ".aws" / "config"
    config.write_text(f"{config.read_text()}\n[profile torn]\nregion\n")
    outcome = awsprof("whoami")
    assert (outcome.status, outcome.stderr) == (1, "")
    table = rows(outcome.stdout)
    assert table["boto3"][0] == "error"
    assert f"it refuses {config} as a whole: line" in outcome.stdout
    assert table["js-v3"][-1].endswith(logged_in.user.arn)


def test_role(awsprof: CommandLine, aws: LocalAWS, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role is assumed with its source's keys for every tool that can; one with a code to it by none."""
    user = aws.account(DEV).user("paul")
    role = aws.account(PROD).role("Deploy", user.arn)
    user.put_policy("assume", {"Version": "2012-10-17", "Statement": [ALLOW]})
    key = user.access_key()
    write_config(home, f"[base]\naws_access_key_id={key.id}\naws_secret_access_key={key.secret}\n", "credentials")
    config = f"[profile far]\nrole_arn = {role.arn}\nsource_profile = base\nregion = eu-west-1\n"
    write_config(home, config)
    monkeypatch.setenv("AWS_PROFILE", "far")
    monkeypatch.setenv("AWS_SDK_LOAD_CONFIG", "1")
    outcome = awsprof("whoami")
    assert outcome.status == 0
    assert f"account {PROD}, arn:aws:sts::{PROD}:assumed-role/Deploy/far (profile far: " in outcome.stdout
    write_config(home, f"{config}mfa_serial = arn:aws:iam::{DEV}:mfa/paul\n")
    table = rows(awsprof("whoami").stdout)
    assert {tool: row[0] for tool, row in table.items() if row[0] == "error"} == dict.fromkeys(
        ("aws-cli", "boto3", "js-v3", "go"), "error"
    )
    assert table["js-v2"][-1].endswith("assumed-role/Deploy/far")
    assert not (home / ".cache" / "awsprof" / "sessions" / "far").exists()


@pytest.mark.parametrize(("no_colour", "red"), [(None, True), ("1", False)])
def test_table_is_red_on_a_terminal(
    home: Path, monkeypatch: pytest.MonkeyPatch, no_colour: str | None, red: bool
) -> None:
    """Where tools disagree the rows are red, unless NO_COLOR says otherwise."""
    monkeypatch.setenv("AWS_PROFILE", "missing")
    if no_colour is not None:
        monkeypatch.setenv("NO_COLOR", no_colour)
    done = click.testing.CliRunner().invoke(main, ["whoami"], obj=World(), color=True)
    assert done.exit_code == 1
    assert ("\x1b[31maws-cli" in done.stdout) == red


def test_names_are_shown_escaped(awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others wrote into variables reaches no terminal as it is."""
    monkeypatch.setenv("AWS_PROFILE", "\x1b[2Jevil")
    outcome = awsprof("whoami")
    assert outcome.status == 1
    assert "\x1b" not in outcome.stdout


# Every kind of source, beside what the real tools do with it.

PROCESS = """credential_process = sh -c 'printf "%s" "$PROCESS_ANSWER"'\n"""
MFA = f"mfa_serial = arn:aws:iam::{DEV}:mfa/paul\n"
ROLE = "role_arn = {role}\nsource_profile = base\n"
# What stands as Expiration in a process's answer.
EXPIRATIONS = {
    "past": "2020-01-01T00:00:00Z",
    "future": "2199-01-01T00:00:00Z",
    "future with an offset": "2199-01-01T00:00:00.5+02:00",
    "future without a zone": "2199-01-01T00:00:00",
    "past without a zone": "2020-01-01T00:00:00",
    "future in short": "21990101T000000Z",
    "last year of all": "9999-12-31T23:59:59-12:00",
    "no time": "soon",
    "empty": "",
    "null": None,
    "number": 5,
    "nought": 0,
    "endless number": 10**400,
}
# The config file's section of the profile that AWS_PROFILE names, and what else is set.
KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "process": (PROCESS, {}),
    "process and keys": (f"{PROCESS}{{keys}}", {}),
    "role by keys": ("role_arn = {role}\nsource_profile = base\n", {}),
    "role by its own keys": ("role_arn = {role}\nsource_profile = x\n{keys}", {}),
    "role by a process": ("role_arn = {role}\nsource_profile = served\n", {}),
    "role by a role": ("role_arn = {far}\nsource_profile = near\n", {}),
    "role with a code": (f"role_arn = {{role}}\nsource_profile = base\n{MFA}", {}),
    "role of nobody": ("role_arn = {role}\n", {}),
    "role and keys": ("role_arn = {role}\n{keys}", {}),
    "role and process": (f"role_arn = {{role}}\n{PROCESS}", {}),
    "role by a missing profile": ("role_arn = {role}\nsource_profile = missing\n", {}),
    "role by the environment": (
        "role_arn = {role}\ncredential_source = Environment\n",
        {"AWS_ACCESS_KEY_ID": "{key}", "AWS_SECRET_ACCESS_KEY": "{secret}"},
    ),
    "role by the container": ("role_arn = {role}\ncredential_source = EcsContainer\n", {"container": "yes"}),
    "role that says both": ("role_arn = {role}\nsource_profile = base\ncredential_source = Environment\n", {}),
    "web identity": ("role_arn = {role}\nweb_identity_token_file = {token}\n", {}),
    "web identity in the environment": ("{keys}", {"web": "yes"}),
    "web identity and process": (PROCESS, {"web": "yes"}),
    "web identity and nothing": ("region = eu-west-1\n", {"web": "yes"}),
    "container": ("region = eu-west-1\n", {"container": "yes"}),
    "container and keys": ("{keys}", {"container": "yes"}),
    "container and process": (PROCESS, {"container": "yes"}),
    "half a key": ("aws_access_key_id = AKIAEXAMPLE\n", {}),
    "keys that AWS does not know": ("aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n", {}),
    "nothing": ("region = eu-west-1\n", {}),
    **{f"process that expires: {when}": (PROCESS, {when: "yes"}) for when in EXPIRATIONS},
    "role by a process that has expired": ("role_arn = {role}\nsource_profile = served\n", {"past": "yes"}),
    **{
        f"role for {seconds}": (f"{ROLE}duration_seconds = {seconds}\n", {})
        for seconds in ("abc", "100", "0", "959", "960", "7200", "3600s", "1h", "3_600", "3600.5", "0x1000", "-5")
    },
    **{f"role named {name}": (f"{ROLE}role_session_name = {name}\n", {}) for name in ("a b!", "a", "", "a+b", "é1")},
    "config variable empty": ("{keys}", {"AWS_CONFIG_FILE": ""}),
    "credentials variable empty": ("{keys}", {"AWS_SHARED_CREDENTIALS_FILE": ""}),
}


# What the SDK for Go v2 (config 1.33.18) was seen to reach with each; None where it fails.
BY_GO = {
    **dict.fromkeys(KINDS, "assumed-role/R"),
    "process": "user/served",
    "process and keys": "user/paul",
    "role by a role": "assumed-role/F",
    "role by the environment": "user/paul",
    "container": "assumed-role/Handed",
    "container and keys": "user/paul",
    "container and process": "user/served",
    **dict.fromkeys(("role with a code", "role of nobody", "role by a missing profile", "role that says both")),
    **dict.fromkeys(("half a key", "keys that AWS does not know", "nothing")),
    **{f"process that expires: {when}": None for when in EXPIRATIONS},
    **{
        f"process that expires: {when}": "user/served"
        for when in ("past", "future", "future with an offset", "last year of all", "null")
    },
    **dict.fromkeys(("role for 7200", "role for 0x1000", "role named a b!", "role named a", "role named é1")),
    **dict.fromkeys(("config variable empty", "credentials variable empty"), "user/paul"),
}


def without_session_name(arn: str | None) -> str | None:
    """Every tool names a role's session in its own way."""
    return arn if arn is None or ":assumed-role/" not in arn else arn.rpartition("/")[0]


@pytest.mark.heavy
def test_every_kind_is_what_the_tools_make_of_it(
    aws: LocalAWS, home: Path, readers: list[Reader], awsprof: CommandLine
) -> None:
    """Roles, processes, web identities and containers lead boto3 and both SDKs where the table says, or nowhere."""
    user, other = aws.account(DEV).user("paul"), aws.account(DEV).user("served")
    user.put_policy("assume", {"Version": "2012-10-17", "Statement": [ALLOW]})
    other.put_policy("assume", {"Version": "2012-10-17", "Statement": [ALLOW]})
    role, far = (aws.account(PROD).role(name, [f"arn:aws:iam::{it}:root" for it in (DEV, PROD)]) for name in ("R", "F"))
    handed = aws.account(PROD).role("Handed", f"arn:aws:iam::{DEV}:root")
    key, served = user.access_key(), other.access_key()
    token_file = home / "token"
    token_file.write_text(aws.role_token(role.arn))
    texts = {
        "keys": f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n",
        "role": role.arn,
        "far": far.arn,
        "token": str(token_file),
        "key": key.id,
        "secret": key.secret,
    }
    others = (
        f"[profile base]\n{texts['keys']}[profile served]\n{PROCESS}"
        f"[profile near]\nrole_arn = {role.arn}\nsource_profile = base\n"
    )
    answer = {"Version": 1, "AccessKeyId": served.id, "SecretAccessKey": served.secret}
    common = {name: os.environ[name] for name in ("PATH", "AWS_ENDPOINT_URL", "AWS_EC2_METADATA_DISABLED")}
    common |= {"AWS_PROFILE": "x", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    common |= {"PROCESS_ANSWER": json.dumps(answer), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    wanted = {
        "web": {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token_file), "AWS_ROLE_ARN": role.arn},
        "container": {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.container_uri,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": aws.role_token(handed.arn),
        },
        **{
            when: {"PROCESS_ANSWER": json.dumps({**answer, "Expiration": moment})}
            for when, moment in EXPIRATIONS.items()
        },
    }
    wrong = []
    # Without the config file v2 finds little; a few of those cases stand for all.
    cases = [(kind, "1") for kind in KINDS]
    cases += [(kind, "") for kind in (KINDS if ALL else random.Random(8).sample(list(KINDS), 4))]
    for number, (kind, load) in enumerate(cases):
        section, variables = KINDS[kind]
        place = home / str(number)
        (place / ".aws").mkdir(parents=True)
        # A brace of the shell's is none of ours.
        text = section
        for name, value in texts.items():
            text = text.replace(f"{{{name}}}", value)
        (place / ".aws" / "config").write_text(f"[profile x]\n{text}{others}")
        (place / ".aws" / "credentials").touch()
        environ = {**common, "HOME": str(place), "AWS_SDK_LOAD_CONFIG": load}
        for name, value in variables.items():
            environ |= wanted[name] if name in wanted else {name: value.format_map(texts)}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            told = arns(json.loads(awsprof("whoami", "--json").stdout))
        real = {name: row for reader in readers for name, row in reader(environ, ask=True).items()}
        go = without_session_name(told["go"])
        assert (go and go.rpartition(":")[2]) == BY_GO[kind], kind
        for name, row in real.items():
            if without_session_name(row.get("arn")) != without_session_name(told[name]):
                wrong.append((kind, load, name, row, told[name]))
    assert wrong == []
