"""
Getting into the console as a profile: by federation where its credentials allow it, else by the sign-in page.

Knows who may enter how; not how a browser is found, nor how a person is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from awsprof.browsers.handover import hand_over
from awsprof.browsers.sign_in import (
    console_home,
    federated_sign_in,
    federation_endpoint,
    is_alias,
    partition_in,
    partition_of_region,
    service_page,
    sign_in_page,
)
from awsprof.errors import AwsprofError, UsageError
from awsprof.model import MAX_ROLE_SECONDS, Kind, LongTermCredentials, SessionCredentials, check_account_id
from awsprof.naming import printable
from awsprof.sessions.roles import refuse_read_only, role_session_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from awsprof.aws.calls import Aws
    from awsprof.model import Credentials, Profile
    from awsprof.sessions.login import Sessions
    from awsprof.sessions.store import SessionStore

# The user's own policies are the limit: a federated user may do what both allow.
_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_MAX_FEDERATION_NAME = 32


class Browsers(Protocol):
    """The browser profiles of all profiles."""

    def open(self, profile: Profile, url: str, *, browser: str | None = None) -> None:
        """Open *url* in the profile's own browser profile; it may be seen by all processes, so it is no secret."""
        ...

    def directory(self, profile: Profile, *, browser: str | None = None) -> Path:
        """Return the browser profile's own directory, of mode 0700, made when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the console is wanted, and how one may get in."""

    service: str | None = None
    region: str | None = None
    federate: bool = False
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """An address of the console; *signed_in* says that whoever opens it is in, so that it is a secret."""

    url: str = field(repr=False)
    account_id: str | None
    signed_in: bool


@dataclass(frozen=True, slots=True)
class _Goal:
    """Where one wants to be in the end, once it has proven to be an address there is."""

    partition: str
    region: str
    service: str | None
    destination: str


