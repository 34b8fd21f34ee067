"""
Who calls: long-term access keys, sessions, and what a request's key id stands for.

Users and their keys live in moto's IAM; root keys and sessions live here.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from . import motobackend
from .wire import AwsError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from moto.iam.models import AccessKey, Role, User

    from .clock import Clock

KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Kind(Enum):
    """What sort of credentials a caller has."""

    ROOT = "root"
    USER = "user"
    SESSION = "session"  # of GetSessionToken
    ROLE = "role"
    FEDERATED = "federated"


@dataclass(frozen=True)
class Caller:
    """The identity behind one request."""

    kind: Kind
    account_id: str
    arn: str
    user_id: str
    access_key_id: str
    name: str | None = None  # the user's or the role's; None for the root user
    mfa_at: datetime | None = None
    session_policies: tuple[str, ...] = ()
    chained: bool = False  # a role that was assumed with another session

    @property
    def is_long_term(self) -> bool:
        return self.kind in (Kind.ROOT, Kind.USER)

    @property
    def is_root(self) -> bool:
        return self.arn.endswith(":root")


@dataclass(frozen=True)
class Session:
    """Temporary credentials that STS gave out."""

    caller: Caller
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expiration: datetime


@dataclass
class RootKey:
    """A long-term key of an account's root user."""

    account_id: str
    access_key_id: str
    secret: str = field(repr=False)
    active: bool = True


def new_key_id(prefix: str) -> str:
    """A key id of AWS's form that anyone can see is none: it ends in EXAMPLE."""
    return prefix + "".join(secrets.choice(KEY_ALPHABET) for _ in range(9)) + "EXAMPLE"


def new_secret() -> str:
    """A secret access key of 40 characters, ending like those in AWS's documents."""
    return base64.b64encode(secrets.token_bytes(24)).decode()[:30] + "EXAMPLEKEY"


def new_token() -> str:
    """A session token, about as long as AWS's."""
    return "IQoJb3JpZ2luEXAMPLETOKEN" + base64.b64encode(secrets.token_bytes(240)).decode()


def new_password() -> str:
    """A password that satisfies every password policy."""
    return "Example-" + secrets.token_hex(8)


class Identities:
    """Every credential of this AWS, and the callers they stand for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._root_keys: dict[str, RootKey] = {}
        self._sessions: dict[str, Session] = {}

    def reset(self) -> None:
        self._root_keys.clear()
        self._sessions.clear()

    def add_root_key(self, account_id: str) -> RootKey:
        key = RootKey(account_id, new_key_id("AKIA"), new_secret())
        self._root_keys[key.access_key_id] = key
        motobackend.iam(account_id).account_summary._account_access_keys_present = 1
        return key

    def remove_root_key(self, access_key_id: str) -> None:
        key = self._root_keys.pop(access_key_id)
        left = any(other.account_id == key.account_id for other in self._root_keys.values())
        motobackend.iam(key.account_id).account_summary._account_access_keys_present = int(left)

    def add_session(self, caller: Caller, duration: timedelta) -> Session:
        """Keep new credentials for *caller*, whose key id becomes theirs."""
        expiration = (self._clock.now() + duration).replace(microsecond=0)
        session = Session(caller, new_secret(), new_token(), expiration)
        self._sessions[caller.access_key_id] = session
        return session

    def user_key(self, access_key_id: str) -> tuple[str, AccessKey] | None:
        """A user's long-term key and the account it belongs to."""
        for account_id in motobackend.account_ids():
            key = motobackend.iam(account_id).access_keys.get(access_key_id)
            if key is not None:
                return account_id, key
        return None

    def account_of(self, access_key_id: str) -> str | None:
        """The account that a key of whatever state belongs to."""
        if access_key_id in self._root_keys:
            return self._root_keys[access_key_id].account_id
        if access_key_id in self._sessions:
            return self._sessions[access_key_id].caller.account_id
        found = self.user_key(access_key_id)
        return found[0] if found else None

    def arn_of(self, access_key_id: str) -> str | None:
        """The identity that a key of whatever state belongs to; for the log."""
        if access_key_id in self._sessions:
            return self._sessions[access_key_id].caller.arn
        try:
            return self.caller(access_key_id, None)[0].arn
        except AwsError:
            return None

    def caller(self, access_key_id: str, token: str | None) -> tuple[Caller, str]:
        """
        The caller behind a key, and the secret that the request must be signed with.

        Raises:
            AwsError: The key is unknown or inactive, or the token is not its own, or expired.
        """
        session = self._sessions.get(access_key_id)
        if session:
            if token != session.token:
                raise invalid_token()
            if self._clock.now() >= session.expiration:
                raise AwsError(403, "ExpiredToken", "The security token included in the request is expired")
            return session.caller, session.secret
        if token is not None:
            raise invalid_token()
        root_key = self._root_keys.get(access_key_id)
        if root_key and root_key.active:
            return root_caller(root_key.account_id, access_key_id), root_key.secret
        found = self.user_key(access_key_id)
        if not found or found[1].status != "Active":
            raise invalid_token()
        account_id, key = found
        user = motobackend.iam(account_id).users.get(key.user_name or "")
        if user is None:
            raise invalid_token()
        return user_caller(user, access_key_id), key.secret_access_key


def invalid_token() -> AwsError:
    """AWS's answer to credentials it does not know, or no longer."""
    return AwsError(403, "InvalidClientTokenId", "The security token included in the request is invalid.")


def root_caller(account_id: str, access_key_id: str) -> Caller:
    return Caller(Kind.ROOT, account_id, root_arn(account_id), account_id, access_key_id)


def root_arn(account_id: str) -> str:
    return f"arn:{motobackend.partition(account_id)}:iam::{account_id}:root"


def user_caller(user: User, access_key_id: str) -> Caller:
    return Caller(Kind.USER, user.account_id, user.arn, user.id, access_key_id, user.name)


def role_caller(role: Role, session_name: str, mfa_at: datetime | None, session_policies: tuple[str, ...]) -> Caller:
    """The caller that whoever assumes *role* becomes."""
    arn = f"arn:{role.partition}:sts::{role.account_id}:assumed-role/{role.name}/{session_name}"
    user_id = f"{role.id}:{session_name}"
    return Caller(Kind.ROLE, role.account_id, arn, user_id, new_key_id("ASIA"), role.name, mfa_at, session_policies)
