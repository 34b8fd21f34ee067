"""IAM's access keys: two a user, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conftest import ACCOUNT, OTHER_ACCOUNT, Connect, refusal

if TYPE_CHECKING:
    from tests.localaws import LocalAWS


def test_a_rotation_goes_through(aws: LocalAWS, connect: Connect) -> None:
    """New key, proof, old key inactive, proof, old key gone: each without a UserName."""
    old = aws.account(ACCOUNT).user("paul").access_key()
    new = connect("iam", old).create_access_key()["AccessKey"]
    assert (new["UserName"], new["Status"]) == ("paul", "Active")
    iam = connect("iam", new)
    assert connect("sts", new).get_caller_identity()["Account"] == ACCOUNT
    iam.update_access_key(AccessKeyId=old.id, Status="Inactive")
    assert refusal(connect("sts", old).get_caller_identity)[1] == "InvalidClientTokenId"
    listed = {key["AccessKeyId"]: key["Status"] for key in iam.list_access_keys()["AccessKeyMetadata"]}
    assert listed == {old.id: "Inactive", new["AccessKeyId"]: "Active"}
    iam.delete_access_key(AccessKeyId=old.id)
    assert [key["AccessKeyId"] for key in iam.list_access_keys()["AccessKeyMetadata"]] == [new["AccessKeyId"]]


def test_a_user_has_two_keys_at_most(aws: LocalAWS, connect: Connect) -> None:
    """The third is LimitExceeded."""
    user = aws.account(ACCOUNT).user("paul")
    user.access_key()
    answer = refusal(connect("iam", user.access_key()).create_access_key)
    assert answer == (409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")


def test_keys_belong_to_their_user(aws: LocalAWS, connect: Connect) -> None:
    """Another user's key is NoSuchEntity, unless that user is named."""
    account = aws.account(ACCOUNT)
    hers = account.user("anna").access_key()
    iam = connect("iam", account.user("paul").access_key())
    assert refusal(iam.delete_access_key, AccessKeyId=hers.id)[:2] == (404, "NoSuchEntity")
    assert refusal(iam.update_access_key, AccessKeyId=hers.id, Status="Inactive")[:2] == (404, "NoSuchEntity")
    assert refusal(iam.list_access_keys, UserName="nobody")[:2] == (404, "NoSuchEntity")
    iam.delete_access_key(UserName="anna", AccessKeyId=hers.id)
    assert iam.list_access_keys(UserName="anna")["AccessKeyMetadata"] == []


def test_the_last_use_is_remembered(aws: LocalAWS, connect: Connect) -> None:
    """With service and region; a key never used says N/A, and another account's says nothing."""
    user = aws.account(ACCOUNT).user("paul")
    used, unused = user.access_key(), user.access_key()
    foreign = aws.account(OTHER_ACCOUNT).user("paul").access_key()
    connect("sts", used, region="eu-central-1").get_caller_identity()
    iam = connect("iam", unused)
    last = iam.get_access_key_last_used(AccessKeyId=used.id)
    assert last["UserName"] == "paul"
    assert (last["AccessKeyLastUsed"]["ServiceName"], last["AccessKeyLastUsed"]["Region"]) == ("sts", "eu-central-1")
    assert abs((last["AccessKeyLastUsed"]["LastUsedDate"] - aws.clock.now()).total_seconds()) < 5
    fresh = iam.create_user(UserName="anna") and iam.create_access_key(UserName="anna")["AccessKey"]["AccessKeyId"]
    never = iam.get_access_key_last_used(AccessKeyId=fresh)["AccessKeyLastUsed"]
    assert (never.get("LastUsedDate"), never["ServiceName"]) == (None, "N/A")
    assert refusal(iam.get_access_key_last_used, AccessKeyId=foreign.id)[:2] == (403, "AccessDenied")


def test_dates_are_the_servers(aws: LocalAWS, connect: Connect) -> None:
    """Users, keys and roles made after a shift are made then."""
    aws.clock.shift(-400 * 86400)
    user = aws.account(ACCOUNT).user("paul")
    key = user.access_key()
    then = aws.clock.now()
    aws.clock.shift(400 * 86400)
    iam = connect("iam", key)
    dates = [iam.list_access_keys()["AccessKeyMetadata"][0]["CreateDate"], iam.get_user()["User"]["CreateDate"]]
    assert [abs((date - then).total_seconds()) < 5 for date in dates] == [True, True]


def test_a_user_with_keys_or_devices_is_not_deleted(aws: LocalAWS, connect: Connect) -> None:
    """DeleteConflict says what must go first."""
    account = aws.account(ACCOUNT)
    anna = account.user("anna", administrator=False)
    key = anna.access_key()
    iam = connect("iam", account.user("paul").access_key())
    answer = refusal(iam.delete_user, UserName="anna")
    assert answer == (409, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
    key.delete()
    serial = anna.mfa_device().serial
    assert refusal(iam.delete_user, UserName="anna")[2] == "Cannot delete entity, must delete MFA device first."
    iam.deactivate_mfa_device(UserName="anna", SerialNumber=serial)
    iam.delete_user(UserName="anna")
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["paul"]
