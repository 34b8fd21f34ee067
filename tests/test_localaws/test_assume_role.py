"""AssumeRole: trust policies, MFA, external ids, durations and chains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import ACCOUNT, OTHER_ACCOUNT, Connect, refusal

if TYPE_CHECKING:
    from tests.localaws import LocalAWS

NAMED = {"RoleSessionName": "paul"}


def test_a_trusted_account_gets_in(aws: LocalAWS, connect: Connect) -> None:
    """From within the account and from another; the session is the role's own account's."""
    role = aws.account(OTHER_ACCOUNT).role("deploy", trusted=ACCOUNT)
    sts = connect("sts", aws.account(ACCOUNT).user("paul").access_key())
    answer = sts.assume_role(RoleArn=role.arn, **NAMED)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/deploy/paul"
    identity = connect("sts", answer["Credentials"]).get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (OTHER_ACCOUNT, answer["AssumedRoleUser"]["Arn"])
    assert connect("iam", answer["Credentials"]).list_roles()["Roles"][0]["RoleName"] == "deploy"


def test_who_is_not_trusted_or_not_allowed_stays_out(aws: LocalAWS, connect: Connect) -> None:
    """A missing role, an untrusted account, and a user without sts:AssumeRole get the same sentence."""
    account = aws.account(ACCOUNT)
    foreign = aws.account(OTHER_ACCOUNT).role("deploy", trusted=OTHER_ACCOUNT)
    own = account.role("own", trusted=ACCOUNT)
    paul, weak = account.user("paul"), account.user("weak", administrator=False)
    missing = f"arn:aws:iam::{OTHER_ACCOUNT}:role/missing"
    nowhere = "arn:aws:iam::999999999999:role/missing"
    clients = {user: connect("sts", user.access_key()) for user in (paul, weak)}
    for user, arn in [(paul, foreign.arn), (paul, missing), (paul, nowhere), (weak, own.arn)]:
        sentence = f"User: {user.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        assert refusal(clients[user].assume_role, RoleArn=arn, **NAMED) == (403, "AccessDenied", sentence)


def test_a_trust_policy_that_names_a_user_is_enough_in_one_account(aws: LocalAWS, connect: Connect) -> None:
    """No identity policy is needed then, and no one else is let in."""
    account = aws.account(ACCOUNT)
    paul, anna = account.user("paul", administrator=False), account.user("anna")
    role = account.role("deploy", trusted=paul.arn)
    assert connect("sts", paul.access_key()).assume_role(RoleArn=role.arn, **NAMED)
    assert refusal(connect("sts", anna.access_key()).assume_role, RoleArn=role.arn, **NAMED)[1] == "AccessDenied"


def test_a_deny_outweighs_a_trust_policy(aws: LocalAWS, connect: Connect) -> None:
    """Who is named, but under the guard, stays out without MFA."""
    account = aws.account(ACCOUNT)
    paul = account.user("paul", deny_without_mfa=True)
    role = account.role("deploy", trusted=paul.arn)
    assert refusal(connect("sts", paul.access_key()).assume_role, RoleArn=role.arn, **NAMED)[1] == "AccessDenied"


def test_root_may_assume_no_role(aws: LocalAWS, connect: Connect) -> None:
    """AWS has a sentence for that."""
    account = aws.account(ACCOUNT)
    role = account.role("deploy", trusted=ACCOUNT)
    answer = refusal(connect("sts", account.root_access_key()).assume_role, RoleArn=role.arn, **NAMED)
    assert answer == (403, "AccessDenied", "Roles may not be assumed by root accounts.")


def test_mfa_that_a_role_requires_comes_with_the_request_or_the_session(aws: LocalAWS, connect: Connect) -> None:
    """A long-term key alone is refused; a code, or a session made with one, gets in, and the context carries on."""
    account = aws.account(ACCOUNT)
    user = account.user("paul")
    device = user.mfa_device()
    first = account.role("first", trusted=ACCOUNT, require_mfa=True)
    second = account.role("second", trusted=ACCOUNT, require_mfa=True)
    sts = connect("sts", user.access_key())
    assert refusal(sts.assume_role, RoleArn=first.arn, **NAMED)[1] == "AccessDenied"
    without = connect("sts", sts.get_session_token()["Credentials"])
    assert refusal(without.assume_role, RoleArn=first.arn, **NAMED)[1] == "AccessDenied"
    code = device.code()
    direct = sts.assume_role(RoleArn=first.arn, SerialNumber=device.serial, TokenCode=code, **NAMED)["Credentials"]
    refused = refusal(sts.get_session_token, SerialNumber=device.serial, TokenCode=code)
    assert "one time pass code" in refused[2]
    assert connect("sts", direct).assume_role(RoleArn=second.arn, **NAMED)
    aws.clock.shift(30)
    session = sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())["Credentials"]
    carried = connect("sts", session).assume_role(RoleArn=first.arn, **NAMED)["Credentials"]
    assert connect("sts", carried).assume_role(RoleArn=second.arn, **NAMED)


def test_an_external_id_must_be_the_agreed_one(aws: LocalAWS, connect: Connect) -> None:
    """None, and a wrong one, are refused."""
    role = aws.account(OTHER_ACCOUNT).role("deploy", trusted=ACCOUNT, external_id="agreed")
    sts = connect("sts", aws.account(ACCOUNT).user("paul").access_key())
    assert refusal(sts.assume_role, RoleArn=role.arn, **NAMED)[1] == "AccessDenied"
    assert refusal(sts.assume_role, RoleArn=role.arn, ExternalId="wrong", **NAMED)[1] == "AccessDenied"
    assert sts.assume_role(RoleArn=role.arn, ExternalId="agreed", **NAMED)


def test_a_role_sets_its_longest_session_and_a_chain_an_hour(aws: LocalAWS, connect: Connect) -> None:
    """Beyond either it is a ValidationError that says which."""
    account = aws.account(ACCOUNT)
    role = account.role("deploy", trusted=ACCOUNT, max_session_s=7200)
    sts = connect("sts", account.user("paul").access_key())
    answer = sts.assume_role(RoleArn=role.arn, DurationSeconds=7200, **NAMED)["Credentials"]
    assert round((answer["Expiration"] - aws.clock.now()).total_seconds() / 60) == 120
    too_long = refusal(sts.assume_role, RoleArn=role.arn, DurationSeconds=7201, **NAMED)
    assert too_long[1:] == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    for chained in (answer, sts.get_session_token()["Credentials"]):
        second = connect("sts", chained)
        assert second.assume_role(RoleArn=role.arn, DurationSeconds=3600, **NAMED)
        answer = refusal(second.assume_role, RoleArn=role.arn, DurationSeconds=3601, **NAMED)
        assert answer[1:] == (
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )


def test_a_session_policy_narrows_the_role(aws: LocalAWS, connect: Connect) -> None:
    """An administrator's role with ReadOnlyAccess on its session reads, and makes nothing."""
    account = aws.account(ACCOUNT)
    role = account.role("deploy", trusted=ACCOUNT)
    sts = connect("sts", account.user("paul").access_key())
    policy = [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    session = sts.assume_role(RoleArn=role.arn, PolicyArns=policy, **NAMED)["Credentials"]
    assert connect("iam", session).list_users()["Users"]
    assert refusal(connect("iam", session).create_user, UserName="new")[1] == "AccessDenied"


@pytest.mark.parametrize("name", ["with space", "ümlaut"])
def test_a_session_name_has_no_strange_characters(aws: LocalAWS, connect: Connect, name: str) -> None:
    """Letters, digits and +=,.@-_ only."""
    account = aws.account(ACCOUNT)
    role = account.role("deploy", trusted=ACCOUNT)
    sts = connect("sts", account.user("paul").access_key())
    assert refusal(sts.assume_role, RoleArn=role.arn, RoleSessionName=name)[1] == "ValidationError"
