"""``rotate`` as a person meets it: at a terminal, with Ctrl-C in the middle, and beside another one."""

from __future__ import annotations

import termios
from typing import TYPE_CHECKING

from tests.localaws import motobackend
from tests.test_real.machine import Identity, Machine, ended, finished, plain

if TYPE_CHECKING:
    import pexpect

DEV = "111111111111"


def keys_at_aws() -> dict[str, str]:
    return {key.access_key_id: key.status for key in motobackend.iam(DEV).get_user("paul").access_keys}


def only_key(identity: Identity) -> str:
    """The one key the user has, which is active and not the first one."""
    ((key_id, status),) = keys_at_aws().items()
    assert status == "Active"
    assert key_id != identity.key.id
    return key_id


def test_one_code_at_a_terminal(machine: Machine) -> None:
    """One question, then the countdown while AWS does not know the key yet, then a line of what was done."""
    dev = machine.joined("dev", DEV)
    assert dev.device is not None
    machine.aws.fail("GetCallerIdentity", times=1, delay_s=1e-6)  # the session's own
    machine.aws.fail("GetCallerIdentity", status=403, code="InvalidClientTokenId", times=2)
    with machine.terminal("awsprof", "rotate", "dev") as child:
        child.expect_exact(f"MFA code for {dev.name}: ")
        child.sendline(dev.device.code())
        child.expect_exact("\rWaiting  1 s for AWS to know the access key … ")
        child.expect_exact("\rWaiting  2 s for AWS to know the access key … ")
        child.expect_exact("\r\x1b[K")
        assert ended(child) == 0
        said = plain(child.before or "")
    new = only_key(dev)
    assert said == (
        f"{dev.name}: {dev.key.id} is replaced by {new}, and deleted at AWS\n"
        f"The session was dropped: 'awsprof login {dev.name}' starts one with the new key.\n"
    )
    assert len(machine.aws.calls_of("GetSessionToken")) == 1


def test_ctrl_c_in_the_middle(machine: Machine) -> None:
    """Ctrl-C while it waits is exit 130 on a clean line, with the way on, and that way leads to the end."""
    dev = machine.joined("dev", DEV, mfa=False)
    machine.aws.fail("GetCallerIdentity", status=403, code="InvalidClientTokenId", times=3)
    with machine.terminal("awsprof", "rotate", "dev") as child:
        child.expect_exact("\rWaiting  4 s for AWS to know the access key … ")
        child.sendintr()
        assert ended(child) == 130
        assert _echoes(child)
        assert plain(child.before or "").splitlines()[-2:] == ["^C", f"'awsprof rotate {dev.name}' goes on from here."]
    assert len(keys_at_aws()) == 2
    assert machine.succeed("whoami", "dev", "--json").json()["arn"] == dev.arn
    again = machine.succeed("rotate", "dev")
    new = only_key(dev)
    assert again.stderr == f"Going on with the unfinished rotation of {dev.name}.\n"
    assert again.stdout == f"{dev.name}: {dev.key.id} is replaced by {new}, and deleted at AWS\n"
    assert machine.succeed("whoami", "dev", "--json").json()["arn"] == dev.arn


def _echoes(child: pexpect.spawn[str]) -> bool:
    return bool(termios.tcgetattr(child.fileno())[3] & termios.ECHO)


def test_two_at_once(machine: Machine) -> None:
    """Of two rotations of one key, one replaces it; the other waits, and then changes nothing."""
    dev = machine.joined("dev", DEV, mfa=False)
    machine.aws.fail("ListAccessKeys", delay_s=6)
    machine.aws.clear_calls()
    first = machine.start("awsprof", "rotate", "dev")
    while not machine.aws.calls:
        assert first.poll() is None
    second = finished(machine.start("awsprof", "rotate", "dev"))
    outcome = finished(first)
    assert outcome.status == 0, outcome
    new = only_key(dev)
    assert second.status == 1, second
    assert second.stderr.splitlines()[0] == f"Waiting for another awsprof that is busy with {dev.name} …"
    assert "has just given autochart_dev_paul another key" in second.stderr
    assert [call.action for call in machine.aws.calls].count("CreateAccessKey") == 1
    assert keys_at_aws() == {new: "Active"}
