"""
MFA devices as sources of token codes: where the next one comes from, and that none is sent twice.

Knows seeds, mfa_command, the person and the ledger; not what a code is sent for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from awsprof.errors import AwsError, InvalidTokenCodeError, ServiceFailureError, UnreachableError
from awsprof.fastpath import read_private_file
from awsprof.sessions.codes import STEP_S, check_code, code_from_command, code_from_seed, step_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from awsprof.model import Profile
    from awsprof.places import Places
    from awsprof.sessions.codes import CodeLedger
    from awsprof.sessions.outside import Outside
    from awsprof.settings import Settings

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class TokenCode:
    """Six digits; *step* is the 30-second step they were made for, None when a person or a command gave them."""

    digits: str
    step: int | None


class Devices:
    """The MFA devices of all profiles."""

    def __init__(self, outside: Outside, *, places: Places, settings: Settings, ledger: CodeLedger) -> None:
        self._outside = outside
        self._places = places
        self._settings = settings
        self._ledger = ledger

    def spend(
        self,
        profile: Profile,
        serial: str,
        send: Callable[[str], _Result],
        *,
        typed: str | None = None,
        seed: str | None = None,
    ) -> _Result:
        """
        Come by a code that was never used, note it, and hand it to *send*, once.

        Args:
            typed: A code that a person gave beforehand; None: the device's next one is come by.
            seed: The device's seed, where it is not stored yet.

        Raises:
            InvalidTokenCodeError: The code is known to be used, or AWS refused it.
            AnswerNeededError: Only a person could give a code, and there is none.
        """
        code = TokenCode(check_code(typed), None) if typed is not None else self._next(profile, serial, seed)
        now = self._outside.now()
        step = step_at(now) if code.step is None else code.step
        before = self._ledger.claim(serial, code.digits, step, now=now)
        try:
            return send(code.digits)
        except AwsError as error:
            refused = isinstance(error, InvalidTokenCodeError)
            maybe_used = isinstance(error, ServiceFailureError) or (isinstance(error, UnreachableError) and error.sent)
            # A refused code that was typed may be a slip of the finger: the right one is still good in this step.
            if not maybe_used and not (refused and code.step is not None):
                self._ledger.give_back(serial, code.digits, step, before, refused=refused)
            raise

    def made(self, profile: Profile, serial: str) -> TokenCode | None:
        """
        Make the device's next code and note it as used, for a person to use elsewhere; waits for its step to begin.

        Returns:
            The code with its step; None where neither a seed nor mfa_command makes one.
        """
        if self._seed(profile) is None and not self._settings.mfa_command:
            return None
        code = self._next(profile, serial, None)
        now = self._outside.now()
        step = step_at(now) if code.step is None else code.step
        self._ledger.claim(serial, code.digits, step, now=now)
        return TokenCode(code.digits, step)

    def pair(self, serial: str, seed: str) -> tuple[str, str]:
        """Make two consecutive codes of a new device, the second good now; waits for its step, and notes it as used."""
        step = step_at(self._outside.now()) + 1
        self.await_step(step)
        second = code_from_seed(seed, step)
        self._ledger.claim(serial, second, step, now=self._outside.now())
        return code_from_seed(seed, step - 1), second

    def note_used(self, serial: str, digits: str) -> None:
        """Note a code that a person typed for something else than a session as used in the step of this instant."""
        now = self._outside.now()
        self._ledger.claim(serial, digits, step_at(now), now=now)

    def renews_alone(self, profile: Profile) -> bool:
        """Whether a code can be made without a person, told without opening the vault."""
        return bool(self._settings.mfa_command) or self.has_seed(profile)

    def has_seed(self, profile: Profile) -> bool:
        """Whether the seed of the profile's device is stored, told without opening the vault."""
        marker = self._places.seed_marker(profile.name)
        return marker.exists() and _is_of(marker, profile)

    def renews_now(self, profile: Profile) -> bool:
        """Whether that needs no waiting for the device's next code either."""
        step = step_at(self._outside.now())
        return self.renews_alone(profile) and self._last_step(profile.mfa_serial or "") < step

    def await_step(self, step: int) -> None:
        """Sleep until *step* begins."""
        wait_s = step * STEP_S - self._outside.now().timestamp()
        if wait_s > 0:
            self._outside.person.wait(wait_s, "for the device's next code")

    def _next(self, profile: Profile, serial: str, seed: str | None) -> TokenCode:
        """Come by a code: from the seed, mfa_command, or the person; a made one is bound to its step."""
        seed = seed or self._seed(profile)
        if seed is not None:
            step = max(step_at(self._outside.now()), self._last_step(serial) + 1)
            self.await_step(step)
            return TokenCode(code_from_seed(seed, step), step)
        if self._settings.mfa_command:
            self.await_step(self._last_step(serial) + 1)
            return TokenCode(code_from_command(self._settings.mfa_command, profile, self._outside.environ), None)
        return TokenCode(check_code(self._outside.person.ask_code(profile)), None)

    def _seed(self, profile: Profile) -> str | None:
        if not _is_of(self._places.seed_marker(profile.name), profile):
            return None
        return self._outside.vault().get(f"{profile.name}/seed")

    def _last_step(self, serial: str) -> int:
        return self._ledger.last(serial, now=self._outside.now()).step


def _is_of(marker: Path, profile: Profile) -> bool:
    """Whether the seed that *marker* tells of makes codes for the profile's device, and not for one it had before."""
    serial = (read_private_file(str(marker)) or b"").decode("utf-8", "replace").strip()
    return serial in ("", profile.mfa_serial)
