"""
Token codes: made from a stored seed or by a command, and the ledger that keeps each from being sent twice.

Knows time steps and devices; not what a code is sent for.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError, InvalidTokenCodeError, RefusedCodeError
from awsprof.fastpath import read_private_file
from awsprof.storage.lock import lock_path, locked
from awsprof.storage.private import write_private_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from awsprof.model import Profile
    from awsprof.places import Places

STEP_S = 30
_COMMAND_LIMIT_S = 45
_LEDGER_LOCK_LIMIT_S = 5
# A code made here may be of the next step; anything later needs another clock.
_BELIEVABLE_STEPS = 2
_CODE = re.compile(r"[0-9]{6}")


def check_code(text: str) -> str:
    """Return the six digits in *text*, blanks taken out; raises RefusedCodeError for anything else."""
    code = "".join(text.split())
    if not _CODE.fullmatch(code):
        raise RefusedCodeError("A token code is six digits")
    return code


def step_at(now: datetime) -> int:
    """Return the number of the 30-second step of RFC 6238 at *now*."""
    return int(now.timestamp()) // STEP_S


@dataclass(frozen=True, slots=True)
class LastCode:
    """What the ledger remembers of a device: the last step used, and a hash of the last code sent."""

    step: int = -1
    digest: str = ""


class CodeLedger:
    """The last step and code of every device, over all processes."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def last(self, serial: str, *, now: datetime) -> LastCode:
        """
        Return what is known of a device's last code.

        A step far ahead of *now* was noted under a clock that has been set back since, and binds nobody.
        """
        last = self._read(serial)
        return LastCode(-1, last.digest) if last.step > step_at(now) + _BELIEVABLE_STEPS else last

    def _read(self, serial: str) -> LastCode:
        data = read_private_file(str(self._places.code_ledger(serial)))
        lines = (data or b"").decode("ascii", "replace").split("\n")
        if len(lines) < 2 or not lines[0].lstrip("-").isdigit():
            return LastCode()
        return LastCode(int(lines[0]), lines[1])

    def claim(self, serial: str, code: str, step: int, *, now: datetime) -> LastCode:
        """
        Note that *code* is about to be sent in *step*, before it is sent: a lost answer counts as used.

        Returns:
            What the ledger held before, for ``give_back``.

        Raises:
            InvalidTokenCodeError: The code, or its step, was used before; nothing may be sent.
        """
        with locked(lock_path(self._places.locks, f"codes {serial}"), limit_s=_LEDGER_LOCK_LIMIT_S):
            before = self.last(serial, now=now)
            if step <= before.step or before.digest == _digest(serial, code):
                raise _used(before, now)
            self._write(serial, LastCode(step, _digest(serial, code)))
            return before

    def give_back(self, serial: str, code: str, step: int, before: LastCode, *, refused: bool) -> None:
        """
        Open a step again that turned out not to be used: nothing left this machine, or STS refused a typed code.

        Args:
            refused: STS saw the code and said no; then the code stays known, so that it is not sent again.
        """
        claimed = LastCode(step, _digest(serial, code))
        with locked(lock_path(self._places.locks, f"codes {serial}"), limit_s=_LEDGER_LOCK_LIMIT_S):
            # Another process may have claimed a later step since.
            if self._read(serial) == claimed:
                self._write(serial, replace(claimed, step=before.step) if refused else before)

    def _write(self, serial: str, last: LastCode) -> None:
        write_private_file(self._places.code_ledger(serial), f"{last.step}\n{last.digest}\n".encode())


def _digest(serial: str, code: str) -> str:
    return hashlib.sha256(f"{serial} {code}".encode()).hexdigest()


def _used(last: LastCode, now: datetime) -> InvalidTokenCodeError:
    next_step = max(last.step, step_at(now)) + 1
    wait_s = max(1, round(next_step * STEP_S - now.timestamp()))
    return InvalidTokenCodeError(
        f"A code of this device was already used in this half minute; the next one comes in {wait_s} s",
        hint="Wait for the device's next code and use that one.",
    )


def code_from_seed(seed: str, step: int) -> str:
    """Make the code of *step* from a base32 *seed*."""
    import pyotp

    return pyotp.TOTP(seed).at(step * STEP_S)


def code_from_command(command: tuple[str, ...], profile: Profile, environ: Mapping[str, str]) -> str:
    """
    Run the setting ``mfa_command``, which prints a code; it learns the profile and device from its environment.

    Raises:
        AwsprofError: It cannot be run, fails, takes too long or prints no code; its output is never shown.
    """
    told = {**environ, "AWSPROF_PROFILE": profile.name, "AWSPROF_MFA_SERIAL": profile.mfa_serial or ""}
    # It makes codes, and has no business with the vault.
    told.pop("AWSPROF_VAULT_PASSPHRASE", None)
    hint = "Check the setting mfa_command: 'awsprof settings get mfa_command'."
    try:
        done = subprocess.run(command, env=told, stdout=subprocess.PIPE, check=False, timeout=_COMMAND_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise AwsprofError(f"mfa_command took longer than {_COMMAND_LIMIT_S} s", hint=hint) from None
    except OSError as error:
        raise AwsprofError(f"mfa_command cannot be run: {error.strerror}", hint=hint) from None
    if done.returncode != 0:
        raise AwsprofError(f"mfa_command failed with status {done.returncode}", hint=hint)
    try:
        return check_code(done.stdout.decode("utf-8", "replace"))
    except RefusedCodeError:
        raise AwsprofError("mfa_command printed no token code", hint=hint) from None
