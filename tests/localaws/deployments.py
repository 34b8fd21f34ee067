"""
What Serverless deploys with: CloudFormation, S3, Lambda, CloudWatch Logs and SSM.

Knows who may ask; what is asked is moto's to answer. Which bucket or stack a policy names is not looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from . import motobackend

if TYPE_CHECKING:
    from .invocation import Invocation
    from .wire import Answer, Request

SERVICES = ("cloudformation", "lambda", "logs", "s3", "ssm")
JSON_SERVICES = ("logs", "ssm")
REST_SERVICES = ("lambda", "s3")


def handle(invocation: Invocation) -> Answer:
    invocation.require("*")
    account_id = invocation.caller.account_id
    if invocation.action == "DeleteChangeSet":
        name = invocation.required("ChangeSetName")
        if not motobackend.has_change_set(account_id, invocation.region, name):
            # AWS is content that there is none; moto stumbles.
            return invocation.answer()
    return motobackend.answer_by_address(invocation.service, invocation.region, account_id, invocation.request)


def rest_action(service: str, request: Request) -> str:
    """The name of the action that a request of a service without one in its requests asks for; or nothing."""
    if service not in REST_SERVICES:
        return ""
    path = request.path
    bucket = request.headers.get("host", "").partition(".s3.")
    if service == "s3" and bucket[1]:
        path = f"/{bucket[0]}{path}"
    names = set(parse_qs(request.query, keep_blank_values=True)) | set(request.headers)
    found = [one for one in _operations(service) if one.method == request.method and one.names <= names]
    found = [one for one in found if one.path.fullmatch(path)]
    # Of those that fit, the one is meant that asks for most.
    return max(found, key=lambda one: len(one.names)).action if found else ""


@dataclass(frozen=True)
class Operation:
    """How a request for one action looks."""

    action: str
    method: str
    path: re.Pattern[str]
    names: frozenset[str]  # in the query, or headers in lower case


@cache
def _operations(service: str) -> list[Operation]:
    """Every action of *service*, from AWS's description of it."""
    import botocore.session

    described = []
    model = botocore.session.Session().get_service_model(service)
    for action in model.operation_names:
        operation = model.operation_model(action)
        path, _, query = operation.http["requestUri"].partition("?")
        names = set(parse_qs(query, keep_blank_values=True))
        shape = operation.input_shape
        for member in (shape.members[name] for name in shape.required_members) if shape else ():
            wire = str(member.serialization.get("name", ""))
            names |= {"header": {wire.lower()}, "querystring": {wire}}.get(member.serialization.get("location"), set())
        described.append(Operation(action, operation.http["method"], re.compile(_pattern(path)), frozenset(names)))
    return described


def _pattern(path: str) -> str:
    """A regular expression for a path with names in braces, of which ``{Key+}`` stands for several parts."""
    parts = re.split(r"(\{[^}]*\})", path)
    return (
        "".join(re.escape(part) if part[:1] != "{" else ".+" if part.endswith("+}") else "[^/]+" for part in parts)
        + "/?"
    )
