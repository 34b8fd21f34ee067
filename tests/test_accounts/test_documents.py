"""The forms of what an account is given: policies that demand MFA, password policies, passwords, aliases, addresses."""

from __future__ import annotations

from typing import Any

import pytest

from awsprof.accounts.documents import (
    PASSWORD_POLICY,
    account_name,
    alias_of,
    demands_mfa,
    guard,
    new_password,
    self_service,
    stricter,
)
from awsprof.accounts.new_account import address_of
from awsprof.aws.answers import PasswordPolicy
from awsprof.errors import UsageError
from tests.localaws.accounts import GUARD_POLICY

KEY = "aws:MultiFactorAuthPresent"


def deny(condition: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition, **others}}


DEMANDING = [
    guard(),
    GUARD_POLICY,
    deny({"BoolIfExists": {KEY: "false"}}),
    deny({"BoolIfExists": {KEY.lower(): ["false"]}}),
    deny({"Null": {KEY: True}}),
]
NOT_DEMANDING = [
    {},
    self_service("aws"),
    # A key alone has no such context at all, so this denies it nothing.
    deny({"Bool": {KEY: "false"}}),
    deny({"BoolIfExists": {KEY: "true"}}),
    deny({"BoolIfExists": {KEY: "false", "aws:RequestedRegion": "eu-west-1"}}),
    deny({"BoolIfExists": {KEY: "false"}, "StringEquals": {"aws:username": "anna"}}),
    deny({"BoolIfExists": {KEY: "false"}}, Effect="Allow"),
    deny({"BoolIfExists": {KEY: "false"}}, Action="s3:*"),
    deny({"BoolIfExists": {KEY: "false"}}, Resource="arn:aws:s3:::own"),
    deny({}),
]


def test_what_demands_mfa() -> None:
    """Only what denies a bare access key nearly everything, everywhere and always."""
    assert [demands_mfa(document) for document in DEMANDING] == [True] * len(DEMANDING)
    assert [demands_mfa(document) for document in NOT_DEMANDING] == [False] * len(NOT_DEMANDING)


def test_a_password_policy_is_never_weakened() -> None:
    """Whatever it demands beyond ours stays; doing it twice changes nothing."""
    strict = PasswordPolicy(20, False, False, True, True, False, max_age_days=90, not_reused=3, hard_expiry=True)
    both = stricter(strict)
    assert both == PasswordPolicy(20, True, True, True, True, True, max_age_days=90, not_reused=24, hard_expiry=True)
    assert stricter(both) == both
    assert stricter(None) == stricter(PASSWORD_POLICY) == PASSWORD_POLICY


def test_passwords() -> None:
    """Of every kind, each another, as long as is asked for, and quoted by no shell's need."""
    made = {new_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert len(password) == 24
        kinds = (str.isupper, str.islower, str.isdigit, lambda char: not char.isalnum())
        assert all(any(kind(char) for char in password) for kind in kinds)
        assert not set(password) & set("\"'`$\\ &<>|;")
    assert len(new_password(64)) == 64


@pytest.mark.parametrize(
    ("product", "env", "alias"),
    [("autochart", "prod", "autochart-prod"), ("a.b--c", "d-.e", "a-b-c-d-e"), ("a" * 31, "b" * 31, None)],
)
def test_an_alias(product: str, env: str, alias: str | None) -> None:
    """Dots and runs of hyphens become one hyphen; at most 63 characters."""
    assert alias_of(product, env) == (alias or f"{product}-{env}")


@pytest.mark.parametrize(("product", "env"), [("a" * 32, "b" * 31), ("a", "")])
def test_no_alias(product: str, env: str) -> None:
    """Too long or too short: refused, with the option that gives another."""
    with pytest.raises(UsageError) as refused:
        alias_of(product, env)
    assert "--alias" in (refused.value.hint or "")


def test_names_and_addresses() -> None:
    """An account's name has at most 50 characters, its address 64; the address is a plus address unless exact."""
    assert account_name("a" * 25, "b" * 24) == f"{'a' * 25}_{'b' * 24}"
    with pytest.raises(UsageError, match="51 characters"):
        account_name("a" * 25, "b" * 25)
    assert address_of("paul@example.com", "autochart_dev", exact=False) == "paul+autochart_dev@example.com"
    assert address_of("paul+aws@example.com", "x_dev", exact=False) == "paul+aws+x_dev@example.com"
    assert address_of("aws-dev@example.com", "autochart_dev", exact=True) == "aws-dev@example.com"
