"""A company's organization, whose management account paul administers, and one clock here and at AWS."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import botocore.auth
import pytest

from tests.localaws import motobackend
from tests.test_cli.conftest import WatchedCommandLine, two_lines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import Account

MANAGEMENT, DEV, PROD = "999999999999", "111111111111", "222222222222"
REGION = "eu-west-1"
VIA = "company_main_paul"
ROLE = "OrganizationAccountAccessRole"
SKIPPED_MFA = ("--mfa", "skip")
READS = ("Get", "List", "Describe", "AssumeRole")


@pytest.fixture(autouse=True)
def _clients(lent_clients: None) -> None:
    """No test here is about how a client is made."""


@pytest.fixture
def awsprof(home: Path, monkeypatch: pytest.MonkeyPatch) -> WatchedCommandLine:
    """The command line, in the middle of a 30-second step, with a launcher on PATH."""
    directory = home.parent / "bin"
    directory.mkdir()
    (directory / "awsprof").symlink_to(os.path.join(os.path.dirname(sys.executable), "awsprof"))
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    return WatchedCommandLine(home, ahead=timedelta(seconds=15 - time.time() % 30))


@pytest.fixture(autouse=True)
def one_clock(awsprof: WatchedCommandLine, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait of the command line's is one at AWS too, and requests are signed by the same clock."""

    def pass_by(seconds: float) -> None:
        awsprof.slept_s.append(seconds)
        awsprof.ahead += timedelta(seconds=seconds)
        aws.clock.shift(seconds)

    aws.clock.shift(awsprof.ahead.total_seconds())
    monkeypatch.setattr(awsprof, "_sleep", pass_by)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: awsprof.now().replace(tzinfo=None))


@dataclass(frozen=True)
class Company:
    """The organization behind the profile company_main_paul."""

    aws: LocalAWS
    management: Account

    def member(self, account_id: str, name: str) -> Account:
        """An account that the organization made, with the role that lets the management account in."""
        account = self.aws.account(account_id)
        self.management.add_member(account, name, f"{name}@example.com")
        account.role(ROLE, MANAGEMENT)
        return account


@pytest.fixture
def via(aws: LocalAWS, awsprof: WatchedCommandLine) -> Account:
    """The account of the profile company_main_paul, whose user is an administrator; no organization yet."""
    account = aws.account(MANAGEMENT)
    key = account.user("paul").access_key()
    words = ("company", "main", "paul", "--from", "-", "--no-verify", "--account-id", MANAGEMENT, "--region", REGION)
    assert awsprof("add", *words, stdin=two_lines(key)).status == 0
    assert awsprof("settings", "set", "user", "paul").status == 0
    assert awsprof("settings", "set", "region", REGION).status == 0
    return account


@pytest.fixture
def company(aws: LocalAWS, via: Account) -> Company:
    via.create_organization()
    return Company(aws, via)


def changes(aws: LocalAWS) -> list[str]:
    """The calls that changed something, or tried to."""
    return [call.action for call in aws.calls if not call.action.startswith(READS)]


def keys_at_aws(account_id: str, user: str = "paul") -> list[str]:
    users = motobackend.iam(account_id).users
    return [key.access_key_id for key in users[user].access_keys] if user in users else []


def devices(aws: LocalAWS, account_id: str) -> list[str | None]:
    """Whose the account's MFA devices are; None for one in the making."""
    return [device.user_name for device in aws._cloud.devices.of_account(account_id)]
