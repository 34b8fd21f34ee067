"""
Delivery by file: session credentials in the shared credentials file, for tools that know no credential_process.

Knows what is written there and when it must go; never touches keys that awsprof did not write.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from awsprof.configfiles.launcher import process_line
from awsprof.configfiles.merged import MANAGED, is_own_process
from awsprof.errors import AwsprofError, UsageError
from awsprof.model import Delivery, Kind
from awsprof.naming import printable
from awsprof.sessions.store import iso
from awsprof.storage.lock import LockHeldError, lock_path, locked
from awsprof.storage.replace import edit_shared_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.model import Profile, SessionCredentials
    from awsprof.places import Places

# Delivery by file for one session: until when, and the credential_process that comes back then.
UNTIL = "awsprof_delivery_until"
PROCESS = "awsprof_delivery_process"
_NEVER = "9999"  # later than every instant as text


def identity_lock_path(locks: Path, name: str) -> Path:
    """Return the lock that lets one process at a time ask, log in, or change what a profile delivers."""
    return lock_path(locks, f"identity {name}")


def refuse_delivery_by_file(profile: Profile) -> None:
    """Refuse to put into a file what is no session of a user's own."""
    name = printable(profile.name)
    if profile.kind is not Kind.USER:
        raise UsageError(
            f"{name} is no user with keys in the vault, so awsprof has no session of it to write to a file",
            hint=f"'awsprof exec {name} -- COMMAND' hands its credentials to any tool.",
        )
    if not profile.needs_session:
        raise UsageError(
            f"{name} has no MFA device, so it has no session: its long-term keys would stand in a file in plain text",
            hint=f"'awsprof mfa enroll {name}' gives it a device; 'awsprof exec {name} -- COMMAND' needs no file.",
        )


class FileDelivery:
    """Writes and takes out the sessions of one user's profiles; none of it is journaled, since it all passes."""

    def __init__(self, files: ProfileFiles, places: Places, environ: Mapping[str, str]) -> None:
        self._files = files
        self._places = places
        self._environ = environ

    def write(self, profile: Profile, credentials: SessionCredentials) -> None:
        """
        Write a session into the profile's section of the credentials file, in place of an older one.

        Raises:
            AwsprofError: Keys that awsprof did not write are there.
            SharedFileError: A file cannot be changed.
        """
        expiration = iso(credentials.expiration) if credentials.expiration else None
        self._correct(profile, expiration)
        triple: dict[str, str | None] = {
            "aws_access_key_id": credentials.access_key_id,
            "aws_secret_access_key": credentials.secret_access_key,
            "aws_session_token": credentials.session_token,
            "expiration": expiration,
            MANAGED: "true",
        }
        self._files.set_session(profile.name, triple, through=self)

    def write_once(self, profile: Profile, credentials: SessionCredentials) -> None:
        """
        Write this one session of *profile*, whose credential_process goes until it ends.

        Raises:
            AwsprofError: Keys that awsprof did not write are there.
            SharedFileError: A file cannot be changed; then the process is as it was.
        """
        assert credentials.expiration is not None  # STS always says
        process = profile.settings.get("credential_process")
        settings = {"credential_process": None, "awsprof_delivery": "file", UNTIL: iso(credentials.expiration)}
        self._files.set(profile.name, {**settings, PROCESS: process}, through=self)
        try:
            self.write(self._files.get(profile.name), credentials)
        except BaseException:
            self.end(profile.name)
            raise

    def end(self, name: str) -> bool:
        """Take the session out of the file, and bring back the delivery there was before; False when none was there."""
        found = self._files.without_session(name, lambda _: True, through=self)
        self._return(name)
        return found

    def sweep(self, now: datetime) -> None:
        """
        Take out every session that has expired, and each that stands beside a process, which it would go before.

        What cannot be changed now, or is being changed by another process, stays for the next sweep.

        Raises:
            SharedFileError: A file cannot be read.
        """
        present = iso(now)
        profiles = self._files.profiles()
        for name, settings in self._files.managed_sessions().items():
            profile = profiles.get(name)
            # A profile that is not there may be in another config file than this command was told of.
            beside = profile is not None and profile.delivery is Delivery.PROCESS
            if beside or settings.get("expiration", "") <= present:
                self._alone(name, partial(self._drop_expired, name, _NEVER if beside else present))
        if profiles.mention(UNTIL):
            for name in [it.name for it in profiles.values() if it.settings.get(UNTIL, _NEVER) <= present]:
                self._alone(name, partial(self._return, name, at=present))

    def edit(self, path: Path, change: Callable[[bytes], bytes], *, most_mode: int | None) -> None:
        """Change a shared file at once."""
        edit_shared_file(path, change, locks=self._places.locks, most_mode=most_mode)

    def _alone(self, name: str, work: Callable[[], object]) -> None:
        """Do *work*, unless another process is busy with the profile; a failure is not this command's business."""
        with contextlib.suppress(LockHeldError, AwsprofError, OSError):
            with locked(identity_lock_path(self._places.locks, name), limit_s=0):
                work()

    def _drop_expired(self, name: str, present: str) -> None:
        self._files.without_session(name, lambda its: its.get("expiration", "") <= present, through=self)

    def _correct(self, profile: Profile, expiration: str | None) -> None:
        """See to it that no process stands beside the keys, and that a delivery for one session lasts as long as it."""
        changes: dict[str, str | None] = {}
        if is_own_process(profile.name, profile.settings):
            changes["credential_process"] = None
        if UNTIL in profile.settings and profile.settings[UNTIL] != expiration:
            changes[UNTIL] = expiration
        if changes:
            self._files.set(profile.name, changes, through=self)

    def _return(self, name: str, *, at: str | None = None) -> None:
        """End a delivery for one session, whose keys are gone by now; with *at*, only if it has ended by then."""
        profile = self._files.profiles().get(name)
        if profile is None or UNTIL not in profile.settings or profile.settings[UNTIL] > (at or _NEVER):
            return
        changes: dict[str, str | None] = {"awsprof_delivery": None, UNTIL: None, PROCESS: None}
        if "credential_process" not in profile.settings:
            changes["credential_process"] = profile.settings.get(PROCESS) or process_line(name, self._environ)
        self._files.set(name, changes, through=self)
