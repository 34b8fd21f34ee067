"""Organizations: accounts that take a while, and sometimes fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import ACCOUNT, OTHER_ACCOUNT, Connect, refusal

if TYPE_CHECKING:
    from tests.localaws import LocalAWS


@pytest.fixture
def organizations(aws: LocalAWS, connect: Connect) -> Any:
    """Organizations for the management account's administrator."""
    account = aws.account(ACCOUNT)
    account.create_organization()
    return connect("organizations", account.user("paul").access_key(), region="us-east-1")


def create(organizations: Any, email: str = "paul+dev@example.com") -> dict[str, Any]:
    status = organizations.create_account(Email=email, AccountName="autochart_dev")["CreateAccountStatus"]
    assert isinstance(status, dict)
    return status


def state(organizations: Any, request: dict[str, Any]) -> dict[str, Any]:
    answer = organizations.describe_create_account_status(CreateAccountRequestId=request["Id"])
    status = answer["CreateAccountStatus"]
    assert isinstance(status, dict)
    return status


def test_an_account_takes_a_while(aws: LocalAWS, connect: Connect, organizations: Any) -> None:
    """IN_PROGRESS first, then SUCCEEDED; the management account gets in by the role, as administrator."""
    request = create(organizations)
    assert (request["State"], "AccountId" in request) == ("IN_PROGRESS", False)
    assert len(organizations.list_accounts()["Accounts"]) == 1
    assert state(organizations, request)["State"] == "IN_PROGRESS"
    done = state(organizations, request)
    assert done["State"] == "SUCCEEDED"
    assert done["AccountId"] in {account["Id"] for account in organizations.list_accounts()["Accounts"]}
    role = f"arn:aws:iam::{done['AccountId']}:role/OrganizationAccountAccessRole"
    sts = connect("sts", aws.account(ACCOUNT).user("anna").access_key())
    credentials = sts.assume_role(RoleArn=role, RoleSessionName="setup")["Credentials"]
    connect("iam", credentials).create_user(UserName="paul")
    assert connect("iam", credentials).list_users()["Users"][0]["Arn"].split(":")[4] == done["AccountId"]


def test_an_account_is_made_even_if_nobody_asks(aws: LocalAWS, organizations: Any) -> None:
    """Whoever lists accounts later finds it."""
    create(organizations)
    aws.clock.shift(6)
    assert [account["Name"] for account in organizations.list_accounts()["Accounts"]] == ["master", "autochart_dev"]
    statuses = organizations.list_create_account_status()["CreateAccountStatuses"]
    assert [status["State"] for status in statuses] == ["SUCCEEDED"]


def test_an_email_address_is_used_once(organizations: Any) -> None:
    """The second account with it ends in FAILED, and says why."""
    for expected in ("SUCCEEDED", "FAILED"):
        request = create(organizations)
        state(organizations, request)
        last = state(organizations, request)
        assert last["State"] == expected
    assert last["FailureReason"] == "EMAIL_ALREADY_EXISTS"
    assert len(organizations.list_accounts()["Accounts"]) == 2


def test_a_failure_can_be_ordered(aws: LocalAWS, organizations: Any) -> None:
    """For the reasons that no test could bring about."""
    aws.fail_next_account("ACCOUNT_LIMIT_EXCEEDED")
    request = create(organizations)
    state(organizations, request)
    assert state(organizations, request)["FailureReason"] == "ACCOUNT_LIMIT_EXCEEDED"


def test_units_hold_accounts(aws: LocalAWS, organizations: Any) -> None:
    """A member is moved from the root into a unit, whose name is taken then."""
    aws.account(ACCOUNT).add_member(aws.account(OTHER_ACCOUNT), "autochart_prod", "paul+prod@example.com")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="autochart")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=OTHER_ACCOUNT, SourceParentId=root, DestinationParentId=unit)
    found = organizations.list_accounts_for_parent(ParentId=unit)["Accounts"]
    assert [(account["Id"], account["Name"]) for account in found] == [(OTHER_ACCOUNT, "autochart_prod")]
    again = refusal(organizations.create_organizational_unit, ParentId=root, Name="autochart")
    assert again[1] == "DuplicateOrganizationalUnitException"


def test_only_the_management_account_makes_accounts(aws: LocalAWS, connect: Connect, organizations: Any) -> None:
    """And only who is allowed to; AWS's JSON services say AccessDeniedException."""
    other = connect("organizations", aws.account(OTHER_ACCOUNT).user("paul").access_key())
    answer = refusal(other.create_account, Email="a@example.com", AccountName="a")
    assert answer[1] == "AWSOrganizationsNotInUseException"
    weak = connect("organizations", aws.account(ACCOUNT).user("weak", administrator=False).access_key())
    assert refusal(weak.list_accounts)[1] == "AccessDeniedException"
