"""Every request must be signed: with the right secret, of a living key, now."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from .conftest import ACCOUNT, Connect, refusal

if TYPE_CHECKING:
    from tests.localaws import LocalAWS

INVALID = (403, "InvalidClientTokenId", "The security token included in the request is invalid.")


def test_the_right_key_is_known_by_its_own_identity(aws: LocalAWS, connect: Connect) -> None:
    """GetCallerIdentity works for everyone, and needs no permission."""
    user = aws.account(ACCOUNT).user("paul", administrator=False)
    identity = connect("sts", user.access_key()).get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/paul")


def test_a_root_key_is_the_root_user(aws: LocalAWS, connect: Connect) -> None:
    """Its ARN ends in :root and its user id is the account's."""
    identity = connect("sts", aws.account(ACCOUNT).root_access_key()).get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)


def test_keys_and_secrets_are_of_aws_form_and_obviously_examples(aws: LocalAWS) -> None:
    """So that no scanner, and no reader, takes them for real ones."""
    key = aws.account(ACCOUNT).user("paul").access_key()
    assert (len(key.id), key.id[:4], "EXAMPLE" in key.id) == (20, "AKIA", True)
    assert (len(key.secret), "EXAMPLE" in key.secret) == (40, True)


def test_a_wrong_secret_does_not_match(aws: LocalAWS, connect: Connect) -> None:
    """The signature is recomputed, for query and JSON services alike."""
    key = {"AccessKeyId": aws.account(ACCOUNT).user("paul").access_key().id, "SecretAccessKey": "wrong"}
    status, code, message = refusal(connect("sts", key).get_caller_identity)
    assert (status, code) == (403, "SignatureDoesNotMatch")
    assert message.startswith("The request signature we calculated does not match the signature you provided.")
    assert refusal(connect("organizations", key).list_roots)[1] == "InvalidSignatureException"


def test_unknown_inactive_and_deleted_keys_are_invalid(aws: LocalAWS, connect: Connect) -> None:
    """AWS does not say which of the three it is."""
    user = aws.account(ACCOUNT).user("paul")
    inactive, deleted = user.access_key(), user.access_key()
    unknown = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "any"}
    dead_key = {"AccessKeyId": deleted.id, "SecretAccessKey": deleted.secret}
    inactive.deactivate()
    deleted.delete()
    assert [refusal(connect("sts", key).get_caller_identity) for key in (unknown, inactive, dead_key)] == [INVALID] * 3


def test_a_session_key_needs_its_own_token(aws: LocalAWS, connect: Connect) -> None:
    """No token, and another session's, are as bad as an unknown key; so is a token on a long-term key."""
    key = aws.account(ACCOUNT).user("paul").access_key()
    sts = connect("sts", key)
    first, second = (sts.get_session_token()["Credentials"] for _ in range(2))
    wrong = [
        {name: first[name] for name in ("AccessKeyId", "SecretAccessKey")},
        first | {"SessionToken": second["SessionToken"]},
        {"AccessKeyId": key.id, "SecretAccessKey": key.secret, "SessionToken": first["SessionToken"]},
    ]
    assert [refusal(connect("sts", one).get_caller_identity) for one in wrong] == [INVALID] * 3


def test_a_session_ends_at_its_expiration(aws: LocalAWS, connect: Connect) -> None:
    """From then on it is ExpiredToken."""
    session = connect("sts", aws.account(ACCOUNT).user("paul").access_key()).get_session_token(DurationSeconds=900)
    credentials = session["Credentials"]
    assert round((credentials["Expiration"] - aws.clock.now()).total_seconds() / 60) == 15
    aws.clock.shift(901)
    status, code, message = refusal(connect("sts", credentials).get_caller_identity)
    assert (status, code, message) == (403, "ExpiredToken", "The security token included in the request is expired")


@pytest.mark.parametrize(
    ("service", "call", "seconds", "sentence"),
    [
        ("sts", "get_caller_identity", 301, "Signature expired: "),
        ("sts", "get_caller_identity", -301, "Signature not yet current: "),
        ("iam", "list_users", 901, "Signature expired: "),
        ("iam", "list_users", -901, "Signature not yet current: "),
    ],
)
def test_a_clock_too_far_off_makes_signatures_fail(
    aws: LocalAWS, connect: Connect, service: str, call: str, seconds: int, sentence: str
) -> None:
    """By more than 5 minutes for STS, and 15 for the others."""
    client = connect(service, aws.account(ACCOUNT).user("paul").access_key())
    aws.clock.shift(seconds + 30 * (1 if seconds > 0 else -1))
    status, code, message = refusal(getattr(client, call))
    assert (status, code, message[: len(sentence)]) == (403, "SignatureDoesNotMatch", sentence)


def test_a_clock_a_little_off_does_no_harm(aws: LocalAWS, connect: Connect) -> None:
    """Four minutes at STS and fourteen at IAM; the Date header tells the server's time."""
    key = aws.account(ACCOUNT).user("paul").access_key()
    aws.clock.shift(240)
    headers = connect("sts", key).get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    assert abs((parsedate_to_datetime(headers["date"]) - aws.clock.now()).total_seconds()) < 5
    assert len(headers["x-amzn-requestid"]) == 36
    aws.clock.shift(600)
    assert connect("iam", key).list_users()["Users"]


def test_an_unsigned_request_is_refused(aws: LocalAWS) -> None:
    """And its refusal has the Date header too."""
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(aws.url, body), timeout=5)
    with caught.value as answer:
        assert (answer.code, b"<Code>MissingAuthenticationToken</Code>" in answer.read()) == (403, True)
        assert "Date" in answer.headers