class Console:
    """The console of all profiles' accounts."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        store: SessionStore,
        aws: Callable[[], Aws],
        browsers: Callable[[], Browsers],
        environ: Mapping[str, str],
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._aws = aws
        self._browsers = browsers
        self._environ = environ

    def page(self, profile: Profile, wanted: Wanted) -> Page:
        """
        Return the address that leads a profile into the console.

        Raises:
            UsageError: An unknown service or region, or read-only of what is no role.
            NoLiveSessionError: A session is needed, and nobody is there to answer.
            AwsError: AWS refuses the sign-in.
        """
        if wanted.read_only:
            refuse_read_only(profile)
        if profile.kind is Kind.ROLE:
            return self._of_role(profile, wanted)
        if profile.kind is Kind.USER:
            return self._of_user(profile, wanted)
        if ":user/" in profile.settings.get("login_session", "") and not wanted.federate:
            return self._sign_in(_account_id(profile), self._goal(profile, wanted))
        return self._of_others_credentials(profile, wanted)

    def open(self, profile: Profile, page: Page, *, browser: str | None = None) -> None:
        """
        Open a page in the profile's own browser profile; a secret address is handed over in a file.

        Raises:
            AwsprofError: There is no browser, or no display to show it on.
        """
        try:
            browsers = self._browsers()
            if not page.signed_in:
                browsers.open(profile, page.url, browser=browser)
                return
            directory = browsers.directory(profile, browser=browser)
            hand_over(page.url, directory, lambda address: browsers.open(profile, address, browser=browser))
        except UsageError:
            raise
        except AwsprofError as error:
            if "--print" not in (error.hint or ""):
                # First, since the other may end with a command.
                instead = f"'awsprof console {printable(profile.name)} --print' shows the address instead."
                error.hint = f"{instead} {error.hint or ''}".rstrip()
            raise

    def _of_role(self, profile: Profile, wanted: Wanted) -> Page:
        goal = self._goal(profile, wanted)
        credentials = self._sessions.serve(profile, read_only=wanted.read_only).credentials
        assert isinstance(credentials, SessionCredentials)  # a role has no others
        duration_s = self._sessions.roles.unchained_seconds(profile)
        return self._federated(credentials, profile.account_id, goal, duration_s=duration_s)

    def _of_user(self, profile: Profile, wanted: Wanted) -> Page:
        goal = self._goal(profile, wanted)
        if not wanted.federate:
            return self._sign_in(_account_id(profile), goal)
        if profile.mfa_serial is not None:
            raise AwsprofError(
                f"{printable(profile.name)} has an MFA device, and a federated user carries no MFA: where AWS demands "
                "it, nothing would be allowed",
                hint="Leave out --federate for its sign-in page (--copy-code copies the code), or use a role profile.",
            )
        return self._of_federated_user(profile, self._sessions.serve(profile).credentials, profile.account_id, goal)

    def _of_others_credentials(self, profile: Profile, wanted: Wanted) -> Page:
        """Get in with what AWS's own tools or another program serve; whose it is tells how."""
        credentials = self._sessions.serve(profile).credentials
        identity = self._aws().caller_identity(credentials, region=profile.region_for_calls(self._environ))
        if profile.account_id not in (None, identity.account_id):
            raise AwsprofError(
                f"The credentials of {printable(profile.name)} are of account {identity.account_id}, "
                f"and it claims {printable(profile.account_id or '')}",
                hint="Correct its settings, or sign in to the other account.",
            )
        goal = self._goal(profile, wanted, partition=identity.partition)
        if identity.is_root_user:
            # Who signs in by e-mail address, and at no account's own page.
            return Page(goal.destination, identity.account_id, signed_in=False)
        if identity.user_name is None and isinstance(credentials, SessionCredentials):
            return self._federated(credentials, identity.account_id, goal)
        if wanted.federate:
            return self._of_federated_user(profile, credentials, identity.account_id, goal)
        return self._sign_in(identity.account_id, goal)

    def _of_federated_user(self, profile: Profile, keys: Credentials, account_id: str | None, goal: _Goal) -> Page:
        if not isinstance(keys, LongTermCredentials):
            raise AwsprofError(
                f"{printable(profile.name)} has a user's session, which AWS makes no federated user of",
                hint="Leave out --federate for its sign-in page.",
            )
        session = self._aws().get_federation_token(
            keys,
            region=profile.region_for_calls(self._environ),
            name=role_session_name(profile)[:_MAX_FEDERATION_NAME],
            policy=_EVERYTHING,
            duration_s=min(self._sessions.duration_s(profile), MAX_ROLE_SECONDS),
        )
        return self._federated(session, account_id, goal)

    def _federated(
        self, session: SessionCredentials, account_id: str | None, goal: _Goal, *, duration_s: int | None = None
    ) -> Page:
        aws = self._aws()
        endpoint = aws.federation_endpoint(federation_endpoint(goal.partition, goal.region))
        token = aws.sign_in_token(session, endpoint=endpoint, duration_s=duration_s)
        return Page(federated_sign_in(endpoint, token, goal.destination), account_id, signed_in=True)

    def _sign_in(self, account_id: str, goal: _Goal) -> Page:
        alias = self._store.alias(account_id)
        account = alias if alias and is_alias(alias) else account_id
        return Page(sign_in_page(goal.partition, account, goal.region, goal.service), account_id, signed_in=False)

    def _goal(self, profile: Profile, wanted: Wanted, *, partition: str | None = None) -> _Goal:
        """
        Raises:
            UsageError: There is no such place; said before AWS or a person is asked for anything.
        """
        region = wanted.region or profile.region_for_calls(self._environ)
        partition = partition or partition_in(profile) or partition_of_region(region)
        destination = (
            service_page(wanted.service, partition, region) if wanted.service else console_home(partition, region)
        )
        return _Goal(partition, region, wanted.service, destination)


def _account_id(profile: Profile) -> str:
    if profile.account_id is None:
        name = printable(profile.name)
        raise AwsprofError(
            f"{name} does not say which account it is in, so its sign-in page is not known",
            hint=f"'awsprof whoami {name}' asks AWS; 'awsprof set {name} aws_account_id=ID' keeps it.",
        )
    return check_account_id(profile.account_id)
