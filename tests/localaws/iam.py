"""
IAM: authorises every action, does the strict ones itself, and leaves the rest to moto.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from . import motobackend
from .accesskeys import AccessKeys
from .identities import Identities, Kind, invalid_token
from .mfa import Mfa
from .servicecredentials import ServiceCredentials
from .wire import Answer, AwsError, Value

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend, User

    from .devices import Devices
    from .invocation import Action, Invocation

ALIAS_PATTERN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# What an account is marked with whose root user has no password, as central root access management has it.
NO_ROOT_PASSWORD = "no_root_password"

# Actions whose UserName, when it is not given, is the caller's own.
OWN_BY_DEFAULT = frozenset(
    {
        "ChangePassword",
        "CreateAccessKey",
        "DeactivateMFADevice",
        "DeleteAccessKey",
        "GetLoginProfile",
        "GetUser",
        "ListAccessKeys",
        "ListMFADevices",
        "ListSSHPublicKeys",
        "ListSigningCertificates",
        "UpdateAccessKey",
    }
)


class Iam:
    """The IAM of all accounts."""

    def __init__(self, identities: Identities, devices: Devices) -> None:
        self._devices = devices
        self._mfa = Mfa(devices)
        self._actions: dict[str, Action] = {
            "ChangePassword": _change_password,
            "AddUserToGroup": _add_user_to_group,
            "CreateAccountAlias": _create_account_alias,
            "CreateLoginProfile": _create_login_profile,
            "ListUsers": _list_users,
            "DeleteUser": self._delete_user,
            "GetAccountSummary": _get_account_summary,
            "UpdateUser": self._update_user,
            **ServiceCredentials().actions,
            **self._mfa.actions,
            **AccessKeys(identities).actions,
        }

    def handle(self, invocation: Invocation) -> Answer:
        caller = invocation.caller
        if caller.kind is Kind.FEDERATED or (caller.kind is Kind.SESSION and not caller.mfa_at):
            # AWS lets sessions call IAM only if they were made with MFA.
            raise invalid_token()
        invocation.require(self._resource(invocation))
        if invocation.action == "GetUser" and "UserName" not in invocation.parameters:
            if caller.is_root:
                return _root_user(invocation)
            if caller.kind is Kind.ROLE:
                raise AwsError(400, "ValidationError", "Must specify userName when calling with non-User credentials")
        action = self._actions.get(invocation.action)
        return action(invocation) if action else _moto(invocation)

    def _resource(self, invocation: Invocation) -> str:
        """The ARN that policies must allow this action on."""
        parameters = invocation.parameters
        account_id = invocation.caller.account_id
        backend = motobackend.iam(account_id)
        action = invocation.action
        if action == "CreateVirtualMFADevice":
            path = parameters.get("Path", "/")
            return f"{_prefix(account_id)}:mfa{path}{parameters.get('VirtualMFADeviceName', '')}"
        if action == "DeleteVirtualMFADevice":
            return parameters.get("SerialNumber", "*")
        if action == "GetAccessKeyLastUsed":
            key = backend.access_keys.get(parameters.get("AccessKeyId", ""))
            return user_arn(backend, account_id, key.user_name or "") if key else "*"
        if "PolicyArn" in parameters and not {"UserName", "GroupName", "RoleName"} & set(parameters):
            return parameters["PolicyArn"]
        if "RoleName" in parameters:
            role = next((role for role in backend.get_roles() if role.name == parameters["RoleName"]), None)
            return role.arn if role else f"{_prefix(account_id)}:role/{parameters['RoleName']}"
        if "GroupName" in parameters:
            return f"{_prefix(account_id)}:group/{parameters['GroupName']}"
        name = parameters.get("UserName")
        if name is None and action in OWN_BY_DEFAULT and not invocation.caller.is_root:
            name = invocation.caller.name
        return user_arn(backend, account_id, name) if name else "*"

    def _delete_user(self, invocation: Invocation) -> Answer:
        name = invocation.required("UserName")
        backend = motobackend.iam(invocation.caller.account_id)
        user = backend.users.get(name)
        if user:
            in_the_way = {
                "delete access keys": user.access_keys,
                "delete MFA device": self._devices.of_user(invocation.caller.account_id, name),
                "delete login profile": user.password,
                "remove users from group": backend.get_groups_for_user(name),
            }
            for step, found in in_the_way.items():
                if found:
                    raise AwsError(409, "DeleteConflict", f"Cannot delete entity, must {step} first.")
        return _moto(invocation)

    def _update_user(self, invocation: Invocation) -> Answer:
        answer = _moto(invocation)
        old, new = invocation.required("UserName"), invocation.parameters.get("NewUserName")
        if answer.status == 200 and new:
            account_id = invocation.caller.account_id
            for key in motobackend.iam(account_id).users[new].access_keys:
                key.user_name = new
            self._devices.rename_user(account_id, old, new)
        return answer


def user_arn(backend: IAMBackend, account_id: str, name: str) -> str:
    """The ARN of a user, or that a user of this name would have."""
    user = backend.users.get(name)
    return user.arn if user else f"{_prefix(account_id)}:user/{name}"


def _prefix(account_id: str) -> str:
    return f"arn:{motobackend.partition(account_id)}:iam::{account_id}"


def _moto(invocation: Invocation) -> Answer:
    parameters = dict(invocation.parameters)
    if invocation.action in OWN_BY_DEFAULT and invocation.caller.name and invocation.caller.kind is not Kind.ROLE:
        parameters.setdefault("UserName", invocation.caller.name)
    account_id = invocation.caller.account_id
    return motobackend.answer("iam", invocation.region, account_id, invocation.request, urlencode(parameters))


def _root_user(invocation: Invocation) -> Answer:
    account_id = invocation.caller.account_id
    user: dict[str, Value] = {
        "Path": "/",
        "UserName": "root",
        "UserId": account_id,
        "Arn": invocation.caller.arn,
        "CreateDate": invocation.now,
    }
    return invocation.answer({"User": user})


def _change_password(invocation: Invocation) -> Answer:
    caller = invocation.caller
    user = motobackend.iam(caller.account_id).users.get(caller.name or "")
    if user is None:
        raise AwsError(400, "InvalidUserType", "Only an IAM user can change its own password.")
    if not user.password:
        raise AwsError(404, "NoSuchEntity", f"Login Profile for User {user.name} cannot be found.")
    if invocation.required("OldPassword") != user.password:
        raise AwsError(403, "AccessDenied", "The old password was incorrect.")
    user.password = invocation.required("NewPassword")
    user.password_reset_required = False
    return invocation.answer()


def _create_account_alias(invocation: Invocation) -> Answer:
    alias = invocation.required("AccountAlias")
    if not ALIAS_PATTERN.fullmatch(alias) or not 3 <= len(alias) <= 63 or alias.isdigit():
        raise AwsError(
            400,
            "ValidationError",
            f"1 validation error detected: Value '{alias}' at 'accountAlias' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$",
        )
    # An alias is unique in all of AWS, and not only in its account.
    for account_id in motobackend.account_ids():
        if account_id != invocation.caller.account_id and alias in motobackend.iam(account_id).account_aliases:
            raise AwsError(409, "EntityAlreadyExists", f"The account alias {alias} already exists.")
    return _moto(invocation)


def _get_account_summary(invocation: Invocation) -> Answer:
    """moto does not know that AWS tells of the root user's password."""
    answer = _moto(invocation)
    present = not motobackend.iam(invocation.caller.account_id).account_summary.__dict__.get(NO_ROOT_PASSWORD)
    end = b"</SummaryMap>"
    entry = f"<entry><key>AccountPasswordPresent</key><value>{int(present)}</value></entry>".encode()
    assert end in answer.body
    return replace(answer, body=answer.body.replace(end, entry + end))


