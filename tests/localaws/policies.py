"""
IAM policies: whether what a caller wants to do is allowed, denied, or not mentioned.

Knows the language of policies as far as tests need it, and refuses loudly what it does not know.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import motobackend
from .identities import Caller, Kind, invalid_token
from .wire import AwsError

if TYPE_CHECKING:
    from datetime import datetime

Context = Mapping[str, str]


class Verdict(Enum):
    """What policies say of one action on one resource."""

    ALLOWED = "allowed"
    DENIED = "denied"  # by a Deny
    UNMENTIONED = "unmentioned"  # by no Allow


@lru_cache(maxsize=20_000)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _like(value: str, pattern: str) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


CONDITION_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "StringEquals": lambda value, wanted: value == wanted,
    "StringNotEquals": lambda value, wanted: value != wanted,
    "StringLike": _like,
    "StringNotLike": lambda value, wanted: not _like(value, wanted),
    "ArnEquals": _like,
    "ArnLike": _like,
    "ArnNotLike": lambda value, wanted: not _like(value, wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
}


def evaluate(documents: Iterable[str], action: str, resource: str, context: Context) -> Verdict:
    """What the policy *documents* together say of *action* (``iam:GetUser``) on *resource*."""
    verdict = Verdict.UNMENTIONED
    for document in documents:
        for statement in statements(document):
            if not _applies(statement, action, resource, context):
                continue
            if statement["Effect"] == "Deny":
                return Verdict.DENIED
            verdict = Verdict.ALLOWED
    return verdict


@lru_cache(maxsize=500)
def statements(document: str) -> list[dict[str, Any]]:
    """The statements of a policy's text."""
    found = json.loads(document)["Statement"]
    return found if isinstance(found, list) else [found]


def as_list(value: object) -> list[str]:
    """A policy element that may be one string or a list of them."""
    return (
        [value]
        if isinstance(value, str)
        else [str(item) for item in value]
        if isinstance(value, list)
        else [str(value)]
    )


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    def any_action(patterns: object) -> bool:
        return any(_like(action.lower(), pattern.lower()) for pattern in as_list(patterns))

    def any_resource(patterns: object) -> bool:
        filled = (_fill(pattern, context) for pattern in as_list(patterns))
        return any(pattern is not None and _like(resource, pattern) for pattern in filled)

    if "Action" in statement and not any_action(statement["Action"]):
        return False
    if "NotAction" in statement and any_action(statement["NotAction"]):
        return False
    if "Resource" in statement and not any_resource(statement["Resource"]):
        return False
    if "NotResource" in statement and any_resource(statement["NotResource"]):
        return False
    return conditions_hold(statement.get("Condition", {}), context)


def _fill(pattern: str, context: Context) -> str | None:
    """*pattern* with its policy variables filled in; None if one has no value here."""
    for name in re.findall(r"\$\{([^}]*)\}", pattern):
        value = {"*": "*", "?": "?", "$": "$"}.get(name, context.get(name))
        if value is None:
            return None
        pattern = pattern.replace(f"${{{name}}}", value)
    return pattern


def conditions_hold(conditions: Mapping[str, Mapping[str, object]], context: Context) -> bool:
    """Whether every condition of a statement is true in *context*."""
    known = {name.lower(): value for name, value in context.items()}
    for operator, keys in conditions.items():
        for key, wanted in keys.items():
            value = known.get(key.lower())
            if operator == "Null":
                holds = (value is None) == (as_list(wanted)[0].lower() == "true")
            elif value is None:
                # A negated operator is true, and any other false, of a key that is not there.
                holds = operator.endswith("IfExists") or "Not" in operator
            else:
                holds = _compare(operator.removesuffix("IfExists"), value, wanted, context)
            if not holds:
                return False
    return True


def _compare(operator: str, value: str, wanted: object, context: Context) -> bool:
    compare = CONDITION_OPERATORS.get(operator)
    if compare is None:
        raise AwsError(500, "InternalFailure", f"This local AWS does not know the condition operator {operator}.")
    choices = [filled for text in as_list(wanted) if (filled := _fill(text, context)) is not None]
    return (
        all(compare(value, choice) for choice in choices)
        if "Not" in operator
        else any(compare(value, choice) for choice in choices)
    )


def context_of(caller: Caller, region: str, now: datetime) -> dict[str, str]:
    """The condition keys of a request by *caller*."""
    context = {
        "aws:PrincipalArn": caller.arn,
        "aws:PrincipalAccount": caller.account_id,
        "aws:RequestedRegion": region,
        "aws:userid": caller.user_id,
        "aws:SecureTransport": "true",
        "aws:CurrentTime": now.isoformat(),
    }
    if caller.name and caller.kind in (Kind.USER, Kind.SESSION):
        context["aws:username"] = caller.name
    if not caller.is_long_term:
        # Long-term credentials do not have this key at all: what Bool and BoolIfExists differ in.
        context["aws:MultiFactorAuthPresent"] = "true" if caller.mfa_at else "false"
    if caller.mfa_at:
        context["aws:MultiFactorAuthAge"] = str(int((now - caller.mfa_at).total_seconds()))
    return context


def documents_of(caller: Caller) -> list[str]:
    """The texts of all identity-based policies that *caller* has."""
    backend = motobackend.iam(caller.account_id)
    if caller.kind is Kind.ROLE:
        holders: list[Any] = [role for role in backend.get_roles() if role.name == caller.name]
    elif caller.name in backend.users:
        holders = [backend.users[caller.name], *backend.get_groups_for_user(caller.name)]
    else:
        raise invalid_token()  # the session outlived its user
    documents = []
    for holder in holders:
        documents += holder.policies.values()
        documents += [motobackend.default_document(policy) for policy in holder.managed_policies.values()]
    return documents


def verdict_for(caller: Caller, action: str, resource: str, context: Context) -> Verdict:
    """What *caller*'s own policies, and their session's, say."""
    if caller.is_root:
        return Verdict.ALLOWED
    verdicts = [evaluate(documents_of(caller), action, resource, context)]
    if caller.session_policies or caller.kind is Kind.FEDERATED:
        verdicts.append(evaluate(caller.session_policies, action, resource, context))
    for worst in (Verdict.DENIED, Verdict.UNMENTIONED):
        if worst in verdicts:
            return worst
    return Verdict.ALLOWED


def require(caller: Caller, action: str, resource: str, context: Context) -> None:
    """
    Check that *caller* may do *action*.

    Raises:
        AwsError: A policy denies it, or none allows it; the sentence is AWS's.
    """
    verdict = verdict_for(caller, action, resource, context)
    if verdict is Verdict.ALLOWED:
        return
    why = (
        "with an explicit deny in an identity-based policy"
        if verdict is Verdict.DENIED
        else f"because no identity-based policy allows the {action} action"
    )
    raise AwsError(
        403, "AccessDenied", f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {why}"
    )
