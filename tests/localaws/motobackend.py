"""
The only door to moto: its backends of each account, and its answers.

Knows moto's inner names, and no rule of AWS's. Importing moto takes half a second, so the
HTTP server imports this with its first account and not before.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import moto.core.utils
import moto.iam.models
import moto.organizations.models
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.core.request import Request as MotoRequest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AccessKeyLastUsed, AWSManagedPolicy, IAMBackend, ManagedPolicy, iam_backends
from moto.iam.responses import IamResponse
from moto.organizations.models import OrganizationsBackend, organizations_backends
from moto.organizations.responses import OrganizationsResponse
from moto.s3.models import s3_backends
from werkzeug.exceptions import HTTPException

from .wire import JSON_TYPE, XML_TYPE, Answer, AwsError, Request, error_code_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

# All 1,500 would take a tenth of a second for every account, and every reset.
AWS_MANAGED_POLICIES = (
    "AdministratorAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "ViewOnlyAccess",
    "SecurityAudit",
    "Billing",
    "AWSBillingReadOnlyAccess",
    "IAMFullAccess",
    "IAMReadOnlyAccess",
    "IAMUserChangePassword",
    "IAMSelfManageServiceSpecificCredentials",
)

RESPONSES = {"iam": IamResponse, "organizations": OrganizationsResponse}

# Of the accounts that do not live in ``aws``.
_partitions: dict[str, str] = {}


def install(now: Callable[[], datetime]) -> None:
    """Put moto on the clock *now*, and away from the environment."""

    def utcnow() -> datetime:
        # moto's times are naive UTC; AWS's have whole seconds.
        return now().replace(tzinfo=None, microsecond=0)

    for module in (moto.iam.models, moto.organizations.models):
        module.utcnow = utcnow  # type: ignore[attr-defined, unused-ignore]
    # AWS's pages hold 20 accounts at most; and moto would tell apart by the second in which accounts joined.
    moto.organizations.models.PAGINATION_MODEL["list_accounts"] |= {"limit_default": 20, "unique_attribute": "Id"}
    # moto's own opens a boto3 session to answer this, and so reads AWS_PROFILE and the shared files.
    moto.core.utils.service_name_from_moto_package_name = str  # type: ignore[assignment, unused-ignore]


def reset() -> None:
    """Forget every account. moto's own reset builds each backend anew first, which is slow."""
    organizations_backends.master_accounts.clear()
    _partitions.clear()
    for backends in BackendDict._instances:
        if backends is s3_backends:
            # What was uploaded lies in open files.
            for account in s3_backends.values():
                account.reset()
            s3_backends.bucket_accounts.clear()
        backends.clear()


def exists(account_id: str) -> bool:
    return account_id in iam_backends


def account_ids() -> list[str]:
    return list(iam_backends)


def partition(account_id: str) -> str:
    """The partition of AWS that the account lives in: it lives in one alone."""
    return _partitions.get(account_id, "aws")


def place(account_id: str, wanted: str) -> None:
    """Let the account live in another partition than ``aws``, before anything of it is made."""
    _partitions[account_id] = wanted


def administrator_arn(account_id: str) -> str:
    return f"arn:{partition(account_id)}:iam::aws:policy/AdministratorAccess"


def iam(account_id: str) -> IAMBackend:
    """The account's IAM, with AWS's most used managed policies in it."""
    backend = iam_backends[account_id][partition(account_id)]
    if not backend.aws_managed_policies:
        for name, data in _aws_managed_policies().items():
            policy = AWSManagedPolicy.from_data(name, account_id, partition(account_id), data)
            backend.aws_managed_policies.append(policy)
            backend.managed_policies[policy.arn] = policy
    return backend


def organizations(account_id: str) -> OrganizationsBackend:
    return organizations_backends[account_id][partition(account_id)]


def is_member(account_id: str) -> bool:
    """Whether an account is in an organization that another account manages."""
    return account_id in organizations_backends.master_accounts and organizations(account_id).org is None


def add_member(management_account_id: str, account_id: str, name: str, email: str) -> None:
    """List an existing account as a member of an organization."""
    backend = organizations(management_account_id)
    request = backend.create_account(AccountName=name, Email=email)
    member = backend.get_account_by_attr("id", request["CreateAccountStatus"]["AccountId"])
    organizations_backends.master_accounts[account_id] = organizations_backends.master_accounts.pop(member.id)
    # moto has just made up an account for it.
    iam_backends.pop(member.id)
    member.id = account_id


