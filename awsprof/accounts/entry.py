"""
The way into an account: directly, or by the role that the management account may assume in every account it made.

Knows whose credentials call AWS; not what is done with them.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from awsprof.accounts.steps import Seen, Step, ok, to_do, unseen
from awsprof.browsers.sign_in import first_region
from awsprof.errors import AccessDeniedError, AwsError, AwsprofError

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.accounts.steps import Person
    from awsprof.aws.calls import Aws
    from awsprof.model import Credentials

ROLE = "OrganizationAccountAccessRole"
# In an account just made, the role may be assumed only after a while; together these are five minutes.
_BACKOFF_S = (2, 4, 8, 15, 30, 60, 60, 60, 61)


class Caller(TypedDict):
    """What every call of AWS takes."""

    credentials: Credentials
    region: str


@dataclass(frozen=True, slots=True)
class Via:
    """The profile that acts: whose its credentials are, as AWS says, and where it calls; a role has no *user_name*."""

    name: str
    credentials: Credentials
    region: str
    user_name: str | None
    account_id: str
    partition: str

    @property
    def caller(self) -> Caller:
        return {"credentials": self.credentials, "region": self.region}

    @property
    def first_region(self) -> str:
        """Where a new account's own keys are known: regions that must be opted into do not know them yet."""
        return first_region(self.partition) or self.region


class Entry:
    """One account, whose id may become known only later, and the credentials that act in it."""

    def __init__(
        self,
        *,
        aws: Callable[[], Aws],
        via: Via,
        session_name: str,
        account_id: str | None,
        person: Person,
    ) -> None:
        self._aws = aws
        self._session_name = session_name
        self._person = person
        self._credentials: Credentials | None = None
        self.via = via
        self.account_id = account_id
        # Set where the account is so new that its role may not be assumed yet.
        self.patient = False

    @property
    def is_open(self) -> bool:
        return self._credentials is not None

    @property
    def caller(self) -> Caller:
        """What calls in the account take, once it `is_open`."""
        if self._credentials is None:
            raise AwsprofError(f"There is no way into account {self.account_id} yet")
        return {"credentials": self._credentials, "region": self.via.region}

    @property
    def id(self) -> str:
        if self.account_id is None:
            raise AwsprofError("The account is not there yet")
        return self.account_id

    def managed_by_aws(self, policy: str) -> str:
        """Return the ARN of one of AWS's own policies."""
        return f"arn:{self.via.partition}:iam::aws:policy/{policy}"

    def own_policy(self, policy: str) -> str:
        """Return the ARN of one of the account's policies."""
        return f"arn:{self.via.partition}:iam::{self.id}:policy/{policy}"

    def refuse_management(self) -> None:
        """
        Refuse the account that manages its organization, as far as the caller may see whether it does.

        Raises:
            AwsprofError: It is that account; only from inside is there a way into it.
        """
        if self.via.account_id != self.id:
            return
        with contextlib.suppress(AccessDeniedError):
            organization = self._aws().organization(**self.via.caller)
            if organization is not None and organization.management_account_id == self.id:
                raise AwsprofError(
                    f"Account {self.id} is the management account of {organization.id}, and no product's",
                    hint="'awsprof account create PRODUCT ENV --email ADDRESS' makes the product one of its own.",
                )

    def account_step(self) -> Step:
        """The line that tells which account it is, with its real name where whoever acts sees it."""
        return Step("account", lambda: ok(self._called()), self._called)

    def _called(self) -> str:
        if self.via.account_id != self.id:
            # Whoever may not see it still gets in by its id.
            with contextlib.suppress(AwsError):
                account = self._aws().account(**self.via.caller, account_id=self.id)
                return f"{account.id}, {account.name}, {account.email}"
        return self.id

    def step(self) -> Step:
        """The step that comes by the credentials; in a new account it may take minutes."""
        return Step("way in", self._look, self._do, waits=True)

    def open(self) -> None:
        """
        Come by the credentials, at once or not at all.

        Raises:
            AccessDeniedError: The role may not be assumed, or not yet.
        """
        if self.is_open:
            return
        if self.via.account_id == self.id:
            self._credentials = self.via.credentials
            return
        role_arn = f"arn:{self.via.partition}:iam::{self.id}:role/{ROLE}"
        try:
            self._credentials = self._aws().assume_role(
                **self.via.caller,
                role_arn=role_arn,
                session_name=self._session_name,
                external_id=None,
                duration_s=None,
            )
        except AccessDeniedError as error:
            error.hint = (
                f"{self.via.name} must be of the management account; an account that was not made by it needs a role "
                f"{ROLE} that trusts it, or a --via in the account itself."
            )
            raise

    def _look(self) -> Seen:
        if self.account_id is None:
            return unseen("once the account is there")
        try:
            self.open()
        except AccessDeniedError:
            if not self.patient:
                raise
            return to_do(f"assume {ROLE} in {self.id}, as soon as AWS lets {self.via.name}")
        return ok(self._words())

    def _do(self) -> str:
        for seconds in _BACKOFF_S:
            try:
                self.open()
                return self._words()
            except AccessDeniedError:
                self._person.wait(seconds, f"for the new account to let {ROLE} in")
        self.open()
        return self._words()

    def _words(self) -> str:
        return f"{self.via.name}" if self.via.account_id == self.id else f"{ROLE}, assumed by {self.via.name}"
