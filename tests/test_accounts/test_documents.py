"""The forms of what an account is given: policies that demand MFA, password policies, passwords, aliases, addresses."""

from __future__ import annotations

import pytest

from awsprof.accounts.documents import (
    PASSWORD_POLICY,
    account_name,
    alias_of,
    guard,
    new_password,
    self_service,
    stricter,
)
from awsprof.accounts.new_account import address_of
from awsprof.aws.answers import PasswordPolicy
from awsprof.errors import UsageError


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


def test_a_device_can_be_looked_at_without_mfa() -> None:
    """By whoever is about to enrol one, as in AWS's own example."""
    (deny,) = guard()["Statement"]
    assert "iam:GetMFADevice" in deny["NotAction"]
    assert any("iam:GetMFADevice" in statement["Action"] for statement in self_service("aws")["Statement"])


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
