"""
What an account is called, and what it demands of passwords.

Knows which of what is there already stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.accounts.documents import check_alias, stricter
from awsprof.accounts.steps import Seen, Step, ok, to_do, unseen
from awsprof.errors import AlreadyThereError, AnswerNeededError, AwsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.accounts.entry import Entry
    from awsprof.aws.calls import Aws


class AccountSettings:
    """Alias and password policy of the account behind *entry*."""

    def __init__(
        self,
        *,
        aws: Callable[[], Aws],
        entry: Entry,
        alias: str,
        ask_alias: Callable[[str], str],
        warn: Callable[[str], None] | None,
    ) -> None:
        """
        Args:
            alias: The one it is to have; another that it has already stays.
            ask_alias: Says why one cannot be had, and asks for another; raises AnswerNeededError with no terminal.
            warn: Is told once of another alias that stays; None where nobody has asked for one.
        """
        self._aws = aws
        self._entry = entry
        self._alias = alias
        self._ask_alias = ask_alias
        self._warn = warn

    def steps(self) -> list[Step]:
        return [
            Step("alias", self._look_alias, self._give_alias),
            Step("password policy", self._look_passwords, self._demand),
        ]

    def _look_alias(self) -> Seen:
        if not self._entry.is_open:
            return unseen(self._alias)
        alias = self._aws().account_alias(**self._entry.caller)
        if alias is None:
            return to_do(self._alias)
        if alias != self._alias and self._warn is not None:
            self._warn(f"Account {self._entry.id} has the alias {alias}, which stays: {self._alias} is not used")
        self._warn = None
        return ok(alias)

    def _give_alias(self) -> str:
        alias = self._alias
        while True:
            try:
                self._aws().create_account_alias(**self._entry.caller, alias=alias)
            except AlreadyThereError as error:
                alias = self._another(alias, error.code)
            else:
                return alias

    def _another(self, taken: str, code: str) -> str:
        """Ask for another alias until one can be one."""
        reason = f"Another account of AWS's has the alias {taken}"
        while True:
            try:
                return check_alias(self._ask_alias(reason).strip().lower())
            except AnswerNeededError:
                # No usage error: the account may have been made by now.
                raise AwsError(reason, code=code, hint="Give another with --alias.") from None
            except UsageError as error:
                reason = error.message

    def _look_passwords(self) -> Seen:
        if not self._entry.is_open:
            return unseen("14 characters of every kind")
        there = self._aws().password_policy(**self._entry.caller)
        wanted = stricter(there)
        words = f"{wanted.min_length} characters of every kind, none of the last {wanted.not_reused}"
        return ok(words) if there == wanted else to_do(words)

    def _demand(self) -> str:
        wanted = stricter(self._aws().password_policy(**self._entry.caller))
        self._aws().set_password_policy(**self._entry.caller, policy=wanted)
        return f"{wanted.min_length} characters of every kind, none of the last {wanted.not_reused}"
