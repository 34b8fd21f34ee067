"""
Seeds of virtual MFA devices in the vault: read from what a person has, proven by a login, kept and forgotten.

Knows their forms; not who asks for one.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from awsprof.errors import AwsprofError, InvalidTokenCodeError, UnusableMfaDeviceError, UsageError
from awsprof.fastpath import read_private_file
from awsprof.model import Kind, MfaDevice
from awsprof.naming import printable
from awsprof.storage.private import remove_file, write_private_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.journal.journal import Journal
    from awsprof.model import Profile
    from awsprof.places import Places
    from awsprof.sessions.login import Login, Sessions
    from awsprof.vault import Vault

_BASE32 = re.compile(r"[A-Z2-7]+")
# What RFC 4226 and NIST ask for, and the libraries that make codes refuse less.
_LEAST_BYTES = 14
_FORMS = "Give it as base32 (A-Z and 2-7) or as an otpauth://totp/ URI."
# What AWS's devices are; a URI may leave them out, and may say nothing else.
_TOTP = {"algorithm": "SHA1", "digits": "6", "period": "30"}


def seed_in_text(text: str) -> str:
    """
    Read a seed from base32, in any case and grouping, or from an otpauth URI.

    Returns:
        Base32 in capitals, without blanks and padding.

    Raises:
        UsageError: It is none, or not of a device as AWS has them; nothing of the text is shown.
    """
    text = text.removeprefix("\ufeff").strip()
    if ":" in text:
        text = _secret_in_uri(text)
    seed = re.sub(r"[\s-]", "", text).upper().rstrip("=")
    if not seed:
        raise UsageError("No seed was given", hint=_FORMS)
    if not _BASE32.fullmatch(seed):
        raise UsageError("That is no seed: it has characters that base32 has not", hint=_FORMS)
    try:
        size = len(base64.b32decode(seed + "=" * (-len(seed) % 8)))
    except binascii.Error:
        raise UsageError("That is no whole seed: a character is missing or too many", hint=_FORMS) from None
    if size < _LEAST_BYTES:
        raise UsageError(
            f"That seed is too short to be safe: {size * 8} bits, and at least {_LEAST_BYTES * 8} are needed",
            hint="AWS makes seeds of 64 characters: check that it was copied whole.",
        )
    return seed


def _secret_in_uri(text: str) -> str:
    try:
        uri = urlsplit(text)
        fields = parse_qs(uri.query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise UsageError("That is neither a seed nor an otpauth URI", hint=_FORMS) from None
    if uri.scheme.lower() != "otpauth":
        raise UsageError("That URI is no otpauth URI", hint=_FORMS)
    if uri.netloc.lower() != "totp":
        raise UsageError(
            "That otpauth URI is not of a time-based device (totp), and AWS has no others",
            hint="Look for the URI of the device that AWS knows.",
        )
    if any(len(values) > 1 for values in fields.values()):
        raise UsageError("That otpauth URI says the same thing twice", hint=_FORMS)
    for key, needed in _TOTP.items():
        if fields.get(key, [needed])[0].upper() != needed:
            raise UsageError(
                f"That otpauth URI has another {key} than {needed}, which is what AWS's devices have",
                hint="Look for the URI of the device that AWS knows.",
            )
    if "secret" not in fields:
        raise UsageError("That otpauth URI has no secret", hint=_FORMS)
    return fields["secret"][0]


class Seeds:
    """The seeds of one user's profiles."""

    def __init__(self, *, places: Places, vault: Callable[[], Vault], sessions: Sessions, journal: Journal) -> None:
        self._places = places
        self._vault = vault
        self._sessions = sessions
        self._journal = journal

    def holder(self, profile: Profile) -> Profile:
        """
        Return the profile whose device's codes *profile* lives by: its own, or for a role its source.

        Raises:
            AwsprofError: It has no keys of awsprof's, or no MFA device.
            UnusableMfaDeviceError: Its device gives no codes.
        """
        holder = self._sessions.identity(profile)
        name = printable(holder.name)
        if holder.kind is not Kind.USER:
            raise AwsprofError(
                f"{name} has no keys in the vault ({holder.kind}), so it needs no token codes of awsprof's"
            )
        if holder.mfa_serial is None:
            raise AwsprofError(
                f"{name} has no MFA device",
                hint=f"'awsprof mfa enroll {name}' makes one; 'awsprof set {name} mfa_serial=ARN' names one there is.",
            )
        if not MfaDevice(holder.mfa_serial).gives_codes:
            raise UnusableMfaDeviceError(
                f"{name} has a FIDO key or passkey, which gives no token codes",
                hint=f"Give the user a virtual device with 'awsprof mfa enroll {name}'.",
            )
        return holder

    def stored(self, profile: Profile) -> bool:
        """Whether the seed of a profile's device is stored, told without opening the vault."""
        return self._sessions.devices.has_seed(profile)

    def add(self, profile: Profile, seed: str) -> Login:
        """
        Store the seed of a device that is enabled already, once a login has proven it.

        Raises:
            InvalidTokenCodeError: It is not the seed of the profile's device; nothing was stored.
        """
        holder = self.holder(profile)
        try:
            login = self._sessions.login(holder, seed=seed, force=True)
        except InvalidTokenCodeError as error:
            if not error.code:
                raise  # refused here, and not by AWS
            raise InvalidTokenCodeError(
                f"AWS refuses the code that this seed makes, so it is not the seed of {holder.mfa_serial}; "
                "nothing was stored",
                code=error.code,
                hint="Check the seed, and this machine's clock: codes are made from both.",
            ) from None
        with self._sessions.identity_lock(holder.name):
            self._journal.note("mfa", f"{holder.name}: seed stored")
            self.keep(holder.name, seed, serial=holder.mfa_serial or "")
        return login

    def keep(self, name: str, seed: str, *, serial: str) -> None:
        """Store the seed of the device *serial*, in place of an older one."""
        marker = self._places.seed_marker(name)
        # Of no device while it is exchanged: at no moment does the seed of one make codes for another.
        write_private_file(marker, b"-\n")
        self._vault().set(f"{name}/seed", seed)
        write_private_file(marker, f"{serial}\n".encode())

    def remove(self, profile: Profile) -> str | None:
        """Forget the stored seed that *profile* lives by; returns whose it was, None when there was none."""
        holder = self._sessions.identity(profile)
        with self._sessions.identity_lock(holder.name):
            if not self._places.seed_marker(holder.name).exists() and self._vault().get(f"{holder.name}/seed") is None:
                return None
            self._journal.note("mfa", f"{holder.name}: stored seed forgotten")
            self.forget(holder.name)
        return holder.name

    def forget_other(self, name: str, serial: str) -> None:
        """Remove a profile's stored seed unless it is that of the device *serial*."""
        marker = read_private_file(str(self._places.seed_marker(name)))
        if marker is None or marker.strip() != serial.encode():
            self.forget(name)

    def forget(self, name: str) -> None:
        """Remove a profile's stored seed, if there is one."""
        # First: it must not promise what is gone.
        remove_file(self._places.seed_marker(name))
        self._vault().delete(f"{name}/seed")
