"""
The audit of accounts: for each profile a list of checks, each passed, failed, or not to be seen with its rights.

Reads only. Knows what a sound account looks like; not how rows are shown, nor how a session is had.
"""

from __future__ import annotations

import contextlib
import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from awsprof.accounts.documents import PASSWORD_POLICY
from awsprof.accounts.mfa_demand import demands_mfa
from awsprof.errors import AccessDeniedError, AwsError, NotFoundError
from awsprof.findings import Finding, Severity
from awsprof.model import Kind
from awsprof.naming import ProfileName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from awsprof.accounts.looking import Look
    from awsprof.model import Profile

OLD = timedelta(days=90)
_ROOT_PAGE = "sign in as the root user, then My security credentials"


class Status(enum.StrEnum):
    """What came of one check."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    NOT_ALLOWED = "not-allowed"


_SEVERITIES = {Status.PASS: Severity.INFO, Status.FAIL: Severity.ERROR, Status.NOT_ALLOWED: Severity.WARNING}


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One check of one profile's account; *unasked* where AWS was not to be had, rather than denied an answer."""

    status: Status
    finding: Finding
    unasked: bool = False

    def to_json(self) -> dict[str, object]:
        return {**self.finding.to_json(), "status": str(self.status)}


class Outcome(NamedTuple):
    """What one check says: whether it passed, one sentence, and what mends it."""

    status: Status
    message: str
    fix: str | None = None


class OtherEnv(NamedTuple):
    """Another env of the same product in one of its accounts, as profiles and the team file have it."""

    env: str
    account_id: str
    protected: bool


@dataclass(frozen=True, slots=True)
class Audited:
    """One profile to be audited, and what is known of it without asking AWS; a role is assumed with *mfa_serial*."""

    profile: Profile
    look: Look
    others: frozenset[OtherEnv]
    mfa_serial: str | None = None


def audit(audited: Audited, *, now: datetime) -> list[AuditRow]:
    """Run every check; a call that AWS denies makes its checks not-allowed, and no other."""
    rows = []
    for code, check in _CHECKS.items():
        unasked = False
        try:
            status, message, fix = check(audited, now)
        except AccessDeniedError as error:
            status, message, fix = Status.NOT_ALLOWED, error.message, error.hint
        except AwsError as error:
            unasked = True
            status, message, fix = Status.NOT_ALLOWED, f"it could not be asked: {error.message}", error.hint
        rows.append(_row(audited.profile.name, code, status, message, fix, unasked=unasked))
    return rows


def unseen(profile: Profile, reason: str, fix: str | None) -> list[AuditRow]:
    """Return the rows of an account that could not be entered at all."""
    return [_row(profile.name, code, Status.NOT_ALLOWED, reason, fix, unasked=True) for code in _CHECKS]


def exit_status(rows: Sequence[AuditRow]) -> int:
    """Return 1 when a check failed, else AWS's own status when something could not be asked."""
    if any(row.status is Status.FAIL for row in rows):
        return 1
    return AwsError.status if any(row.unasked for row in rows) else 0


def _row(profile: str, code: str, status: Status, message: str, fix: str | None, *, unasked: bool) -> AuditRow:
    return AuditRow(status, Finding(code, _SEVERITIES[status], message, fix, profile=profile), unasked)


def _passed(message: str) -> Outcome:
    return Outcome(Status.PASS, message)


def _failed(message: str, fix: str) -> Outcome:
    return Outcome(Status.FAIL, message, fix)


def _unknown(message: str, fix: str | None = None) -> Outcome:
    return Outcome(Status.NOT_ALLOWED, message, fix)


def _root_mfa(audited: Audited, _: datetime) -> Outcome:
    summary = audited.look.summary()
    if summary.root_mfa:
        return _passed("the root user has MFA")
    if not (summary.root_password or summary.root_access_keys):
        return _passed("the root user has no credentials")
    return _failed("the root user has no MFA: whoever reads its mailbox has the account", _ROOT_PAGE)


def _root_access_keys(audited: Audited, _: datetime) -> Outcome:
    if not audited.look.summary().root_access_keys:
        return _passed("the root user has no access key")
    return _failed("the root user has an access key, which no policy can limit", _ROOT_PAGE)


