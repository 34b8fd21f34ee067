"""A user's first access key while AWS's list of keys comes later than the keys: one in the end, and its secret here."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from awsprof.accounts.first_key import FirstKey
from awsprof.profiles.access_keys import AccessKeys
from tests.faults import KilledError
from tests.localaws import motobackend
from tests.test_accounts.conftest import DEV, VIA, changes, keys_at_aws

if TYPE_CHECKING:
    from awsprof.model import AccessKey
    from tests.localaws import LocalAWS
    from tests.test_accounts.conftest import Company
    from tests.test_cli.conftest import WatchedCommandLine

NAME = "autochart_dev_paul"
SETUP = ("account", "setup", "autochart", "dev", "--via", VIA, "--yes")


class Lag:
    """How long AWS lists no key after it was made."""

    seconds = 8


@pytest.fixture(autouse=True)
def lag(awsprof: WatchedCommandLine, company: Company, monkeypatch: pytest.MonkeyPatch) -> Lag:
    """The dev account, with a list that is longer in coming than one wait for it."""
    company.member(DEV, "autochart_dev")
    listed, lag = AccessKeys.listed, Lag()

    def late(self: AccessKeys) -> list[AccessKey]:
        return [key for key in listed(self) if awsprof.now() - key.created > timedelta(seconds=lag.seconds)]

    monkeypatch.setattr(AccessKeys, "listed", late)
    return lag


def held(awsprof: WatchedCommandLine) -> str:
    return str(json.loads(awsprof.items[NAME])["access_key_id"])


def test_killed_once_the_key_was_made(
    awsprof: WatchedCommandLine, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run, at once, takes the key that the record holds, though no list shows it."""

    def killed(*_: object) -> bool:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(FirstKey, "is_proven", killed)
        with pytest.raises(KilledError):
            awsprof(*SETUP)
    aws.clear_calls()
    assert awsprof(*SETUP).status == 0
    assert "CreateAccessKey" not in changes(aws)
    assert keys_at_aws(DEV) == [held(awsprof)]


def test_a_key_of_the_record_that_is_gone(awsprof: WatchedCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS does not know it: another is made."""
    with monkeypatch.context() as patch:
        patch.setattr(FirstKey, "is_proven", lambda *_: False)
        assert awsprof(*SETUP).status == 7
    (lost,) = keys_at_aws(DEV)
    motobackend.iam(DEV).delete_access_key(lost, "paul")
    assert awsprof(*SETUP).status == 0
    assert keys_at_aws(DEV) == [held(awsprof)] != [lost]


def test_a_lost_answer(awsprof: WatchedCommandLine, aws: LocalAWS) -> None:
    """The key whose secret never arrived is listed only after the second was made: it goes then."""
    aws.fail("CreateAccessKey", drop="after")
    outcome = awsprof(*SETUP)
    assert (outcome.status, "whose secret never arrived here" in outcome.stderr) == (0, True)
    assert keys_at_aws(DEV) == [held(awsprof)]


def test_killed_before_the_answer(awsprof: WatchedCommandLine, lag: Lag, monkeypatch: pytest.MonkeyPatch) -> None:
    """As well when the first was made by a run that was killed."""
    lag.seconds = 4
    create = AccessKeys.create

    def killed(self: AccessKeys) -> None:
        create(self)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(AccessKeys, "create", killed)
        with pytest.raises(KilledError):
            awsprof(*SETUP)
    assert awsprof(*SETUP).status == 0
    assert keys_at_aws(DEV) == [held(awsprof)]
