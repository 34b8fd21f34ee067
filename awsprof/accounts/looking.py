"""
What one profile gets to see of its account: each thing is asked for when a check first wants it, and only once.

Reads only; knows no rule about what is sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from awsprof.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from awsprof.aws.answers import AccountSummary, IamUser, LoginProfile, PasswordPolicy, UserPermissions
    from awsprof.model import AccessKey, CallerIdentity, Credentials, MfaDevice

T = TypeVar("T")


class AwsReads(Protocol):
    """The reads of AWS that a look takes; each is made with the credentials it is given."""

    def account_summary(self, credentials: Credentials, *, region: str) -> AccountSummary: ...
    def account_aliases(self, credentials: Credentials, *, region: str) -> list[str]: ...
    def password_policy(self, credentials: Credentials, *, region: str) -> PasswordPolicy | None: ...
    def users(self, credentials: Credentials, *, region: str) -> Iterable[IamUser]: ...
    def user_permissions(self, credentials: Credentials, *, region: str) -> list[UserPermissions]: ...
    def access_keys(self, credentials: Credentials, *, region: str, user_name: str | None) -> list[AccessKey]: ...
    def mfa_devices(self, credentials: Credentials, *, region: str) -> list[MfaDevice]: ...
    def access_key_last_used(self, credentials: Credentials, *, region: str, access_key_id: str) -> datetime | None: ...
    def login_profile(self, credentials: Credentials, *, region: str, user_name: str) -> LoginProfile | None: ...


class Organization(Protocol):
    """What the management account sees of the accounts in it."""

    def is_management(self, account_id: str) -> bool: ...
    def units_of(self, account_id: str) -> tuple[str, ...]:
        """Return the units that an account is in, from below the root down; none for the root itself."""
        ...

    def has_unit(self, name: str) -> bool:
        """Whether a unit has this name, wherever it is."""
        ...


@dataclass(frozen=True, slots=True)
class KeyOfUser:
    """One access key, and whose it is."""

    user: str
    key: AccessKey


class Look:
    """One account as its profile sees it; a refused read is refused again without a call."""

    def __init__(
        self,
        aws: AwsReads,
        credentials: Credentials,
        *,
        region: str,
        identity: CallerIdentity,
        organization: Organization | None = None,
    ) -> None:
        """
        Args:
            organization: None where nobody who sees it can be asked.
        """
        self._aws = aws
        self._credentials = credentials
        self._region = region
        self._identity = identity
        self._organization = organization
        self._seen: dict[str, object] = {}

    @property
    def account_id(self) -> str:
        return self._identity.account_id

    @property
    def user(self) -> str | None:
        """The IAM user's name that the profile is of; None for a role, and for the root user."""
        return self._identity.user_name

    @property
    def is_root_user(self) -> bool:
        return self._identity.is_root_user

    @property
    def sees_organization(self) -> bool:
        return self._organization is not None

    def is_management(self) -> bool:
        """Whether the account is known to be the one that manages its organization."""
        seen = self._organization
        return seen is not None and self._once("management", lambda: seen.is_management(self.account_id))

    def units(self) -> tuple[str, ...]:
        """Return the organizational units that the account is in, from below the root down; none for the root."""
        seen = self._organization
        assert seen is not None  # see sees_organization
        return self._once("units", lambda: seen.units_of(self.account_id))

    def has_unit(self, name: str) -> bool:
        """Whether the organization has a unit of this name."""
        seen = self._organization
        assert seen is not None  # see sees_organization
        return self._once(f"unit {name}", lambda: seen.has_unit(name))

    def summary(self) -> AccountSummary:
        return self._once("summary", lambda: self._aws.account_summary(self._credentials, region=self._region))

    def alias(self) -> str | None:
        aliases = self._once("alias", lambda: self._aws.account_aliases(self._credentials, region=self._region))
        return next(iter(aliases), None)

    def password_policy(self) -> PasswordPolicy | None:
        return self._once("policy", lambda: self._aws.password_policy(self._credentials, region=self._region))

    def users(self) -> Sequence[IamUser]:
        return self._once("users", lambda: list(self._aws.users(self._credentials, region=self._region)))

    def permissions(self) -> Sequence[UserPermissions]:
        return self._once("permissions", lambda: self._aws.user_permissions(self._credentials, region=self._region))

    def has_mfa(self) -> bool:
        return bool(self._once("devices", lambda: self._aws.mfa_devices(self._credentials, region=self._region)))

    def access_keys(self) -> Sequence[KeyOfUser]:
        """Return the access keys of every user."""
        return [key for user in self.users() for key in self.keys_of(user.name)]

    def keys_of(self, user: str) -> Sequence[KeyOfUser]:
        keys = self._once(
            f"keys of {user}",
            lambda: self._aws.access_keys(self._credentials, region=self._region, user_name=user),
        )
        return [KeyOfUser(user, key) for key in keys]

    def last_used(self, key_id: str) -> datetime | None:
        return self._once(
            f"use of {key_id}",
            lambda: self._aws.access_key_last_used(self._credentials, region=self._region, access_key_id=key_id),
        )

    def has_password(self, user: str) -> bool:
        login = self._once(
            f"password of {user}",
            lambda: self._aws.login_profile(self._credentials, region=self._region, user_name=user),
        )
        return login is not None

    def _once(self, what: str, read: Callable[[], T]) -> T:
        if what not in self._seen:
            try:
                self._seen[what] = read()
            except AwsError as error:
                self._seen[what] = error
        seen = self._seen[what]
        if isinstance(seen, AwsError):
            raise seen
        return cast("T", seen)
