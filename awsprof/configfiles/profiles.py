"""
Profiles as the two shared files describe them together, and the edits that add, change and remove one.

Knows AWS's settings and what they make of a profile; nothing of where secrets rest.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from awsprof.configfiles.document import Document
from awsprof.errors import ExistsError, NoSingleProfileError
from awsprof.model import Delivery, Kind, Profile
from awsprof.naming import ProfileName, is_default, printable
from awsprof.settings import Settings, TeamFile, is_protected
from awsprof.storage.replace import edit_shared_file, read_shared_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from awsprof.places import Places

PROCESS_COMMAND = "credential-process"
MANAGED = "awsprof_managed"
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


class ProfileFiles:
    """The shared config and credentials files of one user."""

    def __init__(self, places: Places, settings: Settings, team: TeamFile | None) -> None:
        self._places = places
        self._settings = settings
        self._team = team

    def profiles(self) -> dict[str, Profile]:
        """
        Read both files.

        Returns:
            Profiles by name: those within the convention by product and env, then the others.

        Raises:
            SharedFileError: A file is unreadable, or botocore would refuse it.
        """
        merged: dict[str, dict[str, str]] = {}
        config = self._read(self._places.config_file)
        for section_name, section in config.sections.items():
            name = profile_in_header(section_name)
            if name is not None:
                merged[name] = {**config.defaults, **section.settings}
        credentials = self._read(self._places.credentials_file)
        for name, section in credentials.sections.items():
            # For one key in both files, the credentials file wins in every reader.
            merged[name] = {**merged.get(name, {}), **credentials.defaults, **section.settings}
        merged.pop("DEFAULT", None)
        profiles = [self._profile(name, settings) for name, settings in merged.items()]
        profiles.sort(key=lambda profile: (profile.parts is None, profile.parts or (), profile.name))
        return {profile.name: profile for profile in profiles}

    def get(self, name: str) -> Profile:
        """Return one profile; raises NoSingleProfileError when there is none of that name."""
        profile = self.profiles().get(name)
        if profile is None:
            raise NoSingleProfileError(
                f"There is no profile '{printable(name)}'", hint="'awsprof list' shows the profiles there are."
            )
        return profile

    def add(self, name: str, settings: Mapping[str, str], *, replace: bool) -> None:
        """
        Write the settings of a profile into the shared config file.

        Args:
            replace: Whether a profile of that name may be there; its other settings stay.

        Raises:
            ExistsError: It is there, in either file, and *replace* is false.
            SharedFileError: A file is unreadable, unparsable, locked or unwritable; nothing was written.
        """
        path = self._places.config_file

        def change(data: bytes) -> bytes:
            document = Document(path, data)
            if not replace and (header(name) in document.sections or name in self._credentials_sections()):
                raise exists(name)
            return document.with_settings(header(name), settings)

        self._edit(path, change, most_mode=None)

    def remove(self, name: str) -> None:
        """
        Take a profile's sections out of both files.

        Raises:
            SharedFileError: A file is unreadable, unparsable, locked or unwritable.
        """

        def without(path: Path, wanted: list[str]) -> None:
            def change(data: bytes) -> bytes:
                for section in wanted:
                    document = Document(path, data)
                    data = document.without_section(section) if section in document.sections else data
                return data

            if any(section in self._read(path).sections for section in wanted):
                self._edit(path, change, most_mode=0o600 if path == self._places.credentials_file else None)

        headers = [
            header for header in self._read(self._places.config_file).sections if profile_in_header(header) == name
        ]
        without(self._places.config_file, headers)
        without(self._places.credentials_file, [name])

    def naming_as_source(self, name: str) -> list[str]:
        """Return the other profiles whose source_profile is *name*."""
        profiles = self.profiles().values()
        return [profile.name for profile in profiles if profile.settings.get("source_profile") == name != profile.name]

    def _credentials_sections(self) -> Mapping[str, object]:
        return self._read(self._places.credentials_file).sections

    @staticmethod
    def _read(path: Path) -> Document:
        return Document(path, read_shared_file(path))

    def _edit(self, path: Path, change: _Change, *, most_mode: int | None) -> None:
        edit_shared_file(path, change, locks=self._places.locks, most_mode=most_mode)

    def _profile(self, name: str, settings: dict[str, str]) -> Profile:
        parts = ProfileName.parse(name)
        kind = _kind(name, settings)
        delivery = None
        if settings.get("awsprof_delivery") == "file":
            delivery = Delivery.FILE
        elif is_own_process(name, settings):
            delivery = Delivery.PROCESS
        protected = parts is not None and is_protected(parts.product, parts.env, self._settings, self._team)
        return Profile(name, parts, kind, delivery, protected, settings)


if TYPE_CHECKING:
    from collections.abc import Callable

    _Change = Callable[[bytes], bytes]


def exists(name: str) -> ExistsError:
    return ExistsError(
        f"Profile {name} exists already", hint=f"Give it new keys with --replace, or 'awsprof remove {name}' first."
    )


def header(name: str) -> str:
    """Return the section of a profile in the config file; the only bare one is ``default``, never written here."""
    return f"profile {name}"


def profile_in_header(section: str) -> str | None:
    """Return the profile a config file's section describes, as botocore splits it; None for every other section."""
    if section == "default":
        return section
    if not section.startswith("profile"):
        return None
    try:
        words = shlex.split(section)
    except ValueError:
        return None
    return words[1] if len(words) == 2 and words[0] == "profile" else None


def is_own_process(name: str, settings: Mapping[str, str]) -> bool:
    """Whether the profile's credential_process is this program, asked for this very profile."""
    try:
        words = shlex.split(settings.get("credential_process", ""), posix=os.name == "posix")
    except ValueError:
        return False
    if len(words) != 3 or words[1:] != [PROCESS_COMMAND, name]:
        return False
    return words[0].replace("\\", "/").rpartition("/")[2].lower().startswith("awsprof")


def _kind(name: str, settings: Mapping[str, str]) -> Kind:
    if settings.get(MANAGED) == "true" or settings.get("awsprof_delivery") == "file" or is_own_process(name, settings):
        return Kind.ROLE if "role_arn" in settings else Kind.USER
    if _KEYS[0] in settings:
        return Kind.KEYS
    if "role_arn" in settings and "web_identity_token_file" not in settings:
        return Kind.ROLE
    if "sso_session" in settings or "sso_start_url" in settings:
        return Kind.SSO
    if "login_session" in settings:
        return Kind.LOGIN
    if "credential_process" in settings:
        return Kind.PROCESS
    return Kind.OTHER


def is_listed(name: str) -> bool:
    """Whether a selector may ever mean *name*: ``default`` is shown, and never used."""
    return not is_default(name)
