"""
What IAM and Organizations tell of accounts, users and policies, as plain values.

Knows AWS's words; not botocore, so that every room may know these.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Organization:
    """What DescribeOrganization answers."""

    id: str
    management_account_id: str


@dataclass(frozen=True, slots=True)
class OrganizationalUnit:
    """One organizational unit; its parent is whatever it was asked of."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class MemberAccount:
    """One account of an organization; *status* in AWS's words: ACTIVE, SUSPENDED, PENDING_CLOSURE …"""

    id: str
    name: str
    email: str
    status: str
    joined: datetime | None = None


class RequestState(enum.StrEnum):
    """How far a CreateAccount has come."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """One CreateAccount; *account_id* once it succeeded, *failure* once it failed (``EMAIL_ALREADY_EXISTS`` …)."""

    id: str
    name: str
    state: RequestState
    account_id: str | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """The part of GetAccountSummary that tells of the root user; a member account's may have no credentials at all."""

    root_mfa: bool
    root_access_keys: bool
    root_password: bool


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What passwords of an account's users must be; zero where AWS sets no bound."""

    min_length: int
    symbols: bool
    numbers: bool
    uppercase: bool
    lowercase: bool
    users_may_change: bool
    max_age_days: int = 0
    not_reused: int = 0
    hard_expiry: bool = False


@dataclass(frozen=True, slots=True)
class IamUser:
    """One IAM user; *password_last_used* is None when never, or when there is no password."""

    name: str
    arn: str
    created: datetime
    password_last_used: datetime | None


@dataclass(frozen=True, slots=True)
class AttachedPolicy:
    """A managed policy where it is attached."""

    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """A managed policy; *document* is its version in force."""

    name: str
    arn: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoginProfile:
    """That a user has a console password."""

    created: datetime
    must_change: bool


@dataclass(frozen=True, slots=True)
class UserPermissions:
    """What a user may do: the names of the policies of its own, and all documents, those of its groups too."""

    user: str
    groups: tuple[str, ...]
    own_policies: tuple[str, ...]
    documents: tuple[Mapping[str, Any], ...]
