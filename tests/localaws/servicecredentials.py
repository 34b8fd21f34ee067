"""
Service-specific credentials (CodeCommit's passwords and the like), which moto does not have.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceSpecificCredential.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import motobackend
from .identities import new_key_id
from .wire import Answer, AwsError, Value

if TYPE_CHECKING:
    from datetime import datetime

    from moto.iam.models import User

    from .invocation import Action, Invocation


class ServiceCredentials:
    """What each user has of them, kept with moto's user, so that it goes with it."""

    def __init__(self) -> None:
        self.actions: dict[str, Action] = {
            "CreateServiceSpecificCredential": _create,
            "ListServiceSpecificCredentials": _list,
            "UpdateServiceSpecificCredential": _update,
        }


def _create(invocation: Invocation) -> Answer:
    user, rows = _of(invocation)
    row = _row(user.name, invocation.required("ServiceName"), invocation.now)
    rows.append(row)
    return invocation.answer({"ServiceSpecificCredential": row})


def _list(invocation: Invocation) -> Answer:
    _, rows = _of(invocation)
    shown: list[Value] = list(rows)
    return invocation.answer({"ServiceSpecificCredentials": shown})


def _update(invocation: Invocation) -> Answer:
    _, rows = _of(invocation)
    wanted = invocation.required("ServiceSpecificCredentialId")
    for row in rows:
        if row["ServiceSpecificCredentialId"] == wanted:
            row["Status"] = invocation.required("Status")
            return invocation.answer()
    raise AwsError(404, "NoSuchEntity", f"No such credential {wanted} exists")


def _of(invocation: Invocation) -> tuple[User, list[dict[str, Value]]]:
    name = invocation.parameters.get("UserName") or invocation.caller.name or ""
    user = motobackend.iam(invocation.caller.account_id).users.get(name)
    if user is None:
        raise AwsError(404, "NoSuchEntity", f"The user with name {name} cannot be found.")
    rows: list[dict[str, Value]] = user.__dict__.setdefault("service_credentials", [])
    return user, rows


def _row(user_name: str, service: str, now: datetime) -> dict[str, Value]:
    return {
        "UserName": user_name,
        "ServiceName": service,
        "ServiceUserName": f"{user_name}-at-{service}",
        "ServiceSpecificCredentialId": new_key_id("ACCA"),
        "Status": "Active",
        "CreateDate": now,
    }
