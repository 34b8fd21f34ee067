"""
The access keys of one IAM user at AWS, in calls that are made with a key that may be only seconds old.

Knows IAM's rules for keys; not why one is made or deleted.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from awsprof.errors import (
    AccessDeniedError,
    AwsError,
    InvalidKeyError,
    LimitExceededError,
    NotFoundError,
    ServiceFailureError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from awsprof.model import AccessKey, CallerIdentity, Credentials, LongTermCredentials

_Result = TypeVar("_Result")

# A new key takes up to about 20 s to be known everywhere; together these are a minute.
_BACKOFF_S = (1, 2, 4, 8, 15, 15, 15)
PATIENCE_S = sum(_BACKOFF_S)
_RIGHTS = "Ask for the right to manage one's own access keys (iam:ListAccessKeys, CreateAccessKey and so on)."


class AwsCalls(Protocol):
    """What the keys of a user need of AWS."""

    def caller_identity(self, credentials: Credentials, *, region: str) -> CallerIdentity: ...

    def access_keys(
        self, credentials: Credentials, *, region: str, user_name: str | None = None
    ) -> list[AccessKey]: ...

    def access_key_last_used(self, credentials: Credentials, *, region: str, access_key_id: str) -> datetime | None: ...

    def create_access_key(
        self, credentials: Credentials, *, region: str, user_name: str | None = None
    ) -> LongTermCredentials: ...

    def set_access_key_active(
        self, credentials: Credentials, *, region: str, access_key_id: str, active: bool, user_name: str | None = None
    ) -> None: ...

    def delete_access_key(
        self, credentials: Credentials, *, region: str, access_key_id: str, user_name: str | None = None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key and its use as AWS shows it; *last_used* is None when never, or when *use_known* is False."""

    id: str
    active: bool
    created: datetime
    last_used: datetime | None
    use_known: bool

    def words(self, now: datetime) -> str:
        """Say how old the key is, and when it was last used."""
        used = f"last used {_stretch(now - self.last_used)} ago" if self.last_used else "never used"
        return f"{_stretch(now - self.created)} old, {used if self.use_known else 'its last use not known'}"


class AccessKeys:
    """The keys of the user behind the profile *name*."""

    def __init__(
        self,
        name: str,
        *,
        aws: Callable[[], AwsCalls],
        region: str,
        acting: Callable[[], Credentials],
        wait: Callable[[float, str], None],
        user_name: str | None = None,
    ) -> None:
        """
        Args:
            acting: Returns what a call is made with at that moment.
            user_name: Whose keys, where it is somebody else who acts.
            wait: Sleeps for some seconds, and shows what for.
        """
        self._name = name
        self._aws = aws
        self._region = region
        self._acting = acting
        self._wait = wait
        self._user_name = user_name

    def acting_as(self, credentials: Credentials) -> AccessKeys:
        """Return the same keys, with every call made with *credentials*."""
        return AccessKeys(
            self._name,
            aws=self._aws,
            region=self._region,
            acting=lambda: credentials,
            wait=self._wait,
            user_name=self._user_name,
        )

    def listed(self) -> list[AccessKey]:
        try:
            return self._aws().access_keys(self._acting(), region=self._region, user_name=self._user_name)
        except AccessDeniedError as error:
            raise AccessDeniedError(
                f"The user of {self._name} may not list its access keys: {error.message}", code=error.code, hint=_RIGHTS
            ) from None

    def statuses(self) -> dict[str, bool]:
        """Return the id of every key, and whether it is active."""
        return {key.id: key.active for key in self._patiently(self.listed)}

    def use(self, key: AccessKey) -> KeyUse:
        """Return what AWS says of a key's use; not every user may know."""
        used, known = None, True
        try:
            used = self._aws().access_key_last_used(self._acting(), region=self._region, access_key_id=key.id)
        except AccessDeniedError:
            known = False
        return KeyUse(key.id, key.active, key.created, used, known)

    def own_arn(self) -> str:
        return self._aws().caller_identity(self._acting(), region=self._region).arn

    def arn_of(self, credentials: LongTermCredentials, *, patiently: bool = True) -> str | None:
        """Ask AWS whose a key is; None where it does not know the key."""
        with contextlib.suppress(InvalidKeyError):

            def ask() -> str:
                return self._aws().caller_identity(credentials, region=self._region).arn

            return self._patiently(ask) if patiently else ask()
        return None

    def create(self) -> LongTermCredentials:
        """
        Make another key; sent once.

        Raises:
            AccessDeniedError: The user may not.
            LimitExceededError: It has two.
            AwsError: Another failure; `unanswered` tells whether a key may have been made.
        """
        try:
            return self._aws().create_access_key(self._acting(), region=self._region, user_name=self._user_name)
        except AccessDeniedError as error:
            raise AccessDeniedError(
                f"The user of {self._name} may not make itself an access key, so nothing was changed: {error.message}",
                code=error.code,
                hint=_RIGHTS,
            ) from None
        except LimitExceededError as error:
            raise LimitExceededError(
                f"AWS allows the user of {self._name} no more access keys, so nothing was changed",
                code=error.code,
                hint=f"'awsprof rotate {self._name}' shows which there are.",
            ) from None

    def set_active(self, key_id: str, *, active: bool) -> None:
        self._patiently(
            lambda: self._aws().set_access_key_active(
                self._acting(),
                region=self._region,
                access_key_id=key_id,
                active=active,
                user_name=self._user_name,
            )
        )

    def delete(self, key_id: str) -> None:
        """See to it that there is no key of that id; where the answer is lost, it is asked again."""

        def delete() -> None:
            with contextlib.suppress(NotFoundError):
                self._aws().delete_access_key(
                    self._acting(), region=self._region, access_key_id=key_id, user_name=self._user_name
                )

        try:
            self._patiently(delete)
        except AwsError as error:
            if not unanswered(error):
                raise
            self._patiently(delete)

    def _patiently(self, call: Callable[[], _Result]) -> _Result:
        """Make a call with a key so new that AWS may not know it everywhere yet."""
        for seconds in _BACKOFF_S:
            try:
                return call()
            except InvalidKeyError:
                self._wait(seconds, "for AWS to know the access key")
        return call()


def unanswered(error: AwsError) -> bool:
    """Whether the call may have been carried out all the same."""
    return isinstance(error, ServiceFailureError) or (isinstance(error, UnreachableError) and error.sent)


def _stretch(time: timedelta) -> str:
    """Write a stretch of time in the one unit that matters."""
    for unit, seconds in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        count = int(time.total_seconds() // seconds)
        if count > 0:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
