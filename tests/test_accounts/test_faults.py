"""A fault at every single call: run again it completes, creates nothing twice, and leaves nothing half-made."""

from __future__ import annotations

import json
import os
import random
from typing import TYPE_CHECKING

import pytest

from tests.faults import KINDS, Fault, KilledError, Things
from tests.localaws import motobackend
from tests.test_accounts.conftest import MANAGEMENT, VIA, changes, devices, keys_at_aws

if TYPE_CHECKING:
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import Account
    from tests.test_cli.conftest import WatchedCommandLine

NAME = "autochart_prod_paul"
CREATE = ("account", "create", "autochart", "prod", "--via", VIA, "--email", "paul@example.com", "--mfa", "store-seed")
CREATE = (*CREATE, "--create-organization", "--yes")
# How many things a run does that nothing disturbs; test_these_are_all holds it to that.
THINGS = 76
_SAMPLE = 5
_EVERY = [Fault(number, *kind) for number in range(1, THINGS + 1) for kind in KINDS]
FAULTS = _EVERY if os.environ.get("AWSPROF_TEST_ALL") else random.Random(9).sample(_EVERY, _SAMPLE)


def test_these_are_all(awsprof: WatchedCommandLine, via: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests below disturb is everything that the command does to the vault and at AWS."""
    with Things(awsprof, monkeypatch, None) as things:
        assert awsprof(*CREATE).status == 0
    assert len(things.seen) == THINGS, things.seen


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault(
    awsprof: WatchedCommandLine, via: Account, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """Wherever it strikes: the same command goes on, and then has nothing to do."""
    with Things(awsprof, monkeypatch, fault):
        if fault.kind == "kill":
            with pytest.raises(KilledError):
                awsprof(*CREATE)
        else:
            outcome = awsprof(*CREATE)
            assert outcome.status in (0, 1, 7, 130), outcome
    again = awsprof(*CREATE)
    assert again.status == 0, again.stderr
    whole(awsprof, aws)
    aws.clear_calls()
    last = awsprof(*CREATE)
    assert (last.status, last.stdout.endswith("Nothing to do.\n")) == (0, True), last
    assert changes(aws) == []


def whole(awsprof: WatchedCommandLine, aws: LocalAWS) -> None:
    """One of everything, and nothing half-made."""
    organization = motobackend.organizations(MANAGEMENT)
    assert [unit.name for unit in organization.ou] == ["Root", "autochart"]
    assert [account.name for account in organization.accounts] == ["master", "autochart_prod"]
    account = organization.accounts[1]
    assert account.parent_id == organization.ou[1].id
    backend = motobackend.iam(account.id)
    assert list(backend.users) == ["paul"]
    assert [group.name for group in backend.get_groups_for_user("paul")] == ["sysadmins"]
    assert sorted(policy.name for policy in backend.groups["sysadmins"].managed_policies.values()) == [
        "AdministratorAccess",
        "awsprof-deny-without-mfa",
        "awsprof-self-service",
    ]
    held = json.loads(awsprof.items[NAME])["access_key_id"]
    assert keys_at_aws(account.id) == [held]
    assert devices(aws, account.id) == ["paul"]
    assert backend.users["paul"].password == awsprof.items[f"{NAME}/console"]
    assert sorted(awsprof.items) == [NAME, f"{NAME}/console", f"{NAME}/seed", VIA]
