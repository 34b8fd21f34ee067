"""The aws CLI, boto3 and the AWS SDK for JavaScript v3 reach the right account through credential_process."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.test_real.machine import BIN, JS, Identity, Machine, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.localaws import LocalAWS

DEV, PROD, LEGACY = "111111111111", "222222222222", "333333333333"

_BOTO3 = """
import boto3, json, sys
session = boto3.Session(profile_name=sys.argv[1] if len(sys.argv) > 1 else None)
answer = session.client("sts", region_name="eu-west-1").get_caller_identity()
print(json.dumps({"Account": answer["Account"], "Arn": answer["Arn"]}))
"""
# fromIni, in the shared script, never looks at the environment; exec's command finds its credentials there.
_JS_FROM_ENVIRONMENT = """
const { GetCallerIdentityCommand, STSClient } = require("@aws-sdk/client-sts");
new STSClient({}).send(new GetCallerIdentityCommand({})).then(
  ({ Account, Arn }) => console.log(JSON.stringify({ Account, Arn })),
);
"""


def _aws_cli(profile: str | None) -> list[str]:
    named = [] if profile is None else ["--profile", profile]
    return ["aws", "sts", "get-caller-identity", "--output", "json", "--region", "eu-west-1", *named]


def _boto3(profile: str | None) -> list[str]:
    return [sys.executable, "-c", _BOTO3, *([] if profile is None else [profile])]


def _js(profile: str | None) -> list[str]:
    return ["node", str(JS / "caller-identity.mjs"), *([] if profile is None else [profile])]


CLIENTS: dict[str, Callable[[str | None], list[str]]] = {"aws-cli": _aws_cli, "boto3": _boto3, "js-v3": _js}
IN_EXEC = {
    "aws-cli": _aws_cli(None),
    "boto3": _boto3(None),
    "js-v3": ["node", "-e", _JS_FROM_ENVIRONMENT],
}


@dataclass(frozen=True)
class Office:
    """One developer's machine and the accounts they work in; both users with MFA are logged in."""

    machine: Machine
    dev: Identity
    prod: Identity
    legacy: Identity  # no MFA device

    def ask(self, command: list[str], /, **environ: str | None) -> Outcome:
        """Run a client, with a log of AWS's calls that holds nothing but its own."""
        self.aws.clear_calls()
        return self.machine.run(*command, **environ)

    @property
    def aws(self) -> LocalAWS:
        return self.machine.aws


@pytest.fixture(scope="module")
def office(shared_machine: Machine) -> Office:
    machine = shared_machine
    dev, prod = machine.joined("dev", DEV), machine.joined("prod", PROD)
    legacy = machine.joined("legacy", LEGACY, mfa=False)
    for identity in (dev, prod):
        assert machine.login(identity).status == 0
    return Office(machine, dev, prod, legacy)


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, tool: Callable[[str], str]) -> str:
    name: str = request.param
    if name == "js-v3":
        tool("node")
        if not (JS / "node_modules").is_dir():
            absent = "needs the AWS SDK for JavaScript: npm ci --prefix tests/js"
            pytest.fail(absent) if os.environ.get("CI") else pytest.skip(absent)
    return name


def _signed_by(office: Office, prefix: str) -> set[tuple[str, str | None, int | None]]:
    """Each call's action, account and status, all of them by a key of that kind."""
    for call in office.aws.calls:
        assert call.access_key_id is not None
        assert call.access_key_id.startswith(prefix), call
    return {(call.action, call.account_id, call.status) for call in office.aws.calls}


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_profile_reaches_its_own_account_by_session(office: Office, client: str, env: str) -> None:
    """A profile with MFA reaches its own account, and the call is signed by its session's key."""
    identity: Identity = getattr(office, env)
    outcome = office.ask(CLIENTS[client](identity.name))
    answer = outcome.json()
    assert (answer["Account"], answer["Arn"]) == (identity.account_id, identity.arn)
    assert _signed_by(office, "ASIA") == {("GetCallerIdentity", identity.account_id, 200)}


def test_session_may_do_what_needs_mfa(office: Office) -> None:
    """Under a policy that denies nearly all without MFA, the aws CLI lists the account's users."""
    outcome = office.ask(["aws", "iam", "list-users", "--output", "json", "--profile", office.prod.name])
    assert [user["UserName"] for user in outcome.json()["Users"]] == ["paul"]
    assert _signed_by(office, "ASIA") == {("ListUsers", PROD, 200)}


def test_long_term_key_alone_may_not(office: Office) -> None:
    """The policy is no sham: the same call by the user's long-term key is denied."""
    key = {"AWS_ACCESS_KEY_ID": office.prod.key.id, "AWS_SECRET_ACCESS_KEY": office.prod.key.secret}
    outcome = office.ask(["aws", "iam", "list-users"], AWS_DEFAULT_REGION="eu-west-1", **key)
    assert outcome.status != 0
    assert "AccessDenied" in outcome.stderr


