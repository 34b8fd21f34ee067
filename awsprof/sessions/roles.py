"""
Roles: the chain of profiles that leads from a role to keys or a sign-in, and each hop's session, cached as its own.

Knows AWS's rules for assuming a role; how the first hop comes by credentials is told to it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from awsprof.errors import AccessDeniedError, AwsprofError, NoSingleProfileError, UsageError
from awsprof.model import Kind, LongTermCredentials, SessionCredentials
from awsprof.naming import printable
from awsprof.sessions.store import READ_ONLY, Session

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Mapping

    from awsprof.model import Credentials, Profile
    from awsprof.sessions.outside import Outside
    from awsprof.sessions.store import SessionStore

CHAINED_LIMIT_S = 3600
_READ_ONLY_POLICY = "ReadOnlyAccess"
_MAX_CHAIN = 8


def chain(profile: Profile, lookup: Callable[[str], Profile]) -> list[Profile]:
    """
    Follow source profiles from *profile* to the one that needs no other.

    Returns:
        The profiles on the way, *profile* first; just it when it is no role, or has keys of its own to assume with.

    Raises:
        AwsprofError: The chain goes round in a circle, ends nowhere, or is longer than any sound one.
    """
    found = [profile]
    while found[-1].kind is Kind.ROLE:
        source = found[-1].settings.get("source_profile")
        names = [printable(hop.name) for hop in found]
        if source is None:
            raise AwsprofError(f"{names[-1]} is a role without a source_profile, which awsprof cannot use")
        if source == found[-1].name and "aws_access_key_id" in found[-1].settings:
            return found
        path = " → ".join([*names, printable(source)])
        if len(found) > _MAX_CHAIN:
            raise AwsprofError(f"More than {_MAX_CHAIN} roles are assumed one through the other: {path}")
        if source in (hop.name for hop in found):
            raise AwsprofError(
                f"source_profile leads round in a circle: {path}", hint="Correct source_profile in one of them."
            )
        try:
            found.append(lookup(source))
        except NoSingleProfileError:
            raise AwsprofError(
                f"source_profile names a profile that is not there: {path}",
                hint=f"Correct source_profile of {names[-1]}, or add the profile '{printable(source)}'.",
            ) from None
    return found


class Roles:
    """Assumes the roles of one user's profiles."""

    def __init__(
        self,
        outside: Outside,
        *,
        store: SessionStore,
        serve_source: Callable[[Profile], Credentials],
        is_ready: Callable[[Profile], bool],
        lock: Callable[[str], contextlib.AbstractContextManager[None]],
    ) -> None:
        """
        Args:
            serve_source: Returns the credentials of a profile that is no role.
            is_ready: Whether it could do so without a person and without a wait.
            lock: Lets one process at a time assume the role of the profile named.
        """
        self._outside = outside
        self._store = store
        self._serve_source = serve_source
        self._is_ready = is_ready
        self._lock = lock

    def session(self, profile: Profile, *, read_only: bool = False) -> Session:
        """
        Return a session of the role that *profile* stands for: the cached one while it is fresh, else a new one.

        Args:
            read_only: Limit it to what ReadOnlyAccess allows.

        Raises:
            AwsprofError: The chain of source profiles is broken.
            AccessDeniedError: The role, or a hop before it, may not be assumed.
        """
        return self._hop(chain(profile, self._outside.profile), read_only=read_only)

    def _hop(self, hops: list[Profile], *, read_only: bool) -> Session:
        profile = hops[0]
        name = f"{profile.name}/{READ_ONLY}" if read_only else profile.name
        # A config edited by hand must not be answered with a session of the role it named before.
        origin = _fingerprint(hops)
        session = self._store.load(name, origin=origin)
        if session is not None and self._serves(session, hops):
            return session
        with self._lock(name):
            session = self._store.load(name, origin=origin)
            if session is not None and self._serves(session, hops):
                return session
            try:
                renewed = self.assume(profile, self._source(hops), read_only=read_only)
            except (AwsprofError, OSError):
                if session is None or not session.is_live(self._outside.now()):
                    raise
                return session
            self._store.save(name, renewed, origin=origin)
            return renewed

    def _serves(self, session: Session, hops: list[Profile]) -> bool:
        """Whether a cached session is handed out as it is: while fresh, or live where renewing needs somebody."""
        now = self._outside.now()
        return session.is_fresh(now) or (session.is_live(now) and not self._is_ready(hops[-1]))

    def _source(self, hops: list[Profile]) -> Credentials:
        profile, *rest = hops
        if not rest:
            # A role assumed with long-term keys of its own section.
            return LongTermCredentials(
                profile.settings["aws_access_key_id"], profile.settings.get("aws_secret_access_key", "")
            )
        return self._hop(rest, read_only=False).credentials() if len(rest) > 1 else self._serve_source(rest[0])

    def assume(self, profile: Profile, source: Credentials, *, read_only: bool = False) -> Session:
        """Assume a role with the credentials of its source; stores nothing."""
        role_arn = profile.settings["role_arn"]
        account_id = account_of(role_arn)
        if account_id is not None and profile.account_id not in (None, account_id):
            raise AwsprofError(
                f"The role of {printable(profile.name)} is in account {account_id}, "
                f"and its aws_account_id says {printable(profile.account_id or '')}",
                hint="Correct role_arn or aws_account_id.",
            )
        duration_s = _asked_seconds(profile)
        if isinstance(source, SessionCredentials):
            duration_s = min(duration_s, CHAINED_LIMIT_S)
        partition = role_arn.split(":")[1] if role_arn.startswith("arn:") else "aws"
        try:
            assumed = self._outside.aws().assume_role(
                source,
                region=profile.region_for_calls(self._outside.environ),
                role_arn=role_arn,
                session_name=role_session_name(profile),
                external_id=profile.settings.get("external_id"),
                duration_s=duration_s,
                policy_arn=f"arn:{partition}:iam::aws:policy/{_READ_ONLY_POLICY}" if read_only else None,
            )
        except AccessDeniedError as error:
            if error.code == "ExpiredToken":
                error.hint = "Its source's session has ended at AWS: 'awsprof login --force' starts a new one."
            error.hint = error.hint or _denied_hint(profile, source)
            raise
        return Session.of(assumed, account_id=profile.account_id, duration_s=duration_s)

    def unchained_seconds(self, profile: Profile) -> int | None:
        """Return how long a role's session lasts that is assumed with long-term credentials; None: with a session."""
        hops = chain(profile, self._outside.profile)
        with_keys = len(hops) == 1 or (len(hops) == 2 and hops[1].kind is Kind.USER and not hops[1].needs_session)
        return _asked_seconds(profile) if with_keys else None