def _user_mfa(audited: Audited, now: datetime) -> Outcome:
    profile, user = audited.profile, audited.look.user
    if audited.look.is_root_user:
        return _root_mfa(audited, now)
    if user is not None and audited.look.has_mfa():
        return _passed(f"user {user} has an MFA device")
    if user is None and audited.mfa_serial is not None:
        return _passed(f"the role is assumed with the MFA device {audited.mfa_serial}")
    who = f"user {user} has no MFA device" if user is not None else "no MFA device is known of"
    if not profile.protected:
        return _passed(f"{who}, which only a protected env must have")
    if user is not None:
        return _failed(who, f"awsprof mfa enroll {profile.name}")
    if profile.kind is Kind.SSO:
        return _unknown("IAM Identity Center asks for MFA or not, and does not tell the account")
    return _unknown(f"{profile.name} is a role's, and no MFA device is named where it is assumed")


def _mfa_demanded(audited: Audited, _: datetime) -> Outcome:
    profile, user = audited.profile, audited.look.user
    if not profile.protected:
        return _passed("only a protected env must demand MFA")
    if audited.look.is_root_user:
        return _failed("no policy binds the root user, whose access key works without any code", _ROOT_PAGE)
    if user is None and profile.kind is Kind.SSO:
        return _unknown("IAM Identity Center asks for MFA or not, and does not tell the account")
    if user is None:
        return _unknown(f"{profile.name} is a role's: what it demands stands in its trust policy, which is not read")
    permissions = audited.look.permissions()
    if user not in [one.user for one in permissions if demands_mfa(one.documents)]:
        return _failed(f"no policy demands MFA of user {user}: a stolen key works without any code", _by_setup(audited))
    bare = [one.user for one in permissions if one.documents and not demands_mfa(one.documents)]
    others = [name for name in bare if _gets_in(audited.look, name)]
    if others:
        message = f"{_named(others)} permissions, and no policy demands MFA for them"
        return _failed(message, f"{_console(audited.profile)}, then Users: put them into a group that demands it")
    return _passed(f"a policy denies user {user} nearly everything without MFA")


def _gets_in(look: Look, user: str) -> bool:
    return any(one.key.active for one in look.keys_of(user)) or look.has_password(user)


def _permissions_by_group(audited: Audited, _: datetime) -> Outcome:
    by_user = [one.user for one in audited.look.permissions() if one.own_policies]
    if not by_user:
        return _passed("no user has a policy of its own")
    message = f"{_named(by_user)} permissions of their own, which no group shows"
    return _failed(message, f"{_console(audited.profile)}, then Users: move their policies to a group")


def _password_policy(audited: Audited, _: datetime) -> Outcome:
    policy = audited.look.password_policy()
    least = PASSWORD_POLICY.min_length
    if policy is None:
        return _failed("the account has no password policy of its own", _by_setup(audited))
    if policy.min_length < least:
        message = f"a password may have {policy.min_length} characters; {least} is the least to ask"
        return _failed(message, _by_setup(audited))
    return _passed(f"passwords have {policy.min_length} characters at least")


def _account_alias(audited: Audited, _: datetime) -> Outcome:
    alias = audited.look.alias()
    if alias is None:
        return _failed("the account has no alias: its sign-in page shows a bare number", _by_setup(audited))
    return _passed(f"the account's alias is {alias}")


def _access_key_age(audited: Audited, now: datetime) -> Outcome:
    old = [one for one in audited.look.access_keys() if one.key.active and now - one.key.created > OLD]
    if not old:
        return _passed(f"no active access key is older than {OLD.days} days")
    days = max((now - one.key.created).days for one in old)
    users = {one.user for one in old}
    message = f"{_named(users)} an access key older than {OLD.days} days ({days} at most)"
    mine = audited.look.user in users and audited.profile.kind is Kind.USER
    return _failed(message, f"awsprof rotate {audited.profile.name}" if mine else _console(audited.profile))


def _unused_access_key(audited: Audited, now: datetime) -> Outcome:
    old = [one for one in audited.look.access_keys() if one.key.active and now - one.key.created > OLD]
    unused = [one for one in old if now - (audited.look.last_used(one.key.id) or one.key.created) > OLD]
    if not unused:
        return _passed(f"every active access key was used in the last {OLD.days} days, or is younger")
    message = f"{_named({one.user for one in unused})} an active access key that nobody has used for {OLD.days} days"
    return _failed(message, f"{_console(audited.profile)}, then Users: deactivate it")


