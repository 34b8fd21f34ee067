"""A company's organization, whose management account paul administers, and one clock here and at AWS."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import botocore.auth
import pytest
from botocore.credentials import Credentials

from awsprof.aws.client import isolated_session
from tests.localaws import motobackend
from tests.test_cli.conftest import WatchedCommandLine, two_lines

if TYPE_CHECKING:
    from pathlib import Path

    from botocore.session import Session

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import Account

MANAGEMENT, DEV, PROD = "999999999999", "111111111111", "222222222222"
REGION = "eu-west-1"
VIA = "company_main_paul"
ROLE = "OrganizationAccountAccessRole"
SKIPPED_MFA = ("--mfa", "skip")
READS = ("Get", "List", "Describe", "AssumeRole")


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


class _Borrowed:
    """A botocore client that several have, each call made with the credentials of whom it is lent to."""

    def __init__(self, client: Any, credentials: Credentials) -> None:
        self._client = client
        self._credentials = credentials

    def __getattr__(self, operation: str) -> Any:
        self._client._request_signer._credentials = self._credentials
        return getattr(self._client, operation)


@pytest.fixture(scope="session")
def _session() -> Session:
    """A session whose clients are made once: that takes longer than calling them, and no test here is about it."""
    session = isolated_session()
    made: dict[object, Any] = {}
    create = session.create_client

    def create_client(service: str, *, config: Any, **words: Any) -> Any:
        keys = [words.pop(name) for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")]
        kind = (service, *words.items(), config.read_timeout, config.connect_timeout, str(config.retries))
        if kind not in made:
            made[kind] = create(service, config=config, **words, aws_access_key_id="none", aws_secret_access_key="none")
        return _Borrowed(made[kind], Credentials(*keys))

    session.create_client = create_client
    return session


@pytest.fixture(autouse=True)
def one_session(_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("awsprof.aws.client.isolated_session", lambda: _session)


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
