"""Faults that tests order, the log of calls, and reset."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ConnectionClosedError

from .conftest import ACCOUNT, Connect, refusal

if TYPE_CHECKING:
    from tests.localaws import LocalAWS


def test_a_fault_comes_as_often_as_ordered(aws: LocalAWS, connect: Connect) -> None:
    """To its own action only."""
    sts = connect("sts", aws.account(ACCOUNT).user("paul").access_key())
    aws.fail("GetSessionToken", status=503, code="ServiceUnavailable", times=2)
    assert sts.get_caller_identity()
    assert [refusal(sts.get_session_token)[:2] for _ in range(2)] == [(503, "ServiceUnavailable")] * 2
    assert sts.get_session_token()
    aws.fail("GetCallerIdentity", status=400, code="Throttling")
    assert refusal(sts.get_caller_identity) == (400, "Throttling", "Rate exceeded")


def test_a_connection_is_cut_before_or_after(aws: LocalAWS, connect: Connect) -> None:
    """Before: nothing is done. After: it is done, and nobody hears."""
    key = aws.account(ACCOUNT).user("paul").access_key()
    iam = connect("iam", key)
    for when, keys in (("before", 1), ("after", 2)):
        aws.fail("CreateAccessKey", drop=when)  # type: ignore[arg-type]
        with pytest.raises(ConnectionClosedError):
            iam.create_access_key()
        assert len(iam.list_access_keys()["AccessKeyMetadata"]) == keys
    assert [call.status for call in aws.calls_of("CreateAccessKey")] == [None, None]


def test_a_code_in_a_lost_answer_is_used_up(aws: LocalAWS, connect: Connect) -> None:
    """Sending it again is refused."""
    user = aws.account(ACCOUNT).user("paul")
    device = user.mfa_device()
    sts = connect("sts", user.access_key())
    aws.fail("GetSessionToken", drop="after")
    with pytest.raises(ConnectionClosedError):
        sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())
    assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=device.code())[1] == "AccessDenied"


def test_an_answer_can_be_late(aws: LocalAWS, connect: Connect) -> None:
    """The call is done at once, and its answer waits."""
    sts = connect("sts", aws.account(ACCOUNT).user("paul").access_key())
    aws.fail("GetCallerIdentity", delay_s=0.3)
    began = time.monotonic()
    assert sts.get_caller_identity()
    assert time.monotonic() - began >= 0.3


def test_the_log_has_every_call_and_no_secret(aws: LocalAWS, connect: Connect) -> None:
    """Refused ones too, and whose they were."""
    user = aws.account(ACCOUNT).user("paul")
    key = user.access_key()
    connect("sts", key, region="eu-central-1").get_session_token(DurationSeconds=900)
    refusal(connect("iam", {"AccessKeyId": key.id, "SecretAccessKey": "wrong"}).get_user, UserName="paul")
    first, second = aws.calls
    assert (first.service, first.action, first.region) == ("sts", "GetSessionToken", "eu-central-1")
    assert (first.access_key_id, first.account_id, first.user_arn) == (key.id, ACCOUNT, user.arn)
    assert (first.parameters, first.status, first.error_code) == ({"DurationSeconds": "900"}, 200, None)
    assert (second.action, second.status, second.error_code) == ("GetUser", 403, "SignatureDoesNotMatch")
    assert aws.calls_of("GetUser") == [second]
    assert key.secret not in repr(aws.calls)
    aws.clear_calls()
    assert aws.calls == []


def test_reset_leaves_nothing(aws: LocalAWS, connect: Connect) -> None:
    """No account, key, alias, organization, fault, call or shift."""
    account = aws.account(ACCOUNT, alias="dev")
    account.create_organization()
    key = account.user("paul").access_key()
    aws.fail("GetCallerIdentity")
    aws.clock.shift(3600)
    aws.reset()
    assert abs(aws.clock.now().timestamp() - time.time()) < 1
    assert refusal(connect("sts", key).get_caller_identity)[1] == "InvalidClientTokenId"
    account = aws.account(ACCOUNT)
    assert account.alias is None
    assert connect("iam", account.user("paul").access_key()).list_users()["Users"]
