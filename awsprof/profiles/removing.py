"""
Taking a profile out of files, vault and sessions, in the order that never leaves a profile without its keys.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from awsprof.errors import AwsError, AwsprofError, VaultError, VaultLockedError, VaultUnavailableError
from awsprof.model import Kind
from awsprof.sessions.keys import load_keys
from awsprof.storage.private import remove_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.model import Credentials, Profile
    from awsprof.places import Places
    from awsprof.profiles.changing import Changes
    from awsprof.sessions.login import Sessions
    from awsprof.sessions.store import SessionStore
    from awsprof.vault import Vault

ITEMS = ("", "/seed", "/console", "/rotation", "/enrolment", "/first-key", "/mfa-reset")


class AwsCalls(Protocol):
    """What removing needs of AWS."""

    def delete_access_key(self, credentials: Credentials, *, region: str, access_key_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out; *living_key_ids* are the access keys that still work at AWS."""

    name: str
    living_key_ids: tuple[str, ...]
    deleted_key_id: str | None


class Removing:
    """Removes profiles of one user's shared files."""

    def __init__(
        self,
        *,
        files: ProfileFiles,
        changes: Changes,
        vault: Callable[[], Vault],
        aws: Callable[[], AwsCalls],
        sessions: Sessions,
        store: SessionStore,
        places: Places,
        environ: Mapping[str, str],
    ) -> None:
        self._files = files
        self._changes = changes
        self._vault = vault
        self._aws = aws
        self._sessions = sessions
        self._store = store
        self._places = places
        self._environ = environ

    def check(self, profile: Profile, *, delete_key: bool) -> None:
        """Refuse, before anybody is asked, what other profiles depend on, or what has no key here to delete."""
        users = self._files.naming_as_source(profile.name)
        if users:
            raise AwsprofError(
                f"{profile.name} is the source_profile of {', '.join(users)}",
                hint="Remove those first, or give them another source_profile.",
            )
        if delete_key and profile.kind is not Kind.USER:
            raise AwsprofError(f"{profile.name} has no access key in the vault to delete")

    def remove(self, profile: Profile, *, delete_key: bool) -> Removed:
        """
        Remove the profile's sections, sessions, state and vault items, and with *delete_key* its key at AWS first.

        Raises:
            AwsprofError: Another profile names it as its source.
            AwsError: AWS refuses to delete the key; then nothing is removed.
        """
        self.check(profile, delete_key=delete_key)
        key_id = self._key_id(profile, must=delete_key)
        rotating = self._under_rotation(profile)
        if rotating and delete_key:
            raise AwsprofError(
                f"{profile.name} has an unfinished rotation, so it has two access keys: {' and '.join(rotating)}",
                hint=f"'awsprof rotate {profile.name}' finishes it; then remove the profile.",
            )
        doomed = key_id if delete_key else None
        credentials = self._sessions.serve(profile).credentials if doomed else None
        name = profile.name
        with self._sessions.identity_lock(name):
            self._sessions.withdraw(name)
            with self._changes.begin("remove", f"{name} removed") as change:
                # The files first: killed in between, a vault item without a profile does no harm, the reverse would.
                self._files.remove(name, through=change)
                for suffix in ITEMS if profile.kind is Kind.USER else ():
                    change.delete_item(f"{name}{suffix}")
                if doomed is not None and credentials is not None:
                    # Last, when nothing else can fail: what is gone at AWS cannot be taken back.
                    change.note_deleted_key(doomed)
                    self._delete_key(profile, credentials, doomed)
            self._store.delete(name)
            remove_file(self._places.seed_marker(name))
        living = () if delete_key or key_id is None else tuple(dict.fromkeys((key_id, *rotating)))
        return Removed(name, living, doomed)

    def _under_rotation(self, profile: Profile) -> tuple[str, ...]:
        """Return the keys of a rotation that was cut off, whose record goes with the profile."""
        record = self._vault().get(f"{profile.name}/rotation") if profile.kind is Kind.USER else None
        if record is None:
            return ()
        try:
            keys = [json.loads(record)[side] for side in ("old", "new")]
            return tuple(str(key["access_key_id"]) for key in keys if key)
        except (ValueError, KeyError, TypeError):
            return ()

    def _delete_key(self, profile: Profile, credentials: Credentials, key_id: str) -> None:
        region = profile.region_for_calls(self._environ)
        try:
            self._aws().delete_access_key(credentials, region=region, access_key_id=key_id)
        except AwsError as error:
            error.hint = error.hint or "Leave out --delete-key to remove the profile from this machine only."
            raise

    def _key_id(self, profile: Profile, *, must: bool) -> str | None:
        if profile.kind is not Kind.USER:
            return None
        try:
            stored = load_keys(self._vault(), profile.name)
        except (VaultLockedError, VaultUnavailableError):
            raise
        except VaultError:
            # A damaged item is no reason to keep the profile for ever.
            if must:
                raise
            return None
        return stored.credentials.access_key_id if stored else None
