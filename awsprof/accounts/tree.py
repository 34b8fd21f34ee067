"""
The tree of an organization: its units, and the accounts in each, read page by page.

Knows the order of the calls; keeps no more than one page, however many accounts there are.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from awsprof.errors import AwsprofError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from awsprof.aws.answers import MemberAccount, Organization, OrganizationalUnit
    from awsprof.model import Credentials


class AwsTree(Protocol):
    """The reads of Organizations that a walk takes."""

    def organization(self, credentials: Credentials, *, region: str) -> Organization | None: ...
    def root_id(self, credentials: Credentials, *, region: str) -> str: ...
    def parent_id(self, credentials: Credentials, *, region: str, child_id: str) -> str: ...
    def unit_name(self, credentials: Credentials, *, region: str, unit_id: str) -> str: ...
    def organizational_units(
        self, credentials: Credentials, *, region: str, parent_id: str
    ) -> Iterable[OrganizationalUnit]: ...
    def accounts_of(self, credentials: Credentials, *, region: str, parent_id: str) -> Iterable[MemberAccount]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """
    One line of the tree: an organizational unit, or an account in it.

    *units* are the names from below the root down to the unit itself; none for the root, which is no unit.
    """

    units: tuple[str, ...]
    account: MemberAccount | None
    is_management: bool = False


class Tree:
    """One organization as its management account, or a delegated administrator, sees it."""

    def __init__(self, aws: AwsTree, credentials: Credentials, *, region: str) -> None:
        self._aws = aws
        self._credentials = credentials
        self._region = region
        # An audit asks from several threads, and botocore's sessions are for one at a time.
        self._turn = threading.Lock()
        self._management_id: str | None = None

    def organization(self) -> Organization:
        """
        Return what the tree is of.

        Raises:
            AwsprofError: The account is in none.
        """
        found = self._aws.organization(self._credentials, region=self._region)
        if found is None:
            raise AwsprofError(
                "This account is in no organization",
                hint="'awsprof account create … --create-organization' makes it the management account of one.",
            )
        return found

    def walk(self, organization: Organization) -> Iterator[Place]:
        """Go through the tree: the accounts of each unit first, then the units in it."""
        root = self._aws.root_id(self._credentials, region=self._region)
        yield from self._below(root, (), organization.management_account_id)

    def _below(self, parent_id: str, units: tuple[str, ...], management_id: str) -> Iterator[Place]:
        for account in self._aws.accounts_of(self._credentials, region=self._region, parent_id=parent_id):
            yield Place(units, account, account.id == management_id)
        for unit in self._aws.organizational_units(self._credentials, region=self._region, parent_id=parent_id):
            below = (*units, unit.name)
            yield Place(below, None)
            yield from self._below(unit.id, below, management_id)

    def is_management(self, account_id: str) -> bool:
        with self._turn:
            self._management_id = self._management_id or self.organization().management_account_id
            return self._management_id == account_id

    def units_of(self, account_id: str) -> tuple[str, ...]:
        """Return the names of the units that an account is in, from below the root down; none for the root itself."""
        with self._turn:
            units: list[str] = []
            at = self._parent(account_id)
            while at.startswith("ou-"):
                units.insert(0, self._aws.unit_name(self._credentials, region=self._region, unit_id=at))
                at = self._parent(at)
            return tuple(units)

    def has_unit(self, name: str) -> bool:
        """Whether a unit has this name, wherever it is."""
        with self._turn:
            return self._has_below(self._aws.root_id(self._credentials, region=self._region), name)

    def _has_below(self, parent_id: str, name: str) -> bool:
        units = list(self._aws.organizational_units(self._credentials, region=self._region, parent_id=parent_id))
        return any(unit.name == name for unit in units) or any(self._has_below(unit.id, name) for unit in units)

    def _parent(self, child_id: str) -> str:
        return self._aws.parent_id(self._credentials, region=self._region, child_id=child_id)
