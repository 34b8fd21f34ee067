"""
Every default there is, in three spellings, two files and the environment; and the two ways to be rid of it.

Knows what acts as a default for AWS's tools; asks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.configfiles.taking_over import TakeOver
from awsprof.errors import AwsprofError
from awsprof.naming import is_default, printable
from awsprof.sessions.keys import StoredKeys, check_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.configfiles.profiles import DefaultSection, ProfileFiles
    from awsprof.model import LongTermCredentials, Profile
    from awsprof.profiles.adding import Adding, AddRequest
    from awsprof.profiles.changing import Change, Changes
    from awsprof.sessions.login import Sessions

_LIKE_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")


@dataclass(frozen=True, slots=True)
class DefaultVariable:
    """An environment variable that makes tools use something when no profile is named."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Defaults:
    """All defaults: sections of the shared files, and variables of this environment."""

    sections: tuple[DefaultSection, ...]
    variables: tuple[DefaultVariable, ...]


class Defaulting:
    """Finds and removes the defaults of one user."""

    def __init__(
        self, *, files: ProfileFiles, changes: Changes, adding: Adding, sessions: Sessions, environ: Mapping[str, str]
    ) -> None:
        self._files = files
        self._changes = changes
        self._adding = adding
        self._sessions = sessions
        self._environ = environ

    def find(self) -> Defaults:
        """Return every default, the files' in the order of their lines."""
        return Defaults(tuple(self._files.default_sections()), tuple(self._variables()))

    def check_removal(self) -> Defaults:
        """
        Return what ``remove`` would take out.

        Raises:
            AwsprofError: There is none in the files, or a source_profile names it.
        """
        found = self.find()
        if not found.sections:
            raise AwsprofError("There is no default in the shared files", hint=_variables_hint(found))
        users = self._files.naming_as_source("default")
        if users:
            raise AwsprofError(
                f"default is the source_profile of {', '.join(map(printable, users))}",
                hint="'awsprof default --rename PRODUCT ENV USER' keeps it under a name of its own.",
            )
        return found

    def remove(self, through: Change) -> None:
        """Take every default out of both files; what ``[DEFAULT]`` lends is first copied to its borrowers."""
        self.check_removal()
        self._files.remove_defaults(through=through)

    def remove_for_good(self) -> None:
        with self._changes.begin("default", "every default removed") as change:
            self.remove(change)

    def check_rename(self, request: AddRequest) -> tuple[Profile, LongTermCredentials | None]:
        """
        Return the one default and its long-term credentials, if it has any.

        Raises:
            AwsprofError: There is none, or several, or a ``[DEFAULT]``.
            ExistsError: The new name is taken.
        """
        sections = self._files.default_sections()
        if not sections:
            raise AwsprofError("There is no default in the shared files", hint=_variables_hint(self.find()))
        spellings = [section for section in sections if section.in_config]
        if len(spellings) > 1 or any(section.spelling == "[DEFAULT]" for section in sections):
            places = ", ".join(f"{section.spelling} in line {section.line} of {section.path}" for section in sections)
            raise AwsprofError(
                f"There is more than one default, or a [DEFAULT] that all profiles inherit: {places}",
                hint="'awsprof default --remove' takes them all out; or leave one of them by hand.",
            )
        self._adding.check(request)
        profile = self._files.get("default")
        settings = profile.settings
        if "aws_access_key_id" not in settings or "aws_session_token" in settings:
            return profile, None
        return profile, check_keys(settings["aws_access_key_id"], settings.get("aws_secret_access_key", ""))

    def rename(self, request: AddRequest) -> tuple[str, ...]:
        """
        Give the default a name of its own; long-term credentials are verified and go into the vault.

        Returns:
            Warnings, as ``add`` gives them.
        """
        profile, keys = self.check_rename(request)
        name = str(request.name)
        settings: dict[str, str] = {}
        warnings: tuple[str, ...] = ()
        stored = None
        if keys is not None:
            verified = self._adding.verify(request, keys, region=profile.region)
            wanted = self._adding.settings(request, verified, region=None)
            settings = {key: value for key, value in wanted.items() if value is not None}
            warnings, stored = verified.warnings, StoredKeys(keys, verified.arn)
        with self._sessions.identity_lock(name), self._changes.begin("default", f"default renamed to {name}") as change:
            if stored is not None:
                change.set_item(name, stored.to_text())
            self._files.take_over([_move(name, settings, keys)], through=change)
        return warnings

    def preview_rename(self, request: AddRequest, through: Change) -> None:
        """Make those changes to the files that are known before AWS is asked."""
        _, keys = self.check_rename(request)
        self._files.take_over([_move(str(request.name), {}, keys)], through=through)

    def _variables(self) -> list[DefaultVariable]:
        found = []
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
            value = self._environ.get(name)
            if value is not None and is_default(value):
                found.append(DefaultVariable(name, "names default"))
            elif value and name == "AWS_DEFAULT_PROFILE":
                found.append(
                    DefaultVariable(name, f"names {printable(value)} where no profile is, for some tools only")
                )
        found += [
            DefaultVariable(name, "is used where no profile is named") for name in _LIKE_KEYS if self._environ.get(name)
        ]
        return found


def _move(name: str, settings: Mapping[str, str], keys: LongTermCredentials | None) -> TakeOver:
    return TakeOver(("default",), name, settings, keys, keys_too=keys is None)


def _variables_hint(found: Defaults) -> str | None:
    names = ", ".join(variable.name for variable in found.variables)
    return f"The environment has something like one: {names}." if names else None
