"""Calls for an account and an organization, made of the local AWS and read back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from awsprof.aws.answers import AccountRequest, AttachedPolicy, Organization, PasswordPolicy, RequestState
from awsprof.aws.calls import Aws
from awsprof.errors import AlreadyThereError, AwsError
from awsprof.model import LongTermCredentials
from tests.localaws import motobackend

if TYPE_CHECKING:
    from tests.localaws import LocalAWS

ACCOUNT, MEMBER = "111111111111", "222222222222"
REGION = "eu-west-1"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
POLICY = PasswordPolicy(
    14, symbols=True, numbers=True, uppercase=True, lowercase=True, users_may_change=True, not_reused=5
)
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@pytest.fixture
def keys(aws: LocalAWS) -> LongTermCredentials:
    key = aws.account(ACCOUNT).user("paul").access_key()
    return LongTermCredentials(key.id, key.secret)


@pytest.fixture
def calls(aws: LocalAWS) -> Aws:
    return Aws(os.environ, lambda _: None)


def test_an_organization_from_nothing(calls: Aws, keys: LongTermCredentials) -> None:
    """It is made, with a unit and an account that is moved into it."""
    assert calls.organization(keys, region=REGION) is None
    made = calls.create_organization(keys, region=REGION)
    assert calls.organization(keys, region=REGION) == made == Organization(made.id, ACCOUNT)
    with pytest.raises(AlreadyThereError):
        calls.create_organization(keys, region=REGION)
    root = calls.root_id(keys, region=REGION)
    unit = calls.create_organizational_unit(keys, region=REGION, parent_id=root, name="autochart")
    assert list(calls.organizational_units(keys, region=REGION, parent_id=root)) == [unit]
    with pytest.raises(AlreadyThereError):
        calls.create_organizational_unit(keys, region=REGION, parent_id=root, name="autochart")
    asked = calls.create_account(keys, region=REGION, name="autochart_dev", email="paul+dev@example.com")
    assert asked == AccountRequest(asked.id, "autochart_dev", RequestState.IN_PROGRESS, None, None)
    assert list(calls.account_requests(keys, region=REGION, states=[RequestState.IN_PROGRESS])) == [asked]
    calls.account_request(keys, region=REGION, request_id=asked.id)
    done = calls.account_request(keys, region=REGION, request_id=asked.id)
    assert done.state is RequestState.SUCCEEDED
    assert done.account_id is not None
    assert calls.parent_id(keys, region=REGION, child_id=done.account_id) == root
    move = {"account_id": done.account_id, "source_id": root, "destination_id": unit.id}
    calls.move_account(keys, region=REGION, **move)
    with pytest.raises(AwsError):
        calls.move_account(keys, region=REGION, **move)
    (found,) = calls.accounts_of(keys, region=REGION, parent_id=unit.id)
    assert (found.id, found.name, found.email, found.status) == (
        done.account_id,
        "autochart_dev",
        "paul+dev@example.com",
        "ACTIVE",
    )


def test_lists_are_read_page_by_page(aws: LocalAWS, calls: Aws, keys: LongTermCredentials) -> None:
    """A page is asked for when somebody comes to it, and all of them are."""
    aws.account(ACCOUNT).create_organization()
    for number in range(44):
        aws.account(ACCOUNT).add_member(aws.account(f"3{number:011}"), f"a{number}", f"a{number}@example.com")
    for number in range(120):
        motobackend.iam(ACCOUNT).create_user("aws", f"user{number:03}")
    aws.clear_calls()
    accounts = calls.accounts(keys, region=REGION)
    next(accounts)
    assert len(aws.calls_of("ListAccounts")) == 1
    assert len({account.id for account in accounts}) == 44
    assert len(aws.calls_of("ListAccounts")) == 3
    assert len({user.name for user in calls.users(keys, region=REGION)}) == 121
    assert len(aws.calls_of("ListUsers")) == 2


def test_a_group_a_user_and_what_they_may(calls: Aws, keys: LongTermCredentials) -> None:
    """Made, read back, and taken away again."""
    assert calls.group_members(keys, region=REGION, group="sysadmins") is None
    calls.create_group(keys, region=REGION, group="sysadmins")
    assert calls.group_members(keys, region=REGION, group="sysadmins") == []
    own = calls.create_policy(keys, region=REGION, name="own", description="Of the test", document=DOCUMENT)
    for arn in (ADMINISTRATOR, own, own):
        calls.attach_group_policy(keys, region=REGION, group="sysadmins", policy_arn=arn)
    assert calls.attached_group_policies(keys, region=REGION, group="sysadmins") == [
        AttachedPolicy("AdministratorAccess", ADMINISTRATOR),
        AttachedPolicy("own", own),
    ]
    found = calls.managed_policy(keys, region=REGION, policy_arn=own)
    assert found is not None
    assert found.document == DOCUMENT
    assert calls.managed_policy(keys, region=REGION, policy_arn=f"{own}2") is None
    anna = {"region": REGION, "user_name": "anna"}
    assert calls.user(keys, **anna) is None
    assert calls.create_user(keys, **anna) == calls.user(keys, **anna)
    with pytest.raises(AlreadyThereError):
        calls.create_user(keys, **anna)
    for _ in range(2):
        calls.add_user_to_group(keys, **anna, group="sysadmins")
    assert calls.groups_of_user(keys, **anna) == ["sysadmins"]
    assert calls.group_members(keys, region=REGION, group="sysadmins") == ["anna"]
    calls.remove_user_from_group(keys, **anna, group="sysadmins")
    assert calls.groups_of_user(keys, **anna) == []
    assert calls.attached_user_policies(keys, region=REGION, user_name="paul") == [
        AttachedPolicy("AdministratorAccess", ADMINISTRATOR)
    ]
    assert calls.inline_user_policies(keys, **anna) == []
    key = calls.create_access_key(keys, **anna)
    calls.set_access_key_active(keys, **anna, access_key_id=key.access_key_id, active=False)
    assert [one.active for one in calls.access_keys(keys, **anna)] == [False]
    calls.delete_access_key(keys, **anna, access_key_id=key.access_key_id)
    assert calls.access_keys(keys, **anna) == calls.mfa_devices(keys, **anna) == []


def test_inline_policies(aws: LocalAWS, calls: Aws, keys: LongTermCredentials) -> None:
    aws.account(ACCOUNT).user("anna").put_policy("own", DOCUMENT)
    assert calls.inline_user_policies(keys, region=REGION, user_name="anna") == ["own"]


def test_the_account_itself(aws: LocalAWS, calls: Aws, keys: LongTermCredentials) -> None:
    """Alias, password policy, and what is counted of the root user."""
    aws.account(MEMBER, alias="taken")
    assert calls.account_alias(keys, region=REGION) is None
    with pytest.raises(AlreadyThereError):
        calls.create_account_alias(keys, region=REGION, alias="taken")
    calls.create_account_alias(keys, region=REGION, alias="autochart-dev")
    assert calls.account_alias(keys, region=REGION) == "autochart-dev"
    assert calls.password_policy(keys, region=REGION) is None
    calls.set_password_policy(keys, region=REGION, policy=POLICY)
    assert calls.password_policy(keys, region=REGION) == POLICY
    before = calls.account_summary(keys, region=REGION)
    aws.account(ACCOUNT).root_access_key()
    aws.account(ACCOUNT).root_mfa_device()
    after = calls.account_summary(keys, region=REGION)
    assert [(one.root_mfa, one.root_access_keys) for one in (before, after)] == [(False, False), (True, True)]


def test_a_console_password(aws: LocalAWS, calls: Aws, keys: LongTermCredentials) -> None:
    """It must satisfy the policy, is changed at the first login, and shows in no log."""
    aws.account(ACCOUNT).user("anna")
    anna = {"region": REGION, "user_name": "anna"}
    calls.set_password_policy(keys, region=REGION, policy=POLICY)
    assert calls.login_profile(keys, **anna) is None
    with pytest.raises(AwsError, match="password policy"):
        calls.create_login_profile(keys, **anna, password="example")
    calls.create_login_profile(keys, **anna, password="Example-password-1")
    found = calls.login_profile(keys, **anna)
    assert found is not None
    assert found.must_change
    with pytest.raises(AlreadyThereError):
        calls.create_login_profile(keys, **anna, password="Example-password-2")
    for _ in range(2):
        calls.delete_login_profile(keys, **anna)
    assert calls.login_profile(keys, **anna) is None
    assert "Example-password" not in repr(aws.calls)
