"""GetSessionToken and GetFederationToken: who gets a session, with which code, for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import ACCOUNT, OTHER_ACCOUNT, Connect, refusal

if TYPE_CHECKING:
    from tests.localaws import LocalAWS

WRONG_CODE = (
    403,
    "AccessDenied",
    "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
)
WRONG_SERIAL = (
    403,
    "AccessDenied",
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user.",
)


@pytest.mark.parametrize("kind", ["virtual", "hardware"])
def test_a_code_buys_a_session_of_the_very_user(aws: LocalAWS, connect: Connect, kind: str) -> None:
    """Twelve hours unless asked otherwise, and IAM takes it."""
    user = aws.account(ACCOUNT).user("paul", deny_without_mfa=True)
    device = user.mfa_device(kind=kind)  # type: ignore[arg-type]
    sts = connect("sts", user.access_key())
    session = sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())["Credentials"]
    assert session["AccessKeyId"].startswith("ASIA")
    assert round((session["Expiration"] - aws.clock.now()).total_seconds() / 60) == 12 * 60
    assert connect("sts", session).get_caller_identity()["Arn"] == user.arn
    assert connect("iam", session).get_user()["User"]["UserName"] == "paul"


def test_two_sessions_are_two(aws: LocalAWS, connect: Connect) -> None:
    """Each has its own key, secret and token, and both are good."""
    sts = connect("sts", aws.account(ACCOUNT).user("paul").access_key())
    first, second = (sts.get_session_token()["Credentials"] for _ in range(2))
    assert not {first[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")} & set(second.values())
    assert connect("sts", first).get_caller_identity()["Arn"] == connect("sts", second).get_caller_identity()["Arn"]


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_codes_of_adjacent_steps_are_good(aws: LocalAWS, connect: Connect, offset: int) -> None:
    """As RFC 6238 advises for clocks a little off."""
    user = aws.account(ACCOUNT).user("paul")
    device = user.mfa_device()
    sts = connect("sts", user.access_key())
    assert sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code(offset))


@pytest.mark.parametrize("offset", [-2, 2])
def test_codes_of_farther_steps_are_wrong(aws: LocalAWS, connect: Connect, offset: int) -> None:
    """Two steps away is too far."""
    user = aws.account(ACCOUNT).user("paul")
    device = user.mfa_device()
    sts = connect("sts", user.access_key())
    assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=device.code(offset)) == WRONG_CODE


def test_a_code_is_good_once_and_older_ones_no_more(aws: LocalAWS, connect: Connect) -> None:
    """The same code again, and that of the step before, are refused; the next step's is taken."""
    user = aws.account(ACCOUNT).user("paul")
    device = user.mfa_device()
    sts = connect("sts", user.access_key())
    used = device.code()
    sts.get_session_token(SerialNumber=device.serial, TokenCode=used)
    assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=used) == WRONG_CODE
    assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=device.code(-1)) == WRONG_CODE
    aws.clock.shift(30)
    assert sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())


def test_a_serial_must_be_an_enabled_totp_device_of_the_caller(aws: LocalAWS, connect: Connect) -> None:
    """Another user's, another account's, a FIDO key's, an unassigned one's and none at all are refused alike."""
    account = aws.account(ACCOUNT)
    user = account.user("paul")
    key = user.access_key()
    others = [account.user("anna").mfa_device(), aws.account(OTHER_ACCOUNT).user("paul").mfa_device()]
    fido = user.mfa_device("fido")
    unassigned = connect("iam", key).create_virtual_mfa_device(VirtualMFADeviceName="new")["VirtualMFADevice"]
    asked = [(device.serial, device.code()) for device in others]
    asked += [(fido.serial, "123456"), (unassigned["SerialNumber"], "123456"), ("GAHT99999999", "123456")]
    sts = connect("sts", key)
    answers = [refusal(sts.get_session_token, SerialNumber=serial, TokenCode=code) for serial, code in asked]
    assert answers == [WRONG_SERIAL] * 5


def test_serial_and_code_go_together_and_a_code_is_six_digits(aws: LocalAWS, connect: Connect) -> None:
    """One without the other is denied; anything but digits is a ValidationError."""
    user = aws.account(ACCOUNT).user("paul")
    device = user.mfa_device()
    sts = connect("sts", user.access_key())
    sentence = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
    assert refusal(sts.get_session_token, SerialNumber=device.serial) == (403, "AccessDenied", sentence)
    assert refusal(sts.get_session_token, TokenCode=device.code()) == (403, "AccessDenied", sentence)
    for code in ("12345a", "1234567", "١٢٣٤٥٦"):
        assert refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=code)[:2] == (
            400,
            "ValidationError",
        )


def test_a_duration_is_between_15_minutes_and_36_hours(aws: LocalAWS, connect: Connect) -> None:
    """Longer is a ValidationError; the root user gets an hour at most."""
    account = aws.account(ACCOUNT)
    sts = connect("sts", account.user("paul").access_key())
    longest = sts.get_session_token(DurationSeconds=129_600)["Credentials"]["Expiration"]
    assert round((longest - aws.clock.now()).total_seconds() / 60) == 36 * 60
    assert refusal(sts.get_session_token, DurationSeconds=129_601)[:2] == (400, "ValidationError")
    assert refusal(sts.get_federation_token, Name="paul", DurationSeconds=129_601)[:2] == (400, "ValidationError")
    root = connect("sts", account.root_access_key()).get_session_token()["Credentials"]["Expiration"]
    assert round((root - aws.clock.now()).total_seconds() / 60) == 60


def test_a_session_may_call_of_sts_only_assume_role_and_get_caller_identity(aws: LocalAWS, connect: Connect) -> None:
    """Sessions make no sessions."""
    session = connect("sts", aws.account(ACCOUNT).user("paul").access_key()).get_session_token()["Credentials"]
    sts = connect("sts", session)
    sentence = "Cannot call GetSessionToken with session credentials"
    assert refusal(sts.get_session_token) == (403, "AccessDenied", sentence)
    assert refusal(sts.get_federation_token, Name="paul")[1] == "AccessDenied"
    assert refusal(sts.get_access_key_info, AccessKeyId=session["AccessKeyId"])[1] == "AccessDenied"


def test_a_session_without_mfa_is_unknown_to_iam(aws: LocalAWS, connect: Connect) -> None:
    """As AWS's documents warn, and deploys that make roles find out."""
    session = connect("sts", aws.account(ACCOUNT).user("paul").access_key()).get_session_token()["Credentials"]
    assert refusal(connect("iam", session).list_users)[:2] == (403, "InvalidClientTokenId")
    assert refusal(connect("organizations", session).list_roots)[1] == "AWSOrganizationsNotInUseException"


def test_a_federated_user_is_no_user_for_iam(aws: LocalAWS, connect: Connect) -> None:
    """It may ask who it is, and little else."""
    sts = connect("sts", aws.account(ACCOUNT).user("paul").access_key())
    federated = sts.get_federation_token(Name="guest")["Credentials"]
    identity = connect("sts", federated).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    assert refusal(connect("iam", federated).list_users)[1] == "InvalidClientTokenId"
    assert refusal(connect("sts", federated).get_session_token)[1] == "AccessDenied"


def test_get_access_key_info_knows_the_account(aws: LocalAWS, connect: Connect) -> None:
    """Of any key, also another account's."""
    sts = connect("sts", aws.account(ACCOUNT).user("paul").access_key())
    other = aws.account(OTHER_ACCOUNT).user("anna").access_key()
    assert sts.get_access_key_info(AccessKeyId=other.id)["Account"] == OTHER_ACCOUNT
