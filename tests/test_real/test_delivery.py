"""Real tools read a session from the credentials file, and a role through its source, as each of them does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.test_real.machine import JS, Identity, Machine
from tests.test_real.test_clients import CLIENTS

if TYPE_CHECKING:
    from collections.abc import Callable

DEV, OTHER = "111111111111", "333333333333"


@pytest.fixture
def dev(machine: Machine) -> Identity:
    """The profile of a user with MFA, logged in."""
    identity = machine.joined("dev", DEV)
    assert machine.login(identity).status == 0
    return identity


def keys_in_v2(machine: Machine) -> dict[str, str]:
    """What JS SDK v2 reads in the shared files, which is all that serverless 3 reads: key ids by profile."""
    read = machine.run("node", str(JS / "read-profile.mjs"), AWS_SDK_LOAD_CONFIG="1")
    assert read.status == 0, read
    return {name: one["key"] for name, one in json.loads(read.stdout)["v2"].items()}


@pytest.mark.parametrize("client", CLIENTS)
def test_written_session_is_used(machine: Machine, dev: Identity, tool: Callable[[str], str], client: str) -> None:
    """With --write, tools with and without credential_process use the session; after logout none does."""
    tool("node")
    machine.succeed("login", "dev", "--write")
    assert keys_in_v2(machine)[dev.name].startswith("ASIA")
    machine.aws.clear_calls()
    answer = machine.run(*CLIENTS[client](dev.name))
    assert answer.json()["Account"] == DEV, answer
    (call,) = machine.aws.calls_of("GetCallerIdentity")
    assert call.access_key_id == keys_in_v2(machine)[dev.name]
    machine.succeed("logout", "dev")
    assert keys_in_v2(machine)[dev.name] is None


@pytest.mark.parametrize("client", CLIENTS)
def test_role_is_assumed_by_every_tool(
    machine: Machine, dev: Identity, tool: Callable[[str], str], client: str
) -> None:
    """A role profile has only standard keys: each tool assumes it itself, through its source's process, with MFA."""
    tool("node")
    role = machine.aws.account(OTHER).role("Deploy", DEV, require_mfa=True, external_id="autochart-7")
    words = ["--role-arn", role.arn, "--source", "dev", "--external-id", "autochart-7", "--region", "eu-west-1"]
    machine.succeed("add", "autochart", "deploy", "paul", *words)
    answer = machine.run(*CLIENTS[client]("autochart_deploy_paul"))
    assert answer.json()["Account"] == OTHER, answer
    through_exec = machine.awsprof("exec", "deploy", "--", *CLIENTS["boto3"](None))
    assert f"{OTHER}:assumed-role/Deploy/paul" in through_exec.json()["Arn"]