def mark_used(account_id: str, access_key_id: str, service: str, region: str, now: datetime) -> None:
    """Remember when a user's key was used last."""
    key = iam(account_id).access_keys[access_key_id]
    key.last_used = AccessKeyLastUsed(now.replace(tzinfo=None, microsecond=0), service, region)


def default_document(policy: ManagedPolicy) -> str:
    """The text of the version of *policy* that is in force."""
    return next(version.document for version in policy.versions if version.version_id == policy.default_version_id)


def answer(service: str, region: str, account_id: str, request: Request, parameters_form: str | None = None) -> Answer:
    """
    What moto answers to *request*, made in *account_id*.

    Args:
        parameters_form: The form-encoded body to use instead of the request's own.
    """
    body = request.body if parameters_form is None else parameters_form.encode()
    iam(account_id)
    headers = {
        "Content-Type": JSON_TYPE if request.is_json else "application/x-www-form-urlencoded",
        "X-Moto-Account-Id": account_id,
    }
    if request.is_json:
        headers["X-Amz-Target"] = request.headers["x-amz-target"]
    url = f"https://{service}.{region}.amazonaws.com/"
    moto_request = MotoRequest.from_primitives("POST", url, headers, body)
    try:
        result: tuple[int, dict[str, Any], Any] = RESPONSES[service].dispatch(moto_request, url, moto_request.headers)
    except NotImplementedError as missing:
        raise AwsError(501, "InvalidAction", str(missing)) from missing
    status, _, content = result
    text = content.decode() if isinstance(content, bytes) else content
    content_type = JSON_TYPE if request.is_json else XML_TYPE
    return Answer(status, text.encode(), content_type, error_code_in(status, text))


def has_change_set(account_id: str, region: str, name: str) -> bool:
    """Whether CloudFormation has a change set of this name or ARN."""
    change_sets = get_backend("cloudformation")[account_id][region].change_sets
    return any(name in (arn, change_set.change_set_name) for arn, change_set in change_sets.items())


def answer_by_address(service: str, region: str, account_id: str, request: Request) -> Answer:
    """What moto answers to *request*, made in *account_id*, in one of the services that it tells apart by address."""
    iam(account_id)
    host = request.headers.get("host", "")
    if not host.endswith(".amazonaws.com"):
        host = f"{service}.{region}.amazonaws.com"
    address = f"https://{host}{request.path}"
    url = f"{address}?{request.query}" if request.query else address
    headers = {name.title(): value for name, value in request.headers.items()}
    headers |= {"Host": host, "X-Moto-Account-Id": account_id}
    moto_request = MotoRequest.from_primitives(request.method, url, headers, request.body)
    for pattern, handler in _handlers(service):
        if pattern.match(address):
            try:
                result: tuple[int, dict[str, Any], Any] = handler(moto_request, url, moto_request.headers)
            except NotImplementedError as missing:
                raise AwsError(501, "InvalidAction", str(missing)) from missing
            except HTTPException as refused:
                response = refused.get_response()
                result = (response.status_code, dict(response.headers), response.get_data())
            return _as_answer(request, *result)
    raise AwsError(404, "InvalidAction", f"moto has no {request.method} {request.path} in {service}")


@cache
def _handlers(service: str) -> list[tuple[re.Pattern[str], Callable[..., Any]]]:
    """moto's handler of each address of *service*."""
    backends = get_backend(service)
    # An account that none of the tests has.
    backend = backends["000000000000"]["aws" if service == "s3" else "us-east-1"]
    found = [(re.compile(pattern), handler) for pattern, handler in backend.urls.items()]
    backends.pop("000000000000")
    return found


def _as_answer(request: Request, status: int, headers: dict[str, Any], content: Any) -> Answer:
    body = content if isinstance(content, bytes) else str(content).encode()
    kept = {name.title(): str(value) for name, value in headers.items()}
    content_type = kept.pop("Content-Type", JSON_TYPE if request.is_json else XML_TYPE)
    for name in ("Status", "Connection", "Date", "Server"):
        kept.pop(name, None)
    if request.method != "HEAD":
        kept.pop("Content-Length", None)
    return Answer(int(status), body, content_type, error_code_in(status, body.decode("utf-8", "replace")), kept)


@cache
def _aws_managed_policies() -> dict[str, dict[str, Any]]:
    every = json.loads(aws_managed_policies_data)
    return {name: every[name] for name in AWS_MANAGED_POLICIES}