def source_of(profile: Profile, profiles: Mapping[str, Profile]) -> Profile:
    """Follow a role's source profiles as far as they lead; any other profile is its own source."""
    seen: set[str] = set()
    while profile.kind is Kind.ROLE and profile.name not in seen:
        seen.add(profile.name)
        found = profiles.get(profile.settings.get("source_profile", ""))
        if found is None:
            break
        profile = found
    return profile


def lives_by(profile: Profile, name: str, profiles: Mapping[str, Profile]) -> bool:
    """Whether a role is assumed, directly or through other roles, with the session of the profile *name*."""
    seen: set[str] = set()
    while profile.kind is Kind.ROLE and profile.name not in seen:
        seen.add(profile.name)
        source = profile.settings.get("source_profile", "")
        if source == name:
            return True
        found = profiles.get(source)
        if found is None:
            break
        profile = found
    return False


def account_of(role_arn: str) -> str | None:
    """Return the account a role's ARN is of; None for a text that is no ARN."""
    parts = role_arn.split(":")
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else None


def refuse_long_chain(profile: Profile, source: Profile, duration_s: int | None) -> None:
    """Refuse a length of session that no tool could ask for: a role assumed with a session lasts an hour at most."""
    if duration_s is None or duration_s <= CHAINED_LIMIT_S or (source.kind is Kind.USER and not source.needs_session):
        return
    if source.kind in (Kind.KEYS, Kind.OTHER, Kind.PROCESS):
        return  # who knows what they serve
    raise UsageError(
        f"{printable(profile.name)} is assumed with a session of {printable(source.name)}, and so for an hour at most",
        hint="Leave the duration out, or give at most 1h.",
    )


def refuse_read_only(profile: Profile) -> None:
    """Refuse ``--read-only`` for what is no role."""
    if profile.kind is not Kind.ROLE:
        raise UsageError(
            f"--read-only works for role profiles only, and {printable(profile.name)} is none: "
            "a user's session takes no policy",
            hint="Make a role profile with 'awsprof add PRODUCT ENV USER --role-arn ARN --source SELECTOR'.",
        )


def role_session_name(profile: Profile) -> str:
    """
    Return the user part of a profile's name as a role session's name, or the name its settings give.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    given = profile.settings.get("role_session_name")
    user = given or (profile.parts.user if profile.parts else profile.name)
    allowed = "".join(char if char.isascii() and (char.isalnum() or char in "_=,.@-") else "-" for char in user)
    return allowed.ljust(2, "-")[:64]


def _asked_seconds(profile: Profile) -> int:
    asked = profile.settings.get("duration_seconds", "")
    return int(asked) if asked.isascii() and asked.isdigit() else CHAINED_LIMIT_S


def _fingerprint(hops: list[Profile]) -> str:
    """Tell sessions of one chain of roles from those of another that had the same name."""
    keys = ("role_arn", "external_id", "duration_seconds", "role_session_name")
    words = [word for hop in hops for word in (hop.name, *(hop.settings.get(key, "") for key in keys))]
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _denied_hint(profile: Profile, source: Credentials) -> str:
    if not isinstance(source, SessionCredentials):
        return (
            f"The role may demand MFA, and the source of {printable(profile.name)} has no MFA device: "
            "'awsprof mfa enroll' gives it one."
        )
    return "Its trust policy must allow the source's user, with the external id if it asks for one."
