"""IAM's MFA devices: made, enabled with two codes in a row, listed, taken away."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.localaws import totp

from .conftest import ACCOUNT, Connect, refusal

if TYPE_CHECKING:
    from tests.localaws import LocalAWS


@pytest.fixture
def iam(aws: LocalAWS, connect: Connect) -> Any:
    """IAM for the administrator paul."""
    return connect("iam", aws.account(ACCOUNT).user("paul").access_key())


def new_device(iam: Any, name: str = "phone") -> tuple[str, str]:
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    return device["SerialNumber"], device["Base32StringSeed"].decode()


def codes(aws: LocalAWS, seed: str, *offsets: int) -> dict[str, str]:
    step = totp.step_at(aws.clock.now())
    made = [totp.code_of_step(seed, step + offset) for offset in offsets]
    return {f"AuthenticationCode{number}": code for number, code in enumerate(made, 1)}


def test_a_new_virtual_device_has_a_seed_and_a_picture(aws: LocalAWS, iam: Any) -> None:
    """Shown this once; the serial is its ARN, and the name is taken."""
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    assert device["SerialNumber"] == f"arn:aws:iam::{ACCOUNT}:mfa/phone"
    assert (len(device["Base32StringSeed"]), len(base64.b32decode(device["Base32StringSeed"]))) == (64, 40)
    assert device["QRCodePNG"].startswith(b"\x89PNG")
    assert refusal(iam.create_virtual_mfa_device, VirtualMFADeviceName="phone")[:2] == (409, "EntityAlreadyExists")


@pytest.mark.parametrize("offsets", [(-1, 0), (0, 1), (-2, -1)])
def test_two_codes_in_a_row_enable_a_device(aws: LocalAWS, iam: Any, offsets: tuple[int, int]) -> None:
    """And use up both: STS takes only a later one."""
    serial, seed = new_device(iam)
    iam.enable_mfa_device(UserName="paul", SerialNumber=serial, **codes(aws, seed, *offsets))
    assert [device["SerialNumber"] for device in iam.list_mfa_devices()["MFADevices"]] == [serial]


def test_the_codes_that_enabled_a_device_are_used_up(aws: LocalAWS, connect: Connect) -> None:
    """So a first login has to wait for the next step."""
    key = aws.account(ACCOUNT).user("paul").access_key()
    iam, sts = connect("iam", key), connect("sts", key)
    serial, seed = new_device(iam)
    pair = codes(aws, seed, -1, 0)
    iam.enable_mfa_device(UserName="paul", SerialNumber=serial, **pair)
    used = pair["AuthenticationCode2"]
    assert refusal(sts.get_session_token, SerialNumber=serial, TokenCode=used)[1] == "AccessDenied"
    aws.clock.shift(30)
    assert sts.get_session_token(SerialNumber=serial, TokenCode=codes(aws, seed, 0)["AuthenticationCode1"])


@pytest.mark.parametrize("offsets", [(0, 0), (0, -1), (-1, 1), (1, 2), (-3, -2)])
def test_other_codes_enable_nothing(aws: LocalAWS, iam: Any, offsets: tuple[int, int]) -> None:
    """The same twice, backwards, with a gap, too early and too late."""
    serial, seed = new_device(iam)
    answer = refusal(iam.enable_mfa_device, UserName="paul", SerialNumber=serial, **codes(aws, seed, *offsets))
    assert answer == (403, "InvalidAuthenticationCode", "Authentication code for device is not valid.")
    assert iam.list_mfa_devices()["MFADevices"] == []


def test_a_device_has_one_user_and_must_exist(aws: LocalAWS, iam: Any) -> None:
    """Enabling it again is EntityAlreadyExists, one never made NoSuchEntity."""
    serial, seed = new_device(iam)
    pair = codes(aws, seed, -1, 0)
    iam.enable_mfa_device(UserName="paul", SerialNumber=serial, **pair)
    iam.create_user(UserName="anna")
    assert refusal(iam.enable_mfa_device, UserName="anna", SerialNumber=serial, **pair)[:2] == (
        409,
        "EntityAlreadyExists",
    )
    missing = f"arn:aws:iam::{ACCOUNT}:mfa/missing"
    assert refusal(iam.enable_mfa_device, UserName="anna", SerialNumber=missing, **pair)[:2] == (404, "NoSuchEntity")
    assert refusal(iam.enable_mfa_device, UserName="nobody", SerialNumber=serial, **pair)[:2] == (404, "NoSuchEntity")


def test_a_user_has_eight_devices_at_most(aws: LocalAWS, connect: Connect) -> None:
    """The ninth is LimitExceeded."""
    user = aws.account(ACCOUNT).user("paul")
    for _ in range(8):
        user.mfa_device()
    iam = connect("iam", user.access_key())
    serial, seed = new_device(iam)
    pair = codes(aws, seed, -1, 0)
    assert refusal(iam.enable_mfa_device, UserName="paul", SerialNumber=serial, **pair)[:2] == (409, "LimitExceeded")


def test_a_device_is_deactivated_before_it_is_deleted(aws: LocalAWS, iam: Any) -> None:
    """DeleteConflict until then, NoSuchEntity afterwards."""
    serial, seed = new_device(iam)
    iam.enable_mfa_device(UserName="paul", SerialNumber=serial, **codes(aws, seed, -1, 0))
    assert refusal(iam.delete_virtual_mfa_device, SerialNumber=serial)[:2] == (409, "DeleteConflict")
    iam.deactivate_mfa_device(UserName="paul", SerialNumber=serial)
    assert refusal(iam.deactivate_mfa_device, UserName="paul", SerialNumber=serial)[:2] == (404, "NoSuchEntity")
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    assert refusal(iam.delete_virtual_mfa_device, SerialNumber=serial)[:2] == (404, "NoSuchEntity")


def test_lists_tell_whose_devices_there_are(aws: LocalAWS, connect: Connect) -> None:
    """Of every kind, the caller's own without a name; the virtual ones by assignment."""
    account = aws.account(ACCOUNT)
    paul, anna = account.user("paul"), account.user("anna")
    own = [paul.mfa_device(kind).serial for kind in ("virtual", "hardware", "fido")]
    hers = anna.mfa_device().serial
    iam = connect("iam", paul.access_key())
    unassigned, _ = new_device(iam)
    assert [device["SerialNumber"] for device in iam.list_mfa_devices()["MFADevices"]] == own
    assert [device["SerialNumber"] for device in iam.list_mfa_devices(UserName="anna")["MFADevices"]] == [hers]
    assert refusal(iam.list_mfa_devices, UserName="nobody")[:2] == (404, "NoSuchEntity")

    def virtual(status: str) -> list[str]:
        found = iam.list_virtual_mfa_devices(AssignmentStatus=status)["VirtualMFADevices"]
        return [device["SerialNumber"] for device in found]

    assert (virtual("Assigned"), virtual("Unassigned")) == ([own[0], hers], [unassigned])
    assert virtual("Any") == [own[0], hers, unassigned]


def test_the_root_users_device_shows_in_the_summary(aws: LocalAWS, connect: Connect) -> None:
    """So do root keys: what an audit asks first."""
    account = aws.account(ACCOUNT)
    iam = connect("iam", account.user("paul").access_key())

    def summary() -> tuple[int, int, int]:
        found = iam.get_account_summary()["SummaryMap"]
        return found["AccountMFAEnabled"], found["AccountAccessKeysPresent"], found["AccountPasswordPresent"]

    assert summary() == (0, 0, 1)
    account.root_mfa_device()
    key = account.root_access_key()
    assert summary() == (1, 1, 1)
    key.delete()
    account.delete_root_password()
    assert summary() == (1, 0, 0)