def _unused_user(audited: Audited, now: datetime) -> Outcome:
    unused = []
    for user in audited.look.users():
        if now - user.created <= OLD:
            continue
        keys = audited.look.keys_of(user.name)
        used = [user.password_last_used, *(audited.look.last_used(one.key.id) for one in keys)]
        if now - max((one for one in used if one is not None), default=user.created) <= OLD:
            continue
        # One that was disabled stays, so that it can be told later who it was.
        if any(one.key.active for one in keys) or audited.look.has_password(user.name):
            unused.append(user.name)
    if not unused:
        return _passed(f"every user with a way in used it in the last {OLD.days} days, or is younger")
    return _failed(
        f"{_named(unused)} not been seen for {OLD.days} days", _command(audited.profile, "user", unused[0], "--disable")
    )


def _in_product_ou(audited: Audited, _: datetime) -> Outcome:
    if not audited.look.sees_organization:
        return _unknown("only the management account sees it", "--via a profile of that account")
    if audited.look.is_management():
        return _passed("the management account is no product's")
    try:
        units = audited.look.units()
    except NotFoundError:
        return _unknown("the account is not in the organization that --via shows")
    place = f"the organizational unit {'/'.join(units)}" if units else "the organization's root"
    product = audited.profile.parts.product if audited.profile.parts is not None else None
    # Where no unit has the product's name, its accounts are wherever somebody has chosen to put them.
    if units and (product is None or product in units or not audited.look.has_unit(product)):
        return _passed(f"the account is in {place}")
    return _failed(
        f"the account is in {place}, and not in a unit of its product",
        "aws organizations move-account, or its console page",
    )


def _separate_accounts(audited: Audited, _: datetime) -> Outcome:
    account_id, profile = audited.look.account_id, audited.profile
    sharing = sorted(other for other in audited.others if other.account_id == account_id)
    if not sharing:
        return _passed("no other env of the product is in this account")
    unlike = [other.env for other in sharing if other.protected is not profile.protected]
    if not unlike:
        return _passed(f"{', '.join(other.env for other in sharing)} is in this account too, and as much protected")
    parts = profile.parts or ProfileName("PRODUCT", "ENV", "USER")
    return _failed(
        f"{', '.join(unlike)} and {parts.env} share account {account_id}, and one is protected",
        f"awsprof account create {parts.product} {parts.env} --email ADDRESS",
    )


_CHECKS: Mapping[str, Callable[[Audited, datetime], Outcome]] = {
    "root-mfa": _root_mfa,
    "root-access-keys": _root_access_keys,
    "user-mfa": _user_mfa,
    "mfa-demanded": _mfa_demanded,
    "permissions-by-group": _permissions_by_group,
    "password-policy": _password_policy,
    "account-alias": _account_alias,
    "access-key-age": _access_key_age,
    "unused-access-key": _unused_access_key,
    "unused-user": _unused_user,
    "in-product-ou": _in_product_ou,
    "separate-accounts": _separate_accounts,
}


def _by_setup(audited: Audited) -> str:
    """Return the command that sets the account up, unless it gives far more than the management account is to have."""
    with contextlib.suppress(AwsError):
        if audited.look.is_management():
            return _console(audited.profile)
    return _command(audited.profile, "setup", "--via SELECTOR")


def _command(profile: Profile, verb: str, *words: str) -> str:
    parts = profile.parts or ProfileName("PRODUCT", "ENV", "USER")
    return " ".join(("awsprof account", verb, parts.product, parts.env, *words))


def _console(profile: Profile) -> str:
    return f"awsprof console {profile.name} --service iam"


def _named(users: Sequence[str] | set[str]) -> str:
    """Write who has something: "paul has", "ann and paul have", "ann, paul and 3 more have"."""
    names = sorted(users)
    if len(names) == 1:
        return f"{names[0]} has"
    if len(names) == 2:
        return f"{names[0]} and {names[1]} have"
    return f"{names[0]}, {names[1]} and {len(names) - 2} more have"
