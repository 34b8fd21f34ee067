"""Policies: what users, groups and sessions may do, and in which sentence they are refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.localaws.policies import Verdict, evaluate

from .conftest import ACCOUNT, OTHER_ACCOUNT, Connect, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.localaws import LocalAWS

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
LONG_TERM: Mapping[str, str] = {"aws:username": "paul"}
WITHOUT_MFA = {**LONG_TERM, "aws:MultiFactorAuthPresent": "false"}
WITH_MFA = {**LONG_TERM, "aws:MultiFactorAuthPresent": "true"}


def policy(effect: str = "Allow", **elements: object) -> str:
    return json.dumps({"Statement": {"Effect": effect, "Resource": "*", **elements}})


@pytest.mark.parametrize(
    ("documents", "context", "verdict"),
    [
        ([], LONG_TERM, Verdict.UNMENTIONED),
        ([policy(Action="iam:*")], LONG_TERM, Verdict.ALLOWED),
        ([policy(Action="IAM:getuse?")], LONG_TERM, Verdict.ALLOWED),
        ([policy(Action="iam:Get")], LONG_TERM, Verdict.UNMENTIONED),
        ([policy(NotAction="iam:List*")], LONG_TERM, Verdict.ALLOWED),
        ([policy(NotAction=["iam:Get*"])], LONG_TERM, Verdict.UNMENTIONED),
        ([policy(Action="*", Resource="arn:aws:iam::*:user/${aws:username}")], LONG_TERM, Verdict.ALLOWED),
        ([policy(Action="*", Resource="arn:aws:iam::*:user/${aws:username}")], {}, Verdict.UNMENTIONED),
        ([policy(Action="*", Resource="arn:aws:iam::*:user/anna")], LONG_TERM, Verdict.UNMENTIONED),
        ([policy("Deny", Action="iam:GetUser"), policy(Action="*")], LONG_TERM, Verdict.DENIED),
        ([policy(Action="*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], WITH_MFA, Verdict.ALLOWED),
        (
            [policy(Action="*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})],
            LONG_TERM,
            Verdict.UNMENTIONED,
        ),
        (
            [policy("Deny", Action="*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})],
            LONG_TERM,
            Verdict.DENIED,
        ),
        (
            [policy("Deny", Action="*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})],
            WITHOUT_MFA,
            Verdict.DENIED,
        ),
        (
            [policy("Deny", Action="*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})],
            WITH_MFA,
            Verdict.UNMENTIONED,
        ),
    ],
)
def test_policies_mean_what_they_mean_at_aws(
    documents: list[str], context: Mapping[str, str], verdict: Verdict
) -> None:
    """Long-term credentials have no MultiFactorAuthPresent at all, which is what IfExists is for."""
    assert evaluate(documents, "iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/paul", context) is verdict


def test_without_a_policy_nothing_is_allowed(aws: LocalAWS, connect: Connect) -> None:
    """The sentence is AWS's."""
    user = aws.account(ACCOUNT).user("paul", administrator=False)
    sentence = (
        f"User: {user.arn} is not authorized to perform: iam:ListMFADevices on resource: {user.arn} "
        "because no identity-based policy allows the iam:ListMFADevices action"
    )
    answer = refusal(connect("iam", user.access_key()).list_mfa_devices)
    assert answer == (403, "AccessDenied", sentence)


def test_the_guard_denies_nearly_all_without_mfa(aws: LocalAWS, connect: Connect) -> None:
    """Own MFA and GetSessionToken stay open; with a session made with a code all is."""
    account = aws.account(ACCOUNT)
    user = account.user("paul", deny_without_mfa=True)
    role = account.role("deploy", trusted=ACCOUNT)
    device = user.mfa_device()
    key = user.access_key()
    iam, sts = connect("iam", key), connect("sts", key)
    assert iam.list_mfa_devices()["MFADevices"]
    iam.create_virtual_mfa_device(VirtualMFADeviceName="second")
    sentence = (
        f"User: {user.arn} is not authorized to perform: iam:ListUsers on resource: * "
        "with an explicit deny in an identity-based policy"
    )
    assert refusal(iam.list_users) == (403, "AccessDenied", sentence)
    assert refusal(sts.assume_role, RoleArn=role.arn, RoleSessionName="paul")[1] == "AccessDenied"
    session = sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())["Credentials"]
    assert connect("iam", session).list_users()["Users"]
    assert connect("sts", session).assume_role(RoleArn=role.arn, RoleSessionName="paul")


def test_bool_without_if_exists_passes_long_term_keys(aws: LocalAWS, connect: Connect) -> None:
    """The well-known mistake: such a guard hits sessions made without MFA, and not the bare key."""
    account = aws.account(ACCOUNT)
    account.create_organization()
    user = account.user("paul")
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    user.put_policy("leaky-guard", {"Version": "2012-10-17", "Statement": [statement]})
    key = user.access_key()
    session = connect("sts", key).get_session_token()["Credentials"]
    assert connect("organizations", key).list_roots()["Roots"]
    assert refusal(connect("organizations", session).list_roots)[1] == "AccessDeniedException"


