"""
Logging in, and what a profile's tools are handed: one question and one STS call, however many processes ask.

Knows the order of things; files, the vault, AWS and the person are handed in.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.configfiles.merged import process_target
from awsprof.errors import (
    AnswerNeededError,
    AwsError,
    AwsprofError,
    InvalidKeyError,
    NoLiveSessionError,
    UnusableMfaDeviceError,
    VaultError,
)
from awsprof.model import Delivery, Kind, MfaDevice, duration_seconds
from awsprof.sessions.delivery import identity_lock_path, refuse_delivery_by_file
from awsprof.sessions.devices import Devices
from awsprof.sessions.keys import load_keys
from awsprof.sessions.roles import Roles, chain, refuse_read_only, source_of
from awsprof.sessions.store import Session, process_answer
from awsprof.storage.lock import LockHeldError, locked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsprof.configfiles.merged import Profiles
    from awsprof.model import Credentials, LongTermCredentials, Profile, SessionCredentials
    from awsprof.places import Places
    from awsprof.sessions.codes import CodeLedger
    from awsprof.sessions.delivery import FileDelivery
    from awsprof.sessions.outside import Outside
    from awsprof.sessions.store import SessionStore
    from awsprof.settings import Settings

ANSWER_LIMIT_S = 50


@dataclass(frozen=True, slots=True)
class Login:
    """How a login went: the session that holds now (None: the profile needs none), and whether it is new."""

    profile: Profile
    session: Session | None
    renewed: bool


@dataclass(frozen=True, slots=True)
class Served:
    """What a tool is handed for a profile."""

    credentials: Credentials
    answer: bytes = field(repr=False)


class Sessions:
    """The sessions of all profiles."""

    def __init__(
        self,
        outside: Outside,
        *,
        places: Places,
        settings: Settings,
        store: SessionStore,
        ledger: CodeLedger,
        delivery: FileDelivery,
    ) -> None:
        self._outside = outside
        self._places = places
        self._settings = settings
        self._store = store
        self._delivery = delivery
        self.devices = Devices(outside, places=places, settings=settings, ledger=ledger)
        self.roles = Roles(
            outside,
            store=store,
            serve_source=lambda source: self.serve(source).credentials,
            is_ready=self._is_ready,
            lock=self.identity_lock,
        )

    def login(
        self,
        profile: Profile,
        *,
        code: str | None = None,
        seed: str | None = None,
        duration_s: int | None = None,
        force: bool = False,
    ) -> Login:
        """
        See to it that *profile* has a session.

        Args:
            code: Six digits a person gave beforehand; None asks, where a code cannot be made.
            seed: The device's seed, where it is not stored yet.
            duration_s: 900 to 129,600; None takes the profile's own or the settings'.
            force: Start a new session even beside a fresh one.

        Raises:
            AwsprofError: The AWS CLI, which signs in to this profile, is missing, too old, or failed.
            AnswerNeededError: A code is needed and there is neither a terminal nor a way to make one.
            InvalidTokenCodeError: STS refused the code, or it is known to be used.
            NoLiveSessionError: Another process kept asking for too long.
        """
        profile = self.identity(profile)
        if profile.kind in (Kind.SSO, Kind.LOGIN):
            return Login(profile, None, renewed=self._sign_in(profile, force=force))
        if not profile.needs_session:
            return Login(profile, None, renewed=False)
        with self.identity_lock(profile.name):
            session = self._store.load(profile.name, account_id=profile.account_id)
            now = self._outside.now()
            given = code is not None or seed is not None or self.devices.renews_alone(profile)
            nobody_can = not given and not self._outside.person.can_answer()
            if session is not None and not force and (session.is_fresh(now) or (session.is_live(now) and nobody_can)):
                self.tell(profile)
                return Login(profile, session, renewed=False)
            if nobody_can:
                # Said before the vault is opened, which might ask for something itself.
                raise AnswerNeededError(f"MFA code for {profile.name}", option="--code")
            return Login(profile, self._renew(profile, code, duration_s, seed=seed), renewed=True)

    def write_once(self, profile: Profile) -> None:
        """
        Deliver this one session of *profile* by file, until logout or its end.

        Raises:
            UsageError: The profile has no session that could be written.
            NoLiveSessionError: It has none that is live.
        """
        refuse_delivery_by_file(profile)
        with self.identity_lock(profile.name):
            profile = self._outside.profile(profile.name)
            session = self._store.load(profile.name, account_id=profile.account_id)
            if session is None or not session.is_live(self._outside.now()):
                raise _no_session(profile)
            if profile.delivery is Delivery.FILE:
                self._delivery.write(profile, session.credentials())
            else:
                self._delivery.write_once(profile, session.credentials())

    def withdraw(self, name: str) -> None:
        """Take the session of a profile out of the credentials file, and keep it otherwise."""
        self._delivery.end(name)

    def drop(self, name: str) -> bool:
        """Forget the session of the profile *name* wherever it lies; False when there was none."""
        found = self._store.delete(name)
        return self._delivery.end(name) or found

    def serve(self, profile: Profile, *, read_only: bool = False) -> Served:
        """
        Return the credentials that a tool is handed for *profile*, starting a session where that is needed.

        Args:
            read_only: Limit a role's session to what ReadOnlyAccess allows.

        Raises:
            UsageError: *read_only* of what is no role.
            NoLiveSessionError: A session is needed, and nobody is there to answer.
        """
        if read_only:
            refuse_read_only(profile)
        if profile.kind is Kind.ROLE:
            return self._of_session(self.roles.session(profile, read_only=read_only))
        if profile.kind is not Kind.USER:
            target = process_target(profile.settings)
            if target is not None and target != profile.name:
                # Another's name for a profile of ours; only a USER ends this, so it cannot go round.
                served = self._outside.profile(target)
                if served.kind is Kind.USER:
                    return self.serve(served)
            credentials = self._outside.provided(profile.name)
            return Served(credentials, process_answer(credentials, profile.account_id))
        if profile.needs_session:
            return self._of_session(self._user_session(profile))
        credentials = self._long_term(profile)
        return Served(credentials, process_answer(credentials, profile.account_id))

    def asks_nobody(self, profile: Profile) -> bool:
        """Whether `serve` has what it needs for *profile* without a person, another program or a wait."""
        source = source_of(profile, self._outside.profiles())
        if source.kind is not Kind.USER:
            return False
        if not source.needs_session:
            return True
        session = self._store.load(source.name, account_id=source.account_id)
        return session is not None and session.is_live(self._outside.now())

    def tell(self, profile: Profile, *, marked: bool = False) -> None:
        """
        Let prompts know of a profile's session and its roles, and write it where delivery is by file.

        Args:
            marked: They knew it as protected, under another name or before its state was dropped.
        """
        profiles = self._outside.profiles()
        source = source_of(profile, profiles)
        session = self._store.load(source.name, account_id=source.account_id) if source.needs_session else None
        if session is None:
            return
        self._tell_prompts(profile, session, profiles, marked=marked)
        if profile.delivery is Delivery.FILE and profile.needs_session and session.is_live(self._outside.now()):
            self._delivery.write(profile, session.credentials())

    def learn_alias(self, login: Login) -> None:
        """
        Ask AWS for an account's alias when somebody has just logged in to it, and let prompts show it.

        It is good to know and no more: nothing fails for it, and whatever comes of it, no other login asks again.
        """
        profile, session = login.profile, login.session
        if not login.renewed or session is None or not profile.account_id:
            return
        if self._store.knows_alias(profile.account_id):
            return
        alias = None
        with contextlib.suppress(AwsprofError):
            region = profile.region_for_calls(self._outside.environ)
            alias = self._outside.aws().account_alias(session.credentials(), region=region, glance=True)
        with contextlib.suppress(AwsprofError, OSError):
            self._store.save_alias(profile.account_id, alias)
            if alias:
                self._tell_prompts(profile, session, self._outside.profiles())

    def tell_of_none(self, profile: Profile) -> None:
        """Let prompts know of a profile whose credentials are no session of awsprof's: whether it is protected."""
        self._save_state(profile, None)

    def _tell_prompts(self, profile: Profile, session: Session, profiles: Profiles, *, marked: bool = False) -> None:
        """Write what prompts read of a profile, and of the roles that live by it."""
        told = [profile]
        if profile.name == source_of(profile, profiles).name and profiles.mention("role_arn"):
            roles = [it for it in profiles.values() if it.kind is Kind.ROLE]
            told += [role for role in roles if source_of(role, profiles).name == profile.name]
        for one in told:
            self._save_state(one, session.expiration_s, marked=marked and one is profile)

    def _save_state(self, profile: Profile, expiration_s: int | None, *, marked: bool = False) -> None:
        """Write what prompts read; a team file that is out of sight takes no protection away."""
        team = self._outside.team()
        decided = team is not None and profile.parts is not None and team.product == profile.parts.product
        marked = marked or self._store.is_marked_protected(profile.name)
        protected = profile.protected or (marked and not decided)
        self._store.save_state(profile.name, expiration_s, account_id=profile.account_id, protected=protected)

    @contextlib.contextmanager
    def identity_lock(self, name: str) -> Iterator[None]:
        """Let one process at a time ask, log in, or change the keys of the profile that holds them."""
        path = identity_lock_path(self._places.locks, name)
        waiting = f"Waiting for another awsprof that is busy with {name} …"
        try:
            with locked(path, limit_s=ANSWER_LIMIT_S, on_wait=lambda: self._outside.person.tell(waiting)):
                yield
        except LockHeldError as error:
            raise NoLiveSessionError(
                f"Another process has been busy with {name} for {ANSWER_LIMIT_S} s: {error.holder}",
                hint=f"Answer it or end it, then run 'awsprof login {name}'.",
            ) from None

    def identity(self, profile: Profile) -> Profile:
        """
        Follow source profiles to the one that holds the keys, or signs in elsewhere.

        Raises:
            AwsprofError: The chain goes round in a circle, or ends nowhere.
        """
        return chain(profile, self._outside.profile)[-1]

    def duration_s(self, profile: Profile) -> int:
        """Return how long a session of *profile* lasts: as its own setting says, or else the settings."""
        own = profile.settings.get("awsprof_session_duration")
        usual = self._settings.protected_session_duration if profile.protected else self._settings.session_duration
        return duration_seconds(own or usual)

    def _sign_in(self, profile: Profile, *, force: bool) -> bool:
        """Have the AWS CLI sign in where its last sign-in no longer serves; returns whether it had to."""
        if not force:
            with contextlib.suppress(AwsprofError):
                self._outside.provided(profile.name)
                return False
        self._outside.sign_in(profile)
        return True

    def _is_ready(self, profile: Profile) -> bool:
        """Whether the credentials of a profile can be had without a person, and without waiting for a code."""
        if not profile.needs_session:
            return True
        session = self._store.load(profile.name, account_id=profile.account_id)
        return (session is not None and session.is_live(self._outside.now())) or self.devices.renews_now(profile)

    def _user_session(self, profile: Profile) -> Session:
        session = self._store.load(profile.name, account_id=profile.account_id)
        now = self._outside.now()
        if session is not None and (
            session.is_fresh(now) or (session.is_live(now) and not self.devices.renews_now(profile))
        ):
            return session
        if not self.devices.renews_alone(profile) and not self._outside.person.can_answer():
            raise _no_session(profile)
        with self.identity_lock(profile.name):
            # Whoever held the lock before has probably answered for all of us.
            session = self._store.load(profile.name, account_id=profile.account_id)
            now = self._outside.now()
            live = session is not None and session.is_live(now)
            if session is not None and (session.is_fresh(now) or (live and not self.devices.renews_now(profile))):
                return session
            try:
                return self._renew(profile, None, None)
            except AnswerNeededError:
                raise _no_session(profile) from None
            except (AwsprofError, OSError):
                if session is None or not live:
                    raise
                return session

    def _renew(
        self, profile: Profile, typed: str | None, duration_s: int | None, *, seed: str | None = None
    ) -> Session:
        """Start a session under the identity's lock: one code, one call, nothing stored until the account is proven."""
        serial = profile.mfa_serial
        assert serial is not None  # the caller asked needs_session
        if not MfaDevice(serial).gives_codes:
            raise UnusableMfaDeviceError(
                f"{profile.name} has a FIDO key or passkey, and STS takes token codes only",
                hint=f"Give the user a virtual device with 'awsprof mfa enroll {profile.name}'.",
            )
        # A code is not to be spent on a session that then cannot be kept.
        self._store.prepare()
        duration_s = duration_s or self.duration_s(profile)
        keys = self._long_term(profile)

        def exchange(code: str) -> SessionCredentials:
            return self._outside.aws().get_session_token(
                keys,
                region=profile.region_for_calls(self._outside.environ),
                serial=serial,
                code=code,
                duration_s=duration_s,
            )

        try:
            credentials = self.devices.spend(profile, serial, exchange, typed=typed, seed=seed)
        except AwsError as error:
            raise self._with_command(profile, error) from None
        identity = self._outside.aws().caller_identity(
            credentials, region=profile.region_for_calls(self._outside.environ)
        )
        if profile.account_id is not None and identity.account_id != profile.account_id:
            raise AwsprofError(
                f"The session is of account {identity.account_id}, and {profile.name} claims {profile.account_id}; "
                "nothing was stored",
                hint=f"Give the profile its own account's keys with '{_replace_command(profile)}'.",
            )
        session = Session.of(credentials, account_id=identity.account_id, duration_s=duration_s)
        self._store.save(profile.name, session)
        self.tell(profile)
        return session

    def _long_term(self, profile: Profile) -> LongTermCredentials:
        stored = load_keys(self._outside.vault(), profile.name)
        if stored is None:
            raise VaultError(
                f"The vault holds no access key for {profile.name}",
                hint=f"Give it one with '{_replace_command(profile)}'.",
            )
        return stored.credentials

    @staticmethod
    def _with_command(profile: Profile, error: AwsError) -> AwsError:
        """Name the command that gives a profile new keys, where its keys are what AWS refuses."""
        if isinstance(error, InvalidKeyError):
            error.hint = f"Make a new access key in IAM and store it with '{_replace_command(profile)}'."
        return error

    @staticmethod
    def _of_session(session: Session) -> Served:
        return Served(session.credentials(), session.answer)


def _no_session(profile: Profile) -> NoLiveSessionError:
    return NoLiveSessionError(f"{profile.name} has no live session", hint=f"Run 'awsprof login {profile.name}'.")


def _replace_command(profile: Profile) -> str:
    parts = profile.parts
    words = f"{parts.product} {parts.env} {parts.user}" if parts else "PRODUCT ENV USER"
    return f"awsprof add {words} --replace"
