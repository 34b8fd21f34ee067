"""
Logging in, and what a profile's tools are handed: one question and one STS call, however many processes ask.

Knows the order of things; files, the vault, AWS and the person are handed in.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.errors import (
    AnswerNeededError,
    AwsError,
    AwsprofError,
    InvalidKeyError,
    InvalidTokenCodeError,
    NoLiveSessionError,
    ServiceFailureError,
    UnreachableError,
    UnusableMfaDeviceError,
    VaultError,
)
from awsprof.model import Kind, MfaDevice, SessionCredentials, duration_seconds
from awsprof.naming import printable
from awsprof.sessions.codes import STEP_S, check_code, code_from_command, code_from_seed, step_at
from awsprof.sessions.keys import load_keys
from awsprof.sessions.store import Session, process_answer
from awsprof.storage.lock import LockHeldError, lock_path, locked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsprof.model import Credentials, LongTermCredentials, Profile
    from awsprof.places import Places
    from awsprof.sessions.codes import CodeLedger
    from awsprof.sessions.outside import Outside
    from awsprof.sessions.store import SessionStore
    from awsprof.settings import Settings

ANSWER_LIMIT_S = 50
_CHAINED_LIMIT_S = 3600
_MAX_CHAIN = 8


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
        self, outside: Outside, *, places: Places, settings: Settings, store: SessionStore, ledger: CodeLedger
    ) -> None:
        self._outside = outside
        self._places = places
        self._settings = settings
        self._store = store
        self._ledger = ledger

    def login(
        self, profile: Profile, *, code: str | None = None, duration_s: int | None = None, force: bool = False
    ) -> Login:
        """
        See to it that *profile* has a session.

        Args:
            code: Six digits a person gave beforehand; None asks, where a code cannot be made.
            duration_s: 900 to 129,600; None takes the profile's own or the settings'.
            force: Start a new session even beside a fresh one.

        Raises:
            AnswerNeededError: A code is needed and there is neither a terminal nor a way to make one.
            InvalidTokenCodeError: STS refused the code, or it is known to be used.
            NoLiveSessionError: Another process kept asking for too long.
        """
        profile = self.identity(profile)
        if not profile.needs_session:
            return Login(profile, None, renewed=False)
        with self.identity_lock(profile.name):
            session = self._store.load(profile.name, account_id=profile.account_id)
            now = self._outside.now()
            if session is not None and not force:
                nobody_can = code is None and not self._renews_alone(profile) and not self._outside.person.can_answer()
                if session.is_fresh(now) or (session.is_live(now) and nobody_can):
                    return Login(profile, session, renewed=False)
            if code is None and not self._renews_alone(profile) and not self._outside.person.can_answer():
                # Said before the vault is opened, which might ask for something itself.
                raise AnswerNeededError(f"MFA code for {profile.name}", option="--code")
            return Login(profile, self._renew(profile, code, duration_s), renewed=True)

    def serve(self, profile: Profile) -> Served:
        """
        Return the credentials that a tool is handed for *profile*, starting a session where that is needed.

        Raises:
            NoLiveSessionError: A session is needed, and nobody is there to answer.
        """
        if profile.kind is Kind.ROLE:
            return self._of_session(self._role_session(profile, ()))
        if profile.kind is not Kind.USER:
            credentials = self._outside.provided(profile.name)
            return Served(credentials, process_answer(credentials, profile.account_id))
        if profile.needs_session:
            return self._of_session(self._user_session(profile))
        credentials = self._long_term(profile)
        return Served(credentials, process_answer(credentials, profile.account_id))

    @contextlib.contextmanager
    def identity_lock(self, name: str) -> Iterator[None]:
        """Let one process at a time ask, log in, or change the keys of the profile that holds them."""
        path = lock_path(self._places.locks, f"identity {name}")
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
        Follow source profiles to the one that holds the keys.

        Raises:
            AwsprofError: The chain ends nowhere, goes round in a circle, or in a sign-in that is not ours.
        """
        path = [profile.name]
        while profile.kind is Kind.ROLE:
            source = profile.settings.get("source_profile")
            if source is None:
                raise AwsprofError(f"{printable(profile.name)} is a role without a source_profile: nothing to log in")
            if source in path or len(path) > _MAX_CHAIN:
                raise _cycle([*path, source])
            path.append(source)
            profile = self._outside.profile(source)
        if profile.kind is Kind.SSO:
            raise AwsprofError(
                f"{printable(profile.name)} signs in through IAM Identity Center",
                hint=f"Run 'aws sso login --profile {printable(profile.name)}'.",
            )
        if profile.kind is Kind.LOGIN:
            raise AwsprofError(
                f"{printable(profile.name)} signs in through the AWS CLI",
                hint=f"Run 'aws login --profile {printable(profile.name)}'.",
            )
        return profile

    def _user_session(self, profile: Profile) -> Session:
        session = self._store.load(profile.name, account_id=profile.account_id)
        now = self._outside.now()
        if session is not None and (session.is_fresh(now) or (session.is_live(now) and not self._renews_now(profile))):
            return session
        if not self._renews_alone(profile) and not self._outside.person.can_answer():
            raise _no_session(profile)
        with self.identity_lock(profile.name):
            # Whoever held the lock before has probably answered for all of us.
            session = self._store.load(profile.name, account_id=profile.account_id)
            now = self._outside.now()
            live = session is not None and session.is_live(now)
            if session is not None and (session.is_fresh(now) or (live and not self._renews_now(profile))):
                return session
            try:
                return self._renew(profile, None, None)
            except AnswerNeededError:
                raise _no_session(profile) from None
            except (AwsprofError, OSError):
                if session is None or not live:
                    raise
                return session

    def _role_session(self, profile: Profile, path: tuple[str, ...]) -> Session:
        if profile.name in path or len(path) > _MAX_CHAIN:
            raise _cycle([*path, profile.name])
        session = self._store.load(profile.name, account_id=profile.account_id)
        if session is not None and session.is_fresh(self._outside.now()):
            return session
        source = self._outside.profile(self._source_name(profile))
        if source.kind is Kind.ROLE:
            credentials: Credentials = self._role_session(source, (*path, profile.name)).credentials()
        else:
            credentials = self.serve(source).credentials
        asked = profile.settings.get("duration_seconds", "")
        duration_s = int(asked) if asked.isdigit() else _CHAINED_LIMIT_S
        if isinstance(credentials, SessionCredentials):
            duration_s = min(duration_s, _CHAINED_LIMIT_S)
        assumed = self._outside.aws().assume_role(
            credentials,
            region=profile.region_for_calls(self._outside.environ),
            role_arn=profile.settings["role_arn"],
            session_name=role_session_name(profile),
            external_id=profile.settings.get("external_id"),
            duration_s=duration_s,
        )
        session = Session.of(assumed, account_id=profile.account_id, duration_s=duration_s)
        self._store.save(profile.name, session, account_id=profile.account_id)
        return session

    @staticmethod
    def _source_name(profile: Profile) -> str:
        source = profile.settings.get("source_profile")
        if source is None:
            raise AwsprofError(
                f"{printable(profile.name)} is a role without a source_profile, which awsprof cannot use"
            )
        return source

    def _renew(self, profile: Profile, typed: str | None, duration_s: int | None) -> Session:
        """Start a session under the identity's lock: one code, one call, nothing stored until the account is proven."""
        serial = profile.mfa_serial
        assert serial is not None  # the caller asked needs_session
        if not MfaDevice(serial).gives_codes:
            raise UnusableMfaDeviceError(
                f"{profile.name} has a FIDO key or passkey, and STS takes token codes only",
                hint="Add a virtual MFA device to the user in IAM, then set it with 'awsprof add … --replace'.",
            )
        # A code is not to be spent on a session that then cannot be kept.
        self._store.prepare()
        duration_s = duration_s or self._duration_s(profile)
        keys = self._long_term(profile)
        credentials = self._exchange(profile, keys, serial, typed, duration_s)
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
        self._store.save(profile.name, session, account_id=identity.account_id)
        return session

    def _exchange(
        self, profile: Profile, keys: LongTermCredentials, serial: str, typed: str | None, duration_s: int
    ) -> SessionCredentials:
        code, step = (check_code(typed), None) if typed is not None else self._code(profile, serial)
        now = self._outside.now()
        before = self._ledger.claim(serial, code, step_at(now) if step is None else step, now=now)
        try:
            return self._outside.aws().get_session_token(
                keys,
                region=profile.region_for_calls(self._outside.environ),
                serial=serial,
                code=code,
                duration_s=duration_s,
            )
        except AwsError as error:
            refused = isinstance(error, InvalidTokenCodeError)
            maybe_used = isinstance(error, ServiceFailureError) or (isinstance(error, UnreachableError) and error.sent)
            # A refused code that was typed may be a slip of the finger: the right one is still good in this step.
            if not maybe_used and not (refused and step is not None):
                self._ledger.give_back(serial, code, before, refused=refused)
            raise self._with_command(profile, error) from None

    def _code(self, profile: Profile, serial: str) -> tuple[str, int | None]:
        """Come by a code: from the stored seed, mfa_command, or the person; a made one is bound to its step."""
        seed = self._outside.vault().get(f"{profile.name}/seed")
        if seed is not None:
            step = max(step_at(self._outside.now()), self._last_step(serial) + 1)
            self._await_step(step)
            return code_from_seed(seed, step), step
        if self._settings.mfa_command:
            self._await_step(self._last_step(serial) + 1)
            return code_from_command(self._settings.mfa_command, profile, self._outside.environ), None
        return check_code(self._outside.person.ask_code(profile)), None

    def _await_step(self, step: int) -> None:
        """Sleep until *step* begins."""
        wait_s = step * STEP_S - self._outside.now().timestamp()
        if wait_s > 0:
            self._outside.person.tell(f"Waiting {wait_s:.0f} s for the device's next code …")
            self._outside.sleep(wait_s)

    def _renews_alone(self, profile: Profile) -> bool:
        """Whether a code can be made without a person, told without opening the vault."""
        return bool(self._settings.mfa_command) or self._places.seed_marker(profile.name).exists()

    def _renews_now(self, profile: Profile) -> bool:
        """Whether that needs no waiting for the device's next code either."""
        step = step_at(self._outside.now())
        return self._renews_alone(profile) and self._last_step(profile.mfa_serial or "") < step

    def _last_step(self, serial: str) -> int:
        return self._ledger.last(serial, now=self._outside.now()).step

    def _long_term(self, profile: Profile) -> LongTermCredentials:
        stored = load_keys(self._outside.vault(), profile.name)
        if stored is None:
            raise VaultError(
                f"The vault holds no access key for {profile.name}",
                hint=f"Give it one with '{_replace_command(profile)}'.",
            )
        return stored.credentials

    def _duration_s(self, profile: Profile) -> int:
        own = profile.settings.get("awsprof_session_duration")
        usual = self._settings.protected_session_duration if profile.protected else self._settings.session_duration
        return duration_seconds(own or usual)

    @staticmethod
    def _with_command(profile: Profile, error: AwsError) -> AwsError:
        """Name the command that gives a profile new keys, where its keys are what AWS refuses."""
        if isinstance(error, InvalidKeyError):
            error.hint = f"Make a new access key in IAM and store it with '{_replace_command(profile)}'."
        return error

    @staticmethod
    def _of_session(session: Session) -> Served:
        return Served(session.credentials(), session.answer)


def role_session_name(profile: Profile) -> str:
    """
    Return the user part of a profile's name as a role session's name.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    user = profile.parts.user if profile.parts else profile.name
    allowed = "".join(char if char.isascii() and (char.isalnum() or char in "_=,.@-") else "-" for char in user)
    return allowed.ljust(2, "-")[:64]


def _no_session(profile: Profile) -> NoLiveSessionError:
    return NoLiveSessionError(f"{profile.name} has no live session", hint=f"Run 'awsprof login {profile.name}'.")


def _replace_command(profile: Profile) -> str:
    parts = profile.parts
    words = f"{parts.product} {parts.env} {parts.user}" if parts else "PRODUCT ENV USER"
    return f"awsprof add {words} --replace"


def _cycle(path: list[str]) -> AwsprofError:
    return AwsprofError(
        f"source_profile leads round in a circle: {' → '.join(map(printable, path))}",
        hint="Correct source_profile in one of them.",
    )
