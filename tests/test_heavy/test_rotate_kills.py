"""``rotate`` killed at every call and between any two: a key that works in the vault, and the next rotation goes on."""

from __future__ import annotations

import json
import random
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.localaws import motobackend
from tests.test_heavy.conftest import ALL
from tests.test_real.machine import Identity, Machine

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.localaws import LocalAWS

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1800)]

ACCOUNT = "111111111111"
CALLS = (
    "ListAccessKeys",
    "GetAccessKeyLastUsed",
    "CreateAccessKey",
    "GetCallerIdentity",
    "UpdateAccessKey",
    "GetCallerIdentity",
    "DeleteAccessKey",
)
# Before AWS carries a call out; when it is carried out and not answered; or at a random moment after the answer.
MOMENTS = ("before", "unanswered", "soon after")
EVERY = [(number, moment) for number in range(1, len(CALLS) + 1) for moment in MOMENTS]
SAMPLE = {"without MFA": 5, "with MFA": 3}
ROUNDS = 3
_HELD_S = 20
_SOON_S = 0.2


@pytest.fixture
def machine(home: Path, aws: LocalAWS) -> Machine:
    """A machine whose vault is made and open, so that a command's time is spent on what it does."""
    machine = Machine.below(home.parent, aws)
    machine.joined("made", ACCOUNT, mfa=False, user="made")
    machine.succeed("vault", "unlock")
    return machine


@pytest.mark.parametrize("kind", ["without MFA", "with MFA"])
def test_kill_locks_nobody_out(machine: Machine, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """After each kill the vault's key works; the next rotation leaves one key, active, which is the vault's."""
    rng = random.Random(kind)
    kills = EVERY * ROUNDS if ALL else rng.sample(EVERY, SAMPLE[kind])
    killed = 0
    for count, (number, moment) in enumerate(kills):
        machine.aws.clock.reset()
        identity = machine.joined("dev", ACCOUNT, mfa=kind == "with MFA", user=f"u{count}")
        if identity.device is not None:
            assert machine.login(identity).status == 0
        killed += kill(machine, identity, number, moment, rng)
        check_key(machine, identity)
        again = machine.awsprof("rotate", identity.name)
        assert again.status == 0, again
        check_end(machine, identity)
    with capsys.disabled():
        print(f"\nkill -9 of rotate, {kind}: {killed} of {len(kills)} killed, 0 locked out", file=sys.stderr)
    assert killed >= sum(moment != "soon after" for _, moment in kills)


def kill(machine: Machine, identity: Identity, number: int, moment: str, rng: random.Random) -> bool:
    """Kill a rotation at its call *number*; False when it was over before."""
    aws = machine.aws
    aws.clear_calls()
    if number > 1:
        # Faults are taken in their order: these only count.
        aws.fail("*", times=number - 1, delay_s=1e-6)
    if moment == "before":
        aws.fail("*", drop="before", delay_s=_HELD_S)
    elif moment == "unanswered":
        aws.fail("*", delay_s=_HELD_S)
    process = machine.start("awsprof", "rotate", identity.name)
    wait_for(process, aws, number)
    assert [call.action for call in aws.calls][:number] == list(CALLS[:number])
    if moment == "soon after":
        time.sleep(rng.uniform(0, _SOON_S))
    running = process.poll() is None
    process.kill()
    process.communicate()
    return running


def wait_for(process: subprocess.Popen[str], aws: LocalAWS, number: int) -> None:
    """Wait until AWS has seen so many calls."""
    while len(aws.calls) < number:
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)


def check_key(machine: Machine, identity: Identity) -> None:
    """The key in the vault is the user's, and AWS takes it; with MFA, it gives a session."""
    if identity.device is not None:
        code = machine.next_code(identity)
        logged_in = machine.awsprof("login", identity.name, "--force", "--code", code)
        assert logged_in.status == 0, logged_in
    told = machine.awsprof("whoami", identity.name, "--json")
    assert told.status == 0, told
    assert told.json()["arn"] == identity.arn


def check_end(machine: Machine, identity: Identity) -> None:
    """One key at AWS, active, not the first one, and the vault's; no record."""
    keys = motobackend.iam(ACCOUNT).get_user(identity.user.name).access_keys
    assert [key.status for key in keys] == ["Active"]
    assert keys[0].access_key_id != identity.key.id
    check_key(machine, identity)
    if identity.device is None:
        served = machine.awsprof("credential-process", identity.name)
        assert json.loads(served.stdout)["AccessKeyId"] == keys[0].access_key_id
    else:
        (call,) = machine.aws.calls_of("GetSessionToken")[-1:]
        assert call.access_key_id == keys[0].access_key_id
    assert list(machine.vault.glob("items/*rotation*")) == []
    assert list(machine.home.rglob(".awsprof-*")) == []
