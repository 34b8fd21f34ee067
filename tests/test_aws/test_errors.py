"""Each way in which AWS refuses a call has its own kind, sentence and status."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from awsprof.aws.calls import Aws
from awsprof.errors import (
    AccessDeniedError,
    AlreadyThereError,
    AwsError,
    ClockSkewError,
    InvalidKeyError,
    InvalidTokenCodeError,
    LimitExceededError,
    NotFoundError,
    ServiceFailureError,
    ThrottledError,
    UnreachableError,
    UnusableMfaDeviceError,
)
from awsprof.model import LongTermCredentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.localaws import LocalAWS

REGION = "eu-west-1"
ROLE = "arn:aws:iam::111111111111:role/deploy"
SERIAL = "arn:aws:iam::111111111111:mfa/paul"

CALLS: dict[str, Callable[[Aws, LongTermCredentials], object]] = {
    "GetCallerIdentity": lambda aws, keys: aws.caller_identity(keys, region=REGION),
    "GetSessionToken": lambda aws, keys: aws.get_session_token(
        keys, region=REGION, serial=SERIAL, code="123456", duration_s=900
    ),
    "AssumeRole": lambda aws, keys: aws.assume_role(
        keys, region=REGION, role_arn=ROLE, session_name="paul", external_id=None, duration_s=None
    ),
    "GetFederationToken": lambda aws, keys: aws.get_federation_token(
        keys, region=REGION, name="paul", policy="{}", duration_s=900
    ),
    "ListMFADevices": lambda aws, keys: aws.mfa_devices(keys, region=REGION),
    "CreateVirtualMFADevice": lambda aws, keys: aws.create_virtual_mfa_device(keys, region=REGION, name="paul"),
    "EnableMFADevice": lambda aws, keys: aws.enable_mfa_device(
        keys, region=REGION, user_name="paul", serial=SERIAL, codes=("123456", "654321")
    ),
    "DeactivateMFADevice": lambda aws, keys: aws.deactivate_mfa_device(
        keys, region=REGION, user_name="paul", serial=SERIAL
    ),
    "DeleteVirtualMFADevice": lambda aws, keys: aws.delete_virtual_mfa_device(keys, region=REGION, serial=SERIAL),
    "ListAccessKeys": lambda aws, keys: aws.access_keys(keys, region=REGION),
    "GetAccessKeyLastUsed": lambda aws, keys: aws.access_key_last_used(
        keys, region=REGION, access_key_id="AKIAEXAMPLEEXAMPLE0"
    ),
    "CreateAccessKey": lambda aws, keys: aws.create_access_key(keys, region=REGION),
    "UpdateAccessKey": lambda aws, keys: aws.set_access_key_active(
        keys, region=REGION, access_key_id="AKIAEXAMPLEEXAMPLE0", active=False
    ),
    "DeleteAccessKey": lambda aws, keys: aws.delete_access_key(
        keys, region=REGION, access_key_id="AKIAEXAMPLEEXAMPLE0"
    ),
}
READS = (
    "GetCallerIdentity",
    "AssumeRole",
    "GetFederationToken",
    "ListMFADevices",
    "ListAccessKeys",
    "GetAccessKeyLastUsed",
    "UpdateAccessKey",
)

RETRIED = ("Throttling", "ServiceUnavailable")
MFA = "MultiFactorAuthentication failed"
REFUSALS: list[tuple[type[AwsError], int, str, str]] = [
    (AccessDeniedError, 403, "AccessDenied", "User: paul is not authorized to perform it"),
    (InvalidKeyError, 403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    (InvalidKeyError, 403, "SignatureDoesNotMatch", "The request signature we calculated does not match"),
    (ClockSkewError, 403, "SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than"),
    (AccessDeniedError, 403, "ExpiredToken", "The security token included in the request is expired"),
    (ThrottledError, 400, "Throttling", "Rate exceeded"),
    (ThrottledError, 409, "EntityTemporarilyUnmodifiable", "Try again."),
    (NotFoundError, 404, "NoSuchEntity", "The Access Key with id AKIAEXAMPLEEXAMPLE0 cannot be found."),
    (AlreadyThereError, 409, "EntityAlreadyExists", "MFADevice entity at the same path and name already exists."),
    (LimitExceededError, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"),
    (InvalidTokenCodeError, 403, "InvalidAuthenticationCode", "Authentication code for device is not valid."),
    (InvalidTokenCodeError, 403, "AccessDenied", f"{MFA} with invalid MFA one time pass code."),
    (UnusableMfaDeviceError, 403, "AccessDenied", f"{MFA}, unable to validate MFA code."),
    (AwsError, 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration"),
    (AwsError, 403, "RegionDisabledException", "STS is not activated in this region for account"),
    (ServiceFailureError, 503, "ServiceUnavailable", "Try again."),
]


@pytest.fixture
def calls(aws: LocalAWS) -> Aws:
    return Aws(os.environ, lambda _: None)


@pytest.fixture
def keys(aws: LocalAWS) -> LongTermCredentials:
    key = aws.account("111111111111").user("paul").access_key()
    return LongTermCredentials(key.id, key.secret)


def refusal(call: str, calls: Aws, keys: LongTermCredentials) -> AwsError:
    with pytest.raises(AwsError) as caught:
        CALLS[call](calls, keys)
    assert caught.value.status == 7
    assert keys.secret_access_key not in f"{caught.value.message}{caught.value.hint}{caught.value!r}"
    return caught.value


@pytest.mark.parametrize("call", CALLS)
def test_every_refusal_has_a_sentence_of_its_own(
    aws: LocalAWS, calls: Aws, keys: LongTermCredentials, call: str
) -> None:
    """No two refusals of one call read alike, and each is of the kind that callers tell apart."""
    sentences = []
    for kind, status, code, message in REFUSALS:
        # As often as a read is asked again.
        aws.fail(call, status=status, code=code, message=message, times=3 if call in READS and code in RETRIED else 1)
        error = refusal(call, calls, keys)
        assert type(error) is kind, (code, error)
        assert error.code == code
        sentences.append(error.message)
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("fault", [{"delay_s": 5}, {"drop": "before"}, {"status": 503, "code": "ServiceUnavailable"}])
def test_a_glance_waits_for_nobody(aws: LocalAWS, calls: Aws, keys: LongTermCredentials, fault: dict[str, Any]) -> None:
    """What is good to know and no more is asked once, and given up sooner than any other call."""
    aws.fail("ListAccountAliases", **fault)
    aws.clear_calls()
    began = time.monotonic()
    with pytest.raises((UnreachableError, ServiceFailureError)):
        calls.account_alias(keys, region=REGION, glance=True)
    # An ordinary read waits ten seconds for each answer.
    assert time.monotonic() - began < 9
    assert len(aws.calls_of("ListAccountAliases")) <= 1


@pytest.mark.parametrize("call", [name for name in CALLS if name not in READS])
def test_what_makes_or_spends_is_sent_once(aws: LocalAWS, calls: Aws, keys: LongTermCredentials, call: str) -> None:
    """A call that creates something or carries a code is never repeated; a lost answer says that it may be done."""
    aws.fail(call, drop="before")
    aws.clear_calls()
    error = refusal(call, calls, keys)
    assert isinstance(error, UnreachableError)
    assert error.sent
    assert len(aws.calls_of(call)) == 1
    assert "may have been carried out" in (error.hint or "")
