"""
What only AWS can tell: whether keys work, whose they are, how old they are, and whether this machine's clock is right.

Asks nobody for a code: a profile whose credentials are not at hand is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from awsprof.configfiles.merged import LONG_TERM_KEYS
from awsprof.doctor.advice import command, import_of
from awsprof.errors import (
    AwsError,
    AwsprofError,
    ClockSkewError,
    InvalidKeyError,
    ThrottledError,
    UnreachableError,
)
from awsprof.findings import Finding, Severity
from awsprof.model import Kind, LongTermCredentials, SessionCredentials
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from awsprof.doctor.shared import SharedFiles
    from awsprof.model import AccessKey, CallerIdentity, Credentials, Profile

OLDEST_KEY = timedelta(days=90)
# A code of MFA lives for 30 seconds.
MOST_SKEW_S = 30.0


class AwsCalls(Protocol):
    """What the checks need of AWS."""

    def caller_identity(self, credentials: Credentials, *, region: str) -> CallerIdentity: ...

    def clock_ahead_s(self, credentials: Credentials, *, region: str) -> float | None: ...

    def access_keys(self, credentials: Credentials, *, region: str) -> list[AccessKey]: ...


@dataclass(frozen=True, slots=True)
class Online:
    """
    The way to AWS.

    Args:
        long_term: Returns a profile's keys from the vault; None where it has none.
        served: Returns what tools would be handed for a profile, asking nobody; None where that takes a person.
    """

    aws: AwsCalls
    long_term: Callable[[str], LongTermCredentials | None]
    served: Callable[[Profile], Credentials | None]
    environ: Mapping[str, str]


class _CannotGoOnError(Exception):
    """What keeps every further call from being of use; has the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def check_online(shared: SharedFiles, online: Online, now: datetime) -> Iterator[Finding]:
    """Ask AWS about every profile whose credentials are at hand."""
    checks = _Checks(shared, online, now)
    try:
        for name in shared.profiles:
            yield from checks.profile(name)
    except _CannotGoOnError as end:
        yield end.finding


