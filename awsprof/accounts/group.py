"""
The group of an account that carries permissions: itself, what it may, self-service, and the demand for MFA.

Knows what must be attached to it; not who is in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from awsprof.accounts.documents import GUARD_NAME, SELF_SERVICE_NAME, guard, self_service
from awsprof.accounts.mfa_demand import demands_mfa
from awsprof.accounts.steps import Seen, State, Step, ok, skipped, to_do, unseen
from awsprof.errors import (
    AlreadyThereError,
    AwsError,
    AwsprofError,
    LimitExceededError,
    NotFoundError,
    UsageError,
)
from awsprof.naming import printable
from awsprof.profiles.mfa_devices import may_be_done

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsprof.accounts.entry import Entry
    from awsprof.aws.answers import AttachedPolicy
    from awsprof.aws.calls import Aws

SYSADMINS = "sysadmins"
# What these groups carry when nobody says otherwise.
_USUAL = {SYSADMINS: "AdministratorAccess", "readonly": "ReadOnlyAccess"}
_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_POLICY_ARN = re.compile(r"arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[\w+=,.@/-]+", re.ASCII)
_DESCRIPTIONS = {
    SELF_SERVICE_NAME: "Lets users manage their own password, access keys and MFA devices",
    GUARD_NAME: "Denies nearly all to whoever gave no MFA",
}


def check_group(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{printable(name)}' cannot be a group's name", hint="It has letters, digits and +=,.@_- only."
        )
    return name


def check_policy(arn: str) -> str:
    if not _POLICY_ARN.fullmatch(arn):
        raise UsageError(
            f"'{printable(arn)}' is no policy's ARN", hint="It looks like arn:aws:iam::aws:policy/ReadOnlyAccess."
        )
    return arn


def needs_policy(group: str) -> bool:
    """Whether nobody could tell what a new group of that name may do."""
    return group not in _USUAL


class Group:
    """One group of the account behind *entry*."""

    def __init__(
        self, *, aws: Callable[[], Aws], entry: Entry, name: str, policy_arn: str | None, named: bool = True
    ) -> None:
        """
        Args:
            policy_arn: The managed policy it carries; None: the usual one, or none for a group that is there.
            named: Whether somebody has asked for this very group, and for all that comes with it.
        """
        self.name = name
        self._named = named
        self._aws = aws
        self._entry = entry
        self._given_arn = policy_arn
        self._given_is_there = False

    def steps(self) -> list[Step]:
        return [
            Step("group", self._look, self._make),
            Step("permissions", self._look_permissions, self._permit),
            Step("self-service", self._look_self_service, self._attach_self_service),
        ]

    def guard_step(self, *, unless: Callable[[], Seen | None]) -> Step:
        """
        The step that demands MFA of everybody in the group.

        Args:
            unless: Tells why not now, if so.
        """

        def look() -> Seen:
            seen = self._look_guard()
            return seen if seen.state is State.OK else unless() or seen

        return Step("MFA demanded", look, self._attach_guard)

    def without_devices(self, *, but_for: str) -> Seen | None:
        """Tell why MFA must not be demanded of the group: others in it have no device, and would be locked out."""
        if not self._entry.is_open:
            return unseen(self.name)
        members = self._aws().group_members(**self._entry.caller, group=self.name) or []
        bare = [
            name
            for name in members
            if name != but_for and not self._aws().mfa_devices(**self._entry.caller, user_name=name)
        ]
        return skipped(f"{', '.join(bare)} in {self.name} would be locked out, having no MFA device") if bare else None

    def is_guarded(self) -> bool:
        """Whether whoever is in the group must give MFA."""
        return self._look_guard().state is State.OK

    # --- looks

    def _look(self) -> Seen:
        if not self._entry.is_open:
            return unseen(self.name)
        if self._given_arn is not None and not self._given_is_there:
            # Before the group is made, which would be left empty.
            if self._aws().managed_policy(**self._entry.caller, policy_arn=self._given_arn) is None:
                raise AwsError(
                    f"There is no policy {self._given_arn}",
                    hint="'aws iam list-policies' shows those of AWS and of the account.",
                )
            self._given_is_there = True
        if self._aws().group_members(**self._entry.caller, group=self.name) is not None:
            return ok(self.name)
        if self._given_arn is None and needs_policy(self.name):
            raise UsageError(
                f"Account {self._entry.id} has no group '{self.name}', and what a new one may do is not said",
                hint="Say it with --policy ARN.",
            )
        return to_do(self.name)

    def _look_permissions(self) -> Seen:
        """Tell all that who is in the group may do, whoever gave it that."""
        wanted = self._policy_arn
        attached = self._attached()
        if attached is None:
            return unseen(self._permitted())
        ours = [self._entry.own_policy(name) for name in (SELF_SERVICE_NAME, GUARD_NAME)]
        others = [it.name for it in attached if it.arn not in (wanted, *ours)] + self._inline()
        if others and self._given_arn is not None and not self._named:
            raise UsageError(
                f"The group {self.name} of account {self._entry.id} gives {', '.join(others)} already, beside what "
                "--policy says",
                hint="Name another group with --group, or this one, if all of it is meant.",
            )
        if wanted is None:
            return ok(f"{', '.join(others) or 'nothing'} for {self.name}")
        beside = f" beside {', '.join(others)}" if others else ""
        words = f"{wanted.rpartition('/')[2]}{beside} for {self.name}"
        if any(it.arn == wanted for it in attached):
            return ok(words)
        members = self._aws().group_members(**self._entry.caller, group=self.name)
        return to_do(f"{words}, and so for {', '.join(members)}" if members else words)

    def _look_own(self, policy: str, *, suffices: Callable[[Mapping[str, Any]], bool]) -> Seen:
        """Look for a policy of ours: attached, and saying what it must in the version that is in force."""
        words = f"{policy} for {self.name}"
        attached = self._attached()
        if attached is None:
            return unseen(words)
        if all(it.name != policy for it in attached):
            return to_do(words)
        found = self._aws().managed_policy(**self._entry.caller, policy_arn=self._entry.own_policy(policy))
        if found is not None and suffices(found.document):
            return ok(words)
        return to_do(f"{words}, whose version in force says something else: awsprof's own is put in force")

    def _look_self_service(self) -> Seen:
        ours = self_service(self._entry.via.partition)
        return self._look_own(SELF_SERVICE_NAME, suffices=lambda document: document == ours)

    def _look_guard(self) -> Seen:
        seen = self._look_own(GUARD_NAME, suffices=lambda document: demands_mfa([document]))
        for policy in (self._attached() or []) if seen.state is State.TO_DO else []:
            # A policy of the account's own hand may demand it already; AWS's own never do.
            if ":iam::aws:" in policy.arn or policy.name == GUARD_NAME:
                continue
            found = self._aws().managed_policy(**self._entry.caller, policy_arn=policy.arn)
            if found is not None and demands_mfa([found.document]):
                return ok(f"by {policy.name} for {self.name}")
        return seen

    def _attached(self) -> list[AttachedPolicy] | None:
        """Return what is attached to the group; None while the account cannot be seen."""
        if not self._entry.is_open:
            return None
        try:
            return self._aws().attached_group_policies(**self._entry.caller, group=self.name)
        except NotFoundError:
            return []

    def _inline(self) -> list[str]:
        try:
            return self._aws().inline_group_policies(**self._entry.caller, group=self.name)
        except NotFoundError:
            return []

    @property
    def _policy_arn(self) -> str | None:
        usual = _USUAL.get(self.name)
        return self._given_arn or (usual and self._entry.managed_by_aws(usual))

    def _permitted(self) -> str:
        return f"{(self._policy_arn or 'what it has').rpartition('/')[2]} for {self.name}"

    # --- deeds

    def _make(self) -> str:
        self._aws().create_group(**self._entry.caller, group=self.name)
        return self.name

    def _permit(self) -> str:
        assert self._policy_arn is not None  # the look before saw it missing
        self._aws().attach_group_policy(**self._entry.caller, group=self.name, policy_arn=self._policy_arn)
        return self._permitted()

    def _attach_self_service(self) -> str:
        return self._attach(SELF_SERVICE_NAME, self_service(self._entry.via.partition))

    def _attach_guard(self) -> str:
        return self._attach(GUARD_NAME, guard())

    def _attach(self, name: str, document: Mapping[str, Any]) -> str:
        """Attach a policy of ours, made when there is none; another's under that name is not taken for it."""
        arn = self._entry.own_policy(name)
        if not self._create(name, document):
            found = self._aws().managed_policy(**self._entry.caller, policy_arn=arn)
            if found is not None and found.document != document:
                if all(it.arn != arn for it in self._attached() or []):
                    raise AwsprofError(
                        f"The policy {name} of account {self._entry.id} says something else than awsprof's",
                        hint="Look at it in IAM; delete it or attach it by hand, then run this again.",
                    )
                self._put_in_force(name, arn, document)
        self._aws().attach_group_policy(**self._entry.caller, group=self.name, policy_arn=arn)
        return f"{name} for {self.name}"

    def _create(self, name: str, document: Mapping[str, Any]) -> bool:
        """Make a policy of ours, unless there is one of that name; a lost answer is asked for once more."""
        for last in (False, True):
            try:
                self._aws().create_policy(
                    **self._entry.caller, name=name, description=_DESCRIPTIONS[name], document=document
                )
            except AlreadyThereError:
                return False
            except AwsError as error:
                if last or not may_be_done(error):
                    raise
            else:
                break
        return True

    def _put_in_force(self, name: str, arn: str, document: Mapping[str, Any]) -> None:
        try:
            self._aws().put_policy_in_force(**self._entry.caller, policy_arn=arn, document=document)
        except LimitExceededError as error:
            error.hint = f"A policy has five versions at most: delete one of {name} in IAM, then run this again."
            raise
