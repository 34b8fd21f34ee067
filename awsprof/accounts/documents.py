"""
What awsprof gives an account: policies, demands on passwords, an alias, and first passwords.

Knows their forms and why they are so; makes no call.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import replace
from typing import Any

from awsprof.aws.answers import PasswordPolicy
from awsprof.errors import UsageError
from awsprof.naming import printable

SELF_SERVICE_NAME = "awsprof-self-service"
GUARD_NAME = "awsprof-deny-without-mfa"
PASSWORD_POLICY = PasswordPolicy(
    14, symbols=True, numbers=True, uppercase=True, lowercase=True, users_may_change=True, not_reused=24
)
MAX_ACCOUNT_NAME = 50
_ALIAS = re.compile(r"(?=.{3,63}\Z)(?!\d+\Z)[a-z0-9]+(-[a-z0-9]+)*")
_PASSWORD_LENGTH = 24
# Those that AWS counts as symbols, and that no shell and no form field makes anything of.
_SYMBOLS = "!@#%^*()_+-="


def self_service(partition: str) -> dict[str, Any]:
    """
    Make the policy that lets users see to their own password, keys and MFA devices, and to nobody else's.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
    """
    own = f"arn:{partition}:iam::*:user/${{aws:username}}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "SeeWhatIsAsked",
                "Effect": "Allow",
                "Action": ["iam:GetAccountPasswordPolicy", "iam:ListVirtualMFADevices", "iam:ListAccountAliases"],
                "Resource": "*",
            },
            {
                "Sid": "OwnPasswordAndKeys",
                "Effect": "Allow",
                "Action": [
                    "iam:ChangePassword",
                    "iam:CreateAccessKey",
                    "iam:DeleteAccessKey",
                    "iam:GetAccessKeyLastUsed",
                    "iam:GetLoginProfile",
                    "iam:GetUser",
                    "iam:ListAccessKeys",
                    "iam:UpdateAccessKey",
                ],
                "Resource": own,
            },
            {
                "Sid": "OwnMfaDevices",
                "Effect": "Allow",
                "Action": [
                    "iam:CreateVirtualMFADevice",
                    "iam:DeactivateMFADevice",
                    "iam:DeleteVirtualMFADevice",
                    "iam:EnableMFADevice",
                    "iam:GetMFADevice",
                    "iam:ListMFADevices",
                    "iam:ResyncMFADevice",
                ],
                "Resource": [own, f"arn:{partition}:iam::*:mfa/*"],
            },
        ],
    }


def guard() -> dict[str, Any]:
    """
    Make the policy that denies whoever gave no MFA all but what enrolling a device and starting a session take.

    Without it MFA protects nothing: a stolen access key works without any code.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DenyAllElseWithoutMFA",
                "Effect": "Deny",
                "NotAction": [
                    "iam:ChangePassword",
                    "iam:CreateVirtualMFADevice",
                    # Of a device that nobody has: one in use must be deactivated first, which is denied.
                    "iam:DeleteVirtualMFADevice",
                    "iam:EnableMFADevice",
                    "iam:GetAccountPasswordPolicy",
                    "iam:GetMFADevice",
                    "iam:GetUser",
                    "iam:ListMFADevices",
                    "iam:ListVirtualMFADevices",
                    "iam:ResyncMFADevice",
                    "sts:GetSessionToken",
                ],
                "Resource": "*",
                # IfExists: long-term credentials do not have this key at all, and they are whom it is for.
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            }
        ],
    }


def stricter(there: PasswordPolicy | None) -> PasswordPolicy:
    """Return what *there* becomes when our demands join it: nothing it demands already is taken away."""
    ours = PASSWORD_POLICY
    if there is None:
        return ours
    return replace(
        there,
        min_length=max(there.min_length, ours.min_length),
        symbols=True,
        numbers=True,
        uppercase=True,
        lowercase=True,
        users_may_change=True,
        not_reused=max(there.not_reused, ours.not_reused),
    )


def new_password(least: int = 0) -> str:
    """Make a first password of at least *least* characters, with some of every kind that an account can demand."""
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits, _SYMBOLS)
    signs = [secrets.choice(kind) for kind in kinds]
    every = "".join(kinds)
    signs += [secrets.choice(every) for _ in range(max(_PASSWORD_LENGTH, least) - len(signs))]
    secrets.SystemRandom().shuffle(signs)
    return "".join(signs)


def alias_of(product: str, env: str) -> str:
    """
    Make an account alias of a name: lower-case letters, digits and single hyphens.

    Raises:
        UsageError: It has under 3 or over 63 characters.
    """
    return check_alias(re.sub(r"[_.-]+", "-", f"{product}-{env}"))


def check_alias(text: str) -> str:
    if not _ALIAS.fullmatch(text):
        raise UsageError(
            f"'{printable(text)}' cannot be an account alias",
            hint="It has 3 to 63 of a-z, 0-9 and single hyphens, not digits alone: give one with --alias.",
        )
    return text


def account_name(product: str, env: str) -> str:
    """
    Make the name of an account.

    Raises:
        UsageError: It has more characters than Organizations takes.
    """
    name = f"{product}_{env}"
    if len(name) > MAX_ACCOUNT_NAME:
        raise UsageError(
            f"The account's name '{name}' has {len(name)} characters, and AWS takes {MAX_ACCOUNT_NAME}",
            hint="Take a shorter product or env.",
        )
    return name
