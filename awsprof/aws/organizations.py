"""
The calls awsprof makes of Organizations, each with plain values in and out.

Knows the API; not when or why a call is made. Lists are read page by page, as far as they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awsprof.aws.answers import AccountRequest, MemberAccount, Organization, OrganizationalUnit, RequestState
from awsprof.aws.service import Service
from awsprof.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from awsprof.model import Credentials


class Organizations(Service):
    """Organizations; nearly all of it is for the management account alone."""

    def organization(self, credentials: Credentials, *, region: str) -> Organization | None:
        """
        Return the organization that the caller's account is in; None when it is in none.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
        """
        try:
            answer = self._client("organizations", credentials, region).read("DescribeOrganization")
        except NotFoundError:
            return None
        return _organization(answer)

    def create_organization(self, credentials: Credentials, *, region: str) -> Organization:
        """
        Make the caller's account the management account of a new organization, with all features; sent once.

        Raises:
            AlreadyThereError: The account is in one.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html
        """
        client = self._client("organizations", credentials, region)
        return _organization(client.send_once("CreateOrganization", FeatureSet="ALL"))

    def root_id(self, credentials: Credentials, *, region: str) -> str:
        """
        Return the id of the organization's root, which is the parent of all there is.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListRoots.html
        """
        rows = self._client("organizations", credentials, region).pages("ListRoots", "Roots")
        return str(next(row["Id"] for row in rows))

    def organizational_units(
        self, credentials: Credentials, *, region: str, parent_id: str
    ) -> Iterator[OrganizationalUnit]:
        """
        List the units directly under a root or a unit.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html
        """
        client = self._client("organizations", credentials, region)
        for row in client.pages("ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=parent_id):
            yield OrganizationalUnit(row["Id"], row["Name"])

    def unit_name(self, credentials: Credentials, *, region: str, unit_id: str) -> str:
        """
        Return the name of an organizational unit.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganizationalUnit.html
        """
        client = self._client("organizations", credentials, region)
        answer = client.read("DescribeOrganizationalUnit", OrganizationalUnitId=unit_id)
        return str(answer["OrganizationalUnit"]["Name"])

    def create_organizational_unit(
        self, credentials: Credentials, *, region: str, parent_id: str, name: str
    ) -> OrganizationalUnit:
        """
        Make a unit under a root or a unit; sent once.

        Raises:
            AlreadyThereError: There is one of that name.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
        """
        client = self._client("organizations", credentials, region)
        row = client.send_once("CreateOrganizationalUnit", ParentId=parent_id, Name=name)["OrganizationalUnit"]
        return OrganizationalUnit(row["Id"], row["Name"])

    def accounts(self, credentials: Credentials, *, region: str) -> Iterator[MemberAccount]:
        """
        List every account of the organization.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
        """
        for row in self._client("organizations", credentials, region).pages("ListAccounts", "Accounts"):
            yield _account(row)

    def account(self, credentials: Credentials, *, region: str, account_id: str) -> MemberAccount:
        """
        Return one account of the organization.

        Raises:
            NotFoundError: It is in another one, or in none.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html
        """
        client = self._client("organizations", credentials, region)
        return _account(client.read("DescribeAccount", AccountId=account_id)["Account"])

    def accounts_of(self, credentials: Credentials, *, region: str, parent_id: str) -> Iterator[MemberAccount]:
        """
        List the accounts directly under a root or a unit.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html
        """
        client = self._client("organizations", credentials, region)
        for row in client.pages("ListAccountsForParent", "Accounts", ParentId=parent_id):
            yield _account(row)

    def parent_id(self, credentials: Credentials, *, region: str, child_id: str) -> str:
        """
        Return the id of the root or unit that an account or a unit is in; each is in exactly one.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html
        """
        rows = self._client("organizations", credentials, region).pages("ListParents", "Parents", ChildId=child_id)
        return str(next(row["Id"] for row in rows))

    def move_account(
        self, credentials: Credentials, *, region: str, account_id: str, source_id: str, destination_id: str
    ) -> None:
        """
        Move an account from one root or unit to another; sent once.

        Raises:
            AlreadyThereError: It is there.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
        """
        self._client("organizations", credentials, region).send_once(
            "MoveAccount", AccountId=account_id, SourceParentId=source_id, DestinationParentId=destination_id
        )

    def create_account(self, credentials: Credentials, *, region: str, name: str, email: str) -> AccountRequest:
        """
        Ask for a new account, which AWS makes in its own time; sent once, whatever happens.

        Returns:
            The request, most likely in progress.

        Raises:
            UnreachableError: No answer; ``sent`` tells whether AWS may be making the account all the same.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
        """
        client = self._client("organizations", credentials, region)
        return _request(client.send_once("CreateAccount", AccountName=name, Email=email)["CreateAccountStatus"])

    def account_request(self, credentials: Credentials, *, region: str, request_id: str) -> AccountRequest:
        """
        Ask how far a CreateAccount has come.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeCreateAccountStatus.html
        """
        client = self._client("organizations", credentials, region)
        answer = client.read("DescribeCreateAccountStatus", CreateAccountRequestId=request_id)
        return _request(answer["CreateAccountStatus"])

    def account_requests(
        self, credentials: Credentials, *, region: str, states: Sequence[RequestState]
    ) -> Iterator[AccountRequest]:
        """
        List the CreateAccounts of the last 90 days that are in one of *states*.

        Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListCreateAccountStatus.html
        """
        client = self._client("organizations", credentials, region)
        for row in client.pages("ListCreateAccountStatus", "CreateAccountStatuses", States=list(map(str, states))):
            yield _request(row)


def _organization(answer: Mapping[str, Any]) -> Organization:
    row = answer["Organization"]
    return Organization(row["Id"], row["MasterAccountId"])


def _account(row: Mapping[str, Any]) -> MemberAccount:
    # Status is to give way to State, which has the same words and more.
    status = row.get("Status") or row.get("State", "")
    return MemberAccount(row["Id"], row["Name"], row["Email"], status, row.get("JoinedTimestamp"))


def _request(row: Mapping[str, Any]) -> AccountRequest:
    return AccountRequest(
        row["Id"],
        row.get("AccountName", ""),
        RequestState(row["State"]),
        row.get("AccountId"),
        row.get("FailureReason"),
    )