def _add_user_to_group(invocation: Invocation) -> Answer:
    """moto lists a user twice who is put into a group twice."""
    backend = motobackend.iam(invocation.caller.account_id)
    group = backend.groups.get(invocation.required("GroupName"))
    if group and any(user.name == invocation.required("UserName") for user in group.users):
        return invocation.answer()
    return _moto(invocation)


def _create_login_profile(invocation: Invocation) -> Answer:
    """moto takes any password, and forgets that it must be changed."""
    backend = motobackend.iam(invocation.caller.account_id)
    user = _user_named(backend, invocation.required("UserName"))
    if user.password:
        raise AwsError(409, "EntityAlreadyExists", f"Login Profile for user {user.name} already exists.")
    password = invocation.required("Password")
    _check_password(backend, password)
    user.password = password
    user.password_reset_required = invocation.parameters.get("PasswordResetRequired") == "true"
    made: dict[str, Value] = {
        "UserName": user.name,
        "CreateDate": invocation.now,
        "PasswordResetRequired": user.password_reset_required,
    }
    return invocation.answer({"LoginProfile": made})


def _check_password(backend: IAMBackend, password: str) -> None:
    policy = backend.account_password_policy
    kinds = {
        "uppercase": (policy and policy.require_uppercase_characters, r"[A-Z]"),
        "lowercase": (policy and policy.require_lowercase_characters, r"[a-z]"),
        "number": (policy and policy.require_numbers, r"[0-9]"),
        "symbol": (policy and policy.require_symbols, r"[!@#$%^&*()_+\-=\[\]{}|']"),
    }
    missing = [kind for kind, (needed, pattern) in kinds.items() if needed and not re.search(pattern, password)]
    if missing or len(password) < (policy.minimum_password_length if policy else 8):
        raise AwsError(400, "PasswordPolicyViolation", "Password does not conform to the account password policy.")


def _list_users(invocation: Invocation) -> Answer:
    """moto lists all at once."""
    users = sorted(motobackend.iam(invocation.caller.account_id).users.values(), key=lambda user: user.name)
    start = int(invocation.parameters.get("Marker", "0"))
    end = start + int(invocation.parameters.get("MaxItems", "100"))
    shown: list[Value] = []
    for user in users[start:end]:
        row: dict[str, Value] = {
            "Path": user.path,
            "UserName": user.name,
            "UserId": user.id,
            "Arn": user.arn,
            "CreateDate": user.create_date.replace(tzinfo=UTC),
        }
        if user.password_last_used:
            row["PasswordLastUsed"] = user.password_last_used.replace(tzinfo=UTC)
        shown.append(row)
    result: dict[str, Value] = {"Users": shown, "IsTruncated": end < len(users)}
    return invocation.answer({**result, "Marker": str(end)} if end < len(users) else result)


def _user_named(backend: IAMBackend, name: str) -> User:
    user = backend.users.get(name)
    if user is None:
        raise AwsError(404, "NoSuchEntity", f"The user with name {name} cannot be found.")
    return user
