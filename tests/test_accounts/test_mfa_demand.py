"""What counts as a policy that demands MFA, and what only looks like one."""

from __future__ import annotations

from typing import Any

import pytest

from awsprof.accounts.documents import guard, self_service
from awsprof.accounts.mfa_demand import demands_mfa
from tests.localaws.accounts import GUARD_POLICY

_WITHOUT = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
_DENY: dict[str, Any] = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": _WITHOUT}


def _statement(**changes: Any) -> dict[str, Any]:
    wanted = {**_DENY, **changes}
    return {"Version": "2012-10-17", "Statement": {key: value for key, value in wanted.items() if value is not None}}


@pytest.mark.parametrize(
    "document",
    [
        guard(),
        GUARD_POLICY,
        _statement(),
        _statement(Condition={"boolifexists": {"AWS:multifactorauthpresent": ["False"]}}),
        _statement(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": False}}),
        _statement(Condition={"Null": {"aws:MultiFactorAuthAge": "true"}}),
        _statement(Action=None, NotAction=["iam:EnableMFADevice", "sts:GetSessionToken"]),
        _statement(Action=None, NotAction=["IAM:ListUsers", "iam:ListAccountAliases", "sts:GetCallerIdentity"]),
    ],
)
def test_demands(document: dict[str, Any]) -> None:
    assert demands_mfa([{"Statement": []}, document])


@pytest.mark.parametrize(
    "document",
    [
        {},
        self_service("aws"),
        {"Statement": "Deny"},
        _statement(Effect="Allow"),
        # A request signed with long-term credentials has no such key, and Bool lets it pass.
        _statement(Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}),
        # A session without MFA has the key, and its value is false.
        _statement(Condition={"Null": {"aws:MultiFactorAuthPresent": "true"}}),
        _statement(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}),
        _statement(Condition=None),
        _statement(Condition={**_WITHOUT, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
        _statement(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false", "aws:SecureTransport": "false"}}),
        _statement(Resource="arn:aws:s3:::*"),
        _statement(Action=["s3:*", "ec2:*"]),
        _statement(Action=None, NotAction=["iam:*"]),
        _statement(Action=None, NotAction=["s3:GetObject", "sts:GetSessionToken"]),
        _statement(Action=None, NotAction=["*"]),
        *(
            _statement(Action=None, NotAction=[*guard()["Statement"][0]["NotAction"], more])
            for more in (
                "iam:P*",
                "iam:AttachUserPolicy",
                "iam:CreateAccessKey",
                "iam:DeactivateMFADevice",
                "iam:Get*",
                "sts:AssumeRole",
            )
        ),
    ],
)
def test_demands_nothing(document: dict[str, Any]) -> None:
    assert not demands_mfa([document])
