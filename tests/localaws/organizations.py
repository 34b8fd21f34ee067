"""
Organizations: moto's, with accounts that take a while to be made, and e-mail addresses that are unique.

Source: https://docs.aws.amazon.com/organizations/latest/APIReference/welcome.html
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import motobackend
from .identities import Kind, invalid_token
from .wire import Answer, AwsError, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .invocation import Invocation

# A request is done when it was asked after once, or when nobody asked for so long.
TIME_TO_MAKE = timedelta(seconds=5)


@dataclass
class AccountRequest:
    """One CreateAccount, from IN_PROGRESS to its end."""

    id: str
    management_account_id: str
    invocation: Invocation
    requested_at: datetime
    asked_after: int = 0
    completed_at: datetime | None = None
    account_id: str | None = None
    failure: str | None = None

    def shown(self, account_name: str) -> dict[str, object]:
        state = "IN_PROGRESS" if self.completed_at is None else "FAILED" if self.failure else "SUCCEEDED"
        every = {
            "Id": self.id,
            "AccountName": account_name,
            "State": state,
            "RequestedTimestamp": self.requested_at.timestamp(),
            "CompletedTimestamp": self.completed_at.timestamp() if self.completed_at else None,
            "AccountId": self.account_id,
            "FailureReason": self.failure,
        }
        return {name: value for name, value in every.items() if value is not None}


class Organizations:
    """The organizations of all accounts."""

    def __init__(self) -> None:
        self._requests: dict[str, AccountRequest] = {}
        self._failures: list[str] = []

    def reset(self) -> None:
        self._requests.clear()
        self._failures.clear()

    def fail_next_account(self, reason: str) -> None:
        """Let the next CreateAccount end in FAILED with *reason* (``ACCOUNT_LIMIT_EXCEEDED`` …)."""
        self._failures.append(reason)

    def handle(self, invocation: Invocation) -> Answer:
        caller = invocation.caller
        if caller.kind is Kind.FEDERATED:
            raise invalid_token()
        invocation.require("*")
        for request in self._requests.values():
            if request.completed_at is None and invocation.now - request.requested_at >= TIME_TO_MAKE:
                self._complete(request, invocation.now)
        document = json.loads(invocation.request.body or b"{}")
        own = {
            "CreateAccount": self._create_account,
            "CreateOrganizationalUnit": self._create_organizational_unit,
            "DescribeCreateAccountStatus": self._describe,
            "ListCreateAccountStatus": self._list,
            "MoveAccount": self._move,
        }.get(invocation.action)
        if own is not None:
            return own(invocation, document)
        # moto lets every member see and do it.
        if invocation.action not in ("CreateOrganization", "DescribeOrganization"):
            _require_management_account(invocation)
        return _moto(invocation)

    def _create_account(self, invocation: Invocation, document: Mapping[str, Any]) -> Answer:
        _require_management_account(invocation)
        request = AccountRequest(
            f"car-{secrets.token_hex(16)}", invocation.caller.account_id, invocation, invocation.now
        )
        self._requests[request.id] = request
        return json_answer({"CreateAccountStatus": request.shown(document["AccountName"])})

    def _complete(self, request: AccountRequest, now: datetime) -> None:
        document = json.loads(request.invocation.request.body)
        request.completed_at = now
        organization = motobackend.organizations(request.management_account_id)
        if self._failures:
            request.failure = self._failures.pop(0)
        elif any(account.email.lower() == document["Email"].lower() for account in organization.accounts):
            request.failure = "EMAIL_ALREADY_EXISTS"
        if request.failure:
            return
        answer = json.loads(_moto(request.invocation).body)
        request.account_id = str(answer["CreateAccountStatus"]["AccountId"])
        # moto's role may do nothing; AWS's is an administrator.
        role_name = document.get("RoleName", "OrganizationAccountAccessRole")
        motobackend.iam(request.account_id).attach_role_policy(
            motobackend.administrator_arn(request.account_id), role_name
        )

    def _describe(self, invocation: Invocation, document: Mapping[str, Any]) -> Answer:
        request = self._requests.get(document.get("CreateAccountRequestId", ""))
        if request is None or request.management_account_id != invocation.caller.account_id:
            message = "We can't find an create account request with the CreateAccountRequestId that you specified."
            raise AwsError(400, "CreateAccountStatusNotFoundException", message)
        request.asked_after += 1
        if request.completed_at is None and request.asked_after > 1:
            self._complete(request, invocation.now)
        return json_answer({"CreateAccountStatus": request.shown(_name_in(request))})

    def _list(self, invocation: Invocation, document: Mapping[str, Any]) -> Answer:
        _require_management_account(invocation)
        states = document.get("States") or ["IN_PROGRESS", "SUCCEEDED", "FAILED"]
        shown = [
            request.shown(_name_in(request))
            for request in self._requests.values()
            if request.management_account_id == invocation.caller.account_id
        ]
        return json_answer({"CreateAccountStatuses": [status for status in shown if status["State"] in states]})

    def _create_organizational_unit(self, invocation: Invocation, document: Mapping[str, Any]) -> Answer:
        _require_management_account(invocation)
        units = motobackend.organizations(invocation.caller.account_id).ou
        if any(unit.parent_id == document["ParentId"] and unit.name == document["Name"] for unit in units):
            raise AwsError(400, "DuplicateOrganizationalUnitException", "An OU with the same name already exists.")
        return _moto(invocation)

    def _move(self, invocation: Invocation, document: Mapping[str, Any]) -> Answer:
        """moto moves an account from wherever it is."""
        _require_management_account(invocation)
        organization = motobackend.organizations(invocation.caller.account_id)
        account = next((one for one in organization.accounts if one.id == document["AccountId"]), None)
        if account is None:
            raise AwsError(400, "AccountNotFoundException", "You specified an account that doesn't exist.")
        if account.parent_id == document["DestinationParentId"]:
            raise AwsError(400, "DuplicateAccountException", "That account is already present in the destination.")
        if account.parent_id != document["SourceParentId"]:
            raise AwsError(
                400,
                "SourceParentNotFoundException",
                "We can't find a source root or OU with the ParentId that you specified.",
            )
        return _moto(invocation)


def _name_in(request: AccountRequest) -> str:
    return str(json.loads(request.invocation.request.body)["AccountName"])


def _require_management_account(invocation: Invocation) -> None:
    account_id = invocation.caller.account_id
    if motobackend.is_member(account_id):
        raise AwsError(400, "AccessDeniedException", "You don't have permissions to access this resource.")
    if motobackend.organizations(account_id).org is None:
        raise AwsError(400, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")


def _moto(invocation: Invocation) -> Answer:
    return motobackend.answer("organizations", invocation.region, invocation.caller.account_id, invocation.request)