class _Checks:
    def __init__(self, shared: SharedFiles, online: Online, now: datetime) -> None:
        self._shared = shared
        self._online = online
        self._now = now
        # Only an answer tells.
        self._knows_clock = False
        self._silent: set[str] = set()

    def profile(self, name: str) -> Iterator[Finding]:
        profile = self._shared.profiles[name].profile
        try:
            yield from self._of_profile(name, profile)
        except UnreachableError as error:
            # It may be the region that is not there, until another one does not answer either.
            self._silent.add(self._region(profile))
            if len(self._silent) > 1 and not self._knows_clock:
                raise _CannotGoOnError(Finding("unreachable", Severity.ERROR, error.message, error.hint)) from None
            yield self._shared.finding("unreachable", Severity.ERROR, name, error.message, error.hint, "region")

    def _region(self, profile: Profile) -> str:
        return profile.region_for_calls(self._online.environ)

    def _of_profile(self, name: str, profile: Profile) -> Iterator[Finding]:
        if profile.kind is Kind.USER:
            keys = self._stored(name)
            if keys is None:
                message = f"the vault has no keys for {printable(name)}, so no tool gets credentials"
                yield self._shared.finding("dead-key", Severity.ERROR, name, message, self._new_keys(profile))
                return
            yield from self._ask(profile, keys)
            yield from self._age(profile, keys)
        elif self._region(profile) in self._silent:
            return
        elif profile.kind is Kind.KEYS:
            in_file = _in_file(profile)
            yield from self._ask(profile, in_file)
            if isinstance(in_file, LongTermCredentials):
                yield from self._age(profile, in_file)
        elif profile.kind is Kind.ROLE:
            try:
                assumed = self._online.served(profile)
            except AwsprofError as error:
                self._stop_if_hopeless(error)
                message = f"the role {printable(name)} cannot be assumed, by no tool: {error.message}"
                yield self._shared.finding("not-asked", Severity.WARNING, name, message, error.hint, "role_arn")
            else:
                yield from self._ask(profile, assumed)

    def _ask(self, profile: Profile, credentials: Credentials | None) -> Iterator[Finding]:
        name, region = profile.name, self._region(profile)
        if credentials is None or region in self._silent:
            return
        try:
            if not self._knows_clock:
                yield from self._clock(credentials, region)
            identity = self._online.aws.caller_identity(credentials, region=region)
        except InvalidKeyError as error:
            message = f"the access key of {printable(name)} is of no use to any tool: {error.message}"
            yield self._shared.finding("dead-key", Severity.ERROR, name, message, self._new_keys(profile))
        except AwsError as error:
            self._stop_if_hopeless(error)
            message = f"AWS does not say whose the credentials of {printable(name)} are: {error.message}"
            yield self._shared.finding("not-asked", Severity.INFO, name, message, error.hint)
        else:
            # A role's own keys are what it is assumed with, and may be of another account.
            is_base = profile.kind is Kind.KEYS and "role_arn" in profile.settings
            if not is_base and profile.account_id not in (None, identity.account_id):
                message = (
                    f"{printable(name)} says it is in account {profile.account_id}, and with its credentials "
                    f"every tool works in {identity.account_id}"
                )
                fix = command("set", name, f"aws_account_id={identity.account_id}") if profile.parts else None
                if fix and profile.kind is Kind.USER:
                    fix = f"{fix}, or {self._new_keys(profile)}"
                fix = fix or "Correct the account in its section, or its keys."
                yield self._shared.finding("wrong-account", Severity.ERROR, name, message, fix, "aws_account_id")

    def _clock(self, credentials: Credentials, region: str) -> Iterator[Finding]:
        ahead_s = self._online.aws.clock_ahead_s(credentials, region=region)
        self._knows_clock = True
        if ahead_s is not None and abs(ahead_s) > MOST_SKEW_S:
            side = "ahead of" if ahead_s > 0 else "behind"
            message = f"this machine's clock is {abs(ahead_s):.0f} s {side} AWS's, so AWS refuses MFA codes made by it"
            yield _clock_finding(message)

    def _age(self, profile: Profile, keys: LongTermCredentials) -> Iterator[Finding]:
        region = self._region(profile)
        if region in self._silent:
            return
        try:
            rows = self._online.aws.access_keys(self._served(profile) or keys, region=region)
        except AwsError as error:
            # Not every user may list its keys, and without MFA nearly none.
            self._stop_if_hopeless(error)
            return
        for row in rows:
            age = self._now - row.created
            if row.id == keys.access_key_id and age > OLDEST_KEY:
                message = (
                    f"the access key of {printable(profile.name)} is {age.days} days old, long enough to have leaked"
                )
                fix = command("rotate", profile.name)
                if profile.kind is Kind.KEYS:
                    fix = f"{import_of(profile.name)}, then awsprof rotate"
                yield self._shared.finding("old-access-key", Severity.WARNING, profile.name, message, fix)

    def _stop_if_hopeless(self, error: AwsprofError) -> None:
        if isinstance(error, ClockSkewError):
            raise _CannotGoOnError(_clock_finding(error.message)) from None
        if isinstance(error, UnreachableError):
            raise error
        if isinstance(error, ThrottledError):
            raise _CannotGoOnError(Finding("unreachable", Severity.ERROR, error.message, error.hint)) from None

    def _new_keys(self, profile: Profile) -> str:
        if profile.kind is Kind.KEYS:
            return f"Take its keys out of {self._shared.where(profile.name, *LONG_TERM_KEYS)}."
        if profile.parts is None:
            return "awsprof add PRODUCT ENV USER, and take this section out"
        return f"awsprof add {profile.parts.product} {profile.parts.env} {profile.parts.user} --replace"

    def _stored(self, name: str) -> LongTermCredentials | None:
        try:
            return self._online.long_term(name)
        except AwsprofError as error:
            raise _CannotGoOnError(Finding("no-vault", Severity.ERROR, error.message, error.hint)) from None

    def _served(self, profile: Profile) -> Credentials | None:
        try:
            return self._online.served(profile)
        except AwsprofError:
            return None


def _in_file(profile: Profile) -> Credentials | None:
    settings = profile.settings
    key_id, secret = (settings.get(key, "") for key in LONG_TERM_KEYS)
    if not key_id or not secret:
        return None
    token = settings.get("aws_session_token")
    return SessionCredentials(key_id, secret, token, None) if token else LongTermCredentials(key_id, secret)


def _clock_finding(message: str) -> Finding:
    return Finding("clock-skew", Severity.ERROR, message, "timedatectl set-ntp true")
