"""
Delivery by file: session credentials in the shared credentials file, for tools that know no credential_process.

Knows what is written there and when it must go; never touches keys that awsprof did not write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.configfiles.launcher import process_line
from awsprof.configfiles.merged import MANAGED
from awsprof.errors import UsageError
from awsprof.model import Delivery, Kind
from awsprof.naming import printable
from awsprof.sessions.store import iso
from awsprof.storage.replace import edit_shared_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.model import Profile, SessionCredentials
    from awsprof.places import Places

# The key that says delivery by file lasts for one session, and what it returns to.
AFTERWARDS = "awsprof_delivery_after"


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

    def write(self, name: str, credentials: SessionCredentials) -> None:
        """
        Write a session into the profile's section of the credentials file, in place of an older one.

        Raises:
            AwsprofError: Keys that awsprof did not write are there.
            SharedFileError: The file cannot be changed.
        """
        triple: dict[str, str | None] = {
            "aws_access_key_id": credentials.access_key_id,
            "aws_secret_access_key": credentials.secret_access_key,
            "aws_session_token": credentials.session_token,
            "expiration": iso(credentials.expiration) if credentials.expiration else None,
            MANAGED: "true",
        }
        self._files.set_session(name, triple, through=self)

    def begin_once(self, profile: Profile) -> None:
        """Let one session of *profile* be delivered by file: its credential_process goes until the session ends."""
        settings = {"credential_process": None, "awsprof_delivery": "file", AFTERWARDS: "process"}
        self._files.set(profile.name, settings, through=self)

    def end(self, name: str) -> bool:
        """Take the session out of the file, and bring back the delivery there was before; False when none was there."""
        found = self._files.without_session(name, through=self)
        self._return(name)
        return found

    def sweep(self, now: datetime) -> None:
        """
        Take out every session that has expired.

        Raises:
            SharedFileError: A file cannot be read or changed.
        """
        present = iso(now)
        kept = set()
        profiles = self._files.profiles()
        for name, settings in self._files.managed_sessions().items():
            # Beside a process line a session must not stay, however it came there: keys go before the process.
            if settings.get("expiration", "") > present and profiles[name].delivery is Delivery.FILE:
                kept.add(name)
            else:
                self.end(name)
        if profiles.mention(AFTERWARDS):
            for profile in list(profiles.values()):
                if AFTERWARDS in profile.settings and profile.name not in kept:
                    self._return(profile.name)

    def edit(self, path: Path, change: Callable[[bytes], bytes], *, most_mode: int | None) -> None:
        """Change a shared file at once."""
        edit_shared_file(path, change, locks=self._places.locks, most_mode=most_mode)

    def _return(self, name: str) -> None:
        """End a delivery that was for one session; the keys are gone by now, which would go before a process."""
        profile = self._files.profiles().get(name)
        if profile is None or AFTERWARDS not in profile.settings:
            return
        line = process_line(name, self._environ)
        settings = {"credential_process": line, "awsprof_delivery": None, AFTERWARDS: None}
        self._files.set(name, settings, through=self)
