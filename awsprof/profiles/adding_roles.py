"""
Making a profile of a role, which another profile's credentials assume: proven with AWS where that needs nobody.

Knows the settings that every SDK reads for a role; how a source comes by its credentials is the sessions' business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.configfiles.profiles import exists
from awsprof.errors import AnswerNeededError, NoLiveSessionError, UsageError
from awsprof.naming import printable
from awsprof.sessions.roles import chain, refuse_long_chain

if TYPE_CHECKING:
    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.model import Profile
    from awsprof.naming import ProfileName
    from awsprof.profiles.adding import Adding
    from awsprof.profiles.changing import Changes
    from awsprof.sessions.login import Sessions


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """What role a person wants added; *duration_s* is 900 to 43,200 or None for AWS's own hour."""

    name: ProfileName
    role_arn: str
    source: Profile
    external_id: str | None
    duration_s: int | None
    region: str | None
    verify: bool
    force: bool


@dataclass(frozen=True, slots=True)
class RoleAdded:
    """The profile written; *verified* tells whether AWS let its source assume the role."""

    profile: Profile
    verified: bool
    warnings: tuple[str, ...]


class RoleAdding:
    """Adds role profiles of one user's shared files."""

    def __init__(self, *, files: ProfileFiles, adding: Adding, changes: Changes, sessions: Sessions) -> None:
        self._files = files
        self._adding = adding
        self._changes = changes
        self._sessions = sessions

    def check(self, request: RoleRequest) -> Profile:
        """
        Refuse what cannot be added whatever AWS says of it.

        Returns:
            The profile as it would be.

        Raises:
            ExistsError: The name is taken.
            AwsprofError: The account is not the env's, or the chain of source profiles is broken.
        """
        name = str(request.name)
        if name in self._files.profiles():
            raise exists(name)
        settings = {
            "region": request.region,
            "role_arn": request.role_arn,
            "source_profile": request.source.name,
            "external_id": request.external_id,
            "duration_seconds": None if request.duration_s is None else str(request.duration_s),
        }
        made = self._files.made_of(name, {key: value for key, value in settings.items() if value})
        chain(made, self._files.get)
        refuse_long_chain(made, request.source, request.duration_s)
        partition = request.role_arn.split(":")[1]
        if request.region is None and partition != "aws":
            raise UsageError(f"A role in {partition} needs a region of its own", hint="Name one with --region.")
        self._adding.check_place(request.name, made.account_id, force=request.force, instead_of="")
        return made

    def add(self, request: RoleRequest) -> RoleAdded:
        """
        Assume the role once, then write the profile.

        Raises:
            AwsError: AWS does not let the source assume the role; nothing was written.
            SharedFileError: The shared config file cannot be changed.
        """
        made = self.check(request)
        warnings = (
            [] if request.region else ["No region is set: name one with --region, or in the settings with 'region'"]
        )
        verified = request.verify and self._prove(made, request.source, warnings)
        with self._changes.begin("add", f"{made.name} added") as change:
            self._files.add(made.name, made.settings, through=change)
        # Left by an older profile of that name, or told by its source's session.
        self._sessions.drop(made.name)
        self._sessions.tell(made)
        return RoleAdded(made, verified, tuple(warnings))

    def _prove(self, made: Profile, source: Profile, warnings: list[str]) -> bool:
        try:
            credentials = self._sessions.serve(source).credentials
        except (NoLiveSessionError, AnswerNeededError):
            name = printable(source.name)
            warnings.append(f"AWS was not asked whether {name} may assume this role, since {name} has no live session")
            return False
        self._sessions.roles.assume(made, credentials)
        return True
