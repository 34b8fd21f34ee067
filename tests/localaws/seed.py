"""Accounts and users from a JSON description, for scripts that start the local AWS as a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from .accounts import Account
    from .local import LocalAWS


class UserSeed(TypedDict):
    name: str
    administrator: NotRequired[bool]
    deny_without_mfa: NotRequired[bool]
    mfa: NotRequired[bool]
    access_key: NotRequired[bool]


class RoleSeed(TypedDict):
    name: str
    trusted: str
    require_mfa: NotRequired[bool]


class AccountSeed(TypedDict):
    id: str
    alias: NotRequired[str]
    users: NotRequired[list[UserSeed]]
    roles: NotRequired[list[RoleSeed]]
    organization: NotRequired[bool]  # this account manages one


class Seed(TypedDict):
    accounts: list[AccountSeed]


def plant(aws: LocalAWS, seed: Seed) -> list[dict[str, object]]:
    """Make what *seed* describes; answers it with all that a script needs to log in."""
    planted: list[dict[str, object]] = []
    for wanted in seed["accounts"]:
        account = aws.account(wanted["id"], wanted.get("alias"))
        if wanted.get("organization"):
            account.create_organization()
        planted.append(
            {
                "id": account.id,
                "alias": account.alias,
                "users": [_plant_user(account, user) for user in wanted.get("users", [])],
                "roles": [_plant_role(account, role) for role in wanted.get("roles", [])],
            }
        )
    return planted


def _plant_user(account: Account, wanted: UserSeed) -> dict[str, object]:
    user = account.user(wanted["name"], wanted.get("administrator", True), wanted.get("deny_without_mfa", False))
    key = user.access_key() if wanted.get("access_key", True) else None
    device = user.mfa_device() if wanted.get("mfa", False) else None
    return {
        "name": user.name,
        "arn": user.arn,
        "access_key_id": key.id if key else None,
        "secret_access_key": key.secret if key else None,
        "mfa_serial": device.serial if device else None,
        "mfa_seed": device.seed if device else None,
    }


def _plant_role(account: Account, wanted: RoleSeed) -> dict[str, object]:
    role = account.role(wanted["name"], wanted["trusted"], wanted.get("require_mfa", False))
    return {"name": wanted["name"], "arn": role.arn}