def test_profile_without_mfa_works_as_it_is(office: Office, client: str) -> None:
    """A user without a device needs no session: the answer without an Expiration is taken by every client."""
    outcome = office.ask(CLIENTS[client](office.legacy.name))
    assert outcome.json()["Account"] == LEGACY
    assert _signed_by(office, "AKIA") == {("GetCallerIdentity", LEGACY, 200)}


def test_answer_without_mfa_has_no_expiration(office: Office) -> None:
    """The long-term answer holds no SessionToken and no Expiration, and names the account."""
    answer = office.machine.succeed("credential-process", office.legacy.name).json()
    assert answer == {
        "Version": 1,
        "AccessKeyId": office.legacy.key.id,
        "SecretAccessKey": office.legacy.key.secret,
        "AccountId": LEGACY,
    }


def test_no_profile_reaches_nothing(office: Office, client: str) -> None:
    """With no profile named there are no credentials, and nothing is sent to AWS."""
    outcome = office.ask(CLIENTS[client](None))
    assert outcome.status != 0
    assert "credentials" in outcome.stderr
    assert office.aws.calls == []


def test_aws_profile_variable(office: Office) -> None:
    """AWS_PROFILE chooses as the option does, which is how `awsprof use` works."""
    outcome = office.ask(_aws_cli(None), AWS_PROFILE=office.dev.name)
    assert outcome.json()["Account"] == DEV


@pytest.mark.parametrize("identity", ["prod", "legacy"])
def test_exec_hands_on_credentials(office: Office, client: str, identity: str) -> None:
    """A client run by exec finds the profile's credentials in its environment, whatever AWS_PROFILE said before."""
    wanted: Identity = getattr(office, identity)
    command = ["awsprof", "exec", wanted.name, "--", *IN_EXEC[client]]
    outcome = office.ask(command, AWS_PROFILE=office.dev.name, NODE_PATH=str(JS / "node_modules"))
    assert outcome.json() | {"UserId": ""} == {"Account": wanted.account_id, "Arn": wanted.arn, "UserId": ""}
    prefix = "ASIA" if wanted.device else "AKIA"
    assert _signed_by(office, prefix) == {("GetCallerIdentity", wanted.account_id, 200)}


def test_expired_session_reaches_nothing(office: Office, client: str) -> None:
    """With an expired session and no terminal every client fails, and nothing is sent to AWS."""
    saved = (office.machine.sessions / office.dev.name).read_bytes()
    office.machine.age_session(office.dev.name, left_s=-1)
    try:
        outcome = office.ask(CLIENTS[client](office.dev.name))
    finally:
        (office.machine.sessions / office.dev.name).write_bytes(saved)
    assert outcome.status != 0
    assert office.aws.calls == []
    if client != "js-v3":
        # JS shows no word of the process that failed.
        assert f"Run 'awsprof login {office.dev.name}'" in outcome.stderr


def test_removed_vault_does_not_end_a_session(office: Office) -> None:
    """While a session lives, clients need neither vault nor passphrase."""
    outcome = office.ask(_aws_cli(office.prod.name), AWSPROF_VAULT_PASSPHRASE=None, XDG_RUNTIME_DIR=None)
    assert outcome.json()["Account"] == PROD


def test_launcher_in_a_directory_with_a_blank(office: Office, client: str, tmp_path: Path) -> None:
    """The config file names the launcher by its full path, and every client can read one with a blank in it."""
    launcher = tmp_path / "Program Files" / "awsprof"
    launcher.parent.mkdir()
    launcher.symlink_to(BIN / "awsprof")
    env = f"blank-{client}"
    spaced = Machine(
        office.machine.home, office.machine.runtime, office.aws, {"PATH": f"{launcher.parent}:/usr/bin:/bin"}
    )
    identity = spaced.joined(env, LEGACY, mfa=False, user=client)
    assert f"credential_process = '{launcher}' credential-process {identity.name}\n" in spaced.config
    outcome = office.ask(CLIENTS[client](identity.name))
    assert (outcome.json()["Account"], outcome.json()["Arn"]) == (LEGACY, identity.arn)


def test_clients_read_the_whole_config_file(office: Office) -> None:
    """botocore reads every profile that awsprof wrote, and its keys, as awsprof shows them."""
    script = "import botocore.session, json; print(json.dumps(botocore.session.Session().full_config['profiles']))"
    read = json.loads(office.machine.run(sys.executable, "-c", script).stdout)
    shown = office.machine.succeed("list", "--json").json()["profiles"]
    assert {name: profile["aws_account_id"] for name, profile in read.items()} == {
        profile["name"]: profile["account_id"] for profile in shown
    }
