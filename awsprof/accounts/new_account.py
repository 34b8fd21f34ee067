"""
A new account in the organization: asked for once, waited for, and moved into the product's organizational unit.

Knows how AWS makes accounts, and why it may not; not what is in one.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from awsprof.accounts.steps import Seen, Step, ok, to_do, unseen
from awsprof.aws.answers import RequestState
from awsprof.errors import AccessDeniedError, AwsError, AwsprofError, UsageError
from awsprof.naming import printable
from awsprof.profiles.mfa_devices import may_be_done

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from awsprof.accounts.entry import Entry
    from awsprof.accounts.steps import Person
    from awsprof.accounts.unit import Unit
    from awsprof.aws.answers import AccountRequest, Organization
    from awsprof.aws.calls import Aws

_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*/=?^_`{|}~.+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_MAX_EMAIL = 64
# Most accounts are there within a minute; together these are a quarter of an hour.
_BACKOFF_S = (2, 3, 5, 8, 12, 20, 30, 40, *(60,) * 13)
_SETTLING_S = 5
# How long a run may have been cut off, and the account still count as made just now.
_NEW = timedelta(hours=1)
_LIVING = ("ACTIVE", "PENDING_ACTIVATION")
_TAKEN = "EMAIL_ALREADY_EXISTS"
_FAILURES = {
    "ACCOUNT_LIMIT_EXCEEDED": (
        "the organization has as many accounts as it may",
        "Ask for more in the Service Quotas console (AWS Organizations), then run this again.",
    ),
    "CONCURRENT_ACCOUNT_MODIFICATION": (
        "another account was being made at the same time",
        "Run this again in a minute.",
    ),
    _TAKEN: (
        "another account of AWS's has this e-mail address",
        "Give another --email; an address stays taken after its account was closed.",
    ),
    "FAILED_BUSINESS_VALIDATION": (
        "the company's data did not pass AWS's checks",
        "Look at the management account's contact data and payment method.",
    ),
    "GOVCLOUD_ACCOUNT_ALREADY_EXISTS": ("there is such an account in GovCloud already", "Use that one."),
    "IDENTITY_INVALID_BUSINESS_VALIDATION": (
        "the company could not be verified",
        "Complete the verification in the management account's billing console.",
    ),
    "INTERNAL_FAILURE": ("AWS failed on its own side", "Run this again; if it fails again, ask AWS's support."),
    "INVALID_ADDRESS": ("the management account's address is not valid", "Correct it in its account settings."),
    "INVALID_EMAIL": ("the e-mail address is not valid", "Give another --email."),
    "INVALID_PAYMENT_INSTRUMENT": (
        "the payment method is not accepted",
        "Give another one in the management account's billing console.",
    ),
    "MISSING_BUSINESS_VALIDATION": (
        "AWS has not checked the company's data yet",
        "Wait for AWS's message, or complete it in the billing console.",
    ),
    "MISSING_PAYMENT_INSTRUMENT": (
        "the management account has no payment method",
        "Give one in its billing console.",
    ),
    "PENDING_BUSINESS_VALIDATION": ("AWS is still checking the company's data", "Run this again tomorrow."),
    "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED": ("AWS refuses its tags", "Ask AWS's support."),
}


def address_of(email: str, account_name: str, *, exact: bool) -> str:
    """
    Return the e-mail address of an account: *email* itself, or its plus address for that account.

    Raises:
        UsageError: No address, or one that is longer than AWS takes.
    """
    if not _EMAIL.fullmatch(email):
        raise UsageError(f"'{printable(email)}' is no e-mail address", hint="Give one like paul@example.com.")
    local, _, domain = email.rpartition("@")
    address = email if exact else f"{local}+{account_name}@{domain}"
    if len(address) > _MAX_EMAIL:
        raise UsageError(
            f"The account's address {address} has {len(address)} characters, and AWS takes {_MAX_EMAIL}",
            hint="Give a shorter one with --email, or one of its own with --email-exact.",
        )
    return address


class NewAccount:
    """The account *name*, there or not, which *entry* leads into as soon as its id is known; *email* is its address."""

    def __init__(
        self,
        name: str,
        *,
        aws: Callable[[], Aws],
        entry: Entry,
        email: str,
        unit: Unit,
        create_organization: bool,
        person: Person,
        warn: Callable[[str], None],
        now: Callable[[], datetime],
    ) -> None:
        self._name = name
        self._aws = aws
        self._entry = entry
        self.email = email
        self._unit = unit
        self._create_organization = create_organization
        self._person = person
        self._warn = warn
        self._now = now
        self._known: Organization | None = None
        self._real_name = name  # one that is found by its id may have another

    def find(self) -> str | None:
        """
        Look for the account before anything is planned, and take note of its id.

        Raises:
            AwsprofError: There is no organization and none is to be made, the caller does not manage it, or it is not
                clear which account is meant.
        """
        organization = self._organization()
        if organization is None:
            if not self._create_organization:
                raise AwsprofError(
                    f"Account {self._entry.via.account_id} is in no organization, and without one no account is made",
                    hint="Say --create-organization to make it the management account of a new one.",
                )
            if self._entry.account_id is not None:
                raise self._not_here(self._entry.account_id)
            return None
        if organization.management_account_id != self._entry.via.account_id:
            raise AwsprofError(
                f"{self._entry.via.name} is in account {self._entry.via.account_id}, and the organization is managed "
                f"by {organization.management_account_id}",
                hint="Name a profile of that account with --via.",
            )
        self._entry.account_id = self._account_id()
        return self._entry.account_id

    def steps(self) -> list[Step]:
        return [
            Step("organization", self._look_organization, self._make_organization),
            Step("organizational unit", self._look_unit, self._unit.make),
            Step("account", self._look_account, self._make_account),
            Step("account's place", self._look_place, self._move),
        ]

    # --- looks

    def _look_organization(self) -> Seen:
        organization = self._organization()
        if organization is None:
            return to_do(f"managed by {self._entry.via.account_id}; it cannot leave one that it manages")
        return ok(organization.id)

    def _look_unit(self) -> Seen:
        if self._organization() is None:
            return unseen(self._unit.words)
        account_id = self._entry.account_id
        if account_id is not None and not self._unit.given:
            there = self._unit.holds(account_id)
            if there is not None:
                return ok(there)
        found = self._unit.find()
        return to_do(self._unit.words) if found is None else ok(self._unit.words)

    def _look_account(self) -> Seen:
        words = f"{self._name}, {self.email}"
        if self._entry.account_id is None and self._organization() is None:
            return unseen(words)
        self._entry.account_id = self._entry.account_id or self._account_id()
        if self._entry.account_id is not None:
            return ok(f"{self._real_name}, {self._entry.account_id}")
        return to_do(f"{self._name}, being made already" if self._request() else words)

    def _look_place(self) -> Seen:
        unit, account_id = self._unit, self._entry.account_id
        if account_id is None:
            return unseen(f"in {unit.words}")
        there = unit.holds(account_id)
        if there is not None:
            return ok(f"in {unit.words if unit.given else there}")
        if unit.id is None:
            return unseen(f"in {unit.words}")
        return to_do(f"from {unit.name_of(unit.parent_of(account_id))} into {unit.words}")

    def _organization(self) -> Organization | None:
        """Return the organization; one that is there stays."""
        try:
            self._known = self._known or self._aws().organization(**self._entry.via.caller)
        except AccessDeniedError as error:
            error.hint = "Name a profile with --via that may administer the management account."
            raise
        return self._known

    def _account_id(self) -> str | None:
        """Find the account: by its id where that is known, else by its name; one that was closed does not count."""
        known = self._entry.account_id
        accounts = list(self._aws().accounts(**self._entry.via.caller))
        named = [it for it in accounts if it.name == self._name and it.status in _LIVING]
        if known is not None:
            named = [account for account in accounts if account.id == known]
            if not named:
                raise self._not_here(known)
        if len(named) > 1:
            raise AwsprofError(
                f"The organization has {len(named)} accounts named {self._name}: "
                f"{', '.join(account.id for account in named)}",
                hint="Set one of them up with 'awsprof account setup --account-id ID'.",
            )
        if not named:
            return None
        self.email, self._real_name = named[0].email, named[0].name
        joined = named[0].joined
        self._entry.patient = self._entry.patient or (joined is not None and self._now() - joined < _NEW)
        return named[0].id

    def _not_here(self, account_id: str) -> AwsprofError:
        return AwsprofError(
            f"The team file says account {account_id} for {self._name}, which is not in this organization",
            hint="'awsprof account setup' sets up an account there is; or correct the team file.",
        )

    def _request(self) -> AccountRequest | None:
        """Return an earlier CreateAccount of that name that is on its way, or whose account no list shows yet."""
        states = [RequestState.IN_PROGRESS, RequestState.SUCCEEDED]
        asked = self._aws().account_requests(**self._entry.via.caller, states=states)
        requests = [it for it in asked if it.name == self._name]
        made = {it.account_id for it in requests if it.state is RequestState.SUCCEEDED}
        if made:
            # Those that are listed were closed or renamed since, else their name would have told.
            made -= {account.id for account in self._aws().accounts(**self._entry.via.caller) if account.id in made}
        return next((it for it in requests if it.state is RequestState.IN_PROGRESS or it.account_id in made), None)

    # --- deeds

    def _make_organization(self) -> str:
        self._known = self._aws().create_organization(**self._entry.via.caller)
        return self._known.id

    def _make_account(self) -> str:
        request = self._waited_for(self._request() or self._ask())
        if request.failure == _TAKEN:
            # Most likely by this very account, which another run has asked for meanwhile.
            other = self._request()
            account_id = self._account_id() if other is None else self._waited_for(other).account_id
            if account_id is not None:
                self._entry.account_id = account_id
                return f"{self._name}, {account_id}, which another run made"
        if request.state is RequestState.FAILED:
            reason, hint = _FAILURES.get(request.failure or "", (f"AWS says {request.failure}", "Ask AWS's support."))
            raise AwsError(
                f"AWS did not make the account {self._name}: {reason}", code=request.failure or "", hint=hint
            )
        if request.account_id is None:
            raise AwsError(f"AWS is still making the account {self._name}", hint="Look again in a quarter of an hour.")
        self._entry.account_id, self._entry.patient = request.account_id, True
        self._warn_of_a_second(request.account_id)
        return f"{self._name}, {request.account_id}"

    def _waited_for(self, request: AccountRequest) -> AccountRequest:
        for seconds in _BACKOFF_S:
            if request.state is not RequestState.IN_PROGRESS:
                break
            self._person.wait(seconds, f"for AWS to make the account {self._name}")
            request = self._aws().account_request(**self._entry.via.caller, request_id=request.id)
        return request

    def _warn_of_a_second(self, account_id: str) -> None:
        """Tell of one that was asked for elsewhere in the same minute: no lock keeps another machine out."""
        there = self._aws().accounts(**self._entry.via.caller)
        others = [it.id for it in there if it.name == self._name and it.status in _LIVING and it.id != account_id]
        asked = self._aws().account_requests(**self._entry.via.caller, states=[RequestState.IN_PROGRESS])
        others += [f"the request {it.id}" for it in asked if it.name == self._name]
        if others:
            self._warn(
                f"A second account {self._name} was made at the same time beside {account_id} ({', '.join(others)}): "
                "name one with --account-id or in the team file from now on, and close the other"
            )

    def _ask(self) -> AccountRequest:
        """Ask for the account, once; where the answer is lost, look what AWS made of it."""
        try:
            return self._aws().create_account(**self._entry.via.caller, name=self._name, email=self.email)
        except AwsError as error:
            if error.code == "ConstraintViolationException" and "number of" in error.message:
                error.hint = _FAILURES["ACCOUNT_LIMIT_EXCEEDED"][1]
            if not may_be_done(error):
                raise
            self._person.wait(_SETTLING_S, "to see whether AWS makes the account all the same")
            found = self._request()
            if found is None:
                raise
            return found

    def _move(self) -> str:
        unit, account_id = self._unit, self._entry.id
        assert unit.id is not None  # the look before saw it
        self._aws().move_account(
            **self._entry.via.caller,
            account_id=account_id,
            source_id=unit.parent_of(account_id),
            destination_id=unit.id,
        )
        return f"in {unit.words}"
