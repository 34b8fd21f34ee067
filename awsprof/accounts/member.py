"""
One IAM user of an account: made, put into its group, and given a first console password.

Knows how a password whose answer is lost is still known; not what else the user gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.accounts.documents import new_password
from awsprof.accounts.steps import Seen, Step, ok, to_do, unseen
from awsprof.errors import AlreadyThereError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.accounts.entry import Entry
    from awsprof.accounts.group import Group
    from awsprof.aws.answers import LoginProfile
    from awsprof.aws.calls import Aws
    from awsprof.naming import ProfileName
    from awsprof.vault import Vault


def console_item(name: str) -> str:
    """Return the vault's item of a first console password."""
    return f"{name}/console"


def first_password_left(login: LoginProfile | None, vault: Vault, name: str) -> str | None:
    """Return the first console password while it is one: in the vault, and not changed yet as far as AWS tells."""
    if login is not None and not login.must_change:
        return None
    return vault.get(console_item(name))


class Member:
    """The user that *name* is named after."""

    def __init__(
        self,
        name: ProfileName,
        *,
        aws: Callable[[], Aws],
        entry: Entry,
        group: Group,
        vault: Callable[[], Vault],
    ) -> None:
        self.name = name
        self._aws = aws
        self._entry = entry
        self._group = group
        self._vault = vault

    def steps(self) -> list[Step]:
        return [
            Step("user", self._look, self._make),
            Step("membership", self._look_membership, self._join),
            Step("console password", self._look_password, self._give_password),
        ]

    def _look(self) -> Seen:
        if not self._entry.is_open:
            return unseen(self.name.user)
        found = self._aws().user(**self._entry.caller, user_name=self.name.user)
        return ok(self.name.user) if found is not None else to_do(self.name.user)

    def _make(self) -> str:
        self._aws().create_user(**self._entry.caller, user_name=self.name.user)
        return self.name.user

    def _look_membership(self) -> Seen:
        words = f"{self.name.user} in {self._group.name}"
        if not self._entry.is_open:
            return unseen(words)
        try:
            groups = self._aws().groups_of_user(**self._entry.caller, user_name=self.name.user)
        except NotFoundError:
            return to_do(words)
        return ok(f"{self.name.user} in {', '.join(groups)}") if self._group.name in groups else to_do(words)

    def _join(self) -> str:
        self._aws().add_user_to_group(**self._entry.caller, user_name=self.name.user, group=self._group.name)
        return f"{self.name.user} in {self._group.name}"

    def _look_password(self) -> Seen:
        if not self._entry.is_open:
            return unseen("made up, into the vault")
        login = self._aws().login_profile(**self._entry.caller, user_name=self.name.user)
        if login is None:
            return to_do("made up, into the vault")
        kept = first_password_left(login, self._vault(), str(self.name)) is not None
        return ok(f"{self.name.user} has one{', the first is in the vault' if kept else ''}")

    def _give_password(self) -> str:
        item, vault = console_item(str(self.name)), self._vault()
        policy = self._aws().password_policy(**self._entry.caller)
        # One in the vault may be from before, and in a message to somebody.
        former, password = vault.get(item), new_password(policy.min_length if policy else 0)
        # Before AWS has it: whatever becomes of the answer, it is known.
        vault.set(item, password)
        try:
            self._aws().create_login_profile(**self._entry.caller, user_name=self.name.user, password=password)
        except AlreadyThereError:
            # Made by a run just before, which AWS did not tell of yet.
            if former is None:
                vault.delete(item)
            else:
                vault.set(item, former)
            raise
        return f"for {self.name.user}, in the vault; to be changed at the first login"