def test_a_user_under_the_guard_alone_can_enrol_a_device(aws: LocalAWS, connect: Connect) -> None:
    """No administrator is needed for one's own MFA, and another's stays closed."""
    account = aws.account(ACCOUNT)
    account.user("anna")
    iam = connect("iam", account.user("paul", administrator=False, deny_without_mfa=True).access_key())
    assert iam.create_virtual_mfa_device(VirtualMFADeviceName="paul")["VirtualMFADevice"]
    assert iam.list_mfa_devices()["MFADevices"] == []
    assert refusal(iam.list_mfa_devices, UserName="anna")[1] == "AccessDenied"


def test_read_only_access_reads(aws: LocalAWS, connect: Connect) -> None:
    """AWS's own managed policies can be attached through the API."""
    account = aws.account(ACCOUNT)
    weak = account.user("weak", administrator=False)
    connect("iam", account.root_access_key()).attach_user_policy(UserName="weak", PolicyArn=READ_ONLY)
    iam = connect("iam", weak.access_key())
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["weak"]
    assert refusal(iam.create_access_key)[1] == "AccessDenied"


def test_groups_lend_their_policies(aws: LocalAWS, connect: Connect) -> None:
    """Attached and inline ones, until the user leaves."""
    account = aws.account(ACCOUNT)
    weak = account.user("weak", administrator=False)
    root = connect("iam", account.root_access_key())
    root.create_group(GroupName="readers")
    root.attach_group_policy(GroupName="readers", PolicyArn=READ_ONLY)
    root.put_group_policy(
        GroupName="readers",
        PolicyName="own-keys",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "iam:CreateAccessKey",
                        "Resource": "arn:aws:iam::*:user/${aws:username}",
                    }
                ],
            }
        ),
    )
    root.add_user_to_group(GroupName="readers", UserName="weak")
    iam = connect("iam", weak.access_key())
    assert iam.list_users()["Users"]
    assert iam.create_access_key()["AccessKey"]
    root.remove_user_from_group(GroupName="readers", UserName="weak")
    assert refusal(iam.list_users)[1] == "AccessDenied"


def test_accounts_are_apart(aws: LocalAWS, connect: Connect) -> None:
    """The same user name in two accounts is two users, each seeing its own account."""
    accounts = [aws.account(ACCOUNT, "dev"), aws.account(OTHER_ACCOUNT, "prod")]
    keys = [account.user("paul").access_key() for account in accounts]
    clients = [connect("iam", key) for key in keys]
    assert [client.list_account_aliases()["AccountAliases"] for client in clients] == [["dev"], ["prod"]]
    assert [client.get_user()["User"]["Arn"][13:25] for client in clients] == [ACCOUNT, OTHER_ACCOUNT]


def test_an_alias_is_unique_and_well_formed(aws: LocalAWS, connect: Connect) -> None:
    """Another account's is taken, and an underscore is none of its characters."""
    aws.account(OTHER_ACCOUNT, alias="autochart-prod")
    iam = connect("iam", aws.account(ACCOUNT).user("paul").access_key())
    assert refusal(iam.create_account_alias, AccountAlias="autochart-prod")[:2] == (409, "EntityAlreadyExists")
    for alias in ("auto_chart", "a--b", "-ab", "123456789012"):
        assert refusal(iam.create_account_alias, AccountAlias=alias)[:2] == (400, "ValidationError")
    iam.create_account_alias(AccountAlias="autochart-dev")
    assert iam.list_account_aliases()["AccountAliases"] == ["autochart-dev"]


def test_a_password_is_changed_by_whoever_knows_it(aws: LocalAWS, connect: Connect) -> None:
    """And neither password is in the log."""
    user = aws.account(ACCOUNT).user("paul")
    user.password("Old-example-1")
    iam = connect("iam", user.access_key())
    assert refusal(iam.change_password, OldPassword="wrong", NewPassword="New-example-1")[1] == "AccessDenied"
    iam.change_password(OldPassword="Old-example-1", NewPassword="New-example-1")
    assert "example-1" not in repr(aws.calls)


def test_moto_answers_the_rest(aws: LocalAWS, connect: Connect) -> None:
    """Password policy, roles, policies, the credential report; what it lacks is a clear refusal."""
    user = aws.account(ACCOUNT).user("paul")
    user.mfa_device()
    iam = connect("iam", user.access_key())
    assert refusal(iam.get_account_password_policy)[:2] == (404, "NoSuchEntity")
    iam.update_account_password_policy(MinimumPasswordLength=14, AllowUsersToChangePassword=True)
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 14
    assert [one["PolicyName"] for one in iam.list_attached_user_policies(UserName="paul")["AttachedPolicies"]] == [
        "AdministratorAccess"
    ]
    iam.generate_credential_report()
    assert b"paul" in iam.get_credential_report()["Content"]
    assert refusal(iam.get_user, UserName="nobody")[:2] == (404, "NoSuchEntity")
