"""
STS, strictly: who may get session credentials, for how long, with which code.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from . import motobackend, policies
from .devices import ROOT, Devices
from .identities import Caller, Identities, Kind, Session, new_key_id, role_caller, root_arn
from .invocation import Action, Invocation, unknown_action
from .policies import Verdict
from .wire import Answer, AwsError, Value, constraint_error, members, validation_error

if TYPE_CHECKING:
    from moto.iam.models import Role

# The session of a GetSessionToken may call these, and nothing else of STS.
FOR_SESSIONS = ("AssumeRole", "GetCallerIdentity")
ROOT_LIMIT_S = 3600
CHAINED_LIMIT_S = 3600


class Sts:
    """The STS of all accounts."""

    def __init__(self, identities: Identities, devices: Devices) -> None:
        self._identities = identities
        self._devices = devices
        self._actions: dict[str, Action] = {
            "AssumeRole": self._assume_role,
            "GetAccessKeyInfo": self._get_access_key_info,
            "GetCallerIdentity": self._get_caller_identity,
            "GetFederationToken": self._get_federation_token,
            "GetSessionToken": self._get_session_token,
        }

    def handle(self, invocation: Invocation) -> Answer:
        action = self._actions.get(invocation.action)
        if action is None:
            raise unknown_action(invocation)
        temporary = invocation.caller.kind in (Kind.SESSION, Kind.FEDERATED)
        if temporary and invocation.action not in FOR_SESSIONS:
            raise AwsError(403, "AccessDenied", f"Cannot call {invocation.action} with session credentials")
        return action(invocation)

    def _get_caller_identity(self, invocation: Invocation) -> Answer:
        caller = invocation.caller
        return invocation.answer({"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account_id})

    def _get_access_key_info(self, invocation: Invocation) -> Answer:
        invocation.require("*")
        account_id = self._identities.account_of(invocation.required("AccessKeyId"))
        if account_id is None:
            raise validation_error("Access key id is not valid.")
        return invocation.answer({"Account": account_id})

    def _get_session_token(self, invocation: Invocation) -> Answer:
        caller = invocation.caller
        if not caller.is_long_term:
            raise AwsError(403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
        seconds = _duration(invocation, default=43_200, most=129_600)
        if caller.is_root:
            seconds = min(seconds, ROOT_LIMIT_S)
        mfa_at = self._given_mfa(invocation)
        who = replace(caller, kind=Kind.SESSION, access_key_id=new_key_id("ASIA"), mfa_at=mfa_at)
        session = self._identities.add_session(who, timedelta(seconds=seconds))
        return invocation.answer({"Credentials": _credentials(session)})

    def _get_federation_token(self, invocation: Invocation) -> Answer:
        caller = invocation.caller
        if not caller.is_long_term:
            raise AwsError(403, "AccessDenied", "Cannot call GetFederationToken with session credentials")
        name = _session_name(invocation, "Name", most=32)
        seconds = _duration(invocation, default=43_200, most=129_600)
        if caller.is_root:
            seconds = min(seconds, ROOT_LIMIT_S)
        arn = f"arn:{motobackend.partition(caller.account_id)}:sts::{caller.account_id}:federated-user/{name}"
        invocation.require(arn)
        who = replace(
            caller,
            kind=Kind.FEDERATED,
            arn=arn,
            user_id=f"{caller.account_id}:{name}",
            access_key_id=new_key_id("ASIA"),
            session_policies=_session_policies(invocation, caller.account_id),
        )
        session = self._identities.add_session(who, timedelta(seconds=seconds))
        user: dict[str, Value] = {"FederatedUserId": who.user_id, "Arn": arn}
        return invocation.answer({"Credentials": _credentials(session), "FederatedUser": user, "PackedPolicySize": 1})

    def _assume_role(self, invocation: Invocation) -> Answer:
        caller = invocation.caller
        role_arn = invocation.required("RoleArn")
        session_name = _session_name(invocation, "RoleSessionName")
        seconds = _duration(invocation, default=3600, most=43_200)
        if caller.is_root:
            raise AwsError(403, "AccessDenied", "Roles may not be assumed by root accounts.")
        mfa_at = self._given_mfa(invocation) or caller.mfa_at
        role = find_role(role_arn)
        if role is None or not _may_assume(invocation, role, mfa_at):
            message = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
            raise AwsError(403, "AccessDenied", message)
        if not caller.is_long_term and seconds > CHAINED_LIMIT_S:
            raise validation_error(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
            )
        if seconds > int(role.max_session_duration or 3600):
            raise validation_error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
        who = role_caller(role, session_name, mfa_at, _session_policies(invocation, role.account_id))
        who = replace(who, chained=not caller.is_long_term)
        session = self._identities.add_session(who, timedelta(seconds=seconds))
        assumed: dict[str, Value] = {"AssumedRoleId": who.user_id, "Arn": who.arn}
        return invocation.answer({"Credentials": _credentials(session), "AssumedRoleUser": assumed})

    def _given_mfa(self, invocation: Invocation) -> datetime | None:
        """When MFA was given with this very request; None if it was not."""
        serial = invocation.parameters.get("SerialNumber")
        code = invocation.parameters.get("TokenCode")
        if serial is None and code is None:
            return None
        if code is not None and not re.fullmatch(r"[0-9]{6}", code):
            if len(code) != 6:
                comparison = "less" if len(code) > 6 else "greater"
                raise constraint_error(code, "tokenCode", f"have length {comparison} than or equal to 6")
            raise constraint_error(code, "tokenCode", r"satisfy regular expression pattern: [\d]*")
        if not serial or not code:
            raise AwsError(
                403,
                "AccessDenied",
                "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
            )
        caller = invocation.caller
        if not caller.is_long_term:
            raise AwsError(
                403, "AccessDenied", "MultiFactorAuthentication failed, session credentials cannot give a code."
            )
        return self._devices.accept(serial, code, caller.account_id, caller.name or ROOT)


def _credentials(session: Session) -> dict[str, Value]:
    return {
        "AccessKeyId": session.caller.access_key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expiration,
    }


def _duration(invocation: Invocation, *, default: int, most: int) -> int:
    text = invocation.parameters.get("DurationSeconds", str(default))
    try:
        seconds = int(text)
    except ValueError:
        raise AwsError(400, "MalformedInput", "Invalid Argument") from None
    if seconds < 900:
        raise constraint_error(seconds, "durationSeconds", "have value greater than or equal to 900")
    if seconds > most:
        raise constraint_error(seconds, "durationSeconds", f"have value less than or equal to {most}")
    return seconds


def _session_name(invocation: Invocation, parameter: str, *, most: int = 64) -> str:
    name = invocation.required(parameter)
    shown = parameter[0].lower() + parameter[1:]
    if not 2 <= len(name) <= most:
        raise constraint_error(name, shown, f"have length between 2 and {most}")
    if not re.fullmatch(r"[\w+=,.@-]+", name, re.ASCII):
        raise constraint_error(name, shown, r"satisfy regular expression pattern: [\w+=,.@-]*")
    return name


def _session_policies(invocation: Invocation, account_id: str) -> tuple[str, ...]:
    """The texts of the policies that narrow a session."""
    backend = motobackend.iam(account_id)
    documents = []
    for arn in members(invocation.parameters, "PolicyArns", "arn"):
        policy = backend.managed_policies.get(arn)
        if policy is None:
            raise AwsError(400, "MalformedPolicyDocument", f"The policy {arn} does not exist.")
        documents.append(motobackend.default_document(policy))
    inline = invocation.parameters.get("Policy")
    if inline:
        try:
            policies.statements(inline)
        except (ValueError, KeyError, TypeError):
            raise AwsError(400, "MalformedPolicyDocument", "Syntax errors in policy.") from None
        documents.append(inline)
    return tuple(documents)


def find_role(arn: str) -> Role | None:
    found = re.fullmatch(r"arn:aws[a-z-]*:iam::(\d{12}):role/.+", arn)
    if not found:
        raise validation_error(f"{arn} is invalid")
    if not motobackend.exists(found[1]):
        return None
    return next((role for role in motobackend.iam(found[1]).get_roles() if role.arn == arn), None)


def _may_assume(invocation: Invocation, role: Role, mfa_at: datetime | None) -> bool:
    """Whether the role's trust policy, and the caller's own policies, let the caller in."""
    caller = invocation.caller
    context = policies.context_of(caller, invocation.region, invocation.now)
    if mfa_at:
        context |= {"aws:MultiFactorAuthPresent": "true"}
        context |= {"aws:MultiFactorAuthAge": str(int((invocation.now - mfa_at).total_seconds()))}
    own = policies.verdict_for(caller, "sts:AssumeRole", role.arn, context)
    external_id = invocation.parameters.get("ExternalId")
    if external_id is not None:
        context["sts:ExternalId"] = external_id
    trusted_as = set()
    for statement in json.loads(role.assume_role_policy_document)["Statement"]:
        actions = [action.lower() for action in policies.as_list(statement.get("Action", []))]
        if not {"sts:assumerole", "sts:*", "*"} & set(actions):
            continue
        matched = _matched_principals(statement.get("Principal", {}), caller)
        if not matched or not policies.conditions_hold(statement.get("Condition", {}), context):
            continue
        if statement["Effect"] == "Deny":
            return False
        trusted_as |= matched
    if not trusted_as or own is Verdict.DENIED:
        return False
    # A trust policy that names the very identity is enough within one account.
    named = caller.account_id == role.account_id and "identity" in trusted_as
    return named or own is Verdict.ALLOWED


def _matched_principals(principal: object, caller: Caller) -> set[str]:
    """How a trust policy's *principal* names *caller*: as its account, as itself, or not at all."""
    named = policies.as_list(principal.get("AWS", [])) if isinstance(principal, dict) else policies.as_list(principal)
    account = {caller.account_id, root_arn(caller.account_id), "*"}
    itself = {caller.arn}
    if caller.kind is Kind.ROLE:
        itself |= {role.arn for role in motobackend.iam(caller.account_id).get_roles() if role.name == caller.name}
    return ({"account"} if account & set(named) else set()) | ({"identity"} if itself & set(named) else set())
