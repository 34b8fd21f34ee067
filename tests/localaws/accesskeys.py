"""IAM's actions on access keys, for the real caller; the keys themselves lie in moto's users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from . import motobackend
from .identities import Identities, Kind, new_key_id, new_secret
from .wire import Answer, AwsError, Value, constraint_error

if TYPE_CHECKING:
    from moto.iam.models import AccessKey, User

    from .invocation import Action, Invocation

MAX_KEYS_PER_USER = 2


def add_access_key(user: User) -> AccessKey:
    """A new active key of *user*, with an id and a secret that are obviously examples."""
    backend = motobackend.iam(user.account_id)
    if len(user.access_keys) >= MAX_KEYS_PER_USER:
        raise AwsError(409, "LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {MAX_KEYS_PER_USER}")
    key = user.create_access_key(prefix="AKIA")
    key.access_key_id = new_key_id("AKIA")
    key.secret_access_key = new_secret()
    backend.access_keys[key.access_key_id] = key
    return key


@dataclass(frozen=True)
class AccessKeys:
    """The actions, on the keys of all accounts."""

    identities: Identities

    @property
    def actions(self) -> dict[str, Action]:
        return {
            "CreateAccessKey": self._create,
            "DeleteAccessKey": self._delete,
            "GetAccessKeyLastUsed": self._last_used,
            "ListAccessKeys": self._list,
            "UpdateAccessKey": self._update,
        }

    def _create(self, invocation: Invocation) -> Answer:
        user = _user(invocation)
        key = add_access_key(user)
        made: dict[str, Value] = {
            "UserName": user.name,
            "AccessKeyId": key.access_key_id,
            "Status": key.status,
            "SecretAccessKey": key.secret_access_key,
            "CreateDate": key.create_date.replace(tzinfo=UTC),
        }
        return invocation.answer({"AccessKey": made})

    def _update(self, invocation: Invocation) -> Answer:
        status = invocation.required("Status")
        if status not in ("Active", "Inactive"):
            raise constraint_error(status, "status", "satisfy enum value set: [Active, Inactive]")
        _key(invocation).status = status
        return invocation.answer()

    def _delete(self, invocation: Invocation) -> Answer:
        key = _key(invocation)
        motobackend.iam(invocation.caller.account_id).delete_access_key(key.access_key_id, key.user_name or "")
        return invocation.answer()

    def _list(self, invocation: Invocation) -> Answer:
        user = _user(invocation)
        shown: list[Value] = [
            {
                "UserName": user.name,
                "AccessKeyId": key.access_key_id,
                "Status": key.status,
                "CreateDate": key.create_date.replace(tzinfo=UTC),
            }
            for key in user.access_keys
        ]
        return invocation.answer({"UserName": user.name, "AccessKeyMetadata": shown, "IsTruncated": False})

    def _last_used(self, invocation: Invocation) -> Answer:
        key_id = invocation.required("AccessKeyId")
        found = self.identities.user_key(key_id)
        if found is None or found[0] != invocation.caller.account_id:
            raise AwsError(
                403,
                "AccessDenied",
                f"User: {invocation.caller.arn} is not authorized to perform: iam:GetAccessKeyLastUsed",
            )
        key = found[1]
        used: dict[str, Value] = {"Region": "N/A", "ServiceName": "N/A"}
        if key.last_used:
            moment = key.last_used.timestamp.replace(tzinfo=UTC)
            used = {"LastUsedDate": moment, "Region": key.last_used.region, "ServiceName": key.last_used.service}
        return invocation.answer({"UserName": key.user_name, "AccessKeyLastUsed": used})


def _user(invocation: Invocation) -> User:
    """The user that the request names, or else the caller."""
    name = invocation.parameters.get("UserName")
    if name is None and invocation.caller.kind is Kind.ROLE:
        raise AwsError(400, "ValidationError", "Must specify userName when calling with non-User credentials")
    name = name or invocation.caller.name or ""
    user = motobackend.iam(invocation.caller.account_id).users.get(name)
    if user is None:
        raise AwsError(404, "NoSuchEntity", f"The user with name {name} cannot be found.")
    return user


def _key(invocation: Invocation) -> AccessKey:
    """The key that the request names, which must be that very user's."""
    key_id = invocation.required("AccessKeyId")
    for key in _user(invocation).access_keys:
        if key.access_key_id == key_id:
            return key
    raise AwsError(404, "NoSuchEntity", f"The Access Key with id {key_id} cannot be found.")
