"""
A new colleague's profiles: one for each env of a team file, each added as ``add`` does it.

Knows envs and keys; not how a person is asked for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from awsprof.errors import AwsprofError, SharedFileError, VaultError
from awsprof.profiles.adding import AddRequest

if TYPE_CHECKING:
    from awsprof.model import LongTermCredentials
    from awsprof.naming import ProfileName
    from awsprof.profiles.adding import Added, Adding


class Person(Protocol):
    """Whoever joins, or the files they gave."""

    def keys(self, name: ProfileName) -> LongTermCredentials | None:
        """Return the keys of a profile that is to be made; None leaves that one out."""
        ...

    def region(self, name: ProfileName) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of one env: a profile that was *added*, an *error*, or neither where it was left out."""

    added: Added | None = None
    error: AwsprofError | None = None


class Joining:
    """Adds one user's profiles, so that what fails in one env keeps nobody from the others."""

    def __init__(self, *, adding: Adding, person: Person) -> None:
        self._adding = adding
        self._person = person

    def join(self, name: ProfileName) -> Joined:
        """
        Add one profile.

        Raises:
            VaultError: No keys can be stored, of whatever env.
            SharedFileError: No profile can be written, of whatever env.
        """
        request = AddRequest(name)
        try:
            self._adding.check(request)
            keys = self._person.keys(name)
            if keys is None:
                return Joined()
            return Joined(added=self._adding.add(request, keys, region=self._person.region(name)))
        except (VaultError, SharedFileError):
            raise
        except AwsprofError as error:
            return Joined(error=error)
