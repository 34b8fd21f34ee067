"""
Giving a profile another name, everywhere it is named: files, vault, sessions, and the profiles that build on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.configfiles.launcher import process_line
from awsprof.configfiles.profiles import exists
from awsprof.model import Delivery, Kind
from awsprof.profiles.removing import ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.model import Profile
    from awsprof.naming import ProfileName
    from awsprof.places import Places
    from awsprof.profiles.adding import Adding
    from awsprof.profiles.changing import Change, Changes
    from awsprof.sessions.login import Sessions
    from awsprof.sessions.store import SessionStore
    from awsprof.vault import Vault


class Renaming:
    """Renames profiles of one user's shared files."""

    def __init__(
        self,
        *,
        files: ProfileFiles,
        adding: Adding,
        changes: Changes,
        vault: Callable[[], Vault],
        sessions: Sessions,
        store: SessionStore,
        places: Places,
        environ: Mapping[str, str],
    ) -> None:
        self._files = files
        self._adding = adding
        self._changes = changes
        self._vault = vault
        self._sessions = sessions
        self._store = store
        self._places = places
        self._environ = environ

    def check(self, profile: Profile, name: ProfileName, *, force: bool) -> None:
        """
        Refuse a name that *profile* cannot have.

        Raises:
            ExistsError: It is taken, in either file.
            AwsprofError: Its account is not that env's, or is shared with one that is protected otherwise.
        """
        if str(name) in self._files.profiles():
            raise exists(str(name))
        self._adding.check_place(name, profile.account_id, force=force, instead_of=profile.name)

    def preview(self, profile: Profile, name: ProfileName, change: Change, *, force: bool) -> None:
        """Make the changes to the files through *change*, which shows what they would be."""
        self.check(profile, name, force=force)
        self._rename_in_files(profile, str(name), change)

    def rename(self, profile: Profile, name: ProfileName, *, force: bool) -> Profile:
        """
        Rename *profile*; sections stay where they are, and only headers and lines that name the profile change.

        Raises:
            ExistsError: The new name is taken.
            VaultError: Its items cannot be moved; then nothing is changed.
            SharedFileError: A file cannot be changed; then nothing is.
        """
        old, new = profile.name, str(name)
        with self._sessions.identity_lock(old), self._sessions.identity_lock(new):
            self.check(profile, name, force=force)
            # A session written to a file would be journaled with the section, and is not to come back by undo.
            self._sessions.withdraw(old)
            profile = self._files.get(old)
            with self._changes.begin("rename", f"{old} renamed to {new}") as change:
                items = {suffix: self._vault().get(f"{old}{suffix}") for suffix in self._suffixes(profile)}
                for suffix, value in items.items():
                    if value is not None:
                        change.set_item(f"{new}{suffix}", value)
                self._rename_in_files(profile, new, change)
                for suffix in items:
                    change.delete_item(f"{old}{suffix}")
            renamed = self._files.get(new)
            session = self._store.load(old)
            # A protected env's sessions are shorter: one begun before does not count for it.
            if session is not None and renamed.protected <= profile.protected:
                self._store.save(new, session)
            same_env = old.rpartition("_")[0] == new.rpartition("_")[0]
            self._sessions.tell(renamed, marked=same_env and self._store.is_marked_protected(old))
            self._store.delete(old)
            marker = self._places.seed_marker(old)
            if marker.exists():
                marker.rename(self._places.seed_marker(new))
        return renamed

    @staticmethod
    def _suffixes(profile: Profile) -> tuple[str, ...]:
        return ITEMS if profile.kind is Kind.USER else ()

    def _rename_in_files(self, profile: Profile, new: str, change: Change) -> None:
        line = process_line(new, self._environ) if profile.delivery is Delivery.PROCESS else None
        self._files.rename(profile.name, new, process=line, through=change)
