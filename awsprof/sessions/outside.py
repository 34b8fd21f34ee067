"""
What sessions need of the world around them, as they see it; replaced whole in tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from awsprof.errors import AnswerNeededError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from awsprof.configfiles.merged import Profiles
    from awsprof.model import CallerIdentity, Credentials, LongTermCredentials, Profile, SessionCredentials
    from awsprof.settings import TeamFile
    from awsprof.vault import Vault


class AwsCalls(Protocol):
    """What sessions need of AWS."""

    def caller_identity(self, credentials: Credentials, *, region: str) -> CallerIdentity: ...

    def get_session_token(
        self, credentials: LongTermCredentials, *, region: str, serial: str, code: str, duration_s: int
    ) -> SessionCredentials: ...

    def assume_role(
        self,
        credentials: Credentials,
        *,
        region: str,
        role_arn: str,
        session_name: str,
        external_id: str | None,
        duration_s: int | None,
        policy_arn: str | None = None,
    ) -> SessionCredentials: ...

    def assume_role_with_web_identity(
        self, *, region: str, role_arn: str, session_name: str, token: str
    ) -> SessionCredentials: ...

    def account_alias(self, credentials: Credentials, *, region: str, glance: bool = False) -> str | None: ...


class Person(Protocol):
    """Whoever may sit at the terminal."""

    def can_answer(self) -> bool: ...

    def ask_code(self, profile: Profile) -> str: ...

    def tell(self, sentence: str) -> None: ...

    def wait(self, seconds: float, reason: str) -> None:
        """Sleep, and show that and for how long; *reason* ends the sentence "Waiting 12 s …"."""
        ...


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody sits at the terminal, or is to be asked; what is told still reaches the *listener*."""

    listener: Person

    def can_answer(self) -> bool:
        return False

    def ask_code(self, profile: Profile) -> str:
        raise AnswerNeededError(f"MFA code for {profile.name}", option="--code")

    def tell(self, sentence: str) -> None:
        self.listener.tell(sentence)

    def wait(self, seconds: float, reason: str) -> None:
        self.listener.wait(seconds, reason)


@dataclass(frozen=True)
class Outside:
    """The environment, the clock, the person, and where AWS, the vault, profiles and the team file are reached."""

    environ: Mapping[str, str]
    now: Callable[[], datetime]
    person: Person
    aws: Callable[[], AwsCalls]
    vault: Callable[[], Vault]
    profile: Callable[[str], Profile]
    profiles: Callable[[], Profiles]
    team: Callable[[], TeamFile | None]
    provided: Callable[[str], Credentials]
    sign_in: Callable[[Profile], None]
