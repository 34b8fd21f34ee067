"""
A place for a colleague in an account that is set up: user, group, first password, and the words to send them.

Knows what their side takes; not how the words reach them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.accounts.group import SYSADMINS, Group
from awsprof.accounts.member import Member
from awsprof.browsers.sign_in import sign_in_page
from awsprof.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.accounts.entry import Entry
    from awsprof.accounts.steps import Step
    from awsprof.aws.calls import Aws
    from awsprof.naming import ProfileName
    from awsprof.vault import Vault


@dataclass(frozen=True, slots=True)
class ColleagueRequest:
    """Who gets a place, in which group, whether that was *named*, and what it may do where it is made anew."""

    name: ProfileName
    group: str
    named: bool
    policy_arn: str | None
    require_mfa: bool


def group_of(name: ProfileName, *, aws: Callable[[], Aws], entry: Entry) -> str:
    """Return the group for somebody of whom none is said: one that the user is in stays, and sysadmins for others."""
    try:
        groups = aws().groups_of_user(**entry.caller, user_name=name.user)
    except NotFoundError:
        groups = []
    return SYSADMINS if SYSADMINS in groups or not groups else groups[0]


def steps(request: ColleagueRequest, *, aws: Callable[[], Aws], entry: Entry, vault: Callable[[], Vault]) -> list[Step]:
    """Return the steps that give a colleague a place."""
    group = Group(aws=aws, entry=entry, name=request.group, policy_arn=request.policy_arn, named=request.named)
    member = Member(request.name, aws=aws, entry=entry, group=group, vault=vault)
    user = request.name.user
    guard = group.guard_step(unless=lambda: group.without_devices(but_for=user))
    return [*group.steps(), *([guard] if request.require_mfa else []), *member.steps()]


def words_to_send(
    name: ProfileName,
    *,
    account_id: str,
    alias: str | None,
    partition: str,
    region: str,
    needs_mfa: bool,
    first_password: bool,
) -> list[str]:
    """
    Write what the colleague needs to know; the first password is not in it, and goes another way.

    Args:
        needs_mfa: Whether the group is denied nearly all without MFA.
        first_password: Whether there is one to send; else the user has a password already.
    """
    page = sign_in_page(partition, alias or account_id, region, None)
    # The console offers a passkey first, which STS takes no code of.
    device = [
        "Then add an authenticator app there as your MFA device (a passkey is of no use on the command line), and",
        "sign in with it again: without one the account refuses all else.",
    ]
    return [
        f"You have a user in the AWS account {alias or account_id} ({account_id}).",
        "",
        f"  sign in at  {page}",
        f"  user name   {name.user}",
        "",
        "The first password comes another way, and is to be changed at the first sign-in."
        if first_password
        else "The password is the one that the user has already.",
        *(device if needs_mfa else []),
        "Under 'Security credentials' make an access key for the command line, then on your machine:",
        "",
        f"  awsprof add {name.product} {name.env} {name.user} --account-id {account_id} --region {region}",
        *([] if needs_mfa else [f"  awsprof mfa enroll {name}"]),
        f"  awsprof login {name}",
    ]
